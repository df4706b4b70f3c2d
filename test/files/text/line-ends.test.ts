import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createLineEndCounter } from '#src/files/text/line-ends.js';

const text = fc.string({ maxLength: 30, unit: fc.constantFrom('a', ' ', 'é', '"', '\r', '\n', '\r\n') });

/** Piece after piece, as somebody with much time would do it. */
function counted(text: string) {
  const ends = { outside: { lf: 0, crlf: 0, cr: 0 }, anywhere: { lf: 0, crlf: 0, cr: 0 } };
  let isInside = false;
  for (const piece of text.match(/\r\n|./gs) ?? []) {
    if (piece === '"') isInside = !isInside;
    const kind = piece === '\n' ? 'lf' : piece === '\r\n' ? 'crlf' : piece === '\r' ? 'cr' : undefined;
    if (kind === undefined) continue;
    ends.anywhere[kind] += 1;
    if (!isInside) ends.outside[kind] += 1;
  }
  return Object.values(ends.outside).some((count) => count > 0) ? ends.outside : ends.anywhere;
}

describe('the census of lines', () => {
  it('counts line ends outside quotation marks, wherever the text is cut into chunks', () => {
    fc.assert(
      fc.property(text, fc.integer({ min: 1, max: 5 }), (written, chunkBytes) => {
        const bytes = Buffer.from(written);
        const census = createLineEndCounter();
        for (let at = 0; at < bytes.length; at += chunkBytes) {
          census.add(bytes.subarray(at, at + chunkBytes));
          census.add(Buffer.alloc(0));
        }
        expect(census.lineEnds()).toEqual(counted(written));
      }),
      { numRuns: 2_000 },
    );
  });
});

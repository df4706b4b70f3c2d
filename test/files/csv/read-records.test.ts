import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { parse } from 'csv-parse/sync';
import { stringify } from 'csv-stringify/sync';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readRecords } from '#src/files/csv/read-records.js';

const dialect = {
  delimiter: ',',
  returnEndsRow: false,
  lenientQuotes: false,
  backslashEscapes: false,
  skipInitialSpace: false,
  preambleBytes: 0,
  firstLine: 1,
};

async function readAll(bytes: Buffer, chunkBytes: number, changed: Partial<typeof dialect> = {}) {
  async function* chunks() {
    for (let at = 0; at < bytes.length; at += chunkBytes) yield bytes.subarray(at, at + chunkBytes);
  }
  const all = [];
  for await (const { records } of readRecords({ name: 'x.csv', dialect: { ...dialect, ...changed } }, chunks()))
    all.push(...records);
  return all;
}

const text = fc.string({
  maxLength: 40,
  unit: fc.constantFrom('a', 'é', '東', '😀', '"', ',', ';', '\n', '\r', ' ', 'À', 'ÿ', '¿', '\u00a0', '€'),
});
const table = fc
  .integer({ min: 2, max: 4 })
  .chain((width) => fc.array(fc.array(text, { minLength: width, maxLength: width }), { minLength: 1, maxLength: 8 }));

function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
}

describe('the record reader', () => {
  it.each([
    ['LF', '\n', false],
    ['CRLF', '\r\n', false],
    ['CR', '\r', true],
  ])('gives back what csv-stringify wrote with %s, whatever the texts', async (_name, lineEnd, returnEndsRow) => {
    await fc.assert(
      fc.asyncProperty(table, fc.integer({ min: 1, max: 9 }), fc.boolean(), async (rows, chunkBytes, quoted) => {
        const written = stringify(rows, {
          record_delimiter: lineEnd,
          quote_record_delimiter: true,
          quoted,
          quoted_match: /[\r\n]/,
        });
        const records = await readAll(Buffer.from(written), chunkBytes, { returnEndsRow });
        expect(records.map(({ cells }) => cells)).toEqual(rows);
        expect(records.every(({ issue: flaw }) => flaw === undefined)).toBe(true);
        expect(records.map(({ isPlain }) => isPlain)).toEqual(
          rows.map((cells) => /^[\0-\x7fÀ-ÿ]*$/.test(cells.join(''))),
        );
      }),
      { numRuns: 300 },
    );
  });

  it('says the same of any text as csv-parse, as far as that gets', async () => {
    await fc.assert(
      fc.asyncProperty(
        text,
        fc.integer({ min: 1, max: 9 }),
        fc.boolean(),
        async (written, chunkBytes, lenientQuotes) => {
          let expected: string[][];
          try {
            expected = parse(written, {
              record_delimiter: ['\r\n', '\n'],
              relax_column_count: true,
              relax_quotes: lenientQuotes,
            });
          } catch {
            const records = await readAll(Buffer.from(written), chunkBytes, { lenientQuotes });
            expect(records.some(({ issue: flaw }) => flaw !== undefined)).toBe(true);
            return;
          }
          const records = await readAll(Buffer.from(written), chunkBytes, { lenientQuotes });
          expect(records.map(({ cells }) => cells)).toEqual(expected);
        },
      ),
      { numRuns: 2000 },
    );
  });

  it.each<[string, Partial<typeof dialect>, (cell: string) => string]>([
    ['a backslash before it', { backslashEscapes: true }, (cell) => `"${cell.replaceAll(/["\\]/g, '\\$&')}"`],
    ['blanks before the cell', { skipInitialSpace: true }, (cell) => ` \t "${cell.replaceAll('"', '""')}"`],
  ])('reads a quotation mark with %s, whatever the texts', async (_name, changed, enclose) => {
    const cell = fc.string({ maxLength: 20, unit: fc.constantFrom('a', '\\', '"', ',', '\n', ' ', 'é', '東') });
    const rows = fc.array(fc.tuple(cell, cell), { minLength: 1, maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(rows, fc.integer({ min: 1, max: 9 }), async (expected, chunkBytes) => {
        const written = expected.map((cells) => `${cells.map(enclose).join(',')}\n`).join('');
        const records = await readAll(Buffer.from(written), chunkBytes, changed);
        expect(records.map(({ cells }) => cells)).toEqual(expected);
      }),
      { numRuns: 500 },
    );
  });

  it('accounts for every physical line once', async () => {
    await fc.assert(
      fc.asyncProperty(text, fc.integer({ min: 1, max: 9 }), async (written, chunkBytes) => {
        const records = await readAll(Buffer.from(written), chunkBytes);
        let line = 1;
        for (const record of records) {
          expect(record.line).toBe(line);
          line += record.lineCount;
        }
        const last = written === '' || written.endsWith('\n') ? 0 : 1;
        expect(line - 1).toBe(written.split('\n').length - 1 + last);
      }),
      { numRuns: 2000 },
    );
  });

  it('refuses a line of more than a mebibyte', async () => {
    await expect(readAll(Buffer.alloc(3 * 1024 * 1024, 'x'), 65_536)).rejects.toMatchObject({
      code: 'RECORD_TOO_LARGE',
      message: expect.stringContaining('x.csv, line 1:'),
    });
  });

  it.each([64, 300, 2000])('takes a cell of more than a mebibyte for an open mark, %i KiB at a time', async (kib) => {
    const long = Array.from({ length: 60_000 }, (_, n) => `${n} some text of a customer`).join('\n');
    const [first, second] = await readAll(Buffer.from(`1,"${long}"\n2,x\n`), kib * 1024);
    expect([first?.issue?.code, first?.lineCount, second?.line]).toEqual(['OPEN_QUOTE', 1, 2]);
  });

  it('keeps no long line alive for the sake of one short cell', async () => {
    const kept: string[] = [];
    collectGarbage();
    const before = process.memoryUsage().heapUsed;
    const line = Buffer.from(`customer number,${'x'.repeat(50_000)}\n`);
    async function* chunks() {
      for (let turn = 0; turn < 2000; turn += 1) yield line;
    }
    for await (const { records } of readRecords({ name: 'x', dialect }, chunks()))
      for (const { cells } of records) kept.push(cells[0] ?? '');
    expect(kept.length).toBe(2000);
    collectGarbage();
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(20 * 1024 * 1024);
  });
});

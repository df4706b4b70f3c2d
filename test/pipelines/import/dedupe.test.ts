import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mapBatches } from '#pipelines/batches.js';
import { dedupeRareRepeats, dedupeRows, RepeatRegister } from '#pipelines/import/dedupe.js';
import { endAsInvalid, type ImportRow, OpenRow } from '#pipelines/import/map.js';

const nobody = { key: undefined, customerCode: undefined, matchValue: undefined, command: undefined };

interface RowCase {
  readonly who: number | undefined;
  readonly says: string;
  readonly isInvalid: boolean;
}

/** Many rows, of which a few are about the same customers, and a few cannot be used. */
const rowCases = fc.array(
  fc.record({
    who: fc.option(fc.nat({ max: 30 }), { nil: undefined }),
    says: fc.constantFrom('this', 'that'),
    isInvalid: fc.boolean(),
  }),
  { maxLength: 25 },
);

function buildRows(rows: readonly RowCase[]): readonly ImportRow[] {
  return rows.map(({ who, says, isInvalid }, index) => {
    const row = { index, number: index + 2, cells: [] };
    const key = who === undefined ? undefined : `K${who}`;
    return isInvalid ? endAsInvalid(row, [], key) : new OpenRow(row, { ...nobody, key, draft: { notes: says } });
  });
}

async function* inBatches(works: readonly ImportRow[], size: number) {
  for (let at = 0; at < works.length; at += size) yield works.slice(at, at + size);
}

async function collectOutcomes(batches: AsyncIterable<readonly ImportRow[]>) {
  const all = [];
  for await (const batch of batches) all.push(...batch.map(({ row, outcome }) => [row.index, outcome]));
  return all;
}

describe('rows for one customer', () => {
  it('end alike, whether all rows are fingerprinted or only once a customer is repeated', async () => {
    await fc.assert(
      fc.asyncProperty(rowCases, fc.integer({ min: 1, max: 9 }), async (rows, size) => {
        const register = new RepeatRegister();
        const whole = mapBatches(inBatches(buildRows(rows), size), (batch) =>
          dedupeRows(batch, register, 'error', ['Account']),
        );
        const rare = dedupeRareRepeats(inBatches(buildRows(rows), size), () => inBatches(buildRows(rows), 4), [
          'Account',
        ]);
        expect(await collectOutcomes(rare)).toEqual(await collectOutcomes(whole));
      }),
      { numRuns: 500 },
    );
  });

  it('are read once when no customer is repeated', async () => {
    const rows = Array.from({ length: 50 }, (_, who) => ({ who, says: 'this', isInvalid: false }));
    const again = () => {
      throw new Error('Read again without need.');
    };
    const outcomes = await collectOutcomes(dedupeRareRepeats(inBatches(buildRows(rows), 7), again, []));
    expect(outcomes).toEqual(rows.map((_, index) => [index, undefined]));
  });
});

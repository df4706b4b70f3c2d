import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RowOutcome } from '#pipelines/model.js';
import type { RunLedger, Settlement } from '#pipelines/ports.js';
import type { Ledger } from '#src/ledger/open-ledger.js';
import { openDatabase } from '#src/sqlite/open-database.js';
import { useClients } from '#test/api/open-clients.js';

const { newLedger } = useClients();

function startRun(ledger: Ledger) {
  const { number } = ledger.runs.start({ command: 'import', options: {} });
  return { number, rows: ledger.openRows(number) };
}

function endRun(ledger: Ledger, run: number): void {
  ledger.runs.end(run, { state: 'completed', exitCode: 0, files: {} });
}

interface KnownRow {
  readonly key?: string;
  readonly customerCode: string;
}

const rowsPerCall = 500;

async function settleAll(rows: RunLedger, known: readonly KnownRow[], status: 'created' | 'unchanged'): Promise<void> {
  const settlements = known.map(
    ({ key, customerCode }, index): Settlement => ({
      ...{ index, number: index + 2, payloadHash: `hash of ${customerCode}` },
      ...(key === undefined ? {} : { key }),
      outcome: { status, attempts: 0, customerCode, customerId: `id of ${customerCode}` } satisfies RowOutcome,
    }),
  );
  for (let from = 0; from < settlements.length; from += rowsPerCall)
    await rows.settle(settlements.slice(from, from + rowsPerCall));
}

const numbered = (count: number): readonly KnownRow[] =>
  Array.from({ length: count }, (_, index) => ({
    key: `K-${String(index * 7).padStart(6, '0')}`,
    customerCode: String(100_000 + index),
  }));

function queryLedger(ledger: Ledger, sql: string): Record<string, unknown> | undefined {
  const database = openDatabase(join(ledger.folder, 'ledger.db'));
  try {
    return database.prepare(sql).get();
  } finally {
    database.close();
  }
}

describe('rows that a run finds unchanged', () => {
  it('have no entries of their own once the ledger knows their keys and customers', async () => {
    const ledger = newLedger();
    const known = numbered(3000);
    const first = startRun(ledger);
    await settleAll(first.rows, known, 'created');
    endRun(ledger, first.number);
    const night = startRun(ledger);
    await settleAll(night.rows, known, 'unchanged');
    endRun(ledger, night.number);
    expect(queryLedger(ledger, `SELECT count(*) AS n FROM rows WHERE run = ${night.number}`)).toMatchObject({ n: 0 });
    const { bytes } = queryLedger(ledger, 'SELECT sum(length(rows)) AS bytes FROM row_blocks') ?? {};
    expect(Number(bytes)).toBeLessThan(3 * known.length);
    expect(ledger.runs.countRows(night.number)).toMatchObject({ created: 0, unchanged: 3000 });
  });

  it('are read as if each had an entry, while the run lasts and afterwards', async () => {
    const ledger = newLedger();
    const known = numbered(2000);
    const first = startRun(ledger);
    await settleAll(first.rows, known, 'created');
    const night = startRun(ledger);
    await settleAll(night.rows, known, 'unchanged');
    const read = () => ({
      outcomes: [...ledger.openRows(night.number).outcomesBetween(998, 1000)],
      states: [...night.rows.rowStatesBetween(1000, 1000)],
      counts: [...night.rows.countStatesBetween(500, 1999)],
      byKey: night.rows.findRowStates(['K-000007', 'K-000014'], []).map(({ number }) => number),
      identities: [...night.rows.rowIdentities(2)],
      behind: night.rows.leaverEntries(1999),
      returned: ledger.returnedRows.open('').find(nameOf(ledger, night.number), 1500),
    });
    const before = read();
    expect(before.outcomes).toEqual(
      [998, 999, 1000].map((index) => [
        index,
        ...[
          {
            status: 'unchanged',
            attempts: 0,
            customerCode: `${100_000 + index}`,
            customerId: `id of ${100_000 + index}`,
          },
        ],
      ]),
    );
    expect(before.states).toEqual([
      [
        1000,
        { number: 1002, state: 'unchanged', key: 'K-007000', customerCode: '101000', payloadHash: 'hash of 101000' },
      ],
    ]);
    expect(before.counts).toEqual([['unchanged', 1500]]);
    expect(before.byKey).toEqual([3, 4]);
    expect(before.identities).toEqual([
      { key: 'K-000000', customerCodes: ['100000'] },
      { key: 'K-000007', customerCodes: ['100001'] },
    ]);
    expect(before.behind).toEqual([{ index: 1999, state: 'unchanged', key: 'K-013993', customerCode: '101999' }]);
    expect(before.returned).toMatchObject({ key: 'K-010486', outcome: { status: 'unchanged' } });
    endRun(ledger, night.number);
    expect(read()).toEqual(before);
  });

  it('have entries where they say something new: another content, another id, a notice, a customer seen first', async () => {
    const ledger = newLedger();
    const first = startRun(ledger);
    await settleAll(first.rows, numbered(4), 'created');
    const night = startRun(ledger);
    const unchanged = (index: number, other: Partial<Settlement>, outcome: object = {}): Settlement => ({
      ...{ index, number: index + 2, key: `K-00000${index * 7}`, payloadHash: `hash of 10000${index}`, ...other },
      outcome: {
        ...{ status: 'unchanged', attempts: 0, customerCode: `10000${index}`, customerId: `id of 10000${index}` },
        ...outcome,
      },
    });
    await night.rows.settle([
      unchanged(0, { payloadHash: 'new' }),
      unchanged(1, { key: 'K-000007' }, { customerId: 'another' }),
      unchanged(2, { key: 'K-000014' }, { notes: [{ severity: 'info', code: 'FIELD_CONFLICT', message: 'Both.' }] }),
      unchanged(9, { key: 'K-9' }),
      unchanged(3, { key: 'K-000021' }),
    ]);
    endRun(ledger, night.number);
    expect(queryLedger(ledger, `SELECT count(*) AS n FROM rows WHERE run = ${night.number}`)).toMatchObject({ n: 4 });
    expect(ledger.runs.countRows(night.number).unchanged).toBe(5);
    expect(ledger.crosswalk.findCode('K-9')).toBe('100009');
  });

  it('leave a retried row its one entry', async () => {
    const ledger = newLedger();
    const first = startRun(ledger);
    await settleAll(first.rows, numbered(1), 'created');
    const night = startRun(ledger);
    const failed: RowOutcome = { status: 'failed', errorCode: 'X', message: 'Not sent.', attempts: 0 };
    await night.rows.settle([{ index: 0, number: 2, key: 'K-000000', outcome: failed }]);
    await settleAll(night.rows, numbered(1), 'unchanged');
    expect([...night.rows.countStatesBetween(0, 9)]).toEqual([['unchanged', 1]]);
  });

  it('keep keys and codes of any characters', async () => {
    const text = fc.oneof(
      fc.string({ unit: 'grapheme', minLength: 1 }),
      fc.stringMatching(/^[A-Z]?-?0{0,2}\d{1,17}$/),
      fc.integer({ min: 0, max: 99 }).map((n) => `C${n}`),
    );
    const rows = fc.uniqueArray(fc.record({ key: fc.option(text, { nil: undefined }), customerCode: text }), {
      selector: ({ customerCode }) => customerCode,
      maxLength: 30,
    });
    await fc.assert(
      fc.asyncProperty(rows, async (known) => {
        const ledger = newLedger();
        const first = startRun(ledger);
        const keyed = known.map(({ key, customerCode }, place) => ({
          customerCode,
          ...(key === undefined ? {} : { key: `${key}${place}` }),
        }));
        await settleAll(first.rows, keyed, 'created');
        const night = startRun(ledger);
        await settleAll(night.rows, keyed, 'unchanged');
        endRun(ledger, night.number);
        const read = ledger.openRows(night.number).rowStatesBetween(0, 99);
        ledger.close();
        expect([...read.values()].map(({ key, customerCode }) => ({ customerCode, ...(key && { key }) }))).toEqual(
          keyed,
        );
      }),
      { numRuns: 25 },
    );
  });
});

function nameOf(ledger: Ledger, number: number): string {
  return ledger.runs.list(9).find((run) => run.number === number)?.name ?? '';
}

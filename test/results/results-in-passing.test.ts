import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Row, RowOutcome } from '#pipelines/model.js';
import type { RowSource, RunLedger } from '#pipelines/ports.js';
import { onlyThisUser } from '#src/files/file-rights.js';
import { type Ledger, openLedger } from '#src/ledger/open-ledger.js';
import { ResultsInPassing } from '#src/results/results-in-passing.js';

const rowsPerBatch = 10;
const created: RowOutcome = { status: 'created', attempts: 1, customerCode: '1', httpStatus: 202 };
const inDoubt: RowOutcome = { status: 'in_doubt', attempts: 1, errorCode: 'X', message: 'x' };
const outcome: RowOutcome = {
  status: 'pending',
  attempts: 0,
  reason: { severity: 'info', code: 'NOT_REACHED', message: 'x' },
};
const notReached = () => outcome;

let folder = '';
let ledger: Ledger;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mypos-results-'));
  ledger = openLedger(folder, { baseUrl: 'http://localhost', login: 'x' });
});
afterEach(() => {
  ledger.close();
  rmSync(folder, { recursive: true, force: true });
});

/** A file of so many rows that counts how often it is read. */
function createSource(rowCount: number) {
  let readings = 0;
  const source: RowSource = {
    file: 'x.csv',
    format: 'csv',
    columns: ['No'],
    detected: { format: 'csv' },
    notices: [],
    async *batches() {
      readings += 1;
      for (let first = 0; first < rowCount; first += rowsPerBatch)
        yield Array.from({ length: rowsPerBatch }, (_, at) => rowAt(first + at));
    },
  };
  return { source, readings: () => readings };
}

function rowAt(index: number): Row {
  return { index, number: index + 2, cells: [`${index}`] };
}

function startRun(source: RowSource, path = join(folder, 'results.csv')) {
  const { number, name } = ledger.runs.start({ command: 'import', options: {} });
  const rows = ledger.openRows(number);
  return {
    rows,
    results: new ResultsInPassing(source, rows, name, { rights: onlyThisUser, paths: { results: path } }),
  };
}

const settle = (rows: RunLedger, batch: readonly Row[], outcome: RowOutcome) =>
  rows.settle(batch.map(({ index, number }) => ({ index, number, outcome })));

/** Number and status of each line. */
function written(): (readonly [string, string])[] {
  const lines = readFileSync(join(folder, 'results.csv'), 'utf8').trim().split('\n').slice(1);
  return lines.map((line) => [line.split(',')[11] ?? '', line.split(',')[1] ?? '']);
}

const expected = (count: number, status: (index: number) => string) =>
  Array.from({ length: count }, (_, index) => [`${index}`, status(index)]);

describe('the result file that is written during a run', () => {
  it('has every row in the order of the file, which is read once', async () => {
    const { source, readings } = createSource(1000);
    const { rows, results } = startRun(source);
    for await (const batch of results.batches()) await settle(rows, batch, created);
    await results.finish(notReached);
    expect(written()).toEqual(expected(1000, () => 'created'));
    expect(readings()).toBe(1);
  });

  it('shows what became of a row in doubt, however many rows come after it', async () => {
    const { source, readings } = createSource(1000);
    const { rows, results } = startRun(source);
    for await (const batch of results.batches()) await settle(rows, batch, batch[0]?.index === 100 ? inDoubt : created);
    await settle(
      rows,
      Array.from({ length: rowsPerBatch }, (_, at) => rowAt(100 + at)),
      created,
    );
    await results.finish(notReached);
    expect(written()).toEqual(expected(1000, () => 'created'));
    expect(readings()).toBe(2);
  });

  it('has the rows that the run did not reach', async () => {
    const { source, readings } = createSource(100);
    const { rows, results } = startRun(source);
    for await (const batch of results.batches()) {
      await settle(rows, batch, created);
      if (batch[0]?.index === 40) break;
    }
    await results.finish(notReached);
    expect(written()).toEqual(expected(100, (index) => (index < 50 ? 'created' : 'pending')));
    expect(readings()).toBe(1);
  });

  it('is complete also where the run has read nothing', async () => {
    const { source } = createSource(100);
    await startRun(source).results.finish(notReached);
    expect(written()).toEqual(expected(100, () => 'pending'));
  });

  it('does not keep the run from going on when it cannot be written; that is reported at the end', async () => {
    const { source } = createSource(1000);
    const { rows, results } = startRun(source, join(folder, 'missing', 'results.csv'));
    let count = 0;
    for await (const batch of results.batches()) {
      await settle(rows, batch, created);
      count += batch.length;
    }
    expect(count).toBe(1000);
    await expect(results.finish(notReached)).rejects.toMatchObject({ code: 'CANNOT_WRITE' });
  });
});

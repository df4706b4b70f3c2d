import { once } from 'node:events';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import type { Intent, Settlement } from '#pipelines/ports.js';
import { useClients } from '#test/api/open-clients.js';

const { newLedger } = useClients();

function newRun() {
  const ledger = newLedger();
  const { number } = ledger.runs.start({ command: 'import', options: {} });
  return { ledger, rows: ledger.openRows(number) };
}

const createIntent = (index: number): Intent => ({
  index,
  number: index + 2,
  payload: '{}',
  payloadHash: `hash ${index}`,
});
const failed = (index: number): Settlement => ({
  index,
  number: index + 2,
  outcome: { status: 'failed', errorCode: 'X', message: 'Not sent.', attempts: 0 },
});

/** Another program that holds the lock on the ledger's file for a while. */
async function lockFor(ms: number, file: string): Promise<Worker> {
  const code = `const { workerData, parentPort } = require('node:worker_threads');
    const database = new (require('libsql'))(workerData.file);
    database.exec('BEGIN IMMEDIATE');
    parentPort.postMessage('locked');
    setTimeout(() => database.exec('COMMIT'), workerData.ms);`;
  const worker = new Worker(code, { eval: true, workerData: { ms, file } });
  await once(worker, 'message');
  return worker;
}

describe('the rows of a run', () => {
  it('records when the request may leave, not when it was asked for: another program may hold the file meanwhile', async () => {
    const { ledger, rows } = newRun();
    await rows.recordIntent(createIntent(0));
    const other = await lockFor(400, join(ledger.folder, 'ledger.db'));
    const asked = Date.now();
    await rows.recordIntent(createIntent(1));
    const leftAt = Date.now();
    await other.terminate();
    const [, second] = rows.rowsInDoubt();
    expect(second?.intentAtMs).toBeGreaterThan(asked + 300);
    expect(second?.intentAtMs).toBeLessThanOrEqual(leftAt);
  });

  it('makes changes of one row in the order in which they come, also when they are written together', async () => {
    const { rows } = newRun();
    await Promise.all([
      rows.settle([failed(0), failed(1)]),
      rows.recordIntent(createIntent(0)),
      rows.recordIntent(createIntent(2)),
    ]);
    expect(rows.rowsInDoubt().map(({ index }) => index)).toEqual([0, 2]);
    await Promise.all([rows.settle([failed(0)]), rows.withdrawIntent(2)]);
    expect([rows.rowsInDoubt(), [...rows.outcomesBetween(0, 9).keys()]]).toEqual([[], [0, 1]]);
  });

  it('accepts a key of any characters', async () => {
    const { rows } = newRun();
    const keys = ["it's", '\0'.repeat(700), `a\0b'c`, '\u{1f600}', '1', '', '\ud800', '東京'];
    await Promise.all(keys.map((key, index) => rows.recordIntent({ ...createIntent(index), key })));
    expect([...rows.findCustomersByKeys(keys).keys()].toSorted()).toEqual(keys.toSorted());
  });
});

import { mkdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { pruneRuns } from '#src/app/runs/prune-runs.js';
import { listRuns } from '#src/app/runs/show-runs.js';
import { undoRun } from '#src/app/undo/undo-run.js';
import { openDatabase } from '#src/sqlite/open-database.js';
import { findLedgers, listAllFiles } from '#test/app/find-ledgers.js';
import { useTestTenant } from '#test/app/use-test-tenant.js';
import { openClient } from '#test/sandbox/sandbox-client.js';

const place = useTestTenant();

const header = 'No,Name,Post Code,Email,Limit';
const keyed = {
  ...{ version: 1, mode: 'upsert', key: { column: 'No' } },
  fields: { customerName: 'Name', postalCode: 'Post Code', creditLimit: { column: 'Limit', type: 'number' } },
  ignore: ['Email'],
};

function write(...lines: string[]): void {
  place.write('customers.csv', [header, ...lines, ''].join('\n'));
}

function changeLedger(sql: string): void {
  for (const path of findLedgers(place.path('state'))) {
    const database = openDatabase(path);
    database.exec(sql);
    database.close();
  }
}

/** Every run ended so many days earlier than it did. */
function age(days: number): void {
  changeLedger(`UPDATE runs SET started_at = started_at - ${days * 86_400_000}, ended_at = ended_at - ${days * 86_400_000};
    UPDATE upkeep SET pruned_at = pruned_at - ${days * 86_400_000}`);
}

function stateHolds(text: string): boolean {
  return listAllFiles(place.path('state')).some((file) => readFileSync(file).includes(text));
}

const never = () => Promise.resolve(false);

/** A run that has created a customer, updated one and rejected a row whose cells it keeps. */
async function importAndUpdate() {
  await place.openApi();
  place.mapping(keyed);
  write('C-1,Ann Former,3000,ann@example.com,10');
  await place.import();
  write('C-1,Ann Later,3000,ann@example.com,10', 'C-2,Bob Ray,3001,bob@example.com,no-number');
  return place.import();
}

describe('pruning runs', () => {
  it('removes customers as they were, and cells that were to be fixed, of runs that ended long ago', async () => {
    await importAndUpdate();
    age(91);
    expect(stateHolds('Ann Former')).toBe(true);
    expect(stateHolds('no-number')).toBe(true);
    expect(pruneRuns(place.settings(), { dryRun: true })).toMatchObject({ runs: 2, rows: 3, dryRun: true });
    expect(stateHolds('Ann Former')).toBe(true);
    expect(pruneRuns(place.settings())).toMatchObject({ runs: 2, rows: 3, olderThanDays: 90 });
    expect(stateHolds('Ann Former')).toBe(false);
    expect(stateHolds('no-number')).toBe(false);
    expect(pruneRuns(place.settings())).toMatchObject({ runs: 0, rows: 0 });
  });

  it('is done once a day by whatever changes customers, by the retention of the profile', async () => {
    await importAndUpdate();
    age(20);
    write('C-1,Ann Later,3000,ann@example.com,10');
    await place.import();
    expect(stateHolds('Ann Former')).toBe(true);
    age(1);
    await place.import({}, { retentionDays: { value: 20, origin: 'test' } });
    changeLedger('PRAGMA wal_checkpoint(TRUNCATE)');
    expect(stateHolds('Ann Former')).toBe(false);
  });

  it('keeps the counts of a run and what happened to its rows, and knows its customers by their keys', async () => {
    const { summary } = await importAndUpdate();
    age(91);
    pruneRuns(place.settings());
    expect(listRuns(place.settings(), 1)).toMatchObject([{ name: summary.run, counts: { updated: 1, invalid: 1 } }]);
    write('C-1,Ann Later,3000,ann@example.com,11', 'C-2,Bob Ray,3001,bob@example.com,5');
    const { statuses } = await place.import();
    expect(statuses).toEqual(['updated', 'created']);
  });

  it('refuses to undo the run: the customers as they were are gone', async () => {
    const { summary } = await importAndUpdate();
    age(91);
    pruneRuns(place.settings());
    await expect(undoRun(place.settings(), { run: summary.run ?? '', confirm: never })).rejects.toMatchObject({
      code: 'RUN_PRUNED',
    });
  });

  it('adds nobody again whom a run without keys has created', async () => {
    await place.openApi();
    place.mapping({ ...keyed, key: undefined, mode: 'add', ignore: ['No', 'Email'] });
    write('C-1,Ann Former,3000,ann@example.com,10');
    await place.import();
    age(91);
    pruneRuns(place.settings());
    const { statuses } = await place.import();
    expect(statuses).toEqual(['skipped']);
  });

  it('leaves alone what is unfinished, in doubt, or being undone', async () => {
    const { summary } = await importAndUpdate();
    age(91);
    for (const condition of [
      `UPDATE runs SET state = 'stopped' WHERE name = '${summary.run}'`,
      `UPDATE runs SET state = 'completed'; UPDATE rows SET state = 'in_doubt' WHERE state = 'updated'`,
      `UPDATE rows SET state = 'updated' WHERE state = 'in_doubt';
       INSERT INTO runs (name, command, state, started_at, options) VALUES ('u', 'undo', 'running', 0, '{"undoes":"${summary.run}"}')`,
    ]) {
      changeLedger(condition);
      pruneRuns(place.settings());
      expect([condition, stateHolds('Ann Former')]).toEqual([condition, true]);
    }
  });

  it('removes copies of standard input and of earlier ledgers that are older, but for those of unfinished runs', async () => {
    await importAndUpdate();
    const runs = listRuns(place.settings(), 1);
    const [ledger = ''] = findLedgers(place.path('state'));
    const copy = ledger.replace(/ledger\.db$/, 'ledger-of-version-3.db');
    mkdirSync(place.path('state/inputs'), { recursive: true });
    const spooled = place.write('state/inputs/old', 'x').replace(/old$/, 'needed');
    for (const file of [copy, spooled, place.path('state/inputs/old')]) {
      writeFileSync(file, 'x');
      utimesSync(file, 0, 0);
    }
    writeFileSync(place.path('state/inputs/young'), 'x');
    changeLedger(`UPDATE runs SET state = 'stopped', input_path = '${spooled}' WHERE name = '${runs[0]?.name}'`);
    expect(pruneRuns(place.settings())).toMatchObject({ files: 2 });
    const left = listAllFiles(place.path('state')).map((file) => file.split('/').at(-1));
    expect([left.includes('old'), left.includes('needed'), left.includes('young')]).toEqual([false, true, true]);
    expect(left).not.toContain('ledger-of-version-3.db');
  });

  it('gives the space back', async () => {
    const api = await place.openApi();
    place.mapping({ ...keyed, key: undefined, match: ['customerName'], ignore: ['No', 'Email'] });
    const shop = await openClient(api);
    const names = Array.from({ length: 60 }, (_, index) => `Customer ${index}`);
    for (const customerName of names) await shop.add({ customerName, notes: 'n'.repeat(4000) });
    write(...names.map((name, index) => `C-${index},${name},3000,,7`));
    await place.import();
    age(91);
    expect(pruneRuns(place.settings()).bytes).toBeGreaterThan(60 * 4000);
  });
});

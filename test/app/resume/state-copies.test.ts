import { existsSync, statSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { resumeRun } from '#src/app/resume/resume-run.js';
import { backupState, restoreState } from '#src/app/state/state-copies.js';
import { undoRun } from '#src/app/undo/undo-run.js';
import { openDatabase } from '#src/sqlite/open-database.js';
import { stamped, useTestTenant } from '#test/app/use-test-tenant.js';
import { customerFile, customerLines, editElsewhere, findByName } from '#test/e2e/customer-files.js';
import { open } from '#test/sandbox/sandbox-client.js';

const place = useTestTenant();
const count = 8;
const { stamp: _, ...key } = stamped.key;
const keyed = { ...stamped, key };

async function importFirst(): Promise<Awaited<ReturnType<typeof place.openApi>>> {
  const api = await place.openApi();
  place.mapping(keyed);
  place.write('customers.csv', customerFile(customerLines(3)));
  await place.import();
  return api;
}

const backup = () => backupState(place.settings(), { file: place.path('backup.db') });

describe('a backup of the ledger', () => {
  it('is whole, has no token, and is readable by its owner only', async () => {
    await importFirst();
    const { bytes } = await backup();
    expect(statSync(place.path('backup.db'))).toMatchObject({ size: bytes });
    expect(statSync(place.path('backup.db')).mode & 0o777).toBe(0o600);
    const database = openDatabase(place.path('backup.db'));
    expect(database.prepare('SELECT count(*) AS count FROM crosswalk').get()).toMatchObject({ count: 3 });
    expect(database.prepare('SELECT token FROM tokens').get()).toMatchObject({ token: null });
    database.close();
    await expect(backup()).rejects.toMatchObject({ code: 'FILE_EXISTS' });
  });

  it('that is restored adds nobody again, and links what was added since', async () => {
    const api = await importFirst();
    await backup();
    place.write('customers.csv', customerFile(customerLines(count)));
    await place.import();
    const { replaced } = restoreState(place.settings(), place.path('backup.db'));
    expect(existsSync(replaced ?? '')).toBe(true);
    await expect(resumeRun(place.settings(), {})).rejects.toMatchObject({ code: 'LEDGER_NOT_NEWEST', exitCode: 8 });
    const { summary } = await place.import();
    expect(summary).toMatchObject({ exitCode: 0, waiting: 0, counts: { created: 0 } });
    expect(api.customers().length).toBe(count);
    expect(await resumeRun(place.settings(), {})).toBeUndefined();
  });

  it('that is restored does not overwrite what was changed since, and an undo leaves it as it is', async () => {
    const api = await importFirst();
    place.write('customers.csv', customerFile(customerLines(3).map((line) => `${line}9`)));
    const { summary: updated } = await place.import();
    await backup();
    await editElsewhere(api, 'Customer 0002', { creditLimit: 5 });
    restoreState(place.settings(), place.path('backup.db'));
    const { summary } = await place.import();
    expect(summary).toMatchObject({ exitCode: 4, waiting: 1 });
    const undone = await undoRun(place.settings(), { run: updated.run ?? '', confirm: () => Promise.resolve(true) });
    expect(undone).toMatchObject({ exitCode: 4, counts: { updated: 2, failed: 1 } });
    expect(findByName(api, 'Customer 0002').creditLimit).toBe(5);
  });

  it('of another account, or that is none, is refused, and the ledger stays', async () => {
    await importFirst();
    await backup();
    writeFileSync(place.path('other.db'), 'no database');
    expect(() => restoreState(place.settings(), place.path('other.db'))).toThrow(/not a backup/);
    const here = place.settings();
    const { baseUrl } = await open();
    const elsewhere = { ...here, baseUrl: { ...here.baseUrl, value: baseUrl } };
    expect(() => restoreState(elsewhere, place.path('backup.db'))).toThrow(/not of/);
    const { calls } = await place.import();
    expect(calls.post).toBe(0);
  });
});

import { cpSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { resumeRun } from '#src/app/resume/resume-run.js';
import { stamped, useTestTenant } from '#test/app/use-test-tenant.js';
import { customerFile, customerLines, editElsewhere, findByName } from '#test/e2e/customer-files.js';
import { copyWhileRunning } from './copy-while-running.js';

const place = useTestTenant();
const count = 12;
const { stamp: _, ...key } = stamped.key;
const keyed = { ...stamped, key };

/** A file of the ledger in the copied state folder. */
function copied(name: string): string {
  const tenants = place.path('copy/tenants');
  return join(tenants, readdirSync(tenants)[0] ?? '', name);
}

const lose: Readonly<Record<string, () => void>> = {
  'is missing': () => rmSync(copied('ledger.db-wal')),
  'was cut': () => truncateSync(copied('ledger.db-wal'), readFileSync(copied('ledger.db-wal')).length / 2),
  'is damaged': () => {
    const log = readFileSync(copied('ledger.db-wal'));
    log.fill(0, log.length / 2, log.length / 2 + 100);
    writeFileSync(copied('ledger.db-wal'), log);
  },
};

/** Imports the customers; the write-ahead log of the copy, made before the last is added, is lost. */
async function importAndLose(name: string, lines = customerLines(count), moment = 10): Promise<void> {
  place.write('customers.csv', customerFile(lines));
  const paths = { from: place.path('state'), to: place.path('copy') };
  await copyWhileRunning(paths, 'after-answer', moment, () => place.import());
  rmSync(copied('ledger.db-shm'));
  lose[name]?.();
  place.useState('copy');
}

const losses = Object.keys(lose);

describe('a ledger whose write-ahead log', () => {
  it.each(losses)('%s adds nobody again, and never says that there is no unfinished run', async (name) => {
    const api = await place.openApi();
    place.mapping(keyed);
    await importAndLose(name);
    // Where the run itself was lost, nothing can be resumed.
    const resumed = await resumeRun(place.settings(), {}).catch((error: unknown) => error);
    expect(resumed).toBeDefined();
    if (resumed instanceof Error) {
      expect(resumed).toMatchObject({ code: 'LEDGER_NOT_NEWEST', exitCode: 8 });
      const { summary } = await place.import();
      expect(summary).toMatchObject({ exitCode: 0, waiting: 0 });
    } else expect(resumed).toMatchObject({ exitCode: 0, waiting: 0 });
    expect(api.customers().length).toBe(count);
    const { calls } = await place.import();
    expect(calls).toMatchObject({ post: 0, put: 0 });
    expect(await resumeRun(place.settings(), {})).toBeUndefined();
  });

  it.each(losses)('%s does not overwrite what was changed since', async (name) => {
    const api = await place.openApi();
    place.mapping(keyed);
    place.write('customers.csv', customerFile(customerLines(count)));
    await place.import();
    const lines = customerLines(count).map((line) => `${line}9`);
    await importAndLose(name, lines);
    await editElsewhere(api, 'Customer 0009', { creditLimit: 5 });
    const resumed = await resumeRun(place.settings(), {}).catch(async () => (await place.import()).summary);
    // How much is left of the log depends on the moment: the row is asked about, in doubt, or known to be done.
    expect(name === 'is missing' ? [4] : [0, 4, 7]).toContain(resumed?.exitCode);
    expect(findByName(api, 'Customer 0009').creditLimit).toBe(5);
  });
});

describe('a ledger', () => {
  it('that was put back alone, without the file beside it, is noticed', async () => {
    const api = await place.openApi();
    place.mapping(keyed);
    place.write('customers.csv', customerFile(customerLines(count)));
    const paths = { from: place.path('state'), to: place.path('copy') };
    await copyWhileRunning(paths, 'after-answer', 3, () => place.import());
    for (const name of ['ledger.db', 'ledger.db-wal', 'ledger.db-shm']) {
      const target = copied(name).replace('/copy/', '/state/');
      rmSync(target, { force: true });
      cpSync(copied(name), target);
    }
    const notices: string[] = [];
    const summary = await resumeRun(place.settings(), {}, { notice: ({ code }) => notices.push(code) });
    expect(summary).toMatchObject({ exitCode: 0 });
    expect(notices).toContain('LEDGER_NOT_NEWEST');
    expect(api.customers().length).toBe(count);
  });

  it('that is the newest is not suspected', async () => {
    await place.openApi();
    place.mapping(keyed);
    place.write('customers.csv', customerFile(customerLines(3)));
    const notices: string[] = [];
    await place.import();
    place.write('customers.csv', customerFile(customerLines(5)));
    await place.import();
    expect(await resumeRun(place.settings(), {}, { notice: ({ code }) => notices.push(code) })).toBeUndefined();
    expect(notices).toEqual([]);
  });
});

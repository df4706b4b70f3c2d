import { describe, expect, it } from 'vitest';
import type { Sandbox } from '#src/sandbox/start-sandbox.js';
import { killAt } from '#test/crash/kill-at.js';
import {
  customerFile,
  editElsewhere,
  fast,
  findByName,
  keyedMapping,
  listFailsFrom,
  pickEditable,
  readResults,
  writeCustomers,
  writeMapping,
} from './customer-files.js';
import { useSample } from './samples.js';
import { useWorkplace } from './use-workplace.js';

const place = useWorkplace();
const settled = [...fast, '--settle', '0.1'];

/** Imports a file and gives the name of its run. */
async function imported(file: string, ...more: readonly string[]): Promise<string> {
  const { stdout } = await place.run(['import', ...settled, file, '--json', ...more]);
  return String(JSON.parse(stdout).run);
}

async function withThree(): Promise<{ api: Sandbox; run: string }> {
  const api = await place.openApi();
  writeCustomers(place, 3);
  const run = await imported('customers.csv');
  return { api, run };
}

async function withUpdated(): Promise<{ api: Sandbox; run: string }> {
  const { api } = await withThree();
  await editElsewhere(api, 'Customer 0001', { notes: 'Rings twice', shopsOwnField: 'kept' });
  writeMapping(place, { ...keyedMapping, mode: 'update' });
  place.write('changes.csv', customerFile(['C-0001,New name,,,900', 'C-0002,,,,101']));
  return { api, run: await imported('changes.csv') };
}

describe('undo of an import', () => {
  it('of au-500.csv leaves the API as it was before', async () => {
    const api = await place.openApi();
    await api.seed(20);
    const before = api.customers();
    useSample(place, 'au-500');
    const run = await imported('customers.csv');
    expect(api.customers()).toHaveLength(520);
    const { exitCode, stdout } = await place.run(['undo', ...fast, run, '--yes', '--json']);
    expect([exitCode, JSON.parse(stdout).counts.deleted]).toEqual([0, 500]);
    expect(api.customers()).toEqual(before);
    // And whoever was undone can be imported again.
    await imported('customers.csv');
    expect(api.customers()).toHaveLength(520);
  }, 120_000);

  it('shows its plan first, and changes nothing with --dry-run or without confirmation', async () => {
    const { api, run } = await withThree();
    await editElsewhere(api, 'Customer 0002', { notes: 'regular' });
    const plan = await place.run(['undo', ...fast, run, '--dry-run']);
    expect([plan.exitCode, plan.stdout]).toEqual([
      0,
      expect.stringMatching(/2 customers to delete.*1 customer changed since the run/s),
    ]);
    const unsaid = await place.run(['undo', ...fast, run]);
    expect([unsaid.exitCode, api.customers().length]).toEqual([2, 3]);
    expect(unsaid.stderr).toMatch(/2 customers to delete.*--yes/s);
    const done = await place.run(['undo', ...fast, run, '--yes', '--quiet']);
    expect([done.exitCode, done.stderr]).toEqual([4, '']);
  });

  it('does not change customers that were edited since, and says so, unless --even-changed', async () => {
    const { api, run } = await withThree();
    await editElsewhere(api, 'Customer 0002', { notes: 'regular' });
    const { exitCode } = await place.run(['undo', ...fast, run, '--yes', '--results', 'undone.csv']);
    expect(exitCode).toBe(4);
    expect(readResults(place.read('undone.csv')).map((row) => [row._status, row._errorCode])).toEqual([
      ['deleted', ''],
      ['failed', 'CHANGED_SINCE'],
      ['deleted', ''],
    ]);
    expect(api.customers().map((customer) => customer.customerName)).toEqual(['Customer 0002']);
    const again = await place.run(['undo', ...fast, run, '--yes', '--even-changed']);
    expect([again.exitCode, api.customers()]).toEqual([0, []]);
  });

  it('makes customers inactive that the API cannot delete', async () => {
    const { api, run } = await withThree();
    api.addTransaction(String(findByName(api, 'Customer 0001').customerCode));
    const { exitCode, stdout } = await place.run(['undo', ...fast, run, '--yes', '--even-changed', '--json']);
    expect([exitCode, JSON.parse(stdout).counts]).toMatchObject([0, { deleted: 2, deactivated: 1 }]);
    expect(api.customers()).toMatchObject([{ customerName: 'Customer 0001', active: false }]);
  });

  it('is a run of its own: killed in the middle, it is resumed', async () => {
    const { api, run } = await withThree();
    const env = killAt('after-send:2');
    const killed = await place.run(['undo', ...fast, run, '--yes', '--concurrency', '1'], { env });
    expect([killed.killedBy, api.customers().length]).toEqual(['SIGKILL', expect.any(Number)]);
    const { exitCode, stdout } = await place.run(['resume', ...settled, '--json']);
    expect(JSON.parse(stdout)).toMatchObject({ command: 'undo', counts: { deleted: 3 } });
    expect([exitCode, api.customers()]).toEqual([0, []]);
  });
});

describe('undo of an update', () => {
  it('restores the previous values, also of fields that are not in the mapping', async () => {
    const { api, run } = await withUpdated();
    const before = { ...pickEditable(findByName(api, 'New name')), customerName: 'Customer 0001', creditLimit: 100 };
    const { exitCode, stdout } = await place.run(['undo', ...fast, run, '--yes', '--json']);
    expect([exitCode, JSON.parse(stdout).counts.updated]).toEqual([0, 1]);
    expect(pickEditable(findByName(api, 'Customer 0001'))).toEqual(before);
  });

  it('whose answer was lost works as well', async () => {
    const { api } = await withThree();
    writeMapping(place, { ...keyedMapping, mode: 'update' });
    place.write('changes.csv', customerFile(['C-0001,,,,900']));
    api.setFaults([{ name: 'reset-after-commit', on: 'update' }]);
    const run = await imported('changes.csv');
    api.setFaults([]);
    expect(findByName(api, 'Customer 0001').creditLimit).toBe(900);
    const { exitCode } = await place.run(['undo', ...fast, run, '--yes']);
    expect([exitCode, findByName(api, 'Customer 0001').creditLimit]).toEqual([0, 100]);
  });

  it('does not change a customer that was edited since', async () => {
    const { api, run } = await withUpdated();
    await editElsewhere(api, 'New name', { notes: 'edited' });
    const { exitCode } = await place.run(['undo', ...fast, run, '--yes']);
    expect([exitCode, findByName(api, 'New name').creditLimit]).toEqual([4, 900]);
  });

  it('that is itself undone restores the update', async () => {
    const { api, run } = await withUpdated();
    const undone = await place.run(['undo', ...fast, run, '--yes', '--json']);
    const { exitCode } = await place.run(['undo', ...fast, JSON.parse(undone.stdout).run, '--yes']);
    expect([exitCode, findByName(api, 'New name').creditLimit]).toEqual([0, 900]);
  });

  it('after a create of the same customer in the same run deletes it', async () => {
    const api = await place.openApi();
    writeMapping(place, { ...keyedMapping, mode: 'upsert' });
    place.write('customers.csv', customerFile(['C-1,Ann,,,1', 'C-1,Ann,,,2']));
    const run = await imported('customers.csv', '--repeats', 'in-order');
    const { exitCode } = await place.run(['undo', ...fast, run, '--yes']);
    expect([exitCode, api.customers()]).toEqual([0, []]);
  });
});

describe('a second undo', () => {
  it('of a run that is undone finds nothing to do', async () => {
    const { run } = await withThree();
    await place.run(['undo', ...fast, run, '--yes']);
    const { exitCode, stdout } = await place.run(['undo', ...fast, run, '--dry-run']);
    expect([exitCode, stdout]).toEqual([0, expect.stringContaining('3 customers already gone')]);
  });

  it('that would undo deletes says that customers cannot be brought back', async () => {
    const { run } = await withThree();
    const undone = await place.run(['undo', ...fast, run, '--yes', '--json']);
    const { stdout } = await place.run(['undo', ...fast, JSON.parse(undone.stdout).run, '--dry-run']);
    expect(stdout).toContain('3 customers deleted by the run: the API cannot restore them');
  });
});

describe('undo', () => {
  it('refuses a run with rows in doubt, and names the command that settles them', async () => {
    const api = await place.openApi({
      faults: [{ name: 'reset-after-commit', on: 'add' }, listFailsFrom(3)],
    });
    writeCustomers(place, 2);
    const run = await imported('customers.csv');
    api.setFaults([]);
    const { exitCode, stderr } = await place.run(['undo', ...fast, run, '--yes']);
    expect([exitCode, stderr]).toEqual([8, expect.stringContaining(`mypos-customers reconcile ${run}`)]);
    expect(api.customers()).toHaveLength(2);
  });

  it('lists the runs when none has this name', async () => {
    await withThree();
    const { exitCode, stderr } = await place.run(['undo', 'nonsense', '--yes']);
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining('mypos-customers runs')]);
  });
});

import { describe, expect, it } from 'vitest';
import type { Sandbox, SandboxOptions } from '#src/sandbox/start-sandbox.js';
import { killAt } from '#test/crash/kill-at.js';
import { openClient } from '#test/sandbox/sandbox-client.js';
import {
  customerFile,
  editElsewhere,
  fast,
  findByName,
  keyedMapping,
  listFailsFrom,
  readResults,
  saveLater,
  writeCustomers,
  writeMapping,
} from './customer-files.js';
import { useWorkplace } from './use-workplace.js';

const place = useWorkplace();
const settled = [...fast, '--settle', '0.1'];

/** Three rows of which the second one's answer was lost, and nobody could be asked about it. */
async function withDoubt(
  lost: 'reset' | 'reset-after-commit',
  options: Partial<SandboxOptions> = {},
): Promise<Sandbox> {
  const api = await place.openApi(options);
  writeCustomers(place, 3);
  api.setFaults([
    { name: lost, on: 'add', bodyContains: 'Customer 0002' },
    // An empty account is looked at before the first add and after it.
    listFailsFrom(3),
  ]);
  await place.run(['import', ...settled, 'customers.csv', '--concurrency', '1']);
  api.setFaults([]);
  return api;
}

async function reconcile(...more: readonly string[]) {
  const { exitCode, stdout } = await place.run(['reconcile', ...settled, '--json', ...more]);
  return { exitCode, summary: JSON.parse(stdout) };
}

const secondRow = () => readResults(place.read('customers.results.csv'))[1];

describe('reconcile', () => {
  it('finds a customer that was created, and sends nothing', async () => {
    const api = await withDoubt('reset-after-commit');
    const { exitCode, summary } = await reconcile();
    expect([exitCode, summary.reconciled]).toEqual([0, { adopted: 1, absent: 0, unclear: [] }]);
    expect(secondRow()).toMatchObject({
      _status: 'created',
      _customerCode: findByName(api, 'Customer 0002').customerCode,
    });
    expect(api.customers()).toHaveLength(3);
  });

  it('proves that a customer was never created; its row is failed until a resume sends it', async () => {
    const api = await withDoubt('reset');
    const { exitCode, summary } = await reconcile();
    expect([exitCode, summary.reconciled.absent, api.customers().length]).toEqual([4, 1, 2]);
    expect(secondRow()).toMatchObject({ _status: 'failed', _errorCode: 'PROVED_ABSENT' });
    const resumed = await place.run(['resume', ...settled]);
    expect([resumed.exitCode, api.customers().length]).toEqual([0, 3]);
  });

  it('says so when nothing is in doubt', async () => {
    await place.openApi();
    const { exitCode, stdout } = await place.run(['reconcile']);
    expect([exitCode, stdout]).toEqual([0, 'There are no rows in doubt.\n']);
  });

  it('leaves a run that was cut short unfinished, so that its other rows are not lost', async () => {
    const api = await place.openApi();
    writeCustomers(place, 12);
    await place.run(['import', ...settled, 'customers.csv'], { env: killAt('after-send:6') });
    const { exitCode, summary } = await reconcile();
    expect([exitCode, summary]).toMatchObject([5, { status: 'stopped', stopped: { code: 'NOT_FINISHED' } }]);
    const resumed = await place.run(['resume', ...settled]);
    expect([resumed.exitCode, api.customers().length]).toEqual([0, 12]);
  });
});

describe('customers that look alike', () => {
  it('are distinguished: the one that was created is found first, and is not taken for the lost one', async () => {
    const api = await place.openApi();
    await api.seed(1);
    writeMapping(place, keyedMapping);
    place.write('customers.csv', customerFile(['C-1,Ann Lee,0800,office@x.com,5', 'C-2,Bob Lee,0800,office@x.com,5']));
    api.setFaults([
      { name: 'reset', on: 'add', bodyContains: 'Ann' },
      { name: 'reset-after-commit', on: 'add', bodyContains: 'Bob' },
      listFailsFrom(5),
    ]);
    await place.run(['import', ...settled, 'customers.csv']);
    api.setFaults([]);
    await saveLater(api);
    const { summary } = await reconcile();
    expect(summary.reconciled).toEqual({ adopted: 1, absent: 1, unclear: [] });
  });

  it('cause no doubt with a stamped key, which is found even on a customer whose other fields were all edited', async () => {
    const api = await place.openApi();
    writeMapping(place, { ...keyedMapping, key: { column: 'No', stamp: 'cC_001' } });
    place.write('customers.csv', customerFile(['C-1,Ann Lee,0800,office@x.com,5']));
    api.setFaults([{ name: 'reset-after-commit', on: 'add' }, listFailsFrom(2)]);
    await place.run(['import', ...settled, 'customers.csv']);
    api.setFaults([]);
    await editElsewhere(api, 'Ann Lee', {
      customerName: 'Zoe Quick',
      postalCode: '3000',
      emailAddress: 'z@y.com',
      creditLimit: 0,
    });
    const { exitCode, summary } = await reconcile();
    expect([exitCode, summary.reconciled.adopted]).toEqual([0, 1]);
  });
});

/** Somebody adds a customer who looks exactly like the second row. */
async function addTwin(api: Sandbox): Promise<void> {
  const { customerName, postalCode, emailAddress, creditLimit } = findByName(api, 'Customer 0002');
  await (await openClient(api)).add({ customerName, postalCode, emailAddress, creditLimit });
}

describe('a doubt that only a person can settle', () => {
  it('stays, with the customers that it could be', async () => {
    const api = await withDoubt('reset-after-commit');
    await addTwin(api);
    const { exitCode, summary } = await reconcile();
    const codes = api
      .customers()
      .filter((customer) => customer.customerName === 'Customer 0002')
      .map((customer) => customer.customerCode);
    expect([exitCode, summary.reconciled.unclear]).toEqual([7, [{ row: 3, candidates: codes }]]);
    expect(secondRow()?._error).toContain(codes.join(', '));
    const { stdout } = await place.run(['reconcile', ...settled]);
    expect(stdout).toContain(`row 3: ${codes.join(', ')}`);
  });

  it('is settled as never created with --assume-absent, which needs --yes', async () => {
    const api = await withDoubt('reset-after-commit');
    await addTwin(api);
    const unsure = await place.run(['reconcile', ...settled, '--assume-absent']);
    expect([unsure.exitCode, unsure.stderr]).toEqual([2, expect.stringContaining('--yes')]);
    const { exitCode } = await reconcile('--assume-absent', '--yes');
    expect([exitCode, secondRow()?._errorCode, api.customers().length]).toEqual([4, 'ASSUMED_ABSENT', 4]);
    await place.run(['resume', ...settled]);
    expect([secondRow()?._status, api.customers().length]).toEqual(['created', 5]);
  });
});

describe('an update whose answer was lost', () => {
  async function lostUpdate(lost: 'reset' | 'reset-after-commit') {
    const api = await place.openApi();
    writeCustomers(place, 1);
    await place.run(['import', ...fast, 'customers.csv']);
    writeMapping(place, { ...keyedMapping, mode: 'update' });
    place.write('changes.csv', customerFile(['C-0001,,,,900']));
    api.setFaults([
      { name: lost, on: 'update' },
      { name: '503', on: 'detail', when: { nth: [2, 3, 4, 5, 6, 7] } },
    ]);
    await place.run(['import', ...settled, 'changes.csv', '--concurrency', '1']);
    api.setFaults([]);
    return api;
  }
  const row = () => readResults(place.read('changes.results.csv'))[0];

  it('and after which another field was edited is found to be applied', async () => {
    const api = await lostUpdate('reset-after-commit');
    await editElsewhere(api, 'Customer 0001', { notes: 'edited since' });
    expect((await reconcile()).exitCode).toBe(0);
    expect(row()?._status).toBe('updated');
  });

  it('and after which the same field was edited is left to a person', async () => {
    const api = await lostUpdate('reset-after-commit');
    await editElsewhere(api, 'Customer 0001', { creditLimit: 555 });
    const { exitCode } = await reconcile();
    expect([exitCode, row()?._status, findByName(api, 'Customer 0001').creditLimit]).toEqual([7, 'in_doubt', 555]);
  });

  it('and which never arrived is sent by a resume without changing what was edited since', async () => {
    const api = await lostUpdate('reset');
    await editElsewhere(api, 'Customer 0001', { notes: 'edited since' });
    const { exitCode } = await place.run(['resume', ...settled]);
    expect([exitCode, findByName(api, 'Customer 0001')]).toMatchObject([
      0,
      { creditLimit: 900, notes: 'edited since' },
    ]);
  });
});

describe('customers that cannot be seen are not taken for customers that are not there', () => {
  it('when the list lacks even customers that the run has created', async () => {
    const api = await withDoubt('reset-after-commit');
    // As with a right that is missing, or a filter that the server reads otherwise: a list with nobody in it.
    api.reset();
    const { exitCode, summary } = await reconcile();
    expect([exitCode, summary.reconciled]).toMatchObject([7, { absent: 0, unclear: [{ row: 3 }] }]);
    expect(secondRow()?._error).toContain('permission to read');
  });

  it('when the clock of this machine was three hours ahead at the time and has been corrected since', async () => {
    let behindMs = 3 * 60 * 60_000;
    const api = await withDoubt('reset-after-commit', { now: () => new Date(Date.now() - behindMs) });
    behindMs = 0;
    const { exitCode, summary } = await reconcile();
    expect([exitCode, summary.reconciled.adopted, api.customers().length]).toEqual([0, 1, 3]);
  });
});

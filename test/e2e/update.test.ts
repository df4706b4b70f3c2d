import { describe, expect, it } from 'vitest';
import type { Sandbox } from '#src/sandbox/start-sandbox.js';
import { json, useScriptedServers } from '#test/api/scripted-server.js';
import { killAt } from '#test/crash/kill-at.js';
import {
  customerFile,
  editElsewhere,
  fast,
  findByName,
  keyedMapping,
  pickEditable,
  readResults,
  writeCustomers,
  writeMapping,
} from './customer-files.js';
import { useWorkplace } from './use-workplace.js';

const place = useWorkplace();
const openServer = useScriptedServers();
const settled = [...fast, '--settle', '0.1'];

const updating = { ...keyedMapping, mode: 'update', nullToken: '#N/A' };

/** Three customers of a first import; from then on the mapping updates. */
async function withCustomers(): Promise<Sandbox> {
  const api = await place.openApi();
  writeCustomers(place, 3);
  await place.run(['import', ...fast, 'customers.csv']);
  writeMapping(place, updating);
  api.clearRequests();
  return api;
}

function update(...lines: readonly string[]) {
  place.write('changes.csv', customerFile(lines));
  return place.run(['import', ...settled, 'changes.csv', '--json']);
}

describe('an update', () => {
  it('changes the mapped fields only: a blank keeps, the null token clears, all others stay as they are', async () => {
    const api = await withCustomers();
    await editElsewhere(api, 'Customer 0001', { notes: 'Rings twice', cC_007: 'gold', shopsOwnField: 'kept' });
    const before = findByName(api, 'Customer 0001');
    const { exitCode } = await update('C-0001,,#N/A,,900');
    const after = findByName(api, 'Customer 0001');
    expect(exitCode).toBe(0);
    expect(pickEditable(after)).toEqual({ ...pickEditable(before), postalCode: null, creditLimit: 900 });
    expect(after.lastEditDateUTC).not.toBe(before.lastEditDateUTC);
    expect(readResults(place.read('changes.results.csv'))[0]).toMatchObject({
      _status: 'updated',
      _customerCode: before.customerCode,
      _httpStatus: '200',
    });
  });

  it('that changes nothing is unchanged and spends no PUT', async () => {
    const api = await withCustomers();
    const { stdout } = await update('C-0001,Customer 0001,0800,c0001@EXAMPLE.com,100', 'C-0002,Customer 0002,,,7');
    expect(JSON.parse(stdout).counts).toMatchObject({ unchanged: 1, updated: 1 });
    expect(api.requests().filter(({ method }) => method === 'PUT')).toHaveLength(1);
  });

  it('of an unknown key is invalid and creates no customer', async () => {
    const api = await withCustomers();
    const { exitCode } = await update('C-0099,Somebody,,,1');
    expect(exitCode).toBe(4);
    expect(readResults(place.read('changes.results.csv'))[0]).toMatchObject({
      _status: 'invalid',
      _errorCode: 'CUSTOMER_UNKNOWN',
    });
    expect(api.customers()).toHaveLength(3);
  });

  it('finds the customer by its code where the mapping names one', async () => {
    const api = await withCustomers();
    const fields = { customerCode: 'No', creditLimit: { column: 'Limit', type: 'number' } };
    writeMapping(place, { version: 1, mode: 'update', fields, ignore: ['Name', 'Post Code', 'Email'] });
    const code = String(findByName(api, 'Customer 0002').customerCode);
    await update(`${code},,,,77`, '9999999,,,,78');
    expect(findByName(api, 'Customer 0002').creditLimit).toBe(77);
    expect(readResults(place.read('changes.results.csv')).map((row) => [row._status, row._errorCode])).toEqual([
      ['updated', ''],
      ['rejected', 'NOT_FOUND'],
    ]);
  });

  it('whose answer was lost is found to be applied once the customers can be read again', async () => {
    const api = await withCustomers();
    api.setFaults([{ name: 'reset-after-commit', on: 'update' }]);
    const { exitCode } = await update('C-0001,,,,900');
    expect([exitCode, findByName(api, 'Customer 0001').creditLimit]).toEqual([0, 900]);
    expect(readResults(place.read('changes.results.csv'))[0]?._status).toBe('updated');
  });

  it('that waited long for the rate limit reads the customer again, so that no edit made meanwhile is lost', async () => {
    const api = await withCustomers();
    // The first PUT is asked to wait, and meanwhile the second one's reading grows old.
    api.setFaults([{ name: '429', on: 'detail', when: { nth: [2] }, retryAfterSeconds: 5 }]);
    place.write('changes.csv', customerFile(['C-0001,,,,901', 'C-0002,,,,902', 'C-0003,,,,903']));
    const running = place.start(['import', '--rate', '20', '--settle', '0.1', 'changes.csv']);
    await untilPaused(api);
    await Promise.all(
      ['1', '2', '3'].map((n) => editElsewhere(api, `Customer 000${n}`, { notes: 'edited meanwhile' })),
    );
    expect((await running.finished).exitCode).toBe(0);
    for (const n of [1, 2, 3])
      expect(findByName(api, `Customer 000${n}`)).toMatchObject({ creditLimit: 900 + n, notes: 'edited meanwhile' });
  });
});

describe('--verify', () => {
  it('reports in the result file and in the summary how the API changed a value, and keeps the status', async () => {
    const server = await openServer();
    const listed = json(200, []);
    const created = json(202, { customerCode: '0000001' });
    server.answer(listed, created, json(200, { customerCode: '0000001', customerName: 'Cust' }));
    writeMapping(place, { version: 1, mode: 'add', fields: { customerName: 'Name' }, unmapped: 'ignore' });
    place.write('customers.csv', 'Name\nCustomer\n');
    const env = {
      MYPOS_CONNECT_BASE_URL: server.baseUrl,
      MYPOS_CONNECT_USERNAME: 'clerk',
      MYPOS_CONNECT_PASSWORD: 'secret',
    };
    const { exitCode, stdout } = await place.run(['import', ...fast, 'customers.csv', '--verify'], { env });
    expect(exitCode).toBe(4);
    expect(stdout).toContain('1 of them: the API stored a different value from the one that was sent');
    expect(readResults(place.read('customers.results.csv'))[0]).toMatchObject({
      _status: 'created',
      _errorCode: 'SERVER_TRUNCATED',
      _error: 'customerName: sent "Customer", but the API now holds "Cust".',
      _errorFields: 'Name',
    });
  });
});

describe('--verify of a customer whose answer was lost', () => {
  it('compares once the customer is found, also when a resume finds it', async () => {
    const api = await place.openApi();
    writeMapping(place, {
      version: 1,
      mode: 'add',
      key: { column: 'No', stamp: 'cC_001' },
      fields: { customerName: 'Name' },
    });
    place.write('customers.csv', 'No,Name\nK-1,Customer\n');
    await place.run(['import', ...fast, 'customers.csv', '--verify'], { env: killAt('after-send:1') });
    // What the server keeps is not what it was sent.
    await editElsewhere(api, 'Customer', { customerName: 'Cust' });
    const { exitCode } = await place.run(['resume', ...settled]);
    expect([exitCode, api.customers().length]).toEqual([4, 1]);
    expect(readResults(place.read('customers.results.csv'))[0]).toMatchObject({
      _status: 'created',
      _errorCode: 'SERVER_TRUNCATED',
      _errorFields: 'Name',
    });
  });
});

describe('rows for the same customer, with the option to send them in order', () => {
  const inOrder = ['--repeats', 'in-order'];

  it('are sent one after the other, and the last one counts', async () => {
    const api = await withCustomers();
    const lines = Array.from({ length: 20 }, (_, index) => `C-0001,,,,${index + 1}`);
    place.write('changes.csv', customerFile(lines));
    const { exitCode } = await place.run(['import', ...settled, 'changes.csv', ...inOrder]);
    expect([exitCode, findByName(api, 'Customer 0001').creditLimit]).toEqual([0, 20]);
  });

  it('wait for an earlier one that failed, and a resumed run sends them in order', async () => {
    const api = await withCustomers();
    api.setFaults([{ name: '503', on: 'detail', when: { first: 3 } }]);
    place.write('changes.csv', customerFile(['C-0001,,,,1', 'C-0001,,,,2']));
    const first = await place.run(['import', ...settled, 'changes.csv', ...inOrder]);
    const rows = readResults(place.read('changes.results.csv'));
    expect(rows.map((row) => [row._status, row._errorCode])).toEqual([
      ['failed', 'HTTP_503'],
      ['failed', 'WAITS_FOR_ROW'],
    ]);
    const resumed = await place.run(['resume', ...fast]);
    expect([first.exitCode, resumed.exitCode, findByName(api, 'Customer 0001').creditLimit]).toEqual([4, 0, 2]);
  });

  it('wait for one whose answer was lost, and follow it in the same run once it is found', async () => {
    const api = await place.openApi({ faults: [{ name: 'reset-after-commit', on: 'add' }] });
    writeMapping(place, { ...keyedMapping, mode: 'upsert' });
    place.write('customers.csv', customerFile(['C-1,Ann,,,1', 'C-1,Ann,,,2']));
    const { exitCode } = await place.run(['import', ...settled, 'customers.csv', ...inOrder]);
    expect([exitCode, api.customers().map((customer) => customer.creditLimit)]).toEqual([0, [2]]);
    expect(readResults(place.read('customers.results.csv')).map((row) => row._status)).toEqual(['created', 'updated']);
  });
});

async function untilPaused(api: Sandbox): Promise<void> {
  while (!api.requests().some(({ status }) => status === 429)) await new Promise((next) => setTimeout(next, 20));
}

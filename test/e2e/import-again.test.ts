import { describe, expect, it } from 'vitest';
import { killAt } from '#test/crash/kill-at.js';
import {
  customerFile,
  customerLines,
  fast,
  keyedMapping,
  keylessMapping,
  readResults,
  readStatuses,
  writeCustomers,
  writeMapping,
} from './customer-files.js';
import { useWorkplace } from './use-workplace.js';

const place = useWorkplace();

describe.each([
  ['with a key', keyedMapping],
  ['without a key', keylessMapping],
])('a finished file that is imported again %s', (_name, mapping) => {
  it('creates no customer twice and says which row is which customer', async () => {
    const api = await place.openApi();
    writeCustomers(place, 4, mapping);
    await place.run(['import', ...fast, 'customers.csv']);
    const codes = readResults(place.read('customers.results.csv')).map((row) => row._customerCode);
    const { exitCode } = await place.run(['import', ...fast, 'customers.csv']);
    const again = readResults(place.read('customers.results.csv'));
    expect(exitCode).toBe(0);
    expect(api.customers()).toHaveLength(4);
    expect(again.map((row) => [row._status, row._errorCode, row._customerCode])).toEqual(
      codes.map((code) => ['skipped', 'ALREADY_CREATED', code]),
    );
  });
});

describe('a key that is no proper Unicode', () => {
  it('is recognised again, and its customer is not added twice', async () => {
    const api = await place.openApi();
    writeMapping(place, { version: 1, mode: 'add', key: { column: 'No' }, fields: { customerName: 'Name' } });
    for (const [file, more] of [
      ['some.ndjson', ''],
      ['more.ndjson', '{"No":"C2","Name":"Two"}\n'],
    ] as const) {
      place.write(file, `{"No":"a\\ud800b","Name":"Half a letter"}\n${more}`);
      await place.run(['import', ...fast, file]);
    }
    expect(api.customers().map((customer) => customer.customerName)).toEqual(['Half a letter', 'Two']);
    expect(readStatuses(place.read('more.results.csv'))).toEqual(['skipped', 'created']);
  });
});

describe('a run that continues after another run has read what it created', () => {
  it('is known to later runs with all customers that it created since, also without a key', async () => {
    const api = await place.openApi();
    writeCustomers(place, 4, keylessMapping);
    const [one, , three, four] = customerLines(4);
    const slow = ['--rate', '20', '--concurrency', '1'];
    const { killedBy } = await place.run(['import', ...slow, 'customers.csv'], { env: killAt('after-answer:2') });
    expect(killedBy).toBe('SIGKILL');
    place.write('some.csv', customerFile([one ?? '']));
    await place.run(['import', ...fast, 'some.csv']);
    await place.run(['resume', ...fast, '--settle', '0']);
    place.write('more.csv', customerFile([four ?? '', three ?? '']));
    const { exitCode } = await place.run(['import', ...fast, 'more.csv']);
    expect([exitCode, api.customers().length]).toEqual([0, 4]);
    for (const file of ['some.results.csv', 'more.results.csv'])
      for (const row of readResults(place.read(file))) expect(row._errorCode).toBe('ALREADY_CREATED');
  });
});

describe('a finished file that is imported again with --force', () => {
  it.each([
    ['with a key, which is believed all the same: nobody is added twice', keyedMapping, 2],
    ['without a key: everybody is added again, as was asked for', keylessMapping, 4],
  ])('%s', async (_name, mapping, count) => {
    const api = await place.openApi();
    writeCustomers(place, 2, mapping);
    await place.run(['import', ...fast, 'customers.csv']);
    const { exitCode } = await place.run(['import', ...fast, 'customers.csv', '--force']);
    expect([exitCode, api.customers().length]).toEqual([0, count]);
  });
});

const settled = [...fast, '--settle', '0.1'];
const lostAnswer = { faults: [{ name: 'reset-after-commit', on: 'add', bodyContains: 'Customer 0002' }] } as const;

describe('a row whose answer was lost', () => {
  it('is found by the import itself at its end, and was sent only once', async () => {
    const api = await place.openApi(lostAnswer);
    writeCustomers(place, 3);
    const { exitCode } = await place.run(['import', ...settled, 'customers.csv']);
    const row = readResults(place.read('customers.results.csv'))[1];
    const [created, ...more] = api.customers().filter((customer) => customer.customerName === 'Customer 0002');
    expect([exitCode, more]).toEqual([0, []]);
    expect([row?._status, row?._attempts, row?._customerCode]).toEqual(['created', '1', created?.customerCode]);
  });
});

/** Two customers that both look exactly like the row: nobody but a person can tell which one it made. */
async function importWithTwin(mapping: object) {
  const api = await place.openApi();
  writeCustomers(place, 3, mapping);
  await place.run(['import', ...fast, 'customers.csv', '--state-dir', 'elsewhere', '--results', 'elsewhere.csv']);
  api.setFaults(lostAnswer.faults);
  const end = await place.run(['import', ...settled, 'customers.csv', '--all-new']);
  api.setFaults([]);
  return { api, ...end };
}

describe('a row whose answer was lost and whose customer cannot be identified', () => {
  it('stays in doubt: it was sent once, and the import ends with exit code 7 and names the command that settles it', async () => {
    const { api, exitCode, stdout } = await importWithTwin(keyedMapping);
    const row = readResults(place.read('customers.results.csv'))[1];
    expect(exitCode).toBe(7);
    expect(stdout).toMatch(/mypos-customers reconcile \S+/);
    expect([row?._status, row?._attempts, row?._customerCode]).toEqual(['in_doubt', '1', '']);
    expect(api.customers().filter((customer) => customer.customerName === 'Customer 0002')).toHaveLength(2);
  });

  it.each([
    ['with a key', keyedMapping],
    ['without a key', keylessMapping],
  ])('is not sent by a second import either, %s', async (_name, mapping) => {
    const { api } = await importWithTwin(mapping);
    const { exitCode, stdout } = await place.run(['import', ...settled, 'customers.csv']);
    // Nobody may take this for done: rows in doubt remain, if those of another run.
    expect([exitCode, stdout]).toEqual([7, expect.stringMatching(/mypos-customers reconcile \S+/)]);
    const row = readResults(place.read('customers.results.csv'))[1];
    expect([row?._status, row?._errorCode]).toEqual(['skipped', 'IN_DOUBT_ELSEWHERE']);
    expect(api.customers()).toHaveLength(2 * customerLines(3).length);
  });
});

describe('a row that an earlier run left in doubt', () => {
  it('is skipped by a sweep, which archives the file with exit code 7 and says what to do, and does not ask for the row every night', async () => {
    const { api } = await importWithTwin(keyedMapping);
    place.write('drop/more.csv', customerFile(customerLines(4)));
    const sweep = () => place.run(['sweep', 'drop', ...settled, '--quiet-for', '0.05', '--json']);
    const { exitCode, stdout } = await sweep();
    const reason = { code: 'DOUBTS_ELSEWHERE', nextStep: expect.stringContaining('reconcile') };
    expect([exitCode, JSON.parse(stdout).files]).toMatchObject([7, [{ outcome: 'done', exitCode: 7, reason }]]);
    const requests = api.requests().length;
    expect((await sweep()).exitCode).toBe(0);
    expect([api.requests().length, api.customers().length]).toEqual([requests, 2 * 3 + 1]);
  });
});

describe('a file whose run was cut short', () => {
  it('is resumed instead of started again, unless --force is used', async () => {
    const api = await place.openApi({ faults: [{ name: '400', on: 'add' }] });
    writeCustomers(place, 4);
    const first = await place.run([
      'import',
      ...fast,
      'customers.csv',
      '--max-failures',
      '0',
      '--concurrency',
      '1',
      '--json',
    ]);
    api.setFaults([]);
    const second = await place.run(['import', ...fast, 'customers.csv']);
    expect([first.exitCode, second.exitCode]).toEqual([5, 8]);
    expect(second.stderr).toContain(`mypos-customers resume ${JSON.parse(first.stdout).run}`);
    expect(api.customers()).toEqual([]);
    const forced = await place.run(['import', ...fast, 'customers.csv', '--force']);
    expect([forced.exitCode, api.customers().length]).toEqual([0, 4]);
  });
});

import { describe, expect, it } from 'vitest';
import { importFile } from '#src/app/import/import-file.js';
import { setMatch } from '#src/app/mapping/set-match.js';
import { planFile } from '#src/app/plan/plan-file.js';
import { resumeRun } from '#src/app/resume/resume-run.js';
import { GuardError } from '#src/errors.js';
import type { Sandbox } from '#src/sandbox/start-sandbox.js';
import { useTestTenant } from '#test/app/use-test-tenant.js';
import { customerFile, customerLines, readResults } from '#test/e2e/customer-files.js';
import { openClient } from '#test/sandbox/sandbox-client.js';

const place = useTestTenant();

const fields = {
  customerName: 'Name',
  postalCode: 'Post Code',
  emailAddress: { column: 'Email', transform: ['email'] },
  creditLimit: { column: 'Limit', type: 'number' },
};
const keyed = { version: 1, mode: 'upsert', key: { column: 'No' }, fields };
const keyedAdd = { ...keyed, mode: 'add' };
const stamped = { ...keyed, key: { column: 'No', stamp: 'cC_001' } };

const write = (lines: readonly string[]) => place.write('customers.csv', customerFile(lines));
const plan = () => planFile(place.settings(), { file: place.path('customers.csv') });

/** Customers that the shop made itself. */
async function makeAtTheTill(api: Sandbox, customers: readonly object[]): Promise<void> {
  const colleague = await openClient(api);
  for (const customer of customers) await colleague.add(customer);
}

/** The customers of the lines as the shop would write them, without the file's own number. */
const asCustomers = (lines: readonly string[]) =>
  lines.map((line) => {
    const [, customerName, postalCode, emailAddress] = line.split(',');
    return { customerName, postalCode, emailAddress };
  });

/** An import that is refused. */
async function refusal(options: object = {}): Promise<GuardError> {
  const error: unknown = await importFile(place.settings(), { file: place.path('customers.csv'), ...options }).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof GuardError) return error;
  throw error ?? new Error('It was not refused.');
}

const names = (api: Sandbox) => api.customers().map(({ customerName }) => String(customerName));
const expectEachOnce = (api: Sandbox) => expect(names(api)).toHaveLength(new Set(names(api)).size);

describe.each([
  ['upsert', keyed],
  ['add', keyedAdd],
])('an import (%s) from a state folder that does not know the account', (_mode, mapping) => {
  it('is refused when many rows are there already, with three examples, and leaves nothing behind', async () => {
    const api = await place.openApi();
    place.mapping(mapping);
    write(customerLines(20));
    await place.import();
    place.useState('lost');
    const error = await refusal();
    expect([error.code, error.exitCode]).toEqual(['ACCOUNT_UNKNOWN', 8]);
    expect(error.message).toMatch(/^20 of the 20 rows .* 20 customers that this state folder does not know/);
    expect(error.message.match(/same e-mail address/g)).toHaveLength(3);
    expect(api.customers()).toHaveLength(20);
    // The next try is not refused because this one was.
    expect((await refusal()).code).toBe('ACCOUNT_UNKNOWN');
  });

  it('goes on with the first way that the refusal names, and makes nobody twice', async () => {
    const api = await place.openApi();
    place.mapping(mapping);
    write(customerLines(20));
    await place.import();
    place.useState('lost');
    const { nextStep } = await refusal();
    const [, way = ''] = /mypos-customers mapping match (\S+) --mapping/.exec(nextStep) ?? [];
    expect(way).toBe('emailAddress');
    await setMatch(place.settings(), way.split(' '));
    const lines = customerLines(21);
    write(lines);
    const { summary } = await place.import();
    expect(summary.exitCode).toBe(0);
    expect(summary.counts.created).toBe(1);
    expectEachOnce(api);
    // The keys are linked: from now on the same rows cost no comparison, and no list call in a run that adds nobody.
    const again = await place.import();
    expect(again.summary.exitCode).toBe(0);
    expect(again.calls).toMatchObject({ post: 0, put: 0, get: 0 });
  });

  it('does as it is told when somebody has looked: for the customers of that moment', async () => {
    const api = await place.openApi();
    place.mapping(mapping);
    write(customerLines(5));
    await place.import();
    place.useState('lost');
    await refusal();
    const told = await place.import({ allNew: true });
    expect([told.summary.exitCode, told.summary.counts.created, api.customers().length]).toEqual([0, 5, 10]);
    await makeAtTheTill(api, asCustomers(customerLines(6).slice(5)));
    write(customerLines(6));
    const next = await place.import();
    expect(next.summary.counts).toMatchObject({ created: 0, invalid: 1 });
  });

  it('waits with single rows, and goes on with the others', async () => {
    const api = await place.openApi();
    await makeAtTheTill(api, asCustomers(customerLines(2)));
    place.mapping(mapping);
    write(customerLines(10));
    const { summary, rows } = await place.import();
    expect([summary.exitCode, summary.counts.created, summary.counts.invalid]).toEqual([4, 8, 2]);
    expect(rows[0]).toMatchObject({
      _errorCode: 'POSSIBLE_DUPLICATE',
      _error: expect.stringMatching(/0000001 \(.*same e-mail address/),
    });
    expectEachOnce(api);
  });
});

describe('the ways on of a refusal', () => {
  it('leave out fields to match by that the mapping has already', async () => {
    const api = await place.openApi();
    const people = Array.from({ length: 10 }, (_, at) => ({
      lastName: `Lee${at}`,
      emailAddress: `lee${at}@x.example`,
    }));
    await makeAtTheTill(
      api,
      people.map((person) => ({ firstName: 'Ann', ...person })),
    );
    const names = { firstName: 'First', lastName: 'Last', emailAddress: 'Mail' };
    place.mapping({ mode: 'upsert', key: { column: 'No' }, match: ['emailAddress'], fields: names });
    const lines = people.map(({ lastName, emailAddress }, at) => `${at + 1},Robert,${lastName},${emailAddress}`);
    place.write('customers.csv', `${['No,First,Last,Mail', ...lines].join('\n')}\n`);
    const { code, nextStep } = await refusal();
    expect(code).toBe('ACCOUNT_UNKNOWN');
    expect(nextStep).not.toContain('mapping match');
    expect(nextStep).toMatch(/^1\. If another computer/);
  });
});

describe('a night with new rows, some of which were made at the till', () => {
  it('adds the others, waits with these, and does the rest', async () => {
    const api = await place.openApi();
    place.mapping(keyed);
    write(customerLines(100));
    await place.import();
    const tonight = customerLines(108);
    tonight[0] = tonight[0]?.replace('0800', '0999') ?? '';
    await makeAtTheTill(api, asCustomers(tonight.slice(104)));
    write(tonight);
    const { summary, calls } = await place.import();
    expect(summary.counts).toMatchObject({ created: 4, updated: 1, unchanged: 99, invalid: 4 });
    expect(calls).toMatchObject({ post: 4, put: 1 });
    expectEachOnce(api);
  });
});

describe('what the comparison costs', () => {
  it('is nothing for a run that adds nobody', async () => {
    await place.openApi();
    place.mapping(keyedAdd);
    write(customerLines(3));
    await place.import();
    const { calls, statuses } = await place.import();
    expect([calls.list, new Set(statuses)]).toEqual([0, new Set(['skipped'])]);
  });

  it('is at most three calls in a small account', async () => {
    const api = await place.openApi();
    place.mapping(keyedAdd);
    write(customerLines(3));
    expect((await place.import()).calls.list).toBeLessThanOrEqual(3);
    write(customerLines(5));
    expect((await place.import()).calls.list).toBeLessThanOrEqual(3);
    await makeAtTheTill(api, [{ customerName: 'Somebody else' }]);
    write(customerLines(6));
    const { calls, summary } = await place.import();
    expect([calls.list <= 3, calls.get <= 1, summary.exitCode]).toEqual([true, true, 0]);
  });
});

describe('a plan', () => {
  it('counts the strangers, shows the evidence, and exits as the import would', async () => {
    await place.openApi();
    place.mapping(keyed);
    write(customerLines(12));
    await place.import();
    place.useState('lost');
    const planned = await plan();
    expect([planned.exitCode, planned.strangers, planned.counts.invalid]).toEqual([8, 12, 12]);
    expect(planned.stopped?.code).toBe('ACCOUNT_UNKNOWN');
    expect(planned.rows[0]?.reasons[0]?.code).toBe('POSSIBLE_DUPLICATE');
    expect(planned.rows[0]?.reasons[0]?.message).toMatch(/same e-mail address/);
  });
});

describe('an account that looks empty', () => {
  it('shows the first customer in its list before a second one is added', async () => {
    const api = await place.openApi();
    place.mapping(keyedAdd);
    write(customerLines(4));
    await place.import();
    const order = api
      .requests()
      .filter(({ path }) => !path.includes('/auth/'))
      .map(({ method }) => method);
    expect(order.slice(0, 4)).toEqual(['GET', 'POST', 'GET', 'POST']);
  });
});

describe('a stamp', () => {
  it('tells who is who, from the details of those that nobody knows, which are read once', async () => {
    const api = await place.openApi();
    place.mapping(stamped);
    await makeAtTheTill(
      api,
      [1, 2, 3].map((number) => ({ customerName: `Trading as ${number}`, cC_001: `C-000${number}` })),
    );
    write(customerLines(4));
    const { summary, calls } = await place.import();
    expect(summary.counts).toMatchObject({ created: 1, updated: 3 });
    // The details once for their stamps, and once for the update.
    expect(calls).toMatchObject({ get: 6, put: 3, post: 1 });
    await makeAtTheTill(api, [{ customerName: 'Quite another', cC_001: 'C-0005' }]);
    write(customerLines(6));
    const night = await place.import();
    expect(night.summary.counts).toMatchObject({ created: 1, updated: 1, unchanged: 4 });
    expect(night.calls).toMatchObject({ get: 2 });
  });

  it('of several customers makes a row invalid, and never an add', async () => {
    const api = await place.openApi();
    place.mapping(stamped);
    await makeAtTheTill(api, [
      { customerName: 'Ada', cC_001: 'C-0001' },
      { customerName: 'Bert', cC_001: 'C-0001' },
    ]);
    write(customerLines(2));
    const { rows } = await place.import();
    expect(rows.map(({ _errorCode }) => _errorCode)).toEqual(['KEY_AMBIGUOUS', '']);
    expect(rows[0]?._error).toMatch(/0000001, 0000002/);
  });

  it('is not read one by one for thousands of customers unless somebody agrees', async () => {
    const api = await place.openApi();
    await api.seed(2001);
    place.mapping(stamped);
    write(customerLines(1));
    const error = await refusal();
    expect([error.code, error.exitCode]).toEqual(['STAMPS_UNKNOWN', 8]);
    expect(error.nextStep).toContain('mypos-customers crosswalk rebuild');
    expect(api.customers()).toHaveLength(2001);
  });
});

describe('a key that stands for somebody who seems to be another', () => {
  it.each([
    ['with a local copy', 'state'],
    ['without one', 'other'],
  ])('waits for a decision, %s, also with --force', async (_name, state) => {
    const api = await place.openApi();
    place.mapping(keyed);
    write(customerLines(3));
    await place.import();
    if (state !== 'state') await api.seed(40);
    write(customerLines(3).map((line, at) => (at === 1 ? 'C-0002,Zoe Unlike,0801,zoe@other.example,101' : line)));
    const { rows, calls } = await place.import({ force: true });
    expect(rows.map(({ _status, _errorCode }) => `${_status} ${_errorCode}`.trim())).toEqual([
      'unchanged',
      'invalid KEY_CONTRADICTED',
      'unchanged',
    ]);
    expect(calls).toMatchObject({ put: 0, post: 0 });
    expect(readResults(place.read('customers.results.csv'))[1]?._error).toMatch(/another name and another e-mail/);
  });
});

describe('a run that goes on', () => {
  it('compares only with customers that came after somebody had looked', async () => {
    const api = await place.openApi();
    place.mapping(keyedAdd);
    write(customerLines(6));
    await place.import();
    place.useState('lost');
    api.setFaults([{ name: '400', on: 'add', bodyContains: 'Customer 0003' }]);
    const stopped = await place.import({ allNew: true, failureLimit: { kind: 'count', most: 0 } });
    expect(stopped.summary.counts.created).toBe(2);
    api.setFaults([]);
    await makeAtTheTill(api, [{ customerName: 'Customer 0006', emailAddress: 'c0006@example.com' }]);
    const resumed = await resumeRun(place.settings(), {
      run: stopped.summary.run ?? '',
      failureLimit: { kind: 'share', most: 1, from: 1 },
    });
    expect(resumed?.counts).toMatchObject({ created: 4, invalid: 1 });
  });
});

import { describe, expect, it } from 'vitest';
import { resumeRun } from '#src/app/resume/resume-run.js';
import type { Sandbox } from '#src/sandbox/start-sandbox.js';
import { matched, stamped, useTestTenant } from '#test/app/use-test-tenant.js';
import { customerFile, customerLines, header } from '#test/e2e/customer-files.js';
import { openClient } from '#test/sandbox/sandbox-client.js';

const place = useTestTenant();

const tolerant = { failureLimit: { kind: 'share', most: 1, from: 1 } } as const;
const write = (lines: readonly string[]) => place.write('customers.csv', customerFile(lines));

describe.each([
  ['a key', stamped],
  ['fields to match by', matched],
])('an upsert by %s', (_name, mapping) => {
  it('costs a few list calls when nothing has changed, and a GET and a PUT for a row that has', async () => {
    const api = await place.openApi();
    place.mapping(mapping);
    const lines = customerLines(40);
    write(lines);
    expect((await place.import()).calls).toMatchObject({ get: 0, post: 40, put: 0 });
    const again = await place.import();
    expect(again.calls).toMatchObject({ get: 0, post: 0, put: 0 });
    expect(again.calls.list).toBeLessThanOrEqual(3);
    expect([again.summary.exitCode, new Set(again.statuses)]).toEqual([0, new Set(['unchanged'])]);
    lines[6] = lines[6]?.replace('0806', '0999') ?? '';
    write(lines);
    const changed = await place.import();
    expect(changed.calls).toMatchObject({ get: 1, post: 0, put: 1 });
    expect(changed.statuses.map((status, row) => (status === 'updated' ? row : -1)).filter((row) => row >= 0)).toEqual([
      6,
    ]);
    expect((await place.import()).calls).toMatchObject({ get: 0, post: 0, put: 0 });
    expect(api.customers()).toHaveLength(40);
  });

  it('sees what a colleague has changed since, and puts it right', async () => {
    const api = await place.openApi();
    place.mapping(mapping);
    write(customerLines(5));
    await place.import();
    const colleague = await openClient(api);
    await colleague.update('0000003', { ...(await colleague.get('0000003')).json, postalCode: '9999' });
    const { statuses, calls } = await place.import();
    expect(statuses).toEqual(['unchanged', 'unchanged', 'updated', 'unchanged', 'unchanged']);
    expect(calls).toMatchObject({ put: 1, post: 0 });
    expect(api.customers()[2]?.postalCode).toBe('0802');
  });
});

describe('an upsert with a field that the list does not show', () => {
  it('looks at the customer only where it was edited since', async () => {
    const api = await place.openApi();
    place.mapping(stamped);
    write(customerLines(5));
    await place.import();
    const colleague = await openClient(api);
    await colleague.update('0000002', { ...(await colleague.get('0000002')).json, cC_001: null });
    await colleague.update('0000004', { ...(await colleague.get('0000004')).json, notes: 'called' });
    const { statuses, calls } = await place.import();
    expect(statuses).toEqual(['unchanged', 'updated', 'unchanged', 'unchanged', 'unchanged']);
    expect(calls).toMatchObject({ put: 1, post: 0 });
    expect(api.customers()[1]?.cC_001).toBe('C-0002');
    expect((await place.import()).calls).toMatchObject({ get: 0, put: 0, post: 0 });
  });

  it('asks for the details of customers that others made once, and never again', async () => {
    const api = await place.openApi();
    await api.seed(30);
    const mapping = { version: 1, fields: { customerCode: 'Code', cC_002: 'Tier' } };
    place.mapping(mapping);
    place.write('customers.csv', 'Code,Tier\n0000001,gold\n0000002,\n0000003,gold\n');
    const first = await place.import();
    expect([first.statuses, first.calls.put]).toEqual([['updated', 'unchanged', 'updated'], 2]);
    const again = await place.import();
    expect([again.statuses, again.calls.get, again.calls.put]).toEqual([['unchanged', 'unchanged', 'unchanged'], 0, 0]);
  });
});

describe('customers found by fields', () => {
  const existing = async (api: Sandbox, ...customers: object[]) => {
    const colleague = await openClient(api);
    for (const customer of customers) await colleague.add(customer);
  };

  it('are found whatever the case of an e-mail address', async () => {
    const api = await place.openApi();
    await existing(api, { customerName: 'Ann', emailAddress: 'Ann.Lee@Example.com' });
    place.mapping(matched);
    write(['1,Ann,0800,ann.lee@example.com,5']);
    expect((await place.import()).statuses).toEqual(['updated']);
    expect(api.customers()).toMatchObject([{ customerName: 'Ann', postalCode: '0800' }]);
  });

  it('are found whatever stands between the digits of a phone number', async () => {
    const api = await place.openApi();
    await existing(api, { customerName: 'Ann', phoneNumber: '(02) 5550-1201' });
    place.mapping({ match: ['phoneNumber'], fields: { phoneNumber: 'Phone', notes: 'Notes' } });
    place.write('customers.csv', 'Phone,Notes\n02 5550 1201,likes tea\n');
    expect((await place.import()).statuses).toEqual(['updated']);
    expect(api.customers()).toMatchObject([{ notes: 'likes tea', phoneNumber: '02 5550 1201' }]);
  });

  it('must be one: several make the row invalid, naming the codes, and so does a blank', async () => {
    const api = await place.openApi();
    await existing(api, { emailAddress: 'info@example.com' }, { emailAddress: 'INFO@example.com' });
    place.mapping(matched);
    write(['1,Ann,0800,info@example.com,5', '2,Bob,0800,,5', '3,Cid,0800,cid@example.com,5']);
    const { summary, statuses, calls, rows } = await place.import();
    expect([summary.exitCode, statuses]).toEqual([4, ['invalid', 'invalid', 'created']]);
    expect(rows[0]).toMatchObject({ _errorCode: 'MATCH_AMBIGUOUS', _error: expect.stringMatching(/0000001, 0000002/) });
    expect(rows[1]?._errorCode).toBe('MATCH_BLANK');
    expect(calls).toMatchObject({ post: 1, put: 0 });
  });

  it('are two rows’ only if these say the same', async () => {
    await place.openApi();
    place.mapping(matched);
    write(['1,Ann,0800,ann@example.com,5', '2,Anna,0801,ANN@example.com,5', '1,Ann,0800,ann@example.com,5']);
    const { statuses, rows } = await place.import();
    expect(statuses).toEqual(['created', 'invalid', 'skipped']);
    expect(rows[1]?._errorCode).toBe('MATCH_REPEATED');
  });

  it('are linked to the row’s key, which finds them from then on', async () => {
    const api = await place.openApi();
    await existing(api, { customerName: 'Ann', emailAddress: 'ann@example.com' });
    place.mapping({ ...stamped, match: ['emailAddress'] });
    write(['A-1,Ann,0800,ann@example.com,5']);
    expect((await place.import()).statuses).toEqual(['updated']);
    write(['A-1,Ann,0800,ann@new.example.com,5', 'A-2,Ben,0800,ann@example.com,7']);
    const second = await place.import();
    expect(second.statuses[0]).toBe('updated');
    expect(api.customers()[0]).toMatchObject({ cC_001: 'A-1', emailAddress: 'ann@new.example.com' });
  });

  it('are not taken from another key', async () => {
    await place.openApi();
    place.mapping({ ...stamped, match: ['emailAddress'] });
    write(['A-1,Ann,0800,ann@example.com,5']);
    await place.import();
    write(['A-2,Ann,0800,ann@example.com,5']);
    const { rows } = await place.import();
    expect(rows).toMatchObject([{ _status: 'invalid', _errorCode: 'MATCH_TAKEN' }]);
  });

  it('cannot be found by a field that the list does not show: nothing is sent', async () => {
    const api = await place.openApi();
    await existing(api, { cC_001: 'A-1' });
    place.mapping({ match: ['cC_001'], fields: { cC_001: 'No', customerName: 'Name' }, unmapped: 'ignore' });
    place.write('customers.csv', `${header}\nA-1,Ann,0800,ann@example.com,5\n`);
    const { summary } = await place.import();
    expect([summary.exitCode, summary.stopped?.message]).toEqual([
      2,
      expect.stringContaining('does not include cC_001'),
    ]);
    expect(api.customers()).toHaveLength(1);
  });
});

describe('a run that was stopped', () => {
  it.each([
    ['a key', stamped],
    ['fields to match by', matched],
  ])('goes on where it stopped: %s', async (_name, mapping) => {
    const api = await place.openApi();
    place.mapping(mapping);
    const lines = customerLines(8);
    lines[7] = lines[0]?.replace('Customer 0001', 'Somebody else') ?? '';
    write(lines);
    api.setFaults([{ name: '400', on: 'add', bodyContains: 'Customer 0004' }]);
    const stopped = await place.import({ failureLimit: { kind: 'count', most: 1 } });
    expect([stopped.summary.status, stopped.summary.counts.created]).toEqual(['stopped', 3]);
    api.setFaults([]);
    const resumed = await resumeRun(place.settings(), { run: stopped.summary.run ?? '', ...tolerant });
    expect(resumed?.counts).toMatchObject({ created: 6, rejected: 1, invalid: 1 });
    expect(api.customers().map(({ customerName }) => customerName)).not.toContain('Somebody else');
    const again = await place.import();
    const { unchanged, skipped, created, invalid } = again.summary.counts;
    // Of the two rows that match one customer by their fields, the one that created it changes nothing.
    const isByKey = mapping === stamped;
    expect([unchanged, skipped, created, invalid]).toEqual([isByKey ? 6 : 5, isByKey ? 0 : 1, 1, 1]);
  });
});

describe('a pilot on a large tenant', () => {
  it('does not read all customers for a handful of rows', async () => {
    const api = await place.openApi();
    await api.seed(30_000);
    place.mapping({ fields: { customerCode: 'Code', notes: 'Notes' } });
    place.write('customers.csv', 'Code,Notes\n0000001,likes tea\n0000002,likes tea\n');
    const { calls } = await place.import();
    expect(calls).toEqual({ list: 1, get: 2, post: 0, put: 2, delete: 0 });
  });
});

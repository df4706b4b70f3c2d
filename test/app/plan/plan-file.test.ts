import { describe, expect, it } from 'vitest';
import { importFile } from '#src/app/import/import-file.js';
import { type PlanSummary, planFile } from '#src/app/plan/plan-file.js';
import { matched, stamped, useTestTenant } from '#test/app/use-test-tenant.js';
import { customerFile, customerLines } from '#test/e2e/customer-files.js';
import { openClient } from '#test/sandbox/sandbox-client.js';

const place = useTestTenant();

const both = [
  ['a key', stamped],
  ['fields to match by', matched],
] as const;

const write = (lines: readonly string[]) => place.write('customers.csv', customerFile(lines));
const plan = (options: { output?: string; maxRows?: number } = {}): Promise<PlanSummary> =>
  planFile(place.settings(), { file: place.path('customers.csv'), ...options });
const actions = ({ rows }: PlanSummary) => rows.map(({ action }) => action);

/** A file in which every kind of row is, for customers of whom the first three exist. */
const mixed = (): string[] => {
  const lines = customerLines(6);
  lines[1] = lines[1]?.replace('Customer 0002', 'Renamed') ?? '';
  lines[4] = lines[4]?.replace(',104', ',not a number') ?? '';
  return [...lines, lines[5] ?? ''];
};

describe.each(both)('a plan by %s', (_name, mapping) => {
  it('is all unchanged after a finished import, and costs a few list calls', async () => {
    await place.openApi();
    place.mapping(mapping);
    write(customerLines(20));
    await place.import();
    const { done, calls } = await place.measureCalls(() => plan());
    expect(done.counts).toMatchObject({ unchanged: 20, add: 0, update: 0 });
    expect(calls).toMatchObject({ get: 0, post: 0, put: 0 });
    expect(calls.list).toBeLessThanOrEqual(3);
  });

  it('counts what the import then does', async () => {
    const api = await place.openApi();
    place.mapping(mapping);
    write(customerLines(3));
    await place.import();
    write(mixed());
    const short = await plan({ maxRows: 2 });
    expect(short.rows.map(({ row, action }) => [row, action])).toEqual([
      [3, 'update'],
      [5, 'add'],
    ]);
    const before = JSON.stringify(api.customers());
    const planned = await plan();
    expect(short.counts).toEqual(planned.counts);
    expect(JSON.stringify(api.customers())).toBe(before);
    expect(actions(planned)).toEqual(['unchanged', 'update', 'unchanged', 'add', 'invalid', 'add', 'duplicate']);
    expect(planned.cost.calls).toBe(4);
    const { summary, calls } = await place.import();
    expect(summary.counts).toMatchObject({ created: 2, updated: 1, unchanged: 2, invalid: 1, skipped: 1 });
    expect(calls.get + calls.put + calls.post).toBe(planned.cost.calls);
    expect(summary.exitCode).toBe(planned.exitCode);
  });

  it('says what was and what would be, field by field', async () => {
    await place.openApi();
    place.mapping(mapping);
    write(customerLines(3));
    await place.import();
    write(mixed());
    const { rows } = await plan();
    expect(rows[1]).toMatchObject({
      row: 3,
      customerCode: '0000002',
      changes: [{ field: 'customerName', from: 'Customer 0002', to: 'Renamed' }],
    });
  });
});

describe('a plan for customers that others created', () => {
  it('reads those whose fields the list does not show, and shows their old values', async () => {
    const api = await place.openApi();
    await api.seed(10);
    place.mapping({ fields: { customerCode: 'Code', cC_001: 'Ref' } });
    place.write('customers.csv', 'Code,Ref\n0000001,new\n0000002,L-000001\n0000099,x\n');
    const { done, calls } = await place.measureCalls(() => plan());
    expect(done.rows).toMatchObject([
      { action: 'update', changes: [{ field: 'cC_001', from: 'L-000000', to: 'new' }] },
      { action: 'unchanged' },
      { action: 'rejected', reasons: [{ code: 'NOT_FOUND' }] },
    ]);
    expect(calls).toMatchObject({ get: 3, put: 0, post: 0 });
    const { summary } = await place.import();
    expect(summary.counts).toMatchObject({ updated: 1, unchanged: 1, rejected: 1 });
  });

  it('hides what banks keep secret', async () => {
    await place.openApi();
    place.mapping({ fields: { customerCode: 'Code', bankAccount: 'Account' } });
    const colleague = await openClient(await place.openApi());
    await colleague.add({ customerName: 'Ann', bankAccount: '12345678' });
    place.write('customers.csv', 'Code,Account\n0000001,87654321\n');
    const planned = await plan();
    expect(planned.counts.update).toBe(1);
    expect(JSON.stringify(planned)).not.toMatch(/12345678|87654321/);
  });
});

describe('an import of a plan', () => {
  const outputs = [
    ['its name', async () => (await plan()).plan],
    [
      'a workbook',
      async () => {
        await plan({ output: place.path('plan.xlsx') });
        return place.path('plan.xlsx');
      },
    ],
    [
      'a CSV file',
      async () => {
        await plan({ output: place.path('plan.csv') });
        return place.path('plan.csv');
      },
    ],
    ['the JSON document', async () => place.write('plan.json', JSON.stringify(await plan(), null, 2))],
  ] as const;

  it.each(outputs)('by %s does exactly what it says, without naming the file', async (_name, make) => {
    const api = await place.openApi();
    place.mapping(stamped);
    write(customerLines(3));
    await place.import();
    write(mixed());
    const agreed = await make();
    const summary = await importFile(place.settings(), { plan: agreed });
    expect(summary.counts).toMatchObject({ created: 2, updated: 1, unchanged: 2, invalid: 1, skipped: 1 });
    expect(api.customers()).toHaveLength(5);
    expect((await plan()).counts).toMatchObject({ add: 0, update: 0 });
  });

  it('stops rows whose customer has changed since, and only these', async () => {
    const api = await place.openApi();
    place.mapping(stamped);
    write(customerLines(4));
    await place.import();
    write(customerLines(4).map((line) => line.replace('Customer', 'Client')));
    const { plan: name } = await plan();
    const colleague = await openClient(api);
    await colleague.update('0000002', { ...(await colleague.get('0000002')).json, notes: 'called' });
    const { statuses, rows, summary } = await place.import({ plan: name });
    expect(statuses).toEqual(['updated', 'failed', 'updated', 'updated']);
    expect(rows[1]?._errorCode).toBe('CHANGED_SINCE_PLAN');
    expect(summary.exitCode).toBe(4);
    expect(api.customers()[1]).toMatchObject({ customerName: 'Customer 0002', notes: 'called' });
  });

  it('does not send rows that it would not have sent, nor add customers that somebody else has added', async () => {
    const api = await place.openApi();
    place.mapping(matched);
    write(customerLines(2));
    await place.import();
    write(customerLines(3));
    const { plan: name } = await plan();
    const colleague = await openClient(api);
    await colleague.update('0000001', { ...(await colleague.get('0000001')).json, customerName: 'Theirs' });
    await colleague.add({ customerName: 'Theirs too', emailAddress: 'C0003@example.com' });
    const { statuses } = await place.import({ plan: name });
    expect(statuses).toEqual(['failed', 'unchanged', 'failed']);
    expect(api.customers().map(({ customerName }) => customerName)).toEqual(['Theirs', 'Customer 0002', 'Theirs too']);
  });

  it.each([
    ['the input has changed', () => write(customerLines(9)), { code: 'CHANGED_SINCE_PLAN', exitCode: 8 }],
    ['the mapping has changed', () => place.mapping(matched), { code: 'CHANGED_SINCE_PLAN', exitCode: 8 }],
    [
      'the plan’s file has changed',
      () => place.write('plan.csv', `${place.read('plan.csv')}x`),
      { code: 'PLAN_UNKNOWN', exitCode: 2 },
    ],
  ])('sends nothing when %s', async (_name, change, expected) => {
    const api = await place.openApi();
    place.mapping(stamped);
    write(customerLines(3));
    await plan({ output: place.path('plan.csv') });
    change();
    await expect(place.import({ plan: place.path('plan.csv') })).rejects.toMatchObject(expected);
    expect(api.customers()).toEqual([]);
  });
});

import { describe, expect, it } from 'vitest';
import { importFile } from '#src/app/import/import-file.js';
import { planFile } from '#src/app/plan/plan-file.js';
import { resumeRun } from '#src/app/resume/resume-run.js';
import { undoRun } from '#src/app/undo/undo-run.js';
import { parseFaults } from '#src/sandbox/fault.js';
import type { Sandbox } from '#src/sandbox/start-sandbox.js';
import { useTestTenant } from '#test/app/use-test-tenant.js';
import { customerFile, customerLines, editElsewhere, findByName, keyedMapping } from '#test/e2e/customer-files.js';

const place = useTestTenant();

const whole = { ...keyedMapping, mode: 'upsert', absent: 'deactivate' };

function writeLines(lines: readonly string[]): void {
  place.write('customers.csv', customerFile(lines));
}

/** So many customers, imported from a whole file. */
async function withCustomers(count: number, mapping: object = whole): Promise<Sandbox> {
  const api = await place.openApi();
  place.mapping(mapping);
  writeLines(customerLines(count));
  await place.import();
  return api;
}

const inactive = (api: Sandbox) =>
  api
    .customers()
    .filter(({ active }) => active === false)
    .map(({ customerName }) => customerName);

const plan = (options = {}) => planFile(place.settings(), { file: place.path('customers.csv'), ...options });
const bigGuard = { guards: { absentPercent: 100 } };

describe('customers that are in no row of a whole file', () => {
  it('are listed by a plan, made inactive by the import, and brought back by an undo', async () => {
    const api = await withCustomers(1000);
    const lines = customerLines(1003);
    writeLines(lines.slice(7));
    const planned = await plan();
    expect(planned).toMatchObject({
      exitCode: 0,
      counts: { add: 3 },
      absent: { policy: 'deactivate', known: 1000, count: 7 },
    });
    expect(planned.absent?.customers.map(({ key }) => key)).toEqual(lines.slice(0, 7).map((line) => line.slice(0, 6)));
    expect(inactive(api)).toEqual([]);
    const { summary, calls, rows } = await place.import();
    const names = Array.from({ length: 7 }, (_, index) => `Customer 000${index + 1}`);
    expect(inactive(api)).toEqual(names);
    expect(summary).toMatchObject({
      exitCode: 0,
      counts: { created: 3, unchanged: 993, deactivated: 7, skipped: 0 },
      absent: { known: 1003, count: 7, deactivated: 7 },
    });
    expect([calls.put, calls.delete, rows.length]).toEqual([7, 0, 996]);
    // They stay in no row, and nothing more is to be done.
    const next = await place.import();
    expect([next.calls.put, next.calls.get, next.summary.absent?.count]).toEqual([0, 0, 0]);
    await undoRun(place.settings(), { run: summary.run ?? '', confirm: async () => true });
    expect([inactive(api), api.customers().length]).toEqual([[], 1000]);
  });

  it('are too many in a file that was cut off: nothing is sent', async () => {
    const api = await withCustomers(100);
    writeLines([...customerLines(40).slice(0, 39), 'C-0040,Another Name,0800,,1', 'C-0200,Somebody New,,,1']);
    await expect(place.import()).rejects.toMatchObject({ code: 'GUARD_ABSENT', exitCode: 8 });
    expect([api.customers().length, inactive(api)]).toEqual([100, []]);
    expect(await plan()).toMatchObject({ exitCode: 8, stopped: { code: 'GUARD_ABSENT' } });
    const { summary } = await place.import({ overrideGuards: true });
    expect(summary.counts.deactivated).toBe(60);
  });

  it('are not looked for in rejects that come back, and whoever came with these is in a row from then on', async () => {
    const api = await withCustomers(10);
    const unfinished = 'C-0011,Customer 0011,0800,not an address,1';
    writeLines([...customerLines(10), unfinished]);
    await place.import();
    const rejects = place.path('customers.rejects.csv');
    place.write(
      'customers.rejects.csv',
      place.read('customers.rejects.csv').replaceAll('not an address', 'c11@x.example'),
    );
    expect(await plan({ file: rejects })).toMatchObject({ exitCode: 0, counts: { add: 1 }, absent: null });
    const returned = await importFile(place.settings(), { file: rejects });
    expect(returned).toMatchObject({ exitCode: 0, counts: { created: 1, deactivated: 0 } });
    writeLines([...customerLines(10), unfinished.replace('not an address', 'c11@x.example')]);
    expect((await place.import()).summary).toMatchObject({ exitCode: 0, counts: { unchanged: 11, deactivated: 0 } });
    expect([inactive(api), api.customers().length]).toEqual([[], 11]);
  });

  it('may be more where the mapping allows more', async () => {
    await withCustomers(10, { ...whole, guards: { absentPercent: 20 } });
    writeLines(customerLines(10).slice(2));
    expect((await place.import()).summary.counts.deactivated).toBe(2);
    writeLines(customerLines(10).slice(5));
    await expect(place.import()).rejects.toMatchObject({ code: 'GUARD_ABSENT' });
  });

  it('are only reported, or nothing, where the mapping says so', async () => {
    const api = await withCustomers(10, { ...whole, absent: 'report' });
    writeLines(customerLines(10).slice(5));
    const { summary, calls } = await place.import();
    expect([summary.absent?.count, summary.exitCode, calls.put, inactive(api)]).toEqual([5, 0, 0, []]);
    place.mapping({ ...keyedMapping, mode: 'upsert' });
    expect((await place.import()).summary.absent).toBeUndefined();
  });

  it('are not those of an invalid row, nor those that the shop or another source has', async () => {
    const api = await withCustomers(10, { ...whole, ...bigGuard });
    place.mapping({ ...keyedMapping, key: { column: 'No', source: 'shop-b' } });
    writeLines(['C-0001,Of Shop B,,,1']);
    await place.import();
    place.mapping({ ...whole, ...bigGuard });
    writeLines([...customerLines(9).slice(1), 'C-0001,Customer 0001,0800,nobody,1']);
    const { summary } = await place.import();
    expect(summary.counts).toMatchObject({ invalid: 1, deactivated: 1 });
    expect(inactive(api)).toEqual(['Customer 0010']);
  });

  it('are told apart by the source of their keys', async () => {
    const sourced = { ...whole, ...bigGuard, key: { column: 'No', source: 'shop-a' } };
    const api = await withCustomers(10, sourced);
    writeLines(customerLines(10).slice(1));
    const { absent, counts } = await plan();
    expect([absent?.known, absent?.customers.map(({ key }) => key), counts.unchanged]).toEqual([
      10,
      ['shop-a: C-0001'],
      9,
    ]);
    expect((await place.import()).summary.absent).toMatchObject({ known: 10, count: 1, deactivated: 1 });
    expect(inactive(api)).toEqual(['Customer 0001']);
    writeLines(customerLines(10));
    expect((await place.import()).statuses[0]).toBe('updated');
    expect(inactive(api)).toEqual([]);
  });

  it('stay active while a row has no key: it may be theirs', async () => {
    const api = await withCustomers(10, { ...whole, ...bigGuard });
    writeLines([...customerLines(10).slice(2), ',Somebody,0800,,1']);
    const notices: string[] = [];
    const { summary } = await place.import();
    expect([summary.absent?.count, summary.counts.deactivated, inactive(api), notices]).toEqual([2, 0, [], []]);
  });

  it('are not looked for in a pilot, or by an import that only adds', async () => {
    const api = await withCustomers(10, { ...whole, ...bigGuard });
    writeLines(customerLines(10).slice(5));
    expect((await place.import({ first: 3 })).summary.absent).toBeUndefined();
    expect((await place.import({ mode: 'add' })).summary.absent).toBeUndefined();
    expect(inactive(api)).toEqual([]);
  });

  it('are not looked for by a run that is stopped, and are by its resume', async () => {
    const api = await withCustomers(10, { ...whole, ...bigGuard });
    const lines = customerLines(9)
      .slice(1)
      .map((line) => line.replace('Customer', 'Client'));
    writeLines(lines);
    api.setFaults(parseFaults(['400:update']));
    const { summary } = await place.import({ failureLimit: { kind: 'count', most: 2 } });
    expect([summary.status, inactive(api)]).toEqual(['stopped', []]);
    api.setFaults([]);
    await resumeRun(place.settings(), { failureLimit: { kind: 'count', most: 100 } });
    expect(inactive(api)).toEqual(['Customer 0001', 'Customer 0010']);
  });

  it('are settled where an answer was lost', async () => {
    const api = await withCustomers(10, { ...whole, ...bigGuard });
    writeLines(customerLines(10).slice(1));
    api.setFaults([{ name: 'reset-after-commit', on: 'update', when: { nth: [1] } }]);
    const { summary } = await place.import({ settleMs: 100 });
    expect([summary.counts.deactivated, summary.exitCode, inactive(api)]).toEqual([1, 0, ['Customer 0001']]);
  });

  it('are sent by a plan only as far as it names them', async () => {
    const api = await withCustomers(10, { ...whole, ...bigGuard });
    writeLines(customerLines(10).slice(1));
    const { plan: name } = await plan();
    await editElsewhere(api, 'Customer 0002', { notes: 'edited' });
    const { summary } = await place.import({ plan: name });
    expect([summary.counts.deactivated, inactive(api)]).toEqual([1, ['Customer 0001']]);
  });

  it('become active again once they are back in the file', async () => {
    const api = await withCustomers(10, { ...whole, ...bigGuard });
    writeLines(customerLines(10).slice(1));
    await place.import();
    await editElsewhere(api, 'Customer 0001', { notes: 'sold on account' });
    writeLines(customerLines(10));
    const planned = await plan();
    expect(planned.rows[0]).toMatchObject({ action: 'update', changes: [{ field: 'active', from: false, to: true }] });
    const { statuses } = await place.import();
    expect([statuses[0], inactive(api)]).toEqual(['updated', []]);
    const { calls } = await place.import();
    expect([calls.put, calls.get]).toEqual([0, 0]);
    writeLines(customerLines(10).slice(1));
    await place.import();
    expect(inactive(api)).toEqual(['Customer 0001']);
  });

  it('stay active where the shop has made them active again, and stay inactive where it has made them so', async () => {
    const api = await withCustomers(10, { ...whole, ...bigGuard });
    writeLines(customerLines(10).slice(1));
    await place.import();
    await editElsewhere(api, 'Customer 0001', { active: true });
    await editElsewhere(api, 'Customer 0002', { active: false });
    const { summary, calls } = await place.import();
    expect([summary.absent?.count, calls.put, inactive(api)]).toEqual([0, 0, ['Customer 0002']]);
  });

  it('keep their other fields, and what the shop edits meanwhile', async () => {
    const api = await withCustomers(10, { ...whole, ...bigGuard });
    await editElsewhere(api, 'Customer 0001', { notes: 'rings twice', shopsOwnField: 'kept' });
    const before = findByName(api, 'Customer 0001');
    writeLines(customerLines(10).slice(1));
    await place.import();
    const { active, lastEditDate, lastEditDateUTC, ...rest } = findByName(api, 'Customer 0001');
    expect([active, before]).toMatchObject([false, rest]);
  });
});

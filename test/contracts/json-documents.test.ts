import { describe, expect, it } from 'vitest';
import { parseFaults } from '#src/sandbox/fault.js';
import { customerFile, customerLines, fast, keyedMapping, writeCustomers } from '#test/e2e/customer-files.js';
import { useWorkplace } from '#test/e2e/use-workplace.js';

const place = useWorkplace();

/** What a script can rely on: names and kinds, without the values. */
function describeShape(value: unknown): unknown {
  if (value === null) return 'null';
  if (Array.isArray(value)) return value.length === 0 ? [] : [describeShape(value[0])];
  if (typeof value !== 'object') return typeof value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, describeShape(one)]));
}

async function document(...args: readonly string[]) {
  const { stdout } = await place.run([...args, '--json']);
  return JSON.parse(stdout);
}

/** Four customers, of which the API refuses the second. */
async function imported() {
  await place.openApi({ faults: parseFaults(['400:add:nth=2']) });
  writeCustomers(place, 4);
  return document('import', ...fast, '--concurrency', '1', 'customers.csv');
}

describe('the document of --json', () => {
  it('of import', async () => {
    expect(describeShape(await imported())).toMatchSnapshot();
  });

  it('of check', async () => {
    writeCustomers(place, 2);
    place.write('customers.csv', customerFile([...customerLines(2), 'C-9,Nine,0800,nobody,1']));
    expect(describeShape(await document('check', 'customers.csv'))).toMatchSnapshot();
  });

  it('of runs and runs show', async () => {
    const { run } = await imported();
    expect(describeShape(await document('runs'))).toMatchSnapshot();
    expect(describeShape(await document('runs', 'show', run))).toMatchSnapshot();
  });

  it('of runs prune, audit and audit verify', async () => {
    await imported();
    expect(describeShape(await document('runs', 'prune', '--older-than', '90d'))).toMatchSnapshot();
    expect(describeShape(await document('audit'))).toMatchSnapshot();
    expect(describeShape(await document('audit', 'verify'))).toMatchSnapshot();
  });

  it('of person show and person erase', async () => {
    await imported();
    expect(describeShape(await document('person', 'show', 'C-0001'))).toMatchSnapshot();
    expect(describeShape(await document('person', 'erase', 'C-0001', '--yes'))).toMatchSnapshot();
  });

  it('of a stopped import, and of resume', async () => {
    await place.openApi();
    writeCustomers(place, 4);
    place.write('customers.csv', customerFile([...customerLines(4), 'C-9,Nine,0800,nobody,1']));
    expect(describeShape(await document('import', 'customers.csv', ...fast, '--max-failures', '0'))).toMatchSnapshot();
    expect(describeShape(await document('resume', '--max-failures', '100%'))).toMatchSnapshot();
    expect(await document('reconcile')).toBeNull();
  });

  it('of undo, its plan first', async () => {
    const { run } = await imported();
    expect(describeShape(await document('undo', run, '--dry-run'))).toMatchSnapshot();
    expect(describeShape(await document('undo', run, '--yes'))).toMatchSnapshot();
  });

  it('of list, get, delete and login', async () => {
    const api = await place.openApi();
    writeCustomers(place, 2);
    await place.run(['import', ...fast, 'customers.csv']);
    const code = String(api.customers()[0]?.customerCode);
    expect(describeShape(await document('list'))).toMatchSnapshot();
    expect(describeShape(await document('get', code))).toMatchSnapshot();
    expect(describeShape(await document('delete', code, '--yes'))).toMatchSnapshot();
    expect(describeShape(await document('login'))).toMatchSnapshot();
  });

  it('of export, the whole and what has changed', async () => {
    await imported();
    expect(describeShape(await document('export', 'all.csv', '--fields', 'all'))).toMatchSnapshot();
    expect(describeShape(await document('export', 'some.csv', '--changed-since', '2020-01-01'))).toMatchSnapshot();
  });

  it('of plan, a row of every kind', async () => {
    await place.openApi();
    writeCustomers(place, 3, { ...keyedMapping, mode: 'upsert' });
    await document('import', ...fast, 'customers.csv');
    const [same = '', other = ''] = customerLines(2);
    const lines = [same, other.replace('Customer', 'Client'), 'C-7,Seven,0800,s@x.example,1', 'C-9,Nine,0800,nobody,1'];
    place.write('customers.csv', customerFile(lines));
    const plan = await document('plan', 'customers.csv');
    const rows = plan.rows.map((row: { action: string }) => [row.action, describeShape(row)]);
    expect({ ...(describeShape(plan) as object), rows }).toMatchSnapshot();
  });

  it('of compare, a difference of every kind', async () => {
    await place.openApi();
    writeCustomers(place, 3);
    await document('import', ...fast, 'customers.csv');
    const [same = '', other = ''] = customerLines(2);
    const lines = [same, other.replace('Customer', 'Client'), 'C-7,Seven,0800,s@x.example,1', 'C-9,too,many,cells,1,2'];
    place.write('customers.csv', customerFile(lines));
    const compared = await document('compare', 'customers.csv');
    const differences = compared.differences.map((one: { kind: string }) => [one.kind, describeShape(one)]);
    expect({ ...(describeShape(compared) as object), differences }).toMatchSnapshot();
  });

  it('of duplicates', async () => {
    await place.openApi();
    writeCustomers(place, 2);
    await document('import', ...fast, 'customers.csv');
    const twice = ['B-2,Other,0800,other@example.com,1', 'B-3,Other,0800,other@example.com,1'];
    place.write('customers.csv', customerFile(['B-1,Customer 0001,0801,c0001@example.com,1', ...twice]));
    expect(describeShape(await document('duplicates', 'customers.csv', '--account', ...fast))).toMatchSnapshot();
  });

  it('of sweep', async () => {
    await place.openApi();
    writeCustomers(place, 2);
    place.write('drop/new.csv', customerFile(customerLines(2)));
    const args = ['sweep', 'drop', ...fast, '--quiet-for', '0.05'];
    expect(describeShape(await document(...args, '--dry-run'))).toMatchSnapshot();
    expect(describeShape(await document(...args))).toMatchSnapshot();
  });

  it('of mapping suggest, check, template and test', async () => {
    await place.openApi();
    writeCustomers(place, 2);
    await place.run(['import', ...fast, 'customers.csv']);
    expect(
      describeShape(await document('mapping', 'suggest', 'customers.csv', '--output', 'new.json')),
    ).toMatchSnapshot();
    place.write('customers.csv', 'No,Name,Post Code,Email,Limit,Extra\nC-1,One,0800,nobody,1,x\n');
    expect(describeShape(await document('mapping', 'check', 'customers.csv', '--live'))).toMatchSnapshot();
    expect(describeShape(await document('mapping', 'template', 'empty.xlsx'))).toMatchSnapshot();
    const cases = [{ name: 'a', row: { No: 'C-1', Name: 'One' }, customer: { customerName: 'Two' } }];
    place.write('a.mapping-test.json', JSON.stringify({ cases }));
    expect(describeShape(await document('mapping', 'test'))).toMatchSnapshot();
  });

  it('of mirror and crosswalk', async () => {
    await imported();
    expect(describeShape(await document('mirror', 'refresh'))).toMatchSnapshot();
    expect(describeShape(await document('crosswalk', 'export', 'who.csv'))).toMatchSnapshot();
    expect(describeShape(await document('crosswalk', 'import', 'who.csv'))).toMatchSnapshot();
    expect(describeShape(await document('crosswalk', 'rebuild', 'customers.results.csv'))).toMatchSnapshot();
  });

  it('of init', async () => {
    await place.openApi();
    writeCustomers(place, 6);
    expect(describeShape(await document('init', 'customers.csv', '--pilot', 'account', ...fast))).toMatchSnapshot();
  });

  it('of doctor', async () => {
    await place.openApi();
    expect(describeShape(await document('doctor'))).toMatchSnapshot();
  });

  it('of an error', async () => {
    expect(describeShape(await document('check', 'missing.csv'))).toMatchSnapshot();
  });
});

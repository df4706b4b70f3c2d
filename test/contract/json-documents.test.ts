import { describe, expect, it } from 'vitest';
import { parseFaults } from '../../src/sandbox/faults/parse-faults.js';
import { customerFile, customerLines, fast, writeCustomers } from '../e2e/customer-files.js';
import { useWorkplace } from '../e2e/use-workplace.js';

const place = useWorkplace();

/** What a script can rely on: names and kinds, without the values. */
function shapeOf(value: unknown): unknown {
  if (value === null) return 'null';
  if (Array.isArray(value)) return value.length === 0 ? [] : [shapeOf(value[0])];
  if (typeof value !== 'object') return typeof value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, shapeOf(one)]));
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
    expect(shapeOf(await imported())).toMatchSnapshot();
  });

  it('of check', async () => {
    writeCustomers(place, 2);
    place.write('customers.csv', customerFile([...customerLines(2), 'C-9,Nine,0800,nobody,1']));
    expect(shapeOf(await document('check', 'customers.csv'))).toMatchSnapshot();
  });

  it('of runs and runs show', async () => {
    const { run } = await imported();
    expect(shapeOf(await document('runs'))).toMatchSnapshot();
    expect(shapeOf(await document('runs', 'show', run))).toMatchSnapshot();
  });

  it('of a stopped import, and of resume', async () => {
    await place.openApi();
    writeCustomers(place, 4);
    place.write('customers.csv', customerFile([...customerLines(4), 'C-9,Nine,0800,nobody,1']));
    expect(shapeOf(await document('import', 'customers.csv', ...fast, '--max-failures', '0'))).toMatchSnapshot();
    expect(shapeOf(await document('resume', '--max-failures', '100%'))).toMatchSnapshot();
    expect(await document('reconcile')).toBeNull();
  });

  it('of undo, its plan first', async () => {
    const { run } = await imported();
    expect(shapeOf(await document('undo', run, '--dry-run'))).toMatchSnapshot();
    expect(shapeOf(await document('undo', run, '--yes'))).toMatchSnapshot();
  });

  it('of list, get, delete and login', async () => {
    const api = await place.openApi();
    writeCustomers(place, 2);
    await place.run(['import', ...fast, 'customers.csv']);
    const code = String(api.customers()[0]?.customerCode);
    expect(shapeOf(await document('list'))).toMatchSnapshot();
    expect(shapeOf(await document('get', code))).toMatchSnapshot();
    expect(shapeOf(await document('delete', code, '--yes'))).toMatchSnapshot();
    expect(shapeOf(await document('login'))).toMatchSnapshot();
  });

  it('of doctor', async () => {
    await place.openApi();
    expect(shapeOf(await document('doctor'))).toMatchSnapshot();
  });

  it('of an error', async () => {
    expect(shapeOf(await document('check', 'missing.csv'))).toMatchSnapshot();
  });
});

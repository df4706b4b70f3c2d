import { describe, expect, it } from 'vitest';
import { customerLines, fast, listFailsFrom, readResults, writeCustomers } from './customer-files.js';
import { useWorkplace } from './use-workplace.js';

const place = useWorkplace();

const oneInTen = [{ name: 'reset-after-commit', on: 'add', when: { percent: 10 } }] as const;

describe('when every tenth answer to an add is lost after the customer was created', () => {
  it('there are as many customers as created rows and rows in doubt, and no customer is there twice', async () => {
    // Nobody can be asked what became of the lost ones either, so they stay in doubt.
    const api = await place.openApi({ faults: [...oneInTen, listFailsFrom(3)] });
    writeCustomers(place, 300);
    const { exitCode, stdout } = await place.run(['import', ...fast, 'customers.csv', '--settle', '0.1', '--json']);
    const { counts } = JSON.parse(stdout);
    const names = api.customers().map((customer) => customer.customerName);
    expect(exitCode).toBe(5);
    expect(counts.in_doubt).toBeGreaterThan(10);
    expect([counts.created + counts.in_doubt, names.length]).toEqual([300, 300]);
    expect(new Set(names).size).toBe(300);
  });

  it('the import finds all of them at its end, each under the code that the API gave it', async () => {
    const api = await place.openApi({ faults: oneInTen });
    writeCustomers(place, 300);
    const { exitCode } = await place.run(['import', ...fast, 'customers.csv', '--settle', '0.1']);
    expect(exitCode).toBe(0);
    const codesByName = new Map(api.customers().map((customer) => [customer.customerName, customer.customerCode]));
    const rows = readResults(place.read('customers.results.csv'));
    expect(rows.map((row) => [row._status, row._customerCode])).toEqual(
      customerLines(300).map((line) => ['created', codesByName.get(line.split(',')[1] ?? '')]),
    );
  });
});

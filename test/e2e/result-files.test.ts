import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  customerFile,
  customerLines,
  fast,
  header,
  keyedMapping,
  readResults,
  readStatuses,
  writeCustomers,
  writeMapping,
} from './customer-files.js';
import { useWorkplace } from './use-workplace.js';

const place = useWorkplace();

const ownColumns = [
  '_row',
  '_status',
  '_customerCode',
  '_customerId',
  '_httpStatus',
  '_errorCode',
  '_error',
  '_errorFields',
  '_response',
  '_attempts',
  '_run',
];

/** Five rows, of which the second and the fourth cannot be sent. */
function writeCustomersWithTwoMistakes(): void {
  const lines = customerLines(5);
  lines[1] = lines[1]!.replace('c0002@example.com', 'nobody');
  lines[3] = lines[3]!.replace(',103', ',much');
  place.write('customers.csv', customerFile(lines));
  writeMapping(place, keyedMapping);
}

describe('the result file', () => {
  it('has the columns of the contract, then those of the input', async () => {
    await place.openApi();
    writeCustomers(place, 2);
    await place.run(['import', ...fast, 'customers.csv']);
    expect(place.read('customers.results.csv').split('\n')[0]).toBe([...ownColumns, header].join(','));
  });

  it('has one line per row of the input, in its order, with the code and id that the API holds', async () => {
    const api = await place.openApi({ faults: [{ name: 'latency', on: 'add', ms: 120, when: { every: 3 } }] });
    writeCustomers(place, 12);
    await place.run(['import', ...fast, 'customers.csv']);
    const rows = readResults(place.read('customers.results.csv'));
    expect(rows.map((row) => row.No)).toEqual(customerLines(12).map((line) => line.slice(0, 6)));
    const known = new Map(api.customers().map((customer) => [customer.customerName, customer]));
    for (const row of rows)
      expect([row._customerCode, row._customerId]).toEqual([
        known.get(row.Name!)?.customerCode,
        known.get(row.Name!)?.customerId,
      ]);
  });

  it('says which line an editor shows, the HTTP status, the attempts and the run', async () => {
    await place.openApi();
    place.write(
      'customers.csv',
      customerFile(['C-1,"Two\nlines",0800,a@example.com,1', 'C-2,Next,0800,b@example.com,1']),
    );
    writeMapping(place, keyedMapping);
    const { stdout } = await place.run(['import', ...fast, 'customers.csv', '--json']);
    const [first, second] = readResults(place.read('customers.results.csv'));
    expect([first?._row, second?._row]).toEqual(['2', '4']);
    expect([first?._status, first?._httpStatus, first?._attempts]).toEqual(['created', '202', '1']);
    expect(first?._run).toBe(JSON.parse(stdout).run);
  });

  it('leaves the cells of the input as they were, but for formulas', async () => {
    await place.openApi();
    const odd = 'C-1,"  ""Quoted"", and comma ",0800,a@example.com,=1+1';
    place.write('customers.csv', customerFile([odd]));
    writeMapping(place, { ...keyedMapping, fields: { customerName: 'Name' }, ignore: ['Post Code', 'Email', 'Limit'] });
    await place.run(['import', ...fast, 'customers.csv']);
    const [row] = readResults(place.read('customers.results.csv'));
    expect([row?.No, row?.Name, row?.['Post Code'], row?.Limit]).toEqual([
      'C-1',
      '  "Quoted", and comma ',
      '0800',
      "'=1+1",
    ]);
  });

  it('holds every reason of an invalid row and the columns concerned', async () => {
    await place.openApi();
    place.write('customers.csv', customerFile(['C-1,One,0800,nobody,much']));
    writeMapping(place, keyedMapping);
    await place.run(['import', ...fast, 'customers.csv']);
    const [row] = readResults(place.read('customers.results.csv'));
    expect(row?._status).toBe('invalid');
    expect(row?._error).toMatch(/Limit "much" is not a number.*nobody/s);
    expect(row?._errorFields).toBe('Limit, Email');
    expect(row?._httpStatus).toBe('');
  });

  it('holds the API’s own error body of a rejected row', async () => {
    await place.openApi({ faults: [{ name: '400', on: 'add', bodyContains: 'Customer 0002' }] });
    writeCustomers(place, 3);
    const { exitCode } = await place.run(['import', ...fast, 'customers.csv']);
    const row = readResults(place.read('customers.results.csv'))[1];
    expect(exitCode).toBe(4);
    expect([row?._status, row?._httpStatus]).toEqual(['rejected', '400']);
    expect(JSON.parse(row?._response ?? '')).toHaveProperty('failureDescription');
  });

  it('can be written again later from the ledger', async () => {
    await place.openApi();
    writeCustomersWithTwoMistakes();
    const { stdout } = await place.run(['import', ...fast, 'customers.csv', '--json']);
    await place.run(['runs', 'show', JSON.parse(stdout).run, '--results', 'again.csv']);
    expect(place.read('again.csv')).toBe(place.read('customers.results.csv'));
  });

  it('is a workbook when its name says so', async () => {
    await place.openApi();
    writeCustomers(place, 2);
    await place.run(['import', ...fast, 'customers.csv', '--results', 'done.xlsx']);
    const { default: ExcelJs } = await import('exceljs');
    const book = new ExcelJs.Workbook();
    await book.xlsx.readFile(place.path('done.xlsx'));
    const values = book.worksheets[0]?.getSheetValues() ?? [];
    expect(values[1]).toEqual([undefined, ...ownColumns, ...header.split(',')]);
    expect(values).toHaveLength(4);
  });

  it('leaves no incomplete file behind', async () => {
    await place.openApi();
    writeCustomers(place, 2);
    await place.run(['import', ...fast, 'customers.csv']);
    const files = place.files().filter((name) => !name.startsWith('home'));
    expect(files).toEqual(['customers.csv', 'customers.results.csv', 'mappings.json']);
  });
});

describe('the rejects file', () => {
  it('is written only when there is a row to fix', async () => {
    await place.openApi();
    writeCustomers(place, 2);
    const { exitCode, stdout } = await place.run(['import', ...fast, 'customers.csv', '--json']);
    expect(exitCode).toBe(0);
    expect(existsSync(place.path('customers.rejects.csv'))).toBe(false);
    expect(JSON.parse(stdout).files.rejects).toBeNull();
  });

  it('has only the rows to fix, in the columns of the result file', async () => {
    await place.openApi();
    writeCustomersWithTwoMistakes();
    const { exitCode } = await place.run(['import', ...fast, 'customers.csv']);
    expect(exitCode).toBe(4);
    expect(readStatuses(place.read('customers.results.csv'))).toEqual([
      'created',
      'invalid',
      'created',
      'invalid',
      'created',
    ]);
    const results = place.read('customers.results.csv').split('\n');
    // A byte order mark, by which spreadsheet programs know the encoding.
    const rejects = [`\ufeff${results[0]}`, results[2], results[4], ''];
    expect(place.read('customers.rejects.csv').split('\n')).toEqual(rejects);
  });

  it('imports as it is, once fixed: its own columns are not the customer’s', async () => {
    const api = await place.openApi();
    writeCustomersWithTwoMistakes();
    await place.run(['import', ...fast, 'customers.csv']);
    const fixed = place
      .read('customers.rejects.csv')
      .replace(/nobody(?=,\d)/, 'c0002@example.com')
      .replace(/much$/m, '103');
    place.write('customers.rejects.csv', fixed);
    const { exitCode, stderr } = await place.run(['import', ...fast, 'customers.rejects.csv']);
    expect(exitCode).toBe(0);
    expect(stderr).not.toContain('_status');
    const names = api.customers().map((customer) => customer.customerName);
    expect(names.sort()).toEqual(customerLines(5).map((line) => line.split(',')[1]));
  });

  it('carries its own columns once, however often it is imported', async () => {
    await place.openApi();
    writeCustomersWithTwoMistakes();
    await place.run(['import', ...fast, 'customers.csv']);
    await place.run(['import', ...fast, 'customers.rejects.csv']);
    const [first] = place.read('customers.rejects.results.csv').split('\n');
    expect(first).toBe(`\ufeff${[...ownColumns, header].join(',')}`);
  });
});

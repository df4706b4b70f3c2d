import { readFileSync } from 'node:fs';
import { parse } from 'csv-parse/sync';
import { describe, expect, it } from 'vitest';
import { openWorkbook } from '#src/files/xlsx/read/open-workbook.js';
import { addCustomers, awkwardCustomers, awkwardMapping } from '#test/app/export/awkward-export.js';
import { fast, readResults, writeMapping } from './customer-files.js';
import { useWorkplace } from './use-workplace.js';

const place = useWorkplace();

const readRows = (name: string): Record<string, string>[] => parse(place.read(name), { columns: true, bom: true });
const readCodes = (name: string) => readRows(name).map((row) => row.customerCode);

/** Files of the user's own, beside the state of the program. */
const ownFiles = () => place.files().filter((name) => !name.startsWith('home'));

describe('export', () => {
  it('writes every page into one file, in the order of codes, and proves it in a manifest', async () => {
    const api = await place.openApi();
    await api.seed(25);
    const { exitCode, stdout } = await place.run(['export', ...fast, 'all.csv', '--page-size', '10', '--json']);
    const { output, ...summary } = JSON.parse(stdout);
    expect(exitCode).toBe(0);
    expect(readCodes('all.csv')).toEqual(api.customers().map((customer) => customer.customerCode));
    expect(summary).toMatchObject({ command: 'export', status: 'completed', exitCode: 0, run: null, input: null });
    expect(output).toMatchObject({ file: 'all.csv', format: 'csv', rows: 25, apiTotal: 25, pages: 4, complete: true });
    const manifest = JSON.parse(place.read('all.csv.manifest.json'));
    expect(manifest).toMatchObject({ file: 'all.csv', rows: 25, apiTotal: 25, pages: 4, complete: true });
    expect(manifest.sha256).toBe(output.sha256);
    expect(ownFiles()).toEqual(['all.csv', 'all.csv.manifest.json']);
  });

  it('has all fields of the list without a mapping, and custom fields with --full', async () => {
    const api = await place.openApi();
    await api.seed(3);
    await place.run(['export', ...fast, 'flat.csv']);
    await place.run(['export', ...fast, 'full.csv', '--full']);
    expect(readRows('flat.csv')[0]).not.toHaveProperty('cC_001');
    expect(readRows('full.csv').map((row) => row.cC_001)).toEqual(['L-000000', 'L-000001', 'L-000002']);
    expect(Object.keys(readRows('full.csv')[0] ?? {})).not.toContain('liTotalCount');
  });

  it('gives a custom field a column that only a later customer has', async () => {
    const api = await place.openApi();
    await addCustomers(api, [{ customerName: 'First' }, { customerName: 'Second', shoeSize: 44 }]);
    const { exitCode } = await place.run(['export', ...fast, 'full.csv', '--full']);
    expect(exitCode).toBe(0);
    expect(readRows('full.csv').map((row) => row.shoeSize)).toEqual(['', '44']);
  });

  it('has the columns of the mapping in the folder, or the fields that --fields names', async () => {
    const api = await place.openApi();
    await api.seed(2);
    writeMapping(place, { version: 1, source: { delimiter: ';' }, fields: { customerCode: 'Code', city: 'Town' } });
    await place.run(['export', ...fast, 'mapped.csv']);
    await place.run(['export', ...fast, 'fields.csv', '--fields', 'CITY, customerCode']);
    await place.run(['export', ...fast, 'all.csv', '--fields', 'all']);
    expect(place.read('mapped.csv')).toBe('Code;Town\n0000001;Sydney\n0000002;Melbourne\n');
    expect(place.read('fields.csv')).toBe('city,customerCode\nSydney,0000001\nMelbourne,0000002\n');
    expect(Object.keys(readRows('all.csv')[0] ?? {})).toContain('lastEditDateUTC');
  });

  it('fills the key of a mapping from what this machine knows when the list does not have it', async () => {
    await place.openApi();
    place.write('in.csv', 'No,Name\nK-1,One\nK-2,Two\n');
    writeMapping(place, { version: 1, key: { column: 'No', stamp: 'cC_001' }, fields: { customerName: 'Name' } });
    await place.run(['import', ...fast, 'in.csv']);
    const { stderr } = await place.run(['export', ...fast, 'out.csv']);
    // Two are sent at once, so either may be created first.
    expect(place.read('out.csv').split('\n').sort()).toEqual(place.read('in.csv').split('\n').sort());
    expect(stderr).toContain('cC_001');
  });

  it('writes only active customers, sorted as asked', async () => {
    const api = await place.openApi();
    await api.seed(22);
    const args = ['--active', '--sort', 'customerCode:desc', '--fields', 'customerCode,active', '--json'];
    const { stdout } = await place.run(['export', ...fast, 'active.csv', ...args]);
    expect(readCodes('active.csv').slice(0, 2)).toEqual(['0000022', '0000020']);
    expect(JSON.parse(stdout).output).toMatchObject({ rows: 20, apiTotal: 22 });
  });

  it('streams a proved file to standard output, and nothing else', async () => {
    const api = await place.openApi();
    await api.seed(2);
    const { exitCode, stdout } = await place.run([
      'export',
      '-',
      ...fast,
      '--format',
      'ndjson',
      '--fields',
      'city,active',
    ]);
    expect(exitCode).toBe(0);
    expect(stdout).toBe('{"city":"Sydney","active":false}\n{"city":"Melbourne","active":true}\n');
    expect(ownFiles()).toEqual([]);
  });

  it('escapes formulas in CSV unless an option says otherwise, and begins with a byte order mark when an option asks for one', async () => {
    const api = await place.openApi();
    await addCustomers(api, [{ customerName: '=1+1', phoneNumber: '+61 3 9999', creditLimit: -5 }]);
    const fields = ['--fields', 'customerName,phoneNumber,creditLimit'];
    await place.run(['export', ...fast, 'safe.csv', ...fields]);
    await place.run(['export', ...fast, 'raw.csv', ...fields, '--formulas', 'raw', '--bom']);
    expect(place.read('safe.csv').split('\n')[1]).toBe("'=1+1,+61 3 9999,-5");
    expect(place.read('raw.csv')).toMatch(/^\uFEFFcustomerName.*\n=1\+1,/);
  });

  it('writes only the header when there are no customers, and says why that may be', async () => {
    await place.openApi();
    const { exitCode, stderr } = await place.run(['export', ...fast, 'none.csv']);
    expect(exitCode).toBe(0);
    expect(stderr).toContain('lack permission');
    expect(place.read('none.csv').split('\n')[0]).toContain('customerCode,customerId,customerName');
  });

  it('writes a workbook of typed cells with a sheet that says what it contains', async () => {
    const api = await place.openApi();
    await addCustomers(api, [{ customerName: '=1+1', postalCode: '0800', creditLimit: 1250.5, active: true }]);
    await place.run([
      'export',
      ...fast,
      'book.xlsx',
      '--fields',
      'customerName,postalCode,creditLimit,active,creationDateUTC',
    ]);
    const source = await openWorkbook(place.path('book.xlsx'));
    const cells: unknown[] = [];
    for await (const batch of source.batches()) cells.push(...batch.map((row) => row.cells));
    expect(cells).toEqual([
      [
        '=1+1',
        '0800',
        { kind: 'number', text: '1250.5', value: 1250.5, format: '#,##0.00' },
        { kind: 'boolean', text: 'TRUE', value: true },
        { kind: 'date', text: expect.stringMatching(/^\d{4}-\d\d-\d\dT/), format: 'yyyy-mm-dd hh:mm:ss' },
      ],
    ]);
    const about = await openWorkbook(place.path('book.xlsx'), { sheet: 'About' });
    const lines: unknown[] = [];
    for await (const batch of about.batches()) lines.push(...batch.map((row) => row.cells[0]));
    expect(lines).toEqual(expect.arrayContaining(['Customers in this file', 'Complete', 'API', 'Changed since']));
  });
});

describe('export --changed-since', () => {
  it('accepts a time, to the second', async () => {
    const now = new Date('2026-03-01T12:00:00Z');
    const api = await place.openApi({ now: () => now });
    await api.seed(10);
    const { exitCode } = await place.run(['export', ...fast, 'late.csv', '--changed-since', '2026-03-01T11:59:57Z']);
    expect(exitCode).toBe(0);
    expect(readCodes('late.csv')).toEqual(['0000007', '0000008', '0000009', '0000010']);
  });

  it('last: exports everything the first time, then each edit once', async () => {
    const api = await place.openApi();
    await api.seed(5);
    const next = async (name: string) => {
      const { exitCode } = await place.run(['export', ...fast, name, '--changed-since', 'last']);
      expect(exitCode).toBe(0);
      return readCodes(name);
    };
    expect(await next('one.csv')).toHaveLength(5);
    expect(await next('two.csv')).toEqual([]);
    api.addTransaction('0000003', 10);
    expect(await next('three.csv')).toEqual(['0000003']);
    expect(await next('four.csv')).toEqual([]);
  });

  it('last: keeps its watermark when the file could not be written', async () => {
    const api = await place.openApi();
    await api.seed(2);
    place.write('there.csv', 'mine');
    const refused = await place.run(['export', ...fast, 'there.csv', '--changed-since', 'last']);
    api.setFaults([{ name: '403', on: 'list' }]);
    const forbidden = await place.run(['export', ...fast, 'new.csv', '--changed-since', 'last']);
    api.setFaults([]);
    await place.run(['export', ...fast, 'new.csv', '--changed-since', 'last']);
    expect([refused.exitCode, forbidden.exitCode]).toEqual([2, 6]);
    expect(readCodes('new.csv')).toHaveLength(2);
  });
});

describe('an export from the local copy', () => {
  it('writes the same file as an export of all pages, with few small calls, sales and recent edits included', async () => {
    const api = await place.openApi();
    await api.seed(60);
    await place.run(['mirror', 'refresh', ...fast]);
    api.addTransaction('0000007', 12.5);
    api.addTransaction('0000060', 1);
    api.clearRequests();
    const mirrored = await place.run(['export', ...fast, 'mirrored.csv', '--page-size', '10', '--json']);
    const calls = api.requests().length;
    await place.run(['export', ...fast, 'pages.csv', '--page-size', '10', '--no-mirror']);
    expect(JSON.parse(mirrored.stdout).output).toMatchObject({
      source: 'mirror',
      rows: 60,
      apiTotal: 60,
      complete: true,
    });
    expect(place.read('mirrored.csv')).toBe(place.read('pages.csv'));
    expect(calls).toBeLessThan(10);
    expect(readRows('mirrored.csv')[6]?.balance).toBe('12.5');
  });
});

describe('an export of a list that changes', () => {
  it('has every customer in one pass when one was deleted and another added, although the count stayed the same', async () => {
    const pageChange = { name: 'page-change', on: 'list', page: 1, when: { first: 1 }, delete: 1, insert: 1 } as const;
    const api = await place.openApi({ faults: [pageChange] });
    await api.seed(25);
    const args = ['--page-size', '10', '--concurrency', '1', '--json'];
    const { exitCode, stdout } = await place.run(['export', ...fast, 'all.csv', ...args]);
    expect(exitCode).toBe(0);
    // The one that was deleted after its page was read, and everybody who is there now.
    expect(readCodes('all.csv')).toEqual(['0000001', ...api.customers().map((customer) => customer.customerCode)]);
    expect(JSON.parse(stdout).output.passes).toBe(1);
  });

  it('proves a list complete when more customers than fit on a page were created in the last minutes', async () => {
    const api = await place.openApi();
    // Edits of one seeding are a second apart.
    for (let times = 0; times < 205; times += 1) await api.seed(100);
    const { exitCode, stdout } = await place.run(['export', ...fast, 'all.csv', '--fields', 'customerCode', '--json']);
    expect([exitCode, JSON.parse(stdout).output]).toMatchObject([0, { rows: 20_500, passes: 1, complete: true }]);
  });

  it('ends with exit code 5 and without a file when customers are deleted faster than the list can be read', async () => {
    const api = await place.openApi({ faults: [{ name: 'page-change', on: 'list', delete: 12, insert: 12 }] });
    await api.seed(100);
    const args = ['--page-size', '10', '--concurrency', '1', '--json'];
    const { exitCode, stdout } = await place.run(['export', ...fast, 'all.csv', ...args]);
    expect([exitCode, JSON.parse(stdout).stopped.code]).toEqual([5, 'NOT_PROVED']);
    expect(ownFiles()).toEqual([]);
  });

  it('leaves no file when Ctrl-C comes in the middle', async () => {
    const api = await place.openApi({ faults: [{ name: 'latency', on: 'list', ms: 400 }] });
    await api.seed(50);
    const running = place.start(['export', ...fast, 'all.csv', '--page-size', '5', '--concurrency', '1']);
    while (api.requests().length < 3) await new Promise((resolve) => setTimeout(resolve, 20));
    running.signal('SIGINT');
    const { exitCode, stdout } = await running.finished;
    expect(exitCode).toBe(130);
    expect(stdout).toContain('No file was written');
    expect(ownFiles()).toEqual([]);
  });

  it('that is killed while it reads details leaves no file, and the next export asks only for the remaining details', async () => {
    const api = await place.openApi({ faults: [{ name: 'latency', on: 'detail', ms: 60 }] });
    await api.seed(20);
    const asked = () => api.requests().flatMap(({ path }) => /\/customers\/(\d+)$/.exec(path)?.[1] ?? []);
    const running = place.start(['export', ...fast, 'full.csv', '--full', '--concurrency', '1']);
    while (asked().length < 9) await new Promise((resolve) => setTimeout(resolve, 10));
    running.signal('SIGKILL');
    expect((await running.finished).killedBy).toBe('SIGKILL');
    expect(ownFiles().filter((name) => !name.endsWith('.part'))).toEqual([]);
    const known = asked().slice(0, -1);
    api.clearRequests();
    const { exitCode } = await place.run(['export', ...fast, 'full.csv', '--full']);
    expect(exitCode).toBe(0);
    // The last one may have been under way, the one before it not yet on the disk.
    expect(asked()).not.toEqual(expect.arrayContaining([expect.stringMatching(`^(${known.slice(0, -1).join('|')})$`)]));
    expect(readCodes('full.csv')).toEqual(api.customers().map((customer) => customer.customerCode));
    expect(ownFiles()).toEqual(['full.csv', 'full.csv.manifest.json']);
  });

  it('does not ask again for details that an interrupted export has read', async () => {
    const api = await place.openApi({ faults: [{ name: '403', on: 'detail', when: { nth: [8] } }] });
    await api.seed(12);
    const asked = () => api.requests().flatMap(({ path }) => /\/customers\/(\d+)$/.exec(path)?.[1] ?? []);
    const broken = await place.run(['export', ...fast, 'full.csv', '--full', '--concurrency', '1']);
    api.setFaults([]);
    api.clearRequests();
    api.addTransaction('0000002');
    const { exitCode } = await place.run(['export', ...fast, 'full.csv', '--full']);
    expect([broken.exitCode, exitCode]).toEqual([6, 0]);
    // Seven were read, and one of them was edited since.
    expect(asked()).toEqual(expect.arrayContaining(['0000002', '0000008']));
    expect(asked().filter((code) => code <= '0000007')).toEqual(['0000002']);
    expect(readCodes('full.csv')).toHaveLength(12);
  });
});

describe('wrong usage of export', () => {
  it.each([
    ['a file that is there', ['there.csv'], 'FILE_EXISTS', '--force'],
    ['no format', ['customers'], 'FORMAT_UNKNOWN', '--format'],
    ['standard output without a format', ['-'], 'FORMAT_UNKNOWN', '--format'],
    ['a folder that is not there', ['nowhere/customers.csv'], 'CANNOT_WRITE', 'folder'],
    ['a mapping that is not there', ['new.csv', '--mapping', 'gone.json'], 'MAPPING_MISSING', 'gone.json'],
    ['fields and a mapping', ['new.csv', '--mapping', 'm.json', '--fields', 'city'], 'USAGE', '--fields'],
    ['a field that nobody has', ['new.csv', '--fields', 'citty'], 'FIELD_UNKNOWN', '"city"'],
    ['a field of the details', ['new.csv', '--fields', 'cC_001'], 'FIELD_NEEDS_FULL', '--full'],
    ['CSV options for a workbook', ['new.xlsx', '--bom'], 'USAGE', 'CSV'],
    ['a moment that is none', ['new.csv', '--changed-since', 'yesterday'], 'OPTION_VALUE', 'changed-since'],
    ['an unknown field to sort by', ['new.csv', '--sort', 'shoeSize'], 'LIST_REFUSED', 'shoeSize'],
  ])('is reported: %s', async (_name, args, code, hint) => {
    const api = await place.openApi();
    await api.seed(1);
    place.write('there.csv', 'mine');
    const { exitCode, stdout, stderr } = await place.run(['export', ...fast, ...args]);
    expect([exitCode, stdout]).toEqual([2, '']);
    expect(stderr).toContain(code);
    expect(stderr).toContain(hint);
    expect(readFileSync(place.path('there.csv'), 'utf8')).toBe('mine');
    expect(ownFiles()).toEqual(['there.csv']);
  });

  it('replaces a file with --force', async () => {
    const api = await place.openApi();
    await api.seed(1);
    place.write('there.csv', 'mine');
    const { exitCode } = await place.run(['export', ...fast, 'there.csv', '--force']);
    expect(exitCode).toBe(0);
    expect(readCodes('there.csv')).toEqual(['0000001']);
  });
});

/** The rows of a result file that say anything but `unchanged`, as they are best read when a test fails. */
function changedRows(text: string): unknown[] {
  return readResults(text)
    .filter(({ _status }) => _status !== 'unchanged')
    .map(({ _status, _error, Code, Name }) => ({ _status, _error, Code, Name }));
}

describe('an exported file that is imported again', () => {
  it.each(['csv', 'xlsx', 'ndjson'])('changes no awkward customer, as %s', async (format) => {
    const api = await place.openApi();
    await addCustomers(api, awkwardCustomers());
    writeMapping(place, awkwardMapping);
    const before = api.customers();
    const exported = await place.run(['export', ...fast, '--full', `out.${format}`]);
    expect([exported.exitCode, exported.stderr]).toEqual([0, '']);
    const args = ['import', ...fast, `out.${format}`, '--json', '--results', 'results.csv'];
    const { exitCode, stdout } = await place.run(args);
    expect(changedRows(place.read('results.csv'))).toEqual([]);
    expect([exitCode, JSON.parse(stdout).counts.unchanged]).toEqual([0, before.length]);
    expect(api.customers()).toEqual(before);
  });
});

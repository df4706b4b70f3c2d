import { describe, expect, it } from 'vitest';
import { buildStyles, makeWorkbook, textCell, textRow } from '#test/files/xlsx/make-workbook.js';
import { fast, readResults, readStatuses, writeMapping } from './customer-files.js';
import { useWorkplace } from './use-workplace.js';

const place = useWorkplace();

const mapping = {
  version: 1,
  mode: 'add',
  key: { column: 'No' },
  fields: {
    customerName: 'Name',
    phoneNumber: 'Phone',
    postalCode: 'Post',
    bankAccount: 'Bank',
    cC_001: { column: 'Since', type: 'date', format: 'YYYY-MM-DD' },
  },
} as const;

/** Twenty sound rows, so that the columns have habits, and damaged ones behind them. */
const soundLines = Array.from(
  { length: 20 },
  (_, n) => `C-${n},Customer ${n},04123456${10 + n},${2000 + n},7,2024-01-05`,
);
const header = 'No,Name,Phone,Post,Bank,Since';
const damagedLines = [
  'D-1,ZoÃ«,0412345600,2000,7,2024-01-05',
  'D-2,#REF!,0412345600,2000,7,2024-01-05',
  'D-3,Ann,12-Mar-98,2000,7,2024-01-05',
  'D-4,Ann,412345600,810,7,2024-01-05',
  'D-5,Ann\u00a0Lee,0412345600,2000,ZoÃ«,2024-01-05',
];
const damagedFile = `${[header, ...soundLines, ...damagedLines].join('\n')}\n`;

const everyFinding = [
  ['ERROR_VALUE', ['Name'], 1, [23]],
  ['INVISIBLE_CHARACTER', ['Name'], 1, [26]],
  ['MOJIBAKE', ['Bank'], 1, [26]],
  ['MOJIBAKE', ['Name'], 1, [22]],
  ['PHONES_WITHOUT_ZERO', ['Phone'], 1, [25]],
  ['POST_CODES_TOO_SHORT', ['Post'], 1, [25]],
  ['VALUE_BECAME_DATE', ['Phone'], 1, [24]],
];

interface Told {
  readonly code: string;
  readonly columns: readonly string[];
  readonly count: number;
  readonly rows: readonly number[];
}

function findingsIn(stdout: string) {
  const { findings } = JSON.parse(stdout) as { findings: readonly Told[] };
  return findings
    .map(({ code, columns, count, rows }) => [code, columns, count, rows])
    .sort((a, b) => String(a).localeCompare(String(b)));
}

const warnings = (stderr: string) => stderr.split('\n').filter((line) => line.startsWith('Warning:'));

describe('cells that cannot be right', () => {
  it('are reported by check as warnings, one line for each kind and column, and their rows stay valid', async () => {
    place.write('customers.csv', damagedFile);
    writeMapping(place, mapping);
    const { exitCode, stderr, stdout } = await place.run(['check', 'customers.csv']);
    expect([exitCode, stdout.split('\n')[0]]).toEqual([0, 'check: 25 valid, 0 invalid']);
    expect(warnings(stderr)).toHaveLength(everyFinding.length);
    expect(stderr).toContain('Warning: Name "ZoÃ«" (row 22): The text was read in the wrong encoding at some point.');
    expect(stderr).toContain('It probably means "Zoë".');
  });

  it('are listed by --json, of check and import alike', async () => {
    await place.openApi();
    place.write('customers.csv', damagedFile);
    writeMapping(place, mapping);
    const check = await place.run(['check', 'customers.csv', '--json', '--quiet']);
    const imported = await place.run(['import', ...fast, 'customers.csv', '--json']);
    expect([check.exitCode, imported.exitCode]).toEqual([0, 0]);
    expect(findingsIn(check.stdout)).toEqual(everyFinding);
    expect(findingsIn(imported.stdout)).toEqual(everyFinding);
    expect(warnings(imported.stderr)).toHaveLength(everyFinding.length);
    expect(check.stderr).toBe('');
  });

  it('of a bank account are reported without the account', async () => {
    place.write('customers.csv', damagedFile.replace('D-1,ZoÃ«', 'D-1,Zoë'));
    writeMapping(place, mapping);
    const { stdout, stderr } = await place.run(['check', 'customers.csv', '--json', '--strict']);
    expect(stderr).toContain('Bank (row 26)');
    expect(`${stdout}${stderr}`).not.toMatch(/ZoÃ«|"Zoë"/);
  });

  it('make their rows invalid under --strict, with what to do', async () => {
    const api = await place.openApi();
    place.write('customers.csv', damagedFile);
    writeMapping(place, mapping);
    const { exitCode } = await place.run(['import', ...fast, 'customers.csv', '--strict']);
    expect(exitCode).toBe(4);
    expect(api.customers()).toHaveLength(20);
    const rejects = readResults(place.read('customers.rejects.csv'));
    expect(rejects.map((row) => [row._row, row._errorCode, row._errorFields])).toEqual([
      ['22', 'MOJIBAKE', 'Name'],
      ['23', 'ERROR_VALUE', 'Name'],
      ['24', 'VALUE_BECAME_DATE', 'Phone'],
      ['25', 'PHONES_WITHOUT_ZERO', 'Phone, Post'],
      ['26', 'INVISIBLE_CHARACTER', 'Name, Bank'],
    ]);
    expect(rejects[3]?._error).toContain('"transform": [{ "pad": { "length": 4 } }]');
  });

  it('stay invalid when a strict import is resumed', async () => {
    const api = await place.openApi({ faults: [{ name: '400', on: 'add', bodyContains: 'refuse' }] });
    place.write('customers.csv', damagedFile.replace('C-0,Customer 0', 'C-0,refuse'));
    writeMapping(place, mapping);
    const stop = ['--max-failures', '0', '--concurrency', '1'];
    const stopped = await place.run(['import', ...fast, 'customers.csv', '--strict', ...stop]);
    expect([stopped.exitCode, api.customers().length < 19]).toEqual([5, true]);
    const { exitCode, stdout } = await place.run(['resume', '--rate', 'unlimited', '--max-failures', '100%', '--json']);
    expect([exitCode, JSON.parse(stdout).counts]).toEqual([4, expect.objectContaining({ created: 19, invalid: 5 })]);
    expect(api.customers()).toHaveLength(19);
  });

  it('are found in a workbook by what the file itself says of a cell', async () => {
    const cells = (row: number, name: string, phone: string, since: string) =>
      `<row r="${row}">${textCell(`A${row}`, `C-${row}`)}${name}${phone}${textCell(`D${row}`, '2000')}${textCell(`E${row}`, '7')}${since}</row>`;
    const [number, date] = [0, 1];
    const text = (column: string, row: number, value: string) => textCell(`${column}${row}`, value);
    const rows = [
      textRow(1, ...header.split(',')),
      cells(2, text('B', 2, 'Zoë'), `<c r="C2" s="${date}"><v>35866</v></c>`, text('F', 2, '2024-01-05')),
      cells(3, '<c r="B3" t="e"><v>#N/A</v></c>', text('C', 3, '0412'), text('F', 3, '2024-01-05')),
      cells(
        4,
        text('B', 4, 'Ann'),
        `<c r="C4"><v>6.1412345678901E+18</v></c>`,
        `<c r="F4" s="${number}"><v>45296</v></c>`,
      ),
      cells(5, text('B', 5, 'Ann\u200b'), text('C', 5, '0412'), `<c r="F5" s="${date}"><v>45296</v></c>`),
    ].join('');
    place.write('customers.xlsx', makeWorkbook({ rows, styles: buildStyles('General', 'yyyy-mm-dd') }));
    writeMapping(place, mapping);
    const warned = await place.run(['check', 'customers.xlsx', '--json']);
    expect(findingsIn(warned.stdout)).toEqual([
      ['DATE_SERIAL', ['Since'], 1, [4]],
      ['DIGITS_LOST', ['Phone'], 1, [4]],
      ['ERROR_VALUE', ['Name'], 1, [3]],
      ['INVISIBLE_CHARACTER', ['Name'], 1, [5]],
      ['VALUE_BECAME_DATE', ['Phone'], 1, [2]],
    ]);
    // What is no name or no date at all is invalid without asking.
    expect(JSON.parse(warned.stdout).counts).toMatchObject({ invalid: 2, skipped: 2 });
    const strict = await place.run(['check', 'customers.xlsx', '--strict', '--json', '--results', 'all.csv']);
    expect(readStatuses(place.read('all.csv'))).toEqual(Array(4).fill('invalid'));
    expect(strict.exitCode).toBe(4);
  });
});

describe('a file as a whole', () => {
  it('with as many rows as old versions of Excel can hold is reported as possibly truncated', async () => {
    const lines = Array.from({ length: 65_535 }, (_, n) => `C-${n},Name`);
    place.write('customers.csv', `No,Name\n${lines.join('\n')}\n`);
    writeMapping(place, { version: 1, mode: 'add', key: { column: 'No' }, fields: { customerName: 'Name' } });
    const { exitCode, stdout, stderr } = await place.run(['check', 'customers.csv', '--json', '--strict']);
    expect(exitCode).toBe(0);
    expect(findingsIn(stdout)).toEqual([['LOOKS_TRUNCATED', [], 1, [65_536]]]);
    expect(stderr).toContain('Warning: The input has exactly 65,536 rows');
  });

  it.each(['csv', 'xlsx'])(
    'with a row of totals at its end is read without it; with --keep-all-rows there is a warning, or the row is invalid: .%s',
    async (kind) => {
      const lines = [header, ...soundLines.slice(0, 3)].map((line) => line.split(','));
      const totals = ['Total', '', '', '', '21', ''];
      const content =
        kind === 'csv'
          ? [...lines, ['', '', '', '', '', ''], totals].map((cells) => cells.join()).join('\n')
          : makeWorkbook({
              rows: lines.map((cells, at) => textRow(at + 1, ...cells)).join('') + textRow(6, ...totals),
            });
      place.write(`customers.${kind}`, content);
      writeMapping(place, {
        ...mapping,
        fields: { ...mapping.fields, customerName: { column: 'Name', default: 'x' } },
      });
      const skipped = await place.run(['check', `customers.${kind}`, '--strict', '--json']);
      expect(skipped.stderr).not.toContain('The last row begins with "Total"');
      expect(JSON.parse(skipped.stdout)).toMatchObject({
        counts: { invalid: 0 },
        problems: [{ code: 'NOT_A_CUSTOMER', rows: [6] }],
      });
      const warned = await place.run(['check', `customers.${kind}`, '--keep-all-rows', '--json']);
      expect(warned.stderr).toContain('The last row begins with "Total"');
      expect(JSON.parse(warned.stdout)).toMatchObject({ counts: { invalid: 0 }, input: { rows: 4 } });
      const codes = JSON.parse(warned.stdout).input.notices.map(({ code }: { code: string }) => code);
      expect(codes).toContain('TOTALS_ROW');
      const strict = await place.run([
        'check',
        `customers.${kind}`,
        '--strict',
        '--keep-all-rows',
        '--rejects',
        'bad.csv',
      ]);
      expect(strict.exitCode).toBe(4);
      expect(readResults(place.read('bad.csv')).map((row) => [row._row, row._errorCode])).toEqual([
        ['6', 'TOTALS_ROW'],
      ]);
    },
  );

  it('with very many kinds of damage is reported in a dozen lines', async () => {
    const names = Array.from({ length: 15 }, (_, n) => `Field ${n}`);
    place.write('customers.csv', `No,${names.join()}\n1,${names.map(() => 'ZoÃ«').join()}\n`);
    writeMapping(place, {
      version: 1,
      mode: 'add',
      key: { column: 'No' },
      fields: { notes: { columns: names } },
    });
    const { stderr, stdout } = await place.run(['check', 'customers.csv', '--json']);
    expect(warnings(stderr)).toHaveLength(13);
    expect(stderr).toContain('--json lists all');
    expect(findingsIn(stdout)).toHaveLength(15);
  });
});

import { gzipSync } from 'node:zlib';
import iconv from 'iconv-lite';
import { describe, expect, it } from 'vitest';
import { makeWorkbook, textCell, textRow, type WorkbookRecipe } from '#test/files/xlsx/make-workbook.js';
import { fast, readResults, writeMapping } from './customer-files.js';
import { useWorkplace } from './use-workplace.js';

const place = useWorkplace();

const mapping = {
  version: 1,
  mode: 'add',
  key: { column: 'No' },
  fields: { customerName: 'Name', city: 'City' },
} as const;

const table = [
  ['No', 'Name', 'City'],
  ['0001', 'Zoë', '東京'],
  ['0002', "O'Brien", 'Århus'],
] as const;
const separated = (delimiter: string) => `${table.map((cells) => cells.join(delimiter)).join('\n')}\n`;
const objects = `${table
  .slice(1)
  .map((cells) => JSON.stringify(Object.fromEntries(table[0].map((name, at) => [name, cells[at]]))))
  .join('\n')}\n`;
const workbook = makeWorkbook({ rows: table.map((cells, at) => textRow(at + 1, ...cells)).join('') });

const kinds: readonly (readonly [file: string, content: string | Buffer, line: string, detected: object])[] = [
  [
    'a.csv',
    separated(','),
    'CSV, utf-8, delimiter ",", line ends LF, header in row 1',
    { format: 'csv', encoding: 'utf-8', bom: false, delimiter: ',', lineEnd: 'LF', headerRow: 1 },
  ],
  ['a.tsv', separated('\t'), 'CSV, utf-8, delimiter tab', { format: 'csv', delimiter: '\t' }],
  ['a.txt', separated('|'), 'CSV, utf-8, delimiter "|"', { format: 'csv', delimiter: '|' }],
  [
    'unicode.txt',
    iconv.encode(separated('\t'), 'utf-16le', { addBOM: true }),
    'CSV, utf-16le with BOM, delimiter tab',
    { encoding: 'utf-16le', bom: true },
  ],
  ['a.csv.gz', gzipSync(separated(';')), 'CSV (gzip), utf-8, delimiter ";"', { compression: 'gzip', delimiter: ';' }],
  ['a.ndjson', objects, 'NDJSON, utf-8, line ends LF;', { format: 'ndjson', encoding: 'utf-8' }],
  ['a.jsonl.gz', gzipSync(objects), 'NDJSON (gzip), utf-8', { format: 'ndjson', compression: 'gzip' }],
  [
    'a.xlsx',
    workbook,
    'XLSX, sheet "Customers", header in row 1',
    { format: 'xlsx', sheet: 'Customers', headerRow: 1 },
  ],
];

describe('every kind of file', () => {
  it.each(kinds)('is recognised as a file and from standard input: %s', async (file, content, line, detected) => {
    place.write(file, content);
    writeMapping(place, mapping);
    const [byName, piped] = await Promise.all([
      place.run(['check', file, '--json']),
      place.run(['check', '-', '--json'], { stdin: content }),
    ]);
    for (const [run, name] of [
      [byName, file],
      [piped, 'standard input'],
    ] as const) {
      expect([run.exitCode, run.stderr.split('\n')[0]]).toEqual([0, expect.stringContaining(`${name}: ${line}`)]);
      expect(run.stderr.split('\n')[0]).toMatch(/; 2 rows$/);
      expect(JSON.parse(run.stdout)).toMatchObject({ counts: { skipped: 2 }, input: { rows: 2, detected } });
    }
  });

  it.each(kinds)('imports the same customers: %s', async (file, content) => {
    const api = await place.openApi();
    place.write(file, content);
    writeMapping(place, mapping);
    const { exitCode } = await place.run(['import', ...fast, file, '--results', 'r.csv']);
    const sent = api.customers().map(({ customerName, city }) => [customerName, city]);
    sent.sort((a, b) => -String(a).localeCompare(String(b)));
    expect([exitCode, sent]).toEqual([0, table.slice(1).map(([, name, city]) => [name, city])]);
    const lines = place.read('r.csv').trim().split('\n').slice(1);
    expect(lines.map((line) => line.match(/created|Zoë|O'Brien/g)?.join())).toEqual(['created,Zoë', "created,O'Brien"]);
  });
});

/** A title above the header, a hidden row, a hidden column, merged cells, and two more sheets. */
const busyWorkbook: WorkbookRecipe = {
  beforeRows: '<cols><col min="4" max="4" hidden="1"/></cols>',
  rows: [
    textRow(1, 'Customers of 2024'),
    textRow(3, ...table[0], 'Remark'),
    textRow(4, ...table[1], 'secret'),
    `<row r="5" hidden="1">${table[2].map((text, at) => textCell(`${'ABC'[at]}5`, text)).join('')}</row>`,
    textRow(6, '0003', 'Ann', 'Ulm'),
  ].join(''),
  afterRows: '<mergeCells><mergeCell ref="C5:C6"/></mergeCells>',
  moreSheets: [
    { name: 'Leavers', rows: textRow(1, ...table[0]) + textRow(2, '9', 'Gone', 'Away') },
    { name: 'Prices', rows: textRow(1, 'x'), state: 'hidden' },
  ],
};

describe('a workbook', () => {
  const check = async (args: readonly string[], source: object = {}) => {
    place.write('customers.xlsx', makeWorkbook(busyWorkbook));
    writeMapping(place, { ...mapping, source, unmapped: 'ignore' });
    const run = await place.run(['check', 'customers.xlsx', '--json', '--results', 'all.csv', ...args]);
    return { ...run, summary: run.exitCode === 2 || run.exitCode === 3 ? undefined : JSON.parse(run.stdout) };
  };
  const listCodes = (summary: { input: { notices: { code: string }[] } }) =>
    summary.input.notices.map(({ code }) => code);

  it('reports its hidden rows, columns and sheets, its merged cells and what stands above the header', async () => {
    const { exitCode, stderr, summary } = await check([]);
    expect([exitCode, summary.counts.skipped]).toEqual([0, 3]);
    expect(listCodes(summary).sort()).toEqual([
      'HIDDEN_COLUMNS',
      'HIDDEN_ROWS',
      'HIDDEN_SHEETS',
      'MERGED_CELLS',
      'OTHER_SHEETS',
      'ROWS_ABOVE_HEADER',
    ]);
    for (const text of ['1 hidden or filtered row read like the others, the first at row 5', '“Remark”', 'C5:C6'])
      expect(stderr).toContain(text);
    expect(stderr).toContain('“Leavers”');
    expect(readResults(place.read('all.csv')).map((row) => [row._row, row.Remark])).toEqual([
      ['4', 'secret'],
      ['5', ''],
      ['6', ''],
    ]);
  });

  it.each<[string, string[], object]>([
    ['by --skip-hidden', ['--skip-hidden'], {}],
    ['by the mapping', [], { skipHidden: true }],
  ])('is read without what is hidden, if asked %s', async (_, args, source) => {
    const { summary, stderr } = await check(args, source);
    const rows = readResults(place.read('all.csv'));
    expect([summary.input.rows, rows.map((row) => row._row), rows[0]?.Remark]).toEqual([2, ['4', '6'], undefined]);
    expect(stderr).toContain('1 hidden or filtered row skipped');
    expect(stderr).toContain('1 hidden column skipped: “Remark”');
  });

  it('is read with its hidden rows with --no-skip-hidden, whatever the mapping says', async () => {
    const { summary } = await check(['--no-skip-hidden'], { skipHidden: true });
    expect(summary.input.rows).toBe(3);
  });

  it.each(['Leavers', 'leavers', '2'])('is read from the sheet that is asked for: %s', async (sheet) => {
    const { summary } = await check(['--sheet', sheet]);
    expect([summary.input.detected.sheet, summary.input.rows]).toEqual(['Leavers', 1]);
    const byMapping = await check([], { sheet });
    expect(byMapping.summary.input.detected.sheet).toBe('Leavers');
  });

  it.each<[string, string[], number, string[]]>([
    ['a sheet that it has not', ['--sheet', 'Customer'], 2, ['no sheet “Customer”', '“Customers”', '“Leavers”']],
    ['an empty row as header', ['--header-row', '2'], 3, ['sheet “Customers”', 'row 2', '--header-row']],
    ['a header row that is no number', ['--header-row', 'three'], 2, ['--header-row "three"']],
    ['a row that is not the header', ['--header-row', '1'], 2, ['None of the 3 columns of the mapping']],
  ])('is refused with %s', async (_, args, code, texts) => {
    const { exitCode, stderr } = await check(args);
    expect([code, exitCode]).toEqual([code, code]);
    for (const text of texts) expect(stderr).toContain(text);
  });

  it('takes the header row that is named, also for its result file written again', async () => {
    await place.openApi();
    const { summary } = await check(['--header-row', '3']);
    expect(summary.input.detected.headerRow).toBe(3);
    await place.run(['import', ...fast, 'customers.xlsx', '--results', 'first.csv']);
    const runs = JSON.parse((await place.run(['runs', '--json'])).stdout);
    const again = await place.run(['runs', 'show', runs[0].run, '--results', 'again.csv']);
    expect([again.exitCode, place.read('again.csv')]).toEqual([0, place.read('first.csv')]);
  });
});

describe('a result file written again', () => {
  it.each<[string, object, string]>([
    ['a header that is found by its names', {}, `Customers of 2024;;\n${separated(';')}`],
    [
      'hints of the mapping',
      { delimiter: ';', headerRow: 2, encoding: 'windows-1252' },
      `x;y;z\n${separated(';').replace('東京', 'Köln')}`,
    ],
  ])('is the same for an input with %s', async (_, source, content) => {
    await place.openApi();
    place.write('customers.csv', content);
    writeMapping(place, { ...mapping, source });
    const { exitCode } = await place.run(['import', ...fast, 'customers.csv']);
    const [{ run }] = JSON.parse((await place.run(['runs', '--json'])).stdout);
    await place.run(['runs', 'show', run, '--results', 'again.csv']);
    expect([exitCode, place.read('again.csv')]).toEqual([0, place.read('customers.results.csv')]);
    writeMapping(place, { ...mapping, fields: { customerName: 'Name' }, unmapped: 'ignore' });
    await place.run(['runs', 'show', run, '--results', 'later.csv']);
    expect(place.read('later.csv')).toBe(place.read('customers.results.csv'));
  });
});

describe('a CSV file', () => {
  it('with a quotation mark inside a cell is invalid there, or read leniently', async () => {
    place.write('customers.csv', 'No,Name,City\n1,5" Pipes,Ulm\n2,Ann,Ulm\n');
    writeMapping(place, mapping);
    const strictly = await place.run(['check', 'customers.csv']);
    expect([strictly.exitCode, strictly.stdout]).toEqual([4, expect.stringContaining('--lenient-quotes')]);
    const leniently = await place.run(['check', 'customers.csv', '--lenient-quotes', '--results', 'all.csv']);
    expect([leniently.exitCode, readResults(place.read('all.csv'))[0]?.Name]).toEqual([0, '5" Pipes']);
    writeMapping(place, { ...mapping, source: { lenientQuotes: true } });
    expect((await place.run(['check', 'customers.csv'])).exitCode).toBe(0);
  });

  it('has its header where the mapping’s names are, or where --header-row says', async () => {
    place.write('customers.csv', `Customers of 2024,,\n\n${separated(',')}`);
    writeMapping(place, mapping);
    const found = await place.run(['check', 'customers.csv', '--json']);
    expect(JSON.parse(found.stdout).input).toMatchObject({ rows: 2, detected: { headerRow: 3 } });
    const wrong = await place.run(['check', 'customers.csv', '--header-row', '1']);
    expect([wrong.exitCode, wrong.stderr]).toEqual([
      2,
      expect.stringContaining('None of the 3 columns of the mapping'),
    ]);
    const blank = await place.run(['check', 'customers.csv', '--header-row', '2']);
    expect([blank.exitCode, blank.stderr]).toEqual([3, expect.stringContaining('customers.csv, line 2')]);
  });
});

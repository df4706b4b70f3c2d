import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { joinKey } from '#pipelines/import/keys.js';
import { mapRows } from '#pipelines/import/map.js';
import { compileMapping } from '#pipelines/mapping/compile.js';
import type { MappedRow } from '#pipelines/mapping/map-row.js';
import { cellToText, type Row } from '#pipelines/model.js';
import type { KnownCustomer } from '#pipelines/ports.js';
import { chooseColumnChecks, startDamageScan } from '#pipelines/quality/damage-detector.js';
import { InputError } from '#src/errors.js';
import { beginTable } from '#src/files/begin-table.js';
import type { FileSource } from '#src/files/input-source.js';
import { openRowSource } from '#src/files/open-row-source.js';
import { type OpenWorkbookOptions, openWorkbook } from '#src/files/xlsx/read/open-workbook.js';
import {
  buildStyles,
  makeWorkbook,
  open,
  readRows as readSource,
  saveFile,
  textCell,
  textRow,
  type WorkbookRecipe,
} from '#test/files/xlsx/make-workbook.js';
import { parsed } from '#test/pipelines/mapping/mapping-under-test.js';

const fixture = (name: string) => join('fixtures/cases', name);
const workbook = (name: string) => fixture(`workbooks/${name}.xlsx`);

interface Reading {
  readonly source: FileSource;
  readonly rows: readonly Row[];
  readonly mapped: readonly MappedRow[];
  /** Codes of what is said about the values, once for each column. */
  readonly findings: readonly string[];
}

async function read(file: string, json: object): Promise<Reading> {
  const mapping = parsed(json);
  const source = await openRowSource(file);
  const compilation = compileMapping(mapping, source.columns, source.format);
  if (!compilation.ok) throw new Error(JSON.stringify(compilation.problems));
  const { compiled } = compilation;
  const { columns } = source;
  const scan = startDamageScan({ columns, checks: chooseColumnChecks(mapping, compiled, columns) });
  const rows: Row[] = [];
  const mapped: MappedRow[] = [];
  for await (const batch of source.batches()) {
    rows.push(...batch);
    mapped.push(...(await compiled.mapAll(batch)));
    for (const row of batch) scan.add(row);
  }
  return { source, rows, mapped, findings: scan.report().findings.map(({ code, count }) => `${code} ${count}`) };
}

/** The values of one field, or the codes of the reasons why there is none. */
async function readField(file: string, field: string, rule: object | string, rest: object = {}): Promise<unknown[]> {
  const { mapped } = await read(file, { fields: { [field]: rule }, ...rest });
  return mapped.map(({ draft, reasons }) => (reasons.length > 0 ? reasons.map(({ code }) => code) : draft[field]));
}

/** A workbook with one column "Value" of numbers in one format. */
function makeColumn(format: string, ...values: readonly number[]): string {
  const rows = values.map(
    (value, at) => `<row r="${at + 2}"><c r="A${at + 2}" s="0"><v>${value}</v></c>${textCell(`B${at + 2}`, 'x')}</row>`,
  );
  return saveFile(makeWorkbook({ rows: textRow(1, 'Value', 'Mark') + rows.join(''), styles: buildStyles(format) }));
}

const readRows = async (recipe: WorkbookRecipe, options?: OpenWorkbookOptions): Promise<Row[]> =>
  readSource(await open(recipe, options));

describe('numbers in text fields are what their format shows', () => {
  it.each([
    ['leading-zero-formats', 'PhoneFR', ['01 23 45 67 89', '06 12 34 56 78', '09 87 65 43 21']],
    ['leading-zero-formats', 'PhoneUS', ['(412) 555-1234', '(412) 555-1235', '(412) 555-1236']],
    ['leading-zero-formats', 'PhoneDash', ['0412 345 678', '0412 345 679', '0412 345 670']],
    ['leading-zero-formats', 'Zip9', ['02345-6789', '02345-6780', '02345-6781']],
    ['leading-zero-formats', 'ZipHash', ['00810', '00812', '00813']],
    ['leading-zero-formats', 'PlainZip', ['0810', '0812', '0813']],
    ['leading-zero-formats', 'Since', ['2023-03-15', '2023-03-16', undefined]],
    ['leading-zero-formats', 'Pct', ['15%', '20%', '25%']],
    ['x14-au-mobile-format', 'Phone', [1, 2, 3, 4, 5].map((digit) => `0491 570 15${digit}`)],
    ['x16-prefix-format', 'Phone', ['+61491570151', '+61491570152', '+61491570153']],
    ['x01-formats', 'Phone', ['(415) 555-0100', '(415) 555-0101', '0491 570 156', '+61 491 570 157']],
    ['x01-formats', 'Post Code', ['00800', '00801', '00802', '00803']],
  ])('%s: %s', async (name, column, values) => {
    expect(await readField(workbook(name), 'notes', column)).toEqual(values);
  });

  it('and so are keys', async () => {
    for (const [name, keys] of [
      ['x01-formats', ['C-0042', 'C-0043', 'C-0044', 'C-0045']],
      ['x16-prefix-format', ['C-0001', 'C-0002', 'C-0003']],
    ] as const) {
      const { mapped } = await read(workbook(name), { key: { column: 'No' }, fields: { customerName: 'Company' } });
      expect(mapped.map(({ key }) => key)).toEqual(keys);
    }
  });

  it('but a customer that is known by the bare number keeps it as the key', async () => {
    const key = { column: 'No', stamp: 'cC_001', source: 'shop' };
    const mapping = parsed({ key, fields: { customerName: 'Company' } });
    const source = await openRowSource(workbook('x01-formats'));
    const compilation = compileMapping(mapping, source.columns, source.format);
    if (!compilation.ok) throw new Error(JSON.stringify(compilation.problems));
    const mapper = compilation.compiled;
    const known = (number: string) => [joinKey('shop', number), { customerCode: '0000001' } as KnownCustomer] as const;
    const customers = new Map([known('42'), known('C-0043'), known('43')]);
    const ledger = {
      findCustomersByKeys: (keys: readonly string[]) => new Map([...customers].filter(([name]) => keys.includes(name))),
    };
    const rows: Row[] = [];
    for await (const batch of source.batches()) rows.push(...batch);
    const mapped = await mapRows(rows, { mapper, ledger, validate: () => [] });
    expect(mapped.map((row) => [row.key, row.outcome === undefined && row.draft.cC_001])).toEqual([
      [joinKey('shop', '42'), 'shop: 42'],
      [joinKey('shop', 'C-0043'), 'shop: C-0043'],
      [joinKey('shop', 'C-0044'), 'shop: C-0044'],
      [joinKey('shop', 'C-0045'), 'shop: C-0045'],
    ]);
  });

  it('and so are column names and amounts', async () => {
    const source = await openWorkbook(workbook('tdf81939'));
    expect(source.columns).toEqual(['01 23 45 67 89']);
    const { rows } = await read(workbook('tdf81939'), { fields: { notes: '01 23 45 67 89' } });
    expect(rows.slice(0, 3).map(({ cells }) => cells.map(cellToText))).toEqual([
      ['01.23.45.678.9'],
      ['123,456,789'],
      ['123,456,789 €'],
    ]);
  });

  it.each([
    ['0;-0;"none"', 0, 'none'],
    ['[$€-407]\\ #,##0.00', 1250.5, '€ 1,250.50'],
    ['_-* #,##0.00\\ _€_-;\\-* #,##0.00\\ _€_-', -1250.5, '-1,250.50'],
    ['#\u00a0##0', 1250, '1 250'],
    ['0.00', 1.005, '1.01'],
    ['# ?/?', 5.5, '5 1/2'],
    ['0.00E+00', 61_491_570_151, '61491570151'],
    ['[', 7, '7'],
  ])('in the format %s, %d is %s', async (format, value, text) => {
    expect(await readField(makeColumn(format, value), 'notes', 'Value')).toEqual([text]);
  });

  it('but signs between groups of three are no part of a post code, a phone number, a key or a code', async () => {
    const file = makeColumn('#,##0', 2000, 412_345_678);
    expect(await readField(file, 'notes', 'Value')).toEqual(['2,000', '412,345,678']);
    for (const field of ['postalCode', 'phoneNumber'])
      expect(await readField(file, field, 'Value')).toEqual(['2000', '412345678']);
    const { mapped } = await read(file, { key: { column: 'Value' }, fields: { customerCode: 'Value' } });
    expect(mapped.map(({ key, customerCode }) => [key, customerCode])).toEqual([
      ['2000', '2000'],
      ['412345678', '412345678'],
    ]);
  });

  it('and an expression can calculate with amounts', async () => {
    const double = { expression: '$number($row.Value) * 2', type: 'number' };
    for (const format of ['#,##0.00', '"$"#,##0.00', '0.0%', '0.00'])
      expect(await readField(makeColumn(format, 1250.5), 'creditLimit', double)).toEqual([2501]);
    const text = { expression: '$row.Value' };
    expect(await readField(makeColumn('"C-"0000', 42), 'notes', text)).toEqual(['C-0042']);
  });
});

describe('percentages', () => {
  it.each([
    ['x15-percent', 'Discount', [5, 10, 15]],
    ['percent', 'Discount %', [15, 20]],
    ['leading-zero-formats', 'Pct', [15, 20, 25]],
    ['x01-formats', 'Discount', [15, 7.5, 100, 12]],
  ])('are what is shown in a field of percentages: %s', async (name, column, values) => {
    const rule = { column, type: 'number' };
    expect(await readField(workbook(name), 'discountPercent', rule)).toEqual(values);
  });

  it('are fractions when the mapping says so', async () => {
    const rule = { column: 'Discount', type: 'number', percent: 'fraction' };
    expect(await readField(workbook('x15-percent'), 'discountPercent', rule)).toEqual([0.05, 0.1, 0.15]);
  });

  it('are read from CSV in the same way', async () => {
    const rule = { column: 'Discount %', type: 'number' };
    const file = fixture('files/percent.csv');
    expect(await readField(file, 'discountPercent', rule)).toEqual([15, 20]);
    expect(await readField(file, 'discountPercent', { ...rule, percent: 'fraction' })).toEqual([0.15, 0.2]);
    expect(await readField(file, 'creditLimit', rule)).toEqual([['NOT_A_NUMBER'], ['NOT_A_NUMBER']]);
    expect(await readField(file, 'creditLimit', { ...rule, percent: 'shown' })).toEqual([15, 20]);
  });

  it('may have decimals, blanks and signs, and a percent sign that is only text means nothing', async () => {
    const texts = ['7,5 %', '%12', '-3%', '100\u00a0%'];
    const file = saveFile(Buffer.from(`Value\n${texts.map((text) => `"${text}"`).join('\n')}\n`), 'values.csv');
    const rule = { column: 'Value', type: 'number', decimal: ',' };
    expect(await readField(file, 'discountPercent', rule)).toEqual([7.5, 12, -3, 100]);
    expect(await readField(makeColumn('0"%"', 15), 'discountPercent', { column: 'Value', type: 'number' })).toEqual([
      15,
    ]);
    expect(await readField(makeColumn('0.00%', 0.07), 'discountPercent', { column: 'Value', type: 'number' })).toEqual([
      7,
    ]);
  });
});

describe('amounts', () => {
  it('may have the sign or the code of a currency', async () => {
    const texts = ['$1,250.50', '-$3', '$-3.5', 'A$ 7', 'AUD 1,000', '5 €', '£0.99', '12 NZD'];
    const file = saveFile(Buffer.from(`Value\n${texts.map((text) => `"${text}"`).join('\n')}\n`), 'values.csv');
    const rule = { column: 'Value', type: 'number', group: ',' };
    expect(await readField(file, 'creditLimit', rule)).toEqual([1250.5, -3, -3.5, 7, 1000, 5, 0.99, 12]);
  });

  it('in several currencies are a warning', async () => {
    const amounts = (...texts: readonly string[]) => saveFile(Buffer.from(`Value\n${texts.join('\n')}\n`), 'v.csv');
    const fields = { creditLimit: { column: 'Value', type: 'number' } };
    expect((await read(amounts('$5', '€6', '$7', '8', 'EUR 9'), { fields })).findings).toEqual(['CURRENCIES_MIXED 2']);
    expect((await read(amounts('$5', '6', '7.5'), { fields })).findings).toEqual([]);
  });

  it('have one currency at most, and no other unit', async () => {
    const texts = ['$5 AUD', '5 PCS', '--$5', '$', '5$5', 'XYZ 5', '-$-5'];
    const file = saveFile(Buffer.from(`Value\n${texts.join('\n')}\n`), 'values.csv');
    expect(await readField(file, 'creditLimit', { column: 'Value', type: 'number' })).toEqual(
      texts.map(() => ['NOT_A_NUMBER']),
    );
    const whole = saveFile(Buffer.from('Value\n$5\n'), 'values.csv');
    expect(await readField(whole, 'priceBand', { column: 'Value', type: 'integer' })).toEqual([['NOT_A_NUMBER']]);
  });

  it('are the shortest number that Excel shows', async () => {
    const rule = { column: 'Credit Limit', type: 'number' };
    expect(await readField(workbook('x17-float'), 'creditLimit', rule)).toEqual([0.3, 1250.5, 33.3]);
    expect(await readField(workbook('x17-float'), 'notes', 'Credit Limit')).toEqual(['0.3', '1250.5', '33.3']);
  });
});

describe('dates', () => {
  it('may have AM and PM', async () => {
    const rule = { column: 'Since', type: 'date', format: 'M/D/YYYY h:mm A' };
    expect(await readField(fixture('files/ampm.csv'), 'cC_001', rule)).toEqual([
      '2024-03-15T14:30:00',
      '2023-12-31T00:00:00',
    ]);
  });

  it.each([
    ['h:mm A', '12:00 PM', 'T12:00:00'],
    ['h:mm A', '12:05 a.m.', 'T00:05:00'],
    ['hh:mm:ss A', '09:05:07 p.m.', 'T21:05:07'],
    ['h:mmA', '1:00am', 'T01:00:00'],
    ['H:mm', '7:05', 'T07:05:00'],
    ['h:mm A', '13:00 PM', ['IMPOSSIBLE_DATE']],
    ['h:mm A', '0:30 AM', ['IMPOSSIBLE_DATE']],
    ['h:mm A', '1:00', ['NOT_A_DATE']],
  ])('in the format %s: %s', async (time, text, expected) => {
    const file = saveFile(Buffer.from(`Value\n2024-03-05 ${text}\n`), 'values.csv');
    const rule = { column: 'Value', type: 'date', format: `YYYY-MM-DD ${time}` };
    expect(await readField(file, 'cC_001', rule)).toEqual([
      typeof expected === 'string' ? `2024-03-05${expected}` : expected,
    ]);
  });

  it('leave a time out that their format hides, which is said once', async () => {
    const rule = { column: 'Joined', type: 'date', format: 'DD/MM/YYYY' };
    const { mapped, findings } = await read(workbook('percent'), { fields: { cC_001: rule } });
    expect(mapped.map(({ draft }) => draft.cC_001)).toEqual(['2016-06-15', '2017-06-15']);
    expect(findings).toEqual(['TIME_LEFT_OUT 1']);
    expect(await readField(workbook('percent'), 'notes', 'Joined')).toEqual(['2016-06-15', '2017-06-15']);
  });

  it('leave a time out that the format of the mapping does not have', async () => {
    const file = makeColumn('yyyy-mm-dd hh:mm', 45_000, 45_000.25, 45_000.5);
    const rule = { column: 'Value', type: 'date', format: 'YYYY-MM-DD' };
    const { mapped, findings } = await read(file, { fields: { cC_001: rule } });
    expect(mapped.map(({ draft }) => draft.cC_001)).toEqual(['2023-03-15', '2023-03-15', '2023-03-15']);
    expect(findings).toEqual(['TIME_LEFT_OUT 2']);
    const whole = { ...rule, format: 'YYYY-MM-DD HH:mm' };
    expect(await readField(file, 'cC_001', whole)).toEqual([
      '2023-03-15T00:00:00',
      '2023-03-15T06:00:00',
      '2023-03-15T12:00:00',
    ]);
  });

  it.each([
    ['[=0]"";dd/mm/yyyy', [undefined, '2023-03-15']],
    ['dd/mm/yyyy;;', [undefined, '2023-03-15']],
    ['dd/mm/yyyy;@', [['CELL_ERROR'], '2023-03-15']],
    ['[>1]dd/mm/yyyy;"never"', ['never', '2023-03-15']],
    ['[<40000]"old";[Red]d mmm yy', ['old', '2023-03-15']],
  ])('are dates in the sections that show one: %s', async (format, values) => {
    expect(await readField(makeColumn(format, 0, 45_000), 'notes', 'Value')).toEqual(values);
  });

  it('that do not exist are not called failed formulas', async () => {
    const { findings, source } = await read(workbook('x06-1900'), { fields: { notes: 'Since' } });
    expect(source.columns).toContain('Since');
    expect(findings.join()).toContain('ERROR_VALUE');
    const mapping = parsed({ fields: { notes: 'Since' } });
    const compilation = compileMapping(mapping, source.columns);
    if (!compilation.ok) throw new Error('not compiled');
    const checks = chooseColumnChecks(mapping, compilation.compiled, source.columns);
    const scan = startDamageScan({ columns: source.columns, checks });
    for await (const batch of source.batches()) for (const row of batch) scan.add(row);
    expect(
      scan
        .report()
        .findings.map(({ message }) => message)
        .join(),
    ).not.toContain('formula');
  });
});

describe('blank cells', () => {
  it('are those that have a type and no value', async () => {
    const { mapped } = await read(workbook('empty-error-cell'), { fields: { customerName: 'Name', city: 'City' } });
    expect(mapped.map(({ draft, reasons }) => [draft, reasons])).toEqual([
      [{ customerName: 'Ana' }, []],
      [{ customerName: 'Bob' }, []],
    ]);
  });

  it.each(['e', 'b', 'n', 's', 'str', 'inlineStr', 'd'])('may be of the type %s', async (type) => {
    const cells = ['', '<v/>', '<v></v>'].map((value, at) => `<c r="${'BCD'[at]}2" t="${type}">${value}</c>`);
    const rows = `${textRow(1, 'A', 'B', 'C', 'D')}<row r="2"><c r="A2"><v>1</v></c>${cells.join('')}</row>`;
    const [row] = await readRows({ rows, shared: '<si><t>x</t></si>' });
    expect(row?.cells.slice(1)).toEqual(['', '', '']);
  });

  it('make no row, and neither do cells of blanks', async () => {
    const rows = `${textRow(1, 'A', 'B')}${textRow(2, 'x', 'y')}${textRow(3, ' ', '\u00a0')}<row r="4"><c r="A4" t="e"/></row>${textRow(5, 'z')}`;
    expect((await readRows({ rows })).map(({ number }) => number)).toEqual([2, 5]);
  });
});

describe('parts that are named and absent', () => {
  it.each([
    ['dangling-sharedstrings', ['Name'], 1],
    ['dangling-styles', ['Name'], 1],
    ['implicit_coordinates', ['Test', 'Column 2', 'Column 3'], 1],
  ])('are not missed where nothing needs them: %s', async (name, columns, rows) => {
    const source = await openWorkbook(workbook(name));
    expect(source.columns).toEqual(columns);
    let count = 0;
    for await (const batch of source.batches()) count += batch.length;
    expect(count).toBe(rows);
    expect(source.notices.map(({ code }) => code)).not.toContain('NUMBER_FORMATS_MISSING');
  });

  it('leave a sheet without rows an empty sheet', async () => {
    const error: unknown = await openWorkbook(workbook('test-issue-771')).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(InputError);
    expect(error).toMatchObject({ code: 'EMPTY_SHEET' });
  });

  it('are said where numbers need them', async () => {
    const rows = `${textRow(1, 'Born')}<row r="2"><c r="A2" s="3"><v>45000</v></c></row>`;
    const source = await openWorkbook(
      saveFile(makeWorkbook({ rows, styles: buildStyles('General'), parts: { 'xl/styles.xml': null } })),
    );
    for await (const batch of source.batches()) expect(batch).toHaveLength(1);
    expect(source.notices.map(({ code }) => code)).toContain('NUMBER_FORMATS_MISSING');
  });

  it('are missed where texts need them', async () => {
    const file = saveFile(
      makeWorkbook({
        rows: `${textRow(1, 'Name')}<row r="2"><c r="A2" t="s"><v>0</v></c></row>`,
        shared: '<si><t>Ana</t></si>',
        parts: { 'xl/sharedStrings.xml': null },
      }),
    );
    await expect(openWorkbook(file)).rejects.toMatchObject({ code: 'XLSX_PART_MISSING' });
  });
});

describe('linked cells', () => {
  it('give a field of e-mail addresses the address behind their text, which is said once', async () => {
    const { mapped, findings } = await read(workbook('x10-hyperlink'), {
      key: { column: 'No' },
      fields: { customerName: 'Company', emailAddress: 'Email', notes: 'Email' },
    });
    expect(mapped.map(({ draft }) => [draft.emailAddress, draft.notes])).toEqual([
      ['ann@example.com', 'Ann Lee'],
      ['bob@example.com', 'bob@example.com'],
    ]);
    expect(findings).toContain('ADDRESS_BEHIND_TEXT 1');
  });

  it('are written with their link, so that a row that comes back has the address', async () => {
    const source = await openWorkbook(workbook('x10-hyperlink'));
    const rows = await readSource(source);
    const file = join(mkdtempSync(join(tmpdir(), 'values-')), 'back.xlsx');
    const table = await beginTable(
      file,
      source.columns.map((name) => ({ name })),
      { format: 'xlsx', sheet: { name: 'Customers' } },
    );
    await table.write(rows.map(({ cells }) => ({ cells })));
    await (await table.end()).publish();
    expect(await readField(file, 'emailAddress', 'Email')).toEqual(['ann@example.com', 'bob@example.com']);
    expect(await readField(file, 'notes', 'Email')).toEqual(['Ann Lee', 'bob@example.com']);
  });

  it('may be linked by a formula, by a range, with a subject', async () => {
    const rows = `${textRow(1, 'Email')}<row r="2"><c r="A2" t="str"><f>HYPERLINK("mailto:ann@example.com?subject=Hi","Ann")</f><v>Ann</v></c></row>${textRow(3, 'Bob')}${textRow(4, 'Bob again')}${textRow(5, 'nobody')}`;
    const file = saveFile(
      makeWorkbook({
        rows,
        afterRows:
          '<hyperlinks xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><hyperlink ref="A3:A4" r:id="rId7"/><hyperlink ref="A5" r:id="rId8"/></hyperlinks>',
        parts: {
          'xl/worksheets/_rels/sheet1.xml.rels':
            '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId7" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/hyperlink" Target="mailto:bob%2Bx@example.com?subject=a" TargetMode="External"/><Relationship Id="rId8" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/hyperlink" Target="https://example.com" TargetMode="External"/></Relationships>',
        },
      }),
    );
    expect(await readField(file, 'emailAddress', 'Email')).toEqual([
      'ann@example.com',
      'bob+x@example.com',
      'bob+x@example.com',
      'nobody',
    ]);
  });
});

describe('merged cells', () => {
  it('are read as the file has them, and the notice says no more than that', async () => {
    const source = await openWorkbook(workbook('merged-hidden-values'));
    const cells: unknown[] = [];
    for await (const batch of source.batches()) for (const row of batch) cells.push(...row.cells.map(cellToText));
    expect(cells).toEqual(['12', '4', '3']);
    const notice = source.notices.find(({ code }) => code === 'MERGED_CELLS');
    expect(notice?.message).not.toMatch(/others are empty/);
  });
});

describe('texts of a workbook that expand', () => {
  it('end at the 32,767 characters of a cell, however they are stored', async () => {
    const rows = `${textRow(1, 'Notes')}<row r="2"><c r="A2" t="s"><v>0</v></c></row>`;
    const openText = (text: string) => readRows({ rows, shared: `<si><t>${text}</t></si>` });
    expect((await openText('_x0041_'.repeat(32_767)))[0]?.cells).toEqual(['A'.repeat(32_767)]);
    await expect(openText('x'.repeat(32_768))).rejects.toMatchObject({ code: 'CELL_TOO_LONG' });
  });

  it('count for every cell that refers to them', async () => {
    const cells = Array.from(
      { length: 200 },
      (_, at) => `<row r="${at + 2}"><c r="A${at + 2}" t="s"><v>0</v></c></row>`,
    );
    const recipe = { rows: textRow(1, 'Notes') + cells.join(''), shared: `<si><t>${'x'.repeat(100)}</t></si>` };
    expect(await readRows(recipe)).toHaveLength(200);
    await expect(readRows(recipe, { limits: { maxSheetCharacters: 10_000 } })).rejects.toMatchObject({
      code: 'WORKBOOK_TOO_LARGE',
    });
  });
});

import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { type BookType, utils, type WorkBook, type WorkSheet, write } from '@e965/xlsx';
import { describe, expect, it, vi } from 'vitest';
import { catchFailure, readContent, readRowRanges, useTempFiles } from '#test/files/temp-files.js';
import { makeWorkbook, makeZip } from '#test/files/xlsx/make-workbook.js';

const files = useTempFiles();

const customers: WorkSheet = {
  '!ref': 'A1:E4',
  ...{ A1: text('No'), B1: text('Name'), C1: text('Since'), D1: text('Post Code'), E1: text('Rate') },
  ...{ A2: number(1), B2: text('Zoë 🐨'), C2: number(45366, 'yyyy-mm-dd'), D2: number(800, '0000'), E2: number(0.5) },
  ...{ A3: number(2), B3: text('Łódź'), C3: number(45366.5, 'yyyy-mm-dd hh:mm'), D3: text('0801'), E3: number(1.25) },
  ...{ A4: number(3), B4: { t: 'b', v: true }, C4: { t: 'n', v: 3, f: 'A2+A3' } },
};

function text(v: string) {
  return { t: 's', v } as const;
}

function number(v: number, z = 'General') {
  return { t: 'n', v, z } as const;
}

function save(type: BookType, ...sheets: readonly (readonly [name: string, sheet: WorkSheet])[]): Buffer {
  const book: WorkBook = utils.book_new();
  for (const [name, sheet] of sheets) utils.book_append_sheet(book, sheet, name);
  // The library says on the terminal what a format cannot hold.
  const silence = vi.spyOn(console, 'error').mockImplementation(() => undefined);
  const bytes: Buffer = write(book, { type: 'buffer', bookType: type });
  silence.mockRestore();
  return bytes;
}

describe.each([
  ['xls', 'biff8'],
  ['ods', 'ods'],
] as const)('an .%s workbook', (extension, type) => {
  it('is read with the values that it shows', async () => {
    const { cells, columns, numbers, source } = await files.read(
      save(type, ['Customers', customers]),
      {},
      `c.${extension}`,
    );
    expect(columns).toEqual(['No', 'Name', 'Since', 'Post Code', 'Rate']);
    expect(cells).toEqual([
      ['1', 'Zoë 🐨', '2024-03-15', '0800', '0.5'],
      ['2', 'Łódź', '2024-03-15T12:00:00', '0801', '1.25'],
      ['3', 'TRUE', '3', '', ''],
    ]);
    expect(numbers).toEqual([2, 3, 4]);
    expect(source.detected).toMatchObject({ format: 'xlsx', sheet: 'Customers' });
  });

  it('is known by its content, has sheets to choose from, and may have names that mean something to JavaScript', async () => {
    const notes: WorkSheet = {
      '!ref': 'A1:B2',
      A1: text('__proto__'),
      B1: text('constructor'),
      A2: text('a'),
      B2: text('b'),
    };
    const bytes = save(type, ['__proto__', notes], ['Customers', customers]);
    expect((await files.read(bytes, { sheet: 'Customers' }, 'c.csv')).cells.length).toBe(3);
    expect(await files.read(bytes, { sheet: '1' })).toMatchObject({
      columns: ['__proto__', 'constructor'],
      cells: [['a', 'b']],
    });
    expect('a' in {}).toBe(false);
  });

  it('is an InputError when it was cut', async () => {
    const bytes = save(type, ['Customers', customers]);
    const failure = await catchFailure(files.open(bytes.subarray(0, bytes.length / 2), {}, `c.${extension}`));
    expect(['FILE_CUT', 'FILE_DAMAGED', 'EMPTY_SHEET']).toContain(failure.code);
  });
});

it('an .xls with a record that is longer than the file is damaged', async () => {
  const bytes = save('biff8', ['Customers', customers]);
  // The record 0x5f has a length of two bytes; its second digit becomes another.
  const record = bytes.indexOf(Buffer.from('5f000200', 'hex'));
  bytes[record + 3] = 0x40;
  expect(record).toBeGreaterThan(0);
  expect((await catchFailure(files.open(bytes))).code).toBe('FILE_DAMAGED');
});

/** A spreadsheet as LibreOffice writes it: repeated blank rows and cells to the edge of the sheet, styles, comments. */
function makeOds(rows: string): Buffer {
  const names = ['office', 'style', 'text', 'table'].map(
    (name) => `xmlns:${name}="urn:oasis:names:tc:opendocument:xmlns:${name}:1.0"`,
  );
  const spaces = [...names, 'xmlns:number="urn:oasis:names:tc:opendocument:xmlns:datastyle:1.0"'].join(' ');
  const styles =
    '<number:date-style style:name="N1"><number:day number:style="long"/><number:text>.</number:text><number:month number:style="long"/>' +
    '<number:text>.</number:text><number:year number:style="long"/></number:date-style><style:style style:name="ce1" style:family="table-cell" style:data-style-name="N1"/>' +
    '<number:number-style style:name="N2"><number:number number:decimal-places="0" number:min-integer-digits="4"/></number:number-style>' +
    '<style:style style:name="ce2" style:family="table-cell" style:data-style-name="N2"/>';
  const body = `<office:body><office:spreadsheet><table:table table:name="Kunden">${rows}</table:table></office:spreadsheet></office:body>`;
  return makeZip([
    { name: 'mimetype', content: 'application/vnd.oasis.opendocument.spreadsheet', isStored: true },
    {
      name: 'content.xml',
      content: `<?xml version="1.0" encoding="UTF-8"?><office:document-content ${spaces}><office:automatic-styles>${styles}</office:automatic-styles>${body}</office:document-content>`,
    },
    { name: 'styles.xml', content: `<?xml version="1.0"?><office:document-styles ${spaces}/>` },
    {
      name: 'META-INF/manifest.xml',
      content:
        '<?xml version="1.0"?><manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">' +
        '<manifest:file-entry manifest:full-path="/" manifest:media-type="application/vnd.oasis.opendocument.spreadsheet"/></manifest:manifest>',
    },
  ]);
}

it('an .ods has dates, zeros, line breaks and blanks as they are shown, and no rows for the rest of the sheet', async () => {
  const cell = (value: string) =>
    `<table:table-cell office:value-type="string"><text:p>${value}</text:p></table:table-cell>`;
  const rest = (count: number) => `<table:table-cell table:number-columns-repeated="${count}"/>`;
  const { cells, columns } = await files.read(
    makeOds(
      `<table:table-row>${['Nr', 'Name', 'Seit', 'PLZ'].map(cell).join('')}${rest(16380)}</table:table-row>` +
        `<table:table-row><table:table-cell office:value-type="float" office:value="1"><text:p>1</text:p></table:table-cell>${cell('Zoë &amp; <text:s text:c="2"/>Co')}` +
        '<table:table-cell table:style-name="ce1" office:value-type="date" office:date-value="2024-03-15"><text:p>15.03.2024</text:p></table:table-cell>' +
        `<table:table-cell table:style-name="ce2" office:value-type="float" office:value="800"><text:p>0800</text:p></table:table-cell>${rest(16380)}</table:table-row>` +
        '<table:table-row><table:table-cell table:formula="of:=[.A2]+1" office:value-type="float" office:value="2"><text:p>2</text:p></table:table-cell>' +
        `<table:table-cell office:value-type="string"><office:annotation><text:p>a comment</text:p></office:annotation><text:p>two</text:p><text:p>lines</text:p></table:table-cell>${rest(16382)}</table:table-row>` +
        `<table:table-row table:number-rows-repeated="1048573">${rest(16384)}</table:table-row>`,
    ),
  );
  expect(columns).toEqual(['Nr', 'Name', 'Seit', 'PLZ']);
  expect(cells).toEqual([
    ['1', 'Zoë &   Co', '2024-03-15', '0800'],
    ['2', 'two\nlines', '', ''],
  ]);
});

it('an .ods that unpacks to far more than it is packed is refused', async () => {
  const bomb = makeZip([
    { name: 'mimetype', content: 'application/vnd.oasis.opendocument.spreadsheet', isStored: true },
    { name: 'content.xml', content: Buffer.alloc(64 * 1024 * 1024, ' ') },
  ]);
  expect((await catchFailure(files.open(bomb))).code).toBe('PACKED_TOO_TIGHTLY');
});

describe('a zip archive', () => {
  const csv = 'No,Name\n1,Zoë\n2,Łódź\n';

  it('is read when there is one file in it', async () => {
    const { cells } = await files.read(readFileSync('fixtures/cases/files/c20-export.zip'), {}, 'export.zip');
    expect(cells.length).toBe(1);
  });

  it.each([
    ['CSV', { name: 'customers.csv', content: csv }],
    ['CSV that is stored as it is', { name: 'customers.csv', content: csv, isStored: true }],
    ['NDJSON', { name: 'customers.ndjson', content: '{"No":"1","Name":"Zoë"}\n{"No":"2","Name":"Łódź"}\n' }],
    ['CSV in a folder', { name: 'export/customers.csv', content: csv }],
  ])('may hold %s', async (_name, entry) => {
    const { cells, source } = await files.read(makeZip([entry]), {}, 'customers.zip');
    expect(cells).toEqual([
      ['1', 'Zoë'],
      ['2', 'Łódź'],
    ]);
    expect(source.detected.compression).toBe('zip');
  });

  it('may hold a workbook, new or old', async () => {
    const old = save('biff8', ['Customers', customers]);
    expect((await files.read(makeZip([{ name: 'customers.xls', content: old }]))).cells.length).toBe(3);
    const sheet =
      '<row r="1"><c r="A1" t="inlineStr"><is><t>No</t></is></c></row><row r="2"><c r="A2"><v>7</v></c></row>';
    const zipped = makeZip([{ name: 'customers.xlsx', content: makeWorkbook({ rows: sheet }) }]);
    expect((await files.read(zipped)).cells).toEqual([['7']]);
  });

  it('may hold what a Mac adds beside the file', async () => {
    const zipped = makeZip([
      { name: 'customers.csv', content: csv },
      { name: '__MACOSX/._customers.csv', content: 'x' },
      { name: '.DS_Store', content: 'x' },
      { name: 'empty/', content: '' },
    ]);
    expect((await files.read(zipped)).cells.length).toBe(2);
  });

  it.each([
    ['no file', [{ name: 'empty/', content: '' }], 'ARCHIVE_NOT_ONE_FILE'],
    [
      'two files',
      [
        { name: 'a.csv', content: csv },
        { name: 'b.csv', content: csv },
      ],
      'ARCHIVE_NOT_ONE_FILE',
    ],
    ['another archive', [{ name: 'a.csv.gz', content: gzipSync(csv) }], 'NESTED_ARCHIVE'],
    [
      'a file that unpacks to far too much',
      [{ name: 'a.csv', content: Buffer.alloc(80 << 20, 'a,b\n') }],
      'PACKED_TOO_TIGHTLY',
    ],
  ])('is refused with %s', async (_name, entries, code) => {
    expect((await catchFailure(files.open(makeZip(entries), {}, 'customers.zip'))).code).toBe(code);
  });

  it('is refused with a damaged file', async () => {
    const bytes = makeZip([{ name: 'a.csv', content: csv, isStored: true }]);
    bytes[bytes.indexOf('Zo')] = 0x58;
    expect((await catchFailure(files.open(bytes))).code).toBe('FILE_DAMAGED');
  });
});

describe('a JSON array', () => {
  const objects = [
    { No: '1', Name: 'Zoë, "Ltd"', Notes: { tags: ['a', ']'] } },
    { No: '2', Name: 'Łódź\\', Notes: null },
  ];
  const expected = [
    ['1', 'Zoë, "Ltd"', '{"tags":["a","]"]}'],
    ['2', 'Łódź\\', ''],
  ];

  it.each([
    ['on one line', JSON.stringify(objects)],
    ['on many lines', `\ufeff\n${JSON.stringify(objects, null, 2)}\n`],
    ['with Ctrl-Z at its end', `${JSON.stringify(objects)}\r\n\x1a`],
  ])('is read %s, and a row has the number of its object', async (_name, json) => {
    expect(await files.read(json, {}, 'customers.json')).toMatchObject({
      cells: expected,
      numbers: [1, 2],
      issues: [],
    });
  });

  it('is read in parts, however it lies in the chunks of the file', async () => {
    const many = Array.from({ length: 5000 }, (_, n) => ({ No: n, Name: `Zoë ${n} ${'x'.repeat(n % 200)}` }));
    const visitRows = () => () => undefined;
    for (const json of [JSON.stringify(many), JSON.stringify(many, null, 1)]) {
      const source = await files.open(json, { visitRows });
      const { cells } = await readContent(source);
      expect(cells.length).toBe(5000);
      const [, second, third] = source.rowRanges?.all ?? [];
      const rows = await readRowRanges(source, second && third ? [second, third] : []);
      expect(rows[0]).toMatchObject({ index: second?.first, number: (second?.first ?? 0) + 1 });
      expect(rows.length).toBe((third?.last ?? 0) - (second?.first ?? 0) + 1);
    }
  });

  it('has rows that cannot be used where an element is no object, or something follows the array', async () => {
    expect((await files.read('[{"a":"1"},2,{"a":"3"}]')).issues).toEqual(['2 NOT_AN_OBJECT']);
    expect((await files.read('[{"a":"1"}] x')).issues).toEqual(['2 BAD_JSON']);
    expect((await files.read('[{"a":"1"},{"a":b}]')).issues).toEqual(['2 BAD_JSON']);
  });
});

it('an integer of NDJSON that no number can hold keeps its digits as text', async () => {
  const { rows } = await files.read(readFileSync('fixtures/cases/files/id19.ndjson'), {}, 'id19.ndjson');
  expect(rows[0]?.cells[0]).toBe('7656119800000000123');
});

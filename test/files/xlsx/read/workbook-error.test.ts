import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { deflateRawSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { InputError, UsageError } from '#src/errors.js';
import { type OpenWorkbookOptions, openWorkbook } from '#src/files/xlsx/read/open-workbook.js';
import {
  makeWorkbook,
  makeZip,
  open,
  readRows,
  saveFile,
  textCell,
  textRow,
  type WorkbookRecipe,
  workbookParts,
} from '#test/files/xlsx/make-workbook.js';

const rows = textRow(1, 'Name', 'City') + textRow(2, 'Zoë', 'Ulm');
const whole = makeWorkbook({ rows });

async function catchRefusal(work: Promise<unknown>): Promise<InputError> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(InputError);
  return error as InputError;
}

async function readWhole(path: string, options: OpenWorkbookOptions = {}): Promise<unknown> {
  return readRows(await openWorkbook(path, { displayName: 'customers.xlsx', ...options }));
}

function oleFile(stream: string): Buffer {
  const bytes = Buffer.alloc(4096);
  bytes.write('d0cf11e0a1b11ae1', 'hex');
  bytes.write(stream, 2048, 'utf16le');
  return bytes;
}

describe('files that are no .xlsx workbook', () => {
  it.each<[string, Buffer | string, string]>([
    ['a workbook with a password', oleFile('EncryptedPackage'), 'WORKBOOK_ENCRYPTED'],
    ['an old .xls', oleFile('Workbook'), 'WORKBOOK_IS_XLS'],
    ['a web page', '<html><table><tr><td>Name', 'HTML_FILE'],
    ['a web page with a mark and a comment', '\uFEFF \n<!-- x --><!DOCTYPE html><p>', 'HTML_FILE'],
    ['a table of HTML', '<table border=1><tr><td>Name', 'HTML_FILE'],
    ['a CSV', 'Name,City\nZoë,Ulm\n', 'WORKBOOK_IS_TEXT'],
    ['a CSV in UTF-16', Buffer.from('\uFEFFName\tCity\r\n', 'utf16le'), 'WORKBOOK_IS_TEXT'],
    [
      'XML of Excel 2003',
      '<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet">',
      'XML_FILE',
    ],
    ['a flat OpenDocument', '<?xml version="1.0"?><office:document xmlns:office="x">', 'ODS_FILE'],
    ['a PDF', '%PDF-1.7\nx, y', 'PDF_FILE'],
    ['noise', Buffer.from([1, 0, 2, 0, 44, 0]), 'NOT_A_WORKBOOK'],
    ['nothing', '', 'EMPTY_FILE'],
    ['a zip of something else', makeZip([{ name: 'customers.csv', content: 'Name' }]), 'NOT_A_WORKBOOK'],
    ['an empty zip', makeZip([]), 'NOT_A_WORKBOOK'],
    ['a Numbers document', makeZip([{ name: 'Index/Document.iwa', content: 'x' }]), 'NUMBERS_FILE'],
    ['a binary workbook', makeWorkbook({ parts: mainPart('xl/workbook.bin', 'xl/workbook.bin') }), 'WORKBOOK_IS_XLSB'],
    ['a text document', makeWorkbook({ parts: mainPart('word/document.xml', 'word/document.xml') }), 'NOT_A_WORKBOOK'],
  ])('are refused: %s', async (_, content, code) => {
    const error = await catchRefusal(readWhole(saveFile(content)));
    expect(error).toMatchObject({ code, message: expect.stringMatching(/^customers\.xlsx/), exitCode: 3 });
    expect(error.nextStep).not.toBe('');
  });

  it('are refused: a missing file, a folder, a lock file', async () => {
    const folder = join(saveFile('x'), '..', 'folder');
    mkdirSync(folder, { recursive: true });
    expect(await catchRefusal(openWorkbook(join(folder, 'none.xlsx')))).toMatchObject({ code: 'FILE_NOT_FOUND' });
    expect(await catchRefusal(openWorkbook(folder))).toMatchObject({ code: 'IS_A_FOLDER' });
    expect(await catchRefusal(openWorkbook(saveFile('x'), { displayName: '~$customers.xlsx' }))).toMatchObject({
      code: 'LOCK_FILE',
    });
  });
});

function mainPart(target: string, name: string): Record<string, string> {
  const relationships = String(workbookParts({}).get('_rels/.rels')).replace('xl/workbook.xml', target);
  return { '_rels/.rels': relationships, [name]: 'x' };
}

describe('damaged workbooks', () => {
  it.each([0.1, 0.5, 0.9, 0.999])('are refused when cut at %d of their length', async (share) => {
    const bytes = whole.subarray(0, Math.floor(whole.length * share));
    expect(await catchRefusal(readWhole(saveFile(bytes)))).toMatchObject({ code: 'FILE_CUT' });
  });

  it('are refused when bytes changed but still unpack', async () => {
    const parts = [...workbookParts({ rows })].map(([name, content]) => ({
      name,
      content,
      isStored: true,
      ...(name.includes('sheet1') ? { crc: 1 } : {}),
    }));
    expect(await catchRefusal(readWhole(saveFile(makeZip(parts))))).toMatchObject({
      code: 'FILE_DAMAGED',
      message:
        'customers.xlsx, xl/worksheets/sheet1.xml: this part does not match its checksum: bytes were lost or changed.',
    });
  });

  it('are refused when a part is stored twice', async () => {
    const parts = [...workbookParts({ rows })].map(([name, content]) => ({ name, content }));
    const twice = [...parts, ...parts.filter(({ name }) => name.includes('sheet1'))];
    expect(await catchRefusal(readWhole(saveFile(makeZip(twice))))).toMatchObject({ code: 'FILE_DAMAGED' });
  });

  it('are refused when the package itself is encrypted', async () => {
    expect(await catchRefusal(open({ rows, entryOptions: { isEncrypted: true, isStored: true } }))).toMatchObject({
      code: 'FILE_DAMAGED',
    });
    expect(await catchRefusal(open({ rows, entryOptions: { isEncrypted: true } }))).toMatchObject({
      code: 'WORKBOOK_ENCRYPTED',
    });
  });

  it.each([
    ['xl/worksheets/sheet1.xml', {}],
    ['xl/sharedStrings.xml', { shared: '<si><t>a</t></si>', rows: '<row r="1"><c r="A1" t="s"><v>0</v></c></row>' }],
    ['xl/workbook.xml', {}],
  ])('are refused without their part %s', async (name, recipe) => {
    expect(await catchRefusal(open({ rows, ...recipe, parts: { [name]: null } }))).toMatchObject({
      code: 'XLSX_PART_MISSING',
      message: expect.stringContaining(name),
    });
  });

  it('have cell errors where cells refer to shared strings and there are none', async () => {
    const bad = `${rows}<row r="3"><c r="A3" t="s"><v>0</v></c></row>`;
    expect((await readRows(await open({ rows: bad })))[1]?.cells[0]).toMatchObject({ kind: 'error', text: '0' });
  });

  it.each<[string, WorkbookRecipe, string]>([
    ['an open tag', { rows: `${rows}\n<row r="3"><c r="A3">` }, 'XML_MALFORMED'],
    ['a wrong end tag', { rows: `${rows}<row r="3"></c>` }, 'XML_MALFORMED'],
    [
      'an unknown entity',
      { rows: `${textRow(1, 'Name')}<row r="2"><c t="str"><v>&nbsp;</v></c></row>` },
      'XML_MALFORMED',
    ],
    [
      'a bare ampersand',
      { rows: `${textRow(1, 'Name')}<row r="2"><c t="str"><v>a & b</v></c></row>` },
      'XML_MALFORMED',
    ],
    [
      'a reference to no character',
      { rows: `${textRow(1, 'Name')}<row r="2"><c t="str"><v>&#0;</v></c></row>` },
      'XML_MALFORMED',
    ],
    ['a forbidden character', { rows: textRow(1, 'Name') + textRow(2, 'a\u0001b') }, 'XML_MALFORMED'],
    ['two attributes of one name', { rows: `${rows}<row r="3" a="&amp;" a="2"/>` }, 'XML_MALFORMED'],
    ['an undeclared prefix', { rows: `${rows}<y:row r="3"/>` }, 'XML_MALFORMED'],
    ['elements without end', { rows: `${rows}${'<a>'.repeat(200)}` }, 'XML_MALFORMED'],
    [
      'a DOCTYPE',
      { parts: { 'xl/worksheets/sheet1.xml': '<!DOCTYPE worksheet [<!ENTITY a "b">]><worksheet/>' } },
      'XML_DOCTYPE',
    ],
    ['a DOCTYPE in the workbook', { parts: { 'xl/workbook.xml': '<!DOCTYPE workbook><workbook/>' } }, 'XML_DOCTYPE'],
    [
      'bytes that are no UTF-8',
      { parts: { 'xl/worksheets/sheet1.xml': Buffer.from([0x3c, 0x61, 0x3e, 0xe9, 0x3c]) } },
      'XML_ENCODING',
    ],
    [
      'another encoding',
      { parts: { 'xl/workbook.xml': '<?xml version="1.0" encoding="windows-1252"?><workbook/>' } },
      'XML_ENCODING',
    ],
    [
      'half a character at the end',
      { parts: { 'xl/workbook.xml': Buffer.from([0x3c, 0x61, 0x2f, 0x3e, 0xe6, 0x9d]) } },
      'XML_ENCODING',
    ],
    ['an empty part', { parts: { 'xl/worksheets/sheet1.xml': '' } }, 'XML_MALFORMED'],
    ['no sheet', { parts: { 'xl/workbook.xml': '<workbook/>' } }, 'NO_WORKSHEET'],
    ['a chart as its only sheet', { parts: chartOnly() }, 'NO_WORKSHEET'],
    ['a row past the end of every sheet', { rows: rows + textRow(1_048_577, 'x') }, 'CELL_OUTSIDE_SHEET'],
    [
      'a column past the end of every sheet',
      { rows: `${rows}<row r="3">${textCell('XFE3', 'x')}</row>` },
      'CELL_OUTSIDE_SHEET',
    ],
    ['row number zero', { rows: `<row r="0">${textCell('A1', 'x')}</row>` }, 'CELL_OUTSIDE_SHEET'],
    ['a reference that is none', { rows: `<row r="1">${textCell('1A', 'x')}</row>` }, 'CELL_OUTSIDE_SHEET'],
  ])('are refused with %s', async (_, recipe, code) => {
    const error = await catchRefusal(open(recipe).then(readRows));
    expect(error).toMatchObject({ code });
  });

  it('name the part and the line of broken XML, fast way or slow', async () => {
    const lines = `\n${textRow(1, 'Name')}\n${textRow(2, 'a')}\n\n<row r="3"><c r="A3"><v>1</w></c></row>\n`;
    expect(await catchRefusal(open({ rows: lines }))).toMatchObject({
      code: 'XML_MALFORMED',
      message: expect.stringMatching(
        /^customers\.xlsx, sheet “Customers”, line 6 of xl\/worksheets\/sheet1\.xml: the XML is broken/,
      ),
    });
  });

  it('name the row and column of a cell outside the sheet', async () => {
    const bad = `${rows}<row r="3">${textCell('AAAA3', 'x')}</row>`;
    expect((await catchRefusal(open({ rows: bad }).then(readRows))).message).toBe(
      'customers.xlsx, sheet “Customers”, row 3, column AAAA: a sheet ends at column XFD.',
    );
  });
});

function chartOnly(): Record<string, string> {
  const name = 'xl/_rels/workbook.xml.rels';
  return { [name]: String(workbookParts({}).get(name)).replace('/worksheet"', '/chartsheet"') };
}

describe('bombs', () => {
  it.each<[string, WorkbookRecipe, OpenWorkbookOptions['limits'] & object, string]>([
    ['too many parts', {}, { maxParts: 3 }, 'TOO_MANY_PARTS'],
    ['a part too large', { rows: rows + ' '.repeat(5000) }, { maxPartBytes: 2000 }, 'PART_TOO_LARGE'],
    ['too much in all', { rows: rows + ' '.repeat(5000) }, { maxTotalBytes: 5000 }, 'WORKBOOK_TOO_LARGE'],
    [
      'an index part too large',
      { styles: `<cellXfs>${'<xf/>'.repeat(1000)}</cellXfs>` },
      { maxIndexPartBytes: 2000 },
      'PART_TOO_LARGE',
    ],
    [
      'a part packed too tightly',
      { rows: rows + ' '.repeat(3_000_000) },
      { ratioCheckedFromBytes: 1_000_000, maxInflateRatio: 100 },
      'PACKED_TOO_TIGHTLY',
    ],
    [
      'a text too long',
      { rows: textRow(1, 'Name') + textRow(2, 'x'.repeat(2000)) },
      { maxCellCharacters: 1000 },
      'CELL_TOO_LONG',
    ],
    [
      'a shared text too long',
      { rows, shared: `<si><t>${'x'.repeat(2000)}</t></si>` },
      { maxCellCharacters: 1000 },
      'CELL_TOO_LONG',
    ],
    [
      'a text of endless runs',
      { rows: `<row r="1"><c t="inlineStr"><is>${'<r><t>xxxxxxxxxx</t></r>'.repeat(500)}` },
      { maxCellCharacters: 1000 },
      'CELL_TOO_LONG',
    ],
    [
      'a shared text of endless runs',
      { rows, shared: `<si>${'<r><t>xxxxxxxxxx</t></r>'.repeat(500)}` },
      { maxCellCharacters: 1000 },
      'CELL_TOO_LONG',
    ],
    [
      'a tag without end',
      { rows: `<row a="${'x'.repeat(600_000)}` },
      { maxCharactersBetweenTags: 200_000 },
      'CELL_TOO_LONG',
    ],
    [
      'a comment without end',
      { rows: `<!--${'x'.repeat(600_000)}` },
      { maxCharactersBetweenTags: 200_000 },
      'CELL_TOO_LONG',
    ],
  ])('are refused: %s', async (_, recipe, limits, code) => {
    expect(await catchRefusal(open({ rows, ...recipe }, { limits }).then(readRows))).toMatchObject({ code });
  });

  it('are refused when they lie about their size', async () => {
    const content = Buffer.alloc(100_000, ' ');
    const bytes = makeWorkbook({ parts: { 'xl/worksheets/sheet1.xml': content } });
    const directory = bytes.lastIndexOf('xl/worksheets/sheet1.xml') - 46;
    bytes.writeUInt32LE(10, directory + 24);
    expect(await catchRefusal(readWhole(saveFile(bytes)))).toMatchObject({ code: 'FILE_DAMAGED' });
    expect(deflateRawSync(content).length).toBeLessThan(1000);
  });
});

describe('sheets without customers', () => {
  const moreSheets = [{ name: 'List', rows }];
  it.each<[string, WorkbookRecipe, OpenWorkbookOptions, string, RegExp]>([
    [
      'an empty sheet',
      { moreSheets },
      {},
      'EMPTY_SHEET',
      /sheet “Customers”: the sheet is empty\. These have content: List\.$/,
    ],
    ['only styled cells', { rows: '<row r="1"><c r="A1" s="1"/></row>' }, {}, 'EMPTY_SHEET', /the sheet is empty\.$/],
    ['only a header', { rows: textRow(3, 'Name', 'City') }, {}, 'NO_DATA_ROWS', /row 3: “Name”, “City”/],
    [
      'only hidden rows, left out',
      { rows: `${textRow(1, 'Name')}<row r="2" hidden="1">${textCell('A2', 'x')}</row>` },
      { skipHidden: true },
      'NO_DATA_ROWS',
      /no rows below/,
    ],
    ['a header row that is empty', { rows }, { headerRow: 7 }, 'HEADER_ROW_EMPTY', /row 7: /],
  ])('are refused: %s', async (_, recipe, options, code, message) => {
    const error = await catchRefusal(open(recipe, options));
    expect(error).toMatchObject({ code, message: expect.stringMatching(message) });
  });

  it('that do not exist are a matter of usage, and the others are named', async () => {
    await expect(open({ rows, moreSheets }, { sheet: 'Customer' })).rejects.toThrow(UsageError);
    await expect(open({ rows, moreSheets }, { sheet: '3' })).rejects.toMatchObject({
      code: 'UNKNOWN_SHEET',
      message: 'customers.xlsx: there is no sheet “3”. The workbook has “Customers”, “List”.',
    });
  });
});

import { describe, expect, it } from 'vitest';
import { cellToText } from '#pipelines/model.js';
import { openWorkbook } from '#src/files/xlsx/read/open-workbook.js';
import {
  mainNamespace,
  makeWorkbook,
  open,
  read,
  readRows,
  saveFile,
  textCell,
  textRow,
  type WorkbookRecipe,
  workbookParts,
} from '#test/files/xlsx/make-workbook.js';

const plainRows = textRow(1, 'Name', 'City') + textRow(2, 'Zoë', '東京 😀');
const plain = [['Zoë', '東京 😀']];
const sharedRows =
  '<row r="1"><c r="A1" t="s"><v>0</v></c></row><row r="2"><c r="A2" t="s"><v>1</v></c></row><row r="3"><c r="A3" t="s"><v>0</v></c></row>';
const shared = '<si><t>Name</t></si><si><t>Zoë</t></si>';

describe('the parts of a workbook', () => {
  it.each([
    ['under another name (ClosedXML, trap R3)', 'xl/worksheets/sheet.xml', 'worksheets/sheet.xml'],
    ['by an absolute target (R3)', 'xl/worksheets/sheet1.xml', '/xl/worksheets/sheet1.xml'],
    ['by a target with backslashes', 'xl/worksheets/sheet1.xml', 'worksheets\\sheet1.xml'],
    ['by a target with dots', 'xl/worksheets/sheet1.xml', '../xl/./worksheets/sheet1.xml'],
    ['in another case than the target', 'XL/Worksheets/Sheet1.XML', 'worksheets/sheet1.xml'],
    ['stored with backslashes', 'xl\\worksheets\\sheet1.xml', 'worksheets/sheet1.xml'],
    ['stored with a leading slash', '/xl/worksheets/sheet1.xml', 'worksheets/sheet1.xml'],
    ['in a folder of its own', 'data/blatt eins.xml', '/data/blatt%20eins.xml'],
  ])('are found %s', async (_, sheetPart, sheetTarget) => {
    const parts = { 'xl/worksheets/sheet1.xml': null };
    const recipe = { rows: plainRows, sheetPart, sheetTarget };
    expect(await read(sheetPart === 'xl/worksheets/sheet1.xml' ? recipe : { ...recipe, parts })).toEqual(plain);
  });

  it.each<[string, WorkbookRecipe]>([
    ['with a namespace prefix on every tag, as the OpenXML SDK writes them (R4)', { prefix: 'x', rows: prefixed('x') }],
    ['of strict OOXML', { isStrict: true, rows: plainRows }],
    ['without the part [Content_Types].xml', { rows: plainRows, parts: { '[Content_Types].xml': null } }],
    ['without package relationships', { rows: plainRows, parts: { '_rels/.rels': null } }],
  ])('are read %s', async (_, recipe) => {
    expect(await read(recipe)).toEqual(plain);
  });

  it('are read when no tag has a namespace at all', async () => {
    const bare = [...workbookParts({ rows: plainRows })].map(([name, content]): [string, string] => [
      name,
      String(content).replace(` xmlns="${mainNamespace}"`, ''),
    ]);
    expect(await read({ parts: Object.fromEntries(bare) })).toEqual(plain);
  });

  it.each<[string, WorkbookRecipe['entryOptions']]>([
    ['stored', { isStored: true }],
    ['deflated with data descriptors (R24)', { hasDescriptor: true }],
    ['stored with data descriptors', { isStored: true, hasDescriptor: true }],
    ['in zip64', { isZip64: true }],
    ['in zip64 with data descriptors of 24 bytes', { isZip64: true, hasDescriptor: true }],
  ])('are unpacked when %s', async (_, entryOptions) => {
    expect(await read({ rows: plainRows, ...(entryOptions ? { entryOptions } : {}) })).toEqual(plain);
  });

  it.each([
    ['before the sheet', ['xl/sharedStrings.xml']],
    ['after the sheet (R6)', ['xl/worksheets/sheet1.xml']],
    [
      'with the workbook part last of all (R2, R9)',
      ['xl/sharedStrings.xml', 'xl/worksheets/sheet1.xml', '_rels/.rels'],
    ],
  ])('may come in any order: shared strings %s', async (_, order) => {
    const source = await open({ rows: sharedRows, shared, order });
    expect([source.columns, await readRows(source)]).toEqual([
      ['Name'],
      [
        { index: 0, number: 2, cells: ['Zoë'] },
        { index: 1, number: 3, cells: ['Name'] },
      ],
    ]);
  });

  it('finds shared strings in a part of odd case, and index 0 too (R5)', async () => {
    const parts = {
      'xl/SharedStrings.XML': workbookParts({ shared }).get('xl/sharedStrings.xml') ?? '',
      'xl/sharedStrings.xml': null,
    };
    expect(await read({ rows: sharedRows, shared, parts })).toEqual([['Zoë'], ['Name']]);
  });

  it('finds shared strings that no relationship mentions', async () => {
    const parts = { 'xl/sharedStrings.xml': workbookParts({ shared }).get('xl/sharedStrings.xml') ?? '' };
    expect(await read({ rows: sharedRows, parts })).toEqual([['Zoë'], ['Name']]);
  });

  it.each(['utf-16le', 'utf-16be'])('are decoded from %s by their mark', async (encoding) => {
    const text = String(workbookParts({ rows: plainRows }).get('xl/worksheets/sheet1.xml')).replace('UTF-8', 'UTF-16');
    const bytes = Buffer.from(`\uFEFF${text}`, 'utf16le');
    const parts = { 'xl/worksheets/sheet1.xml': encoding === 'utf-16le' ? bytes : bytes.swap16() };
    expect(await read({ parts })).toEqual(plain);
  });

  it('are decoded from UTF-8 with a mark', async () => {
    const parts = [...workbookParts({ rows: plainRows })].map(([name, content]) => [name, `\uFEFF${content}`]);
    expect(await read({ parts: Object.fromEntries(parts) })).toEqual(plain);
  });
});

function prefixed(prefix: string): string {
  return plainRows.replace(/<(\/?)(?=[a-z])/g, `<$1${prefix}:`);
}

describe('rows and cells', () => {
  it('count themselves where the file gives no references (R19)', async () => {
    const rows =
      '<row><c t="str"><v>Name</v></c><c t="str"><v>City</v></c></row><row r="5"><c/><c t="str"><v>Ulm</v></c></row><row><c t="str"><v>Zoë</v></c></row>';
    expect(await readRows(await open({ rows }))).toEqual([
      { index: 0, number: 5, cells: ['', 'Ulm'] },
      { index: 1, number: 6, cells: ['Zoë', ''] },
    ]);
  });

  it('keep the row numbers of the sheet across blank rows (R18)', async () => {
    const rows = textRow(1, 'Name') + textRow(4, 'a') + textRow(900_000, 'b');
    expect((await readRows(await open({ rows }))).map(({ number, index }) => [index, number])).toEqual([
      [0, 4],
      [1, 900_000],
    ]);
  });

  it('are skipped where all cells are empty, styled or not', async () => {
    const rows = `${textRow(1, 'Name')}<row r="2"><c r="A2" s="1"/></row>${textRow(3, 'a')}<row r="4"/><row r="5"><c r="A5" t="s"><v>0</v></c></row><row r="6" s="3" customFormat="1"><c r="A6" t="str"><f>""</f><v></v></c></row>`;
    expect(await readRows(await open({ rows, shared: '<si><t/></si>' }))).toEqual([
      { index: 0, number: 3, cells: ['a'] },
    ]);
  });

  it('come in batches of 500, the same each time', async () => {
    const rows = textRow(1, 'Name') + Array.from({ length: 1201 }, (_, at) => textRow(at + 2, `n${at}`)).join('');
    const source = await open({ rows });
    const sizes: number[] = [];
    for await (const batch of source.batches()) sizes.push(batch.length);
    expect(sizes).toEqual([500, 500, 201]);
    const again = await readRows(source);
    expect(again.map(({ index }) => index)).toEqual(Array.from({ length: 1201 }, (_, at) => at));
    expect(await readRows(source)).toEqual(again);
  });

  it('can be left early', async () => {
    const rows = textRow(1, 'Name') + Array.from({ length: 5000 }, (_, at) => textRow(at + 2, `n${at}`)).join('');
    const source = await open({ rows });
    for (let round = 0; round < 50; round++)
      for await (const batch of source.batches()) {
        expect(batch[0]?.cells).toEqual(['n0']);
        break;
      }
  });

  it.each([
    ['comments', '<!-- <row r="9"><c t="str"><v>no</v></c></row> -->'],
    ['a comment that ends no row', '<!-- </row> -->'],
    ['processing instructions', '<?mso </row>?>'],
    ['elements of other namespaces', '<x14:row xmlns:x14="urn:other"><x14:c><x14:v>1</x14:v></x14:c></x14:row>'],
    ['white space and line ends', '\r\n\t '],
  ])('are not mistaken for %s between rows', async (_, between) => {
    const rows = `${between}${textRow(1, 'Name')}${between}${textRow(2, 'a')}${between}${textRow(3, 'b')}${between}`;
    expect(await read({ rows })).toEqual([['a'], ['b']]);
  });

  it.each([
    ['a comment', '<!-- </row> -->'],
    ['an extension', '<extLst><ext uri="{1}"><x14:id xmlns:x14="urn:other">9</x14:id></ext></extLst>'],
    ['CDATA', '<c r="B2" t="str"><v><![CDATA[</row>]]></v></c>'],
  ])('are read on after %s inside a row', async (_, inside) => {
    const rows = `${textRow(1, 'Name')}<row r="2">${textCell('A2', 'a')}${inside}</row>${textRow(3, 'b')}`;
    expect((await read({ rows })).map((cells) => cells[0])).toEqual(['a', 'b']);
  });

  it('are read from attributes in single quotes, in any order and with spaces', async () => {
    const rows = `<row  spans='1:1'  r='1' ><c t = "str" r='A1'><v>Name</v></c></row >\n<row r='2'><c t='str'\n s='0' r='a2' ><v >x</v ></c ></row>`;
    expect(await read({ rows })).toEqual([['x']]);
  });
});

describe('long parts', () => {
  const words = ['東京', '😀', 'Zoë', '– “quoted” –', 'e\u0301', '\u{1F469}\u200D\u{1F4BB}', 'Ünïcödé'];

  it.each(['shared', 'inline'])(
    'keep every %s character of 300 KiB across the borders of their chunks, 20 times (R1)',
    async (kind) => {
      const texts = Array.from(
        { length: 9000 },
        (_, at) => `${at} ${words[at % words.length]} ${words[(at * 5 + 3) % words.length]}`,
      );
      const rows = texts.map((text, at) =>
        kind === 'inline' ? textRow(at + 2, text) : `<row r="${at + 2}"><c r="A${at + 2}" t="s"><v>${at}</v></c></row>`,
      );
      const recipe = {
        rows: textRow(1, 'Name') + rows.join(''),
        shared: texts.map((text) => `<si><t>${text}</t></si>`).join(''),
      };
      for (let round = 0; round < 20; round++) {
        // A space more in front moves every border by one byte.
        const source = await open({
          ...recipe,
          rows: ' '.repeat(round) + recipe.rows,
          shared: ' '.repeat(round) + recipe.shared,
        });
        expect((await readRows(source)).map(({ cells }) => cellToText(cells[0]))).toEqual(texts);
      }
    },
  );

  it('keep texts of more than one page when they go to a temporary file', async () => {
    const texts = Array.from({ length: 400 }, (_, at) => `${at}${'東'.repeat((at * 7919) % 30_000)}😀`);
    const rows = texts.map((_, at) => `<row r="${at + 2}"><c r="A${at + 2}" t="s"><v>${(at * 37) % 400}</v></c></row>`);
    const recipe = {
      rows: textRow(1, 'Name') + rows.join(''),
      shared: texts.map((text) => `<si><t>${text}</t></si>`).join(''),
    };
    const inMemory = await readRows(await open(recipe));
    const spilled = await readRows(await open(recipe, { limits: { sharedStringBytesInMemory: 0 } }));
    expect(spilled.map(({ cells }) => cells[0])).toEqual(texts.map((_, at) => texts[(at * 37) % 400]));
    expect(spilled).toEqual(inMemory);
  });
});

describe('openWorkbook', () => {
  it('names the file as the user did', async () => {
    const path = saveFile(makeWorkbook({ rows: plainRows }));
    const source = await openWorkbook(path);
    expect(source.file).toBe(path);
    expect(source.format).toBe('xlsx');
    expect(source.detected).toEqual({ format: 'xlsx', sheet: 'Customers', headerRow: 1 });
    expect(source.notices).toEqual([]);
  });
});

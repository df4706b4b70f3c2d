import { readFileSync } from 'node:fs';
import { stringify } from 'csv-stringify/sync';
import iconv from 'iconv-lite';
import { describe, expect, it } from 'vitest';
import { openRowSource } from '#src/files/open-row-source.js';
import { awkwardColumns, awkwardCustomers, csvCustomers, westernCustomers } from '#test/files/awkward-customers.js';
import { readContent, useTempFiles } from '#test/files/temp-files.js';

const files = useTempFiles();

interface Written {
  readonly delimiter?: string;
  readonly lineEnd?: string;
  readonly encoding?: string;
  readonly bom?: boolean;
  readonly quoted?: boolean;
  readonly preamble?: string;
  readonly lastLineEnd?: boolean;
}

function written(rows: readonly (readonly string[])[], dialect: Written): Buffer {
  const { delimiter = ',', lineEnd = '\n', encoding = 'utf-8', bom = false, quoted = false, preamble = '' } = dialect;
  const text = stringify([awkwardColumns, ...rows] as string[][], {
    delimiter,
    record_delimiter: lineEnd,
    quote_record_delimiter: true,
    quoted,
    quoted_match: /[\r\n]/,
  });
  const whole = preamble + (dialect.lastLineEnd === false ? text.slice(0, -lineEnd.length) : text);
  return iconv.encode((bom ? '\ufeff' : '') + whole, encoding);
}

const dialects: readonly [string, Written, object][] = [
  ['plain', {}, { encoding: 'utf-8', bom: false, delimiter: ',', lineEnd: 'LF' }],
  ['with every cell quoted', { quoted: true }, { delimiter: ',' }],
  ['without a last line end', { lastLineEnd: false }, {}],
  ['with semicolons and CRLF', { delimiter: ';', lineEnd: '\r\n' }, { delimiter: ';', lineEnd: 'CRLF' }],
  ['with tabs', { delimiter: '\t' }, { delimiter: '\t' }],
  ['with pipes', { delimiter: '|' }, { delimiter: '|' }],
  ['with CR line ends', { lineEnd: '\r' }, { lineEnd: 'CR' }],
  ['with CR line ends and every cell quoted', { lineEnd: '\r', quoted: true }, { lineEnd: 'CR' }],
  ['as Excel writes UTF-8', { bom: true, lineEnd: '\r\n', delimiter: ';' }, { encoding: 'utf-8', bom: true }],
  ['as Excel writes a quoted first header behind a mark', { bom: true, quoted: true }, { bom: true }],
  [
    'as Excel writes Unicode text',
    { encoding: 'utf-16le', bom: true, delimiter: '\t', lineEnd: '\r\n' },
    { encoding: 'utf-16le', bom: true },
  ],
  ['in utf-16le without a mark', { encoding: 'utf-16le' }, { encoding: 'utf-16le', bom: false }],
  ['in utf-16be with a mark', { encoding: 'utf-16be', bom: true }, { encoding: 'utf-16be', bom: true }],
  ['in utf-16be without a mark', { encoding: 'utf-16be', lineEnd: '\r\n' }, { encoding: 'utf-16be', bom: false }],
  ['in utf-32le with a mark', { encoding: 'utf-32le', bom: true }, { encoding: 'utf-32le' }],
  ['behind sep=', { delimiter: ';', preamble: 'sep=;\n' }, { delimiter: ';', headerRow: 2 }],
  ['behind a quoted sep= and CRLF', { delimiter: '|', lineEnd: '\r\n', preamble: '"sep=|"\r\n' }, { delimiter: '|' }],
];

describe('the ten awkward customers', () => {
  it.each(dialects)('read equal cell by cell %s', async (_name, dialect, detected) => {
    const { source, cells, columns, issues } = await files.read(written(csvCustomers, dialect));
    expect(columns).toEqual(awkwardColumns);
    expect(cells).toEqual(csvCustomers);
    expect(issues).toEqual([]);
    expect(source.detected).toMatchObject({ format: 'csv', ...detected });
  });

  it('read equal in windows-1252, with a notice that it was a guess', async () => {
    const bytes = written(westernCustomers, { encoding: 'windows-1252', delimiter: ';', lineEnd: '\r\n' });
    const { source, cells, notices } = await files.read(bytes);
    expect(cells).toEqual(westernCustomers);
    expect(source.detected.encoding).toBe('windows-1252');
    expect(notices).toContain('ENCODING_GUESSED');
    expect(source.notices[0]?.row).toBe(2);
  });

  it.each(['shift_jis', 'gb18030', 'iso-8859-15', 'windows-1250'])('read equal in %s when asked', async (encoding) => {
    const representable = awkwardCustomers.map((cells) =>
      cells.map((cell) => (iconv.decode(iconv.encode(cell, encoding), encoding) === cell ? cell : 'x')),
    );
    const { cells, source } = await files.read(written(representable, { encoding }), { encoding });
    expect(cells).toEqual(representable);
    expect(source.detected.encoding).toBe(encoding);
  });
});

describe('windows-1252', () => {
  it('has the euro and the curly quotes where TextDecoder of this Node loses them', async () => {
    const bytes = Buffer.concat([Buffer.from('Name;Limit\n'), Buffer.from([0x80, 0x93, 0x94, 0x99, 0x3b, 0x31, 0x0a])]);
    expect((await files.read(bytes)).cells).toEqual([['€“”™', '1']]);
  });

  it('is what latin1 means, as in browsers', async () => {
    const bytes = Buffer.concat([Buffer.from('Name;Limit\n'), Buffer.from([0x80, 0x3b, 0x31, 0x0a])]);
    expect((await files.read(bytes, { encoding: 'latin1' })).cells).toEqual([['€', '1']]);
  });
});

const samples = 'fixtures/samples';

describe('the public samples', () => {
  it('gives 500 rows of the file with CR line ends and keeps its leading zero', async () => {
    const { source, rows, cells } = await readContent(await openRowSource(`${samples}/au-500.csv`));
    expect(source.detected.lineEnd).toBe('CR');
    expect(rows.length).toBe(500);
    expect(rows.at(-1)?.number).toBe(501);
    expect(cells.some((row) => row[6] === '0810')).toBe(true);
    expect(rows.every((row) => row.cells.length === 11 && row.issues === undefined)).toBe(true);
  });

  it('gives 1,000 rows of the file with twelve columns', async () => {
    const { rows } = await readContent(await openRowSource(`${samples}/customers-1000.csv`));
    expect(rows.length).toBe(1000);
    expect(rows.at(-1)).toMatchObject({ index: 999, number: 1001 });
    expect(readFileSync(`${samples}/customers-1000.csv`, 'utf8')).toContain(String(rows[999]?.cells[9]));
  });
});

describe('the delimiter', () => {
  const rows = (count: number, row: string) => Array.from({ length: count }, () => row).join('\n');
  it.each([
    ['a file of one column', 'Email\na@b.co\nc@d.co\n', ',', 1],
    ['names with a space', 'Name\nJohn Smith\nAnn Lee\n', ',', 1],
    ['one column of "last, first"', `Name\n${rows(25, 'Smith, John')}\n`, ',', 2],
    ['semicolons with decimal commas', 'a;b;c\n1,5;2,5;3,5\n4,5;6,5;7,5\n', ';', 3],
    ['commas inside quotation marks', 'a;b\n"x,y,z";2\n"p,q,r";3\n', ';', 2],
    ['a title above the header', `Customers, all of them\n\n${rows(9, 'a;b;c;d')}\n`, ';', 4],
    ['text beyond ASCII in the sample', 'Näme;Straße\nZoë;Großer Weg\n', ';', 2],
    ['a stray quotation mark', 'a;b;c\n5" pipe;2;3\n1;2;3\n', ';', 3],
    ['rows of differing width', 'a,b,c\n1,2\n1,2,3,4\n', ',', 3],
    ['an empty first column under tabs', '\tb\tc\n\t2\t3\n', '\t', 3],
  ])('is found for %s', async (name, text, delimiter, width) => {
    const source = await files.open(text);
    expect(source.detected.delimiter).toBe(delimiter);
    if (name !== 'one column of "last, first"' && !name.startsWith('a title'))
      expect(source.columns.length).toBe(width);
  });

  it.each([
    [';', 'a;b'],
    ['tab', 'a\tb'],
    ['\\t', 'a\tb'],
    ['||', 'a||b'],
    ['§', 'a§b'],
  ])('is taken as given: %s', async (delimiter, header) => {
    const { cells } = await files.read(`${header}\n${header.replace('a', '"x, y"')}\n${header}\n`, { delimiter });
    expect(cells).toEqual([
      ['x, y', 'b'],
      ['a', 'b'],
    ]);
  });
});

describe('line ends', () => {
  it('may be mixed without a row being merged', async () => {
    const { cells, numbers, source } = await files.read('a,b\r\n1,2\n3,4\r\n"x\ny",5\n');
    expect(cells).toEqual([
      ['1', '2'],
      ['3', '4'],
      ['x\ny', '5'],
    ]);
    expect(numbers).toEqual([2, 3, 4]);
    expect(source.detected.lineEnd).toBe('mixed');
  });

  it('keep a lone return inside an unquoted cell of an LF file, and say so', async () => {
    const { cells, numbers, notices } = await files.read('a,b\n1,x\ry\n3,4\n');
    expect(cells).toEqual([
      ['1', 'x\ry'],
      ['3', '4'],
    ]);
    expect(numbers).toEqual([2, 3]);
    expect(notices).toEqual(['STRAY_RETURNS']);
  });

  it('of two systems in one file all end rows', async () => {
    const { cells, numbers } = await files.read('a,b\r1,2\r3,4\n5,6\r\n7,8');
    expect(cells.map((row) => row.join())).toEqual(['1,2', '3,4', '5,6', '7,8']);
    expect(numbers).toEqual([2, 3, 4, 5]);
  });

  it('doubled by a careless conversion lose nothing', async () => {
    const { cells } = await files.read('a,b\r\r\n1,2\r\r\n3,4\r\r\n');
    expect(cells.map((row) => row.join())).toEqual(['1,2', '3,4']);
  });

  it('inside quotation marks belong to the cell, and count as lines', async () => {
    const { cells, numbers } = await files.read('a,b\r"1\n2",x\r"3\r4",y\r5,z');
    expect(cells).toEqual([
      ['1\n2', 'x'],
      ['3\r4', 'y'],
      ['5', 'z'],
    ]);
    expect(numbers).toEqual([2, 4, 6]);
  });
});

describe('row numbers', () => {
  it('are physical lines, past blank lines, long cells and the sep= line', async () => {
    const { numbers, rows } = await files.read('sep=;\n\na;b\n1;"x\ny\nz"\n\n2;y\n;\n3;z\n');
    expect(numbers).toEqual([4, 8, 10]);
    expect(rows.map(({ index }) => index)).toEqual([0, 1, 2]);
  });

  it('stay the same in a second reading', async () => {
    const source = await files.open('a,b\n1,2\n\n3,"4\n5"\n6,7\n');
    const first = await readContent(source);
    const second = await readContent(source);
    expect(second.rows).toEqual(first.rows);
    expect(second.notices).toEqual(first.notices);
  });
});

describe('text that means something elsewhere', () => {
  it.each(['_x000D_', '&#10;', 'a<br>b', '007', '1e5', '0x10', 'TRUE', '1.234,56', '(12.00)', '=1+1', '\u00a0x\u00a0'])(
    'stays as it is: %s',
    async (cell) => {
      expect((await files.read(`a,b\n"${cell}",x\n`)).cells).toEqual([[cell, 'x']]);
      expect((await files.read(`a\tb\n${cell}\tx\n`)).cells).toEqual([[cell, 'x']]);
    },
  );
});

describe('utf-16 without an order of bytes', () => {
  it.each(['utf-16le', 'utf-16be'])('is read by its mark or its look: %s', async (encoding) => {
    for (const bom of [true, false]) {
      const { source, cells } = await files.read(written(awkwardCustomers, { encoding, bom }), { encoding: 'utf-16' });
      expect([source.detected.encoding, source.detected.bom, cells]).toEqual([encoding, bom, awkwardCustomers]);
    }
  });
});

describe('quotation marks that make no sense', () => {
  it.each([
    ['one never closed', 'a,b,c\n1,"x,2\n2,y,3\n3,z,4\n', ['2 OPEN_QUOTE'], 3],
    ['one that a later quoted cell seems to close', 'a,b,c\n1,"x,2\n2,"y",3\n3,z,4\n', ['2 OPEN_QUOTE'], 3],
    ['one never closed where every cell is quoted', '"a","b"\n"1","x\n"2","y"\n"3","z"\n', ['2 OPEN_QUOTE'], 3],
    ['one never closed before many empty quoted cells', 'a,b\n1,"x\n2,""\n3,""\n4,""\n', ['2 OPEN_QUOTE'], 4],
    ['one in the last line without an end', 'a,b\n1,x\n2,"y', ['3 OPEN_QUOTE'], 2],
    ['inches', 'a,b,c\n1,5" pipe,x\n2,y,z\n', ['2 STRAY_QUOTE'], 2],
    ['text behind a closing mark', 'a,b\n1,"Smith" & Co\n2,y\n', ['2 STRAY_QUOTE'], 2],
    ['a nickname in a quoted cell', 'a,b\n1,"Robert "Bob" Smith"\n2,y\n', ['2 STRAY_QUOTE'], 2],
    ['two bad lines apart', 'a,b\n1,"x"y\n2,y\n3,"z\n4,ok\n', ['2 STRAY_QUOTE', '4 OPEN_QUOTE'], 4],
    ['a bad line in a CR file', 'a,b\r1,5" x\r2,y\r', ['2 STRAY_QUOTE'], 2],
    ['a bad line in a CRLF file', 'a,b\r\n1,5" x\r\n2,y\r\n', ['2 STRAY_QUOTE'], 2],
  ])('cost one line, not the file: %s', async (_name, text, expected, rowCount) => {
    const { issues, rows, cells } = await files.read(text);
    expect(issues).toEqual(expected);
    expect(rows.length).toBe(rowCount);
    expect(cells.at(-1)?.join('').replaceAll('"', '')).toContain(
      text
        .trim()
        .replaceAll('"', '')
        .split(/[\r\n]/)
        .at(-1)
        ?.replaceAll(',', ''),
    );
  });

  it('keep the cells of the broken line as found', async () => {
    const { cells } = await files.read('a,b,c\n1,5" pipe,x\n2,y,z\n');
    expect(cells[0]).toEqual(['1', '5" pipe', 'x']);
  });

  it('are text with lenientQuotes', async () => {
    const { cells, issues } = await files.read('a,b,c\n1,5" pipe,x\n2,"Robert "Bob" Smith",y\n3,"q, r",z\n', {
      lenientQuotes: true,
    });
    expect(issues).toEqual([]);
    expect(cells).toEqual([
      ['1', '5" pipe', 'x'],
      ['2', '"Robert "Bob" Smith"', 'y'],
      ['3', 'q, r', 'z'],
    ]);
  });

  it.each([
    [
      'an opening mark and another rows below',
      '1,"Koala,0491\n2,Wren,0492\n3,Emu",0493\n4,Kiwi,0494\n',
      ['2 OPEN_QUOTE', '4 STRAY_QUOTE'],
    ],
    ['ditto marks', '1,Koala,"\n2,Wren,0492\n3,Emu,"\n4,Kiwi,0494\n', ['2 OPEN_QUOTE', '4 OPEN_QUOTE']],
    ['e-mail addresses only', 'Koala,"x,a@x.example\nWren,y",b@x.example\n', ['2 OPEN_QUOTE', '3 STRAY_QUOTE']],
  ])('swallow no rows in silence: %s', async (_name, rows, expected) => {
    const { issues, numbers } = await files.read(`a,b,c\n${rows}`);
    expect(issues).toEqual(expected);
    expect(numbers).toEqual(
      rows
        .trimEnd()
        .split('\n')
        .map((_, place) => place + 2),
    );
  });

  it('enclose an address of several lines, with numbers and commas', async () => {
    const address = '1,"14 Quayside Lane\nLevel 2, Balmain, 2041",x\n2,"Unit 5\n88 Fern Street\n2000, Sydney",y\n';
    expect((await files.read(`a,b,c\n${address}`)).issues).toEqual([]);
  });

  it.each([
    ['a backslash before the mark', '1,"Koala \\"Books\\" Ltd",x', 'BACKSLASH_QUOTE', '--escape backslash'],
    ['a backslash before the last mark', '1,"5\\"",x', 'BACKSLASH_QUOTE', '--escape backslash'],
    ['a space before the mark', '1, "Koala, Books",x', 'SPACE_BEFORE_QUOTE', '--skip-initial-space'],
    ['a mark inside a plain cell', '1,5" pipe,x', 'STRAY_QUOTE', '--lenient-quotes'],
  ])('name the option that reads them: %s', async (_name, row, code, option) => {
    const { rows } = await files.read(`a,b,c\n${row}\n2,y,z\n`);
    expect(rows[0]?.issues).toMatchObject([{ code, message: expect.stringContaining(option) }]);
    expect(rows[1]?.issues).toBeUndefined();
  });

  it('are never advised to be stored, where they enclose a cell', async () => {
    const { rows } = await files.read('a,b\n1,"Koala" Books\n');
    expect(rows[0]?.issues?.[0]?.message).not.toContain('lenient');
  });

  it('have a backslash before them with escape: backslash', async () => {
    const { cells, issues } = await files.read(
      'a,b,c\n1,"Koala \\"Books\\" Ltd",C:\\temp\n2,"5\\"","back\\\\slash \\n"\n3,"two\nlines \\",",""\n',
      { escape: 'backslash' },
    );
    expect(issues).toEqual([]);
    expect(cells).toEqual([
      ['1', 'Koala "Books" Ltd', 'C:\\temp'],
      ['2', '5"', 'back\\slash \\n'],
      ['3', 'two\nlines ",', ''],
    ]);
  });

  it('may follow blanks with skipInitialSpace', async () => {
    const { cells, issues } = await files.read('A, B\n"1", "x, y"\n 2, \tz \n3,""\n', { skipInitialSpace: true });
    expect(issues).toEqual([]);
    expect(cells).toEqual([
      ['1', 'x, y'],
      ['2', 'z '],
      ['3', ''],
    ]);
  });

  it('that swallow a mebibyte are found where they open', async () => {
    const filler = Array.from({ length: 60_000 }, (_, n) => `${n},some text of a customer`).join('\n');
    const { issues, rows } = await files.read(`a,b\n0,"open\n${filler}\n`);
    expect(issues).toEqual(['2 OPEN_QUOTE']);
    expect(rows.length).toBe(60_001);
  });

  it('all over a large file are found in the time of one reading', async () => {
    const line = `1,"open,${'""'.repeat(20)}\n`;
    const { issues } = await files.read(`a,b\n${line.repeat(60_000)}`);
    expect(issues.length).toBe(60_000);
  });
});

describe('rows of another width than the header', () => {
  it.each([
    ['too few cells', 'a,b,c\n1,2\n1,2,3\n', 'The row has 2 cells, but the header has 3 columns'],
    ['too many cells', 'a,b,c\n1,2,3,4\n1,2,3\n', 'The row has 4 cells, but the header has 3 columns'],
  ])('are defects that say how many: %s', async (_name, text, message) => {
    const { issues, rows } = await files.read(text);
    expect(issues).toEqual(['2 RAGGED_ROW']);
    expect(rows[0]?.issues?.[0]?.message).toContain(message);
    expect(rows[0]?.cells.length).toBe(text.includes('4') ? 4 : 2);
  });

  it.each([
    ['an unquoted delimiter', 'a,b\nSmith, John,x\n', '","'],
    ['a cut file', 'a,b\n1,2\n3', 'probably incomplete'],
    ['a line break without quotation marks', 'a,b\n1\n2,3\n', 'line break'],
    ['a quotation mark that reached the next line', 'a,b,c\n1,"x\ny"\n3,4,5\n', 'from line 2 to 3'],
  ])('name the likely cause: %s', async (_name, text, words) => {
    const { rows } = await files.read(text);
    expect(rows.find(({ issues }) => issues)?.issues?.[0]?.message).toContain(words);
  });

  it('are fine when what is too many is empty', async () => {
    expect(await files.read('a,b\n1,2,,\n3,4,\n')).toMatchObject({
      issues: [],
      cells: [
        ['1', '2'],
        ['3', '4'],
      ],
    });
  });
});

describe('bytes that are no text', () => {
  const invalid = Buffer.concat([Buffer.from('a,b\n1,2\n3,'), Buffer.from([0xff]), Buffer.from('\n4,5\n')]);

  it('are an error with their line when utf-8 was asked for', async () => {
    await expect(files.open(invalid, { encoding: 'utf-8' })).rejects.toMatchObject({
      code: 'UNDECODABLE_BYTE',
      message: expect.stringContaining('customers.csv, line 3:'),
    });
  });

  it('turn the whole file into windows-1252 when nothing was asked for, far behind the sample too', async () => {
    const filler = Array.from({ length: 40_000 }, (_, n) => `${n},customer`).join('\n');
    const bytes = Buffer.concat([Buffer.from(`a,b\n${filler}\n1,Zo`), Buffer.from([0xeb]), Buffer.from('\n')]);
    const { source, cells } = await files.read(bytes);
    expect(cells.at(-1)).toEqual(['1', 'Zoë']);
    expect(source.notices[0]).toMatchObject({ code: 'ENCODING_GUESSED', row: 40_002 });
  });

  it.each([
    ['a byte that windows-1252 lacks', Buffer.from([0x61, 0x0a, 0x81, 0xff, 0x0a, 0x62, 0x0a]), {}, 2],
    ['a cut utf-8 character at the end', Buffer.from([0x61, 0x0a, 0x62, 0x0a, 0xe6, 0x9d]), { encoding: 'utf-8' }, 3],
    ['an odd byte at the end of utf-16', Buffer.from('\ufeffa,b\n1,2\n', 'utf16le').subarray(0, -1), {}, 2],
    ['half a character in utf-16', Buffer.from('\ufeffa,b\n1,\ud83d2\n', 'utf16le'), {}, 2],
    ['half a character at the end of utf-16', Buffer.from('\ufeffa,b\n1,\ud83d', 'utf16le'), {}, 2],
    ['half a character in shift_jis', Buffer.from([0x61, 0x0a, 0x62, 0x0a, 0x93]), { encoding: 'shift_jis' }, 3],
  ])('are an error, never U+FFFD: %s', async (_name, bytes, options, line) => {
    await expect(files.open(bytes, options)).rejects.toMatchObject({
      code: 'UNDECODABLE_BYTE',
      message: expect.stringContaining(`line ${line}:`),
    });
  });

  it('do not include a U+FFFD that somebody wrote before us', async () => {
    expect((await files.read('a,b\n1,Zo\ufffd\n')).cells).toEqual([['1', 'Zo\ufffd']]);
  });

  it.each([
    ['many', 4096],
    ['one', 1],
  ])('of value 0 at the end mean a file that was cut: %s', async (_name, count) => {
    await expect(files.open(Buffer.concat([Buffer.from('a,b\n1,2\n'), Buffer.alloc(count)]))).rejects.toMatchObject({
      code: 'TRAILING_NULS',
      message: expect.stringContaining('line 3:'),
    });
  });

  it('of value 0 inside a cell are a defect of its row', async () => {
    expect((await files.read('a,b\n1,x\0y\n2,z\n')).issues).toEqual(['2 NUL_CHARACTER']);
  });

  it('may contradict their mark, which is said', async () => {
    const { notices } = await files.read(Buffer.from('\ufeffa,b\n1,2\n'), { encoding: 'windows-1252' });
    expect(notices).toContain('ENCODING_CONTRADICTS_MARK');
  });
});

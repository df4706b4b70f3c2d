import { describe, expect, it } from 'vitest';
import { useTempFiles } from './temp-files.js';

const files = useTempFiles();

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
    const { defects, rows, cells } = await files.read(text);
    expect(defects).toEqual(expected);
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
    const { cells, defects } = await files.read('a,b,c\n1,5" pipe,x\n2,"Robert "Bob" Smith",y\n3,"q, r",z\n', {
      lenientQuotes: true,
    });
    expect(defects).toEqual([]);
    expect(cells).toEqual([
      ['1', '5" pipe', 'x'],
      ['2', '"Robert "Bob" Smith"', 'y'],
      ['3', 'q, r', 'z'],
    ]);
  });

  it('that swallow a mebibyte are found where they open', async () => {
    const filler = Array.from({ length: 60_000 }, (_, n) => `${n},some text of a customer`).join('\n');
    const { defects, rows } = await files.read(`a,b\n0,"open\n${filler}\n`);
    expect(defects).toEqual(['2 OPEN_QUOTE']);
    expect(rows.length).toBe(60_001);
  });

  it('all over a large file are found in the time of one reading', async () => {
    const line = `1,"open,${'""'.repeat(20)}\n`;
    const { defects } = await files.read(`a,b\n${line.repeat(60_000)}`);
    expect(defects.length).toBe(60_000);
  });
});

describe('rows of another width than the header', () => {
  it.each([
    ['too few cells', 'a,b,c\n1,2\n1,2,3\n', 'The row has 2 cells, but the header has 3 columns'],
    ['too many cells', 'a,b,c\n1,2,3,4\n1,2,3\n', 'The row has 4 cells, but the header has 3 columns'],
  ])('are defects that say how many: %s', async (_name, text, message) => {
    const { defects, rows } = await files.read(text);
    expect(defects).toEqual(['2 RAGGED_ROW']);
    expect(rows[0]?.defects?.[0]?.message).toContain(message);
    expect(rows[0]?.cells.length).toBe(text.includes('4') ? 4 : 2);
  });

  it.each([
    ['an unquoted delimiter', 'a,b\nSmith, John,x\n', '","'],
    ['a cut file', 'a,b\n1,2\n3', 'probably cut'],
    ['a line break without quotation marks', 'a,b\n1\n2,3\n', 'line break'],
    ['a quotation mark that reached the next line', 'a,b,c\n1,"x\n2,y"\n3,4,5\n', 'from line 2 to 3'],
  ])('name the likely cause: %s', async (_name, text, words) => {
    const { rows } = await files.read(text);
    expect(rows.find(({ defects }) => defects)?.defects?.[0]?.message).toContain(words);
  });

  it('are fine when what is too many is empty', async () => {
    expect(await files.read('a,b\n1,2,,\n3,4,\n')).toMatchObject({
      defects: [],
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
    expect((await files.read('a,b\n1,x\0y\n2,z\n')).defects).toEqual(['2 NUL_CHARACTER']);
  });

  it('may contradict their mark, which is said', async () => {
    const { notices } = await files.read(Buffer.from('\ufeffa,b\n1,2\n'), { encoding: 'windows-1252' });
    expect(notices).toContain('ENCODING_CONTRADICTS_MARK');
  });
});

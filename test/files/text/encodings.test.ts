import { readFileSync } from 'node:fs';
import iconv from 'iconv-lite';
import { describe, expect, it } from 'vitest';
import { catchFailure, readContent, readRowRanges, useTempFiles } from '#test/files/temp-files.js';

const files = useTempFiles();

const names: Readonly<Record<string, readonly string[]>> = {
  'windows-1252': ['Müller', 'Zoë Café', 'Crème Brûlée', 'Muñoz', 'Søren Ångström', 'José García', 'François Lefèvre'],
  macintosh: ['Müller', 'Zoë Café', 'Crème Brûlée', 'José García', 'Jürgen Größe', 'Hélène'],
  'windows-1250': ['Łódź Żabka', 'Dvořák s.r.o.', 'Jiří Novák', 'Růžička', 'Čermák', 'Němec'],
  'windows-1251': ['Иванов Иван', 'Петров', 'Кузнецова Ольга', 'Смирнов'],
  'windows-1253': ['Παπαδόπουλος', 'Γεωργίου', 'Αθήνα', 'Δημήτρης', 'Κώστας Ιωάννης', 'Αντωνίου'],
  'windows-1254': ['Yıldız Şahin', 'Doğan', 'Gökçe Öztürk', 'İbrahim Kılıç', 'Çelik', 'Aydın Güneş'],
  'windows-1255': ['כהן דוד', 'לוי', 'מזרחי שרה', 'אברהם'],
  'windows-1256': ['محمد علي', 'أحمد حسن', 'فاطمة', 'شركة النور'],
  'windows-1257': ['Kazlauskienė', 'Žukauskas', 'Šiauliai', 'Rūta', 'Ąžuolas', 'Gražina', 'Panevėžys'],
  'windows-1258': ['Nguyê\u0303n', 'Trâ\u0300n Đư\u0301c', 'Pha\u0323m', 'Hoa\u0300ng', 'Đă\u0323ng', 'Bu\u0300i'],
  shift_jis: ['株式会社コアラ', '表示ソフト', '山田太郎', '佐藤花子', '鈴木一郎', '東京都港区', '大阪', '田中商店'],
  gb18030: ['考拉书店', '王小明', '上海市浦东新区', '北京科技有限公司', '张伟', '广州', '陈静', '李娜'],
  big5: ['無尾熊書店', '王小明', '台北市信義區', '陳美玲', '科技有限公司', '林志玲', '高雄'],
  'euc-kr': ['김철수', '서울특별시 강남구', '주식회사 코알라', '박영희', '부산'],
};

function table(rows: readonly string[]): string {
  return `No,Company,Phone\n${rows.map((name, place) => `${place + 1},${name},0491 570 156\n`).join('')}`;
}

describe('a text that is not UTF-8', () => {
  it.each(Object.entries(names))('is read as %s where its words are of a language of it', async (encoding, rows) => {
    const { source, cells, notices } = await files.read(iconv.encode(table(rows), encoding));
    expect(cells.map(([, name]) => name)).toEqual(rows);
    expect(source.detected.encoding).toBe(encoding);
    expect(notices).toContain('ENCODING_GUESSED');
  });

  it.each(['c26-macroman', 'c36-cp1250', 'c35-sjis'])('is read right: %s', async (name) => {
    const rows = {
      'c26-macroman': ['Köala Bücher', 'Zoë’s Café'],
      'c36-cp1250': ['Łódź Żabka', 'Dvořák s.r.o.'],
      'c35-sjis': ['株式会社コアラ', '表示ソフト'],
    }[name];
    const { cells } = await files.read(readFileSync(`fixtures/cases/files/${name}.csv`));
    expect(cells.map((row) => row[1])).toEqual(rows);
  });

  it('is not read when few words leave it open, and each likely encoding is shown', async () => {
    const failure = await catchFailure(files.open(readFileSync('fixtures/cases/files/c37-gbk.csv')));
    expect(failure.code).toBe('ENCODING_UNCLEAR');
    expect(failure.message).toContain('line 2');
    expect(failure.nextStep).toContain('--encoding gb18030: 1,考拉书店,');
    expect(failure.nextStep).toContain('--encoding big5: 1,');
  });

  it('is not guessed from one word that is Czech in one encoding and no word in the other', async () => {
    const failure = await catchFailure(files.open(iconv.encode(table(['Dvořák']), 'windows-1250')));
    expect(failure.code).toBe('ENCODING_UNCLEAR');
    expect(failure.nextStep).toContain('--encoding windows-1250: 1,Dvořák,');
  });

  it('is windows-1252 when its only strange byte is a letter of it', async () => {
    expect((await files.read(iconv.encode(table(['Glück']), 'windows-1252'))).cells[0]?.[1]).toBe('Glück');
  });

  it('is windows-1252 when only quotation marks and dashes are beyond ASCII', async () => {
    const rows = ['The “Old” Shop', 'Ann’s – Café'.replace('é', 'e')];
    expect((await files.read(iconv.encode(table(rows), 'windows-1252'))).cells.map((row) => row[1])).toEqual(rows);
  });
});

describe('a text that is UTF-8 but for single bytes', () => {
  const damaged = (text: string) =>
    Buffer.concat(
      text.split('~').flatMap((piece, place) => (place === 0 ? [] : [Buffer.from([0xfc])]).concat(Buffer.from(piece))),
    );

  it('has one row that cannot be used, named by line and byte', async () => {
    const { rows, cells, source, issues } = await files.read(readFileSync('fixtures/cases/files/c34-mixed-enc.csv'));
    expect(source.detected.encoding).toBe('utf-8');
    expect(cells.map((row) => row[1])).toEqual(['König', 'Zoë Café', 'M\ufffdller']);
    expect(issues).toEqual(['4 DAMAGED_BYTE']);
    expect(rows[2]?.issues?.[0]).toMatchObject({
      columns: ['Company'],
      message: expect.stringContaining('0xFC in line 4. In windows-1252 it would be "ü".'),
    });
  });

  it('names the line of the byte where cells have line breaks', async () => {
    const { rows } = await files.read(damaged('No,Note\n1,Zoë\n2,"a\nb\nM~ller"\n3,Ä\n'));
    expect(rows[1]?.issues?.[0]?.message).toContain('0xFC in line 5.');
  });

  it.each([
    ['in a file with a byte order mark', '\ufeff', {}],
    ['when UTF-8 was asked for', '', { encoding: 'utf-8' }],
  ])('is read so %s', async (_name, mark, options) => {
    const { issues, cells } = await files.read(damaged(`${mark}No,Name\n1,Zoë\n2,M~ller\n`), options);
    expect(issues).toEqual(['3 DAMAGED_BYTE']);
    expect(cells[0]).toEqual(['1', 'Zoë']);
  });

  it('is read so far behind the sample, and in parts', async () => {
    const filler = Array.from({ length: 30_000 }, (_, n) => `${n},Zoë Köhler\n`).join('');
    const bytes = damaged(`No,Name\n${filler}30000,M~ller\n30001,last\n`);
    let count = 0;
    const visitRows = () => {
      count = 0;
      return (rows: readonly unknown[]) => {
        count += rows.length;
      };
    };
    const source = await files.open(bytes, { visitRows });
    expect(count).toBe(30_002);
    const ranges = source.rowRanges?.all.slice(-1) ?? [];
    const rows = await readRowRanges(source, ranges);
    expect(rows.at(-2)?.issues?.[0]?.code).toBe('DAMAGED_BYTE');
    expect(rows.at(-1)?.cells).toEqual(['30001', 'last']);
  });

  it('keeps a last character that was cut off as damage of its row', async () => {
    const bytes = Buffer.from('No,Name\n1,Zoë\n2,Ä\n3,Köln ä').subarray(0, -1);
    expect((await files.read(bytes)).issues).toEqual(['4 DAMAGED_BYTE']);
  });

  it('has a header of readable names', async () => {
    const { columns } = await files.read(damaged('No,N~me,Straße\n1,Zoë,Köln\n'));
    expect(columns).toEqual(['No', 'N\ufffdme', 'Straße']);
  });

  it('may be NDJSON', async () => {
    const bytes = damaged('{"No":1,"Name":"Zoë"}\n{"No":2,"Name":"M~ller"}\n');
    const { issues, cells } = await files.read(bytes, {}, 'customers.ndjson');
    expect(issues).toEqual(['2 DAMAGED_BYTE']);
    expect(cells).toEqual([
      ['1', 'Zoë'],
      ['2', 'M\ufffdller'],
    ]);
  });
});

describe('UTF-32', () => {
  it.each(['utf32be-no-bom', 'utf32le-no-bom'])('is read without a byte order mark: %s', async (name) => {
    const { columns, cells } = await files.read(readFileSync(`fixtures/cases/files/${name}.csv`));
    expect(columns).toEqual(['Name', 'City']);
    expect(cells).toEqual([['Ana', 'Rome']]);
  });

  it.each(['utf-32le', 'utf-32be'])('is read with a byte order mark, and emojis: %s', async (encoding) => {
    const { cells } = await files.read(iconv.encode('\ufeffNo,Name\n1,Zoë 🐨\n', encoding));
    expect(cells).toEqual([['1', 'Zoë 🐨']]);
  });

  it('is read when it is asked for without the order of bytes', async () => {
    const { cells } = await files.read(iconv.encode('No,Name\n1,Zoë\n', 'utf-32be'), { encoding: 'utf-32' });
    expect(cells).toEqual([['1', 'Zoë']]);
  });
});

describe('Ctrl-Z', () => {
  it('ends a text', async () => {
    const { rows, issues } = await readContent(await files.open(readFileSync('fixtures/cases/files/c10-ctrlz.csv')));
    expect(rows.length).toBe(2);
    expect(issues).toEqual([]);
  });

  it.each([
    ['right behind the last cell', 'a,b\n1,2\x1a'],
    ['behind a quotation mark', 'a,b\n1,"2"\x1a'],
    ['on a line of its own', 'a,b\n1,2\n\x1a\r\n'],
    ['many times, to fill a block', `a,b\n1,2\r\n${'\x1a'.repeat(100)}`],
    ['between files that were put together', 'a,b\n\x1a1,2\n\x1a'],
  ])('ends it %s', async (_name, text) => {
    expect(await files.read(text)).toMatchObject({ cells: [['1', '2']], issues: [] });
  });

  it('ends NDJSON', async () => {
    expect((await files.read('{"a":"1"}\n\x1a', {}, 'c.ndjson')).rows.length).toBe(1);
  });
});

describe('files that were put together', () => {
  it('lose the byte order mark of the second, also before a quotation mark', async () => {
    const { cells, issues } = await files.read('\ufeff"a","b"\n"1","2"\n\ufeff"a","b"\n"3","4"\n');
    expect(issues).toEqual([]);
    expect(cells).toEqual([
      ['1', '2'],
      ['a', 'b'],
      ['3', '4'],
    ]);
  });
});

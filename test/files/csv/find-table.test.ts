import { describe, expect, it } from 'vitest';
import { useTempFiles } from '#test/files/temp-files.js';

const files = useTempFiles();

describe('the header', () => {
  const report = 'Customer list,,\nprinted today,,\n\nName,E-mail ,Post  Code\nAnn,a@b.co,0810\n';

  it('is the first row that is not empty', async () => {
    const { source, columns, cells } = await files.read('\n,,\n\nName,Email\nAnn,a@b.co\n');
    expect([source.detected.headerRow, columns, cells]).toEqual([4, ['Name', 'Email'], [['Ann', 'a@b.co']]]);
  });

  it('is found below titles by the names that the mapping uses, however they are spelled', async () => {
    const { source, columns, numbers } = await files.read(report, { expectedColumns: ['name', 'E-Mail', 'post code'] });
    expect([source.detected.headerRow, columns, numbers]).toEqual([4, ['Name', 'E-mail ', 'Post  Code'], [5]]);
  });

  it('is the first row again when too few names match', async () => {
    const { source } = await files.read(report, { expectedColumns: ['Name', 'Fax', 'Town', 'Street', 'Country'] });
    expect(source.detected.headerRow).toBe(1);
  });

  it('is the line that was asked for', async () => {
    const { source, columns } = await files.read(report, { headerRow: 4 });
    expect([source.detected.headerRow, columns[0]]).toEqual([4, 'Name']);
  });

  it.each([
    ['blank', 3],
    ['behind the end', 99],
  ])('cannot be a line that is %s', async (_name, headerRow) => {
    await expect(files.open(report, { headerRow })).rejects.toMatchObject({ code: 'NO_HEADER_ROW' });
  });

  it('cannot have an open quotation mark', async () => {
    await expect(files.open('a,"b\n1,2\n')).rejects.toMatchObject({ code: 'HEADER_DAMAGED' });
  });

  it('may name a column twice: the later ones get a number', async () => {
    const { columns, notices } = await files.read('Email,Name,Email,Email (2),email\n1,2,3,4,5\n');
    expect(columns).toEqual(['Email', 'Name', 'Email (3)', 'Email (2)', 'email']);
    expect(notices).toEqual(['DUPLICATE_COLUMNS']);
  });

  it('may leave names out: the columns get their number', async () => {
    const { columns, notices, cells } = await files.read('a,,c,\n1,2,3,4\n');
    expect([columns, notices]).toEqual([['a', 'Column 2', 'c', 'Column 4'], ['UNNAMED_COLUMNS']]);
    expect(cells).toEqual([['1', '2', '3', '4']]);
  });

  it('may end in empty columns, which are dropped with a notice', async () => {
    const { columns, notices, cells } = await files.read('a,b,,,\n1,2,,,\n3,4\n');
    expect([columns, notices]).toEqual([['a', 'b'], ['EMPTY_COLUMNS_DROPPED']]);
    expect(cells).toEqual([
      ['1', '2'],
      ['3', '4'],
    ]);
  });

  it('may name a prototype without harm', async () => {
    expect((await files.read('__x,constructor,toString\n1,2,3\n')).columns).toEqual(['__x', 'constructor', 'toString']);
  });

  it('loses the columns of our own result files, and each row their cells', async () => {
    const text = '_row,_status,Name,_error,Email\n2,invalid,Ann,"bad, very",a@b.co\n3,failed,Bob,,b@c.co,extra\n';
    const { columns, cells, issues } = await files.read(text);
    expect(columns).toEqual(['Name', 'Email']);
    expect(cells).toEqual([
      ['Ann', 'a@b.co'],
      ['Bob', 'b@c.co', 'extra'],
    ]);
    expect(issues).toEqual(['3 RAGGED_ROW']);
  });

  it('cannot consist of such columns only', async () => {
    await expect(files.open('_row,_status\n1,x\n')).rejects.toMatchObject({ code: 'NO_COLUMNS' });
  });
});

describe('empty rows and what follows them', () => {
  it('between rows are skipped, and counted when they have delimiters', async () => {
    const { cells, notices } = await files.read('a,b\n1,2\n,\n\n , \n3,4\n5,6\n\n7,8\n');
    expect(cells.length).toBe(4);
    expect(notices).toEqual(['EMPTY_ROWS_SKIPPED']);
  });

  it('at the end are dropped and counted', async () => {
    const { cells, source } = await files.read(`a,b\n1,2\n${',\n'.repeat(1000)}\n\n`);
    expect(cells.length).toBe(1);
    expect(source.notices).toMatchObject([
      { code: 'TRAILING_EMPTY_ROWS_DROPPED', message: expect.stringContaining('1000') },
    ]);
  });

  it('raise a notice for the rows below the only one', async () => {
    const { source, cells } = await files.read('a,b\n1,2\n3,4\n\nPrinted on Monday,\n');
    expect(cells.length).toBe(3);
    expect(source.notices).toMatchObject([{ code: 'ROWS_AFTER_EMPTY_ROW', row: 5 }]);
  });

  it.each(['Total', 'Summe:', 'Totaal', 'TOTAL 12', 'Grand total', 'Gesamt', '合計', 'Итого'])(
    'raise a notice for a last row that begins with %s',
    async (word) => {
      const { source } = await files.read(`a,b\n1,2\n3,4\n${word},6\n`);
      expect(source.notices).toMatchObject([{ code: 'TOTALS_ROW', row: 4 }]);
    },
  );

  it('raise none for a customer called Total Energies', async () => {
    expect((await files.read('a,b\n1,2\nTotal Energies,6\n')).notices).toEqual([]);
  });
});

describe('a header with invisible signs', () => {
  const header = 'id\u200b,na\u00adme,\ufeffcity';

  it.each([
    ['in the first row', `${header}\n1,Ann,Leith\n`, 1],
    ['below a title', `Customer list,,,\n${header}\n1,Ann,Leith\n`, 2],
  ])('is found by the names that a mapping expects: %s', async (_where, text, headerRow) => {
    const { source, cells } = await files.read(text, { expectedColumns: ['id', 'name', 'city'] });
    expect([source.detected.headerRow, cells]).toEqual([headerRow, [['1', 'Ann', 'Leith']]]);
  });
});

import { describe, expect, it } from 'vitest';
import { open, readRows, textCell, textRow, type WorkbookRecipe } from '#test/files/xlsx/make-workbook.js';

const rows = textRow(1, 'Name', 'City') + textRow(2, 'Zoë', 'Ulm');

describe('the header', () => {
  const report =
    textRow(1, 'Customer list') +
    textRow(2, 'as of May') +
    textRow(4, ' Customer  NAME ', 'E-mail', 'ＣＩＴＹ') +
    textRow(5, 'Zoë', 'z@x.de', 'Ulm');

  it('is the first row that has four fifths of the expected names, compared as people read them (D8, D10)', async () => {
    const source = await open(
      { rows: report },
      { expectedColumns: ['customer name', 'E-MAIL', 'City', 'Country', 'e-mail'] },
    );
    expect(source.detected.headerRow).toBe(1);
    const better = await open({ rows: report }, { expectedColumns: ['customer name', 'E-MAIL', 'City'] });
    expect(better.detected.headerRow).toBe(4);
    expect(better.columns).toEqual([' Customer  NAME ', 'E-mail', 'ＣＩＴＹ']);
    expect(better.notices).toEqual([
      {
        severity: 'warning',
        code: 'ROWS_ABOVE_HEADER',
        message: '2 rows with content above the header (row 4) were not read.',
        row: 4,
      },
    ]);
    expect(await readRows(better)).toEqual([{ index: 0, number: 5, cells: ['Zoë', 'z@x.de', 'Ulm'] }]);
  });

  it('is recognised by exactly four fifths of the names', async () => {
    const five = textRow(1, 'x') + textRow(2, 'a', 'b', 'c', 'd') + textRow(3, '1', '2', '3', '4');
    expect((await open({ rows: five }, { expectedColumns: ['a', 'b', 'c', 'd', 'e'] })).detected.headerRow).toBe(2);
    expect((await open({ rows: five }, { expectedColumns: ['a', 'b', 'c', 'e', 'f'] })).detected.headerRow).toBe(1);
  });

  it('is not looked for below 50 rows', async () => {
    const many =
      Array.from({ length: 50 }, (_, at) => textRow(at + 1, 'note')).join('') +
      textRow(51, 'Name') +
      textRow(52, 'Zoë');
    expect((await open({ rows: many }, { expectedColumns: ['Name'] })).detected.headerRow).toBe(1);
  });

  it('is the first row with content when no name is expected or found, and that is said', async () => {
    expect((await open({ rows: report })).detected.headerRow).toBe(1);
    const source = await open({ rows: report }, { expectedColumns: ['Company', 'Customer list'] });
    expect(source.notices).toContainEqual({
      severity: 'warning',
      code: 'HEADER_NOT_RECOGNISED',
      message: expect.stringContaining('row 1 is read as the header. Missing: “Company”.'),
      row: 1,
    });
  });

  it('is the row that was asked for', async () => {
    const source = await open({ rows: report }, { headerRow: 4, expectedColumns: ['Customer list'] });
    expect([source.detected.headerRow, source.columns[1]]).toEqual([4, 'E-mail']);
    expect(await readRows(source)).toHaveLength(1);
  });
});

describe('columns', () => {
  it('of one name are told apart', async () => {
    const source = await open({
      rows: textRow(1, 'Phone', 'Phone (2)', 'Phone', 'Name', 'Phone') + textRow(2, '1', '2', '3', '4', '5'),
    });
    expect(source.columns).toEqual(['Phone', 'Phone (2)', 'Phone (2) (2)', 'Name', 'Phone (3)']);
    expect(source.notices).toMatchObject([{ code: 'DUPLICATE_COLUMNS', columns: ['Phone'], row: 1 }]);
  });

  it('without a name are called by their number when they have data, and dropped when they have none', async () => {
    const header = `<row r="1">${textCell('B1', 'Name')}${textCell('D1', '  ')}${textCell('E1', 'City')}</row>`;
    const data = `<row r="2">${textCell('B2', 'Zoë')}${textCell('D2', 'x')}${textCell('G2', 'y')}<c r="J2" s="1"/></row>`;
    const source = await open({ rows: header + data });
    expect(source.columns).toEqual(['Name', 'Column 4', 'City', 'Column 7']);
    expect(source.notices).toMatchObject([{ code: 'UNNAMED_COLUMNS', columns: ['Column 4', 'Column 7'] }]);
    expect((await readRows(source))[0]?.cells).toEqual(['Zoë', 'x', '', 'y']);
  });

  it('of our own result files are left out with their cells', async () => {
    const source = await open({
      rows: textRow(1, '_row', '_status', 'Name', '_run', 'City') + textRow(2, '7', 'failed', 'Zoë', 'r1', 'Ulm'),
    });
    expect(source.columns).toEqual(['Name', 'City']);
    expect(await readRows(source)).toEqual([{ index: 0, number: 2, cells: ['Zoë', 'Ulm'] }]);
    expect(source.notices).toEqual([]);
  });

  it('that only start far below are reported rather than lost in silence', async () => {
    const many = Array.from({ length: 3000 }, (_, at) => textRow(at + 2, 'a', 'b')).join('');
    const source = await open({
      rows: `${textRow(1, 'Name', 'City')}${many}<row r="3002">${textCell('A3002', 'z')}${textCell('AB3002', 'note')}</row>`,
    });
    expect((await readRows(source)).at(-1)).toEqual({ index: 3000, number: 3002, cells: ['z', ''] });
    expect(source.notices).toMatchObject([
      { code: 'DATA_OUTSIDE_COLUMNS', message: expect.stringContaining('AB3002'), row: 3002 },
    ]);
  });

  it('are all 16,384 of a sheet', async () => {
    const source = await open({
      rows: `<row r="1">${textCell('A1', 'a')}${textCell('XFD1', 'z')}</row><row r="1048576">${textCell('XFD1048576', 'end')}</row>`,
    });
    expect(source.columns).toEqual(['a', 'z']);
    expect(await readRows(source)).toEqual([{ index: 0, number: 1_048_576, cells: ['', 'end'] }]);
  });
});

describe('hidden and merged', () => {
  const recipe: WorkbookRecipe = {
    beforeRows:
      '<cols><col min="1" max="1" width="9"/><col min="2" max="3" hidden="1"/><col min="5" max="16384" hidden="1"/></cols>',
    rows: `${textRow(1, 'Name', 'Code', 'Rank', 'City')}${textRow(2, 'a', 'b', 'c', 'd')}<row r="3" hidden="1">${textCell('A3', 'e')}</row><row r="4" hidden="true">${textCell('A4', 'f')}</row><row r="5" hidden="0">${textCell('A5', 'g')}</row>`,
  };

  it('rows and columns are read and reported (R20)', async () => {
    const source = await open(recipe);
    expect(source.columns).toEqual(['Name', 'Code', 'Rank', 'City']);
    expect((await readRows(source)).map(({ number }) => number)).toEqual([2, 3, 4, 5]);
    expect(source.notices).toEqual([
      {
        severity: 'warning',
        code: 'HIDDEN_COLUMNS',
        message: '2 hidden columns read like the others: “Code”, “Rank”.',
        columns: ['Code', 'Rank'],
      },
      {
        severity: 'warning',
        code: 'HIDDEN_ROWS',
        message: '2 hidden or filtered rows read like the others, the first at row 3.',
        row: 3,
      },
    ]);
  });

  it('rows and columns are left out on request', async () => {
    const source = await open(recipe, { skipHidden: true });
    expect(source.columns).toEqual(['Name', 'City']);
    expect(await readRows(source)).toEqual([
      { index: 0, number: 2, cells: ['a', 'd'] },
      { index: 1, number: 5, cells: ['g', ''] },
    ]);
    expect(source.notices.map(({ message }) => message)).toEqual([
      '2 hidden columns skipped: “Code”, “Rank”.',
      '2 hidden or filtered rows skipped, the first at row 3.',
    ]);
  });

  it('remarks are not repeated by a second reading', async () => {
    const source = await open(recipe);
    await readRows(source);
    const first = [...source.notices];
    await readRows(source);
    expect(source.notices).toEqual(first);
  });

  it('merged cells in the data are reported with the first ranges', async () => {
    const merges = [
      'A1:B1',
      'A2:A3',
      'D9:E9',
      'B4:C4',
      ...Array.from({ length: 6 }, (_, at) => `A${at + 10}:B${at + 10}`),
      'nonsense',
    ];
    const source = await open({
      rows,
      afterRows: `<mergeCells>${merges.map((ref) => `<mergeCell ref="${ref}"/>`).join('')}</mergeCells>`,
    });
    await readRows(source);
    expect(source.notices).toMatchObject([
      {
        code: 'MERGED_CELLS',
        message: expect.stringMatching(/^8 merged ranges in the data: A2:A3, B4:C4, A10:B10, A11:B11, A12:B12 …/),
      },
    ]);
  });
});

describe('sheets', () => {
  const moreSheets = [
    { name: 'Secret', rows, state: 'hidden' },
    { name: 'Empty', rows: '<row r="1"><c r="A1" s="2"/></row>' },
    { name: '2', rows: textRow(1, 'Two') + textRow(2, 'x') },
    { name: 'Größe &amp; Co', rows: textRow(1, 'Four') + textRow(2, 'x'), state: 'veryHidden' },
  ];

  it('default to the first, and the others with content are named', async () => {
    const source = await open({ rows, moreSheets });
    expect(source.detected.sheet).toBe('Customers');
    expect(source.notices.map(({ code, message }) => `${code} ${message}`)).toEqual([
      'OTHER_SHEETS Only the sheet “Customers” is read. Other sheets have content too: “Secret”, “2”, “Größe & Co”; choose one with --sheet.',
      'HIDDEN_SHEETS 2 hidden sheets in the workbook: “Secret”, “Größe & Co”.',
    ]);
  });

  it.each([
    ['2', 'Two'],
    ['4', 'Two'],
    ['1', 'Name'],
    ['customers ', 'Name'],
    ['Größe & Co', 'Four'],
    ['5', 'Four'],
  ])('are chosen by name before number: %s', async (sheet, column) => {
    const source = await open({ rows, moreSheets }, { sheet });
    expect(source.columns[0]).toBe(column);
    expect(source.notices.map(({ code }) => code)).toEqual(['HIDDEN_SHEETS']);
  });

  it('that are hidden are passed over, unless there is no other', async () => {
    const hiddenFirst = { rows: textRow(1, 'Hidden') + textRow(2, 'x'), sheetState: 'hidden' };
    const shown = await open({ ...hiddenFirst, moreSheets: [{ name: 'Shown', rows }] });
    expect([shown.detected.sheet, shown.columns]).toEqual(['Shown', ['Name', 'City']]);
    expect((await open(hiddenFirst)).detected.sheet).toBe('Customers');
  });

  it('with faults do not disturb the one that is read', async () => {
    const source = await open({ rows, moreSheets: [{ name: 'Broken', rows: '<row' }] });
    expect(await readRows(source)).toHaveLength(1);
    expect(source.notices).toMatchObject([{ code: 'OTHER_SHEETS', message: expect.stringContaining('Broken') }]);
  });
});

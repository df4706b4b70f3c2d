import { describe, expect, it } from 'vitest';
import { compileMapping } from '#pipelines/mapping/compile.js';
import { compiled, mapCells, parsed } from './mapping-under-test.js';

function problemsWith(json: unknown, columns: readonly string[]) {
  const result = compileMapping(parsed(json), columns);
  return result.ok ? [] : result.problems;
}

const email = { fields: { emailAddress: 'E-mail' } };

describe('compileMapping', () => {
  it.each([
    ['exactly', 'E-mail'],
    ['without case', 'e-MAIL'],
    ['with spaces at its ends', '  E-mail '],
    ['with an invisible sign', '\uFEFFE-mail'],
    ['in full-width letters', 'Ｅ－ｍａｉｌ'.replace('－', '-')],
  ])('finds a column written %s', (_how, column) => {
    expect(compiled(email, [column]).findColumns('emailAddress')).toEqual([column]);
  });

  it('treats a line break in a heading as a space', () => {
    expect(compiled({ fields: { notes: 'Credit Limit' } }, ['Credit\nLimit']).unmappedColumns).toEqual([]);
  });

  it('prefers the exact name', () => {
    const mapping = compiled(email, ['e-mail', 'E-mail']);
    expect(mapping.findColumns('emailAddress')).toEqual(['E-mail']);
    expect(mapping.map({ index: 0, number: 2, cells: ['no', 'yes@x.example'] }).draft).toEqual({
      emailAddress: 'yes@x.example',
    });
  });

  it.each<[title: string, json: unknown, columns: string[], code: string, path: string, says: string]>([
    [
      'a missing column',
      email,
      ['Email address', 'Mail', 'Post Code'],
      'COLUMN_MISSING',
      'fields.emailAddress',
      '"Mail"',
    ],
    [
      'a name that fits two columns',
      email,
      ['e-mail', 'E-MAIL'],
      'COLUMN_AMBIGUOUS',
      'fields.emailAddress',
      '"E-MAIL" (column 2)',
    ],
    [
      'a missing part',
      { fields: { address: { columns: ['Street', 'Strete 2'] } } },
      ['Street', 'Street 2'],
      'COLUMN_MISSING',
      'fields.address.columns[1]',
      '"Street 2"',
    ],
    [
      'a missing key',
      { ...email, key: { column: 'Account' } },
      ['E-mail', 'Account No'],
      'COLUMN_MISSING',
      'key',
      '"Account No"',
    ],
    [
      'an ignored column that is not there, beside one of nearly that name',
      { ...email, ignore: ['Remrak'] },
      ['E-mail', 'Remark'],
      'COLUMN_MISSING',
      'ignore[0]',
      '"Remark"',
    ],
    [
      'a column of an earlier result',
      { fields: { notes: '_error' } },
      ['Name'],
      'COLUMN_MISSING',
      'fields.notes',
      'cannot be mapped',
    ],
    [
      'an unmapped column, when asked',
      { ...email, unmapped: 'error' },
      ['E-mail', 'Fax'],
      'COLUMN_UNMAPPED',
      'unmapped',
      '"Fax"',
    ],
  ])('reports %s', (_title, json, columns, code, path, says) => {
    expect(problemsWith(json, columns)).toEqual([
      { severity: 'error', code, path, message: expect.stringContaining(says) },
    ]);
  });

  it('takes the first of columns with one name, of which the reader has numbered the later ones', () => {
    const second = { fields: { emailAddress: 'E-mail', notes: 'E-mail (2)' } };
    const mapping = compiled(second, ['E-mail', 'E-mail (2)']);
    expect(mapping.map({ index: 0, number: 2, cells: ['a@x.example', 'b@x.example'] }).draft).toEqual({
      emailAddress: 'a@x.example',
      notes: 'b@x.example',
    });
  });

  it('maps a column of another program whose name begins like ours', () => {
    expect(compiled({ fields: { notes: '_id' } }, ['_id']).findColumns('notes')).toEqual(['_id']);
  });

  it('reports all missing columns at once', () => {
    expect(problemsWith({ fields: { notes: 'A', city: 'B' }, key: { column: 'C' } }, ['D'])).toHaveLength(3);
  });

  it('accepts a file without an ignored column, such as an export', () => {
    expect(compiled({ ...email, ignore: ['Internal Remark'] }, ['E-mail', 'Web']).unmappedColumns).toEqual(['Web']);
  });

  it('lists unmapped columns, except ignored ones and those without a name', () => {
    const json = { ...email, ignore: ['remark'] };
    const columns = ['E-mail', 'Remark', 'Fax', ' ', 'Web'];
    expect(compiled(json, columns).unmappedColumns).toEqual(['Fax', 'Web']);
    expect(compiled({ ...json, unmapped: 'ignore' }, columns).unmappedColumns).toEqual([]);
  });

  it('describes what it was compiled from', () => {
    const json = {
      mode: 'upsert',
      key: { columns: ['Shop', 'No'], join: '/', stamp: 'cC_009' },
      match: ['emailAddress'],
      fields: { customerCode: 'Code', emailAddress: 'E-mail', customerType: { value: 'Adult' } },
    };
    const { map, mapAll, findColumns, policies, ...facts } = compiled(json, ['Shop', 'No', 'Code', 'E-mail']);
    expect(facts).toMatchObject({
      mode: 'upsert',
      fields: ['emailAddress', 'customerType', 'cC_009'],
      keyColumns: ['Shop', 'No'],
      stamp: 'cC_009',
      match: [['emailAddress']],
      unmappedColumns: [],
      textPositions: [2, 3],
      allowsNameless: false,
    });
    expect(mapAll).toBeInstanceOf(Function);
    expect(findColumns('cC_009')).toEqual(['Shop', 'No']);
    expect(findColumns('customerCode')).toEqual(['Code']);
    expect(findColumns('customerType')).toEqual([]);
    expect(map({ index: 0, number: 2, cells: [' 7', '0042', 'C-1', 'a@b.example'] })).toEqual({
      draft: { emailAddress: 'a@b.example', customerType: 'Adult', cC_009: '7/0042' },
      key: '7/0042',
      customerCode: 'C-1',
      reasons: [],
      notes: [],
    });
  });

  it('reads a row that is shorter than the header as blank at its end', () => {
    const mapping = compiled({ fields: { firstName: 'A', lastName: 'B' } }, ['A', 'B']);
    expect(mapping.map({ index: 0, number: 2, cells: ['Ann'] }).draft).toEqual({ firstName: 'Ann' });
  });

  it('allows two fields to read the same column', () => {
    const split = (index: number) => ({ column: 'Name', transform: [{ split: { separator: ' ', index } }] });
    expect(mapCells({ fields: { firstName: split(0), lastName: split(-1) } }, { Name: 'Ann Lee' }).draft).toEqual({
      firstName: 'Ann',
      lastName: 'Lee',
    });
  });
});

import { describe, expect, it } from 'vitest';
import { awkwardColumns, awkwardCustomers } from '#test/files/awkward-customers.js';
import { catchFailure, useTempFiles } from '#test/files/temp-files.js';

const files = useTempFiles();
const lines = (...values: readonly unknown[]) => values.map((value) => JSON.stringify(value)).join('\n');

describe('NDJSON', () => {
  it.each([
    ['utf-8', 'utf8', ''],
    ['utf-8 with a mark', 'utf8', '\ufeff'],
    ['utf-16le with a mark', 'utf16le', '\ufeff'],
  ] as const)('gives the ten awkward customers cell by cell in %s', async (_name, encoding, mark) => {
    const objects = awkwardCustomers.map((cells) =>
      Object.fromEntries(awkwardColumns.map((column, place) => [column, cells[place]])),
    );
    const { cells, columns, source } = await files.read(Buffer.from(mark + lines(...objects), encoding));
    expect([columns, cells]).toEqual([awkwardColumns, awkwardCustomers]);
    expect(source.detected.format).toBe('ndjson');
  });

  it('has the keys of all first lines as columns, without those of our own result files', async () => {
    const { columns, cells } = await files.read(lines({ b: '1', _row: 2 }, { a: '2', b: '3' }, {}));
    expect([columns, cells]).toEqual([
      ['b', 'a'],
      [
        ['1', ''],
        ['3', '2'],
        ['', ''],
      ],
    ]);
  });

  it('keeps the type that the file states', async () => {
    const { rows } = await files.read('{"n":1.50,"t":true,"z":null,"o":{"x":[1,2]},"s":"007"}\n');
    expect(rows[0]?.cells).toEqual([
      { kind: 'number', text: '1.50', value: 1.5 },
      { kind: 'boolean', text: 'true', value: true },
      '',
      '{"x":[1,2]}',
      '007',
    ]);
  });

  it.each([
    ['12345678901234567890', '12345678901234567890'],
    ['-0.10', '-0.10'],
    ['1E5', '1E5'],
    ['[9007199254740993,"a: 1.0"]', '[9007199254740993,"a: 1.0"]'],
    ['{"\\"x\\": 1.0":2.50}', '{"\\"x\\": 1.0":2.50}'],
  ])('shows numbers as they were written: %s', async (written, text) => {
    expect((await files.read(`{"a":${written}}\n`)).cells).toEqual([[text]]);
  });

  it.each([
    ['broken', '{"a":1', 'BAD_JSON'],
    ['two objects', '{"a":1}{"a":2}', 'BAD_JSON'],
    ['a number', '17', 'NOT_AN_OBJECT'],
    ['an array', '[1]', 'NOT_AN_OBJECT'],
    ['null', 'null', 'NOT_AN_OBJECT'],
  ])('makes a line that is %s an issue with its number', async (_name, line, code) => {
    const { issues, cells, numbers } = await files.read(`{"a":"x"}\n\n${line}\r\n{"a":"y"}\n`);
    expect(issues).toEqual([`3 ${code}`]);
    expect(numbers).toEqual([1, 3, 4]);
    expect(cells[2]).toEqual(['y']);
  });

  it('makes a key that comes late an issue that names it', async () => {
    const { rows } = await files.read(`${'{"a":"x"}\n'.repeat(1000)}{"a":"y","late":"z"}\n`);
    expect(rows.at(-1)).toMatchObject({
      number: 1001,
      cells: ['y'],
      issues: [{ code: 'LATE_KEY', columns: ['late'] }],
    });
  });

  it('may have a prototype for a key', async () => {
    const { columns, cells } = await files.read(
      '{"a":"1","constructor":"2","x__proto__":"3"}\n{"__proto__":"4","a":"5"}\n',
    );
    expect(columns).toEqual(['a', 'constructor', 'x__proto__', '__proto__']);
    expect(cells[1]).toEqual(['5', '', '', '4']);
  });

  it.each([
    ['a text file of that name', 'Name,Email\nAnn,a@b.co\n', 'NOT_NDJSON'],
    ['one object over several lines', '{\n  "a": 1\n}\n', 'NOT_NDJSON'],
    ['objects with our own keys only', '{"_row":1}\n', 'NO_COLUMNS'],
  ])('is refused when it is %s', async (_name, text, code) => {
    expect((await catchFailure(files.open(text, {}, 'customers.ndjson'))).code).toBe(code);
  });

  it('is refused when a line is longer than four mebibytes', async () => {
    const text = `{"a":"x"}\n{"a":"${'x'.repeat(5 * 1024 * 1024)}"}\n`;
    expect((await catchFailure(files.read(text))).code).toBe('RECORD_TOO_LARGE');
  });
});

import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileMapping } from '#pipelines/mapping/compile.js';
import { reverseMapping } from '#pipelines/mapping/reverse.js';
import { type Cell, type Customer, cellToText, type JsonValue } from '#pipelines/model.js';
import { compiled, parsed } from './mapping-under-test.js';
import { readRows } from './read-rows.js';

/** The cells that an export writes, by column. */
function exported(json: unknown, customer: Customer): Readonly<Record<string, Cell>> {
  const { columns } = reverseMapping(parsed(json));
  return Object.fromEntries(columns.map(({ name, cell }) => [name, cell(customer)]));
}

it('writes a field that takes the first of several columns to the first of them', () => {
  const json = { fields: { phoneNumber: { columns: ['Phone', 'Mobile'], take: 'first' } } };
  expect(exported(json, { phoneNumber: '02 5550 1201' })).toEqual({ Phone: '02 5550 1201', Mobile: '' });
});

describe('columnsForExport', () => {
  it.each<[title: string, rule: object | string, field: string, value: JsonValue | undefined, cell: Cell]>([
    ['a text', 'Cell', 'notes', 'as it is', 'as it is'],
    ['nothing', 'Cell', 'notes', undefined, ''],
    ['null', 'Cell', 'notes', null, ''],
    ['a number where text is due', 'Cell', 'notes', 5, '5'],
    ['an object where text is due', 'Cell', 'notes', { a: [1] }, '{"a":[1]}'],
    [
      'a number',
      { column: 'Cell', type: 'number', decimal: ',', group: '.' },
      'creditLimit',
      1234.5,
      { kind: 'number', text: '1234,5', value: 1234.5 },
    ],
    ['a text where a number is due', { column: 'Cell', type: 'number' }, 'creditLimit', 'n/a', 'n/a'],
    [
      'yes in declared words',
      { column: 'Cell', type: 'boolean', true: ['J', 'Ja'], false: ['N'] },
      'active',
      true,
      'J',
    ],
    [
      'yes without declared words',
      { column: 'Cell', type: 'boolean' },
      'active',
      false,
      { kind: 'boolean', text: 'false', value: false },
    ],
    ['a date', { column: 'Cell', type: 'date', format: 'DD.MM.YYYY' }, 'cC_001', '2024-02-29', '29.02.2024'],
    ['the first text of a lookup', { column: 'Cell', lookup: { Vic: 'VIC', Victoria: 'VIC' } }, 'region', 'VIC', 'Vic'],
    ['what a lookup does not list', { column: 'Cell', lookup: { Vic: 'VIC' } }, 'region', 'WA', 'WA'],
    ['a finished value of a lookup', { column: 'Cell', lookup: { On: true, Off: false } }, 'active', false, 'Off'],
    [
      'a number behind a lookup',
      { column: 'Cell', type: 'number', decimal: ',', lookup: { low: '1,5' } },
      'creditLimit',
      1.5,
      'low',
    ],
    [
      'inverses, last first',
      { column: 'Cell', transform: ['trim', { prefix: { text: 'b' } }, { prefix: { text: 'a' } }] },
      'notes',
      'abc',
      'c',
    ],
  ])('writes %s', (_title, rule, field, value, cell) => {
    const customer = value === undefined ? {} : { [field]: value };
    expect(exported({ fields: { [field]: rule } }, customer)).toEqual({ Cell: cell });
  });

  it.each([
    ['1 High St, Unit 2', ['1 High St', 'Unit 2']],
    ['1 High St', ['1 High St', '']],
    ['1 High St, Unit 2, Rear', ['1 High St', 'Unit 2, Rear']],
    [', Unit 2', [', Unit 2', '']],
    ['', ['', '']],
  ])('cuts the joined text %j', (address, cells) => {
    const json = { fields: { address: { columns: ['Street', 'Street 2'], join: ', ' } } };
    expect(Object.values(exported(json, { address }))).toEqual(cells);
  });

  it('writes the key from its stamp, first', () => {
    const json = { key: { columns: ['Shop', 'No'], join: '/', stamp: 'cC_001' }, fields: { notes: 'Notes' } };
    expect(Object.entries(exported(json, { notes: 'n', cC_001: '7/42' }))).toEqual([
      ['Shop', '7'],
      ['No', '42'],
      ['Notes', 'n'],
    ]);
  });

  it('looks up a key without a stamp', () => {
    const mapping = parsed({ key: { column: 'No' }, fields: { notes: 'Notes' } });
    const [key] = reverseMapping(mapping, { findKey: ({ customerCode }) => `key of ${customerCode}` }).columns;
    expect(key?.cell({ customerCode: 'C1' })).toBe('key of C1');
  });

  it('lists what cannot be restored', () => {
    const part = (index: number) => ({ column: 'Name', transform: [{ split: { separator: ' ', index } }] });
    const mapping = parsed({
      key: { column: 'No' },
      fields: {
        firstName: part(0),
        lastName: part(-1),
        customerType: { value: 'Adult' },
        notes: 'Notes',
        city: 'Notes',
      },
      ignore: ['Remark'],
    });
    expect(reverseMapping(mapping).columns.map(({ name }) => name)).toEqual(['Name', 'Notes']);
    expect(reverseMapping(mapping).losses).toMatchInlineSnapshot(`
      [
        {
          "column": "Name",
          "field": "firstName",
          "why": "firstName: "split" has no inverse: the other parts are lost",
        },
        {
          "column": "Name",
          "field": "lastName",
          "why": "lastName: "split" has no inverse: the other parts are lost",
        },
        {
          "column": "Name",
          "field": "lastName",
          "why": "lastName: the column "Name" is filled from firstName",
        },
        {
          "field": "customerType",
          "why": "customerType has a fixed value in the mapping and no column",
        },
        {
          "column": "Notes",
          "field": "city",
          "why": "city: the column "Notes" is filled from notes",
        },
        {
          "column": "No",
          "why": "The key is not on the customer; add a "stamp" to the key",
        },
        {
          "column": "Remark",
          "why": ""Remark" is ignored and is not sent to the API",
        },
      ]
    `);
  });

  it('has a key that is also a field, without a stamp', () => {
    const { columns, losses: cannotComeBack } = reverseMapping(
      parsed({ key: { column: 'E' }, fields: { emailAddress: 'E' } }),
    );
    expect(columns.map(({ name, field }) => [name, field])).toEqual([['E', 'emailAddress']]);
    expect(cannotComeBack).toEqual([]);
  });

  it('writes a file of the example that maps to the same customers again', () => {
    const mapping = parsed(JSON.parse(readFileSync('mappings.example.json', 'utf8')));
    const { columns: names, rows } = readRows('fixtures/customers.csv');
    const first = compileMapping(mapping, names);
    if (!first.ok) throw new Error('the example does not compile');
    const { columns } = reverseMapping(mapping);
    const again = compileMapping(
      { ...mapping, ignore: [] },
      columns.map(({ name }) => name),
    );
    if (!again.ok) throw new Error('the export does not compile');
    const good = rows.map((row) => first.compiled.map(row)).filter(({ reasons }) => reasons.length === 0);
    expect(good.length).toBeGreaterThan(30);
    for (const { draft, key } of good) {
      const cells = columns.map(({ cell }) => cellToText(cell(draft)));
      expect(again.compiled.map({ index: 0, number: 2, cells })).toEqual({ draft, key, reasons: [], notes: [] });
    }
  });

  it('restores what a mapping of every type reads, as text and as cells of a workbook', () => {
    const json = {
      fields: {
        notes: { columns: ['A', 'B', 'C'], join: '; ', transform: ['trim'] },
        creditLimit: { column: 'Limit', type: 'number', decimal: ',', group: '.' },
        priceBand: { column: 'Band', type: 'integer' },
        active: { column: 'Active', type: 'boolean', true: ['on'], false: ['off'] },
        cC_001: { column: 'Since', type: 'date', format: 'D.M.YYYY' },
        cC_002: { column: 'No', transform: [{ prefix: { text: 'AU-' } }] },
      },
    };
    const part = fc.string({ unit: fc.constantFrom('a', ' ', ';', '; ', 'ü', '\n'), maxLength: 6 });
    const rows = fc.tuple(
      part,
      part,
      part,
      fc.integer().map((cents) => String(cents / 100).replace('.', ',')),
      fc.nat({ max: 99 }).map(String),
      fc.constantFrom('on', 'OFF', ''),
      fc.constantFrom('1.2.2024', '29.02.2000', ''),
      fc.constantFrom('7', 'AU-7', ''),
    );
    const columns = ['A', 'B', 'C', 'Limit', 'Band', 'Active', 'Since', 'No'];
    const mapping = compiled(json, columns);
    const reversed = reverseMapping(parsed(json)).columns;
    expect(reversed.map(({ name }) => name)).toEqual(columns);
    fc.assert(
      fc.property(rows, fc.boolean(), (cells, isText) => {
        const { draft } = mapping.map({ index: 0, number: 2, cells });
        const back = reversed.map(({ cell }) => (isText ? cellToText(cell(draft)) : cell(draft)));
        expect(mapping.map({ index: 0, number: 2, cells: back }).draft).toEqual(draft);
      }),
    );
  });
});

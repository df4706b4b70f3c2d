import { describe, expect, it } from 'vitest';
import type { Cell } from '#pipelines/model.js';
import { mapCell, mapCells } from './mapping-under-test.js';

const number = (value: number, text = String(value)): Cell => ({ kind: 'number', value, text });
const boolean = (value: boolean): Cell => ({ kind: 'boolean', value, text: value ? 'TRUE' : 'FALSE' });
const date = (text: string): Cell => ({ kind: 'date', text });
const error = (text: string): Cell => ({ kind: 'error', text, reason: `the cell says ${text}` });

const limit = { type: 'number', decimal: ',', group: '.' };
const since = { type: 'date', format: 'DD/MM/YYYY' };

describe('a mapped row', () => {
  it.each<[title: string, rule: object, cell: Cell, rest: object, expected: object]>([
    ['leaves a blank cell out', {}, '  \u200B', {}, {}],
    ['clears by the token', {}, ' #N/A ', { nullToken: '#N/A' }, { notes: null }],
    ['clears by a blank when the mapping says so', {}, '', { blank: 'clear' }, { notes: null }],
    ['takes the default for a blank', { default: 'none' }, '', { blank: 'clear' }, { notes: 'none' }],
    ['does not take the default for the token', { default: 'none' }, '-', { nullToken: '-' }, { notes: null }],
    ['clears by a null default', { default: null }, '', {}, { notes: null }],
    ['counts a text that transforms emptied as blank', { transform: ['digits'] }, 'n/a', {}, {}],
    ['keeps a text as it stands', {}, '  0810 ', {}, { notes: '  0810 ' }],
    [
      'keeps what a lookup does not list when the mapping says so',
      { lookup: { a: 'b' }, otherwise: 'keep' },
      ' c ',
      {},
      { notes: ' c ' },
    ],
    [
      'blanks what a lookup does not list when the mapping says so',
      { lookup: { a: 'b' }, otherwise: 'blank', default: 'd' },
      'c',
      {},
      { notes: 'd' },
    ],
    [
      'puts a value for what a lookup does not list',
      { lookup: { a: 'b' }, otherwise: { value: 'x' } },
      'c',
      {},
      { notes: 'x' },
    ],
    ['looks up without case', { lookup: { 'New South Wales': 'NSW' } }, ' new  south wales', {}, { notes: 'NSW' }],
    ['looks up exactly first', { lookup: { m: 'small', M: 'large' } }, 'M', {}, { notes: 'large' }],
    ['clears by a lookup', { lookup: { none: null } }, 'none', {}, { notes: null }],
    ['transforms before it looks up', { transform: ['upper'], lookup: { Y: 'yes' } }, 'y', {}, { notes: 'yes' }],
    ['shows a number as its owner sees it', {}, number(810, '0810'), {}, { notes: '0810' }],
    ['shows yes as its owner sees it', {}, boolean(true), {}, { notes: 'TRUE' }],
    ['transforms a number under text', { transform: [{ pad: { length: 4 } }] }, number(810), {}, { notes: '0810' }],
  ])('%s', (_title, rule, cell, rest, expected) => {
    const { draft, reasons } = mapCell('notes', rule, cell, rest);
    expect(reasons).toEqual([]);
    expect(draft).toEqual(expected);
  });

  it.each<[title: string, field: string, rule: object, cell: Cell, value: unknown]>([
    ["a workbook's number whatever the signs", 'creditLimit', limit, number(1234.5, '1,234.50'), 1234.5],
    [
      "a workbook's number in spite of transforms",
      'creditLimit',
      { ...limit, transform: ['digits'] },
      number(12.5),
      12.5,
    ],
    ["a workbook's number by a lookup, as text", 'priceBand', { type: 'integer', lookup: { 1: '3' } }, number(1), 3],
    ['a text as a number', 'creditLimit', limit, '1.234,50', 1234.5],
    ["a workbook's yes", 'active', { type: 'boolean' }, boolean(false), false],
    ['a 1 as yes', 'active', { type: 'boolean' }, number(1), true],
    ["a workbook's date", 'cC_001', since, date('2024-02-29'), '2024-02-29'],
    ["a workbook's date with a time", 'cC_001', since, date('2024-02-29T10:00:00'), '2024-02-29T10:00:00'],
    ['a text as a date', 'cC_001', since, '29/02/2024', '2024-02-29'],
    ['finished values of a lookup', 'active', { lookup: { on: true, off: false } }, 'Off', false],
  ])('takes %s', (_title, field, rule, cell, value) => {
    expect(mapCell(field, rule, cell)).toMatchObject({ draft: { [field]: value }, reasons: [] });
  });

  it.each<[title: string, field: string, rule: object, cell: Cell, code: string, message: string]>([
    [
      'a text that is no number',
      'creditLimit',
      { ...limit, group: undefined },
      '12,5x',
      'NOT_A_NUMBER',
      'Cell "12,5x" is not a number; expected digits with "," as decimal sign',
    ],
    [
      'a workbook number with decimals',
      'priceBand',
      { type: 'integer' },
      number(1.5),
      'NOT_AN_INTEGER',
      'Cell "1.5" has decimals; enter a whole number',
    ],
    ['a date under a number', 'creditLimit', limit, date('2024-01-01'), 'NOT_A_NUMBER', 'expected digits'],
    ['a serial number under a date', 'cC_001', since, number(45296), 'NOT_A_DATE', 'expected "DD/MM/YYYY"'],
    ['a time under a date', 'cC_001', since, date('10:30:00'), 'NOT_A_DATE', 'time without a date'],
    [
      'an unlisted text',
      'region',
      { lookup: { Victoria: 'VIC' } },
      'Victroia',
      'NOT_IN_LOOKUP',
      'did you mean "Victoria"?',
    ],
    ['an error cell', 'notes', {}, error('#REF!'), 'CELL_ERROR', 'holds no value (the cell says #REF!)'],
    ['an error cell under a default', 'notes', { default: 'x' }, error('#REF!'), 'CELL_ERROR', 'correct the cell'],
    [
      'digits that a workbook rounded',
      'phoneNumber',
      {},
      number(6141234567890123),
      'NUMBER_DAMAGED',
      'format the column as text',
    ],
    ['digits that a workbook shortened', 'phoneNumber', {}, '6.14E+10', 'NUMBER_DAMAGED', 'enter the digits again'],
    [
      'a text without the pattern',
      'notes',
      { transform: ['trim', { extract: { pattern: '\\d+' } }] },
      'abc',
      'PATTERN_NOT_FOUND',
      '/\\d+/',
    ],
  ])('gives a reason for %s', (_title, field, rule, cell, code, message) => {
    const { draft, reasons } = mapCell(field, JSON.parse(JSON.stringify(rule)), cell);
    expect(draft).toEqual({});
    const value = typeof cell === 'string' ? cell : cell.text;
    expect(reasons).toEqual([
      { severity: 'error', code, field, columns: ['Cell'], value, message: expect.stringContaining(message) },
    ]);
  });

  it('collects all reasons of a row', () => {
    const json = {
      key: { column: 'No' },
      fields: {
        creditLimit: { column: 'Limit', type: 'number' },
        active: { column: 'On', type: 'boolean' },
        notes: 'Text',
      },
    };
    const { draft, key, reasons } = mapCells(json, { No: ' ', Limit: 'x', On: 'maybe', Text: 'kept' });
    expect(reasons.map(({ code }) => code)).toEqual(['NOT_A_NUMBER', 'NOT_A_BOOLEAN', 'KEY_MISSING']);
    expect(draft).toEqual({ notes: 'kept' });
    expect(key).toBeUndefined();
  });

  it('does not show the value of a bank account', () => {
    const [reason] = mapCell('bankAccount', {}, '1.2E+11').reasons;
    expect(JSON.stringify(reason)).not.toContain('1.2');
    expect(reason?.message).toMatch(/^Cell is a number that/);
  });

  it('shortens a long value and shows its line breaks', () => {
    const [reason] = mapCell('creditLimit', { type: 'number' }, `one\r\ntwo ${'x'.repeat(500)}`).reasons;
    expect(reason?.value).toMatch(/^one⏎two x{71}…$/);
  });

  it('notes a text that it has shortened', () => {
    expect(mapCell('notes', { transform: ['trim', { truncate: { length: 4 } }] }, 'a🙂cdef')).toEqual({
      draft: { notes: 'a🙂cd' },
      reasons: [],
      notes: [
        {
          severity: 'info',
          code: 'TRUNCATED',
          field: 'notes',
          columns: ['Cell'],
          value: 'a🙂cdef',
          message: 'Cell "a🙂cdef" was shortened to 4 characters',
        },
      ],
    });
  });

  it.each<[street: Cell, more: Cell, expected: object]>([
    ['1 High St', 'Unit 2', { address: '1 High St, Unit 2' }],
    ['1 High St ', ' ', { address: '1 High St' }],
    ['', 'Unit 2', { address: 'Unit 2' }],
    ['', '', {}],
    ['-', '', { address: null }],
    ['-', 'Unit 2', { address: 'Unit 2' }],
    [number(12), 'High St', { address: '12, High St' }],
  ])('joins %j and %j', (street, more, expected) => {
    const json = { fields: { address: { columns: ['Street', 'More'], join: ', ' } }, nullToken: '-' };
    expect(mapCells(json, { Street: street, More: more }).draft).toEqual(expected);
  });

  it.each([
    ['1 Pier', 'Level 2', '1 Pier'],
    [' ', 'Level 2', 'Level 2'],
    ['', '', undefined],
    ['-', 'Level 2', 'Level 2'],
    ['-', '', null],
  ])('takes the first of %j and %j that is not blank', (street, more, expected) => {
    const json = { fields: { address: { columns: ['Street', 'More'], take: 'first' } }, nullToken: '-' };
    expect(mapCells(json, { Street: street, More: more }).draft.address).toBe(expected);
  });

  it('names both columns of a joined text that is wrong', () => {
    const json = { fields: { creditLimit: { columns: ['A', 'B'], join: '', type: 'number' } } };
    expect(mapCells(json, { A: '1', B: 'x' }).reasons[0]).toMatchObject({
      columns: ['A', 'B'],
      message: expect.stringContaining('A + B "1 + x" is not a number'),
    });
    expect(mapCells(json, { A: '1', B: error('#DIV/0!') }).reasons[0]?.code).toBe('CELL_ERROR');
  });

  it.each<[title: string, cell: Cell, key: string | undefined, code: string | undefined]>([
    ['trims it', ' A-1\u00A0', 'A-1', undefined],
    ['composes its letters', 'Zoe\u0308', 'Zoë', undefined],
    ['keeps its zeros', number(42, '0042'), '0042', undefined],
    ['refuses the clearing token', '#N/A', undefined, 'KEY_MISSING'],
    ['refuses an error cell', error('#REF!'), undefined, 'CELL_ERROR'],
    ['refuses rounded digits', number(1e15, '1E+15'), undefined, 'NUMBER_DAMAGED'],
  ])('with a key %s', (_title, cell, key, code) => {
    const json = { fields: { notes: { column: 'Key', default: 'x' } }, key: { column: 'Key' }, nullToken: '#N/A' };
    const mapped = mapCells(json, { Key: cell });
    expect(mapped.key).toBe(key);
    expect(mapped.reasons.find(({ field }) => field === undefined)?.code).toBe(code);
  });

  it('asks for every part of a key', () => {
    const json = { fields: { notes: 'Text' }, key: { columns: ['Shop', 'No'], join: '-' } };
    expect(mapCells(json, { Shop: '7', No: '', Text: '' }).reasons).toEqual([
      {
        severity: 'error',
        code: 'KEY_MISSING',
        columns: ['Shop', 'No'],
        value: '7',
        message: expect.stringContaining('is incomplete'),
      },
    ]);
  });

  it('keeps identities out of the draft, and does not clear them', () => {
    const json = { fields: { customerCode: 'Code', customerId: 'Id' }, blank: 'clear' };
    expect(mapCells(json, { Code: 'C-1', Id: '' })).toEqual({ draft: {}, customerCode: 'C-1', reasons: [], notes: [] });
  });

  it('lets the null token clear where a workbook turned it into an error', () => {
    expect(mapCell('notes', {}, error('#N/A'), { nullToken: '#N/A' })).toMatchObject({
      draft: { notes: null },
      reasons: [],
    });
  });
});

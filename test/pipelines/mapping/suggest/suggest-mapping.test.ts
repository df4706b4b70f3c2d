import { describe, expect, it } from 'vitest';
import { compileMapping } from '#pipelines/mapping/compile.js';
import { parseMapping } from '#pipelines/mapping/parse-mapping.js';
import { suggestMapping } from '#pipelines/mapping/suggest/suggest-mapping.js';
import type { Choices } from '#pipelines/mapping/suggest/suggestion.js';
import { readRows } from '#test/pipelines/mapping/read-rows.js';

/** A file from lines, the first of them its header, with cells between bars. */
function buildFile(...lines: readonly string[]) {
  const [columns = [], ...rows] = lines.map((line) => line.split('|').map((cell) => cell.trim()));
  return { columns, rows };
}

function suggest(lines: readonly string[], choices?: Choices) {
  return suggestMapping(buildFile(...lines), choices);
}

function ruleFor(field: string, heading: string, values: readonly string[], choices?: Choices) {
  return suggest([`Company|${heading}`, ...values.map((value, row) => `C${row}|${value}`)], choices).mapping.fields[
    field
  ];
}

describe('the rule that is proposed', () => {
  it.each<[title: string, field: string, heading: string, values: readonly string[], rule: unknown]>([
    ['plain text', 'city', 'Town', ['Eden', 'Bega'], 'Town'],
    ['an e-mail address', 'emailAddress', 'Mail', ['a@x.example'], { column: 'Mail', transform: ['email'] }],
    [
      'a point as decimal sign',
      'creditLimit',
      'Credit limit',
      ['10.5', '3'],
      { column: 'Credit limit', type: 'number' },
    ],
    [
      'commas and points of the continent',
      'creditLimit',
      'Kreditlimit',
      ['1.250,50', '3,00'],
      { column: 'Kreditlimit', type: 'number', decimal: ',', group: '.' },
    ],
    [
      'commas between groups',
      'creditLimit',
      'Credit limit',
      ['1,250.50', '1,000,000.00'],
      { column: 'Credit limit', type: 'number', group: ',' },
    ],
    [
      'money with its sign',
      'creditLimit',
      'Credit limit',
      ['$1,250.50', '$3.00'],
      {
        column: 'Credit limit',
        type: 'number',
        group: ',',
      },
    ],
    [
      'a unit that is no money',
      'creditLimit',
      'Credit limit',
      ['5 PCS', '7 PCS'],
      { column: 'Credit limit', transform: [{ replace: { from: 'PCS', to: '' } }], type: 'number' },
    ],
    ['percentages', 'discountPercent', 'Discount', ['5%', '7.5%'], { column: 'Discount', type: 'number' }],
    ['a whole number', 'priceBand', 'Price level', ['1', '3'], { column: 'Price level', type: 'integer' }],
    ['the usual yes and no', 'active', 'Active', ['Y', 'n', 'Yes'], { column: 'Active', type: 'boolean' }],
    [
      'other words for yes and no',
      'allowMailing',
      'Newsletter',
      ['ja', 'nein', 'Ja'],
      { column: 'Newsletter', type: 'boolean', true: ['Ja'], false: ['nein'] },
    ],
    [
      'one of two words',
      'active',
      'Aktiv',
      ['aktiv', 'aktiv'],
      { column: 'Aktiv', type: 'boolean', true: ['aktiv'], false: ['inaktiv'] },
    ],
    [
      'a column that says the opposite',
      'allowMailing',
      'Do not email',
      ['Y', 'N'],
      { column: 'Do not email', type: 'boolean', true: ['N'], false: ['Y'] },
    ],
    [
      'post codes that lost a zero',
      'postalCode',
      'Post code',
      ['2041', '810', '3053'],
      { column: 'Post code', transform: [{ pad: { length: 4 } }] },
    ],
    ['post codes of several lengths', 'postalCode', 'ZIP', ['2041', '01067', 'SW1A 1AA'], 'ZIP'],
    ['words where a number is wanted', 'creditLimit', 'Credit limit', ['none', 'ask Bob'], undefined],
    ['decimals where none may be', 'priceBand', 'Price level', ['1.5'], undefined],
    ['a category where yes or no is wanted', 'active', 'Status', ['gold', 'silver'], undefined],
  ])('for %s', (_title, field, heading, values, rule) => {
    expect(ruleFor(field, heading, values)).toEqual(rule);
  });

  it('joins the lines of an address in their order, and no other address', () => {
    const { mapping } = suggest([
      'Company|Shipping Street|Billing Street 2|Billing Street|Billing City|Shipping City',
      'Koala|1 Pier|Suite 2|5 Grove|Eden|Bega',
    ]);
    expect(mapping.fields.address).toEqual({ columns: ['Billing Street 2', 'Billing Street'], join: ', ' });
    expect(mapping.fields.city).toBe('Billing City');
  });

  it('takes the only address that there is', () => {
    const { mapping } = suggest(['Company|Delivery Street|Delivery City', 'Koala|1 Pier|Bega']);
    expect(mapping.fields).toMatchObject({ address: 'Delivery Street', city: 'Delivery City' });
  });

  it('joins a street and the number of its house by a space', () => {
    const { mapping } = suggest(['Firma|Straße|Hausnr.', 'Koala|Ring|5a']);
    expect(mapping.fields.address).toEqual({ columns: ['Straße', 'Hausnr.'], join: ' ' });
  });

  it.each([
    ['a last name beside a first name', 'Vorname|Name', 'Ann|Lee', { firstName: 'Vorname', lastName: 'Name' }],
    ['a first name beside last names', 'nombre|apellidos', 'Ana|Paz', { firstName: 'nombre', lastName: 'apellidos' }],
    ['the customer, alone', 'Name|Town', 'Koala|Eden', { customerName: 'Name', city: 'Town' }],
  ])('takes a bare name for %s', (_title, header, row, fields) => {
    expect(suggest([header, row]).mapping.fields).toEqual(fields);
  });

  it('finds an e-mail address and a web site by their values, with less confidence', () => {
    const { mapping, columns } = suggest(['Company|A|B', 'Koala|a@x.example|https://x.example']);
    expect(mapping.fields).toMatchObject({ emailAddress: { column: 'A' }, webSite: 'B' });
    expect(columns[1]).toMatchObject({ target: 'emailAddress', confidence: 0.7, why: 'by its values' });
  });

  it('prefers the column that is filled', () => {
    const { mapping } = suggest(['Company|Full name', '|Ann Lee', '|Bob Ray', '|Cy Orr', 'Koala|Di Fox']);
    expect(mapping.fields.customerName).toBe('Full name');
  });

  it('says which values will not pass', () => {
    const emails = Array.from({ length: 19 }, (_, row) => `Mail ${row}|c${row}@x.example`);
    const { columns } = suggest(['Company|Email', ...emails, 'Wren|ask Bob']);
    expect(columns[1]).toMatchObject({
      target: 'emailAddress',
      remarks: expect.arrayContaining(['1 of 20 are not e-mail addresses, e.g. "ask Bob"']),
    });
  });

  it('leaves out a few values that will not pass, but not many', () => {
    const emails = Array.from({ length: 19 }, (_, row) => `Mail ${row}|c${row}@x.example`);
    const otherwise = (wrong: readonly string[]) =>
      suggest(['Company|Email', ...emails, ...wrong]).mapping.fields.emailAddress;
    expect(otherwise(['Wren|ask Bob'])).toMatchObject({ otherwise: 'blank' });
    expect(otherwise([])).not.toHaveProperty('otherwise');
    expect(otherwise(Array.from({ length: 9 }, (_, row) => `Wren ${row}|ask Bob`))).not.toHaveProperty('otherwise');
  });

  it('leaves out a few values that are neither yes nor no', () => {
    const rows = Array.from({ length: 19 }, (_, row) => `Mail ${row}|${row % 2 === 0 ? 'Y' : 'N'}`);
    const { mapping, columns } = suggest(['Company|Active', ...rows, 'Wren|?']);
    expect(mapping.fields.active).toMatchObject({ type: 'boolean', otherwise: 'blank' });
    expect(columns[1]?.remarks?.[0]).toMatch(/^1 of 20 are neither yes nor no, e\.g\. "\?"/);
  });

  it('shows no values of a bank account', () => {
    const { columns } = suggest(['Company|IBAN', 'Koala|DE02120300000000202051']);
    expect(columns[1]).toMatchObject({ target: 'bankAccount', samples: [] });
  });
});

describe('the key that is proposed', () => {
  it.each([
    ['the old number, never as a number', ['Customer No|Company', '0042|Koala', '0043|Wren'], 'Customer No'],
    ['not a number that occurs twice', ['Customer No|Company', '1|Koala', '1|Wren'], undefined],
    ['not a number that is missing somewhere', ['Customer No|Company', '1|Koala', '|Wren'], undefined],
    ['not the position of the row', ['Index|Company', '1|Koala', '2|Wren'], undefined],
    ['else the e-mail address', ['Company|Email', 'Koala|a@x.example', 'Wren|b@x.example'], 'Email'],
    ['not an e-mail address that two share', ['Company|Email', 'Koala|a@x.example', 'Wren|a@x.example'], undefined],
  ])('is %s', (_title, lines, column) => {
    const { mapping } = suggest(lines);
    expect(mapping.key?.column).toBe(column);
    expect(mapping.mode).toBe(column === undefined ? 'add' : 'upsert');
  });

  it("is the file's own number before the e-mail address, whatever its column is called", () => {
    const rows = Array.from({ length: 12 }, (_, at) => `K-${1200 + 7 * at}|Customer ${at}|c${at}@x.example`);
    const { mapping, questions } = suggest(['Laufende|Company|Email', ...rows]);
    expect(mapping.key).toEqual({ column: 'Laufende' });
    expect(questions).toEqual([expect.objectContaining({ kind: 'key', column: 'Laufende' })]);
    expect(suggest(['Square Customer ID|Email', 'JDKY|a@x.example', 'MBEN|b@x.example']).mapping.key).toEqual({
      column: 'Square Customer ID',
    });
  });

  it('has fields to match by beside it, in turn, as far as the file has them', () => {
    const match = (header: string, row: string) => suggest([header, row]).mapping.match;
    expect(match('Customer No|Company|Email|Phone', '1|Koala|a@x.example|0491 570 156')).toEqual([
      ['emailAddress'],
      ['phoneNumber', 'customerName'],
    ]);
    expect(match('Customer No|First Name|Last Name|Phone', '1|Ann|Lee|0491 570 156')).toEqual([
      'phoneNumber',
      'firstName',
      'lastName',
    ]);
    expect(match('Customer No|Company', '1|Koala')).toBeUndefined();
    expect(match('Company|Email', 'Koala|a@x.example')).toBeUndefined();
  });

  it('is stored in a free field of the account, unless the file fills that', () => {
    const lines = ['Customer No|Company', '0042|Koala', '0043|Wren'];
    const { mapping, remarks } = suggest(lines, { stamp: { field: 'cC_003', customers: 5 } });
    expect(mapping.key).toEqual({ column: 'Customer No', stamp: 'cC_003' });
    expect(remarks).toEqual([expect.stringContaining('cC_003: it is blank in 5 customers')]);
  });

  it('is asked about when it is only the e-mail address', () => {
    const { questions } = suggest(['Company|Email', 'Koala|a@x.example', 'Wren|b@x.example']);
    expect(questions).toEqual([expect.objectContaining({ kind: 'key', column: 'Email' })]);
    const { mapping } = suggest(['Company|Email', 'Koala|a@x.example', 'Wren|b@x.example'], { key: 'none' });
    expect(mapping).toMatchObject({ mode: 'add', fields: { emailAddress: { column: 'Email' } } });
    expect(mapping.key).toBeUndefined();
  });

  it("is not needed by a file that has the API's own codes", () => {
    const { mapping } = suggest(['customerCode|customerName|balance', '00001|Koala|5']);
    expect(mapping).toMatchObject({ mode: 'upsert', fields: { customerCode: 'customerCode' }, ignore: ['balance'] });
    expect(mapping.key).toBeUndefined();
  });
});

describe('columns that no field is meant for', () => {
  const lines = ['Company|Since|Colour|Empty', 'Koala|03/04/2020|red|', 'Wren|05/06/2021|blue|'];

  it('are left out, with a question', () => {
    const { mapping, questions } = suggest(lines);
    expect(mapping.ignore).toEqual(['Since', 'Colour', 'Empty']);
    expect(questions).toContainEqual({ kind: 'customColumns', columns: ['Since', 'Colour'] });
  });

  it('are kept when that is wanted, and dates only when their order is known', () => {
    const open = suggest(lines, { customColumns: true });
    expect(open.mapping.fields).toEqual({ customerName: 'Company', cC_001: 'Colour' });
    expect(open.questions).toEqual([expect.objectContaining({ kind: 'dateOrder', columns: ['Since'] })]);
    const { mapping } = suggest(lines, { customColumns: true, dateOrder: 'day' });
    expect(mapping.fields).toEqual({
      customerName: 'Company',
      cC_001: { column: 'Since', type: 'date', format: 'D/M/YYYY' },
      cC_002: 'Colour',
    });
  });

  it.each([
    ['in the column itself', ['Company|Since', 'Koala|03/04/2020', 'Wren|25/06/2021'], 'D/M/YYYY'],
    ['in another column', ['Company|Since|Seen', 'Koala|03/04/2020|4/30/2020', 'Wren|05/06/2021|1/2/2020'], 'M/D/YYYY'],
    ['in a form that has no doubt', ['Company|Since', 'Koala|2020-04-03', 'Wren|2021-06-05'], 'YYYY-MM-DD'],
    ['with the name of the month', ['Company|Since', 'Koala|3 Apr 2020', 'Wren|5 Jun 2021'], 'D MMM YYYY'],
    ['with a time', ['Company|Since', 'Koala|2020-04-03 10:20', 'Wren|2021-06-05 00:00'], 'YYYY-MM-DD HH:mm'],
    ['with points and two digits', ['Company|Since', 'Koala|31.12.99', 'Wren|1.2.03'], 'D.M.YY'],
  ])('find the order of day and month %s', (_title, file, format) => {
    const { mapping } = suggest(file, { customColumns: true });
    expect(mapping.fields.cC_001).toEqual({ column: 'Since', type: 'date', format });
  });

  it('take ten places and no more', () => {
    const names = Array.from({ length: 12 }, (_, index) => `Extra ${'abcdefghijkl'.charAt(index)}`);
    const { mapping } = suggest([`Company|${names.join('|')}`, `Koala|${names.join('|')}`], { customColumns: true });
    expect(Object.keys(mapping.fields)).toHaveLength(11);
    expect(mapping.ignore).toEqual(['Extra k', 'Extra l']);
  });
});

describe('what only the user knows', () => {
  it('is asked: which sign is the decimal one', () => {
    const lines = ['Company|Credit limit', 'Koala|1.250', 'Wren|2.500'];
    expect(suggest(lines).questions).toContainEqual(expect.objectContaining({ kind: 'decimal' }));
    expect(suggest(lines, { decimal: ',' }).mapping.fields.creditLimit).toEqual({
      column: 'Credit limit',
      type: 'number',
      decimal: ',',
      group: '.',
    });
  });

  it('overrules the proposal', () => {
    const targets = new Map([
      ['Phone 2', 'faxNumber'],
      ['Phone 1', 'leave'],
      ['Old', 'key'],
    ] as const);
    const { mapping } = suggest(['Company|Phone 1|Phone 2|Old', 'Koala|1|2|x'], { targets });
    expect(mapping.fields).toEqual({ customerName: 'Company', faxNumber: 'Phone 2' });
    expect(mapping.key).toEqual({ column: 'Old' });
  });
});

describe('columns that cannot be mapped', () => {
  it('are left out with the reason', () => {
    const file = { columns: ['Company', 'Colour', ''], rows: [['Koala', 'red', 'x']] };
    const { columns, mapping } = suggestMapping(file);
    expect(columns.map(({ why }) => why)).toEqual(['by its name', 'no customer field has this name', 'it has no name']);
    expect(mapping.fields).toEqual({ customerName: 'Company' });
  });

  it('are not those with one name: the first has it', () => {
    const file = { columns: ['Company', 'Phone', 'Phone (2)'], rows: [['Koala', '0491 570 156', '02 5550 1201']] };
    expect(suggestMapping(file).mapping.fields).toMatchObject({
      customerName: 'Company',
      phoneNumber: expect.anything(),
    });
  });
});

describe('the files that everybody has', () => {
  it.each([
    ['fixtures/samples/au-500.csv', 500, 10],
    ['fixtures/samples/customers-1000.csv', 1000, 9],
  ])('%s: the proposal is the same twice, and maps every row', async (file, count, mapped) => {
    const { columns, rows } = readRows(file);
    const sample = { columns, rows: rows.map(({ cells }) => cells) };
    const suggestion = suggestMapping(sample);
    expect(JSON.stringify(suggestMapping(sample))).toBe(JSON.stringify(suggestion));
    expect(suggestion.columns.filter(({ target }) => target !== undefined)).toHaveLength(mapped);
    const parsed = parseMapping(suggestion.mapping);
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
    const compilation = compileMapping(parsed.mapping, columns);
    if (!compilation.ok) throw new Error(JSON.stringify(compilation.problems));
    const outcomes = await compilation.compiled.mapAll(rows);
    expect(outcomes).toHaveLength(count);
    expect(outcomes.flatMap(({ reasons }) => reasons)).toEqual([]);
    expect(new Set(outcomes.map(({ key }) => key)).size).toBe(count);
  });
});

describe('the whole name of a person beside a company', () => {
  it.each([
    ['at the first space', ["Maeve O'Brien", 'Tobias van der Berg'], ["Maeve|O'Brien", 'Tobias|van der Berg']],
    ['at the comma', ["O'Brien, Maeve", 'van der Berg, Tobias'], ["Maeve|O'Brien", 'Tobias|van der Berg']],
    ['cell by cell', ["O'Brien, Maeve", 'Tobias van der Berg'], ["Maeve|O'Brien", 'Tobias|van der Berg']],
    ['and a single word is a last name', ['Maeve Nolan', 'Al Poe', 'Cher'], ['Maeve|Nolan', 'Al|Poe', '|Cher']],
  ])('is taken apart %s', async (_how, names, expected) => {
    const { mapping } = suggest(['Company|Contact Name', ...names.map((name, row) => `C${row}|${name}`)]);
    const parsed = parseMapping(mapping);
    const compiled = parsed.ok ? compileMapping(parsed.mapping, ['Company', 'Contact Name']) : parsed;
    if (!('compiled' in compiled)) throw new Error(JSON.stringify(compiled));
    const rows = names.map((name, index) => ({ index, number: index + 2, cells: [`C${index}`, name] }));
    const drafts = rows.map((row) => compiled.compiled.map(row).draft);
    expect(drafts.map(({ firstName, lastName }) => `${firstName ?? ''}|${lastName}`)).toEqual(expected);
  });

  it('says so, and goes by what the user said', () => {
    const lines = ['Company|Contact Name', 'Koala|Maeve Nolan', 'Wren|Al Poe'];
    const [, proposal] = suggest(lines).columns;
    expect(proposal).toMatchObject({ target: 'firstName', remarks: [expect.stringMatching(/first space/)] });
    expect(suggest(lines).mapping.fields.lastName).toEqual({
      column: 'Contact Name',
      transform: [{ namePart: { part: 'last' } }],
    });
    const left = suggest(lines, { targets: new Map([['Contact Name', 'leave']]) });
    expect(Object.keys(left.mapping.fields)).toEqual(['customerName']);
  });

  it.each([
    ['codes are no names', ['Company|Contact', 'Koala|17', 'Wren|18']],
    ['one word is no whole name', ['Company|Contact', 'Koala|Maeve', 'Wren|Al']],
    ['first and last names are there', ['Company|Contact|First Name', 'Koala|Maeve Nolan|Maeve', 'Wren|Al Poe|Al']],
  ])('is left alone when %s', (_why, lines) => {
    expect(suggest(lines).mapping.fields.lastName).toBeUndefined();
  });
});

describe('columns that share a field', () => {
  it('are taken in turn where one is blank: a mobile phone for a telephone, a name for a company', () => {
    const { mapping, columns } = suggest([
      'Company|First Name|Last Name|Name|Phone|Mobile|Home Phone|Delivery Phone',
      'Koala|Ann|Lee|Ann Lee|02 5550 1201|0491 570 156||02 5550 1209',
      '|Bob|Ray|Bob Ray||0491 570 157|02 5550 1207|02 5550 1208',
    ]);
    expect(mapping.fields.phoneNumber).toEqual({ columns: ['Phone', 'Mobile'], take: 'first' });
    expect(mapping.fields.customerName).toEqual({ columns: ['Company', 'Name'], take: 'first' });
    expect(columns[5]).toMatchObject({ target: 'phoneNumber', why: 'where "Phone" is blank' });
  });

  it('are left out where they add nothing', () => {
    const { mapping } = suggest(['Company|Phone|Mobile', 'Koala|02 5550 1201|0491 570 156', 'Wren||']);
    expect(mapping.fields.phoneNumber).toBe('Phone');
  });

  it('are joined for notes', () => {
    const { mapping } = suggest(['Company|Notes|Comments', 'Koala|likes tea|pays late']);
    expect(mapping.fields.notes).toEqual({ columns: ['Notes', 'Comments'], join: '\n' });
  });

  it('are a city and a line of the address, where there is a suburb, too', () => {
    const { mapping } = suggest(['Company|Street|Suburb|City', 'Koala|1 Pier|Balmain|Sydney']);
    expect(mapping.fields).toMatchObject({ address: { columns: ['Street', 'Suburb'], join: ', ' }, city: 'City' });
    expect(suggest(['Company|Street|Suburb', 'Koala|1 Pier|Balmain']).mapping.fields.city).toBe('Suburb');
  });
});

describe('several values in one cell', () => {
  it.each([
    ['phoneNumber', 'Phone', '0491 570 156 ::: +61 2 5550 1201', { split: { separator: ' ::: ', index: 0 } }],
    ['phoneNumber', 'Phone', '02 5550 1201; 0491 570 156', { split: { separator: ';', index: 0 } }],
    ['webSite', 'Website', 'a.example; b.example', { split: { separator: ';', index: 0 } }],
  ])('of %s are split, and that is said', (field, heading, value, step) => {
    const { mapping, columns } = suggest([`Company|${heading}`, `Koala|${value}`, 'Wren|']);
    expect(mapping.fields[field]).toEqual({ column: heading, transform: [step] });
    expect(columns[1]?.remarks).toEqual([expect.stringContaining('the first is taken')]);
  });

  it('are not seen in what is one value', () => {
    expect(ruleFor('phoneNumber', 'Phone', ['02 5550 1201 / 1202'])).toBe('Phone');
    expect(ruleFor('city', 'City', ['Eden; NSW'])).toBe('City');
  });

  it('of an e-mail column are counted, and are no key', () => {
    const { mapping, columns } = suggest(['Company|Email', 'Koala|a@x.example, b@x.example', 'Wren|Bob <c@x.example>']);
    expect(mapping.fields.emailAddress).toEqual({ column: 'Email', transform: ['email'] });
    expect(mapping.key).toBeUndefined();
    expect(columns[1]?.remarks).toEqual([expect.stringMatching(/^2 of 2 have more than an address/)]);
  });

  it('lose the label that a report writes before them', () => {
    expect(ruleFor('phoneNumber', 'Phone', ['Phone:(02) 5550 1201', ''])).toEqual({
      column: 'Phone',
      transform: [{ extract: { pattern: '[+(]*\\d.*$', otherwise: 'keep' } }],
    });
  });
});

describe('what only the values tell', () => {
  it.each([
    ['Account', ['K-100', 'W-200'], { key: 'Account', name: undefined }],
    ['Account', ['Koala Books', 'Wren'], { key: undefined, name: 'Account' }],
    ['Debtor', ['1001', '1002'], { key: 'Debtor', name: undefined }],
    ['Konto', ['10001', '10002'], { key: 'Konto', name: undefined }],
  ])('is whether %s holds numbers or names: %j', (heading, values, expected) => {
    const { mapping } = suggest([`${heading}|Town`, ...values.map((value) => `${value}|Eden`)]);
    expect({ key: mapping.key?.column, name: mapping.fields.customerName }).toEqual(expected);
  });

  it('is that nobody has agreed to anything who is listed as unknown', () => {
    expect(ruleFor('allowMailing', 'Email Subscription Status', ['subscribed', 'unknown'])).toEqual({
      column: 'Email Subscription Status',
      type: 'boolean',
      true: ['subscribed'],
      false: ['unknown', 'unsubscribed'],
    });
  });

  it('is the other word of a column that says the opposite', () => {
    expect(ruleFor('active', 'Hidden', ['N', 'N'])).toEqual({
      column: 'Hidden',
      type: 'boolean',
      true: ['N'],
      false: ['y'],
    });
  });
});

describe('a file without a header', () => {
  it('is read by its values, and each of them is asked about', () => {
    const rows = [
      ['1', 'Koala Books', '0491 570 156', '0800', 'maeve@koala.example', 'AC'],
      ['2', 'Wren Physio', '0491 570 157', '0801', 'tobias@wren.example', 'AC'],
    ];
    const source = JSON.parse('{ "noHeader": true }');
    const { mapping, questions } = suggestMapping({ columns: ['A', 'B', 'C', 'D', 'E', 'AC'], rows, source });
    expect(mapping.fields).toEqual({
      customerName: 'B',
      postalCode: 'D',
      phoneNumber: 'C',
      emailAddress: { column: 'E', transform: ['email'] },
    });
    expect(questions.filter(({ kind }) => kind === 'target')).toHaveLength(4);
  });
});

describe('texts that stand for nothing', () => {
  it('are proposed as such, and decide nothing about their column', () => {
    const { mapping, remarks } = suggest(['No|Company|Credit limit', '1|Koala|NULL', '2|Wren|500', '3|nan|N/A']);
    expect(mapping.blankTokens).toEqual(['NULL', 'nan', 'N/A']);
    expect(mapping.fields.creditLimit).toMatchObject({ column: 'Credit limit', type: 'number' });
    expect(remarks).toContainEqual(expect.stringContaining('"NULL", "nan", "N/A"'));
    expect(suggest(['No|Company', '1|Koala', '2|Wren']).mapping.blankTokens).toBeUndefined();
  });
});

import { describe, expect, it } from 'vitest';
import { openWorkbook } from '#src/files/xlsx/read/open-workbook.js';
import {
  type AwkwardCustomer,
  awkwardColumns,
  comparableCell,
  expectedCells,
  typedCustomers,
} from '#test/files/awkward-customers.js';
import { buildStyles, makeWorkbook, readRows, saveFile, type WorkbookRecipe } from '#test/files/xlsx/make-workbook.js';

/** How a program writes what all programs mean. */
interface Habits {
  /** Texts go to the shared strings, or stand in their cells. */
  readonly texts: 'shared' | 'inline' | 'runs';
  /** Dates as serial numbers, or as ISO texts, which strict OOXML has. */
  readonly dates: 'serial' | 'iso';
  readonly prefix?: string;
  /** Cells without references count themselves. */
  readonly hasReferences?: boolean;
  readonly rowAttributes?: string;
}

const [general, fiveDigits, day, moment, time, twoDecimals] = [0, 1, 2, 3, 4, 5];
const styles = buildStyles('General', '00000', 'yyyy-mm-dd', 'yyyy-mm-dd hh:mm:ss', 'hh:mm:ss', '0.00');

/** The ten awkward customers as programs write them that do not run on this machine. */
const awkwardWorkbooks: Readonly<Record<string, () => Buffer>> = {
  ClosedXML: () =>
    workbook(
      { texts: 'shared', dates: 'serial', prefix: 'x', rowAttributes: ' spans="1:14"' },
      {
        sheetPart: 'xl/worksheets/sheet.xml',
        sheetTarget: '/xl/worksheets/sheet.xml',
        parts: { 'xl/worksheets/sheet1.xml': null },
      },
    ),
  'the OpenXML SDK': () =>
    workbook(
      { texts: 'inline', dates: 'serial', prefix: 'x', hasReferences: false },
      { entryOptions: { isZip64: true } },
    ),
  'strict OOXML': () => workbook({ texts: 'shared', dates: 'iso' }, { isStrict: true }),
  'Google Sheets': () =>
    workbook(
      { texts: 'shared', dates: 'serial', rowAttributes: ' ht="15.75" customHeight="1"' },
      {
        order: ['xl/worksheets/sheet1.xml', 'xl/sharedStrings.xml'],
        entryOptions: { hasDescriptor: true },
        beforeRows: '<sheetPr><outlinePr summaryBelow="0"/></sheetPr>',
      },
    ),
  'a program that splits every text into runs': () => workbook({ texts: 'runs', dates: 'serial' }, {}),
};

function workbook(habits: Habits, recipe: WorkbookRecipe): Buffer {
  const shared: string[] = [];
  const write = (cells: readonly (readonly [style: number, kind: string, value: string])[], row: number) =>
    buildRow(cells, row, habits, shared);
  const header = awkwardColumns.map((name) => [general, 's', name] as const);
  const rows = [header, ...typedCustomers.map((customer) => buildCells(customer, habits))].map((cells, at) =>
    write(cells, at + 1),
  );
  const tag = (name: string) => (habits.prefix === undefined ? name : `${habits.prefix}:${name}`);
  const prefixed = (markup: string) =>
    habits.prefix === undefined ? markup : markup.replaceAll(/<(\/?)(?=[a-zA-Z])/g, `<$1${habits.prefix}:`);
  return makeWorkbook({
    rows: prefixed(rows.join('')),
    styles: prefixed(styles),
    ...(habits.prefix === undefined ? {} : { prefix: habits.prefix }),
    ...(shared.length === 0
      ? {}
      : { shared: shared.map((text) => `<${tag('si')}>${prefixed(text)}</${tag('si')}>`).join('') }),
    ...recipe,
  });
}

function buildCells(customer: AwkwardCustomer, { dates }: Habits) {
  const date = (style: number, text: string) =>
    dates === 'iso' ? ([style, 'd', text] as const) : ([style, 'n', String(computeSerial(text))] as const);
  const text = (value: string) => [general, 's', value] as const;
  return [
    text(customer.account),
    text(customer.company),
    [fiveDigits, 'n', String(customer.postcode)] as const,
    date(day, customer.since),
    date(moment, customer.lastCall),
    dates === 'iso' ? ([time, 'd', customer.opens] as const) : ([time, 'n', String(dayShare(customer.opens))] as const),
    [twoDecimals, 'n', String(customer.limit)] as const,
    [general, 'n', String(customer.balance)] as const,
    [general, 'b', customer.mail ? '1' : '0'] as const,
    ...[customer.phone, customer.notes, customer.contact, customer.trade, customer.remark].map(text),
  ];
}

function buildRow(
  cells: readonly (readonly [style: number, kind: string, value: string])[],
  row: number,
  habits: Habits,
  shared: string[],
): string {
  const written = cells.map(([style, kind, value], at) => {
    const reference = habits.hasReferences === false ? '' : ` r="${String.fromCharCode(65 + at)}${row}"`;
    const open = (type: string) =>
      `<c${reference}${style === 0 ? '' : ` s="${style}"`}${type === 'n' ? '' : ` t="${type}"`}>`;
    if (kind !== 's') return `${open(kind)}<v>${value}</v></c>`;
    if (habits.texts === 'shared') return `${open('s')}<v>${shared.push(textElement(value)) - 1}</v></c>`;
    const content = habits.texts === 'inline' ? textElement(value) : buildRuns(value);
    return `${open('inlineStr')}<is>${content}</is></c>`;
  });
  return `<row r="${row}"${habits.rowAttributes ?? ''}>${written.join('')}</row>`;
}

function textElement(text: string): string {
  return `<t xml:space="preserve">${escaped(text)}</t>`;
}

/** A run for every character, with a reading that repeats it. */
function buildRuns(text: string): string {
  const runs = [...text].map((character) => `<r><rPr><b/></rPr>${textElement(character)}</r>`).join('');
  return `${runs}<rPh sb="0" eb="1"><t>reading</t></rPh>`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('\n', '&#10;');
}

/** Serial numbers count days from 30 December 1899. */
function computeSerial(civil: string): number {
  const [date = '', clock = '00:00:00'] = civil.split('T');
  return (Date.parse(`${date}T00:00:00Z`) - Date.UTC(1899, 11, 30)) / 86_400_000 + dayShare(clock);
}

function dayShare(clock: string): number {
  const [hours = 0, minutes = 0, seconds = 0] = clock.split(':').map(Number);
  return (hours * 3600 + minutes * 60 + seconds) / 86_400;
}

describe('the ten awkward customers', () => {
  it.each(Object.keys(awkwardWorkbooks))('read equal, cell by cell, as written by %s', async (name) => {
    const source = await openWorkbook(saveFile(awkwardWorkbooks[name]?.() ?? ''));
    const rows = await readRows(source);
    expect(source.columns).toEqual(awkwardColumns);
    expect(rows.map(({ cells }) => cells.map(comparableCell))).toEqual(typedCustomers.map(expectedCells));
    expect(rows.map(({ number }) => number)).toEqual(typedCustomers.map((_, at) => at + 2));
  });
});

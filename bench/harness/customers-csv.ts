import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';

const rowsPerChunk = 1000;

const columns: readonly (readonly [name: string, cell: (row: number) => string])[] = [
  ['Account No', (row) => `A-${String(row).padStart(7, '0')}`],
  ['Company', (row) => (row % 50 === 0 ? `"Smith, Jones & Co ${row}"` : `Company ${row} Pty Ltd`)],
  ['First Name', (row) => ['Zoë', 'Ann', 'Giulia', 'Tobias'][row % 4] ?? ''],
  ['Last Name', (row) => ['Müller', "O'Brien", 'Lee', 'Strauß'][row % 4] ?? ''],
  ['Street', (row) => `${row % 300} Quayside Lane`],
  ['Street 2', (row) => (row % 10 === 0 ? `Unit ${row % 40}` : '')],
  ['Suburb', (row) => ['Balmain', 'Carlton', 'Parap', 'Hobart'][row % 4] ?? ''],
  ['State', (row) => ['New South Wales', 'Victoria', 'Northern Territory', 'Tasmania'][row % 4] ?? ''],
  ['Post Code', (row) => String(800 + (row % 6000)).padStart(4, '0')],
  ['Country', () => 'Australia'],
  ['Phone', (row) => `02 5550 ${String(row % 10_000).padStart(4, '0')}`],
  ['Fax', (row) => (row % 20 === 0 ? `02 5551 ${String(row % 10_000).padStart(4, '0')}` : '')],
  ['Email', (row) => `customer.${row}@example.com`],
  ['Web', (row) => (row % 5 === 0 ? `https://example.com/${row}` : '')],
  ['Credit Limit', (row) => `${row % 9000}.50`],
  ['Discount', (row) => String(row % 20)],
  ['Price Band', (row) => String(1 + (row % 4))],
  ['Mail OK', (row) => (row % 2 === 0 ? 'Y' : 'N')],
  ['Customer Since', (row) => `${String(1 + (row % 28)).padStart(2, '0')}/0${1 + (row % 9)}/2019`],
  ['Remark', (row) => (row % 30 === 0 ? '"says ""cash only"""' : `note ${row % 1000}`)],
];

/** Writes customers as an old system exports them: 20 columns, some quoted, some empty, some beyond ASCII. */
export async function writeCustomersCsv(file: string, rows: number): Promise<void> {
  await pipeline(chunks(rows), createWriteStream(file));
}

function* chunks(rows: number): Generator<string> {
  yield `${columns.map(([name]) => name).join()}\n`;
  for (let from = 1; from <= rows; from += rowsPerChunk) {
    let text = '';
    for (let row = from; row < Math.min(from + rowsPerChunk, rows + 1); row += 1)
      text += `${columns.map(([, cell]) => cell(row)).join()}\n`;
    yield text;
  }
}

/** Uses every column of it, with the transforms and types that a migration needs. */
export const customerMapping = {
  version: 1,
  mode: 'add',
  key: { column: 'Account No', stamp: 'cC_001' },
  fields: {
    customerName: { column: 'Company', transform: ['trim'] },
    firstName: { column: 'First Name', transform: ['trim'] },
    lastName: 'Last Name',
    address: { columns: ['Street', 'Street 2'], join: ', ' },
    city: 'Suburb',
    region: {
      column: 'State',
      lookup: { 'New South Wales': 'NSW', Victoria: 'VIC', 'Northern Territory': 'NT', Tasmania: 'TAS' },
    },
    postalCode: { column: 'Post Code', transform: [{ pad: { length: 4 } }] },
    country: 'Country',
    phoneNumber: 'Phone',
    faxNumber: 'Fax',
    emailAddress: { column: 'Email', transform: ['email'] },
    webSite: 'Web',
    creditLimit: { column: 'Credit Limit', type: 'number' },
    discountPercent: { column: 'Discount', type: 'number' },
    priceBand: { column: 'Price Band', type: 'integer' },
    allowMailing: { column: 'Mail OK', type: 'boolean', true: ['Y'], false: ['N'] },
    cC_002: { column: 'Customer Since', type: 'date', format: 'DD/MM/YYYY' },
    notes: 'Remark',
  },
} as const;

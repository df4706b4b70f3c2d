import { type AwkwardCustomer, awkwardColumns } from '#test/files/awkward-customers.js';

const namespaces = Object.entries({
  office: 'office',
  table: 'table',
  text: 'text',
  style: 'style',
  number: 'datastyle',
}).map(([prefix, name]) => `xmlns:${prefix}="urn:oasis:names:tc:opendocument:xmlns:${name}:1.0"`);

const dateParts =
  '<number:year number:style="long"/><number:text>-</number:text><number:month number:style="long"/><number:text>-</number:text><number:day number:style="long"/>';
const timeParts =
  '<number:hours number:style="long"/><number:text>:</number:text><number:minutes number:style="long"/><number:text>:</number:text><number:seconds number:style="long"/>';

const styles = [
  '<number:number-style style:name="N1"><number:number number:decimal-places="0" number:min-integer-digits="5"/></number:number-style>',
  `<number:date-style style:name="N2">${dateParts}</number:date-style>`,
  `<number:date-style style:name="N3">${dateParts}<number:text> </number:text>${timeParts}</number:date-style>`,
  `<number:time-style style:name="N4">${timeParts}</number:time-style>`,
  '<number:number-style style:name="N5"><number:number number:decimal-places="2" number:min-decimal-places="2" number:min-integer-digits="1"/></number:number-style>',
  '<number:boolean-style style:name="N6"><number:boolean/></number:boolean-style>',
  ...[1, 2, 3, 4, 5, 6].map(
    (n) =>
      `<style:style style:name="c${n}" style:family="table-cell" style:parent-style-name="Default" style:data-style-name="N${n}"/>`,
  ),
];

/** The customers as a flat OpenDocument spreadsheet, which LibreOffice turns into .xlsx. */
export function flatOpenDocument(customers: readonly AwkwardCustomer[]): string {
  const rows = [awkwardColumns.map(textCell), ...customers.map(buildCells)];
  const table = rows.map((cells) => `<table:table-row>${cells.join('')}</table:table-row>`).join('');
  return `<?xml version="1.0" encoding="UTF-8"?><office:document ${namespaces.join(' ')} office:version="1.3" office:mimetype="application/vnd.oasis.opendocument.spreadsheet"><office:automatic-styles>${styles.join('')}</office:automatic-styles><office:body><office:spreadsheet><table:table table:name="Customers">${table}</table:table></office:spreadsheet></office:body></office:document>`;
}

function buildCells(customer: AwkwardCustomer): string[] {
  const time = customer.opens.split(':');
  return [
    textCell(customer.account),
    textCell(customer.company),
    valueCell('float', `office:value="${customer.postcode}"`, 'c1'),
    valueCell('date', `office:date-value="${customer.since}"`, 'c2'),
    valueCell('date', `office:date-value="${customer.lastCall}"`, 'c3'),
    valueCell('time', `office:time-value="PT${time[0]}H${time[1]}M${time[2]}S"`, 'c4'),
    valueCell('float', `office:value="${customer.limit}"`, 'c5'),
    valueCell('float', `office:value="${customer.balance}"`),
    valueCell('boolean', `office:boolean-value="${customer.mail}"`, 'c6'),
    textCell(customer.phone),
    textCell(customer.notes),
    textCell(customer.contact),
    textCell(customer.trade),
    textCell(customer.remark),
  ];
}

function valueCell(type: string, value: string, style?: string): string {
  const named = style === undefined ? '' : ` table:style-name="${style}"`;
  return `<table:table-cell${named} office:value-type="${type}" ${value}/>`;
}

function textCell(text: string): string {
  if (text === '') return '<table:table-cell/>';
  const paragraphs = text.split('\n').map((line) => `<text:p>${escaped(line)}</text:p>`);
  return `<table:table-cell office:value-type="string">${paragraphs.join('')}</table:table-cell>`;
}

function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replace(/ {2,}|^ | $/g, (spaces) => `<text:s text:c="${spaces.length}"/>`);
}

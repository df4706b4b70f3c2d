import { execFileSync } from 'node:child_process';
import { parse } from 'csv-parse/sync';
import { SaxesParser } from 'saxes';
import { describe, expect, it } from 'vitest';
import {
  addCustomers,
  awkwardCustomers,
  awkwardMapping,
  awkwardTexts,
  returningTexts,
} from '#test/app/export/awkward-export.js';
import { fast, readResults, writeMapping } from '#test/e2e/customer-files.js';
import { useWorkplace } from '#test/e2e/use-workplace.js';

const place = useWorkplace();

type Customers = ReturnType<typeof awkwardCustomers>;

/** apt-get install libreoffice-calc gnumeric */
function libreOffice(file: string, format: string): string {
  const profile = `-env:UserInstallation=file://${place.path('profile')}`;
  const args = [profile, '--headless', '--convert-to', format, '--outdir', place.path('saved'), file];
  execFileSync('soffice', args, { stdio: 'pipe', cwd: place.path('.') });
  return `saved/${file.replace(/\.\w+$/, `.${format}`)}`;
}

async function exportAwkward(customers: Customers) {
  const api = await place.openApi();
  await addCustomers(api, customers);
  writeMapping(place, awkwardMapping);
  const { exitCode, stderr } = await place.run(['export', ...fast, '--full', 'out.xlsx']);
  expect([exitCode, stderr]).toEqual([0, '']);
  return api;
}

/** Texts as Unix has them, which is all that a spreadsheet program keeps of line ends. */
function unixLines(text: string | null | undefined): string {
  return (text ?? '').replaceAll('\r\n', '\n');
}

/** Whether every program counts this day alike, so that the cell is a date. */
function isCounted(date: string | undefined): boolean {
  return (date ?? '') >= '1900-03-01';
}

function germanDate(date = ''): string {
  return date.split('-').reverse().join('.');
}

describe('an exported workbook that LibreOffice opened and saved', () => {
  it('changes no awkward customer when it is imported', async () => {
    const api = await exportAwkward(awkwardCustomers([...awkwardTexts, ...returningTexts]));
    const before = api.customers();
    const saved = libreOffice('out.xlsx', 'xlsx');
    const args = ['import', ...fast, saved, '--json', '--results', 'results.csv'];
    const { exitCode, stdout } = await place.run(args);
    const changed = readResults(place.read('results.csv')).filter(({ _status }) => _status !== 'unchanged');
    expect(changed).toEqual([]);
    expect([exitCode, JSON.parse(stdout).counts.unchanged]).toEqual([0, before.length]);
    expect(api.customers()).toEqual(before);
  });

  it('has texts, numbers, dates, and yes and no where they are meant', async () => {
    const customers = awkwardCustomers(awkwardTexts);
    await exportAwkward(customers);
    const [, ...rows] = cellsOfOpenDocument(place.read(libreOffice('out.xlsx', 'fods')));
    const expected = customers.map((customer, index) => [
      ['string', String(index + 1).padStart(7, '0')],
      ['string', customer.customerName],
      customer.notes ? ['string', customer.notes] : ['', ''],
      ['string', customer.postalCode],
      ['string', customer.phoneNumber],
      ['float', customer.creditLimit],
      ['float', customer.priceBand],
      ['string', customer.active ? 'Ja' : 'Nein'],
      ['boolean', String(customer.allowMailing)],
      ['string', customer.cC_001],
      customer.cC_002 === ''
        ? ['', '']
        : isCounted(customer.cC_002)
          ? ['date', customer.cC_002]
          : ['string', germanDate(customer.cC_002)],
      ['string', customer.cC_003],
    ]);
    expect(rows).toEqual(expected);
  });
});

describe('an exported workbook that Gnumeric opened', () => {
  it('shows every cell as it is meant', async () => {
    // It does not know the escape of the format, in which a text that looks like one is written.
    const customers = awkwardCustomers(awkwardTexts.filter((text) => !text.includes('_x0041_')));
    await exportAwkward(customers);
    execFileSync('ssconvert', ['-S', 'out.xlsx', 'shown-%s.csv'], { stdio: 'pipe', cwd: place.path('.') });
    const rows: string[][] = parse(place.read('shown-Customers.csv'), { from: 2, relax_column_count: true });
    const shown = rows.map(([code, name, notes, post, phone, limit, band, active, mail, account, since, remark]) => [
      ...[code, name, notes, post, phone, Number(Number(limit).toPrecision(15)), Number(band), active, mail],
      ...[account, since?.replaceAll('/', '-'), remark],
    ]);
    const expected = customers.map((customer, index) => [
      ...[
        String(index + 1).padStart(7, '0'),
        customer.customerName,
        unixLines(customer.notes),
        customer.postalCode,
        customer.phoneNumber,
      ],
      ...[
        customer.creditLimit,
        customer.priceBand,
        customer.active ? 'Ja' : 'Nein',
        customer.allowMailing ? 'TRUE' : 'FALSE',
        customer.cC_001,
      ],
      ...[isCounted(customer.cC_002) ? customer.cC_002 : germanDate(customer.cC_002), customer.cC_003],
    ]);
    expect(shown).toEqual(expected);
    expect(place.read('shown-About.csv')).toContain(`"Customers in this file",${customers.length}`);
  });
});

/** Type and value of every cell of the first table of a flat OpenDocument file. */
function cellsOfOpenDocument(xml: string): (readonly [string, string | number])[][] {
  const parser = new SaxesParser();
  const rows: (readonly [string, string | number])[][] = [];
  let tables = 0;
  let inParagraph = false;
  let text: string[] | undefined;
  let cell: { type: string; value: string; repeats: number } | undefined;
  parser.on('opentag', ({ name, attributes }) => {
    if (name === 'table:table') tables += 1;
    if (tables !== 1) return;
    if (name === 'table:table-row') rows.push([]);
    if (name === 'table:table-cell') {
      const type = attributes['office:value-type'] ?? '';
      const value = attributes['office:value'] ?? attributes['office:date-value'] ?? attributes['office:boolean-value'];
      cell = { type, value: value ?? '', repeats: Number(attributes['table:number-columns-repeated'] ?? 1) };
      text = [];
    }
    if (name === 'text:p') {
      text?.push('');
      inParagraph = true;
    }
    if (name === 'text:s' && text !== undefined)
      text.push(`${text.pop()}${' '.repeat(Number(attributes['text:c'] ?? 1))}`);
    if (name === 'text:tab' && text !== undefined) text.push(`${text.pop()}\t`);
  });
  parser.on('text', (part) => {
    if (inParagraph && text !== undefined) text.push(`${text.pop()}${part}`);
  });
  parser.on('closetag', ({ name }) => {
    if (name === 'text:p') inParagraph = false;
    if (name !== 'table:table-cell' || cell === undefined || tables !== 1) return;
    const { type, value, repeats } = cell;
    const content = type === 'float' ? Number(value) : value === '' ? (text ?? []).join('\n') : value;
    for (let count = 0; count < Math.min(repeats, 20); count += 1) rows.at(-1)?.push([type, content]);
    cell = undefined;
    text = undefined;
  });
  parser.write(xml).close();
  return rows.filter((row) => row.some(([type]) => type !== '')).map((row) => row.slice(0, 12));
}

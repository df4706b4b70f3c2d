import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { type Cell, cellToText } from '#pipelines/model.js';
import { openRowSource } from '#src/files/open-row-source.js';
import { openWorkbook } from '#src/files/xlsx/read/open-workbook.js';
import {
  awkwardColumns,
  awkwardCustomers,
  comparableCell,
  expectedCells,
  typedCustomers,
} from '#test/files/awkward-customers.js';
import { readRows } from '#test/files/xlsx/make-workbook.js';
import { flatOpenDocument } from './xlsx-flat-open-document.js';

/** apt-get install libreoffice-calc gnumeric python3-openpyxl python3-xlsxwriter */
const python = '/usr/bin/python3';

const folder = mkdtempSync(join(tmpdir(), 'xlsx-producers-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const readCustomers = `
import datetime, json, sys
columns, customers = json.load(sys.stdin)
def typed(customer):
    row = dict(customer)
    row["since"] = datetime.date.fromisoformat(row["since"])
    row["lastCall"] = datetime.datetime.fromisoformat(row["lastCall"])
    row["opens"] = datetime.time.fromisoformat(row["opens"])
    return [row[name] for name in columns]
formats = {"postcode": "00000", "since": "yyyy-mm-dd", "lastCall": "yyyy-mm-dd hh:mm:ss", "opens": "hh:mm:ss", "limit": "0.00"}
`;

const openpyxl = `${readCustomers}
from openpyxl import Workbook
sheet = (book := Workbook()).active
sheet.append(columns)
for number, customer in enumerate(customers, 2):
    for column, value in enumerate(typed(customer), 1):
        cell = sheet.cell(number, column)
        cell.value = value
        if isinstance(value, str): cell.data_type = "s"
        if columns[column - 1] in formats: cell.number_format = formats[columns[column - 1]]
sheet.cell(2, len(columns) + 1).value = "=1+1"
book.save(sys.argv[1])
`;

const xlsxwriter = `${readCustomers}
import xlsxwriter
book = xlsxwriter.Workbook(sys.argv[1], json.loads(sys.argv[2]))
sheet = book.add_worksheet()
styles = {name: book.add_format({"num_format": code}) for name, code in formats.items()}
sheet.write_row(0, 0, columns)
for number, customer in enumerate(customers, 1):
    for column, value in enumerate(typed(customer)):
        style = styles.get(columns[column])
        if isinstance(value, bool): sheet.write_boolean(number, column, value)
        elif isinstance(value, str): sheet.write_string(number, column, value)
        elif isinstance(value, (int, float)): sheet.write_number(number, column, value, style)
        else: sheet.write_datetime(number, column, value, style)
book.close()
`;

function runPython(script: string, ...args: readonly string[]): void {
  execFileSync(python, ['-c', script, ...args], { input: JSON.stringify([awkwardColumns, typedCustomers]) });
}

function convertWithLibreOffice(file: string, format: string): string {
  const profile = `-env:UserInstallation=file://${join(folder, 'profile')}`;
  execFileSync('soffice', [profile, '--headless', '--convert-to', format, '--outdir', folder, file], { stdio: 'pipe' });
  return file.replace(/\.[^.]+$/, `.${format.split(':')[0]}`);
}

function openDocument(name: string): string {
  const file = join(folder, `${name}.fods`);
  writeFileSync(file, flatOpenDocument(typedCustomers));
  return file;
}

const producers: Readonly<Record<string, () => string>> = {
  LibreOffice: () => convertWithLibreOffice(openDocument('libreoffice'), 'xlsx'),
  'LibreOffice as strict as it can': () => convertWithLibreOffice(openDocument('strict'), 'xlsx:Calc Office Open XML'),
  Gnumeric: () => {
    const target = join(folder, 'gnumeric.xlsx');
    const source = convertWithLibreOffice(openDocument('gnumeric-source'), 'ods');
    execFileSync('ssconvert', ['-T', 'Gnumeric_Excel:xlsx2', source, target], { stdio: 'pipe' });
    return target;
  },
  openpyxl: () => {
    const target = join(folder, 'openpyxl.xlsx');
    runPython(openpyxl, target);
    return target;
  },
  xlsxwriter: () => {
    const target = join(folder, 'xlsxwriter.xlsx');
    runPython(xlsxwriter, target, '{}');
    return target;
  },
  'xlsxwriter with inline strings': () => {
    const target = join(folder, 'xlsxwriter-inline.xlsx');
    runPython(xlsxwriter, target, '{"constant_memory": true}');
    return target;
  },
  'xlsxwriter with dates from 1904': () => {
    const target = join(folder, 'xlsxwriter-1904.xlsx');
    runPython(xlsxwriter, target, '{"date_1904": true}');
    return target;
  },
};

describe('the same awkward customers', () => {
  it.each(Object.keys(producers))(
    'read equal, cell by cell, when %s saved them',
    { timeout: 120_000 },
    async (name) => {
      const source = await openWorkbook(producers[name]?.() ?? '');
      const rows = await readRows(source);
      expect(source.columns.slice(0, awkwardColumns.length)).toEqual(awkwardColumns);
      const cells = rows.map((row) => row.cells.slice(0, awkwardColumns.length).map(comparableCell));
      expect(cells).toEqual(typedCustomers.map(expectedCells));
      expect(rows.map(({ number }) => number)).toEqual(typedCustomers.map((_, at) => at + 2));
    },
  );

  it('read equal as the CSV that LibreOffice writes of what it shows', { timeout: 120_000 }, async () => {
    // Semicolons, quotation marks, UTF-8, cells as shown.
    const path = convertWithLibreOffice(
      openDocument('shown'),
      'csv:Text - txt - csv (StarCalc):59,34,76,1,,0,false,true',
    );
    const source = await openRowSource(path);
    // It shows as many digits of a balance as its column is wide, and rounds seconds of 1970.
    const itsOwn = new Set((['balance', 'lastCall'] as const).map((name) => awkwardColumns.indexOf(name)));
    const asShown = (cells: readonly Cell[]) => cells.map(cellToText).filter((_, at) => !itsOwn.has(at));
    expect(source.detected).toMatchObject({ delimiter: ';', encoding: 'utf-8' });
    expect((await readRows(source)).map(({ cells }) => asShown(cells))).toEqual(awkwardCustomers.map(asShown));
  });

  it('have a formula without a value when openpyxl saved them', async () => {
    const rows = await readRows(await openWorkbook(producers.openpyxl?.() ?? ''));
    expect(rows[0]?.cells.at(-1)).toMatchObject({
      kind: 'error',
      text: '=1+1',
      reason: expect.stringContaining('never calculated'),
    });
  });
});

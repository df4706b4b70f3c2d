/**
 * Exports the same customers from the same server with our export to CSV and with a bare loop of undici over the pages
 * (in turn, one page after the other, parsed and counted); and writes the same cells with our workbook writer, with bare
 * exceljs and, when it is installed, with Python's openpyxl in write-only mode. Several rounds, each in a process of its
 * own.
 *
 * npx tsx bench/export.ts [customers] [workbook rows]
 */
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ExportColumn } from '../pipelines/mapping/export-column.js';
import type { Cell } from '../pipelines/row.js';

const columns = 20;
const rounds = 3;
const pageSize = 1000;
const rowsPerWrite = 1000;
const childArguments = ['--import', 'tsx', fileURLToPath(import.meta.url), '--child'];

interface Measured {
  readonly rows: number;
  readonly seconds: number;
  readonly peakMiB: number;
}

/** A quarter each of codes, names, amounts and streets. */
function cellOf(row: number, column: number): string | number {
  if (column % 4 === 0) return String(row * 1000 + column).padStart(12, '0');
  if (column % 4 === 1) return `Name ${row} of ${column}`;
  return column % 4 === 2 ? row + 0.25 : `Street ${row % 1000} number ${column}`;
}

const tasks: Readonly<Record<string, (...args: string[]) => Promise<number>>> = {
  async 'our export'(baseUrl, folder) {
    const { exportCustomers, resolveSettings } = await import('../src/index.js');
    const settings = resolveSettings(
      { baseUrl: String(baseUrl), stateDir: join(String(folder), 'state'), rate: 'unlimited' },
      { MYPOS_CONNECT_USERNAME: 'sandbox@example.com', MYPOS_CONNECT_PASSWORD: 'sandbox' },
    );
    const file = join(String(folder), 'bench.csv');
    const { output, stopped } = await exportCustomers(settings, { file, force: true, fields: ['all'] });
    if (stopped !== null) throw new Error(stopped.message);
    return output?.rows ?? 0;
  },
  async 'bare undici'(baseUrl) {
    const { Pool } = await import('undici');
    const { origin, pathname } = new URL(String(baseUrl));
    const pool = new Pool(origin, { connections: 1 });
    const basic = Buffer.from('sandbox@example.com:sandbox').toString('base64');
    const login = await pool.request({
      method: 'POST',
      path: `${pathname}/auth/token`,
      headers: { authorization: `Basic ${basic}` },
    });
    const { bearerToken } = (await login.body.json()) as { bearerToken: string };
    let rows = 0;
    for (let page = 1; ; page += 1) {
      const path = `${pathname}/customers?liPage=${page}&liPageSize=${pageSize}&sSortKey=customerCodeASC`;
      const { body } = await pool.request({ method: 'GET', path, headers: { authorization: `Bearer ${bearerToken}` } });
      const customers = (await body.json()) as unknown[];
      rows += customers.length;
      if (customers.length < pageSize) break;
    }
    await pool.destroy();
    return rows;
  },
  async 'our workbook'(file, count) {
    const { beginExportWorkbook } = await import('../src/files/xlsx/writer/export-workbook.js');
    const all = Array.from({ length: columns }, (_, column): ExportColumn => {
      const holds = column % 4 === 2 ? 'money' : 'text';
      return { name: `Column ${column + 1}`, holds, cell: () => '' };
    });
    const book = await beginExportWorkbook(String(file), all, { sheetName: 'Customers' });
    const typed = (value: string | number): Cell =>
      typeof value === 'string' ? value : { kind: 'number', text: String(value), value };
    for (let row = 0; row < Number(count); row += rowsPerWrite)
      await book.write(
        Array.from({ length: Math.min(rowsPerWrite, Number(count) - row) }, (_, index) =>
          Array.from({ length: columns }, (__, column) => typed(cellOf(row + index, column))),
        ),
      );
    const finished = await book.finish([]);
    await finished.publish();
    return Number(count);
  },
  async 'bare exceljs'(file, count) {
    const { default: excel } = await import('exceljs');
    const writer = new excel.stream.xlsx.WorkbookWriter({ filename: String(file) });
    const sheet = writer.addWorksheet('Customers');
    sheet.addRow(Array.from({ length: columns }, (_, column) => `Column ${column + 1}`)).commit();
    for (let row = 0; row < Number(count); row += 1) {
      sheet.addRow(Array.from({ length: columns }, (_, column) => cellOf(row, column))).commit();
      if (row % rowsPerWrite === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    sheet.commit();
    await writer.commit();
    return Number(count);
  },
  async serve(count) {
    const { startSandbox } = await import('../src/index.js');
    const sandbox = await startSandbox({ dataFile: ':memory:' });
    await sandbox.seed(Number(count));
    console.log(sandbox.baseUrl);
    await new Promise(() => {});
    return 0;
  },
};

const openpyxl = `
import json, resource, sys, time
from openpyxl import Workbook
start = time.time(); count = int(sys.argv[2])
def cell(row, column):
    if column % 4 == 0: return str(row * 1000 + column).zfill(12)
    if column % 4 == 1: return f"Name {row} of {column}"
    return row + 0.25 if column % 4 == 2 else f"Street {row % 1000} number {column}"
book = Workbook(write_only=True); sheet = book.create_sheet("Customers")
sheet.append([f"Column {c + 1}" for c in range(${columns})])
for row in range(count): sheet.append([cell(row, c) for c in range(${columns})])
book.save(sys.argv[1])
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"rows": count, "seconds": time.time() - start, "peakMiB": peak}))
`;

async function measure(task: string, args: readonly string[]): Promise<void> {
  const start = performance.now();
  const rows = await tasks[task]?.(...args);
  const seconds = (performance.now() - start) / 1000;
  console.log(JSON.stringify({ rows, seconds, peakMiB: process.resourceUsage().maxRSS / 1024 }));
}

function runChild(command: string, args: readonly string[]): Measured | undefined {
  const { stdout, status } = spawnSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
  return status === 0 ? (JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Measured) : undefined;
}

const runTask = (task: string, ...args: readonly string[]) =>
  runChild(process.execPath, [...childArguments, task, ...args]);

function median(numbers: readonly number[]): number {
  return numbers.toSorted((one, two) => one - two)[Math.floor(numbers.length / 2)] ?? Number.NaN;
}

/** Runs every candidate in turn, round after round, and prints each beside the first. */
function compare(candidates: Readonly<Record<string, () => Measured | undefined>>): void {
  const results = new Map<string, Measured[]>();
  for (let round = 0; round < rounds; round += 1)
    for (const [name, run] of Object.entries(candidates)) {
      const measured = run();
      if (measured !== undefined) results.set(name, [...(results.get(name) ?? []), measured]);
    }
  const rateOf = (measured: readonly Measured[]) => median(measured.map(({ rows, seconds }) => rows / seconds));
  const [peer = ''] = Object.keys(candidates);
  for (const [name, measured] of results) {
    const rate = rateOf(measured);
    const peak = Math.max(...measured.map(({ peakMiB }) => peakMiB));
    const ratio = (rate / rateOf(results.get(peer) ?? [])).toFixed(2);
    console.log(
      `${name.padEnd(13)} ${rate.toFixed(0).padStart(8)} rows/s  ${ratio.padStart(6)} × ${peer}  peak ${peak.toFixed(0).padStart(5)} MiB  ${measured[0]?.rows} rows`,
    );
  }
}

async function main(customers: number, rows: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'mypos-bench-export-'));
  const server = spawn(process.execPath, [...childArguments, 'serve', String(customers)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    const baseUrl = await new Promise<string>((resolve) => {
      server.stdout.once('data', (text: Buffer) => resolve(text.toString().trim()));
    });
    console.log(`${customers} customers in pages of ${pageSize}, median of ${rounds} rounds`);
    compare({
      'bare undici': () => runTask('bare undici', baseUrl),
      'our export': () => runTask('our export', baseUrl, folder),
    });
    server.kill();
    console.log(`workbook of ${rows} × ${columns} cells, median of ${rounds} rounds`);
    const file = (name: string) => join(folder, `${name}.xlsx`);
    const hasOpenpyxl = spawnSync('/usr/bin/python3', ['-c', 'import openpyxl'], { stdio: 'ignore' }).status === 0;
    compare({
      'bare exceljs': () => runTask('bare exceljs', file('exceljs'), String(rows)),
      'our workbook': () => runTask('our workbook', file('ours'), String(rows)),
      ...(hasOpenpyxl && {
        openpyxl: () => runChild('/usr/bin/python3', ['-c', openpyxl, file('openpyxl'), String(rows)]),
      }),
    });
    const sizeMiB = (name: string) => (statSync(file(name)).size / 1024 / 1024).toFixed(1);
    console.log(`file: ours ${sizeMiB('ours')} MiB, exceljs ${sizeMiB('exceljs')} MiB`);
  } finally {
    server.kill();
    rmSync(folder, { recursive: true, force: true });
  }
}

const [first = '100000', ...others] = process.argv.slice(2);
const [task = '', ...args] = others;
if (first !== '--child') await main(Number(first), Number(task || '100000'));
else await measure(task, args);

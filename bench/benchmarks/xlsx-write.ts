import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { defineBenchmark } from '#bench/harness/benchmark.js';
import type { Cell } from '#pipelines/model.js';
import type { TableColumn } from '#src/files/table.js';
import { beginWorkbook } from '#src/files/xlsx/write/workbook-sink.js';

interface Input {
  readonly rows: number;
  readonly folder: string;
}

const columns = 20;
const rowsPerWrite = 1000;
/** Python that apt installs packages for; another one on the PATH does not see them. */
const python = '/usr/bin/python3';

/** A quarter each of codes, names, amounts and streets. */
function buildCell(row: number, column: number): string | number {
  if (column % 4 === 0) return String(row * 1000 + column).padStart(12, '0');
  if (column % 4 === 1) return `Name ${row} of ${column}`;
  return column % 4 === 2 ? row + 0.25 : `Street ${row % 1000} number ${column}`;
}

const header = Array.from({ length: columns }, (_, column) => `Column ${column + 1}`);

async function writeOurs({ rows, folder }: Input) {
  const all = header.map((name, column): TableColumn => ({ name, content: column % 4 === 2 ? 'money' : 'text' }));
  const typed = (value: string | number): Cell =>
    typeof value === 'string' ? value : { kind: 'number', text: String(value), value };
  const sink = await beginWorkbook(join(folder, 'ours.xlsx'), all, { name: 'Customers' });
  for (let row = 0; row < rows; row += rowsPerWrite)
    await sink.write(
      Array.from({ length: Math.min(rowsPerWrite, rows - row) }, (_, index) => ({
        cells: header.map((__, column) => typed(buildCell(row + index, column))),
      })),
    );
  await (await sink.end()).publish();
  return { count: rows };
}

/** As its manual shows it, with a breath for the disk now and then, without which it would hold everything. */
async function writeWithExceljs({ rows, folder }: Input) {
  const { default: exceljs } = await import('exceljs');
  const writer = new exceljs.stream.xlsx.WorkbookWriter({ filename: join(folder, 'exceljs.xlsx') });
  const sheet = writer.addWorksheet('Customers');
  sheet.addRow(header).commit();
  for (let row = 0; row < rows; row += 1) {
    sheet.addRow(header.map((_, column) => buildCell(row, column))).commit();
    if (row % rowsPerWrite === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  sheet.commit();
  await writer.commit();
  return { count: rows };
}

const openpyxl = `
import json, re, sys, time
from openpyxl import Workbook
start = time.time(); cpu = time.process_time(); count = int(sys.argv[2])
def cell(row, column):
    if column % 4 == 0: return str(row * 1000 + column).zfill(12)
    if column % 4 == 1: return f"Name {row} of {column}"
    return row + 0.25 if column % 4 == 2 else f"Street {row % 1000} number {column}"
book = Workbook(write_only=True); sheet = book.create_sheet("Customers")
for row in range(count): sheet.append([cell(row, c) for c in range(${columns})])
book.save(sys.argv[1])
peak = int(re.search(r"VmHWM:\\s*(\\d+)", open("/proc/self/status").read()).group(1)) / 1024
print(json.dumps({"count": count, "seconds": time.time() - start, "cpuSeconds": time.process_time() - cpu, "peakMiB": peak}))
`;

export const benchmark = defineBenchmark<number, Input>({
  about:
    '400,000 × 20 of XLSX written, typed and styled, beside bare exceljs and openpyxl. Aim: at least 1.0 × exceljs, below 200 MB.',
  unit: 'rows',
  reference: 'exceljs',
  sizes: { full: 400_000, smoke: 2_000 },
  prepare: (rows, folder) => Promise.resolve({ rows, folder }),
  contenders: {
    exceljs: { run: writeWithExceljs },
    ours: { run: writeOurs },
    openpyxl: {
      isInstalled: () => spawnSync(python, ['-c', 'import openpyxl'], { stdio: 'ignore' }).status === 0,
      command: ({ rows, folder }) => [python, '-c', openpyxl, join(folder, 'openpyxl.xlsx'), String(rows)],
    },
  },
});

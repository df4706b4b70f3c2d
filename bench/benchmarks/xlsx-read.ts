import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { type Benchmark, defineBenchmark } from '#bench/harness/benchmark.js';
import { openWorkbook } from '#src/files/xlsx/read/open-workbook.js';

const columns = 20;

interface Sheet {
  readonly rows: number;
  /** Every text occurs once, so that the table of shared strings is as long as the sheet has texts. */
  readonly isDistinct: boolean;
}

/** Python that apt installs packages for; another one on the PATH does not see them. */
const python = '/usr/bin/python3';

const openpyxl = `
import json, re, sys, time
from openpyxl import load_workbook
start = time.time(); cpu = time.process_time(); rows = -1
for row in load_workbook(sys.argv[1], read_only=True).worksheets[0].iter_rows(values_only=True): rows += 1
peak = int(re.search(r"VmHWM:\\s*(\\d+)", open("/proc/self/status").read()).group(1)) / 1024
print(json.dumps({"count": rows, "seconds": time.time() - start, "cpuSeconds": time.process_time() - cpu, "peakMiB": peak}))
`;

/** The same workbook read by us, by exceljs's streaming reader, and by Python's openpyxl where it is installed. */
function defineWorkbookBenchmark(about: string, isDistinct: boolean): Benchmark {
  return defineBenchmark<Sheet, { readonly file: string }>({
    about,
    unit: 'rows',
    reference: 'exceljs',
    sizes: { full: { rows: 300_000, isDistinct }, smoke: { rows: 1_000, isDistinct } },
    async prepare(sheet, folder) {
      const file = join(folder, 'customers.xlsx');
      await writeWorkbook(file, sheet);
      return { file };
    },
    contenders: {
      exceljs: { run: readWithExceljs },
      ours: {
        async run({ file }) {
          let rows = 0;
          for await (const batch of (await openWorkbook(file)).batches()) rows += batch.length;
          return { count: rows };
        },
      },
      openpyxl: {
        isInstalled: () => spawnSync(python, ['-c', 'import openpyxl'], { stdio: 'ignore' }).status === 0,
        command: ({ file }) => [python, '-c', openpyxl, file],
      },
    },
  });
}

async function readWithExceljs({ file }: { readonly file: string }) {
  const { default: exceljs } = await import('exceljs');
  const options = {
    sharedStrings: 'cache',
    styles: 'cache',
    worksheets: 'emit',
    hyperlinks: 'ignore',
    entries: 'emit',
  } as const;
  let rows = -1;
  for await (const sheet of new exceljs.stream.xlsx.WorkbookReader(file, options))
    for await (const _ of sheet) rows += 1;
  return { count: rows };
}

/** A quarter each of whole numbers, names, amounts and streets; or of texts that occur once and numbers. */
function buildCell(row: number, column: number, isDistinct: boolean): string | number {
  if (isDistinct) return column % 2 === 0 ? `Customer ${row}, field ${column}` : row * columns + column;
  if (column % 4 === 0) return row * 1000 + column;
  if (column % 4 === 1) return `Name ${row} of ${column}`;
  return column % 4 === 2 ? row + 0.25 : `Street ${row % 1000} number ${column}`;
}

async function writeWorkbook(filename: string, { rows, isDistinct }: Sheet): Promise<void> {
  const { default: exceljs } = await import('exceljs');
  const writer = new exceljs.stream.xlsx.WorkbookWriter({ filename, useSharedStrings: true, useStyles: true });
  const sheet = writer.addWorksheet('Customers');
  sheet.addRow(Array.from({ length: columns }, (_, column) => `Column ${column + 1}`)).commit();
  for (let row = 1; row <= rows; row += 1) {
    sheet.addRow(Array.from({ length: columns }, (_, column) => buildCell(row, column, isDistinct))).commit();
    if (row % 1000 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  sheet.commit();
  await writer.commit();
}

export const xlsxRead = defineWorkbookBenchmark(
  '300,000 × 20 of XLSX, half of them texts, beside exceljs and openpyxl. Aim: at least 2 × exceljs, below 200 MB.',
  false,
);

export const xlsxReadDistinct = defineWorkbookBenchmark(
  '300,000 × 20 of XLSX with 3,000,000 distinct shared strings, beside exceljs and openpyxl. Aim: as xlsx-read.',
  true,
);

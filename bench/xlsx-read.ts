/**
 * Reads the same workbook with our reader, with exceljs's streaming reader and, when it is installed, with Python's
 * openpyxl in read-only mode: in turn, several rounds, each in a process of its own.
 *
 * npx tsx bench/xlsx-read.ts [rows] [distinct]   `distinct`: every text of the file occurs once
 */
import { spawnSync } from 'node:child_process';
import { existsSync, renameSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openWorkbook } from '../src/files/xlsx/reader/open-workbook.js';

const columns = 20;
const rounds = 3;
const childArguments = ['--import', 'tsx', fileURLToPath(import.meta.url), '--child'];

interface Measured {
  readonly rows: number;
  readonly cells: number;
  readonly seconds: number;
  readonly peakMiB: number;
}

const readers: Readonly<Record<string, (file: string) => Promise<{ rows: number; cells: number }>>> = {
  async ours(file) {
    let rows = 0;
    let cells = 0;
    const source = await openWorkbook(file);
    for await (const batch of source.batches())
      for (const row of batch) {
        rows++;
        cells += row.cells.length;
      }
    return { rows, cells };
  },
  async exceljs(file) {
    const { default: exceljs } = await import('exceljs');
    const options = {
      sharedStrings: 'cache',
      styles: 'cache',
      worksheets: 'emit',
      hyperlinks: 'ignore',
      entries: 'emit',
    } as const;
    let rows = -1;
    let cells = 0;
    for await (const sheet of new exceljs.stream.xlsx.WorkbookReader(file, options))
      for await (const row of sheet) if (++rows > 0) cells += row.cellCount;
    return { rows, cells };
  },
};

const openpyxl = `
import json, resource, sys, time
from openpyxl import load_workbook
start = time.time(); rows = -1; cells = 0
for row in load_workbook(sys.argv[1], read_only=True).worksheets[0].iter_rows(values_only=True):
    rows += 1
    if rows: cells += len(row)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"rows": rows, "cells": cells, "seconds": time.time() - start, "peakMiB": peak}))
`;

/** The child's part: reads once and says what it cost. */
async function measure(reader: string, file: string): Promise<void> {
  const start = performance.now();
  const counts = await readers[reader]?.(file);
  const seconds = (performance.now() - start) / 1000;
  console.log(JSON.stringify({ ...counts, seconds, peakMiB: process.resourceUsage().maxRSS / 1024 }));
}

function runChild(command: string, args: readonly string[]): Measured | undefined {
  const { stdout, status } = spawnSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
  return status === 0 ? (JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Measured) : undefined;
}

/** A quarter each of whole numbers, names, amounts and streets; or of texts that occur once and numbers. */
function cellOf(row: number, column: number, isDistinct: boolean): string | number {
  if (isDistinct) return column % 2 === 0 ? `Customer ${row}, field ${column}` : row * columns + column;
  if (column % 4 === 0) return row * 1000 + column;
  if (column % 4 === 1) return `Name ${row} of ${column}`;
  return column % 4 === 2 ? row + 0.25 : `Street ${row % 1000} number ${column}`;
}

async function makeFile(file: string, rowCount: number, isDistinct: boolean): Promise<void> {
  const { default: exceljs } = await import('exceljs');
  const writer = new exceljs.stream.xlsx.WorkbookWriter({
    filename: `${file}.part`,
    useSharedStrings: true,
    useStyles: true,
  });
  const sheet = writer.addWorksheet('Customers');
  sheet.addRow(Array.from({ length: columns }, (_, column) => `Column ${column + 1}`)).commit();
  for (let row = 1; row <= rowCount; row++) {
    sheet.addRow(Array.from({ length: columns }, (_, column) => cellOf(row, column, isDistinct))).commit();
    if (row % 1000 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  sheet.commit();
  await writer.commit();
  renameSync(`${file}.part`, file);
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((one, two) => one - two)[Math.floor(numbers.length / 2)] ?? Number.NaN;
}

function report(results: ReadonlyMap<string, readonly Measured[]>): void {
  const rateOf = (measured: readonly Measured[]) => median(measured.map(({ rows, seconds }) => rows / seconds));
  const peer = rateOf(results.get('exceljs') ?? []);
  for (const [name, measured] of results) {
    const rate = rateOf(measured);
    const peak = Math.max(...measured.map(({ peakMiB }) => peakMiB));
    console.log(
      `${name.padEnd(9)} ${rate.toFixed(0).padStart(8)} rows/s  ${(rate / peer).toFixed(2).padStart(6)} × exceljs  peak ${peak.toFixed(0).padStart(5)} MiB  ${measured[0]?.rows} rows, ${measured[0]?.cells} cells`,
    );
  }
}

async function main(rowCount: number, isDistinct: boolean): Promise<void> {
  const file = join(tmpdir(), `mypos-bench-${rowCount}${isDistinct ? '-distinct' : ''}.xlsx`);
  // Made by a child as well: on Linux a process inherits the peak memory of the one that starts it.
  if (!existsSync(file)) spawnSync(process.execPath, [...childArguments, 'make', file, `${rowCount}`, `${isDistinct}`]);
  console.log(
    `${file}: ${(statSync(file).size / 1024 / 1024).toFixed(1)} MiB, ${rowCount} × ${columns}, median of ${rounds} rounds`,
  );
  const hasOpenpyxl = spawnSync('/usr/bin/python3', ['-c', 'import openpyxl'], { stdio: 'ignore' }).status === 0;
  const results = new Map<string, Measured[]>();
  const take = (name: string, measured: Measured | undefined) => {
    if (measured !== undefined) results.set(name, [...(results.get(name) ?? []), measured]);
  };
  for (let round = 0; round < rounds; round++) {
    for (const reader of Object.keys(readers))
      take(reader, runChild(process.execPath, [...childArguments, reader, file]));
    if (hasOpenpyxl) take('openpyxl', runChild('/usr/bin/python3', ['-c', openpyxl, file]));
  }
  report(results);
}

const [first = '300000', ...others] = process.argv.slice(2);
const [task = '', file = '', rowCount = '', isDistinct = ''] = others;
if (first !== '--child') await main(Number(first), others.includes('distinct'));
else if (task === 'make') await makeFile(file, Number(rowCount), isDistinct === 'true');
else await measure(task, file);

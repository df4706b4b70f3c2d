import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import type { CellValue, Row as ExcelRow, Style } from 'exceljs';
import type { Cell } from '../../../pipelines/row.js';
import { beginAtomicFile } from '../atomic-file.js';
import type { TableRow, TableWriter } from '../table-writer.js';
import { excelDay, excelText, excelTimeOfDay } from './excel-values.js';

/** Bytes that may wait inside exceljs for the disk: it queues without limit unless its user waits. */
const mostBytesWaiting = 1 << 20;

const headerStyle: Partial<Style> = { font: { bold: true } };
const markFill = { type: 'pattern', pattern: 'solid', fgColor: { argb: 'FFFFD9D9' } } as const;

/**
 * Begins a workbook of one sheet with a frozen, bold header and a filter. Numbers, booleans and dates stay what they
 * are; marked cells are coloured and carry their note as a comment.
 *
 * @throws UsageError when it cannot be written
 */
export async function beginWorkbook(path: string, sheetName: string, header: readonly string[]): Promise<TableWriter> {
  const file = await beginAtomicFile(path);
  // Loaded here because it costs a fifth of a second, which commands without a workbook need not pay.
  const { default: excel } = await import('exceljs');
  const stream = createWriteStream(file.partPath);
  const failed = new Promise<never>((_, reject) => stream.on('error', reject));
  failed.catch(() => undefined);
  const workbook = new excel.stream.xlsx.WorkbookWriter({ stream, useStyles: true, useSharedStrings: false });
  const sheet = workbook.addWorksheet(sheetName, { views: [{ state: 'frozen', ySplit: 1 }] });
  const headerRow = sheet.addRow(header.map(excelText));
  headerRow.eachCell((cell) => Object.assign(cell, { style: headerStyle }));
  headerRow.commit();
  let rows = 1;
  return {
    async write(batch) {
      for (const row of batch) {
        writeRow(sheet.addRow([]), row);
        rows += 1;
      }
      await Promise.race([settled(sheet, stream), failed]);
    },
    async commit() {
      sheet.autoFilter = { from: { row: 1, column: 1 }, to: { row: rows, column: header.length } };
      sheet.commit();
      await Promise.race([workbook.commit(), failed]);
      if (!stream.closed) await Promise.race([once(stream, 'close'), failed]);
      await file.commit();
    },
    async discard() {
      stream.destroy();
      await file.discard();
    },
  };
}

function writeRow(target: ExcelRow, row: TableRow): void {
  row.cells.forEach((cell, index) => {
    const { value, format } = toExcel(cell);
    if (value === '') return;
    const out = target.getCell(index + 1);
    out.value = value;
    if (format !== undefined) out.numFmt = format;
  });
  for (const mark of row.marks ?? []) {
    const out = target.getCell(mark.column + 1);
    out.fill = markFill;
    out.note = excelText(mark.note);
  }
  target.commit();
}

function toExcel(cell: Cell): { readonly value: CellValue; readonly format?: string } {
  if (typeof cell === 'string') return { value: excelText(cell) };
  switch (cell.kind) {
    case 'number':
      return { value: cell.value, ...(cell.format === undefined ? {} : { format: cell.format }) };
    case 'boolean':
      return { value: cell.value };
    case 'error':
      return { value: excelText(cell.text) };
    case 'date': {
      const time = excelTimeOfDay(cell.text);
      if (time !== undefined) return { value: time, format: cell.format ?? 'hh:mm:ss' };
      const day = excelDay(cell.text);
      if (day === undefined) return { value: excelText(cell.text) };
      return { value: day, format: cell.format ?? (cell.text.includes('T') ? 'yyyy-mm-dd hh:mm:ss' : 'yyyy-mm-dd') };
    }
  }
}

/** Waits until what exceljs has queued is on its way to the disk. */
async function settled(sheet: object, stream: NodeJS.WritableStream & { writableNeedDrain: boolean }): Promise<void> {
  const queue = (sheet as { stream?: { pipes?: readonly { writableLength?: number }[] } }).stream;
  for (;;) {
    await setImmediate();
    if (stream.writableNeedDrain) await once(stream, 'drain');
    if ((queue?.pipes?.[0]?.writableLength ?? 0) < mostBytesWaiting) return;
  }
}

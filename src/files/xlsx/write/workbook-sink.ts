import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import type { CellValue, Row as ExcelRow, Fill, Style } from 'exceljs';
import type { Cell } from '#pipelines/model.js';
import { beginAtomicFile } from '#src/files/atomic-file.js';
import type { RowTone, TableRow, TableSink } from '#src/files/table.js';
import { addCellLists, addListSheet, type CellList } from './cell-lists.js';
import { toExcelDate, toExcelText, toExcelTimeOfDay } from './cell-values.js';

/** Bytes that may wait inside exceljs for the disk: it queues without limit unless its user waits. */
const maxQueuedBytes = 1 << 20;

/** exceljs holds all comments of a sheet in memory until its end, about 2 kB each; beyond this, cells are only coloured. */
const maxComments = 20_000;

const headerStyle: Partial<Style> = { font: { bold: true } };
const markFill = solid('FFFFD9D9');
const tones = {
  good: solid('FFDDF0DD'),
  same: solid('FFECECEC'),
  mend: solid('FFF8CBAD'),
  wait: solid('FFFFEBB3'),
} as const satisfies Record<RowTone, Fill>;

function solid(argb: string): Fill {
  return { type: 'pattern', pattern: 'solid', fgColor: { argb } };
}

/** How a table looks as a sheet. */
export interface SheetLayout {
  readonly name: string;
  /** Column that says how a row went, from 0; it takes the colour of the row's tone. */
  readonly toneColumn?: number;
  /** Widths in characters, by column from 0; others get Excel's own. */
  readonly widths?: readonly number[];
  /** Columns from the left that stay in view. @default 0 */
  readonly frozenColumns?: number;
  readonly lists?: readonly CellList[];
}

/**
 * Begins a workbook of one sheet with a frozen, bold header and a filter. Numbers, booleans and dates stay what they
 * are; marked cells are coloured and carry their note as a comment; columns with a list have a drop-down.
 *
 * @throws UsageError when it cannot be written
 */
export async function beginWorkbook(path: string, look: SheetLayout, header: readonly string[]): Promise<TableSink> {
  const file = await beginAtomicFile(path);
  // Loaded here because it costs a fifth of a second, which commands without a workbook need not pay.
  const { default: excel } = await import('exceljs');
  const stream = createWriteStream(file.partPath);
  const failed = new Promise<never>((_, reject) => stream.on('error', reject));
  failed.catch(() => undefined);
  const workbook = new excel.stream.xlsx.WorkbookWriter({ stream, useStyles: true, useSharedStrings: false });
  const sheet = workbook.addWorksheet(toSheetName(look.name), {
    views: [{ state: 'frozen', ySplit: 1, xSplit: look.frozenColumns ?? 0 }],
    // On paper: all columns on one page, the header on each.
    pageSetup: { orientation: 'landscape', fitToPage: true, fitToWidth: 1, fitToHeight: 0, printTitlesRow: '1:1' },
  });
  // Widths are written with the first row.
  if (look.widths !== undefined) sheet.columns = look.widths.map((width) => ({ width }));
  const headerRow = sheet.addRow(header.map(toExcelText));
  headerRow.eachCell((cell) => Object.assign(cell, { style: headerStyle }));
  headerRow.commit();
  let rows = 1;
  const notes = { left: maxComments };
  const { lists = [] } = look;
  return {
    async write(batch) {
      for (const row of batch) {
        writeRow(sheet.addRow([]), row, look.toneColumn, notes);
        rows += 1;
      }
      await Promise.race([waitForQueue(sheet, stream), failed]);
    },
    async commit() {
      sheet.autoFilter = { from: { row: 1, column: 1 }, to: { row: rows, column: header.length } };
      addCellLists(sheet, lists, Math.max(rows, 2));
      sheet.commit();
      addListSheet(workbook, lists);
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

/** What Excel allows as the name of a sheet. */
function toSheetName(name: string): string {
  const allowed = toExcelText(name)
    .replaceAll(/[*?:/\\[\]]/g, ' ')
    .replace(/^'+|'+$/g, '')
    .slice(0, 31)
    .trim();
  return allowed === '' ? 'Sheet1' : allowed;
}

function writeRow(target: ExcelRow, row: TableRow, toneColumn: number | undefined, notes: { left: number }): void {
  row.cells.forEach((cell, index) => {
    const { value, format } = toExcelValue(cell);
    if (value === '') return;
    const out = target.getCell(index + 1);
    out.value = value;
    if (format !== undefined) out.numFmt = format;
  });
  for (const mark of row.marks ?? []) {
    const out = target.getCell(mark.column + 1);
    out.fill = markFill;
    if (notes.left <= 0) continue;
    out.note = toExcelText(mark.note);
    notes.left -= 1;
  }
  if (toneColumn !== undefined && row.tone !== undefined) target.getCell(toneColumn + 1).fill = tones[row.tone];
  target.commit();
}

function toExcelValue(cell: Cell): { readonly value: CellValue; readonly format?: string } {
  if (typeof cell === 'string') return { value: toExcelText(cell) };
  switch (cell.kind) {
    case 'number':
      return { value: cell.value, ...(cell.format === undefined ? {} : { format: cell.format }) };
    case 'boolean':
      return { value: cell.value };
    case 'error':
      return { value: toExcelText(cell.text) };
    case 'date': {
      const time = toExcelTimeOfDay(cell.text);
      if (time !== undefined) return { value: time, format: cell.format ?? 'hh:mm:ss' };
      const day = toExcelDate(cell.text);
      if (day === undefined) return { value: toExcelText(cell.text) };
      return { value: day, format: cell.format ?? (cell.text.includes('T') ? 'yyyy-mm-dd hh:mm:ss' : 'yyyy-mm-dd') };
    }
  }
}

/** Waits until what exceljs has queued is on its way to the disk. */
async function waitForQueue(
  sheet: object,
  stream: NodeJS.WritableStream & { writableNeedDrain: boolean },
): Promise<void> {
  const queue = (sheet as { stream?: { pipes?: readonly { writableLength?: number }[] } }).stream;
  for (;;) {
    await setImmediate();
    if (stream.writableNeedDrain) await once(stream, 'drain');
    if ((queue?.pipes?.[0]?.writableLength ?? 0) < maxQueuedBytes) return;
  }
}

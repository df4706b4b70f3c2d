import { once } from 'node:events';
import { createWriteStream, type WriteStream } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import type { AddWorksheetOptions, Fill, PageSetup, Style, stream, Worksheet } from 'exceljs';
import type { Issue } from '#pipelines/issue.js';
import { cellToText } from '#pipelines/model.js';
import { type AtomicFile, beginAtomicFile, type FinishedFile, finishFile } from '#src/files/atomic-file.js';
import type { FileRights } from '#src/files/file-rights.js';
import type {
  AboutLine,
  CellChoices,
  RowTone,
  SheetStyle,
  TableColumn,
  TableRow,
  TableSink,
} from '#src/files/table.js';
import { columnLetters } from '#src/files/xlsx/cell-reference.js';
import { addValidation, CellLists } from './cell-lists.js';
import { chooseColumnFormat, encodeCellText, TextLosses, toExcelCell } from './cell-values.js';

/** Rows of a sheet below its header [Excel's limit: 1,048,576 in all]. */
const maxRowsPerSheet = 1_048_575;
/** exceljs holds all comments of a workbook in memory, about 2 kB each; beyond this, cells are only coloured. */
const maxComments = 20_000;
/**
 * exceljs queues what it compresses without limit, and runs the compressor only when its caller yields. After this many
 * characters, which is less than the compressor takes in one turn, the event loop gets its turn.
 */
const charactersPerTurn = 16_384;
/** zlib's default of 6 takes half again as long as everything else together, for a file that is a seventh smaller. */
const compressionLevel = 2;
/** In characters of the default font. */
const columnWidth = { min: 8, max: 60, besideHeader: 3, date: 20 } as const;

/** On paper: all columns on one page, and the header on each. */
const onePageWide: Partial<PageSetup> = {
  orientation: 'landscape',
  fitToPage: true,
  fitToWidth: 1,
  fitToHeight: 0,
  printTitlesRow: '1:1',
};

const fills = {
  mark: solidFill('FFFFD9D9'),
  good: solidFill('FFDDF0DD'),
  same: solidFill('FFECECEC'),
  fix: solidFill('FFF8CBAD'),
  wait: solidFill('FFFFEBB3'),
} as const satisfies Record<RowTone | 'mark', Fill>;

type FillName = keyof typeof fills;

function solidFill(argb: string): Fill {
  return { type: 'pattern', pattern: 'solid', fgColor: { argb } };
}

const headerStyle: Partial<Style> = { font: { name: 'Calibri', size: 11, bold: true }, numFmt: '@' };
const aboutColumns: readonly TableColumn[] = [
  { name: 'About this file', width: 26 },
  { name: '', width: 80, content: 'text' },
];

/**
 * Begins a workbook: a sheet with a frozen, bold header and a filter, and another one whenever it is full. Numbers,
 * booleans and dates stay what they are; marked cells are coloured and carry their note as a comment; columns with
 * choices have a drop-down.
 *
 * @param rowsPerSheet - below the header; tests lower it
 * @throws UsageError `CANNOT_WRITE`
 */
export async function beginWorkbook(
  path: string,
  columns: readonly TableColumn[],
  style: Partial<SheetStyle> & Pick<SheetStyle, 'name'>,
  {
    rowsPerSheet = maxRowsPerSheet,
    rights,
  }: { readonly rowsPerSheet?: number; readonly rights?: FileRights | undefined } = {},
): Promise<TableSink> {
  const file = await beginAtomicFile(path, rights);
  const { default: excel } = await import('exceljs');
  const output = createWriteStream(file.partPath);
  const workbook = new excel.stream.xlsx.WorkbookWriter({
    stream: output,
    zip: { zlib: { level: compressionLevel } },
    useStyles: true,
    useSharedStrings: false,
  });
  return new WorkbookSink(
    file,
    output,
    workbook,
    columns,
    { frozenColumns: 0, fitsPage: false, ...style },
    rowsPerSheet,
  );
}

class WorkbookSink implements TableSink {
  readonly #file: AtomicFile;
  readonly #output: WriteStream;
  readonly #outputFailed: Promise<never>;
  readonly #workbook: stream.xlsx.WorkbookWriter;
  readonly #columns: readonly TableColumn[];
  readonly #style: SheetStyle;
  readonly #rowsPerSheet: number;
  readonly #cellStyles = new Map<string, Partial<Style>>();
  readonly #lists = new CellLists();
  readonly #losses: TextLosses;
  #widths: readonly number[] = [];
  #sheet: Worksheet | undefined;
  #sheets = 0;
  #rows = 0;
  #comments = 0;
  #queuedCharacters = 0;

  constructor(
    file: AtomicFile,
    output: WriteStream,
    workbook: stream.xlsx.WorkbookWriter,
    columns: readonly TableColumn[],
    style: SheetStyle,
    rowsPerSheet: number,
  ) {
    this.#file = file;
    this.#output = output;
    this.#workbook = workbook;
    this.#columns = columns;
    this.#style = style;
    this.#rowsPerSheet = rowsPerSheet;
    this.#losses = new TextLosses(columns);
    this.#outputFailed = new Promise<never>((_, reject) => output.on('error', reject));
    this.#outputFailed.catch(() => undefined);
  }

  async write(rows: readonly TableRow[]): Promise<void> {
    for (const row of rows) {
      this.#writeRow(this.#sheetFor(rows), row);
      if (this.#queuedCharacters >= charactersPerTurn) await this.#letOutputCatchUp();
    }
  }

  async end(about: readonly AboutLine[] = []): Promise<FinishedFile> {
    this.#endSheet(this.#sheetFor([]));
    const lines = [...about, ...this.#losses.notices().map(({ message }) => ['Note', message] as const)];
    if (about.length > 0) this.#addAboutSheet(lines);
    this.#lists.addSheet(this.#workbook);
    await Promise.race([this.#workbook.commit(), this.#outputFailed]);
    if (!this.#output.closed) await Promise.race([once(this.#output, 'close'), this.#outputFailed]);
    return finishFile(this.#file);
  }

  notices(): readonly Issue[] {
    return this.#losses.notices();
  }

  async discard(): Promise<void> {
    this.#output.destroy();
    await this.#file.discard();
  }

  /** Widths are measured by the first rows, since they precede all rows in the file. */
  #sheetFor(firstRows: readonly TableRow[]): Worksheet {
    if (this.#sheet !== undefined && this.#rows < this.#rowsPerSheet) return this.#sheet;
    if (this.#sheet !== undefined) this.#endSheet(this.#sheet);
    else this.#widths = this.#columns.map((column, index) => column.width ?? measureWidth(column, index, firstRows));
    this.#sheets += 1;
    this.#rows = 0;
    const { name, frozenColumns, fitsPage } = this.#style;
    const sheetName = toSheetName(this.#sheets === 1 ? name : `${name.slice(0, 26)} ${this.#sheets}`);
    this.#sheet = this.#addSheet(sheetName, this.#columns, this.#widths, {
      views: [{ state: 'frozen', ySplit: 1, xSplit: frozenColumns }],
      ...(fitsPage ? { pageSetup: onePageWide } : {}),
    });
    return this.#sheet;
  }

  #addSheet(
    name: string,
    columns: readonly TableColumn[],
    widths: readonly number[],
    options: Partial<AddWorksheetOptions>,
  ): Worksheet {
    const sheet = this.#workbook.addWorksheet(name, options);
    sheet.columns = columns.map(({ content }, index) => {
      const numFmt = chooseColumnFormat(content);
      return { width: widths[index] ?? columnWidth.min, ...(numFmt === undefined ? {} : { style: { numFmt } }) };
    });
    const header = sheet.addRow(columns.map((column) => encodeCellText(column.name)));
    header.eachCell((cell) => {
      cell.style = headerStyle;
    });
    header.commit();
    return sheet;
  }

  #writeRow(sheet: Worksheet, { cells, tone, marks = [] }: TableRow): void {
    const { toneColumn } = this.#style;
    const target = sheet.addRow([]);
    this.#rows += 1;
    for (const [index, cell] of cells.entries()) {
      if (cell === '') continue;
      const { value, format } = toExcelCell(cell, this.#columns[index]?.content, (loss) =>
        this.#losses.add(loss, index, this.#rows + 1),
      );
      const excelCell = target.getCell(index + 1);
      excelCell.value = value;
      excelCell.style = this.#styleWith(format);
      this.#queuedCharacters += typeof cell === 'string' ? cell.length : cell.text.length;
    }
    for (const { column, note } of marks) {
      const excelCell = target.getCell(column + 1);
      excelCell.style = this.#styleWith(excelCell.numFmt, 'mark');
      if (this.#comments >= maxComments) continue;
      excelCell.note = encodeCellText(note);
      this.#comments += 1;
    }
    if (toneColumn !== undefined && tone !== undefined) {
      const excelCell = target.getCell(toneColumn + 1);
      excelCell.style = this.#styleWith(excelCell.numFmt, tone);
    }
    target.commit();
  }

  /** Cells share their style objects: exceljs looks each object up only once. */
  #styleWith(format: string | undefined, fill?: FillName): Partial<Style> {
    const key = `${fill ?? ''} ${format ?? ''}`;
    const known = this.#cellStyles.get(key);
    if (known !== undefined) return known;
    const style: Partial<Style> = {
      ...(format === undefined ? {} : { numFmt: format }),
      ...(fill === undefined ? {} : { fill: fills[fill] }),
    };
    this.#cellStyles.set(key, style);
    return style;
  }

  #endSheet(sheet: Worksheet): void {
    sheet.autoFilter = { from: { row: 1, column: 1 }, to: { row: this.#rows + 1, column: this.#columns.length } };
    for (const [index, { choices }] of this.#columns.entries()) {
      if (choices === undefined) continue;
      const letters = columnLetters(index + 1);
      addValidation(sheet, `${letters}2:${letters}${Math.max(2, this.#rows + 1)}`, {
        type: 'list',
        allowBlank: true,
        formulae: [this.#lists.formulaFor(choices.texts)],
        showErrorMessage: true,
        errorStyle: choices.isStrict ? 'stop' : 'warning',
        ...describeChoices(choices),
      });
    }
    sheet.commit();
  }

  #addAboutSheet(lines: readonly AboutLine[]): void {
    const widths = aboutColumns.map(({ width = columnWidth.min }) => width);
    const sheet = this.#addSheet('About', aboutColumns, widths, {});
    for (const [name, value] of lines) {
      const row = sheet.addRow([encodeCellText(name), typeof value === 'number' ? value : encodeCellText(value)]);
      row.getCell(2).style = this.#styleWith(typeof value === 'number' ? undefined : '@');
      row.commit();
    }
    sheet.commit();
  }

  async #letOutputCatchUp(): Promise<void> {
    this.#queuedCharacters = 0;
    await setImmediate();
    if (this.#output.writableNeedDrain) await Promise.race([once(this.#output, 'drain'), this.#outputFailed]);
  }
}

function describeChoices({ hint, isStrict }: CellChoices) {
  if (hint !== undefined)
    return { showInputMessage: true, prompt: hint, errorTitle: 'Not in the list', error: hint } as const;
  return {
    errorTitle: 'Not in the mapping',
    error: isStrict ? 'The mapping only accepts the values in the list.' : 'The mapping does not accept this value.',
  } as const;
}

/** Makes a name that Excel accepts for a sheet. */
function toSheetName(name: string): string {
  const allowed = encodeCellText(name)
    .replaceAll(/[*?:/\\[\]]/g, ' ')
    .replace(/^'+|'+$/g, '')
    .slice(0, 31)
    .trim();
  return allowed === '' ? 'Sheet1' : allowed;
}

function measureWidth({ name, content }: TableColumn, index: number, rows: readonly TableRow[]): number {
  const { min, max, besideHeader, date } = columnWidth;
  const longest = rows.reduce((max, { cells }) => Math.max(max, longestLine(cellToText(cells[index]))), 0);
  const needed = Math.max(name.length + besideHeader, content === 'date' ? date : 0, longest + 1);
  return Math.min(max, Math.max(min, needed));
}

function longestLine(text: string): number {
  return Math.max(...text.split('\n').map((line) => line.length));
}

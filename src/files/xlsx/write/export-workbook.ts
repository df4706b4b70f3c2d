import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import type { ColumnContent, ExportColumn } from '#pipelines/mapping/export-columns.js';
import { type Cell, cellToText, type TypedCell } from '#pipelines/model.js';
import type { Notice } from '#pipelines/ports.js';
import { type AtomicFile, beginAtomicFile } from '#src/files/atomic-file.js';
import { type AboutLine, type ExportTable, finishFile } from '#src/files/table.js';
import { cellText, longestCell, type TextDamage, toExcelDate } from './cell-values.js';

const facts: Readonly<Record<TextDamage, { readonly code: string; readonly what: string; readonly advice: string }>> = {
  cut: {
    code: 'CELLS_CUT',
    what: `are longer than the ${longestCell.toLocaleString('en')} characters of a cell and were cut, with … at their end`,
    advice: 'They are whole in a CSV export; an import refuses the cut ones, so that nothing is lost.',
  },
  characters_lost: {
    code: 'CHARACTERS_LOST',
    what: 'hold characters that no workbook can hold, and are without them',
    advice: 'They are whole in a CSV export.',
  },
};

/** Counts the texts that a workbook could not take as they were, and remembers where the first of each kind stands. */
function damageCounter(columns: readonly string[]) {
  const found = new Map<TextDamage, { count: number; readonly column: string; readonly row: number }>();
  const remarks = (): readonly Notice[] =>
    [...found].map(([damage, { count, column, row }]) => {
      const { code, what, advice } = facts[damage];
      const cells = count === 1 ? '1 text' : `${count} texts`;
      return { code, message: `${cells} ${what} (first: row ${row}, ${column}). ${advice}`, row, columns: [column] };
    });
  return {
    note(column: number, row: number, damage: TextDamage): void {
      const known = found.get(damage);
      if (known === undefined) found.set(damage, { count: 1, column: columns[column] ?? '', row });
      else known.count += 1;
    },
    remarks,
    lines: () => remarks().map(({ message }) => ['Remark', message] as const),
  };
}

/** Numbers of cell styles, by what a cell holds. */
interface SheetStyles {
  /** For texts: what looks like a number stays the text that it is, also when somebody edits it. */
  readonly text: number;
  /** The style of a typed cell in this column (from 0); `format` is the cell's own wish. */
  ofCell(column: number, kind: 'number' | 'boolean' | 'date', format: string | undefined): number;
}

type OnDamage = (column: number, row: number, damage: TextDamage) => void;

const msPerDay = 86_400_000;
/** Day 0 of a workbook, counted from 1970. */
const daysTo1970 = 25_569;

/**
 * Writes rows as the XML of a sheet, several times as fast as exceljs, which makes an object of every cell. Texts go
 * inline: a table of shared ones would have to stay in memory to the end.
 *
 * @param columns - letters of the columns
 */
function rowWriter(columns: readonly string[], styles: SheetStyles, damaged: OnDamage) {
  return (number: number, cells: readonly Cell[]): string => {
    let xml = `<row r="${number}">`;
    for (let column = 0; column < cells.length; column += 1) {
      const cell = cells[column];
      if (cell === undefined || cell === '') continue;
      const place = `<c r="${columns[column]}${number}"`;
      const note = (damage: TextDamage) => damaged(column, number, damage);
      xml +=
        place + (typeof cell === 'string' ? textXml(cell, styles.text, note) : typedXml(column, cell, styles, note));
    }
    return `${xml}</row>`;
  };
}

function textXml(text: string, style: number, note: (damage: TextDamage) => void): string {
  return ` s="${style}" t="inlineStr"><is><t${needsSpace(text) ? ' xml:space="preserve"' : ''}>${cellText(text, note)}</t></is></c>`;
}

/** Without it, programs may take the spaces around a text off. */
function needsSpace(text: string): boolean {
  return text.charCodeAt(0) <= 0x20 || text.charCodeAt(text.length - 1) <= 0x20;
}

function typedXml(column: number, cell: TypedCell, styles: SheetStyles, note: (damage: TextDamage) => void): string {
  const format = 'format' in cell ? cell.format : undefined;
  switch (cell.kind) {
    case 'number':
      // A number that is none would make the whole workbook unreadable.
      if (!Number.isFinite(cell.value)) return textXml(cell.text, styles.text, note);
      return ` s="${styles.ofCell(column, 'number', format)}"><v>${cell.value}</v></c>`;
    case 'boolean':
      return ` s="${styles.ofCell(column, 'boolean', format)}" t="b"><v>${cell.value ? 1 : 0}</v></c>`;
    case 'date': {
      const day = toExcelDate(cell.text);
      if (day === undefined) return textXml(cell.text, styles.text, note);
      return ` s="${styles.ofCell(column, 'date', format)}"><v>${day.getTime() / msPerDay + daysTo1970}</v></c>`;
    }
    case 'error':
      return textXml(cell.text, styles.text, note);
  }
}

/** `A` … `Z`, `AA` … for columns counted from 0. */
function columnLetters(column: number): string {
  const last = String.fromCharCode(65 + (column % 26));
  return column < 26 ? last : columnLetters(Math.floor(column / 26) - 1) + last;
}

/** A sheet of a workbook that is being written; one at a time, since the archive takes one after the other. */
interface SheetStream {
  /** Adds rows that are XML already, and waits while too many wait for the disk. */
  write(xml: string): Promise<void>;
  end(rows: number): void;
}

interface SheetPlan {
  readonly name: string;
  readonly header: readonly string[];
  readonly columns: readonly { readonly width: number; readonly format: string | undefined }[];
  /** A frozen header with a filter, and no warnings of numbers that are texts. */
  readonly isTable: boolean;
}

interface BookStream {
  /** The number of the cell style with this number format. */
  styleOf(format: string): number;
  beginSheet(plan: SheetPlan): SheetStream;
  /** Waits until the last byte is with the operating system. */
  end(): Promise<void>;
  destroy(): void;
}

/** Bytes that may wait inside exceljs for the disk: it queues without limit unless its user waits. */
const mostBytesWaiting = 1 << 20;
/** The usual 6 takes half again as long as everything else together, for a file that is a seventh smaller. */
const compressionLevel = 2;

/** What exceljs has and its types leave out; `test/files/xlsx/export-workbook.test.ts` notices when it changes. */
interface SheetInside {
  readonly stream: { write(xml: string): unknown; readonly pipes: readonly { readonly writableLength?: number }[] };
  _writeLegacyData(): void;
}
interface BookInside {
  readonly styles: { addStyleModel(style: { readonly numFmt: string }): number };
}

/** Begins a workbook in a file of its own. exceljs makes the container: archive, parts, relations, styles, columns. */
async function beginBook(file: AtomicFile): Promise<BookStream> {
  // Loaded here because it costs a fifth of a second, which commands without a workbook need not pay.
  const { default: excel } = await import('exceljs');
  const stream = createWriteStream(file.partPath);
  const failed = new Promise<never>((_, reject) => stream.on('error', reject));
  failed.catch(() => undefined);
  const zip = { zlib: { level: compressionLevel } };
  const workbook = new excel.stream.xlsx.WorkbookWriter({ stream, zip, useStyles: true, useSharedStrings: false });
  const { styles } = workbook as unknown as BookInside;
  return {
    styleOf: (format) => styles.addStyleModel({ numFmt: format }),
    beginSheet({ name, header, columns, isTable }) {
      const sheet = workbook.addWorksheet(name, isTable ? { views: [{ state: 'frozen', ySplit: 1 }] } : {});
      sheet.columns = columns.map(({ width, format }) => ({
        width,
        ...(format === undefined ? {} : { style: { numFmt: format } }),
      }));
      const top = sheet.addRow([...header]);
      top.eachCell((cell) => {
        cell.style = { font: { name: 'Calibri', size: 11, bold: true }, numFmt: '@' };
      });
      top.commit();
      const inside = sheet as unknown as SheetInside;
      return {
        async write(xml) {
          inside.stream.write(xml);
          await Promise.race([settled(inside, stream), failed]);
        },
        end(rows) {
          if (isTable) {
            sheet.autoFilter = { from: { row: 1, column: 1 }, to: { row: rows + 1, column: header.length } };
            writeBeforeDrawings(inside, textsThatLookLikeNumbers(header.length));
          }
          sheet.commit();
        },
      };
    },
    async end() {
      await Promise.race([workbook.commit(), failed]);
      if (!stream.closed) await Promise.race([once(stream, 'close'), failed]);
    },
    destroy: () => {
      stream.destroy();
    },
  };
}

/** Codes and post codes are texts on purpose: Excel need not mark each with a green triangle. */
function textsThatLookLikeNumbers(columns: number): string {
  const last = String.fromCharCode(64 + Math.min(columns, 26));
  const range = columns > 26 ? 'A1:XFD1048576' : `A1:${last}1048576`;
  return `<ignoredErrors><ignoredError sqref="${range}" numberStoredAsText="1"/></ignoredErrors>`;
}

/** The format wants its parts in a fixed order, and exceljs does not know this one. */
function writeBeforeDrawings(sheet: SheetInside, xml: string): void {
  const write = sheet._writeLegacyData.bind(sheet);
  sheet._writeLegacyData = () => {
    sheet.stream.write(xml);
    write();
  };
}

/** Waits until what exceljs has queued is on its way to the disk. */
async function settled(
  { stream: queue }: SheetInside,
  stream: NodeJS.WritableStream & { writableNeedDrain: boolean },
): Promise<void> {
  for (;;) {
    await setImmediate();
    if (stream.writableNeedDrain) await once(stream, 'drain');
    const [pipe] = queue.pipes;
    // Without a pipe, the archive is still at the sheet before.
    if (pipe !== undefined && (pipe.writableLength ?? 0) < mostBytesWaiting) return;
  }
}

/** Rows of a sheet below its header [Excel's limit: 1,048,576 in all]. */
const mostRowsOfSheet = 1_048_575;

const textFormat = '@';
/** Excel shows yes and no in any format; LibreOffice would show 1 and 0 in another. */
const yesOrNo = '"TRUE";"TRUE";"FALSE"';
/** What a column's numbers and dates look like when the cell has no wish of its own; general where absent. */
const formats: Readonly<Partial<Record<ColumnContent, string>>> = {
  money: '#,##0.00',
  integer: '0',
  boolean: yesOrNo,
  date: 'yyyy-mm-dd hh:mm:ss',
};
const usualDate = 'yyyy-mm-dd';
const general = 'General';

/** In characters of the usual font. */
const widths = { least: 8, most: 60, beside: 3, date: 20 } as const;

/**
 * Begins a workbook of customers: a sheet with a frozen, bold header, another one whenever it is full, and a sheet that
 * says what this is.
 *
 * @throws UsageError when it cannot be written
 */
export async function beginExportWorkbook(
  path: string,
  columns: readonly ExportColumn[],
  { sheetName, rowsPerSheet = mostRowsOfSheet }: { readonly sheetName: string; readonly rowsPerSheet?: number },
): Promise<ExportTable> {
  const file = await beginAtomicFile(path);
  const book = await beginBook(file);
  const names = columns.map(({ name }) => name);
  const damage = damageCounter(names);
  const styles = stylesOf(columns, book);
  const letters = columns.map((_, column) => columnLetters(column));
  const toXml = rowWriter(letters, styles, damage.note);
  let sheet: SheetStream | undefined;
  let sheets = 0;
  let rows = 0;
  let plan: ReturnType<typeof columnPlans> | undefined;

  function sheetFor(first: readonly (readonly Cell[])[]): SheetStream {
    if (sheet !== undefined && rows < rowsPerSheet) return sheet;
    sheet?.end(rows);
    plan ??= columnPlans(columns, first);
    sheets += 1;
    rows = 0;
    sheet = book.beginSheet({
      name: sheets === 1 ? sheetName : `${sheetName.slice(0, 26)} ${sheets}`,
      header: names,
      columns: plan,
      isTable: true,
    });
    return sheet;
  }

  return {
    async write(batch) {
      for (let from = 0; from < batch.length; ) {
        const target = sheetFor(batch);
        const part = batch.slice(from, from + rowsPerSheet - rows);
        let xml = '';
        for (const cells of part) {
          rows += 1;
          xml += toXml(rows + 1, cells);
        }
        from += part.length;
        await target.write(xml);
      }
    },
    async finish(about) {
      sheetFor([]).end(rows);
      await writeAbout(book, [...about, ...damage.lines()], styles.text, damage.note);
      await book.end();
      return finishFile(file);
    },
    remarks: () => damage.remarks(),
    async discard() {
      book.destroy();
      await file.discard();
    },
  };
}

function stylesOf(columns: readonly ExportColumn[], book: BookStream): SheetStyles {
  const known = new Map<string, number>();
  const numberOf = (format: string) => {
    const style = known.get(format) ?? book.styleOf(format);
    known.set(format, style);
    return style;
  };
  const ofColumns = columns.map(({ content: holds }) => numberOf(formats[holds] ?? general));
  const plain = numberOf(general);
  const dated = numberOf(usualDate);
  const flag = numberOf(yesOrNo);
  return {
    text: numberOf(textFormat),
    ofCell(column, kind, format) {
      if (format !== undefined) return numberOf(format);
      if (kind === 'boolean') return flag;
      const { content: holds = 'text' } = columns[column] ?? {};
      if (kind === 'date') return holds === 'date' ? (ofColumns[column] ?? dated) : dated;
      return kind === 'number' && holds !== 'date' ? (ofColumns[column] ?? plain) : plain;
    },
  };
}

/** Widths by the first rows, since they stand before all rows in the file. */
function columnPlans(columns: readonly ExportColumn[], first: readonly (readonly Cell[])[]) {
  return columns.map(({ name, content: holds }, column) => {
    const longest = first.reduce((most, cells) => Math.max(most, shownLength(cells[column])), 0);
    const needed = Math.max(name.length + widths.beside, holds === 'date' ? widths.date : 0, longest + 1);
    return {
      width: Math.min(widths.most, Math.max(widths.least, needed)),
      format: holds === 'text' ? textFormat : formats[holds],
    };
  });
}

function shownLength(cell: Cell | undefined): number {
  return cellToText(cell)
    .split('\n')
    .reduce((most, line) => Math.max(most, line.length), 0);
}

async function writeAbout(
  book: BookStream,
  lines: readonly AboutLine[],
  text: number,
  damaged: Parameters<typeof rowWriter>[2],
): Promise<void> {
  const sheet = book.beginSheet({
    name: 'About',
    header: ['About this file', ''],
    columns: [
      { width: 26, format: undefined },
      { width: 80, format: textFormat },
    ],
    isTable: false,
  });
  const plain = book.styleOf(general);
  const toXml = rowWriter(['A', 'B'], { text, ofCell: () => plain }, damaged);
  const cellOf = (value: AboutLine[1]): Cell =>
    typeof value === 'number' ? { kind: 'number', text: String(value), value } : value;
  await sheet.write(lines.map(([name, value], index) => toXml(index + 2, [name, cellOf(value)])).join(''));
  sheet.end(lines.length);
}

import type { ColumnContent, ExportColumn } from '#pipelines/mapping/export-column.js';
import { type Cell, textOf } from '#pipelines/row.js';
import { beginAtomicFile } from '#src/files/atomic-file.js';
import type { AboutLine, ExportTable } from '#src/files/export/export-table.js';
import { finishedFile } from '#src/files/export/finished-file.js';
import { type BookStream, beginBook, type SheetStream } from './book-stream.js';
import { damageCounter } from './damage-counter.js';
import { columnLetters, rowWriter, type SheetStyles } from './row-xml.js';

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
      return finishedFile(file);
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
  const ofColumns = columns.map(({ holds }) => numberOf(formats[holds] ?? general));
  const plain = numberOf(general);
  const dated = numberOf(usualDate);
  const flag = numberOf(yesOrNo);
  return {
    text: numberOf(textFormat),
    ofCell(column, kind, format) {
      if (format !== undefined) return numberOf(format);
      if (kind === 'boolean') return flag;
      const { holds = 'text' } = columns[column] ?? {};
      if (kind === 'date') return holds === 'date' ? (ofColumns[column] ?? dated) : dated;
      return kind === 'number' && holds !== 'date' ? (ofColumns[column] ?? plain) : plain;
    },
  };
}

/** Widths by the first rows, since they stand before all rows in the file. */
function columnPlans(columns: readonly ExportColumn[], first: readonly (readonly Cell[])[]) {
  return columns.map(({ name, holds }, column) => {
    const longest = first.reduce((most, cells) => Math.max(most, shownLength(cells[column])), 0);
    const needed = Math.max(name.length + widths.beside, holds === 'date' ? widths.date : 0, longest + 1);
    return {
      width: Math.min(widths.most, Math.max(widths.least, needed)),
      format: holds === 'text' ? textFormat : formats[holds],
    };
  });
}

function shownLength(cell: Cell | undefined): number {
  return textOf(cell)
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

import { type Options, stringify } from 'csv-stringify/sync';
import { escapeFormula } from '#pipelines/formula-text.js';
import { type Cell, cellToText } from '#pipelines/model.js';
import { beginAtomicFile, finishFile } from '#src/files/atomic-file.js';
import type { FileRights } from '#src/files/file-rights.js';
import type { CsvStyle, TableColumn, TableSink } from '#src/files/table.js';

type RowFormatter = (rows: readonly (readonly string[])[]) => string;

/** A character that never makes a cell need quotation marks. */
const neutralSeparator = '\u0001';

/**
 * Formats rows as csv-stringify does. Rows without anything to quote, which most are, are joined here: csv-stringify
 * builds each row cell by cell, in some 15 KB of short-lived memory.
 */
export function createRowFormatter(
  options: Options & { readonly delimiter: string; readonly record_delimiter: string },
): RowFormatter {
  const { delimiter, record_delimiter: lineEnd, quoted_empty: quotesBlanks = false } = options;
  const mayNeedQuotes = new RegExp(`["\\r\\n${delimiter.replaceAll(/[\\\]^-]/g, String.raw`\$&`)}]`);
  const isPlain = (cells: readonly string[]) => !quotesBlanks && !mayNeedQuotes.test(cells.join(neutralSeparator));
  return (rows) => {
    let text = '';
    for (let at = 0; at < rows.length; ) {
      const first = at;
      for (let cells = rows[at]; cells !== undefined && isPlain(cells); cells = rows[at]) {
        text += cells.join(delimiter) + lineEnd;
        at += 1;
      }
      if (at > first) continue;
      for (let cells = rows[at]; cells !== undefined && !isPlain(cells); cells = rows[at]) at += 1;
      text += stringify(rows.slice(first, at) as string[][], options);
    }
    return text;
  };
}

/**
 * Begins a CSV file in UTF-8.
 *
 * @throws UsageError `CANNOT_WRITE`
 */
export async function beginCsv(
  path: string,
  columns: readonly TableColumn[],
  { delimiter = ',', lineEnd = '\n', bom = false, formulas = 'raw' }: Partial<CsvStyle> = {},
  rights?: FileRights,
): Promise<TableSink> {
  const file = await beginAtomicFile(path, rights);
  const toText = createRowFormatter({
    delimiter,
    record_delimiter: lineEnd,
    // A record delimiter that is given switches this off, and a text with a line break would split its row.
    quote_record_delimiter: true,
    // Programs that also end a row at a carriage return must not do so inside a text.
    quoted_match: /\r/,
    quoted_empty: columns.length === 1,
  });
  const toCellText = formulas === 'raw' ? cellToText : escapeCell;
  // Unlike `write`, `appendFile` goes on until every byte is written or the disk says why not.
  const append = (text: string) => file.handle.appendFile(text);
  try {
    await append((bom ? '\uFEFF' : '') + toText([columns.map(({ name }) => toCellText(name))]));
  } catch (error) {
    await file.discard();
    throw error;
  }
  return {
    write: (rows) => append(toText(rows.map(({ cells }) => cells.map(toCellText)))),
    end: () => finishFile(file),
    notices: () => [],
    discard: () => file.discard(),
  };
}

/** Only text can pose as a formula: numbers, dates and booleans are what they look like. */
function escapeCell(cell: Cell): string {
  if (typeof cell === 'string') return escapeFormula(cell);
  return cell.kind === 'number' && cell.shown !== undefined ? escapeFormula(cell.shown) : cell.text;
}

import { type Options, stringify } from 'csv-stringify/sync';
import { escapeFormula } from '#pipelines/formula-text.js';
import type { ExportColumn } from '#pipelines/mapping/export-columns.js';
import { type Cell, cellToText } from '#pipelines/model.js';
import { beginAtomicFile } from '#src/files/atomic-file.js';
import { type ExportTable, finishFile, type TableSink } from '#src/files/table.js';

type RowFormatter = (rows: readonly (readonly string[])[]) => string;

/** Of no use in a text that is looked through for what has to be quoted. */
const betweenCells = '\u0001';

/**
 * Makes rows into the text that csv-stringify makes of them. It builds every row cell by cell, in some 15 KB of short-lived
 * memory; most rows have nothing to quote, and those are joined.
 */
export function createRowFormatter(
  options: Options & { readonly delimiter: string; readonly record_delimiter: string },
): RowFormatter {
  const { delimiter, record_delimiter: lineEnd, quoted_empty: quotesBlanks = false } = options;
  const awkward = new RegExp(`["\\r\\n${delimiter.replaceAll(/[\\\]^-]/g, String.raw`\$&`)}]`);
  const isPlain = (cells: readonly string[]) => !quotesBlanks && !awkward.test(cells.join(betweenCells));
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

export interface CsvStyle {
  readonly delimiter: string;
  readonly lineEnd: '\n' | '\r\n';
  /** Excel needs it to see UTF-8; scripts stumble over it. */
  readonly bom: boolean;
}

/** Begins a CSV file in UTF-8 with the given header. @throws UsageError when it cannot be written */
export async function beginCsv(path: string, header: readonly string[], style: CsvStyle): Promise<TableSink> {
  const file = await beginAtomicFile(path);
  const toText = createRowFormatter({
    delimiter: style.delimiter,
    record_delimiter: style.lineEnd,
    // Naming a record delimiter switches this off otherwise, and a name with a line break would split its row.
    quote_record_delimiter: true,
    quoted_empty: header.length === 1,
  });
  // Not `write`, which on a disk that fills up may write a part and call that a success.
  const append = (text: string) => file.handle.appendFile(text);
  try {
    await append((style.bom ? '\uFEFF' : '') + toText([header]));
  } catch (error) {
    await file.discard();
    throw error;
  }
  return {
    async write(rows) {
      if (rows.length > 0) await append(toText(rows.map((row) => row.cells.map(cellToText))));
    },
    commit: () => file.commit(),
    discard: () => file.discard(),
  };
}

/** What happens to texts that a spreadsheet program would take for formulas. */
const formulaPolicies = ['escape', 'raw'] as const;

export interface ExportCsvStyle {
  readonly delimiter: string;
  /** Excel needs it to see UTF-8; scripts stumble over it. */
  readonly bom: boolean;
  readonly formulas: (typeof formulaPolicies)[number];
}

/** Begins a CSV file of customers in UTF-8. @throws UsageError when it cannot be written */
export async function beginExportCsv(
  path: string,
  columns: readonly ExportColumn[],
  { delimiter, bom, formulas }: ExportCsvStyle,
): Promise<ExportTable> {
  const file = await beginAtomicFile(path);
  const toText = createRowFormatter({
    delimiter,
    record_delimiter: '\n',
    // Naming a record delimiter switches this off otherwise, and a text with a line break would split its row.
    quote_record_delimiter: true,
    // Programs that end a row at a carriage return, too, must not do so inside a text.
    quoted_match: /\r/,
    quoted_empty: columns.length === 1,
  });
  const textOf = formulas === 'raw' ? rawText : safeText;
  // Unlike `write`, it goes on until every byte is taken or the disk says why not.
  const write = (text: string) => file.handle.appendFile(text);
  await write((bom ? '\uFEFF' : '') + toText([columns.map(({ name }) => name)]));
  return {
    write: (rows) => write(toText(rows.map((cells) => cells.map(textOf)))),
    finish: () => finishFile(file),
    remarks: () => [],
    discard: () => file.discard(),
  };
}

/** Numbers, dates, yes and no are what they look like; only text can pose as a formula. */
function safeText(cell: Cell): string {
  return typeof cell === 'string' ? escapeFormula(cell) : cell.text;
}

function rawText(cell: Cell): string {
  return typeof cell === 'string' ? cell : cell.text;
}

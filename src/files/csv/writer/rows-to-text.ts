import { type Options, stringify } from 'csv-stringify/sync';

export type RowsToText = (rows: readonly (readonly string[])[]) => string;

/** Of no use in a text that is looked through for what has to be quoted. */
const betweenCells = '\u0001';

/**
 * Makes rows into the text that csv-stringify makes of them. It builds every row cell by cell, in some 15 KB of short-lived
 * memory; most rows have nothing to quote, and those are joined.
 */
export function rowsToText(
  options: Options & { readonly delimiter: string; readonly record_delimiter: string },
): RowsToText {
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

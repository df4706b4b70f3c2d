import { textOf } from '#pipelines/row.js';
import { beginAtomicFile } from '#src/files/atomic-file.js';
import type { TableWriter } from '#src/files/table-writer.js';
import { rowsToText } from './writer/rows-to-text.js';

export interface CsvStyle {
  readonly delimiter: string;
  readonly lineEnd: '\n' | '\r\n';
  /** Excel needs it to see UTF-8; scripts stumble over it. */
  readonly bom: boolean;
}

/** Begins a CSV file in UTF-8 with the given header. @throws UsageError when it cannot be written */
export async function beginCsv(path: string, header: readonly string[], style: CsvStyle): Promise<TableWriter> {
  const file = await beginAtomicFile(path);
  const toText = rowsToText({
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
      if (rows.length > 0) await append(toText(rows.map((row) => row.cells.map(textOf))));
    },
    commit: () => file.commit(),
    discard: () => file.discard(),
  };
}

import type { OpenOptions } from '#src/files/input-source.js';
import { sampleOf, type TextInput } from '#src/files/text/open-text.js';
import { askedDelimiter, type Dialect, findPreamble } from './dialect.js';
import { readRecords } from './reader/read-records.js';
import { sniffDelimiter } from './sniff-delimiter.js';

/** The dialect of a text: what the options say, what a `sep=` line says, what the text looks like, in this order. */
export async function chooseDialect(text: TextInput, options: OpenOptions): Promise<Dialect> {
  const asked = askedDelimiter(options.delimiter);
  const sample = await sampleOf(text);
  const preamble = findPreamble(sample);
  const body = sample.subarray(preamble?.bytes ?? 0);
  const dialect: Dialect = {
    delimiter: asked ?? preamble?.delimiter ?? sniffDelimiter(body.toString()),
    returnEndsRow: text.lineEnds.cr > 0,
    lenientQuotes: options.lenientQuotes ?? false,
    preambleBytes: preamble?.bytes ?? 0,
    firstLine: preamble === undefined ? 1 : 2,
  };
  const { lf, crlf, cr } = text.lineEnds;
  if (cr === 0 || lf + crlf === 0) return dialect;
  // Both a file glued together from two systems and a return inside a cell look like this: the columns tell.
  const asText = { ...dialect, returnEndsRow: false };
  return (await raggedRows(text, asText)) < (await raggedRows(text, dialect)) ? asText : dialect;
}

/** How many rows differ in width from the widest of the first rows. */
async function raggedRows(text: TextInput, dialect: Dialect): Promise<number> {
  let width = 0;
  let ragged = 0;
  for await (const records of readRecords({ name: text.file.name, dialect, chunks: () => text.chunks() })) {
    if (width === 0) width = Math.max(...records.map((record) => record.cells.length));
    for (const { cells } of records) {
      const isBlankLine = cells.length === 1 && cells[0] === '';
      if (cells.length !== width && !isBlankLine) ragged += 1;
    }
  }
  return ragged;
}

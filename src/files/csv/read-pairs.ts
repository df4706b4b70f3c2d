import { readFileSync } from 'node:fs';
import { TextDecoder } from 'node:util';
import { CsvError, parse } from 'csv-parse/sync';

/** A list of two columns below a header; a blank first cell is left out. */
export type Pairs = readonly (readonly [string, string])[];

/** Small lists only: they are held in memory and read before anything else. */
const maxBytes = 16 << 20;

/**
 * Reads the first two columns of a small CSV file in UTF-8, whatever its delimiter.
 *
 * @param name - how messages call the file
 * @returns the list, or what is wrong with the file, as a sentence
 */
export function readPairs(path: string, name: string): Pairs | string {
  let text: string;
  try {
    const bytes = readFileSync(path);
    if (bytes.length > maxBytes)
      return `The file ${name} is larger than ${maxBytes >> 20} MB; a lookup is a short list`;
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    return describeReadFailure(name, error);
  }
  return parsePairs(text, name);
}

function parsePairs(text: string, name: string): Pairs | string {
  const [first = ''] = text.split(/\r\n|\n|\r/, 1);
  const delimiter = [';', '\t'].find((sign) => first.includes(sign)) ?? ',';
  try {
    const records = parse(text, { delimiter, relax_column_count: true, skip_empty_lines: true });
    if (records.some((cells) => cells.length < 2))
      return `The file ${name} needs two columns: the text in the customers' file, and its value`;
    return records.slice(1).flatMap(([from = '', to = '']) => (from.trim() === '' ? [] : [[from, to] as const]));
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    return `The file ${name} is not a valid CSV file: ${error.message}`;
  }
}

function describeReadFailure(name: string, error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code === 'ENOENT') return `There is no file ${name} next to the mapping; correct its name`;
  if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA')
    return `The file ${name} is not in UTF-8; save it as "CSV UTF-8" in the spreadsheet program`;
  return `The file ${name} cannot be read (${code === '' ? String(error) : code})`;
}

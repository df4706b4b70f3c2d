import { UsageError } from '#src/errors.js';

/** How the cells and rows of a CSV text are told apart. */
export interface Dialect {
  readonly delimiter: string;
  /** Whether a carriage return that no line feed follows ends a row, or is text. */
  readonly returnEndsRow: boolean;
  readonly lenientQuotes: boolean;
  /** Whether a backslash makes the quotation mark behind it text, rather than a second quotation mark. */
  readonly backslashEscapes: boolean;
  /** Whether spaces and tabs before a cell are skipped. */
  readonly skipInitialSpace: boolean;
  /** Length of a leading `sep=` line, which is no row. */
  readonly preambleBytes: number;
  /** The number of the line behind that preamble. */
  readonly firstLine: number;
}

const delimiterNames: Readonly<Record<string, string>> = {
  tab: '\t',
  '\\t': '\t',
  comma: ',',
  semicolon: ';',
  pipe: '|',
  space: ' ',
};

/**
 * The delimiter that an option means; `undefined` for `auto`.
 *
 * @throws UsageError `BAD_DELIMITER`
 */
export function parseDelimiter(asked: string | undefined): string | undefined {
  if (asked === undefined || asked.toLowerCase() === 'auto') return undefined;
  const delimiter = delimiterNames[asked.toLowerCase()] ?? asked;
  if (delimiter !== '' && !/["\r\n]/.test(delimiter)) return delimiter;
  throw new UsageError(`${JSON.stringify(asked)} cannot separate cells.`, {
    code: 'BAD_DELIMITER',
    nextStep: 'Use e.g. --delimiter ";" or --delimiter tab, or leave it out.',
  });
}

/** A first line `sep=;`, with which Excel is told the delimiter. */
interface Preamble {
  readonly delimiter: string;
  readonly bytes: number;
}

export function findPreamble(sample: Buffer): Preamble | undefined {
  const longestPreambleBytes = 16;
  const start = sample.toString('utf8', 0, longestPreambleBytes);
  const match = /^"?sep=([^"\r\n])"?(?:\r\n|\n|\r)/i.exec(start);
  const delimiter = match?.[1];
  return match === null || delimiter === undefined ? undefined : { delimiter, bytes: Buffer.byteLength(match[0]) };
}

/** Delimiters that are looked for, the more usual first. */
const candidates = [',', ';', '\t', '|'] as const;

const sampleRecords = 20;
/** The longest quoted cell that is believed; beyond, the quotation mark was a stray one. */
const maxQuotedCharacters = 10_000;
/** Below this share of rows that agree, the delimiter in the first row is a coincidence. */
const minAgreement = 0.3;
/** A first row without any delimiter is a title, if nearly all others agree on three columns or more. */
const title = { minAgreement: 0.7, minDelimiters: 2 } as const;

/** How often each candidate stands outside quotation marks in a row. */
type Counts = readonly number[];

/**
 * The delimiter by which the first rows agree best on a number of columns; a comma when the file has one column.
 */
export function sniffDelimiter(sample: string): string {
  const rows = countPerRow(sample.replace(leadingComments, ''));
  let best = { delimiter: ',', score: 0, count: 0 };
  candidates.forEach((delimiter, position) => {
    const { score, count } = measureAgreement(rows.map((row) => row[position] ?? 0));
    if (score > best.score || (score === best.score && count > best.count)) best = { delimiter, score, count };
  });
  return best.delimiter;
}

/** Lines above a table in which other programs write remarks: their text says nothing about the delimiter. */
const leadingComments = /^(?:(?:#\s[^\r\n]*|\{\}[ \t]*|[ \t]*)(?:\r\n|\n|\r))+/;

function measureAgreement(counts: readonly number[]): { score: number; count: number } {
  const [inFirst = 0] = counts;
  const count = inFirst > 0 ? inFirst : findMostFrequent(counts);
  const score = counts.filter((other) => other === count).length / counts.length;
  const convincing = inFirst > 0 ? score >= minAgreement : score >= title.minAgreement && count >= title.minDelimiters;
  return convincing && count > 0 ? { score, count } : { score: 0, count: 0 };
}

function findMostFrequent(counts: readonly number[]): number {
  const votes = new Map<number, number>();
  for (const count of counts) votes.set(count, (votes.get(count) ?? 0) + 1);
  return [...votes].sort((a, b) => b[1] - a[1])[0]?.[0] ?? 0;
}

function countPerRow(sample: string): Counts[] {
  const rows: Counts[] = [];
  let counts = candidates.map(() => 0);
  let blank = true;
  const endRow = () => {
    if (!blank) rows.push(counts);
    counts = candidates.map(() => 0);
    blank = true;
  };
  for (let at = 0; at < sample.length && rows.length < sampleRecords; at += 1) {
    const character = sample.charAt(at);
    if (character === '\n' || character === '\r') {
      endRow();
      continue;
    }
    blank = blank && character.trim() === '' && character !== '\t';
    if (character === '"' && startsCell(sample, at)) at = findQuotedEnd(sample, at);
    else {
      const candidate = (candidates as readonly string[]).indexOf(character);
      if (candidate >= 0) counts[candidate] = (counts[candidate] ?? 0) + 1;
    }
  }
  // The last row of a sample may be cut; it counts only when it is all there is.
  if (rows.length === 0) endRow();
  return rows;
}

function startsCell(sample: string, at: number): boolean {
  return at === 0 || /[\r\n,;\t|]/.test(sample.charAt(at - 1));
}

/** The closing mark of the quoted cell that opens at `at`, or `at` itself if it seems never to close. */
function findQuotedEnd(sample: string, at: number): number {
  const limit = Math.min(sample.length, at + maxQuotedCharacters);
  for (let end = at + 1; end < limit; end += 1) {
    if (sample.charAt(end) !== '"') continue;
    if (sample.charAt(end + 1) !== '"') return end;
    end += 1;
  }
  return at;
}

import { UsageError } from '#src/errors.js';

/** How the cells and rows of a CSV text are told apart. */
export interface Dialect {
  readonly delimiter: string;
  /** Whether a carriage return that no line feed follows ends a row, or is text. */
  readonly returnEndsRow: boolean;
  readonly lenientQuotes: boolean;
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
export function askedDelimiter(asked: string | undefined): string | undefined {
  if (asked === undefined || asked.toLowerCase() === 'auto') return undefined;
  const delimiter = delimiterNames[asked.toLowerCase()] ?? asked;
  if (delimiter !== '' && !/["\r\n]/.test(delimiter)) return delimiter;
  throw new UsageError(`${JSON.stringify(asked)} cannot separate cells.`, {
    code: 'BAD_DELIMITER',
    nextStep: 'Use e.g. --delimiter ";" or --delimiter tab, or leave it out.',
  });
}

/** A first line `sep=;`, with which Excel is told the delimiter. */
export interface Preamble {
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

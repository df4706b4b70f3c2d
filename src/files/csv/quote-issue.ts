import type { Issue } from '#pipelines/issue.js';
import type { ScanRules, ScanStatus } from './scan-record.js';

/**
 * What is wrong with a line whose quotation marks make no sense, with the option that reads it where there is one.
 *
 * @param lastLine - the line to which the record would run
 */
export function describeQuoteIssue(status: ScanStatus, line: string, rules: ScanRules, lastLine: number): Issue {
  if (!rules.backslashEscapes && line.includes('\\"')) return backslashQuote;
  const delimiter = rules.delimiter.toString();
  if (!rules.skipInitialSpace && hasSpaceBeforeQuote(line, delimiter)) return spaceBeforeQuote;
  if (status === 'swallowedRows') return createSwallowedRowsIssue(lastLine);
  if (status !== 'strayQuote') return openQuote;
  return beginsQuoted(line, delimiter) ? strayQuote : quoteInText;
}

function hasSpaceBeforeQuote(line: string, delimiter: string): boolean {
  return line.split(delimiter).some((cell) => /^ +"/.test(cell));
}

/** Whether the first cell with a quotation mark begins with it. */
function beginsQuoted(line: string, delimiter: string): boolean {
  return (
    line
      .split(delimiter)
      .find((cell) => cell.includes('"'))
      ?.startsWith('"') === true
  );
}

const backslashQuote: Issue = {
  severity: 'error',
  code: 'BACKSLASH_QUOTE',
  message:
    'A quotation mark has a backslash before it (\\"), as some programs write one inside a cell. ' +
    'Read the file with --escape backslash.',
};

const spaceBeforeQuote: Issue = {
  severity: 'error',
  code: 'SPACE_BEFORE_QUOTE',
  message:
    'There is a space between a delimiter and the quotation mark that opens a cell. ' +
    'Read the file with --skip-initial-space.',
};

const strayQuote: Issue = {
  severity: 'error',
  code: 'STRAY_QUOTE',
  message: 'There is a quotation mark inside a cell in quotation marks. Double it, or take it out.',
};

/** Only here is the mark part of the text: --lenient-quotes stores no marks that were meant to enclose a cell. */
const quoteInText: Issue = {
  severity: 'error',
  code: 'STRAY_QUOTE',
  message:
    'There is a quotation mark inside a cell. Put the whole cell in quotation marks and double the inner one, ' +
    'or read the file with --lenient-quotes.',
};

function createSwallowedRowsIssue(lastLine: number): Issue {
  return {
    severity: 'error',
    code: 'OPEN_QUOTE',
    message:
      `A quotation mark opens a cell on this line, and the next one is on line ${lastLine}: ` +
      'the lines up to there are rows of their own and are read as such. Double the mark, or take it out.',
  };
}

const openQuote: Issue = {
  severity: 'error',
  code: 'OPEN_QUOTE',
  message:
    'A quotation mark opens a cell and is not closed. Close it at the end of the cell, double it, or take it out.',
};

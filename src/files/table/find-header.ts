import { unescapeFormula } from '#pipelines/formula-text.js';
import type { Issue } from '#pipelines/issue.js';
import { normaliseName } from '#pipelines/mapping/normalise-name.js';
import { findOwnColumns } from '#pipelines/own-columns.js';
import { columnLetters } from '#src/files/xlsx/cell-reference.js';

/** The columns of a table, by their place in the file. */
export interface TableColumns {
  readonly columns: readonly string[];
  /** For each column its place in the file; `undefined` when all stand where they are. */
  readonly places: readonly number[] | undefined;
  /** Cells up to the last column that counts. */
  readonly width: number;
  readonly notices: readonly Issue[];
}

/**
 * Names the columns of a table by its header.
 *
 * @param cells - the header's cells as found
 * @param usedWidth - how many cells the first data rows use: columns behind the last name count only if one has a value
 * @param headerRow - 1-based line or row of the header, for the notices
 * @param keepsOurs - also columns that this program wrote into a result file
 */
export function nameColumns(
  cells: readonly string[],
  usedWidth: number,
  headerRow: number,
  keepsOurs = false,
): TableColumns {
  const header = cells.map((name, place) => unescapeFormula(place === 0 ? withoutByteOrderMark(name) : name));
  const named = header.findLastIndex((name) => name.trim() !== '') + 1;
  const width = Math.min(header.length, Math.max(named, usedWidth));
  const { names, unnamed, renamed } = makeUniqueNames(header.slice(0, width));
  const own = findOwnColumns(header);
  const places = names.flatMap((_, place) => (own.has(header[place] ?? '') && !keepsOurs ? [] : [place]));
  const columns = places.map((place) => names[place] ?? '');
  const notices: Issue[] = [];
  if (unnamed.length > 0) notices.push(createUnnamedNotice(unnamed, headerRow));
  if (renamed.length > 0) notices.push(createRenamedNotice(renamed, headerRow));
  if (header.length > width) notices.push(createDroppedNotice(header.length - width, headerRow));
  return {
    columns,
    places: columns.length === names.length ? undefined : places,
    width,
    notices,
  };
}

/**
 * A name without the byte order mark before it: a program that takes UTF-8 for Windows-1252 makes text of the mark and
 * saves that. LibreOffice does so where it is not asked for the encoding.
 */
export function withoutByteOrderMark(name: string): string {
  return name.replace(/^(?:\uFEFF|\u00EF\u00BB\u00BF)+/, '');
}

/** The columns of a table without a header, called A, B, C as in a spreadsheet program. */
export function letterColumns(width: number): TableColumns {
  const columns = Array.from({ length: width }, (_, place) => columnLetters(place + 1));
  return { columns, places: undefined, width, notices: [] };
}

function makeUniqueNames(header: readonly string[]) {
  const taken = new Set(header);
  const used = new Set<string>();
  const unnamed: string[] = [];
  const renamed: string[] = [];
  const names = header.map((name, place) => {
    const wanted = name.trim() === '' ? `Column ${place + 1}` : name;
    const isFree = !used.has(wanted) && (wanted === name || !taken.has(wanted));
    const unique = isFree ? wanted : findFreeName(wanted, (candidate) => taken.has(candidate) || used.has(candidate));
    used.add(unique);
    if (wanted !== name) unnamed.push(unique);
    else if (unique !== name) renamed.push(unique);
    return unique;
  });
  return { names, unnamed, renamed };
}

function findFreeName(name: string, isTaken: (candidate: string) => boolean): string {
  let count = 2;
  while (isTaken(`${name} (${count})`)) count += 1;
  return `${name} (${count})`;
}

function createUnnamedNotice(columns: readonly string[], row: number): Issue {
  return {
    severity: 'warning',
    code: 'UNNAMED_COLUMNS',
    message: `Columns without a name in the header are called ${formatNames(columns)}.`,
    row,
    columns,
  };
}

function createRenamedNotice(columns: readonly string[], row: number): Issue {
  return {
    severity: 'warning',
    code: 'DUPLICATE_COLUMNS',
    message: `Several columns have the same name; the later ones are called ${formatNames(columns)}.`,
    row,
    columns,
  };
}

function createDroppedNotice(count: number, row: number): Issue {
  return {
    severity: 'warning',
    code: 'EMPTY_COLUMNS_DROPPED',
    message: `${count} empty ${count === 1 ? 'column' : 'columns'} without a name at the right edge ${count === 1 ? 'is' : 'are'} ignored.`,
    row,
  };
}

const maxListed = 5;

function formatNames(names: readonly string[]): string {
  const shown = names
    .slice(0, maxListed)
    .map((name) => `"${name}"`)
    .join(', ');
  return names.length > maxListed ? `${shown} and ${names.length - maxListed} more` : shown;
}

/** How many rows that are not empty may stand above the header, titles and notes for example. */
export const headerSearchRows = 50;

const minShareOfNames = 0.8;

/** What other programs write above a table: a remark after `#`, or the empty braces of MYOB. */
const commentPattern = /^\s*(?:#\s*[^\s,;]|\{\}\s*$)/;

/** Whether a row is a remark of another program: its text is in its first cell. A column may be called `#`, or `#No`. */
function isComment(cells: readonly string[]): boolean {
  const [first = '', ...others] = cells;
  return commentPattern.test(first) && (isEmptyRow(others) || /^\s*#\s/.test(first));
}

/** What is known about the header before it is found. */
export interface HeaderSearch {
  /** Columns that the mapping names: the header is the first row that has at least 80 % of them. */
  readonly expectedColumns?: readonly string[] | undefined;
  /** Without a mapping: whether a row reads like the names of columns. */
  readonly looksLikeHeader?: ((cells: readonly string[]) => boolean) | undefined;
}

/** Where the header is among some rows, and whether it is more than the first row that is not empty. */
export interface FoundHeader {
  /** -1 when all rows are empty. */
  readonly position: number;
  readonly isMatched: boolean;
}

/**
 * Finds the header among the first rows of a table: the first row that has enough of the expected columns or looks like
 * a header, else the first row that is neither empty nor a comment.
 */
export function findHeader(
  rows: readonly (readonly string[])[],
  { expectedColumns = [], looksLikeHeader }: HeaderSearch,
): FoundHeader {
  const expected = new Set(expectedColumns.map(normaliseName));
  const isHeader = (cells: readonly string[]) =>
    expected.size > 0 ? computeMatchShare(cells, expected) >= minShareOfNames : looksLikeHeader?.(cells) === true;
  const matched = rows.slice(0, headerSearchRows).findIndex(isHeader);
  if (matched >= 0) return { position: matched, isMatched: true };
  const first = rows.findIndex((cells) => !isEmptyRow(cells) && !isComment(cells));
  return { position: first >= 0 ? first : rows.findIndex((cells) => !isEmptyRow(cells)), isMatched: false };
}

function computeMatchShare(cells: readonly string[], expected: ReadonlySet<string>): number {
  const present = new Set(cells.map(normaliseName));
  let found = 0;
  for (const name of expected) if (present.has(name)) found += 1;
  return found / expected.size;
}

/** Whether no cell of the row holds anything but space. */
export function isEmptyRow(cells: readonly string[]): boolean {
  // Nearly every row has a value in its first cell: one look is enough for it.
  if ((cells[0]?.charCodeAt(0) ?? 0) > 0x20 && cells[0]?.trim() !== '') return false;
  return cells.every((cell) => cell.trim() === '');
}

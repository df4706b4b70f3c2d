import type { Cell } from '#pipelines/model.js';
import { type CellFailure, cellToName, type GatheredCell, gatherCells, isFailure } from './cells.js';
import { isFillerUser } from './filler-address.js';
import { trimText } from './normalise-name.js';
import { isErrorValue, isRounded, isSpreadsheetDate, isTooNarrow } from './spreadsheet-text.js';
import { createCellType } from './types/cell-types.js';

/** Signs without width, control characters but line breaks, and spaces other than the plain one: nobody sees them. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: the separator of sources is one of them.
const invisible = /\p{Default_Ignorable_Code_Point}|\p{Cf}|[\u0000-\u0008\u000e-\u001f\u007f-\u009f]/gu;
const oddSpaces = /[\u00a0\u2000-\u200a\u202f\u205f\u3000]/g;
const [firstPrintable, firstOdd] = [0x20, 0x7f];

/** A key as it is stored with the customer: trimmed, in one Unicode form (NFC), without what nobody sees. */
function cleanKey(text: string): string {
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code >= firstOdd || code < firstPrintable)
      return trimText(text.normalize('NFC').replaceAll(invisible, '').replaceAll(oddSpaces, ' '));
  }
  return trimText(text);
}

/** The form in which keys are compared: an e-mail address has no case. */
function foldCase(key: string): string {
  return key.includes('@') ? key.replaceAll(/\S+/g, (word) => (isLikeEmail(word) ? word.toLowerCase() : word)) : key;
}

/** Something, an @, something, a point, something. By places: as one pattern, a word of 3,000 @ takes half a minute. */
function isLikeEmail(word: string): boolean {
  const at = word.indexOf('@', 1);
  return at > 0 && word.lastIndexOf('.', word.length - 2) > at + 1;
}

/** A key as the crosswalk knows it. Two texts with the same result are one key. */
export function normaliseKey(text: string): string {
  return foldCase(cleanKey(text));
}

/**
 * What people and programs write where there is no key, in lower case. Whoever uses one of them as a key says so in the
 * mapping; otherwise the first row with it would be overwritten by the next one.
 */
const placeholders: ReadonlySet<string> = new Set([
  // Databases.
  ...['null', '(null)', '<null>', '[null]', '\\n', 'nil', 'undefined', '(undefined)', '[object object]'],
  // Data frames and number formats.
  ...['nan', '-nan', 'nat', '<na>', 'inf', '-inf', 'infinity', '-infinity'],
  // People.
  ...['n/a', 'n.a.', 'n.a', 'na', 'n/k', 'none', '*none', '*none*', '(none)', '<none>', 'no number', 'not set'],
  ...['not available', 'not applicable', 'not assigned', 'unassigned', 'unknown', 'missing', 'tba', 'tbc', 'tbd'],
  ...['blank', '(blank)', '<blank>', 'empty', '(empty)', '<empty>', 'new', '-1', 'xxx', 'xxxx', 'xxxxx'],
  ...['k.a.', 'k. a.', 'n/v', 'n.v.', 'keine', 'kein', 'leer', '(leer)', 'unbekannt', 'fehlt', 'neu'],
  ...['aucun', 'aucune', 'inconnu', '(vide)', 'vide', 's/n', 'ninguno', 'ninguna', 'desconocido', '(en blanco)'],
]);

/** Nothing but signs: a dash, question marks, dots; also the middle of nowhere: `<>`, `()`. */
const onlySigns = /^[^\p{L}\p{N}]+$/u;
const onlyZeros = /^[+-]?0+(?:[.,]0+)?$/;
/** Which texts are no keys, according to the mapping. */
export interface PlaceholderRule {
  /** `false`: every text is a key. */
  readonly isOn: boolean;
  /** Texts besides those of the table, as the mapping has them. */
  readonly also: readonly string[];
  /** Texts of the table that are keys here. */
  readonly allow: readonly string[];
}

export const defaultPlaceholders: PlaceholderRule = { isOn: true, also: [], allow: [] };

type IsPlaceholder = (text: string) => boolean;

/** Makes the test for texts that stand where there is no key. */
function createPlaceholderTest({ isOn, also, allow }: PlaceholderRule): IsPlaceholder {
  const fold = (text: string) => cleanKey(text).toLowerCase();
  const added = new Set(also.map(fold));
  const allowed = new Set(allow.map(fold));
  if (!isOn) return () => false;
  return (text) => {
    if (added.size === 0 && !mayBePlaceholder(text)) return false;
    const folded = text.toLowerCase();
    if (allowed.has(folded)) return false;
    return added.has(folded) || isKnownPlaceholder(folded);
  };
}

/** Most keys begin with a digit: they cost next to nothing. */
function mayBePlaceholder(text: string): boolean {
  const first = text.charCodeAt(0);
  return first < 0x31 || first > 0x39;
}

function isKnownPlaceholder(folded: string): boolean {
  if (placeholders.has(folded) || onlyZeros.test(folded) || onlySigns.test(folded)) return true;
  if (folded.includes('@')) return isFillerUser(folded);
  return folded.startsWith('#') && (isErrorValue(folded) || isTooNarrow(folded));
}

/** What a spreadsheet program may have done to a key, as far as the key alone shows. */
export type KeyShape =
  /** Its last digits are lost for good. */
  | 'damaged'
  /** A whole number with `.0` behind it. */
  | 'float'
  /** Another number with a decimal point. */
  | 'decimal'
  | 'date'
  /** A number of more than 15 digits of which the last are zeros. */
  | 'rounded'
  /** A number of more than 15 digits with others. */
  | 'long'
  | 'plain';

const float = /^[+-]?\d+\.0+$/;
const decimal = /^[+-]?\d+\.\d+$/;
const long = /^\d{16,}$/;

function findShape(text: string, cell: Cell): KeyShape {
  if ((typeof cell !== 'string' && cell.kind === 'date') || isSpreadsheetDate(text)) return 'date';
  if (decimal.test(text)) return float.test(text) ? 'float' : 'decimal';
  if (!long.test(text)) return 'plain';
  return isRounded(text) ? 'rounded' : 'long';
}

/** How the keys in a column are read; only all keys of a file tell. */
export interface KeyColumnReading {
  /** All of them are whole numbers with `.0` behind: that is taken off. */
  readonly undoFloats: boolean;
  /** Keys of these shapes are damaged, since others of the column have another shape. */
  readonly refused: readonly KeyShape[];
}

const readAsWritten: KeyColumnReading = { undoFloats: false, refused: [] };

const refusals: { readonly [shape in KeyShape]?: string } = {
  date: 'is a date, as spreadsheet programs make it of a number, while other keys are not; format the column as text, enter the key again and export again',
  float: 'has ".0" behind it while other keys have not, so it may be the key of another row; export the column as text',
  rounded: 'has lost its last digits: spreadsheet programs keep only 15; format the column as text and export again',
};

const blankKey: CellFailure = { code: 'KEY_MISSING', says: 'is blank; every row needs a key' };
const incompleteKey: CellFailure = {
  code: 'KEY_MISSING',
  says: 'is incomplete; every part of a key must be filled in',
};
const placeholderKey: CellFailure = {
  code: 'KEY_PLACEHOLDER',
  says: 'is a placeholder and no key; give the row its own key (if it is one, list it in "placeholders": { "allow": [ ] } of the key in the mapping)',
};

/** A part of a key as the file has it. */
export interface KeyPart {
  readonly text: string;
  readonly shape: KeyShape;
  /** Why it is no key, whatever the other keys of the file are. */
  readonly failure?: CellFailure;
}

/** Reads the keys of one file. */
export interface KeyReader {
  /** The key as it is stored with the customer, before {@link normaliseKey}. */
  read(cells: readonly Cell[]): string | CellFailure;
  /**
   * The same key with the numbers themselves where their format shows more: 42 for `C-0042`. `undefined` where that is no
   * other key.
   */
  readUnformatted(cells: readonly Cell[]): string | undefined;
  /** The parts of a key with their shapes; `undefined` for a row without a key. */
  readParts(cells: readonly Cell[]): readonly KeyPart[] | undefined;
}

type NumberCell = Extract<Cell, { kind: 'number' }>;

function isFormatted(cell: Cell | undefined): cell is NumberCell {
  return typeof cell === 'object' && cell.kind === 'number' && cell.shown !== undefined;
}

const keyType = createCellType({ name: 'string' });

/**
 * Makes what reads a row's key: all its parts, so that a key typed on a Mac equals one typed on Windows.
 *
 * @param readings - for each part; without them, keys are read as they are written
 */
export function compileKey(
  positions: readonly number[],
  { join, placeholders: rule }: { readonly join: string; readonly placeholders: PlaceholderRule },
  nullToken: string | undefined,
  readings: readonly KeyColumnReading[] = [],
): KeyReader {
  const gathers = positions.map((position) => gatherCells({ positions: [position], join, nullToken }));
  const isPlaceholder = createPlaceholderTest(rule);
  const missing = gathers.length === 1 ? blankKey : incompleteKey;

  function readPart(gathered: GatheredCell): KeyPart | CellFailure {
    if (gathered === undefined || gathered === null) return missing;
    if (isFailure(gathered)) return gathered;
    const stated = typeof gathered === 'string' ? undefined : keyType.fromTyped(gathered);
    const text = cleanKey(typeof gathered === 'string' ? gathered : cellToName(gathered));
    if (text === '') return missing;
    const checked = stated ?? keyType.fromText(text);
    if (isFailure(checked)) return { text, shape: 'damaged', failure: checked };
    return { text, shape: findShape(text, gathered) };
  }

  /** A zero may be a part of a key, but not all of it. */
  const isAnyPlaceholder = (parts: readonly KeyPart[]): boolean =>
    parts.every(({ text }) => isPlaceholder(text)) ||
    parts.some(({ text }) => isPlaceholder(text) && !onlyZeros.test(text));

  function readAll(cells: readonly Cell[]): readonly KeyPart[] | CellFailure {
    const parts: KeyPart[] = [];
    for (const gather of gathers) {
      const part = readPart(gather(cells));
      if (isFailure(part)) return part;
      parts.push(part);
    }
    return isAnyPlaceholder(parts) ? placeholderKey : parts;
  }

  function read(cells: readonly Cell[]): string | CellFailure {
    const parts = readAll(cells);
    if (isFailure(parts)) return parts;
    const texts: string[] = [];
    for (const [position, { text, shape, failure }] of parts.entries()) {
      if (failure !== undefined) return failure;
      const { undoFloats, refused } = readings[position] ?? readAsWritten;
      if (refused.includes(shape)) return { code: 'KEY_PLACEHOLDER', says: refusals[shape] ?? placeholderKey.says };
      texts.push(undoFloats && shape === 'float' ? text.replace(/\.0+$/, '') : text);
    }
    return texts.join(join);
  }

  return {
    read,
    readUnformatted(cells) {
      if (!positions.some((position) => isFormatted(cells[position]))) return undefined;
      const bare = cells.map((cell) => (isFormatted(cell) ? cell.text : cell));
      const key = read(bare);
      return isFailure(key) || key === read(cells) ? undefined : key;
    },
    readParts(cells) {
      const parts = readAll(cells);
      return isFailure(parts) ? undefined : parts;
    },
  };
}

/** What the customer field that stores keys says for a key: with a source, its name goes before the key. */
export function formatStamp(source: string | undefined, key: string): string {
  return source === undefined ? key : `${source}: ${key}`;
}

/** The key as it was written to a customer field; `undefined` when that is blank or of another source. */
export function readStampedKey(stamp: unknown, source: string | undefined): string | undefined {
  if (typeof stamp !== 'string') return undefined;
  const text = cleanKey(stamp);
  const key =
    source === undefined ? text : text.startsWith(`${source}:`) ? cleanKey(text.slice(source.length + 1)) : '';
  return key === '' ? undefined : key;
}

/** As {@link readStampedKey}, normalised. */
export function parseStamp(stamp: unknown, source: string | undefined): string | undefined {
  const key = readStampedKey(stamp, source);
  return key === undefined ? undefined : normaliseKey(key);
}

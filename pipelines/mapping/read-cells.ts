import { unescapeFormula } from '#pipelines/formula-text.js';
import { type Cell, cellToText, type Row } from '#pipelines/model.js';
import type { RowSource } from '#pipelines/ports.js';
import type { BlankTokens } from './blank-tokens.js';
import type { RowTarget } from './map-row.js';
import type { FieldRule, Mapping } from './mapping.js';
import { trimText } from './normalise-name.js';

/** What a cell holds besides, or instead of, its value. */
export const cellRepairs = ['blank-token', 'guard', 'separator', 'whole-number'] as const;

/**
 * - `blank-token`: a text such as NULL stands for nothing
 * - `guard`: an apostrophe or `="…"` keeps a spreadsheet program from changing the value
 * - `separator`: control characters that some programs put between values
 * - `whole-number`: `.0` behind every number of a column
 */
export type CellRepair = (typeof cellRepairs)[number];

/** How the cells of a mapped column are read. */
interface CellPlace {
  readonly position: number;
  /** What is no key is judged where keys are read. */
  readonly isKey: boolean;
  /** Texts that the mapping itself gives a meaning, so that they are not blank. */
  readonly meaningful: ReadonlySet<string>;
}

interface CellReaderOptions {
  readonly places: readonly CellPlace[];
  readonly blankTokens: BlankTokens;
  /** Whether guards and separators are taken off. */
  readonly takesOffGuards: boolean;
  /** Whether an apostrophe may be one that an export of this program has put before a text. */
  readonly hasEscapes: boolean;
  /** Positions of the columns in which every number has `.0` behind it. */
  readonly wholeNumbers: ReadonlySet<number>;
}

/** Called for a cell that is read in another way than it is written. */
export type OnRepair = (repair: CellRepair, position: number, text: string) => void;

/** Reads the cells of a row for what they stand for. */
export interface CellReader {
  /** The row with the values of its mapped cells; the same object when all are as they are written. */
  read(row: Row, onRepair?: OnRepair): Row;
}

const [apostrophe, equalsSign, firstPrintable, deleteSign] = [0x27, 0x3d, 0x20, 0x7f];

/** As spreadsheet programs and their users write a text that is not to be changed: `="0801"`. */
const formulaText = /^=\s*"((?:[^"]|"")*)"$/;
/** An apostrophe before a number, a telephone number or a formula; a decade ('90s) has one of its own. */
const guardedText = /^'(?=[\d+=])(?!\d\ds\b)/i;
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
const controls = /[\u0001-\u0008\u000b\u000c\u000e-\u001f\u007f]+/g;
const wholeNumber = /^-?\d+\.0$/;

/** Whether a text is a whole number with `.0` behind it, as data frames write them in a column with blank cells. */
export function isWholeNumber(text: string): boolean {
  return text.endsWith('.0') && wholeNumber.test(text);
}

function createCellReader(options: CellReaderOptions): CellReader {
  const { places, blankTokens, takesOffGuards, hasEscapes, wholeNumbers } = options;

  function mayDiffer(text: string, position: number): boolean {
    const first = text.charCodeAt(0);
    if (first <= firstPrintable || first === apostrophe || first === equalsSign || blankTokens.mayBegin(first))
      return true;
    return hasControl(text) || wholeNumbers.has(position) || (hasEscapes && text.includes("'"));
  }

  function readText(text: string, place: CellPlace, onRepair: OnRepair | undefined): string {
    const own = hasEscapes ? unescapeFormula(text) : text;
    if (own !== text) return own;
    let value = text;
    const change = (repair: CellRepair, to: string) => {
      if (to === value) return;
      onRepair?.(repair, place.position, text);
      value = to;
    };
    if (takesOffGuards) {
      if (hasControl(value)) change('separator', trimText(value.replaceAll(controls, ' ')));
      const [, quoted] = formulaText.exec(trimText(value)) ?? [];
      if (quoted !== undefined) change('guard', quoted.replaceAll('""', '"'));
      else if (guardedText.test(value)) change('guard', value.slice(1, value.endsWith("'") ? -1 : undefined));
    }
    const bare = trimText(value);
    if (!place.isKey && blankTokens.has(bare) && !place.meaningful.has(bare)) change('blank-token', '');
    else if (wholeNumbers.has(place.position) && isWholeNumber(bare)) change('whole-number', bare.slice(0, -2));
    return value;
  }

  function readCell(cell: Cell, place: CellPlace, onRepair: OnRepair | undefined): Cell {
    if (typeof cell === 'string') return mayDiffer(cell, place.position) ? readText(cell, place, onRepair) : cell;
    if (cell.kind !== 'error' || place.isKey || !blankTokens.isNamed(cell.text)) return cell;
    onRepair?.('blank-token', place.position, cellToText(cell));
    return '';
  }

  function readRow(row: Row, onRepair: OnRepair | undefined): Row {
    let cells: Cell[] | undefined;
    for (const place of places) {
      const cell = row.cells[place.position];
      if (cell === undefined || cell === '') continue;
      const read = readCell(cell, place, onRepair);
      if (read === cell) continue;
      cells ??= [...row.cells];
      cells[place.position] = read;
    }
    return cells === undefined ? row : { ...row, cells };
  }

  // A scan asks for the same row twice, for its cells and then for its key.
  let last: { readonly row: Row; readonly read: Row } | undefined;
  return {
    read(row, onRepair) {
      if (last?.row !== row) last = { row, read: readRow(row, onRepair) };
      return last.read;
    },
  };
}

/** Tabs and line breaks are text. Without a pattern, since it runs for every cell of the file. */
function hasControl(text: string): boolean {
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code >= firstPrintable && code !== deleteSign) continue;
    if (code === 0 || code === 0x09 || code === 0x0a || code === 0x0d) continue;
    return true;
  }
  return false;
}

/** A mapping with the places of its columns in one file. */
export interface MappedCells {
  readonly mapping: Mapping;
  readonly columns: readonly string[];
  readonly targets: readonly RowTarget[];
  readonly format: RowSource['format'] | undefined;
}

/**
 * Makes the reader of the cells that a mapping uses.
 *
 * @param wholeNumbers - columns in which every number has `.0` behind it
 */
export function buildCellReader(
  { mapping, columns, targets, format }: MappedCells,
  blankTokens: BlankTokens,
  wholeNumbers: readonly string[],
): CellReader {
  const places = new Map<number, CellPlace>();
  for (const { kind, field, positions } of targets) {
    const rule = kind === 'field' ? mapping.fields.find((candidate) => candidate.field === field) : undefined;
    const meaningful = rule === undefined ? [] : listMeaningfulTexts(rule);
    for (const position of positions) {
      const known = places.get(position);
      places.set(position, {
        position,
        isKey: kind === 'key' || known?.isKey === true,
        meaningful: new Set([...(known?.meaningful ?? []), ...meaningful]),
      });
    }
  }
  return createCellReader({
    places: [...places.values()],
    blankTokens,
    // Cells of a workbook and values of JSON need no guard: what is there belongs to the value, as in an export of ours.
    takesOffGuards: mapping.cellTexts === 'clean' && format !== 'xlsx' && format !== 'ndjson',
    hasEscapes: format === 'csv',
    wholeNumbers: new Set(wholeNumbers.map((name) => columns.indexOf(name))),
  });
}

/** Texts that a rule itself names, so that they mean something. */
function listMeaningfulTexts(rule: FieldRule): readonly string[] {
  if (rule.kind === 'constant') return [];
  const inLookup = rule.lookup?.entries.map(([from]) => trimText(from)) ?? [];
  const words = rule.type.name === 'boolean' ? [...rule.type.trueWords, ...rule.type.falseWords] : [];
  const inExpression = rule.kind === 'expression' ? [...rule.expression.matchAll(/'([^']*)'|"([^"]*)"/g)] : [];
  return [...inLookup, ...words, ...inExpression.map(([, single, double]) => single ?? double ?? '')];
}

/** Columns of texts, without those of the key and those that a lookup reads. */
export function findTextPositions({ mapping, targets }: MappedCells): readonly number[] {
  const keyPositions = targets.flatMap(({ kind, positions }) => (kind === 'key' ? positions : []));
  const positions = mapping.fields.flatMap((rule) => {
    if (rule.kind !== 'columns' || rule.type.name !== 'string' || rule.lookup !== undefined) return [];
    return targets.find(({ kind, field }) => kind === 'field' && field === rule.field)?.positions ?? [];
  });
  return [...new Set(positions)].filter((position) => !keyPositions.includes(position));
}

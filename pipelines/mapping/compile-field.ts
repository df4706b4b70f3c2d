import { cellToText, type TypedCell } from '#pipelines/model.js';
import { type CellFailure, cellToName, type GatherCells, isFailure } from './cells.js';
import { isPlainAddress, takeEmailAddress } from './email-address.js';
import { digitFields, type FieldValue } from './fields.js';
import type { Lookup, Mapping, ValueRule } from './mapping.js';
import { suggestNames } from './nearest-name.js';
import { normaliseName, trimText } from './normalise-name.js';
import type { NotedText, TransformResult } from './transforms/transform.js';
import { type TransformStep, transforms } from './transforms/transforms.js';
import type { CellType } from './types/cell-type.js';
import { createCellType } from './types/cell-types.js';

/** Makes one function of a list of transforms; it stops at the first failure. */
export function compileTransforms(steps: readonly TransformStep[]): (text: string) => TransformResult {
  const applies = steps.map(({ name, options }) => transforms[name].apply(options));
  const [only] = applies;
  if (only === undefined) return (text) => text;
  if (applies.length === 1) return only;
  return (text) => {
    let current = text;
    let noted: NotedText | undefined;
    for (const apply of applies) {
      const applied = apply(current);
      if (typeof applied === 'string') current = applied;
      else if (isFailure(applied)) return applied;
      else {
        noted = applied;
        current = applied.text;
      }
    }
    return noted === undefined ? current : { ...noted, text: current };
  };
}

/** An e-mail field holds one address, whatever stands beside it in the cell. */
function takeAddressAfter(steps: readonly TransformStep[]): (text: string) => TransformResult {
  const transform = compileTransforms(steps);
  return (text) => {
    const applied = transform(text);
    const taken = typeof applied === 'string' ? takeEmailAddress(applied) : undefined;
    if (taken === undefined) return applied;
    return taken.note === undefined ? taken.text : { ...taken, note: taken.note, code: 'ADDRESS_TAKEN_OUT' };
  };
}

/** With more entries, comparing a wrong text with each of them costs more than the hint is worth. */
const maxEntriesCompared = 500;

/** The value for a text; `undefined` for a blank; `whole` is the untrimmed text, for `keep`. */
type FindInLookup = (text: string, whole: string) => FieldValue | CellFailure | undefined;

/** Exact texts take precedence over those that differ only in case and spaces, unless that fits two entries. */
function compileLookup({ entries, otherwise }: Lookup): FindInLookup {
  const exact = new Map(entries);
  const normalised = new Map<string, FieldValue | undefined>();
  for (const [from, to] of entries) {
    const name = normaliseName(from);
    normalised.set(name, normalised.has(name) && normalised.get(name) !== to ? undefined : to);
  }
  const fallback = buildFallback(
    entries.map(([from]) => from),
    otherwise,
  );
  return (text, whole) => {
    const value = exact.get(text) ?? normalised.get(normaliseName(text));
    if (value !== undefined) return value;
    return exact.has(text) ? null : fallback(text, whole);
  };
}

function buildFallback(listed: readonly string[], otherwise: Lookup['otherwise']): FindInLookup {
  if (otherwise === 'keep') return (_text, whole) => whole;
  if (otherwise === 'blank') return () => undefined;
  if (otherwise !== 'error') return () => otherwise.value;
  return (text) => {
    const hint = listed.length > maxEntriesCompared ? 'add it to the lookup' : suggestNames(text, listed);
    return { code: 'NOT_IN_LOOKUP', says: `is not in the lookup; ${hint}` };
  };
}

/** A value with a note for the user. */
interface NotedValue extends Pick<NotedText, 'note' | 'code'> {
  readonly value: FieldValue | undefined;
}

/** The mapping's own value for a blank cell. */
interface DefaultValue {
  readonly value: FieldValue;
  readonly isDefault: true;
}

/** The result for one field of a row; `undefined` leaves the field out. */
export type FieldOutcome = FieldValue | undefined | CellFailure | NotedValue | DefaultValue;

type ReadField = (...row: Parameters<GatherCells>) => FieldOutcome;

const whenBlankCell = { keep: undefined, clear: null } as const satisfies Record<
  Mapping['blank'],
  FieldValue | undefined
>;

/** Makes the function for one field: collect the cells, blank or clear, transforms, lookup, type, default. */
export function compileField(rule: ValueRule, gather: GatherCells, { blank }: Pick<Mapping, 'blank'>): ReadField {
  const type = createCellType(rule.type);
  const transform =
    rule.field === 'emailAddress' ? takeAddressAfter(rule.transforms) : compileTransforms(rule.transforms);
  const find = rule.lookup === undefined ? undefined : compileLookup(rule.lookup);
  const toText = chooseText(rule.field);
  const isText = rule.type.name === 'string';
  const convert = buildConverter(type, isText, find);
  const whenBlank: FieldValue | undefined | DefaultValue =
    rule.default === undefined ? whenBlankCell[blank] : { value: rule.default, isDefault: true };

  // By far the most common rule: the text of a cell, unchanged.
  const unchanged = find === undefined && rule.transforms.length === 0 ? type.fromText : undefined;

  return (cells, computed) => {
    const gathered = gather(cells, computed);
    if (gathered === undefined) return whenBlank;
    if (gathered === null || isFailure(gathered)) return gathered;
    if (typeof gathered === 'string') {
      if (isTruncatedByWorkbook(gathered)) return truncatedCell;
      // Collected text is not blank.
      if (unchanged !== undefined && (rule.field !== 'emailAddress' || isPlainAddress(gathered)))
        return unchanged(isText ? gathered : trimText(gathered));
      return fromText(transform(gathered));
    }
    // A lookup lists texts, so it takes precedence over the cell's type in the workbook.
    const stated = find === undefined ? type.fromTyped(gathered as TypedCell) : undefined;
    return stated ?? fromText(transform(toText(gathered as TypedCell)));
  };

  function fromText(applied: TransformResult): FieldOutcome {
    if (isFailure(applied)) return applied;
    const converted = convert(typeof applied === 'string' ? applied : applied.text);
    // Not `??`: a lookup may give null, which clears.
    const value = converted === undefined ? whenBlank : converted;
    // Nothing is left that a note could be about.
    if (typeof applied === 'string' || value === whenBlank) return value;
    const { text: _, ...note } = applied;
    return isFailure(value) ? value : { value: value as FieldValue, ...note };
  }
}

/** The text of a workbook's cell that is no text, or more than one, for a field. */
function chooseText(field: string): (cell: TypedCell) => string {
  if (field === 'emailAddress')
    return (cell) => (cell.kind === 'text' && !cell.text.includes('@') ? cell.linkedAddress : cellToText(cell));
  return digitFields.has(field) ? cellToName : cellToText;
}

/** Excel's limit on the text of a cell, in UTF-16 units. An export ends a text that it shortens to it with an ellipsis. */
const maxCellLength = 32_767;

function isTruncatedByWorkbook(text: string): boolean {
  return text.length === maxCellLength && text.endsWith('…');
}

/** Writing the shortened text would lose what the workbook had no room for. */
const truncatedCell: CellFailure = {
  code: 'CELL_CUT',
  says: `was shortened to the ${maxCellLength.toLocaleString('en')} characters that a cell of a workbook holds; empty the cell to leave the field unchanged, or take the full text from a CSV export`,
};

/** From transformed text to a value; `undefined` for a blank. */
function buildConverter(type: CellType, isText: boolean, find: FindInLookup | undefined) {
  return (text: string): FieldValue | CellFailure | undefined => {
    const bare = trimText(text);
    if (bare === '') return undefined;
    const listed = find === undefined ? text : find(bare, text);
    if (typeof listed !== 'string') return listed;
    return type.fromText(isText ? listed : trimText(listed));
  };
}

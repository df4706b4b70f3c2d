import type { TypedCell } from '#pipelines/row.js';
import type { CellType } from './cell-types/cell-type.js';
import { cellTypeFor } from './cell-types/cell-types.js';
import { compileLookup, type FindInLookup } from './compile-lookup.js';
import { compileTransforms } from './compile-transforms.js';
import type { FieldValue } from './customer-fields.js';
import { type GatherCells, isFailure } from './gather-cells.js';
import type { Mapping, ValueRule } from './mapping.js';
import type { Failure } from './row-reason.js';
import type { Applied } from './transforms/transform.js';
import { trimText } from './trim-text.js';

/** A value with a remark for the user. */
interface Noted {
  readonly value: FieldValue | undefined;
  readonly note: string;
}

/** What a row gives for one field; `undefined` leaves the field out. */
export type FieldOutcome = FieldValue | undefined | Failure | Noted;

export type ReadField = (...row: Parameters<GatherCells>) => FieldOutcome;

const whenBlankCell = { keep: undefined, clear: null } as const satisfies Record<
  Mapping['blank'],
  FieldValue | undefined
>;

/** Makes the function for one field: gather, blank or clear, transforms, lookup, type, default. */
export function compileField(rule: ValueRule, gather: GatherCells, { blank }: Pick<Mapping, 'blank'>): ReadField {
  const type = cellTypeFor(rule.type);
  const transform = compileTransforms(rule.transforms);
  const find = rule.lookup === undefined ? undefined : compileLookup(rule.lookup);
  const isText = rule.type.name === 'string';
  const convert = converter(type, isText, find);
  const whenBlank = rule.default === undefined ? whenBlankCell[blank] : rule.default;

  // The most usual rule by far: the text of a cell as it stands.
  const asItStands = find === undefined && rule.transforms.length === 0 ? type.fromText : undefined;

  return (cells, computed) => {
    const gathered = gather(cells, computed);
    if (gathered === undefined) return whenBlank;
    if (gathered === null || isFailure(gathered)) return gathered;
    if (typeof gathered === 'string') {
      if (isCutByWorkbook(gathered)) return cut;
      // Gathered text is not blank.
      if (asItStands !== undefined) return asItStands(isText ? gathered : trimText(gathered));
      return fromText(transform(gathered));
    }
    // A lookup lists texts, so that it goes before what the workbook says about the cell.
    const stated = find === undefined ? type.fromTyped(gathered as TypedCell) : undefined;
    return stated ?? fromText(transform(gathered.text));
  };

  function fromText(applied: Applied): FieldOutcome {
    if (isFailure(applied)) return applied;
    const converted = convert(typeof applied === 'string' ? applied : applied.text);
    // Not `??`: a lookup may give null, which clears.
    const value = converted === undefined ? whenBlank : converted;
    if (typeof applied === 'string') return value;
    return isFailure(value) ? value : { value, note: applied.note };
  }
}

/** Excel's limit on the text of a cell, in UTF-16 units: what an export cuts to it ends in an ellipsis. */
const longestCell = 32_767;

function isCutByWorkbook(text: string): boolean {
  return text.length === longestCell && text.endsWith('…');
}

/** To write the rest of a text over the whole would lose what the workbook had no room for. */
const cut: Failure = {
  code: 'CELL_CUT',
  says: `was cut at the ${longestCell.toLocaleString('en')} characters that a cell of a workbook holds; empty the cell to leave the field as it is, or take the whole text from a CSV export`,
};

/** From transformed text to a value; `undefined` for a blank. */
function converter(type: CellType, isText: boolean, find: FindInLookup | undefined) {
  return (text: string): FieldValue | Failure | undefined => {
    const bare = trimText(text);
    if (bare === '') return undefined;
    const listed = find === undefined ? text : find(bare, text);
    if (typeof listed !== 'string') return listed;
    return type.fromText(isText ? listed : trimText(listed));
  };
}

import type { TypeRule } from '#pipelines/mapping/mapping.js';
import type { Failure } from '#pipelines/mapping/row-reason.js';
import type { TypedCell } from '#pipelines/row.js';
import type { CellType } from './cell-type.js';
import { dateText } from './date-text.js';

const civilDate = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d:\d\d)?$/;

/** Civil dates by declared formats, tried in order; never an instant in a zone, and never a guess. */
export function dateType(rule: Extract<TypeRule, { name: 'date' }>): CellType {
  const formats = rule.formats.map(dateText);
  const expected = `expected ${rule.formats.map((format) => `"${format}"`).join(' or ')}`;
  const notADate: Failure = { code: 'NOT_A_DATE', says: `is not a date as declared; ${expected}` };
  const impossible: Failure = { code: 'IMPOSSIBLE_DATE', says: `is a date that does not exist; ${expected}` };
  return {
    fromText(text) {
      let failure = notADate;
      for (const format of formats) {
        const read = format.read(text);
        if (read === 'impossible') failure = impossible;
        else if (read !== undefined) return read.date;
      }
      return failure;
    },
    fromTyped,
    toCell: (value) => formats[0]?.write(String(value)) ?? String(value),
  };
}

/** A workbook's date needs no format: the file itself says what it is. A time of day alone is no date. */
function fromTyped(cell: TypedCell): string | Failure | undefined {
  if (cell.kind !== 'date') return undefined;
  if (civilDate.test(cell.text)) return cell.text;
  return { code: 'NOT_A_DATE', says: 'is a time without a date; enter the date' };
}

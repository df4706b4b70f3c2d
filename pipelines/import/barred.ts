import { readField } from '#pipelines/compare-customers.js';
import { splitKey } from './keys.js';
import { endAsSkipped, type ImportRow } from './map.js';

/** Leaves out customers whose data was erased and who are not to come back. */
export function leaveOutBarred(
  rows: readonly ImportRow[],
  isBarred: (marks: readonly string[]) => boolean,
): readonly ImportRow[] {
  return rows.map((row) => {
    if (row.outcome !== undefined) return row;
    const { key, customerCode, draft } = row;
    const address = readField(draft, 'emailAddress');
    const marks = [...(key === undefined ? [] : [splitKey(key).key]), customerCode, address];
    if (!isBarred(marks.filter((mark) => typeof mark === 'string'))) return row;
    // Without its key, which may say who it is.
    return endAsSkipped(
      { row: row.row, key: undefined },
      {
        severity: 'info',
        code: 'PERSON_BARRED',
        message: 'What was held of this customer was erased, and it is left out.',
      },
    );
  });
}

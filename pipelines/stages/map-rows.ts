import { contentHash } from '../content-hash.js';
import type { Draft } from '../customer.js';
import type { ValidateDraft } from '../ports.js';
import type { Reason, Row } from '../row.js';
import { invalid, type Work } from '../work.js';

/** What a mapping makes of a row. */
export interface MappedRow {
  readonly draft: Draft;
  readonly key?: string;
  readonly customerCode?: string;
  readonly reasons: readonly Reason[];
}

/** A mapping compiled against the header of one file. */
export interface RowMapper {
  mapAll(rows: readonly Row[]): Promise<readonly MappedRow[]>;
  columnsOf(field: string): readonly string[];
}

/** Maps and validates each row; one that cannot be mapped or is not valid ends as `invalid`, with all its reasons. */
export async function* mapRows(
  batches: AsyncIterable<readonly Row[]>,
  mapper: RowMapper,
  validate: ValidateDraft,
): AsyncIterable<readonly Work[]> {
  for await (const batch of batches) {
    const mapped = await mapper.mapAll(batch);
    yield batch.map((row, position) => workFor(row, mapped[position] ?? nothingMapped, mapper, validate));
  }
}

const nothingMapped: MappedRow = { draft: {}, reasons: [] };

function workFor(row: Row, mapped: MappedRow, mapper: RowMapper, validate: ValidateDraft): Work {
  if (row.defects !== undefined && row.defects.length > 0) return invalid(row, row.defects);
  const found = validate(mapped.draft);
  // Nearly every row is right.
  if (found.length > 0 || mapped.reasons.length > 0)
    return invalid(row, allReasons(mapped.reasons, found, mapper), mapped.key);
  const { draft, key, customerCode } = mapped;
  return {
    row,
    draft,
    contentHash: contentHash(draft),
    ...(key === undefined ? {} : { key }),
    ...(customerCode === undefined ? {} : { customerCode }),
  };
}

/** A field that could not be mapped is missing from the draft for a reason that the user is told already. */
function allReasons(unmapped: readonly Reason[], found: readonly Reason[], mapper: RowMapper): readonly Reason[] {
  const told = new Set(unmapped.map(({ field }) => field));
  const untold = found.filter(({ field }) => field === undefined || !told.has(field));
  return [...unmapped, ...untold.map((reason) => withColumns(reason, mapper))];
}

function withColumns(reason: Reason, mapper: RowMapper): Reason {
  if (reason.field === undefined || reason.columns !== undefined) return reason;
  return { ...reason, columns: mapper.columnsOf(reason.field) };
}

import type { Issue } from '#pipelines/issue.js';
import type { Command, Draft, Row } from '#pipelines/model.js';
import type { ValidateDraft } from '#pipelines/ports.js';
import { endAsInvalid, endAsSkipped, type ImportRow, OpenRow } from './import-row.js';
import { readMatchValue } from './match.js';

/** What a mapping makes of a row. */
interface MappedRow {
  readonly draft: Draft;
  readonly key?: string;
  readonly customerCode?: string;
  readonly command?: Command;
  readonly reasons: readonly Issue[];
}

/** A mapping compiled against the header of one file. */
export interface RowMapper {
  mapAll(rows: readonly Row[]): Promise<readonly MappedRow[]>;
  findColumns(field: string): readonly string[];
}

/** What is wrong with cells of a row that could be mapped all the same. */
export type CheckCells = (row: Row) => readonly Issue[];

export interface MapOptions {
  readonly mapper: RowMapper;
  readonly validate: ValidateDraft;
  /** Given when rows with damaged cells are not to be sent. */
  readonly checkCells?: CheckCells | undefined;
  /** Fields by which a row without key and code finds its customer. */
  readonly matchFields?: readonly string[];
}

/** Maps and validates rows; one that cannot be mapped or is not valid ends as `invalid`, with all its reasons. */
export async function mapRows(rows: readonly Row[], options: MapOptions): Promise<readonly ImportRow[]> {
  const mapped = await options.mapper.mapAll(rows);
  return rows.map((row, position) => {
    const result = mapRow(row, mapped[position] ?? nothingMapped, options);
    return options.checkCells === undefined ? result : addDamage(result, options.checkCells);
  });
}

const nothingMapped: MappedRow = { draft: {}, reasons: [] };

function mapRow(row: Row, mapped: MappedRow, options: MapOptions): ImportRow {
  if (row.issues !== undefined && row.issues.length > 0) return endAsInvalid(row, row.issues);
  const { draft, key, customerCode, command } = mapped;
  if (command === 'IGNORE') return endAsSkipped({ row, key }, ignored);
  const reasons = collectReasons(mapped, options);
  if (reasons.length > 0) return endAsInvalid(row, reasons, key);
  const isMatched = key === undefined && customerCode === undefined;
  const matchValue = isMatched ? readMatchValue(draft, options.matchFields ?? []) : undefined;
  return new OpenRow(row, { draft, key, customerCode, matchValue, command });
}

const ignored: Issue = { severity: 'info', code: 'IGNORED', message: 'Left out: its command is IGNORE.' };

const identityFields: ReadonlySet<string | undefined> = new Set(['customerCode', 'customerId', undefined]);

function collectReasons(mapped: MappedRow, { mapper, validate, matchFields = [] }: MapOptions): readonly Issue[] {
  // A customer that is to be deleted must be named; what else the row says does not matter.
  if (mapped.command === 'DELETE')
    return mapped.reasons.filter(
      ({ field, code }) => identityFields.has(field) || code === 'KEY_MISSING' || matchFields.includes(field ?? ''),
    );
  const found = validate(mapped.draft);
  // Nearly every row is right.
  return found.length === 0 ? mapped.reasons : mergeReasons(mapped.reasons, found, mapper);
}

/** A field that could not be mapped is missing from the draft: its reason is known already. */
function mergeReasons(unmapped: readonly Issue[], found: readonly Issue[], mapper: RowMapper): readonly Issue[] {
  const reported = new Set(unmapped.map(({ field }) => field));
  const others = found.filter(({ field }) => field === undefined || !reported.has(field));
  return [...unmapped, ...others.map((reason) => withColumns(reason, mapper))];
}

function withColumns(reason: Issue, mapper: RowMapper): Issue {
  if (reason.field === undefined || reason.columns !== undefined) return reason;
  return { ...reason, columns: mapper.findColumns(reason.field) };
}

/** Ends a row with damaged cells as `invalid`. Columns that it is invalid for already are not reported twice. */
function addDamage(row: ImportRow, checkCells: CheckCells): ImportRow {
  const known = row.outcome?.status === 'invalid' ? row.outcome.reasons : [];
  if (row.outcome !== undefined && known.length === 0) return row;
  const reported = new Set(known.flatMap(({ columns = [] }) => columns));
  const found = checkCells(row.row).filter(({ columns = [] }) => !columns.some((column) => reported.has(column)));
  return found.length === 0 ? row : endAsInvalid(row.row, [...known, ...found], row.key);
}

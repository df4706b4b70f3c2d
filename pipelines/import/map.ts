import type { Command, Draft, Issue, Row } from '#pipelines/model.js';
import type { ValidateDraft } from '#pipelines/ports.js';
import { type EndedRow, endAsInvalid, type ImportRow, OpenRow } from './import-row.js';
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

interface MapOptions {
  readonly mapper: RowMapper;
  readonly validate: ValidateDraft;
  /** Fields by which a row without key and code finds its customer. */
  readonly matchFields?: readonly string[];
}

/** Maps and validates each row; one that cannot be mapped or is not valid ends as `invalid`, with all its reasons. */
export async function* mapRows(
  batches: AsyncIterable<readonly Row[]>,
  options: MapOptions,
): AsyncIterable<readonly ImportRow[]> {
  for await (const batch of batches) yield await mapBatch(batch, options);
}

/** As {@link mapRows}, for the rows of one batch. */
export async function mapBatch(rows: readonly Row[], options: MapOptions): Promise<readonly ImportRow[]> {
  const mapped = await options.mapper.mapAll(rows);
  return rows.map((row, position) => mapRow(row, mapped[position] ?? nothingMapped, options));
}

const nothingMapped: MappedRow = { draft: {}, reasons: [] };

function mapRow(row: Row, mapped: MappedRow, { mapper, validate, matchFields = [] }: MapOptions): ImportRow {
  if (row.issues !== undefined && row.issues.length > 0) return endAsInvalid(row, row.issues);
  const { draft, key, customerCode, command } = mapped;
  if (command === 'IGNORE') return endAsIgnored(row, key);
  const reasons = collectReasons(mapped, { mapper, validate, matchFields });
  if (reasons.length > 0) return endAsInvalid(row, reasons, key);
  const value = key === undefined && customerCode === undefined ? readMatchValue(draft, matchFields) : undefined;
  return new OpenRow(row, { draft, key, customerCode, matchValue: value, command });
}

const identityFields: ReadonlySet<string | undefined> = new Set(['customerCode', 'customerId', undefined]);

function collectReasons(mapped: MappedRow, { mapper, validate, matchFields = [] }: MapOptions): readonly Issue[] {
  // Who is deleted need not be described rightly, only named.
  if (mapped.command === 'DELETE')
    return mapped.reasons.filter(
      ({ field, code }) => identityFields.has(field) || code === 'KEY_MISSING' || matchFields.includes(field ?? ''),
    );
  const found = validate(mapped.draft);
  // Nearly every row is right.
  return found.length === 0 ? mapped.reasons : mergeReasons(mapped.reasons, found, mapper);
}

/** A field that could not be mapped is missing from the draft for a reason that the user is told already. */
function mergeReasons(unmapped: readonly Issue[], found: readonly Issue[], mapper: RowMapper): readonly Issue[] {
  const told = new Set(unmapped.map(({ field }) => field));
  const untold = found.filter(({ field }) => field === undefined || !told.has(field));
  return [...unmapped, ...untold.map((reason) => withColumns(reason, mapper))];
}

function endAsIgnored(row: Row, key: string | undefined): EndedRow {
  const reason = { code: 'IGNORED', message: 'Left out: its command is IGNORE.' };
  return { row, outcome: { status: 'skipped', attempts: 0, reason }, ...(key === undefined ? {} : { key }) };
}

function withColumns(reason: Issue, mapper: RowMapper): Issue {
  if (reason.field === undefined || reason.columns !== undefined) return reason;
  return { ...reason, columns: mapper.findColumns(reason.field) };
}

/** What is wrong with cells of a row that could be mapped all the same. */
export type CheckCells = (row: Row) => readonly Issue[];

/** Ends rows with damaged cells as `invalid`. What the row is blamed for already is not said twice. */
export async function* endDamagedRows(
  batches: AsyncIterable<readonly ImportRow[]>,
  judge: CheckCells,
): AsyncIterable<readonly ImportRow[]> {
  for await (const batch of batches) yield batch.map((work) => checkRow(work, judge));
}

function checkRow(work: ImportRow, judge: CheckCells): ImportRow {
  const known = work.outcome?.status === 'invalid' ? work.outcome.reasons : [];
  if (work.outcome !== undefined && known.length === 0) return work;
  const blamed = new Set(known.flatMap(({ columns = [] }) => columns));
  const found = judge(work.row).filter(({ columns = [] }) => !columns.some((column) => blamed.has(column)));
  return found.length === 0 ? work : endAsInvalid(work.row, [...known, ...found], work.key);
}

import type { Command } from '#pipelines/command.js';
import type { Draft } from '#pipelines/customer.js';
import type { ValidateDraft } from '#pipelines/ports.js';
import type { Reason, Row } from '#pipelines/row.js';
import { type EndedWork, invalid, OpenWork, type Work } from '#pipelines/work.js';
import { matchValue } from './match-by-fields.js';

/** What a mapping makes of a row. */
export interface MappedRow {
  readonly draft: Draft;
  readonly key?: string;
  readonly customerCode?: string;
  readonly command?: Command;
  readonly reasons: readonly Reason[];
}

/** A mapping compiled against the header of one file. */
export interface RowMapper {
  mapAll(rows: readonly Row[]): Promise<readonly MappedRow[]>;
  columnsOf(field: string): readonly string[];
}

export interface MapOptions {
  readonly mapper: RowMapper;
  readonly validate: ValidateDraft;
  /** Fields by which a row without key and code finds its customer. */
  readonly matchFields?: readonly string[];
}

/** Maps and validates each row; one that cannot be mapped or is not valid ends as `invalid`, with all its reasons. */
export async function* mapRows(
  batches: AsyncIterable<readonly Row[]>,
  options: MapOptions,
): AsyncIterable<readonly Work[]> {
  for await (const batch of batches) yield await mapBatch(batch, options);
}

/** As {@link mapRows}, for the rows of one batch. */
export async function mapBatch(rows: readonly Row[], options: MapOptions): Promise<readonly Work[]> {
  const mapped = await options.mapper.mapAll(rows);
  return rows.map((row, position) => workFor(row, mapped[position] ?? nothingMapped, options));
}

const nothingMapped: MappedRow = { draft: {}, reasons: [] };

function workFor(row: Row, mapped: MappedRow, { mapper, validate, matchFields = [] }: MapOptions): Work {
  if (row.defects !== undefined && row.defects.length > 0) return invalid(row, row.defects);
  const { draft, key, customerCode, command } = mapped;
  if (command === 'IGNORE') return ignored(row, key);
  const reasons = reasonsOf(mapped, { mapper, validate, matchFields });
  if (reasons.length > 0) return invalid(row, reasons, key);
  const value = key === undefined && customerCode === undefined ? matchValue(draft, matchFields) : undefined;
  return new OpenWork(row, { draft, key, customerCode, matchValue: value, command });
}

const identity: ReadonlySet<string | undefined> = new Set(['customerCode', 'customerId', undefined]);

function reasonsOf(mapped: MappedRow, { mapper, validate, matchFields = [] }: MapOptions): readonly Reason[] {
  // Who is deleted need not be described rightly, only named.
  if (mapped.command === 'DELETE')
    return mapped.reasons.filter(
      ({ field, code }) => identity.has(field) || code === 'KEY_MISSING' || matchFields.includes(field ?? ''),
    );
  const found = validate(mapped.draft);
  // Nearly every row is right.
  return found.length === 0 ? mapped.reasons : allReasons(mapped.reasons, found, mapper);
}

/** A field that could not be mapped is missing from the draft for a reason that the user is told already. */
function allReasons(unmapped: readonly Reason[], found: readonly Reason[], mapper: RowMapper): readonly Reason[] {
  const told = new Set(unmapped.map(({ field }) => field));
  const untold = found.filter(({ field }) => field === undefined || !told.has(field));
  return [...unmapped, ...untold.map((reason) => withColumns(reason, mapper))];
}

function ignored(row: Row, key: string | undefined): EndedWork {
  const reason = { code: 'IGNORED', message: 'Left out: its command is IGNORE.' };
  return { row, outcome: { status: 'skipped', attempts: 0, reason }, ...(key === undefined ? {} : { key }) };
}

function withColumns(reason: Reason, mapper: RowMapper): Reason {
  if (reason.field === undefined || reason.columns !== undefined) return reason;
  return { ...reason, columns: mapper.columnsOf(reason.field) };
}

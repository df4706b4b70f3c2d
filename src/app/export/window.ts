import { buildEditKey, type CustomerFilter } from '#pipelines/export/select.js';
import type { Customer } from '#pipelines/model.js';
import type { ListQuery } from '#pipelines/ports.js';
import type { ExportCursor, ExportCursors } from '#src/ledger/exports.js';

export type SortOrder = NonNullable<ListQuery['sort']>;

/**
 * Parses an ISO time with a zone, a date, which means its start in UTC, or the form of the API, `2020-oct-01 09:00`, which
 * is in UTC [seed].
 *
 * @returns `undefined` for anything else
 */
export function parseIsoTime(text: string): Date | undefined {
  const [, year, name, day, clock] = /^(\d{4})-([a-z]{3})-(\d\d)(?: (\d\d:\d\d))?$/i.exec(text) ?? [];
  const month = name === undefined ? 0 : months.indexOf(name.toLowerCase()) + 1;
  if (month > 0) return parseIsoTime(`${year}-${String(month).padStart(2, '0')}-${day}T${clock ?? '00:00'}Z`);
  if (!/^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d))?$/.test(text)) return undefined;
  const time = new Date(text);
  return Number.isNaN(time.getTime()) ? undefined : time;
}

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

/** Parses `field`, `field:asc`, `field:desc`, or the API's own `fieldASC` and `fieldDESC`. @returns `undefined` for anything else */
export function parseSortOrder(text: string): SortOrder | undefined {
  const parts = /^(\w+)(ASC|DESC)$/.exec(text) ?? /^(\w+)(?::(asc|desc))?$/i.exec(text);
  if (parts?.[1] === undefined) return undefined;
  return { field: parts[1], descending: parts[2]?.toLowerCase() === 'desc' };
}

/** A time, or the last export of a series. */
export type ChangedSince = Date | { readonly last: string };

/** The period of edits that an export covers, and what the next export of its series must know. */
export interface ExportWindow {
  readonly changedSince?: Date;
  readonly filter: Omit<CustomerFilter, 'activeOnly'>;
  /** Starts a pass, whose start by the server's clock is known from its first page on; forgets earlier passes. */
  begin(startedAtMs: () => number): void;
  /** Advances the watermark, once the file is delivered. @returns the new watermark, if there is a series */
  advance(): Date | undefined;
}

/** The server's clock, its filter by whole minutes and late commits may differ by this much. */
const marginMs = 2 * 60_000;
/** Beyond this, the next export repeats the edits of the last minutes, which does no harm. */
const maxRememberedEdits = 20_000;

/** The window of an export; the first export of a series covers all customers. */
export function createExportWindow(
  changedSince: ChangedSince | undefined,
  changedUntil: Date | undefined,
  cursors: ExportCursors,
): ExportWindow {
  const until = changedUntil === undefined ? {} : { changedUntilMs: changedUntil.getTime() };
  if (changedSince === undefined) return createFixedWindow(until);
  if (changedSince instanceof Date)
    return { ...createFixedWindow({ ...until, changedSinceMs: changedSince.getTime() }), changedSince };
  return createSeriesWindow(changedSince.last, until, cursors);
}

function createFixedWindow(filter: ExportWindow['filter']): ExportWindow {
  return { filter, begin: () => {}, advance: () => undefined };
}

/**
 * The watermark is set a little before the start of the export, because the latest edits may not have been in the list
 * yet. Edits after the watermark that were delivered are remembered, so that none is delivered twice and none is missed.
 */
function createSeriesWindow(name: string, until: { changedUntilMs?: number }, cursors: ExportCursors): ExportWindow {
  const cursor: ExportCursor | undefined = cursors.find(name);
  let delivered = new Set<string>();
  let startedAt = () => 0;
  const nextSinceMs = () => {
    const settledMs = Math.min(startedAt() - marginMs, until.changedUntilMs ?? Number.POSITIVE_INFINITY);
    return Math.max(settledMs, cursor?.sinceMs ?? 0);
  };
  const onEdit = (customer: Customer, editedAtMs: number) => {
    if (editedAtMs >= nextSinceMs() && delivered.size <= maxRememberedEdits) delivered.add(buildEditKey(customer));
  };
  return {
    ...(cursor === undefined ? {} : { changedSince: new Date(cursor.sinceMs) }),
    filter: {
      ...until,
      ...(cursor === undefined ? {} : { changedSinceMs: cursor.sinceMs, delivered: cursor.delivered }),
      onEdit,
    },
    begin(startedAtMs) {
      delivered = new Set();
      startedAt = startedAtMs;
    },
    advance() {
      const sinceMs = nextSinceMs();
      cursors.save(name, { sinceMs, delivered: delivered.size > maxRememberedEdits ? new Set() : delivered });
      return new Date(sinceMs);
    },
  };
}

import { buildEditKey, type CustomerFilter } from '#pipelines/export/select.js';
import type { Customer } from '#pipelines/model.js';
import type { ListQuery } from '#pipelines/ports.js';
import type { ExportCursor, ExportCursors } from '#src/ledger/exports.js';

export type SortOrder = NonNullable<ListQuery['sort']>;

/** An ISO time with its zone; a day alone is its start, UTC. @returns `undefined` for anything else */
export function parseIsoTime(text: string): Date | undefined {
  if (!/^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d))?$/.test(text)) return undefined;
  const at = new Date(text);
  return Number.isNaN(at.getTime()) ? undefined : at;
}

/** `field` or `field:desc`. @returns `undefined` for anything else */
export function parseSortOrder(text: string): SortOrder | undefined {
  const parts = /^(\w+)(?::(asc|desc))?$/i.exec(text);
  if (parts?.[1] === undefined) return undefined;
  return { field: parts[1], descending: parts[2]?.toLowerCase() === 'desc' };
}

/** Since when: a moment, or the last export of a series. */
export type ChangedSince = Date | { readonly last: string };

/** What an export of changes asks for, and what the next one of its series must know. */
export interface ExportWindow {
  readonly changedSince?: Date;
  readonly filter: Omit<CustomerFilter, 'activeOnly'>;
  /** A pass begins, at a moment that is known with its first customer: what was noted is forgotten. */
  begin(startedAtMs: () => number): void;
  /** Moves the watermark; call it once the file is in its place. @returns the new one */
  advance(): Date | undefined;
}

/** Server clocks, their minute-wide filter and late commits may disagree by this much. */
const marginMs = 2 * 60_000;
/** Beyond this, the edits of the last minutes come once more with the next export, which does no harm. */
const maxRememberedEdits = 20_000;

/** Works out the window of an export; `last` is everything when the series has no export yet. */
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

function createFixedWindow(choice: ExportWindow['filter']): ExportWindow {
  return { filter: choice, begin: () => {}, advance: () => undefined };
}

/**
 * The watermark stands a little before the export began, since what was edited just then may not have been in the list
 * yet; what was delivered from behind it is remembered, so that no edit comes twice and none is missed.
 */
function createSeriesWindow(name: string, until: { changedUntilMs?: number }, cursors: ExportCursors): ExportWindow {
  const cursor: ExportCursor | undefined = cursors.find(name);
  let seen = new Set<string>();
  let startedAt = () => 0;
  const nextSinceMs = () => {
    const settledMs = Math.min(startedAt() - marginMs, until.changedUntilMs ?? Number.POSITIVE_INFINITY);
    return Math.max(settledMs, cursor?.sinceMs ?? 0);
  };
  const noteEdit = (customer: Customer, editedAtMs: number) => {
    if (editedAtMs >= nextSinceMs() && seen.size <= maxRememberedEdits) seen.add(buildEditKey(customer));
  };
  return {
    ...(cursor === undefined ? {} : { changedSince: new Date(cursor.sinceMs) }),
    filter: {
      ...until,
      ...(cursor === undefined ? {} : { changedSinceMs: cursor.sinceMs, delivered: cursor.delivered }),
      onEdit: noteEdit,
    },
    begin(startedAtMs) {
      seen = new Set();
      startedAt = startedAtMs;
    },
    advance() {
      const sinceMs = nextSinceMs();
      cursors.save(name, { sinceMs, delivered: seen.size > maxRememberedEdits ? new Set() : seen });
      return new Date(sinceMs);
    },
  };
}

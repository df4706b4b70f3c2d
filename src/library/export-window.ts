import type { Customer } from '#pipelines/customer.js';
import { type CustomerChoice, editOf } from '#pipelines/stages/choose-customers.js';
import type { ExportCursor, ExportCursors } from '#src/ledger/export-cursors.js';

/** Since when: a moment, or the last export of a series. */
export type ChangedSince = Date | { readonly last: string };

/** What an export of changes asks for, and what the next one of its series must know. */
export interface ExportWindow {
  readonly changedSince?: Date;
  readonly choice: Omit<CustomerChoice, 'activeOnly'>;
  /** A pass begins, at a moment that is known with its first customer: what was noted is forgotten. */
  begin(startedAtMs: () => number): void;
  /** Moves the watermark; call it once the file is in its place. @returns the new one */
  move(): Date | undefined;
}

/** Server clocks, their minute-wide filter and late commits may disagree by this much. */
const marginMs = 2 * 60_000;
/** Beyond this, the edits of the last minutes come once more with the next export, which does no harm. */
const mostRemembered = 20_000;

/** Works out the window of an export; `last` is everything when the series has no export yet. */
export function exportWindow(
  changedSince: ChangedSince | undefined,
  changedUntil: Date | undefined,
  cursors: ExportCursors,
): ExportWindow {
  const until = changedUntil === undefined ? {} : { changedUntilMs: changedUntil.getTime() };
  if (changedSince === undefined) return fixedWindow(until);
  if (changedSince instanceof Date)
    return { ...fixedWindow({ ...until, changedSinceMs: changedSince.getTime() }), changedSince };
  return seriesWindow(changedSince.last, until, cursors);
}

function fixedWindow(choice: ExportWindow['choice']): ExportWindow {
  return { choice, begin: () => {}, move: () => undefined };
}

/**
 * The watermark stands a little before the export began, since what was edited just then may not have been in the list
 * yet; what was delivered from behind it is remembered, so that no edit comes twice and none is missed.
 */
function seriesWindow(name: string, until: { changedUntilMs?: number }, cursors: ExportCursors): ExportWindow {
  const cursor: ExportCursor | undefined = cursors.find(name);
  let seen = new Set<string>();
  let startedAt = () => 0;
  const nextSinceMs = () => {
    const settledMs = Math.min(startedAt() - marginMs, until.changedUntilMs ?? Number.POSITIVE_INFINITY);
    return Math.max(settledMs, cursor?.sinceMs ?? 0);
  };
  const noteEdit = (customer: Customer, editedAtMs: number) => {
    if (editedAtMs >= nextSinceMs() && seen.size <= mostRemembered) seen.add(editOf(customer));
  };
  return {
    ...(cursor === undefined ? {} : { changedSince: new Date(cursor.sinceMs) }),
    choice: {
      ...until,
      ...(cursor === undefined ? {} : { changedSinceMs: cursor.sinceMs, delivered: cursor.delivered }),
      noteEdit,
    },
    begin(startedAtMs) {
      seen = new Set();
      startedAt = startedAtMs;
    },
    move() {
      const sinceMs = nextSinceMs();
      cursors.move(name, { sinceMs, delivered: seen.size > mostRemembered ? new Set() : seen });
      return new Date(sinceMs);
    },
  };
}

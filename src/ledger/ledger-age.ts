import { closeSync, constants, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Database } from '#src/sqlite/open-database.js';
import { isJsonObject, isText } from './damaged-ledger.js';

/** Why a ledger is known to lack what was committed before. */
export type GapReason =
  /** The last commits are missing: its write-ahead log was cut, damaged or lost, or an older copy of it was put back. */
  | 'commits_lost'
  /** Another ledger is in its place, or it was lost and a new one begun. */
  | 'other_ledger'
  /** The file that says how far it was is missing or damaged. */
  | 'no_record'
  /** `state restore` has brought it in. */
  | 'restored';

/** A ledger does not know what was done between its last commit and the moment when this was noticed. */
export interface LedgerGap {
  readonly reason: GapReason;
  /** Its last commit; epoch milliseconds, the API's clock. */
  readonly fromMs: number;
}

/**
 * Whether a ledger is the newest of its account. It counts the requests that it has recorded; the count is also kept in a small
 * file beside it, so that a ledger that has lost some is noticed: SQLite drops what comes behind a damaged or missing part of its
 * write-ahead log, and calls the rest sound.
 */
export interface LedgerAge {
  /** What the ledger does not know; `undefined` when it is the newest, or when an import has met the gap. */
  gap(): LedgerGap | undefined;
  /** Keeps a gap that was noticed until an import has met it. To be called with the tenant's lock held. */
  keepGap(): void;
  /** An import was finished that has compared its rows with what the ledger does not know. */
  closeGap(): void;
  /** Writes the count beside the ledger. To be called after each commit, before its request may leave. */
  record(): void;
  close(): void;
}

const ageFile = 'ledger-age.json';
/** All counts fill the file alike, so that it is written over in place: a cut write cannot make it shorter. */
const fileBytes = 160;

interface AgeRecord {
  readonly ledger: string;
  readonly commits: number;
  /** When the ledger was begun; epoch milliseconds. */
  readonly begunAtMs: number;
}

export function openLedgerAge(folder: string, database: Database, now: () => number): LedgerAge {
  const path = join(folder, ageFile);
  // The file first: what is committed meanwhile makes the ledger only newer.
  const before = readRecord(path);
  const select = database.prepare('SELECT id, commits, committed_at, begun_at FROM ledger_age');
  const openGap = database.prepare(
    'SELECT reason, from_ms FROM ledger_gaps WHERE closed_at IS NULL ORDER BY noticed_at DESC LIMIT 1',
  );
  const addGap = database.prepare('INSERT OR REPLACE INTO ledger_gaps (noticed_at, reason, from_ms) VALUES (?, ?, ?)');
  const closeGaps = database.prepare('UPDATE ledger_gaps SET closed_at = ? WHERE closed_at IS NULL');
  let noticed = findGap(before, readAge());
  let recorded = typeof before === 'object' ? before.commits : undefined;
  let descriptor: number | undefined;

  function readAge(): AgeRecord & { readonly committedAtMs?: number } {
    const { id, commits, committed_at: committedAt, begun_at: begunAt } = select.get() ?? {};
    return {
      ledger: String(id),
      commits: Number(commits),
      begunAtMs: Number(begunAt ?? 0),
      ...(committedAt == null ? {} : { committedAtMs: Number(committedAt) }),
    };
  }

  function write({ ledger, commits, begunAtMs }: AgeRecord): void {
    descriptor ??= openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600);
    writeSync(descriptor, `${JSON.stringify({ ledger, commits, begunAtMs }).padEnd(fileBytes - 1)}\n`, 0);
    recorded = commits;
  }

  return {
    gap() {
      if (noticed !== undefined) return noticed;
      const row = openGap.get();
      return row === undefined ? undefined : { reason: row.reason as GapReason, fromMs: Number(row.from_ms) };
    },
    keepGap() {
      if (noticed !== undefined) addGap.run(now(), noticed.reason, Math.round(noticed.fromMs));
      if (noticed !== undefined || before === undefined) write(readAge());
      noticed = undefined;
    },
    closeGap: () => {
      closeGaps.run(now());
    },
    record() {
      const age = readAge();
      if (age.commits !== recorded) write(age);
    },
    close() {
      if (descriptor !== undefined) closeSync(descriptor);
      descriptor = undefined;
    },
  };
}

function findGap(
  record: AgeRecord | 'damaged' | undefined,
  age: AgeRecord & { readonly committedAtMs?: number },
): LedgerGap | undefined {
  const fromMs = age.committedAtMs ?? age.begunAtMs;
  if (record === undefined) return age.commits === 0 ? undefined : { reason: 'no_record', fromMs };
  if (record === 'damaged') return { reason: 'no_record', fromMs };
  if (record.ledger !== age.ledger)
    return { reason: 'other_ledger', fromMs: Math.min(age.committedAtMs ?? record.begunAtMs, record.begunAtMs) };
  return record.commits > age.commits ? { reason: 'commits_lost', fromMs } : undefined;
}

function readRecord(path: string): AgeRecord | 'damaged' | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
  try {
    const record: unknown = JSON.parse(text);
    if (isJsonObject(record) && isText(record.ledger)) {
      const [commits, begunAtMs] = [Number(record.commits), Number(record.begunAtMs)];
      if (Number.isInteger(commits) && Number.isInteger(begunAtMs))
        return { ledger: record.ledger, commits, begunAtMs };
    }
  } catch {
    // Cut or overwritten: nothing in it can be believed.
  }
  return 'damaged';
}

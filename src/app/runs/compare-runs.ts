import { type RowCounts, type RowStatus, rowStatuses } from '#pipelines/model.js';
import { openTenantLedger } from '#src/app/connect.js';
import { countOutcomes } from '#src/app/not-reached.js';
import { findRun } from '#src/app/run-on-tenant.js';
import type { Settings } from '#src/config/settings.js';
import type { Ledger } from '#src/ledger/open-ledger.js';
import type { RunRecord } from '#src/ledger/runs.js';
import type { IssueGroup } from '#src/results/issue-groups.js';
import { collectProblems } from './write-run-report.js';

/** One of the two runs. */
export interface ComparedRun {
  readonly run: string;
  readonly command: string;
  /** ISO time, UTC. */
  readonly startedAt: string;
  readonly file: string | null;
  readonly rows: number | null;
  readonly counts: RowCounts;
}

/** A reason for which rows were not applied, and how many rows each run has of it. */
export interface ComparedReason {
  readonly status: RowStatus;
  readonly code: string;
  readonly columns: readonly string[];
  readonly message: string;
  readonly before: number;
  readonly after: number;
}

/** A setting or option that the runs do not have alike; `null` where one of them lacks it. */
export interface ComparedSetting {
  readonly name: string;
  readonly before: string | null;
  readonly after: string | null;
}

/** What two runs differ in; the `--json` document of `report diff`. */
export interface RunsCompared {
  readonly command: 'report diff';
  readonly before: ComparedRun;
  readonly after: ComparedRun;
  /** Both had the same bytes for input; `null` where one had none. */
  readonly sameInput: boolean | null;
  /** Both had the same mapping file; `null` where one had none. */
  readonly sameMapping: boolean | null;
  /** The most important change first: reasons that came, then those that went, by their rows. */
  readonly reasons: readonly ComparedReason[];
  readonly settings: readonly ComparedSetting[];
}

/** Compares two runs of this login. @throws UsageError for a run that is not there */
export function compareRuns(settings: Settings, before: string, after: string): RunsCompared {
  const ledger = openTenantLedger(settings);
  try {
    const [a, b] = [findRun(ledger, before), findRun(ledger, after)];
    return {
      command: 'report diff',
      before: describeRun(ledger, a),
      after: describeRun(ledger, b),
      sameInput: compareIfBoth(a.input?.sha256, b.input?.sha256),
      sameMapping: compareIfBoth(a.mappingSha256, b.mappingSha256),
      reasons: compareReasons(collectProblems(ledger, a.number), collectProblems(ledger, b.number)),
      settings: compareSettings(listSettings(ledger, a), listSettings(ledger, b)),
    };
  } finally {
    ledger.close();
  }
}

function describeRun(ledger: Ledger, run: RunRecord): ComparedRun {
  return {
    run: run.name,
    command: run.command,
    startedAt: new Date(run.startedAtMs).toISOString(),
    file: run.input?.file ?? null,
    rows: run.input?.rows ?? null,
    counts: countOutcomes(ledger, run),
  };
}

function compareIfBoth(a: string | undefined, b: string | undefined): boolean | null {
  return a === undefined || b === undefined ? null : a === b;
}

function compareReasons(before: readonly IssueGroup[], after: readonly IssueGroup[]): readonly ComparedReason[] {
  const merged = new Map<string, ComparedReason>();
  const add = (groups: readonly IssueGroup[], side: 'before' | 'after') => {
    for (const { status, code, columns, message, count } of groups) {
      const key = JSON.stringify([status, code, columns]);
      const known = merged.get(key) ?? { status, code, columns, message, before: 0, after: 0 };
      merged.set(key, { ...known, [side]: known[side] + count });
    }
  };
  add(before, 'before');
  add(after, 'after');
  return [...merged.values()]
    .filter((reason) => reason.before !== reason.after)
    .sort((a, b) => b.after - b.before - (a.after - a.before));
}

/** Where the files of a run are says nothing about why it went otherwise. */
const notCompared: ReadonlySet<string> = new Set(['paths', 'columns', 'codes']);

function listSettings(ledger: Ledger, run: RunRecord): ReadonlyMap<string, string> {
  const options = Object.entries(run.options).filter(([name, value]) => !notCompared.has(name) && value !== undefined);
  const settings = ledger.runs.loadSettings(run.number).map(({ name, value }) => [name, value] as const);
  const shown = [...options, ...settings].map(
    ([name, value]) => [name, typeof value === 'string' ? value : JSON.stringify(value)] as const,
  );
  return new Map(shown);
}

function compareSettings(
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): readonly ComparedSetting[] {
  const names = [...new Set([...before.keys(), ...after.keys()])].sort();
  return names
    .map((name) => ({ name, before: before.get(name) ?? null, after: after.get(name) ?? null }))
    .filter((setting) => setting.before !== setting.after);
}

/** Statuses that at least one of the runs has rows of. */
export function listComparedStatuses({ before, after }: RunsCompared): readonly RowStatus[] {
  return rowStatuses.filter((status) => before.counts[status] > 0 || after.counts[status] > 0);
}

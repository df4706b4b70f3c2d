import type { Code } from '#pipelines/codes.js';
import type { Issue } from '#pipelines/issue.js';
import { type RowCounts, rowStatuses } from '#pipelines/model.js';
import type { SourceDetection } from '#pipelines/ports.js';
import type { DamageGroup } from '#pipelines/quality/damage-issue.js';
import type { StopReason } from '#pipelines/run-control.js';
import type { CustomersClient } from '#src/api/client.js';
import { CustomersError, type ExitCode, exitCodes } from '#src/errors.js';
import type { Tenant } from '#src/ledger/open-ledger.js';
import type { IssueGroup } from '#src/results/issue-groups.js';

/** Whose customers a command is about. */
export interface RunTarget extends Tenant {
  /** The profile that named them; `null` without one. */
  readonly profile: string | null;
}

/** How far a run is; read as often as progress is shown. */
export interface ProgressNow {
  readonly done: number;
  readonly total: number;
  readonly counts: RowCounts;
  /** Sent so far by this process, every attempt and every read counted. */
  readonly requests: number;
  /** Requests a second that are allowed; `Infinity` for no limit. */
  readonly ratePerSecond: number;
  /** Epoch milliseconds until which nothing is sent because the API asked for a pause; 0 when it did not. */
  readonly pausedUntilMs: number;
}

/** Reports what happens during a run. Every method is optional; none may throw. */
export interface RunObserver {
  /** The input was opened; how it is read was detected. */
  readonly opened?: (input: {
    readonly file: string;
    readonly detected: SourceDetection;
    readonly rows: number;
  }) => void;
  readonly notice?: (notice: Issue) => void;
  /** Cells that cannot be right, grouped by kind and column. */
  readonly finding?: (finding: DamageGroup) => void;
  /** Whose customers the command changes, as whom, and by which profile; called first of all. */
  readonly account?: (target: RunTarget, isSandbox: boolean) => void;
  /** The first rows are about to be sent; `progress` may be called until `ended`. */
  readonly started?: (run: string, progress: () => ProgressNow) => void;
  readonly ended?: () => void;
}

export type { IssueGroup };

/** Customers of the mapping's keys that are in no row of the file, in a summary. */
export interface AbsentSummary {
  readonly policy: 'report' | 'deactivate';
  /** Customers that keys of this mapping's source stand for. */
  readonly known: number;
  /** How many of them are in no row, and not inactive already. */
  readonly count: number;
  /** How many were made inactive; 0 for a plan. */
  readonly deactivated: number;
  readonly customers: readonly AbsentCustomer[];
}

export interface AbsentCustomer {
  readonly key: string;
  readonly customerCode: string;
  readonly name: string;
}

/** The result of a command that works through rows; its `--json` document. */
export interface RunSummary {
  readonly run: string | null;
  readonly command: string;
  readonly mode: string | null;
  /** Whose customers it was about; `null` for a command that asks nobody. */
  readonly target: RunTarget | null;
  readonly status: 'completed' | 'stopped';
  readonly exitCode: ExitCode;
  /** ISO time, UTC. */
  readonly startedAt: string;
  readonly endedAt: string;
  readonly input: {
    readonly file: string;
    readonly sha256: string;
    /** Data rows. */
    readonly rows: number;
    /** `null` where the input was not read. */
    readonly detected: SourceDetection | null;
    /** Notices about the file as a whole: hidden rows, merged cells, a row of totals … */
    readonly notices: readonly Issue[];
  } | null;
  /** Cells that cannot be right, grouped by kind and column. */
  readonly findings: readonly DamageGroup[];
  readonly counts: RowCounts;
  /** Why rows were not applied, the most frequent reason first. */
  readonly problems: readonly IssueGroup[];
  /** Written rows that were compared with what the API shows of them, and how many of them differ from what was sent. */
  readonly verified: { readonly checked: number; readonly differing: number };
  /** Rows with a field that the file and the account have both changed since it was last sent; absent without any. */
  readonly conflicts?: number;
  /** Customers of the mapping's keys that are in no row of the file; absent where the file is not the whole truth. */
  readonly absent?: AbsentSummary;
  /** Rows that wait for a person to decide which customer they mean; they are among the invalid ones. */
  readonly waiting: number;
  /** How many of these no run before has asked about; absent without any. */
  readonly newlyWaiting?: number;
  readonly api: ApiSummary;
  readonly files: {
    readonly results: string | null;
    readonly rejects: string | null;
    /** Where to decide about the rows that wait. */
    readonly review: string | null;
    readonly report: string | null;
  };
  /** Why it stopped, and what to type next; `null` when it did not. */
  readonly stopped: { readonly code: Code; readonly message: string; readonly nextStep: string | null } | null;
}

export interface ApiSummary {
  readonly requests: number;
  readonly retries: number;
  readonly rateLimited: number;
  /** Tokens obtained. */
  readonly tokens: number;
}

/** Of a command that writes nothing. */
export const noneVerified: RunSummary['verified'] = { checked: 0, differing: 0 };

/** The counts of a command without rows. */
export const noCounts = Object.fromEntries(rowStatuses.map((status) => [status, 0])) as RowCounts;

export const noTraffic: ApiSummary = { requests: 0, retries: 0, rateLimited: 0, tokens: 0 };

export function summariseApi(client: CustomersClient): ApiSummary {
  const { requests, retries, rateLimited } = client.traffic;
  return { requests, retries, rateLimited, tokens: client.tokensObtained };
}

/** The exit code of a run: by what stopped it, else by the worst outcome of its rows. */
export function chooseExitCode(
  reason: StopReason | undefined,
  counts: RowCounts,
  { reachedAllRows = true, hasDoubtsElsewhere = false, waiting = 0, isDifferent = false } = {},
): ExitCode {
  switch (reason?.kind) {
    case 'signal':
      return reason.signal === 'SIGINT' ? exitCodes.sigint : exitCodes.sigterm;
    case 'max_failures':
      return exitCodes.stoppedEarly;
    case 'error':
      return reason.error instanceof CustomersError ? reason.error.exitCode : exitCodes.bug;
    case undefined:
      if (!reachedAllRows) return exitCodes.stoppedEarly;
      if (counts.in_doubt > 0) return exitCodes.inDoubt;
      // Rows were skipped because an earlier run left them in doubt: until that is settled, this run is not done.
      if (hasDoubtsElsewhere) return exitCodes.inDoubt;
      return counts.invalid + counts.rejected + counts.failed + waiting > 0 || isDifferent
        ? exitCodes.someRowsFailed
        : exitCodes.done;
  }
}

/** Why a run stopped, for people. */
export function describeStop(reason: StopReason | undefined, run: string): RunSummary['stopped'] {
  const resume = `mypos-customers resume ${run}`;
  switch (reason?.kind) {
    case undefined:
      return null;
    case 'signal':
      return { code: reason.signal, message: `Stopped by ${reason.signal}.`, nextStep: `To continue: ${resume}` };
    case 'max_failures':
      return {
        code: 'MAX_FAILURES',
        message: `Stopped because ${reason.failures} of the first ${reason.rows} rows failed.`,
        nextStep: `Check the rejects file. To continue anyway: ${resume} --max-failures 100%`,
      };
    case 'error': {
      const { error } = reason;
      const message = error instanceof Error ? error.message : String(error);
      const code = error instanceof CustomersError ? error.code : 'BUG';
      const next = error instanceof CustomersError ? error.nextStep : undefined;
      return { code, message, nextStep: `${next === undefined ? '' : `${next} `}To continue: ${resume}` };
    }
  }
}

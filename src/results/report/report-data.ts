import type { Issue } from '#pipelines/issue.js';
import type { RowCounts } from '#pipelines/model.js';
import type { ColumnProfile } from '#pipelines/quality/profile.js';
import type { IssueGroup } from '#src/results/issue-groups.js';

/** Everything that a report shows. Of a customer it has only what the reasons in the result file say. */
export interface ReportData {
  readonly run: string;
  readonly command: string;
  readonly mode: string | null;
  readonly status: string;
  /** Whose customers the run is about. */
  readonly account: { readonly login: string; readonly baseUrl: string };
  /** The profile that the settings came from. */
  readonly profile: string | null;
  /** The result in a sentence, and whether somebody has to do something about it. */
  readonly result: { readonly text: string; readonly tone: 'good' | 'fix' | 'wait' };
  /** What to do now, the most urgent first. */
  readonly nextSteps: readonly NextStep[];
  /** Rows that wait for a decision, and those that did. */
  readonly waiting: readonly WaitingEntry[];
  /** What is odd about the input as a whole, and about cells of it. */
  readonly warnings: readonly InputWarning[];
  readonly stopReason: string | null;
  readonly startedAt: Date;
  readonly endedAt: Date | null;
  readonly input: { readonly file: string; readonly sha256: string; readonly rows: number | null } | null;
  readonly counts: RowCounts;
  readonly issues: readonly IssueGroup[];
  readonly intervals: readonly RunInterval[];
  readonly content: ReportContent;
  readonly settings: readonly ReportSetting[];
  readonly files: readonly ReportFile[];
  readonly version: string;
}

/** What to do, with the command where there is one. */
export interface NextStep {
  readonly text: string;
  readonly command?: string;
}

/** A row about which somebody has to decide whom it means. */
export interface WaitingEntry {
  /** Line or row number. */
  readonly row: number;
  /** A code. */
  readonly reason: string;
  readonly message: string;
  /** Codes of the customers that it may mean. */
  readonly candidates: readonly string[];
  /** It was done as decided. */
  readonly isDone: boolean;
}

/** Something about the input that was noticed and did not stop the run. */
export interface InputWarning {
  readonly code: string;
  readonly columns: readonly string[];
  readonly count: number;
  /** The first rows; none when it is about the file. */
  readonly rows: readonly number[];
  readonly message: string;
}

/** What happened in one interval of the run. */
export interface RunInterval {
  readonly durationMs: number;
  readonly rows: number;
  readonly requests: number;
  readonly retries: number;
  readonly rateLimited: number;
  readonly medianMs?: number;
  readonly p95Ms?: number;
}

/** What the rows of the run contain, or why that is unknown. */
export type ReportContent =
  | {
      readonly kind: 'known';
      readonly rows: number;
      /** How many rows have a value in each field of the customer. */
      readonly fields: readonly { readonly field: string; readonly filled: number }[];
      /** Notices about the file as a whole. */
      readonly notices: readonly Issue[];
      /** Columns of the file, with only those values that many rows share. */
      readonly columns: readonly ColumnProfile[];
    }
  | { readonly kind: 'unknown'; readonly why: string };

export interface ReportSetting {
  readonly name: string;
  readonly value: string;
  readonly origin: string;
}

export interface ReportFile {
  readonly name: string;
  readonly path: string;
  /** Relative to the report, so that both can move together. */
  readonly link: string;
}

import type { RowCounts } from '#pipelines/model.js';
import type { ColumnProfile } from '#pipelines/quality/profile.js';
import type { IssueGroup } from '#src/results/issue-groups.js';

/** Everything that a report shows. Of a customer it has only what the reasons in the result file say. */
export interface ReportData {
  readonly run: string;
  readonly command: string;
  readonly mode: string | null;
  readonly status: string;
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

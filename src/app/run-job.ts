import type { ColumnLookup } from '#pipelines/import/send.js';
import type { CustomersApi, RunLedger } from '#pipelines/ports.js';
import type { DamageGroup } from '#pipelines/quality/damage-issue.js';
import type { RunControl } from '#pipelines/run-control.js';
import type { InputSource } from '#src/files/input-source.js';
import type { RunRecord } from '#src/ledger/runs.js';
import type { ChoicesByColumn, ResultPaths } from '#src/results/write-results.js';
import type { Connection } from './connect.js';
import type { RunObserver } from './run-summary.js';

/** What a run works through, and how. */
export interface RunJob {
  /** Absent where only doubts are settled and the input cannot be had any more. */
  readonly source?: InputSource;
  readonly rows: number;
  /** Only so many rows from the top are worked on. */
  readonly first?: number;
  /** Cells of the input that cannot be right, where somebody looked for them. */
  readonly findings?: readonly DamageGroup[];
  /** Where results and rejects go; nowhere when absent. */
  readonly paths: Partial<ResultPaths>;
  /** What cells of the input may say, for who mends them. */
  readonly allowed?: ChoicesByColumn;
  /** The field that carries a row's key, for reconciliation. */
  readonly stamp?: string;
  /** Set when customers are to be compared, once written, with what they were sent. */
  readonly verify?: ColumnLookup;
  /** Goes through the rows that are not settled; may be called again. */
  readonly work: (ports: WorkPorts) => Promise<void>;
}

export interface WorkPorts {
  readonly api: CustomersApi;
  readonly ledger: RunLedger;
  readonly control: RunControl;
  readonly connection: Connection;
  /** The job's source, read for the run and its result file at once. */
  readonly source?: InputSource;
}

export interface SettleOptions {
  /** How long after the last doubtful request a customer that cannot be found counts as never made. */
  readonly settleMs: number;
  readonly assumeAbsent: boolean;
}

export const defaultSettle: SettleOptions = { settleMs: 10_000, assumeAbsent: false };

export interface RunContext {
  readonly connection: Connection;
  readonly run: RunRecord;
  readonly ledger: RunLedger;
  readonly job: RunJob;
  readonly control: RunControl;
  readonly observer: RunObserver;
  readonly settle: SettleOptions;
}

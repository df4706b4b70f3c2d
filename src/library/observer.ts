import type { FindingGroup } from '#pipelines/damage/finding.js';
import type { RowCounts } from '#pipelines/outcome.js';
import type { Notice, SourceDetection } from '#pipelines/ports.js';

/** How far a run is, asked for as often as somebody wants to show it. */
export interface ProgressNow {
  readonly done: number;
  readonly total: number;
  readonly counts: RowCounts;
  /** Sent so far by this process, every attempt and every read counted. */
  readonly requests: number;
  /** Requests a second that are allowed; `Infinity` for no limit. */
  readonly ratePerSecond: number;
  /** Epoch milliseconds until which everybody waits because the API asked for a pause; 0 when nobody does. */
  readonly pausedUntilMs: number;
}

/** What a caller may want to know while a run goes on. Every method is optional; none may throw. */
export interface RunObserver {
  /** The input was opened: what it turned out to be. */
  readonly opened?: (input: {
    readonly file: string;
    readonly detected: SourceDetection;
    readonly rows: number;
  }) => void;
  readonly notice?: (notice: Notice) => void;
  /** Cells that cannot be right, a kind and a column at a time. */
  readonly finding?: (finding: FindingGroup) => void;
  /** Rows begin to go out; `progress` may be called until `ended`. */
  readonly started?: (run: string, progress: () => ProgressNow) => void;
  readonly ended?: () => void;
}

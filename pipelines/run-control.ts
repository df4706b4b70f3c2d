import { type RowCounts, type RowStatus, rowStatuses } from './model.js';

/** Why a run ends before its rows do. */
export type StopReason =
  | { readonly kind: 'signal'; readonly signal: 'SIGINT' | 'SIGTERM' }
  | { readonly kind: 'max_failures'; readonly failures: number; readonly rows: number }
  | { readonly kind: 'error'; readonly error: unknown };

/** How many rows may fail before something must be wrong with the file, the mapping or the API. */
export type FailureLimit =
  | { readonly kind: 'count'; readonly most: number }
  /** A share of the rows seen, looked at from row `from` on. */
  | { readonly kind: 'share'; readonly most: number; readonly from: number };

/** Steers one run: counts the outcomes of its rows and stops it, once, for the first reason. */
export class RunControl {
  readonly #abort = new AbortController();
  readonly #counts = Object.fromEntries(rowStatuses.map((status) => [status, 0])) as Record<RowStatus, number>;
  #seen = 0;
  #waiting = 0;
  #compared = 0;
  #reason: StopReason | undefined;

  constructor(public failureLimit?: FailureLimit) {}

  /** Fires when nothing new may be sent. */
  get stopping(): AbortSignal {
    return this.#abort.signal;
  }

  get reason(): StopReason | undefined {
    return this.#reason;
  }

  get counts(): RowCounts {
    return this.#counts;
  }

  /** Rows that have come past the stages before the wire. */
  get seen(): number {
    return this.#seen;
  }

  /**
   * Rows have come past the stages before the wire. The share of failures is taken of these, not of the settled ones:
   * an invalid row settles at once, and would weigh too much against the good ones that still wait for their turn.
   */
  noteSeen(rows: number): void {
    this.#seen += rows;
  }

  /** Written customers that were compared with what they were sent. */
  get compared(): number {
    return this.#compared;
  }

  noteCompared(): void {
    this.#compared += 1;
  }

  /** Whether rows that did not fail can be counted many at a time: no one of them could stop the run. */
  get canCountInBulk(): boolean {
    const { failureLimit: limit } = this;
    if (this.#failures() === 0 || limit?.kind !== 'share') return true;
    return this.#seen >= limit.from && !this.#tooManyFailures();
  }

  /** Counts many rows that did not fail. */
  countMany(status: RowStatus, rows: number): void {
    this.noteSeen(rows);
    this.#counts[status] += rows;
  }

  /** The rows are gone through once more from the first: what is settled counts again. */
  restart(): void {
    this.#seen = 0;
    this.#waiting = 0;
    for (const status of rowStatuses) this.#counts[status] = 0;
  }

  stop(reason: StopReason): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    this.#abort.abort(new Error('The run is stopping.'));
  }

  /** Counts a status in the place of another one, by what was found out later: never a reason to stop. */
  correct(status: RowStatus, was: RowStatus | undefined): void {
    if (was !== undefined) this.#counts[was] -= 1;
    this.#counts[status] += 1;
  }

  /**
   * Counts a row's outcome.
   *
   * @param isWaiting - a person has to decide about it, which says nothing against the file
   */
  count(status: RowStatus, isWaiting = false): void {
    this.#counts[status] += 1;
    if (isWaiting) this.#waiting += 1;
    if (this.#tooManyFailures()) this.stop({ kind: 'max_failures', failures: this.#failures(), rows: this.#seen });
  }

  #failures(): number {
    return this.#counts.invalid - this.#waiting + this.#counts.rejected + this.#counts.failed;
  }

  #tooManyFailures(): boolean {
    const limit = this.failureLimit;
    if (limit === undefined) return false;
    if (limit.kind === 'count') return this.#failures() > limit.most;
    return this.#seen >= limit.from && this.#failures() > limit.most * this.#seen;
  }
}

/** Where a share of the rows begins to say something. */
const shareFromRow = 300;

/** Reads `n` rows or `p%` of them. @returns `undefined` when it is neither */
export function parseFailureLimit(text: string): FailureLimit | undefined {
  const parts = /^(\d+(?:\.\d+)?)(%?)$/.exec(text);
  const amount = Number(parts?.[1]);
  if (parts === null || (parts[2] === '%' ? amount > 100 : !Number.isInteger(amount))) return undefined;
  if (parts[2] !== '%') return { kind: 'count', most: amount };
  return { kind: 'share', most: amount / 100, from: shareFromRow };
}

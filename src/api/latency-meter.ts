/** How long answers took since the meter was last read. Milliseconds. */
export interface LatencyReading {
  readonly answers: number;
  readonly medianMs: number;
  /** All but one in twenty were faster. */
  readonly slowMs: number;
}

/** More than these say no more about the middle and the slow end, and would only cost memory. */
const mostKept = 2000;

/** Collects how long answers take, retries counted one by one and waiting for the pace left out. */
export class LatencyMeter {
  #kept: number[] = [];
  #answers = 0;

  note(ms: number): void {
    if (this.#kept.length < mostKept) this.#kept.push(ms);
    // Later ones take the place of earlier ones in turn, so that a long time is not judged by its beginning.
    else this.#kept[this.#answers % mostKept] = ms;
    this.#answers += 1;
  }

  /** Reads the meter and begins anew; `undefined` when nothing was answered. */
  take(): LatencyReading | undefined {
    if (this.#answers === 0) return undefined;
    const sorted = this.#kept.sort((one, other) => one - other);
    const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
    const reading = { answers: this.#answers, medianMs: at(0.5), slowMs: at(0.95) };
    this.#kept = [];
    this.#answers = 0;
    return reading;
  }
}

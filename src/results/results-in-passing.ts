import type { Row } from '#pipelines/model.js';
import type { LedgerRow, RowSource, RunLedger } from '#pipelines/ports.js';
import {
  joinOutcomes,
  type NotReached,
  type ResultLine,
  type ResultsWritten,
  type ResultTargets,
  writeResultLines,
} from './write-results.js';

/** Rows that wait for their outcomes, in batches: some 10,000 rows of a file that is read in batches of 500. */
const maxBatchesWaiting = 20;

/** A row in doubt may be settled, and a failed one may be sent again, before the run ends. */
const openStates: ReadonlySet<LedgerRow['state']> = new Set(['intent', 'in_doubt', 'failed'] as const);

/**
 * Writes the result file of a run while its rows are read for the run itself, so that the input is not read again for it.
 * Rows are held until the ledger has their outcomes. Only where too many have to wait, as behind a row in doubt, the rest
 * is read from the input at the end of the run.
 */
export class ResultsInPassing {
  readonly #source: RowSource;
  readonly #ledger: RunLedger;
  readonly #write: (() => Promise<ResultsWritten>) | undefined;
  #written: Promise<ResultsWritten> | undefined;
  /** The reading that the run and the result file share. */
  #reading: AsyncIterator<readonly Row[]> | undefined;
  readonly #waiting: (readonly Row[])[] = [];
  /** Index of the first row that was not kept, once too many waited. */
  #firstDropped: number | undefined;
  #notReached: NotReached | undefined;
  #hasFailed = false;
  #isDiscarded = false;
  /** Lets the writer look again at what waits. */
  #wake: () => void = () => undefined;
  /** Lets the reader continue, once the writer has taken a batch or failed. */
  #taken: () => void = () => undefined;

  constructor(source: RowSource, ledger: RunLedger, run: string, targets: ResultTargets) {
    this.#source = source;
    this.#ledger = ledger;
    const { paths } = targets;
    const isWanted = paths.results !== undefined || paths.rejects !== undefined;
    this.#write = isWanted ? () => writeResultLines(this.#lines(), source, run, targets) : undefined;
  }

  /** The rows of the input, for the run. Only the first call is also for the result file. */
  async *batches(): AsyncGenerator<readonly Row[]> {
    if (this.#reading !== undefined || this.#write === undefined) {
      yield* this.#source.batches();
      return;
    }
    this.#reading = this.#source.batches()[Symbol.asyncIterator]();
    this.#start();
    for (let next = await this.#reading.next(); next.done !== true; next = await this.#reading.next()) {
      await this.#keep(next.value);
      yield next.value;
    }
  }

  /**
   * Completes the result file.
   *
   * @param notReached - the outcome of rows that the run did not come to
   * @throws whatever kept the file from being written, whenever that was
   */
  async finish(notReached: NotReached): Promise<ResultsWritten> {
    this.#notReached = notReached;
    try {
      const written = this.#start();
      this.#wake();
      return await written;
    } finally {
      await this.#reading?.return?.();
    }
  }

  /** Writes no result file after all. */
  async discard(): Promise<void> {
    this.#isDiscarded = true;
    this.#wake();
    await this.#written?.catch(() => undefined);
    await this.#reading?.return?.();
  }

  #start(): Promise<ResultsWritten> {
    if (this.#written === undefined) {
      this.#written = this.#write?.() ?? Promise.resolve({ notices: [] });
      // Reported by `finish`; until then it must neither end the process nor the run.
      this.#written.catch(() => {
        this.#hasFailed = true;
        this.#waiting.length = 0;
        this.#taken();
      });
    }
    return this.#written;
  }

  async #keep(batch: readonly Row[]): Promise<void> {
    while (this.#waiting.length >= maxBatchesWaiting && this.#isReady(this.#waiting[0]) && !this.#hasFailed)
      await new Promise<void>((resolve) => {
        this.#taken = resolve;
        this.#wake();
      });
    if (this.#hasFailed) return;
    if (this.#waiting.length >= maxBatchesWaiting) this.#firstDropped ??= batch[0]?.index;
    if (this.#firstDropped === undefined) this.#waiting.push(batch);
    this.#wake();
  }

  /** Whether all rows have outcomes that nothing in this run can change any more. */
  #isReady(batch: readonly Row[] | undefined): boolean {
    const [first, last] = [batch?.[0], batch?.at(-1)];
    if (batch === undefined || first === undefined || last === undefined) return true;
    let final = 0;
    for (const [state, rows] of this.#ledger.countStatesBetween(first.index, last.index))
      if (!openStates.has(state)) final += rows;
    return final === batch.length;
  }

  async *#lines(): AsyncGenerator<readonly ResultLine[]> {
    while (this.#notReached === undefined || this.#waiting.length > 0) {
      // What was written so far is taken away again where the error arrives.
      if (this.#isDiscarded) throw new Error('The result file is not wanted any more.');
      const batch = this.#waiting[0];
      if (batch !== undefined && (this.#notReached !== undefined || this.#isReady(batch))) {
        this.#waiting.shift();
        this.#taken();
        yield joinOutcomes(batch, this.#ledger, this.#notReached);
      } else
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
    }
    for await (const batch of this.#readRest()) yield joinOutcomes(batch, this.#ledger, this.#notReached);
  }

  /** The rows that were not kept. */
  async *#readRest(): AsyncGenerator<readonly Row[]> {
    const first = this.#firstDropped;
    if (this.#reading === undefined) yield* this.#source.batches();
    else if (first === undefined)
      for (let next = await this.#reading.next(); next.done !== true; next = await this.#reading.next())
        yield next.value;
    else {
      await this.#reading.return?.();
      for await (const batch of this.#source.batches()) {
        const rest = batch.filter(({ index }) => index >= first);
        if (rest.length > 0) yield rest;
      }
    }
  }
}

import pLimit from 'p-limit';

/** How much of a stream is worked on at once. */
export interface ConcurrencyBounds {
  /** Items worked on at the same time. */
  readonly concurrency: number;
  /** Items pulled from the stream and not finished, at most: nothing is pulled before there is room. */
  readonly maxAhead: number;
  /** When it fires, no further item is started; those in progress are finished. */
  readonly stopping: AbortSignal;
}

/**
 * Calls `work` for every item of a stream, several at once, in the order of the stream.
 *
 * @param batches - a list that is there already is `[items]`
 * @throws the first error of `work`, after everything in progress has ended
 */
export async function forEachConcurrently<T>(
  batches: AsyncIterable<readonly T[]> | Iterable<readonly T[]>,
  { concurrency, maxAhead, stopping }: ConcurrencyBounds,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const limit = pLimit(concurrency);
  const tasks = new TaskGroup();
  const isOver = () => stopping.aborted || tasks.hasFailed;
  try {
    for await (const batch of batches)
      for (const item of batch) {
        if (isOver()) return;
        tasks.add(limit(async () => (isOver() ? undefined : work(item))));
        await tasks.waitUntilFewerThan(maxAhead);
      }
  } finally {
    // Also when the stream itself fails: what was started is finished and settled.
    await tasks.join();
  }
}

/** Turns every item of a list into another, several at once; the results are in the order of the items. */
export function mapConcurrently<T, R>(
  items: readonly T[],
  concurrency: number,
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  return pLimit(concurrency).map(items, work);
}

/**
 * Turns every item of a stream into another, several at once, and yields what comes of them in the order of the items.
 * An item that turns into nothing is left out.
 *
 * @throws the first error of `work`, once its turn has come
 */
export async function* mapInOrder<T, R>(
  batches: AsyncIterable<readonly T[]>,
  { concurrency, maxAhead }: Omit<ConcurrencyBounds, 'stopping'>,
  work: (item: T) => Promise<R | undefined>,
): AsyncGenerator<readonly R[]> {
  const limit = pLimit({ concurrency, rejectOnClear: true });
  const results: Promise<R | undefined>[] = [];
  try {
    for await (const batch of batches)
      for (const item of batch) {
        const result = limit(work, item);
        // Nothing more is started; earlier items continue, and the error is thrown when its turn comes.
        result.catch(() => limit.clearQueue());
        results.push(result);
        if (results.length >= maxAhead) yield* yieldPresent(await results.shift());
      }
    while (results.length > 0) yield* yieldPresent(await results.shift());
  } finally {
    limit.clearQueue();
    await Promise.allSettled(results);
  }
}

function* yieldPresent<R>(item: R | undefined): Generator<readonly R[]> {
  if (item !== undefined) yield [item];
}

/**
 * Makes tasks with the same key wait for each other, in the order in which they were added; a task without a key does
 * not wait.
 */
export class KeyedQueue {
  readonly #lastByKey = new Map<string, Promise<void>>();

  async add(key: string | undefined, task: () => Promise<void>): Promise<void> {
    if (key === undefined) return task();
    const previous = this.#lastByKey.get(key);
    const current = previous === undefined ? task() : previous.then(task, task);
    this.#lastByKey.set(key, current);
    try {
      await current;
    } finally {
      if (this.#lastByKey.get(key) === current) this.#lastByKey.delete(key);
    }
  }
}

/** Tasks that run side by side and are waited for together. */
export class TaskGroup {
  #running = 0;
  readonly #errors: unknown[] = [];
  // One waiter, woken by whatever ends next: racing hundreds of promises for every task costs more than the tasks.
  #wake = () => {};

  get hasFailed(): boolean {
    return this.#errors.length > 0;
  }

  /** Takes over a task that has started. @throws the first error of an earlier task, so that no more are started */
  add(task: Promise<void>): void {
    this.#running += 1;
    task.then(
      () => this.#end(),
      (error: unknown) => {
        this.#errors.push(error);
        this.#end();
      },
    );
    this.#throwFirstError();
  }

  /** Waits until fewer than `count` tasks are running. */
  async waitUntilFewerThan(count: number): Promise<void> {
    while (this.#running >= count) await new Promise<void>((resolve) => (this.#wake = resolve));
  }

  /** Waits for all tasks. @throws the first error */
  async join(): Promise<void> {
    await this.waitUntilFewerThan(1);
    this.#throwFirstError();
  }

  #throwFirstError(): void {
    if (this.hasFailed) throw this.#errors[0];
  }

  #end(): void {
    this.#running -= 1;
    this.#wake();
  }
}

import pLimit from 'p-limit';

interface ConcurrencyBounds {
  /** Items worked on at once. */
  readonly concurrency: number;
  /** Items pulled from the source and not finished, at most: nothing is pulled before there is room. */
  readonly itemsAhead: number;
  /** When it fires, no further item is begun; those under way are finished. */
  readonly stopping: AbortSignal;
}

/** What is done to an item before its turn comes, so that the turn itself is short. */
export interface Preparation<T> {
  /** How many items may be ready, or getting ready, besides those worked on. */
  ahead(): number;
  prepare(item: T): Promise<void>;
  /** The item is prepared and will not be worked on after all. */
  takeBack(item: T): Promise<void>;
}

/**
 * Works on every item of a stream, several at once, in the order in which they come.
 *
 * @throws the first error of `work` or of the preparation, after everything under way has ended
 */
export async function forEachConcurrently<T>(
  batches: AsyncIterable<readonly T[]>,
  bounds: ConcurrencyBounds,
  work: (item: T) => Promise<void>,
  preparation?: Preparation<T>,
): Promise<void> {
  const limit = pLimit(bounds.concurrency);
  const errors: unknown[] = [];
  const over = () => bounds.stopping.aborted || errors.length > 0;
  // What is being prepared is on disk already, or soon: no more of it than is told.
  const most = () => (preparation === undefined ? bounds.itemsAhead : bounds.concurrency + preparation.ahead());
  let underWay = 0;
  let wake = () => {};
  // One waiter, woken by whatever ends next: racing hundreds of promises for every item costs more than the items.
  const oneEnds = () => new Promise<void>((resolve) => (wake = resolve));

  async function inTurn(item: T): Promise<void> {
    if (preparation === undefined) return limit(async () => (over() ? undefined : work(item)));
    await preparation.prepare(item);
    return limit(() => (over() ? preparation.takeBack(item) : work(item)));
  }

  function ended(): void {
    underWay -= 1;
    wake();
  }

  function failed(error: unknown): void {
    errors.push(error);
    ended();
  }

  function begin(item: T): void {
    underWay += 1;
    void inTurn(item).then(ended, failed);
  }

  try {
    for await (const batch of batches) {
      for (const item of batch) {
        if (over()) break;
        begin(item);
        while (underWay >= most()) await oneEnds();
      }
      if (over()) break;
    }
  } finally {
    // Also when the source itself fails: what was begun is finished and settled.
    while (underWay > 0) await oneEnds();
  }
  if (errors.length > 0) throw errors[0];
}

/**
 * Turns every item of a stream into another, several at once, and yields what comes of them in the order of the items.
 * An item that turns into nothing is left out.
 *
 * @throws the first error of `work`, once its turn has come
 */
export async function* mapInOrder<T, R>(
  batches: AsyncIterable<readonly T[]>,
  { concurrency, itemsAhead }: Pick<ConcurrencyBounds, 'concurrency' | 'itemsAhead'>,
  work: (item: T) => Promise<R | undefined>,
): AsyncGenerator<readonly R[]> {
  const limit = pLimit({ concurrency, rejectOnClear: true });
  const underWay: Promise<R | undefined>[] = [];
  try {
    for await (const batch of batches)
      for (const item of batch) {
        const made = limit(work, item);
        // Nothing more is begun; what came before goes on, and the error is thrown in its turn.
        made.catch(() => limit.clearQueue());
        underWay.push(made);
        if (underWay.length >= itemsAhead) yield* yieldPresent(await underWay.shift());
      }
    while (underWay.length > 0) yield* yieldPresent(await underWay.shift());
  } finally {
    limit.clearQueue();
    await Promise.allSettled(underWay);
  }
}

function* yieldPresent<R>(item: R | undefined): Generator<readonly R[]> {
  if (item !== undefined) yield [item];
}

/**
 * Makes pieces of work with the same name wait for each other, in the order in which they were asked for; work without
 * a name, or with one that nobody else has, does not wait.
 */
export function createKeyedQueue(): (name: string | undefined, work: () => Promise<void>) => Promise<void> {
  const last = new Map<string, Promise<void>>();
  return async (name, work) => {
    if (name === undefined) return work();
    const before = last.get(name);
    const mine = before === undefined ? work() : before.then(work, work);
    last.set(name, mine);
    try {
      await mine;
    } finally {
      if (last.get(name) === mine) last.delete(name);
    }
  };
}

/** Work that is begun and not waited for at once. */
export interface TaskGroup {
  /** @throws the first error of what was left before, so that its maker stops, too */
  add(work: Promise<void>): void;
  /** Waits for all of it. @throws the first error */
  join(): Promise<void>;
}

export function createTaskGroup(): TaskGroup {
  const errors: unknown[] = [];
  let underWay = 0;
  let wake = () => {};
  const done = () => {
    underWay -= 1;
    wake();
  };
  const failed = (error: unknown) => {
    errors.push(error);
    done();
  };
  return {
    add(work) {
      underWay += 1;
      void work.then(done, failed);
      if (errors.length > 0) throw errors[0];
    },
    async join() {
      while (underWay > 0) await new Promise<void>((resolve) => (wake = resolve));
      if (errors.length > 0) throw errors[0];
    },
  };
}

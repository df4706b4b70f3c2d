import type { Database } from './open-database.js';

interface QueuedChange<T> {
  readonly change: T;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** How long a change that nothing waits for may wait for others to share its commit. */
const maxBatchingMs = 3;

/**
 * Lets changes share one transaction, since its sync to disk is what costs time. A promise resolves when its change is on
 * disk; changes are made in the order in which they were asked for. When one fails, nothing of its group is left.
 */
export class GroupCommit<T> {
  #queue: QueuedChange<T>[] = [];
  #isCommitDue = false;
  #timer: NodeJS.Timeout | undefined;

  /** @param apply - makes the changes, within a transaction */
  constructor(
    readonly database: Database,
    readonly apply: (changes: readonly T[]) => void,
  ) {}

  /** For a change that a request waits for: committed with all others of this turn of the event loop. */
  write(change: T): Promise<void> {
    if (!this.#isCommitDue) {
      this.#isCommitDue = true;
      setImmediate(() => this.#commit());
    }
    return this.#enqueue(change);
  }

  /** For a change that nothing waits for: committed with the next one that is urgent, or after a few milliseconds. */
  writeBatched(change: T): Promise<void> {
    if (!this.#isCommitDue) this.#timer ??= setTimeout(() => this.#commit(), maxBatchingMs);
    return this.#enqueue(change);
  }

  #enqueue(change: T): Promise<void> {
    return new Promise((resolve, reject) => this.#queue.push({ change, resolve, reject }));
  }

  #commit(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#isCommitDue = false;
    const group = this.#queue;
    this.#queue = [];
    if (group.length === 0) return;
    try {
      this.database.transaction(() => this.apply(group.map(({ change }) => change)));
    } catch (error) {
      for (const { reject } of group) reject(error);
      return;
    }
    for (const { resolve } of group) resolve();
  }
}

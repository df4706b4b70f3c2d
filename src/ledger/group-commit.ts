import type { Database } from '../sqlite/open-database.js';

interface Queued {
  readonly write: () => void;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** How long a write that nobody is held up by waits for company. */
const companyMs = 3;

/**
 * Lets writes share one synced commit, since the sync is what costs. A write's promise resolves when it is on disk;
 * writes are done in the order in which they were asked for.
 */
export class GroupCommit {
  #queue: Queued[] = [];
  #isCommitNear = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(readonly database: Database) {}

  /** For what a request waits for: on disk with all that is asked for in this turn of the event loop. */
  write(write: () => void): Promise<void> {
    if (!this.#isCommitNear) {
      this.#isCommitNear = true;
      setImmediate(() => this.#commit());
    }
    return this.#enqueue(write);
  }

  /** For what nothing waits for: on disk with the next urgent write, or after a few milliseconds. */
  writeInCompany(write: () => void): Promise<void> {
    this.#timer ??= setTimeout(() => this.#commit(), companyMs);
    return this.#enqueue(write);
  }

  #enqueue(write: () => void): Promise<void> {
    return new Promise((resolve, reject) => this.#queue.push({ write, resolve, reject }));
  }

  #commit(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#isCommitNear = false;
    const group = this.#queue;
    this.#queue = [];
    if (group.length === 0) return;
    try {
      this.database.transaction(() => {
        for (const queued of group) queued.write();
      });
    } catch (error) {
      for (const queued of group) queued.reject(error);
      return;
    }
    for (const queued of group) queued.resolve();
  }
}

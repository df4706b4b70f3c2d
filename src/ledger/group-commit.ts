import type { Database } from '../sqlite/open-database.js';

interface Queued {
  readonly write: () => void;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Lets all writes that are asked for in one turn of the event loop share one synced commit, since the sync is what
 * costs. A write's promise resolves when it is on disk.
 */
export class GroupCommit {
  #queue: Queued[] = [];

  constructor(readonly database: Database) {}

  write(write: () => void): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#queue.length === 0) setImmediate(() => this.#commit());
      this.#queue.push({ write, resolve, reject });
    });
  }

  #commit(): void {
    const group = this.#queue;
    this.#queue = [];
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

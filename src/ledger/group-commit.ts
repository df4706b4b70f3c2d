import type { Database } from '../sqlite/open-database.js';

interface Queued {
  readonly write: () => void;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** What every commit begins and ends with, in the same transaction. */
export interface Frame {
  begin(): void;
  end(): void;
}

/** How long a write that nobody is held up by waits for company. */
const companyMs = 3;

/**
 * Lets writes share one synced commit, since the sync is what costs. A write's promise resolves when it is on disk;
 * writes are done in the order in which they were asked for. While the disk is busy with one group, the next gathers.
 */
export class GroupCommit {
  #queue: Queued[] = [];
  #isUrgent = false;
  #isCommitNear = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    readonly database: Database,
    readonly frame?: Frame,
  ) {}

  /** For what a request waits for: on disk with all that is asked for in this turn of the event loop. */
  write(write: () => void): Promise<void> {
    this.#isUrgent = true;
    this.#commitSoon();
    return this.#enqueue(write);
  }

  /** For what nothing waits for: on disk with the next urgent write, or after a few milliseconds. */
  writeInCompany(write: () => void): Promise<void> {
    this.#commitInTime();
    return this.#enqueue(write);
  }

  #enqueue(write: () => void): Promise<void> {
    return new Promise((resolve, reject) => this.#queue.push({ write, resolve, reject }));
  }

  #commitSoon(): void {
    if (this.#isCommitNear) return;
    this.#isCommitNear = true;
    setImmediate(() => this.#commit());
  }

  #commitInTime(): void {
    if (this.#isCommitNear) return;
    this.#timer ??= setTimeout(() => {
      this.#isCommitNear = true;
      void this.#commit();
    }, companyMs);
  }

  async #commit(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const group = this.#queue;
    this.#queue = [];
    this.#isUrgent = false;
    try {
      this.database.transactionUnsynced(() => {
        this.frame?.begin();
        for (const queued of group) queued.write();
        this.frame?.end();
      });
      await this.database.sync();
      for (const queued of group) queued.resolve();
    } catch (error) {
      for (const queued of group) queued.reject(error);
    }
    this.#isCommitNear = false;
    if (this.#isUrgent) this.#commitSoon();
    else if (this.#queue.length > 0) this.#commitInTime();
  }
}

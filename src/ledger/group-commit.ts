import type { ScriptRunner } from '#src/sqlite/script-runner.js';

interface Queued<T> {
  readonly change: T;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** How long a write that nobody is held up by waits for company. */
const companyMs = 3;

/**
 * Lets writes share one synced commit, since the sync is what costs. A write's promise resolves when it is on disk;
 * writes are done in the order in which they were asked for. While the disk is busy with one group, the next gathers.
 */
export class GroupCommit<T> {
  #queue: Queued<T>[] = [];
  #isUrgent = false;
  #isCommitNear = false;
  #timer: NodeJS.Timeout | undefined;

  /** @param statementsFor - the SQL that makes these changes, in their order */
  constructor(
    readonly scripts: ScriptRunner,
    readonly statementsFor: (changes: readonly T[]) => string,
  ) {}

  /** For what a request waits for: on disk with all that is asked for in this turn of the event loop. */
  write(change: T): Promise<void> {
    this.#isUrgent = true;
    this.#commitSoon();
    return this.#enqueue(change);
  }

  /** For what nothing waits for: on disk with the next urgent write, or after a few milliseconds. */
  writeInCompany(change: T): Promise<void> {
    this.#commitInTime();
    return this.#enqueue(change);
  }

  #enqueue(change: T): Promise<void> {
    return new Promise((resolve, reject) => this.#queue.push({ change, resolve, reject }));
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
      await this.scripts.transaction(this.statementsFor(group.map(({ change }) => change)));
      for (const queued of group) queued.resolve();
    } catch (error) {
      for (const queued of group) queued.reject(error);
    }
    this.#isCommitNear = false;
    if (this.#isUrgent) this.#commitSoon();
    else if (this.#queue.length > 0) this.#commitInTime();
  }
}

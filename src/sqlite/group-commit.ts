import Driver from 'libsql/promise';
import { type Durability, pragmas } from './open-database.js';

/** A second connection to a file, whose work is done beside the event loop, in a thread of the driver's own. */
export interface ScriptRunner {
  /**
   * Runs statements as one transaction, after those that were asked for before; resolves when it is committed, as durably
   * as the connection was asked to be. Of statements of which one fails, nothing is left.
   *
   * @throws also what was still waiting when the runner was closed
   */
  transaction(statements: string): Promise<void>;
  close(): void;
}

interface ScriptRunnerOptions {
  /** @default full */
  readonly durability?: Durability;
  /** Called when the driver's thread has been given a script. */
  readonly onHandedOver?: () => void;
}

/** Whoever has the file locked is waited for so long: nobody is held up meanwhile. */
const lockWaitMs = 60_000;

/**
 * Makes a runner for an existing SQLite file; it connects with its first script. A whole transaction is one call, since
 * another connection of this process may wait for its lock while the event loop stands still: nothing could be called
 * then that ends it.
 */
export function scriptRunner(
  path: string,
  { durability = 'full', onHandedOver }: ScriptRunnerOptions = {},
): ScriptRunner {
  let driver: Driver | undefined;
  let isClosed = false;
  let last: Promise<unknown> = Promise.resolve();

  async function connected(): Promise<Driver> {
    if (isClosed) throw new Error(`${path} is closed already.`);
    if (driver !== undefined) return driver;
    const opened = new Driver(path, { timeout: lockWaitMs });
    await opened.exec(pragmas(durability));
    driver = opened;
    return opened;
  }

  async function run(before: Promise<unknown>, statements: string): Promise<void> {
    await before;
    const connection = await connected();
    try {
      const committed: Promise<void> = connection.exec(`BEGIN IMMEDIATE;${statements};COMMIT`);
      onHandedOver?.();
      await committed;
    } catch (error) {
      // On a full disk SQLite has done so by itself, and then there is nothing to roll back.
      await connection.exec('ROLLBACK').catch(() => undefined);
      throw error;
    }
  }

  return {
    transaction(statements) {
      const done = run(last, statements);
      last = done.catch(() => undefined);
      return done;
    },
    close() {
      isClosed = true;
      driver?.close();
    },
  };
}

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
  writeBatched(change: T): Promise<void> {
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

import type { Database } from '#src/sqlite/open-database.js';

/**
 * One transaction for all writes of a turn of the event loop: under load, a commit per request costs more than
 * everything else that the sandbox does for it.
 */
export interface CommitGroup {
  /**
   * Every write, and every read that a write depends on, calls this first: it begins the transaction if none is open,
   * and keeps out other processes that serve the same file.
   *
   * @returns the transaction's number: with a new one, others may have written in between
   */
  join(): number;
  /** Calls back once all writes so far are on disk, at once when none is open; `failure` when they are not. */
  whenDurable(done: (failure?: unknown) => void): void;
  /** Commits now; for callers that cannot wait for the turn's end. */
  flush(): void;
}

export function commitGroup(database: Database): CommitGroup {
  const begin = database.prepare('BEGIN IMMEDIATE');
  const commit = database.prepare('COMMIT');
  let isOpen = false;
  let begun = 0;
  let waiting: ((failure?: unknown) => void)[] = [];

  const end = (): unknown => {
    try {
      commit.run();
      return undefined;
    } catch (failure) {
      rollBack(database);
      return failure;
    }
  };
  const flush = () => {
    if (!isOpen) return;
    isOpen = false;
    const failure = end();
    const settled = waiting;
    waiting = [];
    for (const done of settled) done(failure);
  };

  return {
    join() {
      if (isOpen) return begun;
      begin.run();
      isOpen = true;
      setImmediate(flush);
      begun += 1;
      return begun;
    },
    whenDurable(done) {
      if (isOpen) waiting.push(done);
      else done();
    },
    flush,
  };
}

function rollBack(database: Database): void {
  try {
    database.exec('ROLLBACK');
  } catch {
    // On a full disk SQLite has done so by itself, and then there is nothing to roll back.
  }
}

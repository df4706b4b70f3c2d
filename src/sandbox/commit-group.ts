import type { Database } from '../sqlite/open-database.js';

/**
 * One transaction for all writes of a turn of the event loop: under load, a commit per request costs more than
 * everything else that the sandbox does for it.
 */
export interface CommitGroup {
  /** Every write calls this first: it begins the transaction if none is open. */
  join(): void;
  /** Calls back once all writes so far are on disk, at once when none is open; `failure` when they are not. */
  whenDurable(done: (failure?: unknown) => void): void;
  /** Commits now; for callers that cannot wait for the turn's end. */
  flush(): void;
}

export function commitGroup(database: Database): CommitGroup {
  const begin = database.prepare('BEGIN IMMEDIATE');
  const commit = database.prepare('COMMIT');
  let isOpen = false;
  let waiting: ((failure?: unknown) => void)[] = [];

  const end = (): unknown => {
    try {
      commit.run();
      return undefined;
    } catch (failure) {
      database.exec('ROLLBACK');
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
      if (isOpen) return;
      begin.run();
      isOpen = true;
      setImmediate(flush);
    },
    whenDurable(done) {
      if (isOpen) waiting.push(done);
      else done();
    },
    flush,
  };
}

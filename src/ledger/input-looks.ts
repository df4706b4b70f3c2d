import type { Database } from '#src/sqlite/open-database.js';

/** What a run's first process learned of its input by reading it whole, for the processes that go on with the run. */
export interface InputLooks {
  /** @param look - kept as JSON */
  keep(run: number, look: object): void;
  /** As it was kept; `undefined` when it was not. */
  of(run: number): unknown;
}

export function inputLooks(database: Database): InputLooks {
  const insert = database.prepare('INSERT OR REPLACE INTO input_looks (run, look) VALUES (?, ?)');
  const select = database.prepare('SELECT look FROM input_looks WHERE run = ?');
  return {
    keep(run, look) {
      insert.run(run, JSON.stringify(look));
    },
    of(run) {
      const look = select.get(run)?.look;
      return typeof look === 'string' ? JSON.parse(look) : undefined;
    },
  };
}

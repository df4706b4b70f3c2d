import type { CommitGroup } from '#src/sandbox/commit-group.js';
import type { Database } from '#src/sqlite/open-database.js';

/** Counts customers up; a number is never given twice, not even after the last customer was deleted. */
export interface CustomerNumbers {
  take(): number;
  /** Has to come before a customer is deleted. */
  remember(): void;
  restart(): void;
}

const lastNumberSql = `SELECT max(
  coalesce((SELECT max(number) FROM customers), 0),
  coalesce((SELECT value FROM counters WHERE name = 'lastNumber'), 0)
) AS n`;

export function customerNumbers(database: Database, group: CommitGroup): CustomerNumbers {
  const selectLast = database.prepare(lastNumberSql);
  const saveLast = database.prepare(`INSERT OR REPLACE INTO counters SELECT 'lastNumber', n FROM (${lastNumberSql})`);
  let lastNumber = 0;
  let countedIn = 0;
  return {
    take() {
      const transaction = group.join();
      if (transaction !== countedIn) lastNumber = Number(selectLast.get()?.n);
      countedIn = transaction;
      lastNumber += 1;
      return lastNumber;
    },
    remember() {
      group.join();
      saveLast.run();
    },
    restart() {
      group.join();
      database.exec('DELETE FROM counters');
      countedIn = 0;
    },
  };
}

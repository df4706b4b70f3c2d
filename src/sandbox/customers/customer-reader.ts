import type { Customer } from '#pipelines/customer.js';
import type { Database, SqlValue } from '#src/sqlite/open-database.js';
import { numberOfCode, numberOfId } from './customer-identity.js';
import { joinViews } from './customer-views.js';

/** Reads customers in full, as JSON texts. */
export interface CustomerReader {
  textOf(idOrCode: string): string | undefined;
  textOfNumber(number: number): string | undefined;
  /** Every customer in order of code, read in blocks so that other requests get their turn between. */
  texts(): IterableIterator<string>;
}

const blockSize = 1000;

export function customerReader(database: Database): CustomerReader {
  const select = database.prepare('SELECT flat, deep FROM customers WHERE number = ?');
  const selectBlock = database.prepare(
    'SELECT number, flat, deep FROM customers WHERE number > ? ORDER BY number LIMIT ?',
  );
  const textOfNumber = (number: number) => {
    const row = select.get(number);
    return row === undefined ? undefined : textOfRow(row);
  };
  return {
    textOfNumber,
    textOf(idOrCode) {
      const byCode = numberOfCode(idOrCode);
      if (byCode !== undefined) return textOfNumber(byCode);
      const byId = numberOfId(idOrCode);
      const text = byId === undefined ? undefined : textOfNumber(byId);
      // The id's last group leads to one customer; whether it is the one meant, the other groups say.
      return text !== undefined && (JSON.parse(text) as Customer).customerId === idOrCode.toLowerCase()
        ? text
        : undefined;
    },
    *texts() {
      let after = 0;
      for (;;) {
        const block = selectBlock.all(after, blockSize);
        for (const row of block) yield textOfRow(row);
        if (block.length < blockSize) return;
        after = Number(block.at(-1)?.number);
      }
    },
  };
}

function textOfRow(row: Record<string, SqlValue>): string {
  return joinViews({ flat: String(row.flat), deep: String(row.deep) });
}

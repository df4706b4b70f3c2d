import type { LeaverEntry, LedgerRow, LinkedCustomer, RunLedger } from '#pipelines/ports.js';
import type { Database, SqlValue } from '#src/sqlite/open-database.js';
import { isRowOutcome, readStoredJson } from './damaged-ledger.js';
import type { RowBlocks } from './row-blocks.js';

type LeaverQueries = Pick<RunLedger, 'linkedCustomers' | 'rowIdentities' | 'leaverEntries'>;

/** What finding customers that are in no row of a file needs of the ledger. Each list is read to its end at once. */
export function openLeaverQueries(database: Database, blocks: RowBlocks, run: number): LeaverQueries {
  // The separator of source and key is character 31.
  const withoutSource = database.prepare(
    'SELECT key, customer_code FROM crosswalk WHERE instr(key, char(31)) = 0 ORDER BY key',
  );
  const ofSource = database.prepare(
    'SELECT key, customer_code FROM crosswalk WHERE key > ? || char(31) AND key < ? || char(32) ORDER BY key',
  );
  const identities = database.prepare(`SELECT key, customer_code,
      CASE WHEN state = 'invalid' AND instr(outcome, '"candidates"') > 0 THEN outcome END AS waiting
    FROM rows WHERE run = ? AND idx < ?
      AND NOT (state = 'skipped' AND ifnull(json_extract(outcome, '$.reason.code'), '') = 'NOT_A_CUSTOMER')`);
  const behind = database.prepare(`SELECT idx, state, key, customer_code, json_extract(outcome, '$.errorCode') AS code
    FROM rows WHERE run = ? AND idx >= ? ORDER BY idx`);
  return {
    linkedCustomers: (source) =>
      (source === undefined ? withoutSource.all() : ofSource.all(source, source)).map(toLinked),
    *rowIdentities(rows) {
      for (const { key, customer_code: code, waiting } of identities.iterate(run, rows))
        yield {
          key: key === null ? undefined : String(key),
          customerCodes: [...(code === null ? [] : [String(code)]), ...readCandidates(waiting)],
        };
      for (const { key, customerCode } of blocks.between(run, 0, rows - 1))
        yield { key, customerCodes: [customerCode] };
    },
    leaverEntries: (rows) => {
      const unchanged = blocks.between(run, rows, Number.MAX_SAFE_INTEGER).map(
        ({ index, key, customerCode }): LeaverEntry => ({
          index,
          state: 'unchanged',
          key: String(key),
          customerCode,
        }),
      );
      return [...behind.all(run, rows).map(toEntry), ...unchanged].sort((a, b) => a.index - b.index);
    },
  };
}

function toLinked({ key, customer_code: customerCode }: Record<string, SqlValue>): LinkedCustomer {
  return { key: String(key), customerCode: String(customerCode) };
}

function readCandidates(waiting: SqlValue | undefined): readonly string[] {
  if (waiting == null) return [];
  const outcome = readStoredJson(waiting, 'the outcome of a row', isRowOutcome);
  return outcome.status === 'invalid' ? (outcome.candidates ?? []).map(({ customerCode }) => customerCode) : [];
}

function toEntry({ idx, state, key, customer_code: customerCode, code }: Record<string, SqlValue>): LeaverEntry {
  return {
    index: Number(idx),
    state: String(state) as LedgerRow['state'],
    key: String(key),
    customerCode: String(customerCode),
    ...(code == null ? {} : { errorCode: String(code) }),
  };
}

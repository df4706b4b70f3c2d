import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { Database, SqlValue } from '#src/sqlite/open-database.js';
import { createDamagedLedgerError } from './damaged-ledger.js';

/** A row of a run that was already as its file says, and of which the ledger knows everything else from an earlier row. */
export interface UnchangedRow {
  readonly index: number;
  /** Line or row number in the file. */
  readonly number: number;
  readonly key?: string;
  readonly customerCode: string;
}

/** What the earlier row says of the same key and customer. */
interface KnownRow {
  readonly customerId?: string;
  readonly payloadHash?: string;
}

/**
 * Unchanged rows, many in one entry: a nightly file has little else, and an entry for each of them would fill the disk.
 * A row is only put into a block where an entry of its own says the same of its key and customer already.
 */
export interface RowBlocks {
  /** Keeps a row until it is written together with others. What is lost in a crash is found unchanged again. */
  add(run: number, row: UnchangedRow): void;
  /** Writes what is kept; to be called before a run ends, and outside of a transaction. */
  flush(): void;
  /** In file order. */
  between(run: number, first: number, last: number): readonly UnchangedRow[];
  count(run: number, first?: number, last?: number): number;
  findByNumber(run: number, number: number): UnchangedRow | undefined;
  /** The latest entry for this key and customer. */
  findKnown(row: Pick<UnchangedRow, 'key' | 'customerCode'>): KnownRow | undefined;
  /** Leaves out a key that says who somebody is; to be called within a transaction, with nothing kept. */
  forgetKey(key: string): void;
  /** Joins the blocks of a run that are small. */
  join(run: number): void;
  /** Replaces the entries of unchanged rows that an earlier version wrote for a run by blocks. */
  pack(run: number): void;
}

/** A block of so many rows has a few kilobytes. */
const rowsPerBlock = 4000;
/** What a crash may cost is a second's work. */
const maxAgeMs = 1000;
const blocksInMemory = 8;

export function openRowBlocks(database: Database): RowBlocks {
  const kept = new Map<number, UnchangedRow[]>();
  const decoded = new Map<string, readonly UnchangedRow[]>();
  let timer: NodeJS.Timeout | undefined;
  const blocks = openBlockTable(database);

  function read(run: number, block: Record<string, SqlValue>): readonly UnchangedRow[] {
    const name = `${run} ${String(block.number)}`;
    const found = decoded.get(name) ?? decodeRows(block.rows);
    decoded.delete(name);
    decoded.set(name, found);
    for (const oldest of decoded.keys()) if (decoded.size > blocksInMemory) decoded.delete(oldest);
    return found;
  }

  function flush(): void {
    clearTimeout(timer);
    timer = undefined;
    if (kept.size === 0) return;
    database.transaction(() => {
      for (const [run, rows] of kept) blocks.insert(run, rows);
    });
    kept.clear();
  }

  function tryFlush(): void {
    try {
      flush();
    } catch {
      // A disk that is full is reported when the run ends, or by whatever is written before.
    }
  }

  function between(run: number, first: number, last: number): readonly UnchangedRow[] {
    const isWanted = ({ index }: UnchangedRow) => index >= first && index <= last;
    const stored = blocks.overlapping(run, first, last).flatMap((block) => read(run, block).filter(isWanted));
    return [...stored, ...(kept.get(run) ?? []).filter(isWanted)].sort((a, b) => a.index - b.index);
  }

  /** Puts the rows of a run, and some that have entries of their own, into as few blocks as possible. */
  function rewrite(run: number, entries: readonly UnchangedRow[]): void {
    flush();
    const before = blocks.overlapping(run, 0, Number.MAX_SAFE_INTEGER);
    const inBlocks = before.reduce((sum, { count }) => sum + Number(count), 0);
    if (entries.length === 0 && before.length <= 1 + inBlocks / rowsPerBlock) return;
    decoded.clear();
    database.transaction(() => {
      blocks.remove(run);
      for (const { index } of entries) blocks.removeEntry(run, index);
      blocks.insert(run, [...before.flatMap(({ rows }) => decodeRows(rows)), ...entries]);
    });
  }

  return {
    add(run, row) {
      const rows = kept.get(run) ?? [];
      rows.push(row);
      kept.set(run, rows);
      if (rows.length % rowsPerBlock === 0) setImmediate(tryFlush);
      timer ??= setTimeout(tryFlush, maxAgeMs).unref();
    },
    flush,
    between,
    count(run, first = 0, last = Number.MAX_SAFE_INTEGER) {
      let count = (kept.get(run) ?? []).filter(({ index }) => index >= first && index <= last).length;
      for (const block of blocks.overlapping(run, first, last))
        count +=
          Number(block.first) >= first && Number(block.last) <= last
            ? Number(block.count)
            : read(run, block).filter(({ index }) => index >= first && index <= last).length;
      return count;
    },
    findByNumber(run, number) {
      for (const block of blocks.withNumber(run, number)) {
        const found = read(run, block).find((row) => row.number === number);
        if (found !== undefined) return found;
      }
      return kept.get(run)?.find((row) => row.number === number);
    },
    findKnown: blocks.findKnown,
    forgetKey(key) {
      decoded.clear();
      for (const run of blocks.runs()) {
        const rows = blocks.overlapping(run, 0, Number.MAX_SAFE_INTEGER).flatMap((block) => decodeRows(block.rows));
        if (!rows.some((row) => row.key === key)) continue;
        blocks.remove(run);
        blocks.insert(
          run,
          rows.map((row) => {
            const { key: known, ...rest } = row;
            return known === key ? rest : row;
          }),
        );
      }
    },
    join: (run) => rewrite(run, []),
    pack: (run) => rewrite(run, blocks.repeatedEntries(run)),
  };
}

function openBlockTable(database: Database) {
  const columns = 'number, first, last, count, rows';
  const insert = database.prepare(`INSERT INTO row_blocks (run, first, last, first_number, last_number, count, rows)
    VALUES (?, ?, ?, ?, ?, ?, ?)`);
  const overlapping = database.prepare(
    `SELECT ${columns} FROM row_blocks WHERE run = ? AND first <= ? AND last >= ? ORDER BY first`,
  );
  const withNumber = database.prepare(
    `SELECT ${columns} FROM row_blocks WHERE run = ? AND first_number <= ? AND last_number >= ?`,
  );
  const runs = database.prepare('SELECT DISTINCT run FROM row_blocks');
  const remove = database.prepare('DELETE FROM row_blocks WHERE run = ?');
  const removeEntry = database.prepare('DELETE FROM rows WHERE run = ? AND idx = ?');
  const known = database.prepare(`SELECT customer_id, payload_hash FROM rows
    WHERE customer_code = ? AND key IS ? ORDER BY run DESC, idx DESC LIMIT 1`);
  const repeated = database.prepare(`SELECT idx, row, key, customer_code FROM rows
    WHERE run = ? AND state = 'unchanged' AND customer_code IS NOT NULL AND instr(outcome, '"notes"') = 0
      AND EXISTS (SELECT 1 FROM rows AS known WHERE known.customer_code = rows.customer_code AND known.key IS rows.key
        AND known.run < rows.run AND known.customer_id IS rows.customer_id AND known.payload_hash IS rows.payload_hash)
    ORDER BY idx`);
  return {
    insert(run: number, rows: readonly UnchangedRow[]): void {
      const sorted = rows.toSorted((a, b) => a.index - b.index);
      for (let from = 0; from < sorted.length; from += rowsPerBlock) {
        const block = sorted.slice(from, from + rowsPerBlock);
        const numbers = block.map(({ number }) => number);
        insert.run([
          ...[run, block[0]?.index ?? 0, block.at(-1)?.index ?? 0, Math.min(...numbers), Math.max(...numbers)],
          ...[block.length, encodeRows(block)],
        ]);
      }
    },
    overlapping: (run: number, first: number, last: number) => overlapping.all(run, last, first),
    withNumber: (run: number, number: number) => withNumber.all(run, number, number),
    runs: () => runs.all().map(({ run }) => Number(run)),
    remove: (run: number) => remove.run(run),
    removeEntry: (run: number, index: number) => removeEntry.run([run, index]),
    findKnown({ key, customerCode }: Pick<UnchangedRow, 'key' | 'customerCode'>): KnownRow | undefined {
      const row = known.get(customerCode, key ?? null);
      if (row === undefined) return undefined;
      const { customer_id: id, payload_hash: hash } = row;
      return {
        ...(id == null ? {} : { customerId: String(id) }),
        ...(hash == null ? {} : { payloadHash: String(hash) }),
      };
    },
    repeatedEntries: (run: number): readonly UnchangedRow[] =>
      repeated.all(run).map(({ idx, row, key, customer_code: code }) => ({
        index: Number(idx),
        number: Number(row),
        customerCode: String(code),
        ...(key == null ? {} : { key: String(key) }),
      })),
  };
}

/**
 * Row after row, each column by how it differs from the row before: codes and keys that count up cost next to nothing.
 * What is left is compressed.
 */
function encodeRows(rows: readonly UnchangedRow[]): Buffer {
  const columns = {
    index: toSteps(rows.map(({ index }) => index)),
    number: toSteps(rows.map(({ number }) => number)),
    key: shortenTexts(rows.map(({ key }) => key ?? null)),
    code: shortenTexts(rows.map(({ customerCode }) => customerCode)),
  };
  return deflateRawSync(JSON.stringify(columns));
}

function decodeRows(value: SqlValue | undefined): readonly UnchangedRow[] {
  try {
    const columns: unknown = JSON.parse(inflateRawSync(value as Buffer).toString());
    const { index, number, key, code } = columns as Readonly<Record<string, readonly unknown[]>>;
    const [indexes, numbers] = [fromSteps(index), fromSteps(number)];
    const [keys, codes] = [restoreTexts(key), restoreTexts(code)];
    return indexes.map((rowIndex, place) => {
      const [rowNumber, customerCode, rowKey] = [numbers[place], codes[place], keys[place]];
      if (rowNumber === undefined || customerCode == null) throw new Error('a column is too short');
      return { index: rowIndex, number: rowNumber, customerCode, ...(rowKey == null ? {} : { key: rowKey }) };
    });
  } catch (error) {
    throw createDamagedLedgerError(
      'in the state folder',
      new Error('unchanged rows were not written by this program', { cause: error }),
    );
  }
}

function toSteps(values: readonly number[]): readonly number[] {
  return values.map((value, place) => value - (values[place - 1] ?? 0));
}

function fromSteps(steps: readonly unknown[] | undefined): readonly number[] {
  let value = 0;
  return (steps ?? []).map((step) => {
    value += Number(step);
    if (!Number.isSafeInteger(value)) throw new Error('no whole number');
    return value;
  });
}

/** A text that ends in digits, which a number can hold exactly. */
const counted = /^(.*?)(\d{1,15})$/s;

/** A text that differs from the one before by its last number alone becomes the difference. */
function shortenTexts(texts: readonly (string | null)[]): readonly (string | number | null)[] {
  return texts.map((text, place) => {
    const [, head, digits] = counted.exec(text ?? '') ?? [];
    const [, headBefore, digitsBefore] = counted.exec(texts[place - 1] ?? '') ?? [];
    if (digits === undefined || head !== headBefore || digits.length !== digitsBefore?.length) return text;
    return Number(digits) - Number(digitsBefore);
  });
}

function restoreTexts(values: readonly unknown[] | undefined): readonly (string | null)[] {
  let before = '';
  return (values ?? []).map((value) => {
    if (value === null) {
      before = '';
      return null;
    }
    if (typeof value === 'number') {
      const [, head = '', digits = ''] = counted.exec(before) ?? [];
      before = `${head}${String(Number(digits) + value).padStart(digits.length, '0')}`;
    } else before = String(value);
    return before;
  });
}

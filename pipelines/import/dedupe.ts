import { FingerprintIndex } from '#pipelines/fingerprints.js';
import type { Issue } from '#pipelines/issue.js';
import { displayKey, splitKey } from './keys.js';
import { endAsInvalid, endAsSkipped, type ImportRow, identityKey, type RowIdentity } from './map.js';

/** What to do with a second row for a customer that says something else than the first. */
export type RepeatPolicy = 'error' | 'in-order';

/** The row that came first for a customer. */
interface FirstRow {
  /** Line or row number. */
  readonly row: number;
  readonly contentHash?: string;
}

/** What is kept of it. */
interface KnownFirstRow {
  readonly row: number;
  /** How its content hash begins, if it has one: enough to tell whether another row says the same. */
  readonly hashStart: string | undefined;
}

/** Six bits each. */
const keptHashCharacters = 8;

/** Which row of the file came first for each customer. */
export class RepeatRegister {
  readonly #identities = new FingerprintIndex();
  /** By the number of the customer's identity, as what follows. */
  readonly #rows: number[] = [];
  readonly #hashStarts: (string | undefined)[] = [];
  readonly #open = new Map<string, number>();
  readonly #contradicted = new Set<string>();

  /**
   * The row that came before for this customer, if any; else this row is the first. A resumed run records the settled rows
   * of a batch before its open ones, so the position in the file decides.
   */
  record(identity: string, first: FirstRow): KnownFirstRow | undefined {
    const number = this.#identities.number(identity);
    const row = this.#rows[number];
    if (row !== undefined && row < first.row) return { row, hashStart: this.#hashStarts[number] };
    this.#rows[number] = first.row;
    this.#hashStarts[number] = first.contentHash?.slice(0, keptHashCharacters);
    return undefined;
  }

  /** Rows that say to be this customer by their fields say different things. */
  markContradicted(identity: string): void {
    this.#contradicted.add(identity);
  }

  isContradicted(identity: string): boolean {
    return this.#contradicted.has(identity);
  }

  /** The row has no outcome that later rows for its customer could build upon. */
  markOpen(identity: string, row: number): void {
    this.#open.set(identity, Math.min(row, this.#open.get(identity) ?? row));
  }

  /** An earlier row for the customer that was marked so, if any. */
  findOpenBefore(identity: string, row: number): number | undefined {
    const earlier = this.#open.get(identity);
    return earlier !== undefined && earlier < row ? earlier : undefined;
  }
}

/**
 * One customer, one row: a repeat that says the same is skipped; one that says something else ends as `invalid` and
 * names the first, or goes on under `in-order`, to be sent after the first.
 *
 * @param isAmbiguous - whether all rows for a customer wait for a decision, none of them being the first
 */
export function dedupeRows(
  rows: readonly ImportRow[],
  register: RepeatRegister,
  policy: RepeatPolicy,
  columns: readonly string[],
  isAmbiguous: (identity: string) => boolean = () => false,
): readonly ImportRow[] {
  return rows.map((row) => {
    const identity = identityKey(row);
    return identity === undefined || isAmbiguous(identity) ? row : dedupeRow(row, identity, register, policy, columns);
  });
}

/**
 * As {@link dedupeRows} under the policy `error`, for a file that can be read again. Most files repeat no customer, and
 * a fingerprint of every row costs more than reading it: only when a customer is repeated are the rows before it read
 * again, for what they say.
 *
 * @param readAgain - all rows once more, from the first
 */
export async function* dedupeRareRepeats(
  batches: AsyncIterable<readonly ImportRow[]>,
  readAgain: () => AsyncIterable<readonly ImportRow[]>,
  columns: readonly string[],
): AsyncIterable<readonly ImportRow[]> {
  const seen = new SeenIdentities();
  let register: RepeatRegister | undefined;
  for await (const batch of batches) {
    const first = batch[0]?.row.index ?? 0;
    if (register === undefined && !seen.add(batch)) register = await buildRegister(readAgain(), first);
    yield register === undefined ? batch : dedupeRows(batch, register, 'error', columns);
  }
}

/** Who the rows so far are about, in a set for each kind of identity: to join kind and value costs more than to look up. */
class SeenIdentities {
  readonly #keys = new FingerprintIndex();
  readonly #codes = new FingerprintIndex();
  readonly #matches = new FingerprintIndex();

  /** @returns whether no customer of the batch was seen before */
  add(batch: readonly ImportRow[]): boolean {
    for (const { key, customerCode, matchValue } of batch as readonly RowIdentity[]) {
      if (key !== undefined) {
        if (!this.#keys.add(key)) return false;
        if (customerCode !== undefined && !this.#codes.add(customerCode)) return false;
      } else if (customerCode !== undefined) {
        if (!this.#codes.add(customerCode)) return false;
      } else if (matchValue !== undefined && !this.#matches.add(matchValue)) return false;
    }
    return true;
  }
}

/** Who the rows before the one with the index are about. */
async function buildRegister(batches: AsyncIterable<readonly ImportRow[]>, index: number): Promise<RepeatRegister> {
  const register = new RepeatRegister();
  for await (const batch of batches)
    for (const row of batch) {
      if (row.row.index >= index) return register;
      const identity = identityKey(row);
      if (identity !== undefined) register.record(identity, describeFirstRow(row));
      dedupeCode(row, register, []);
    }
  return register;
}

function describeFirstRow(row: ImportRow): FirstRow {
  return row.outcome === undefined ? { row: row.row.number, contentHash: row.contentHash } : { row: row.row.number };
}

function dedupeRow(
  row: ImportRow,
  identity: string,
  register: RepeatRegister,
  policy: RepeatPolicy,
  columns: readonly string[],
): ImportRow {
  const first = register.record(identity, describeFirstRow(row));
  if (first === undefined) return dedupeCode(row, register, columns);
  if (row.outcome !== undefined) return row;
  if (first.hashStart !== undefined && row.contentHash.startsWith(first.hashStart))
    return endAsSkipped(
      row,
      { severity: 'info', code: 'SAME_AS_ROW', message: `Has exactly the same values as row ${first.row}.` },
      row,
    );
  if (policy === 'in-order') return row;
  if (row.key === undefined) register.markContradicted(identity);
  return endAsInvalid(row.row, [describeRepeat(row, first.row, columns)], row.key);
}

/** Rows with different keys that name one customer: a customer has one key of a source. */
function dedupeCode(row: ImportRow, register: RepeatRegister, columns: readonly string[]): ImportRow {
  if (row.outcome !== undefined || row.key === undefined || row.customerCode === undefined) return row;
  const first = register.record(identityKey({ customerCode: row.customerCode }) ?? '', describeFirstRow(row));
  if (first === undefined) return row;
  return endAsInvalid(row.row, [describeRepeat({ customerCode: row.customerCode }, first.row, columns)], row.key);
}

function describeRepeat({ key, customerCode }: RowIdentity, first: number, columns: readonly string[]): Issue {
  const value = key ?? customerCode;
  if (value === undefined)
    return {
      severity: 'error',
      code: 'MATCH_REPEATED',
      message: `This row and row ${first} are about the same customer but have different values. Remove one of the rows.`,
      columns,
    };
  const name = key === undefined ? 'code' : 'key';
  return {
    severity: 'error',
    code: key === undefined ? 'CODE_REPEATED' : 'KEY_REPEATED',
    message: `The ${name} "${key === undefined ? value : displayKey(key)}" is also in row ${first}, with different values. Each ${name} belongs to one customer: remove one of the rows or correct its ${name}.`,
    columns,
    value: key === undefined ? value : splitKey(key).key,
  };
}

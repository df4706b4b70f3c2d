import { FingerprintIndex } from '#pipelines/fingerprints.js';
import {
  type EndedRow,
  endAsInvalid,
  type ImportRow,
  identityKey,
  type OpenRow,
  type RowIdentity,
} from './import-row.js';

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

  /**
   * The row that came before for this customer, if any; else this one is its first. A resumed run meets the rows that
   * are settled before the open ones of their batch, so it is their place in the file that counts.
   */
  record(identity: string, first: FirstRow): KnownFirstRow | undefined {
    const number = this.#identities.number(identity);
    const row = this.#rows[number];
    if (row !== undefined && row < first.row) return { row, hashStart: this.#hashStarts[number] };
    this.#rows[number] = first.row;
    this.#hashStarts[number] = first.contentHash?.slice(0, keptHashCharacters);
    return undefined;
  }

  /** The row has not come to an end that later rows for its customer could build upon. */
  markOpen(identity: string, row: number): void {
    this.#open.set(identity, Math.min(row, this.#open.get(identity) ?? row));
  }

  /** An earlier row for the customer that has been left open, if any. */
  findOpenBefore(identity: string, row: number): number | undefined {
    const earlier = this.#open.get(identity);
    return earlier !== undefined && earlier < row ? earlier : undefined;
  }
}

/**
 * One customer, one row: a repeat that says the same is skipped, one that says something else ends as `invalid`, both
 * naming the first; under `in-order` a differing one goes on, to be sent after the first.
 */
export async function* dedupeRows(
  batches: AsyncIterable<readonly ImportRow[]>,
  register: RepeatRegister,
  policy: RepeatPolicy,
  columns: readonly string[],
): AsyncIterable<readonly ImportRow[]> {
  for await (const batch of batches) yield batch.map((work) => dedupeRow(work, register, policy, columns));
}

/**
 * As {@link dedupeRows}, for rows that can be read twice. Most files repeat nobody, and to fingerprint every row costs
 * more than to read it: only when somebody comes again are the rows before read anew, for what they say.
 *
 * @param again - all rows once more, from the first
 */
export async function* dedupeRareRepeats(
  batches: AsyncIterable<readonly ImportRow[]>,
  again: () => AsyncIterable<readonly ImportRow[]>,
  columns: readonly string[],
): AsyncIterable<readonly ImportRow[]> {
  const seen = new SeenIdentities();
  let register: RepeatRegister | undefined;
  for await (const batch of batches) {
    const first = batch[0]?.row.index ?? 0;
    if (register === undefined && !seen.add(batch)) register = await buildRegister(again(), first);
    const known = register;
    yield known === undefined ? batch : batch.map((work) => dedupeRow(work, known, 'error', columns));
  }
}

/** Whom the rows so far are about, in a set for each way to say it: to join the two in one text costs more than to look. */
class SeenIdentities {
  readonly #keys = new FingerprintIndex();
  readonly #codes = new FingerprintIndex();
  readonly #matches = new FingerprintIndex();

  /** @returns whether nobody of the batch was seen before */
  add(batch: readonly ImportRow[]): boolean {
    for (const { key, customerCode, matchValue } of batch as readonly RowIdentity[]) {
      if (key !== undefined) {
        if (!this.#keys.add(key)) return false;
      } else if (customerCode !== undefined) {
        if (!this.#codes.add(customerCode)) return false;
      } else if (matchValue !== undefined && !this.#matches.add(matchValue)) return false;
    }
    return true;
  }
}

/** Whom the rows before the one with the index are about. */
async function buildRegister(batches: AsyncIterable<readonly ImportRow[]>, index: number): Promise<RepeatRegister> {
  const register = new RepeatRegister();
  for await (const batch of batches)
    for (const work of batch) {
      if (work.row.index >= index) return register;
      const identity = identityKey(work);
      if (identity !== undefined) register.record(identity, buildFirstRow(work));
    }
  return register;
}

function buildFirstRow(work: ImportRow): FirstRow {
  const row = work.row.number;
  return work.outcome === undefined ? { row, contentHash: work.contentHash } : { row };
}

function dedupeRow(
  work: ImportRow,
  register: RepeatRegister,
  policy: RepeatPolicy,
  columns: readonly string[],
): ImportRow {
  const identity = identityKey(work);
  if (identity === undefined) return work;
  const first = register.record(identity, buildFirstRow(work));
  if (first === undefined || work.outcome !== undefined) return work;
  if (first.hashStart !== undefined && work.contentHash.startsWith(first.hashStart))
    return endAsRepeat(work, first.row);
  if (policy === 'in-order') return work;
  if (work.key === undefined && work.customerCode === undefined)
    return endAsInvalid(work.row, [matchRepeated(first.row, columns)]);
  const value = work.key ?? work.customerCode ?? '';
  const name = work.key === undefined ? 'code' : 'key';
  const reason = {
    code: work.key === undefined ? 'CODE_REPEATED' : 'KEY_REPEATED',
    message: `The ${name} "${value}" is also in row ${first.row}, which says something else. A ${name} stands for one customer: remove one of the rows or correct its ${name}.`,
    columns,
    value,
  };
  return endAsInvalid(work.row, [reason], work.key);
}

function matchRepeated(first: number, columns: readonly string[]) {
  return {
    code: 'MATCH_REPEATED',
    message: `Row ${first} is found by the same, so it means the same customer, and says something else. Remove one of the rows.`,
    columns,
  };
}

function endAsRepeat(work: OpenRow, first: number): EndedRow {
  const { row, key, customerCode } = work;
  return {
    row,
    ...(key === undefined ? {} : { key }),
    outcome: {
      status: 'skipped',
      attempts: 0,
      reason: { code: 'SAME_AS_ROW', message: `Says exactly the same as row ${first}.` },
      ...(customerCode === undefined ? {} : { customerCode }),
    },
  };
}

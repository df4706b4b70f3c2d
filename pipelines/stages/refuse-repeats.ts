import { invalid, type Work } from '../work.js';

/** Which row of the file came first with a key. */
export class KeyRegister {
  readonly #rows = new Map<string, number>();

  /** The row that had this key before, if any; else the key is this row's. */
  note(key: string, row: number): number | undefined {
    const first = this.#rows.get(key);
    if (first === undefined) this.#rows.set(key, row);
    return first === row ? undefined : first;
  }
}

/** A key names one customer: a second row with it ends as `invalid`, naming the first. */
export async function* refuseRepeats(
  batches: AsyncIterable<readonly Work[]>,
  keys: KeyRegister,
  keyColumns: readonly string[],
): AsyncIterable<readonly Work[]> {
  for await (const batch of batches) {
    yield batch.map((work) => {
      const first = work.key === undefined ? undefined : keys.note(work.key, work.row.number);
      if (first === undefined || work.key === undefined || work.outcome !== undefined) return work;
      const reason = {
        code: 'KEY_REPEATED',
        message: `The key "${work.key}" is also in row ${first}. A key stands for one customer: remove one of the rows or correct its key.`,
        columns: keyColumns,
        value: work.key,
      };
      return invalid(work.row, [reason], work.key);
    });
  }
}

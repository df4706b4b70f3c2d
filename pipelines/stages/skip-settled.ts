import type { RowStatus } from '../outcome.js';
import type { RowStanding, RunLedger } from '../ports.js';
import type { Row } from '../row.js';
import type { RunControl } from '../run-control.js';
import { identityOf } from '../work.js';
import type { RepeatRegister } from './refuse-repeats.js';

/** States that a resumed run tries again: their request certainly had no effect. */
const triedAgain: ReadonlySet<RowStatus> = new Set(['failed']);

/**
 * Lets through only the rows of a resumed run that are not settled yet; those that are cost nothing more. Rows in
 * doubt do not pass: only reconciliation may say that they can be sent again.
 *
 * @param identitiesIn - who rows are about by what they say themselves, where the ledger does not keep that
 */
export async function* skipSettled(
  batches: AsyncIterable<readonly Row[]>,
  ledger: RunLedger,
  control: RunControl,
  register: RepeatRegister,
  identitiesIn: (rows: readonly Row[]) => Promise<readonly (string | undefined)[]> = async () => [],
): AsyncIterable<readonly Row[]> {
  for await (const batch of batches) {
    const [first, last] = [batch[0], batch.at(-1)];
    if (first === undefined || last === undefined) continue;
    const known = ledger.standingsBetween(first.index, last.index);
    const identities = known.size === 0 ? [] : await identitiesIn(batch);
    const open = batch.filter((row, position) => {
      const settled = known.get(row.index);
      if (settled === undefined) return true;
      const status = settled.state === 'intent' ? 'in_doubt' : settled.state;
      if (triedAgain.has(status)) return true;
      for (const identity of new Set([identityOf(settled), identities[position]])) {
        if (identity === undefined) continue;
        register.note(identity, firstOf(settled));
        if (status === 'in_doubt') register.leaveOpen(identity, settled.number);
      }
      control.noteSeen(1);
      control.count(status);
      return false;
    });
    if (open.length > 0) yield open;
  }
}

function firstOf(settled: RowStanding) {
  const { number: row, payloadHash: contentHash } = settled;
  return { row, ...(contentHash === undefined ? {} : { contentHash }) };
}

import type { RowStatus } from '#pipelines/outcome.js';
import type { LedgerRow, RowStanding, RunLedger } from '#pipelines/ports.js';
import type { Row } from '#pipelines/row.js';
import type { RunControl } from '#pipelines/run-control.js';
import { identityOf } from '#pipelines/work.js';
import type { RepeatRegister } from './refuse-repeats.js';

/** States that a resumed run tries again: their request certainly had no effect. */
const triedAgain: ReadonlySet<LedgerRow['state']> = new Set(['failed']);

/** Whether a row in this state has come to an end for a resumed run, be it in doubt. */
export function isSettled(state: LedgerRow['state']): boolean {
  return !triedAgain.has(state);
}

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
      const standing = known.get(row.index);
      if (standing === undefined || !isSettled(standing.state)) return true;
      passSettled(standing, { control, register }, identities[position]);
      return false;
    });
    if (open.length > 0) yield open;
  }
}

/**
 * Counts a settled row and notes that it came before others for its customer.
 *
 * @param said - who it is about by what it says itself
 */
export function passSettled(
  settled: RowStanding,
  { control, register }: { readonly control: RunControl; readonly register: RepeatRegister },
  said?: string,
): void {
  const status: RowStatus = settled.state === 'intent' ? 'in_doubt' : settled.state;
  noteSettled(settled, register, said);
  control.noteSeen(1);
  control.count(status);
}

/** Notes that a settled row came before others for its customer. */
export function noteSettled(settled: RowStanding, register: RepeatRegister, said?: string): void {
  const isInDoubt = settled.state === 'intent' || settled.state === 'in_doubt';
  for (const identity of new Set([identityOf(settled), said])) {
    if (identity === undefined) continue;
    register.note(identity, firstOf(settled));
    if (isInDoubt) register.leaveOpen(identity, settled.number);
  }
}

function firstOf(settled: RowStanding) {
  const { number: row, payloadHash: contentHash } = settled;
  return { row, ...(contentHash === undefined ? {} : { contentHash }) };
}

import type { KnownCustomer, RunLedger } from '../ports.js';
import type { OpenWork, Work } from '../work.js';

/**
 * Before an add: a customer that this tool has created already, or may have, is not created again. With a key it is
 * known by that; without one, by having exactly the same content.
 */
export async function* skipKnown(
  batches: AsyncIterable<readonly Work[]>,
  ledger: RunLedger,
): AsyncIterable<readonly Work[]> {
  for await (const batch of batches) yield batch.map((work) => skipIfKnown(work, ledger));
}

function skipIfKnown(work: Work, ledger: RunLedger): Work {
  if (work.outcome !== undefined) return work;
  const known = work.key === undefined ? ledger.customerOfContent(work.contentHash) : ledger.customerOfKey(work.key);
  if (known === undefined) return work;
  const { row, key } = work;
  const { customerCode, customerId } = known;
  return {
    row,
    ...(key === undefined ? {} : { key }),
    outcome: {
      status: 'skipped',
      attempts: 0,
      reason: known.certainty === 'known' ? alreadyCreated(work, known) : mayBeCreated(work, known),
      ...(customerCode === undefined ? {} : { customerCode }),
      ...(customerId === undefined ? {} : { customerId }),
    },
  };
}

function alreadyCreated(work: OpenWork, known: KnownCustomer) {
  const which =
    work.key === undefined ? 'A customer with exactly this content' : `The customer with the key "${work.key}"`;
  const next =
    work.key === undefined
      ? 'If it is another customer, add it with --force.'
      : 'To change it, import with --mode update.';
  return { code: 'ALREADY_CREATED', message: `${which} was created ${where(known)} as ${known.customerCode}. ${next}` };
}

function mayBeCreated(work: OpenWork, known: KnownCustomer) {
  const which =
    work.key === undefined ? 'A customer with exactly this content' : `The customer with the key "${work.key}"`;
  return {
    code: 'IN_DOUBT_ELSEWHERE',
    message: `${which} was sent ${where(known)} and it is not known whether it was created. Settle that first: mypos-customers reconcile ${known.run}`,
  };
}

function where(known: KnownCustomer): string {
  return `by run ${known.run}${known.row === undefined ? '' : ` (row ${known.row})`}`;
}

import type { Draft } from '../../pipelines/customer.js';
import type { ValidateDraft } from '../../pipelines/ports.js';
import type { Reason } from '../../pipelines/row.js';
import type { DraftReasonCode } from './draft-reason-codes.js';

const nameFields = ['customerName', 'firstName', 'lastName'] as const;
const code: DraftReasonCode = 'NAME_MISSING';

const nameMissing: readonly Reason[] = [
  {
    code,
    message: `A new customer needs a name: all of ${nameFields.join(', ')} are blank; fill in one of them`,
    field: 'customerName',
  },
];

/**
 * Asks for at least one name of a customer that is to be added.
 *
 * [assumed] The API publishes no required fields; a customer without any name cannot be found at a till.
 */
export const requireNameForAdd: ValidateDraft = (draft) =>
  nameFields.some((field) => isNamed(draft, field)) ? [] : nameMissing;

function isNamed(draft: Draft, field: (typeof nameFields)[number]): boolean {
  const name = draft[field];
  return typeof name === 'string' && name.trim() !== '';
}

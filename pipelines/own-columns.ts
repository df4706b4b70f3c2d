/** The columns of a result or rejects file that come before the input's own. */
export const resultColumns = [
  '_row',
  '_status',
  '_customerCode',
  '_customerId',
  '_httpStatus',
  '_errorCode',
  '_error',
  '_errorFields',
  '_response',
  '_attempts',
  '_run',
] as const;

/** The columns of a plan that come before the input's own. */
export const planColumns = ['_row', '_action', '_customerCode', '_key', '_changes', '_kept', '_error'] as const;

/** In the files of rows that wait for a decision, beside columns that a person fills in. */
export const reviewReasonColumn = '_reason';

const customerPrefix = 'customer ';

/** What stands in `_row` where a review file asks about two customers of the account: the first of them. */
export function nameOriginCustomer(customerCode: string): string {
  return `${customerPrefix}${customerCode}`;
}

/** @returns the code, or `undefined` for the number of a row */
export function readOriginCustomer(text: string): string | undefined {
  return text.startsWith(customerPrefix) ? text.slice(customerPrefix.length).trim() : undefined;
}

const alwaysOwn: ReadonlySet<string> = new Set([...resultColumns, reviewReasonColumn]);

/** Names that other programs use too: they are ours only in a plan. */
const ownInPlans: ReadonlySet<string> = new Set(planColumns);

/**
 * The columns of a header that this program added when it wrote the file. Others that begin with `_` are columns of
 * another program, as the `_id` of a database.
 */
export function findOwnColumns(header: readonly string[]): ReadonlySet<string> {
  const names = header.map((name) => name.trim());
  const isPlan = names.includes('_row') && names.includes('_action');
  return new Set(header.filter((name) => alwaysOwn.has(name.trim()) || (isPlan && ownInPlans.has(name.trim()))));
}

/** Whether a name is one of ours whatever else the file holds. */
export function isResultColumn(name: string): boolean {
  return alwaysOwn.has(name.trim());
}

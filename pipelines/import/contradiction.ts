import { readField } from '#pipelines/compare-customers.js';
import type { Issue } from '#pipelines/issue.js';
import type { Customer, Draft, ReviewCandidate } from '#pipelines/model.js';
import type { RunLedger } from '#pipelines/ports.js';
import { normaliseValue } from '#pipelines/quality/normalise.js';
import { applyDecision } from './decisions.js';
import { displayKey, splitKey } from './keys.js';
import type { OpenRow } from './map.js';

/** By what people recognise somebody, and how a difference is told. */
const marks = [
  ['another name', readName],
  [
    'another e-mail address',
    (customer: Customer) => normaliseValue('emailAddress', readField(customer, 'emailAddress')),
  ],
  [
    'another phone number',
    (customer: Customer, country: string | undefined) =>
      normaliseValue('phoneNumber', readField(customer, 'phoneNumber'), country),
  ],
] as const;

/** Those that are known on both sides, and whether they are the same. */
function compareMarks(draft: Draft, customer: Customer, country: string | undefined) {
  return marks.flatMap(([difference, read]) => {
    const [wanted, there] = [read(draft, country), read(customer, country)];
    return wanted === undefined || there === undefined ? [] : [{ difference, isSame: wanted === there }];
  });
}

/** One difference alone is an edit. */
const minDifferences = 2;

/**
 * Whether a row can hardly be about the customer that its key stands for, or that it names: of name, e-mail address and phone, at least two
 * are known on both sides, and all that are known differ.
 *
 * @returns the differences, in words
 */
function findContradiction(draft: Draft, customer: Customer, country?: string): readonly string[] | undefined {
  const known = compareMarks(draft, customer, country);
  if (known.length < minDifferences || known.some(({ isSame }) => isSame)) return undefined;
  return known.map(({ difference }) => difference);
}

/** Its words in any order: `Lee, Ann` is Ann Lee. */
function readName(customer: Customer): string | undefined {
  const parts = ['firstName', 'lastName'].flatMap((field) => normaliseValue(field, readField(customer, field)) ?? []);
  const name = normaliseValue('customerName', readField(customer, 'customerName')) ?? parts.join(' ');
  return name === '' ? undefined : name.split(' ').toSorted().join(' ');
}

/**
 * Whether a customer is not the one that the key was linked to: that one had another id, as when the links come from another
 * account, and nothing says that it is the row's customer all the same.
 */
function findWrongCustomer(
  { draft, linkedId }: OpenRow,
  customerCode: string,
  customer: Customer,
  country: string | undefined,
): Issue | undefined {
  const id = readField(customer, 'customerId');
  if (linkedId === undefined || typeof id !== 'string' || id === '' || id.toLowerCase() === linkedId.toLowerCase())
    return undefined;
  if (compareMarks(draft, customer, country).some(({ isSame }) => isSame)) return undefined;
  return wrongCustomer(
    `The key was linked to a customer ${customerCode} with the id ${linkedId}, but in this account ${customerCode} has the id ${id}: the link is of another account or of a rehearsal. Nothing was changed. To link the keys of this account: mypos-customers crosswalk import, with --replace; or crosswalk rebuild.`,
  );
}

function wrongCustomer(message: string): Issue {
  return { severity: 'error', code: 'WRONG_CUSTOMER', message };
}

/** What becomes of a row whose customer seems to be somebody else. */
export type ContradictedRow =
  | { readonly kind: 'none' }
  /** It is not the customer that the key was linked to. */
  | { readonly kind: 'wrong'; readonly issue: Issue }
  /** A person has said that it is not that customer. */
  | { readonly kind: 'new' }
  | { readonly kind: 'skip'; readonly reason: Issue }
  | { readonly kind: 'waits'; readonly issue: Issue; readonly candidates: readonly ReviewCandidate[] };

export interface ContradictionOptions {
  readonly ledger: Pick<RunLedger, 'decisions'>;
  /** Source columns of key and code, for messages. */
  readonly columns: readonly string[];
  /** Of telephone numbers that do not say theirs. */
  readonly country?: string | undefined;
}

/**
 * Looks whether a customer is the one that was asked for, and whether a row that found it by its key or code contradicts it:
 * a code of another account is somebody else's here. Then, what was decided about that before.
 */
export function checkContradiction(
  row: OpenRow,
  customerCode: string,
  customer: Customer | undefined,
  { ledger, columns, country }: ContradictionOptions,
): ContradictedRow {
  if (customer === undefined) return { kind: 'none' };
  const wrong = findWrongCustomer(row, customerCode, customer, country);
  if (wrong !== undefined) return { kind: 'wrong', issue: wrong };
  const named = describeReference(row, customerCode);
  if (named === undefined) return { kind: 'none' };
  const evidence = findContradiction(row.draft, customer, country);
  if (evidence === undefined) return { kind: 'none' };
  const decided = applyDecision(row, [{ customerCode, evidence }], ledger.decisions, () => customer);
  switch (decided.kind) {
    case 'same':
      return { kind: 'none' };
    case 'new':
      return { kind: 'new' };
    case 'skip':
      return { kind: 'skip', reason: decided.reason };
    case 'undecided':
      return {
        kind: 'waits',
        issue: describeContradiction(named, evidence, columns),
        candidates: decided.candidates,
      };
  }
}

/** What a row says about whom it means, as a sentence begins, and the value that says so. */
interface Reference {
  readonly start: string;
  readonly value: string;
}

function describeReference({ isNamed, isFoundByKey, key }: OpenRow, customerCode: string): Reference | undefined {
  if (isNamed) return { start: `The row names customer ${customerCode}`, value: customerCode };
  if (!isFoundByKey || key === undefined) return undefined;
  return { start: `The key "${displayKey(key)}" stands for customer ${customerCode}`, value: splitKey(key).key };
}

function describeContradiction(
  { start, value }: Reference,
  evidence: readonly string[],
  columns: readonly string[],
): Issue {
  return {
    severity: 'error',
    code: 'KEY_CONTRADICTED',
    message: `${start}, which has ${evidence.join(' and ')}: nothing was changed. Decide in the review file whether it is the same customer.`,
    columns,
    value,
  };
}

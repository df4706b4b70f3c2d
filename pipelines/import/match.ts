import { readField } from '#pipelines/compare-customers.js';
import { FingerprintIndex } from '#pipelines/fingerprints.js';
import type { Issue } from '#pipelines/issue.js';
import { type CustomerMirror, knowsField, type MirroredCustomer, type MirrorIndex } from '#pipelines/listing/mirror.js';
import type { MatchRule } from '#pipelines/mapping/mapping.js';
import type { Customer, Draft, ReviewCandidate } from '#pipelines/model.js';
import type { RunLedger } from '#pipelines/ports.js';
import { createCandidateIndex } from '#pipelines/quality/duplicates/candidate-index.js';
import { normaliseValue } from '#pipelines/quality/normalise.js';
import { displayKey, isSameSource, splitKey } from './keys.js';
import type { OpenRow } from './map.js';
import { readListValue } from './match-value.js';

/** Finds the customers that a row may mean by what it says in certain fields. */
export interface FieldMatcher {
  /** Lists of fields that must all fit, tried in turn; those that the list of customers does not show are left out. */
  readonly match: MatchRule;
  /** Codes of the customers that fit each list, in the order of the lists; `undefined` for a list of which a field is blank. */
  findByList(draft: Draft): readonly (readonly string[] | undefined)[];
  /** Codes of the customers that fit the first list with any; none when there are none, `undefined` when every list is blank. */
  findCodes(draft: Draft): readonly string[] | undefined;
  /** The number of another row that was matched to this customer before, if any; else this row is noted. */
  noteMatch(customerCode: string, row: number): number | undefined;
  /** A customer that fits, and whose name cannot be the row's: what they have in common, and what not. */
  findOtherName(draft: Draft, customerCode: string): ReviewCandidate | undefined;
  /** Whether the row and the customer bear the same name, as far as both have one. */
  haveSameName(draft: Draft, customerCode: string): boolean;
  close(): void;
}

/** The list of customers does not show a field that customers are to be found by. */
export class MatchFieldNotListed extends Error {
  constructor(readonly field: string) {
    super(field);
  }
}

/** Enough to tell the customers of a family or a chain apart; a value that more have says nothing about any of them. */
const maxCandidates = 100;

/**
 * @param country - of telephone numbers that do not say theirs, where the customer has none either
 * @throws MatchFieldNotListed when no list of fields can be used
 */
export function createFieldMatcher(mirror: CustomerMirror, match: MatchRule, country?: string): FieldMatcher {
  const indexes = openIndexes(mirror, match, country);
  const pairs = createCandidateIndex([], country === undefined ? {} : { country });
  const noted = new FingerprintIndex();
  const notedRows: number[] = [];
  const findByList = (draft: Draft) =>
    indexes.map(({ fields, index }) => {
      const value = readListValue(draft, fields, country);
      return value === undefined ? undefined : index.find(value, maxCandidates);
    });
  return {
    match: indexes.map(({ fields }) => fields),
    findByList,
    findCodes(draft) {
      const found = findByList(draft);
      return (
        found.find((codes) => codes !== undefined && codes.length > 0) ?? found.find((codes) => codes !== undefined)
      );
    },
    noteMatch(customerCode, row) {
      const place = noted.number(customerCode);
      const before = notedRows[place];
      notedRows[place] ??= row;
      return before === row ? undefined : before;
    },
    findOtherName(draft, customerCode) {
      const customer = mirror.find(customerCode)?.customer;
      if (customer === undefined) return undefined;
      const { hasOtherName, reasons } = pairs.compare(draft, customer);
      return hasOtherName ? { customerCode, evidence: reasons } : undefined;
    },
    haveSameName(draft, customerCode) {
      const customer = mirror.find(customerCode)?.customer;
      const [a, b] = [readName(draft), customer === undefined ? '' : readName(customer)];
      return a === '' || b === '' || a === b;
    },
    close() {
      for (const { index } of indexes) index.close();
    },
  };
}

function openIndexes(mirror: CustomerMirror, match: MatchRule, country: string | undefined) {
  const indexes: { readonly fields: readonly string[]; readonly index: MirrorIndex }[] = [];
  let unlisted: MatchFieldNotListed | undefined;
  for (const fields of match) {
    const shown = new ShownFields(fields);
    const index = mirror.indexBy((mirrored) => {
      shown.note(mirrored);
      return readListValue(mirrored.customer, fields, country);
    });
    const field = shown.findUnlisted();
    if (field === undefined) indexes.push({ fields, index });
    else {
      index.close();
      unlisted ??= new MatchFieldNotListed(field);
    }
  }
  if (indexes.length === 0 && unlisted !== undefined) throw unlisted;
  return indexes;
}

/** Which fields the list shows: one that it shows of anybody is blank where it is left out. */
class ShownFields {
  readonly #unseen: Set<string>;
  #hasListed = false;

  constructor(fields: readonly string[]) {
    this.#unseen = new Set(fields);
  }

  note(mirrored: MirroredCustomer): void {
    if (mirrored.extent !== 'flat') return;
    this.#hasListed = true;
    for (const field of this.#unseen) if (knowsField(mirrored, field)) this.#unseen.delete(field);
  }

  /** A field that the list has shown of nobody, though it has shown somebody. */
  findUnlisted(): string | undefined {
    const [field] = this.#unseen;
    return this.#hasListed ? field : undefined;
  }
}

function readName(customer: Customer): string {
  const read = (field: string) => normaliseValue(field, readField(customer, field)) ?? '';
  const person = `${read('firstName')} ${read('lastName')}`.trim();
  return person === '' ? read('customerName') : person;
}

/** Who a row is about according to the fields that customers are matched by. */
export type MatchedIdentity =
  | { readonly kind: 'matched'; readonly customerCode: string }
  /** With candidates, a person may decide. */
  | { readonly kind: 'unclear'; readonly issue: Issue; readonly candidates?: readonly ReviewCandidate[] };

interface MatchOptions {
  readonly matcher?: FieldMatcher | undefined;
  readonly ledger: Pick<RunLedger, 'findKeys'>;
  /** Source columns of key and code, for messages. */
  readonly identityColumns: readonly string[];
}

/**
 * The one customer that fits the fields to match by; `undefined` when there is none. Customers that another key of the
 * row's source stands for are other customers: a family may share an address.
 */
export function matchByFields(
  row: OpenRow,
  { matcher, ledger, identityColumns: columns }: MatchOptions,
): MatchedIdentity | undefined {
  if (matcher === undefined) return undefined;
  const found = matcher.findByList(row.draft);
  if (row.key === undefined && found.every((codes) => codes === undefined))
    return { kind: 'unclear', issue: describeBlankMatch(matcher, columns) };
  let taken: Issue | undefined;
  for (const [place, codes = []] of found.entries()) {
    const free = codes.filter((code) => {
      const otherKey = findOtherKey(row.key, ledger.findKeys(code));
      if (otherKey !== undefined && matcher.haveSameName(row.draft, code))
        taken ??= describeTakenMatch(row, code, otherKey, columns);
      return otherKey === undefined;
    });
    const [customerCode] = free;
    const fields = matcher.match[place] ?? [];
    const wait = (issue: Issue): MatchedIdentity => ({
      kind: 'unclear',
      issue,
      candidates: free
        .slice(0, maxReviewed)
        .map((code) => ({ customerCode: code, evidence: [`same ${nameFields(fields)}`] })),
    });
    if (free.length > 1) return wait(describeAmbiguousMatch(fields, free, columns));
    if (customerCode === undefined) continue;
    const earlier = matcher.match.length > 1 ? matcher.noteMatch(customerCode, row.row.number) : undefined;
    if (earlier !== undefined) return wait(describeRepeatedMatch(customerCode, earlier, columns));
    return { kind: 'matched', customerCode };
  }
  return taken === undefined ? undefined : { kind: 'unclear', issue: taken };
}

/** A key of the row's source that stands for the customer already. */
function findOtherKey(key: string | undefined, keys: readonly string[]): string | undefined {
  return key === undefined ? undefined : keys.find((other) => other !== key && isSameSource(other, key));
}

function nameFields(fields: readonly string[]): string {
  return fields.join(' and ');
}

function describeBlankMatch({ match }: FieldMatcher, columns: readonly string[]): Issue {
  const [first = [], ...more] = match;
  const others = more.map((fields) => `, or by ${nameFields(fields)}`).join('');
  return {
    severity: 'error',
    code: 'MATCH_BLANK',
    message: `Customers are matched by ${nameFields(first)}${others}, which is blank in this row: fill it in.`,
    columns,
  };
}

/** More than anybody compares. */
const maxReviewed = 20;

/** Enough to name in a message. */
const maxCodesNamed = 5;

function describeAmbiguousMatch(
  fields: readonly string[],
  codes: readonly string[],
  columns: readonly string[],
): Issue {
  const more = codes.length > maxCodesNamed ? ` and ${codes.length - maxCodesNamed} more` : '';
  return {
    severity: 'error',
    code: 'MATCH_AMBIGUOUS',
    message: `Several customers have this ${nameFields(fields)}: ${codes.slice(0, maxCodesNamed).join(', ')}${more}. Add the customerCode of the right one.`,
    columns,
  };
}

function describeRepeatedMatch(customerCode: string, row: number, columns: readonly string[]): Issue {
  return {
    severity: 'error',
    code: 'MATCH_AMBIGUOUS',
    message: `This row and row ${row} both match customer ${customerCode}. Add the customerCode to the right one.`,
    columns,
  };
}

/** A customer that fits the fields to match by, and bears another name. */
export function describeOtherName({ customerCode, evidence }: ReviewCandidate, columns: readonly string[]): Issue {
  return {
    severity: 'error',
    code: 'POSSIBLE_DUPLICATE',
    message: `Customer ${customerCode} matches, but its name is another one (${evidence.join(', ')}): nothing was changed. Decide in the review file whether it is the same.`,
    columns,
  };
}

function describeTakenMatch(
  { key }: OpenRow,
  customerCode: string,
  otherKey: string,
  columns: readonly string[],
): Issue {
  return {
    severity: 'error',
    code: 'MATCH_TAKEN',
    message: `This row looks like customer ${customerCode}, which already belongs to the key "${displayKey(otherKey)}". Correct the key, or the fields by which customers are matched.`,
    columns,
    ...(key === undefined ? {} : { value: splitKey(key).key }),
  };
}

import { readField } from '#pipelines/compare-customers.js';
import type { Customer, Draft } from '#pipelines/model.js';
import { type BlockIndex, buildBlockIndex } from './block-index.js';
import { type ColumnName, comparedFields, RecordTable } from './record-table.js';
import { createPairScorer, describeEvidence, type PairScore, type Tier } from './score-pair.js';
import { limits } from './weights.js';

/** A customer who may be the one that a row is about. */
export interface Candidate {
  readonly customerCode: string;
  /** How surely, as the sum of the weights of `weights.ts`. */
  readonly bits: number;
  readonly tier: Tier;
  /**
   * Reason enough not to add the row without asking: the same e-mail address (of nobody's desk, and of no more than four),
   * the same phone number with a like name, the same name with the same post code, or all that the list shows being equal.
   */
  readonly isStrong: boolean;
  /** Another first name, another place of a firm, Jr and Sr: something that speaks against it whatever else agrees. */
  readonly isContradicted: boolean;
  /** Two customers by their names, as {@link PairScore} has it. */
  readonly hasOtherName: boolean;
  /** The evidence in words, what weighs most first: `same e-mail address`, `other first name`. */
  readonly reasons: readonly string[];
}

export interface CandidateOptions {
  /** Country of telephone numbers that do not say theirs, as two letters or a name. */
  readonly country?: string;
  /** Rows of the file, so that a value that many of them have is nobody's own; more with {@link CandidateIndex.countRow}. */
  readonly rows?: Iterable<Draft>;
}

export interface CandidateIndex {
  /** Customers that a row may be about, the likeliest first; none that has next to nothing in common with it. */
  find(draft: Draft): readonly Candidate[];
  /** What a row and one customer have in common, also where that is nothing. The customer need not be in the index. */
  compare(draft: Draft, customer: Customer): Candidate;
  /** Lets a row of the file count among those that have its e-mail address, telephone and home. */
  countRow(draft: Draft): void;
  /** Of the fields that are compared, those that any of the customers has, blank or not. */
  readonly shownFields: ReadonlySet<string>;
}

/** Where a row is put while it is compared, and a customer beside it. */
const places = 2;

/**
 * An index of customers for the question whether a row is one of them. 100,000 customers take some 15 MB.
 *
 * @param customers - each is read once; their texts are not kept
 */
export function createCandidateIndex(customers: Iterable<Customer>, options: CandidateOptions = {}): CandidateIndex {
  const table = new RecordTable(options.country);
  const rowPlace = table.reserve();
  const customerPlace = table.reserve();
  const codes: string[] = [];
  const shownFields = new Set<string>();
  for (const customer of customers) {
    table.add(customer, 'account');
    codes.push(readCode(customer));
    if (shownFields.size < comparedFields.length)
      for (const field of comparedFields) if (readField(customer, field) !== undefined) shownFields.add(field);
  }
  for (const row of options.rows ?? []) table.countOnly(rowPlace, row, 'file');
  const score = createPairScorer(table);
  const visited = new Int32Array(table.size);
  let question = 0;
  let blocks: BlockIndex | undefined;
  let equals: ReadonlyMap<string, readonly number[]> | undefined;

  function toCandidate(customerCode: string, pair: PairScore, place: number): Candidate {
    return {
      customerCode,
      bits: pair.bits,
      tier: pair.tier,
      isStrong: pair.isStrong || isAllEqual(table, rowPlace, place, shownFields),
      isContradicted: pair.isContradicted,
      hasOtherName: pair.hasOtherName,
      reasons: describeEvidence(pair.evidence),
    };
  }

  return {
    shownFields,
    countRow: (draft) => table.countOnly(rowPlace, draft, 'file'),
    find(draft) {
      blocks ??= buildBlockIndex(table, places, table.size, limits.maxBlock);
      table.put(rowPlace, draft);
      question += 1;
      const found: Candidate[] = [];
      const visit = (place: number) => {
        if (visited[place] === question) return;
        visited[place] = question;
        const candidate = toCandidate(codes[place - places] ?? '', score.explain(rowPlace, place), place);
        if (candidate.tier !== 'other' || candidate.isStrong) found.push(candidate);
      };
      blocks.visit(rowPlace, visit);
      // A block of hundreds, such as the branches of one chain, is not searched whole: whoever is equal in all is found here.
      equals ??= indexEquals(table, shownFields);
      for (const place of equals.get(joinShown(table, rowPlace, shownFields)) ?? []) visit(place);
      return markAmbiguous(found.sort((a, b) => b.bits - a.bits));
    },
    compare(draft, customer) {
      table.put(rowPlace, draft);
      table.put(customerPlace, customer);
      return toCandidate(readCode(customer), score.explain(rowPlace, customerPlace), customerPlace);
    },
  };
}

function readCode(customer: Customer): string {
  return String(readField(customer, 'customerCode') ?? '');
}

/** A best candidate that is hardly better than the next is not the one: somebody has to choose. */
function markAmbiguous(candidates: readonly Candidate[]): readonly Candidate[] {
  const [best, second] = candidates;
  if (best === undefined || second === undefined || second.tier === 'other') return candidates;
  if (best.bits - second.bits >= limits.ambiguous) return candidates;
  return candidates.map((candidate) => (candidate.tier === 'same' ? { ...candidate, tier: 'review' } : candidate));
}

const columnsByField: Readonly<Record<(typeof comparedFields)[number], readonly ColumnName[]>> = {
  customerName: ['company', 'first', 'last', 'suffix'],
  firstName: ['first', 'second'],
  lastName: ['last', 'suffix'],
  emailAddress: ['email'],
  phoneNumber: ['phone'],
  address: ['street', 'house', 'unit'],
  city: ['city'],
  postalCode: ['postCode'],
};

/** The customers by all that the list shows of them. */
function indexEquals(table: RecordTable, shown: ReadonlySet<string>): ReadonlyMap<string, readonly number[]> {
  const byValues = new Map<string, number[]>();
  for (let place = places; place < table.size; place += 1) {
    const values = joinShown(table, place, shown);
    const known = byValues.get(values);
    if (known === undefined) byValues.set(values, [place]);
    // More of them say nothing more.
    else if (known.length < maxEquals) known.push(place);
  }
  return byValues;
}

/** Enough to name in a question. */
const maxEquals = 5;

function joinShown(table: RecordTable, at: number, shown: ReadonlySet<string>): string {
  return comparedFields
    .filter((field) => shown.has(field))
    .flatMap((field) => columnsByField[field].map((column) => table.get(column, at)))
    .join();
}

/** Whether all that the list shows is equal, names included; what is blank on both sides counts as equal here. */
function isAllEqual(table: RecordTable, a: number, b: number, shown: ReadonlySet<string>): boolean {
  const hasName = (['first', 'last', 'company'] as const).some((column) => table.get(column, b) !== 0);
  // An index of nobody shows nothing, so nothing is known to be equal.
  if (!hasName || shown.size === 0) return false;
  return comparedFields
    .filter((field) => shown.has(field))
    .every((field) => columnsByField[field].every((column) => table.get(column, a) === table.get(column, b)));
}

import { readDisplayName } from '#pipelines/compare-customers.js';
import {
  applyDecision,
  decisionBasis,
  decisionSubject,
  isSameBasis,
  pairOfCustomers,
  rowCandidate,
} from '#pipelines/import/decisions.js';
import { displayKey, joinKey } from '#pipelines/import/keys.js';
import type { CompiledMapping } from '#pipelines/mapping/compile.js';
import type { MappedRow } from '#pipelines/mapping/map-row.js';
import type { Customer, Row } from '#pipelines/model.js';
import type { DecisionStore } from '#pipelines/ports.js';
import { DuplicateSearch, type DuplicatesFound } from '#pipelines/quality/duplicates/find-duplicates.js';
import type { FoundGroup, FoundPair } from '#pipelines/quality/duplicates/group-pairs.js';
import { describeEvidence } from '#pipelines/quality/duplicates/score-pair.js';
import { type Input, readAllRows } from '#src/app/input.js';
import type { Ledger } from '#src/ledger/open-ledger.js';

/** A row of the file, or a customer of the account. */
export interface DuplicateRecord {
  /** Line or row number in the file; `null` for a customer of the account. */
  readonly row: number | null;
  /** The key of a row, when the mapping has one. */
  readonly key: string | null;
  readonly customerCode: string | null;
  readonly name: string;
}

/** Two records that are, or may be, one customer. */
export interface DuplicatePair {
  readonly records: readonly [DuplicateRecord, DuplicateRecord];
  /** The evidence for one customer, in bits: from 12 on it is called the same, from 6 on a person should look. */
  readonly bits: number;
  /** The evidence in words, what weighs most first. */
  readonly reasons: readonly string[];
}

/** Records that are one customer. */
export interface DuplicateGroup {
  readonly records: readonly DuplicateRecord[];
  /** Of the pair with the least evidence. */
  readonly bits: number;
  readonly reasons: readonly string[];
}

/** Who is there twice. */
export interface DuplicatesResult {
  /** Rows of the file that are one customer. */
  readonly groups: readonly DuplicateGroup[];
  /** Rows with the customer of the account that they are, and that no key or code says yet. */
  readonly matches: readonly DuplicatePair[];
  /** Customers of the account who are one. */
  readonly accountGroups: readonly DuplicateGroup[];
  /** Pairs for a person to decide, the likeliest first. */
  readonly reviews: readonly DuplicatePair[];
}

/** A record as it is shown. */
export interface ShownRecord extends DuplicateRecord {
  readonly customer: Customer;
  /** Of a row: its position among the data rows, its key as the ledger has it, and what the mapping makes of it. */
  readonly source?: {
    readonly index: number;
    readonly key: string | undefined;
    readonly mapped: Pick<MappedRow, 'command' | 'defaulted'>;
  };
}

/** Pairs whose records are in memory at the same time. */
const pairsPerReading = 20_000;

/**
 * The rows of a file and the customers of an account, searched together. The search keeps no texts; what is shown of the
 * records that were found is read again, a part of them at a time.
 */
export class DuplicateFinder {
  readonly #search: DuplicateSearch;
  /** Of each row: its position among the data rows, and its line or row number. */
  readonly #indexes: number[] = [];
  readonly #numbers: number[] = [];
  /** As the ledger has them. */
  readonly #keys: (string | undefined)[] = [];
  /** The keys of some rows without the number format of their cells, by which a customer may be known since long ago. */
  readonly #bareKeys = new Map<number, string>();
  readonly #codes: string[] = [];
  #ledger: Ledger | undefined;
  knownRows = 0;
  readonly #known = new Set<number>();

  /** @param country - of telephone numbers that do not say theirs. @default what the mapping says */
  constructor(
    readonly input: Input,
    readonly mapper: CompiledMapping,
    country: string | undefined,
  ) {
    this.#search = new DuplicateSearch(country ?? mapper.country);
  }

  get rows(): number {
    return this.#indexes.length;
  }

  get customers(): number {
    return this.#codes.length;
  }

  /** Reads the file, and adds all rows. Call it before {@link addCustomers}. */
  async addRows(): Promise<void> {
    for await (const batch of readAllRows(this.input)) {
      const mapped = await this.mapper.mapAll(batch);
      for (const [at, row] of batch.entries()) {
        const { skip, ...content } = mapped[at] ?? { draft: {} };
        if (skip === undefined) this.addRow(row, content);
      }
    }
  }

  /** @param mapped - what the mapping makes of the row; it may name its customer */
  addRow(
    { index, number }: Row,
    { draft, key, unformatted, customerCode }: Pick<MappedRow, 'draft' | 'key' | 'unformatted' | 'customerCode'>,
  ): void {
    const { keySource } = this.mapper;
    const record = this.#search.add(draft, 'file');
    this.#indexes.push(index);
    this.#numbers.push(number);
    this.#keys.push(key === undefined ? undefined : joinKey(keySource, key));
    if (unformatted !== undefined) this.#bareKeys.set(record, joinKey(keySource, unformatted.key));
    if (customerCode !== undefined) this.#markKnown(record);
  }

  /** Adds the customers of the account. A row whose customer is known is not compared with them: there is nothing to find. */
  addCustomers(ledger: Ledger): void {
    this.useDecisions(ledger);
    const keys = [...this.#keys.flatMap((key) => key ?? []), ...this.#bareKeys.values()];
    const known = ledger.openRows(0).findCustomersByKeys(keys);
    const isKnown = (key: string | undefined) => key !== undefined && known.get(key)?.customerCode !== undefined;
    for (const [at, bare] of this.#bareKeys) if (isKnown(bare) && !isKnown(this.#keys[at])) this.#keys[at] = bare;
    for (const [at, key] of this.#keys.entries()) if (isKnown(key)) this.#markKnown(at);
    for (const { customer } of ledger.mirror.all()) {
      this.#search.add(customer, 'account');
      this.#codes.push(String(customer.customerCode));
    }
  }

  /** What was decided before is left out of what {@link find} finds. */
  useDecisions(ledger: Ledger): void {
    this.#ledger = ledger;
  }

  #markKnown(row: number): void {
    if (!this.#search.markKnown(row)) return;
    this.knownRows += 1;
    this.#known.add(row);
  }

  /**
   * Of two rows, the one that would be left out comes first: the one whose customer is not known yet, else the later one.
   * Of two customers, the one with the lower code.
   */
  orderPair({ a, b }: Pick<FoundPair, 'a' | 'b'>): Pick<FoundPair, 'a' | 'b'> {
    const [first, second] = [Math.min(a, b), Math.max(a, b)];
    if (second < this.rows) {
      const isEarlierNew = this.#known.has(second) && !this.#known.has(first);
      return isEarlierNew ? { a: first, b: second } : { a: second, b: first };
    }
    if (first < this.rows) return { a: first, b: second };
    const [code = '', other = ''] = [this.#codes[first - this.rows], this.#codes[second - this.rows]];
    return pairOfCustomers(code, other).customerCode === other ? { a: first, b: second } : { a: second, b: first };
  }

  /** Compares all records; pairs about which somebody has decided before are left out. */
  async find(signal?: AbortSignal): Promise<DuplicatesFound> {
    const found = await this.#search.find(undefined, signal);
    const { decisions } = this.#ledger ?? {};
    if (decisions === undefined || decisions.isEmpty()) return found;
    const linked = found.groups.flatMap(({ members: [a = 0, ...others] }) => others.map((b) => ({ a, b })));
    const decided = new Set<string>();
    for await (const pairs of this.readPairs([...found.matches, ...found.reviews, ...linked]))
      for (const { pair, a, b } of pairs) if (this.#isDecided(a, b, decisions)) decided.add(`${pair.a} ${pair.b}`);
    const isOpen = ({ a, b }: Pick<FoundPair, 'a' | 'b'>) => !decided.has(`${a} ${b}`);
    const groups = found.groups.flatMap((group) => {
      const [a = 0, ...others] = group.members;
      const members = [a, ...others.filter((b) => isOpen({ a, b }))];
      const pairs = group.pairs.filter((pair) => members.includes(pair.a) && members.includes(pair.b));
      return members.length < 2 || pairs.length === 0 ? [] : [{ ...group, members, pairs }];
    });
    return { ...found, groups, matches: found.matches.filter(isOpen), reviews: found.reviews.filter(isOpen) };
  }

  #isDecided(a: ShownRecord, b: ShownRecord, decisions: DecisionStore): boolean {
    if (a.row === null && b.row === null) return isDecidedOfCustomers(a, b, decisions);
    if (a.row !== null && b.row !== null) return isDecidedOfRows(a, b, decisions) || isDecidedOfRows(b, a, decisions);
    const candidate = { customerCode: b.customerCode ?? '', evidence: [] };
    return applyDecision(readSubjectOf(a), [candidate], decisions, () => b.customer).kind !== 'undecided';
  }

  /**
   * Reads what is shown of the records that were found.
   *
   * @param most - groups and pairs of each kind
   */
  async describe(found: DuplicatesFound, most = Number.POSITIVE_INFINITY): Promise<DuplicatesResult> {
    const groups = (side: FoundGroup['side']) =>
      this.#describeGroups(found.groups.filter((group) => group.side === side).slice(0, most));
    return {
      groups: await groups('file'),
      matches: await this.#describePairs(found.matches.slice(0, most)),
      accountGroups: await groups('account'),
      reviews: await this.#describePairs(found.reviews.slice(0, most)),
    };
  }

  /** Pairs with their records, a part at a time. */
  async *readPairs<Pair extends Pick<FoundPair, 'a' | 'b'>>(pairs: readonly Pair[]) {
    for (let first = 0; first < pairs.length; first += pairsPerReading) {
      const own = pairs.slice(first, first + pairsPerReading);
      const records = await this.#readRecords(own.flatMap(({ a, b }) => [a, b]));
      const find = (record: number) => records.get(record) ?? unknownRecord;
      yield own.map((pair) => ({ pair, a: find(pair.a), b: find(pair.b) }));
    }
  }

  explain({ a, b }: Pick<FoundPair, 'a' | 'b'>): readonly string[] {
    return describeEvidence(this.#search.explain(a, b));
  }

  async #describePairs(pairs: readonly FoundPair[]): Promise<readonly DuplicatePair[]> {
    const described: DuplicatePair[] = [];
    for await (const part of this.readPairs(pairs))
      for (const { pair, a, b } of part)
        described.push({
          records: [withoutCustomer(a), withoutCustomer(b)],
          bits: roundBits(pair.bits),
          reasons: this.explain(pair),
        });
    return described;
  }

  async #describeGroups(groups: readonly FoundGroup[]): Promise<readonly DuplicateGroup[]> {
    const records = await this.#readRecords(groups.flatMap(({ members }) => members));
    return groups.map(({ members, pairs }) => {
      const weakest = pairs.reduce((least, pair) => (pair.bits < least.bits ? pair : least));
      return {
        records: members.map((member) => withoutCustomer(records.get(member) ?? unknownRecord)),
        bits: roundBits(weakest.bits),
        reasons: this.explain(weakest),
      };
    });
  }

  async #readRecords(wanted: readonly number[]): Promise<ReadonlyMap<number, ShownRecord>> {
    const records = new Map<number, ShownRecord>();
    const rows = new Map<number, number>();
    for (const record of wanted) {
      const index = this.#indexes[record];
      if (index !== undefined) rows.set(index, record);
      else records.set(record, this.#readCustomer(record));
    }
    if (rows.size === 0) return records;
    for await (const batch of this.input.source.batches()) {
      const own = batch.filter(({ index }) => rows.has(index));
      const mapped = own.length === 0 ? [] : await this.mapper.mapAll(own);
      for (const [at, { index, number }] of own.entries()) {
        const { draft = {}, customerCode, ...content } = mapped[at] ?? {};
        const record = rows.get(index) ?? -1;
        const key = this.#keys[record];
        records.set(record, {
          ...{ row: number, key: key === undefined ? null : displayKey(key), customerCode: customerCode ?? null },
          ...{ name: readDisplayName(draft), customer: draft, source: { index, key, mapped: content } },
        });
      }
    }
    return records;
  }

  #readCustomer(record: number): ShownRecord {
    const customerCode = this.#codes[record - this.rows] ?? '';
    const customer = this.#ledger?.mirror.find(customerCode)?.customer ?? {};
    return { row: null, key: null, customerCode, name: readDisplayName(customer), customer };
  }
}

const unknownRecord: ShownRecord = { row: null, key: null, customerCode: null, name: '', customer: {} };

function roundBits(bits: number): number {
  return Math.round(bits * 10) / 10;
}

function withoutCustomer({ customer: _, source: __, ...record }: ShownRecord): DuplicateRecord {
  return record;
}

/** A row as decisions know it. */
export function readSubjectOf({ customer: draft, source }: ShownRecord) {
  return { key: source?.key, draft };
}

function isDecidedOfRows(a: ShownRecord, b: ShownRecord, decisions: DecisionStore): boolean {
  const other = rowCandidate(decisionSubject(readSubjectOf(b)));
  return isDecided(decisions, { subject: decisionSubject(readSubjectOf(a)), customerCode: other }, [a, b]);
}

function isDecidedOfCustomers(a: ShownRecord, b: ShownRecord, decisions: DecisionStore): boolean {
  const pair = pairOfCustomers(a.customerCode ?? '', b.customerCode ?? '');
  const isInOrder = pair.customerCode === b.customerCode;
  return isDecided(decisions, pair, isInOrder ? [a, b] : [b, a]);
}

/** Whether somebody has decided about a pair, and neither side has changed since. */
function isDecided(
  decisions: DecisionStore,
  { subject, customerCode }: { readonly subject: string; readonly customerCode: string },
  [a, b]: readonly [ShownRecord, ShownRecord],
): boolean {
  return decisions
    .find(subject)
    .some(
      (kept) =>
        kept.customerCode === customerCode &&
        isSameBasis(kept.rowBasis, decisionBasis(a.customer)) &&
        isSameBasis(kept.customerBasis, decisionBasis(b.customer)),
    );
}

import { readDisplayName } from '#pipelines/compare-customers.js';
import { applyDecision } from '#pipelines/import/decisions.js';
import { displayKey } from '#pipelines/import/keys.js';
import type { CompiledMapping } from '#pipelines/mapping/compile.js';
import type { Customer, Draft, Row } from '#pipelines/model.js';
import { DuplicateSearch, type DuplicatesFound } from '#pipelines/quality/duplicates/find-duplicates.js';
import type { FoundGroup, FoundPair } from '#pipelines/quality/duplicates/group-pairs.js';
import { describeEvidence } from '#pipelines/quality/duplicates/score-pair.js';
import type { Connection } from '#src/app/connect.js';
import { type Input, readAllRows } from '#src/app/input.js';

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
  readonly #keys: (string | undefined)[] = [];
  readonly #codes: string[] = [];
  #ledger: Connection['ledger'] | undefined;
  knownRows = 0;

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
        const { draft = {}, key, customerCode, skip } = mapped[at] ?? {};
        if (skip === undefined) this.addRow(row, draft, key, customerCode);
      }
    }
  }

  /** @param customerCode - of a row that names its customer */
  addRow({ index, number }: Row, draft: Draft, key: string | undefined, customerCode?: string): void {
    const record = this.#search.add(draft, 'file');
    this.#indexes.push(index);
    this.#numbers.push(number);
    this.#keys.push(key);
    if (customerCode !== undefined) this.#markKnown(record);
  }

  /** Adds the customers of the account. A row whose customer is known is not compared with them: there is nothing to find. */
  addCustomers({ ledger }: Connection): void {
    this.#ledger = ledger;
    const known = ledger.openRows(0).findCustomersByKeys(this.#keys.flatMap((key) => key ?? []));
    for (const [at, key] of this.#keys.entries())
      if (key !== undefined && known.get(key)?.customerCode !== undefined) this.#markKnown(at);
    for (const { customer } of ledger.mirror.all()) {
      this.#search.add(customer, 'account');
      this.#codes.push(String(customer.customerCode));
    }
  }

  #markKnown(row: number): void {
    if (this.#search.markKnown(row)) this.knownRows += 1;
  }

  /** Compares all records; pairs about which somebody has decided before are left out. */
  async find(signal?: AbortSignal): Promise<DuplicatesFound> {
    const found = await this.#search.find(undefined, signal);
    const { decisions, mirror } = this.#ledger ?? {};
    if (decisions === undefined || mirror === undefined || [...decisions.all()].length === 0) return found;
    const decided = new Set<FoundPair>();
    for await (const pairs of this.readPairs([...found.matches, ...found.reviews]))
      for (const { pair, a, b, key } of pairs) {
        if (a.row === null || b.customerCode === null || b.row !== null) continue;
        const candidate = { customerCode: b.customerCode, evidence: [] };
        const readCustomer = (code: string) => mirror.find(code)?.customer;
        const { kind } = applyDecision({ key, draft: a.customer }, [candidate], decisions, readCustomer);
        if (kind !== 'undecided') decided.add(pair);
      }
    const isOpen = (pair: FoundPair) => !decided.has(pair);
    return { ...found, matches: found.matches.filter(isOpen), reviews: found.reviews.filter(isOpen) };
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
      yield own.map((pair) => ({ pair, a: find(pair.a), b: find(pair.b), key: this.#keys[pair.a] }));
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
        const { draft = {}, key, customerCode } = mapped[at] ?? {};
        records.set(rows.get(index) ?? -1, {
          ...{ row: number, key: key === undefined ? null : displayKey(key), customerCode: customerCode ?? null },
          ...{ name: readDisplayName(draft), customer: draft },
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

function withoutCustomer({ customer: _, ...record }: ShownRecord): DuplicateRecord {
  return record;
}

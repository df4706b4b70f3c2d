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

/** What is kept of a record, to say which one it is. */
interface RecordPlace {
  /** Position among the data rows. */
  readonly index: number;
  readonly number: number;
  readonly key: string | undefined;
}

/** A record as it is shown. */
export interface ShownRecord extends DuplicateRecord {
  readonly customer: Customer;
}

/**
 * The rows of a file and the customers of an account, searched together. Rows are read twice: for the search, and, of those
 * that were found, for what is shown of them, so that the texts of the others are never in memory.
 */
export class DuplicateFinder {
  readonly #search: DuplicateSearch;
  readonly #places: RecordPlace[] = [];
  readonly #codes: string[] = [];
  readonly #shown = new Map<number, ShownRecord>();
  #readCustomer: ((code: string) => Customer | undefined) | undefined;
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
    return this.#places.length;
  }

  get customers(): number {
    return this.#codes.length;
  }

  /** Reads the file, and adds all rows that could be read. Call it before {@link addCustomers}. */
  async addRows(): Promise<void> {
    for await (const batch of readAllRows(this.input)) {
      const mapped = await this.mapper.mapAll(batch);
      for (const [at, row] of batch.entries()) {
        const { draft = {}, key, customerCode } = mapped[at] ?? {};
        this.addRow(row, draft, key, customerCode);
      }
    }
  }

  /** @param customerCode - of a row that names its customer */
  addRow({ index, number }: Row, draft: Draft, key: string | undefined, customerCode?: string): void {
    const record = this.#search.add(draft, 'file');
    this.#places.push({ index, number, key });
    if (customerCode !== undefined) this.#markKnown(record);
  }

  /** Adds the customers of the account. A row whose customer is known is not compared with them: there is nothing to find. */
  addCustomers({ ledger }: Connection): void {
    const rows = ledger.openRows(0);
    const keys = this.#places.flatMap(({ key }) => key ?? []);
    const known = rows.findCustomersByKeys(keys);
    for (const [at, { key }] of this.#places.entries())
      if (key !== undefined && known.get(key)?.customerCode !== undefined) this.#markKnown(at);
    for (const { customer } of ledger.mirror.all()) {
      this.#search.add(customer, 'account');
      this.#codes.push(String(customer.customerCode));
    }
    this.#readCustomer = (code) => ledger.mirror.find(code)?.customer;
  }

  #markKnown(row: number): void {
    if (this.#search.markKnown(row)) this.knownRows += 1;
  }

  find(signal: AbortSignal | undefined): Promise<DuplicatesFound> {
    return this.#search.find(undefined, signal);
  }

  /** Reads what is shown of the records that were found. */
  async describe(found: DuplicatesFound): Promise<DuplicatesResult> {
    const pairs = [...found.matches, ...found.reviews];
    await this.#readShown([...pairs.flatMap(({ a, b }) => [a, b]), ...found.groups.flatMap(({ members }) => members)]);
    const groups = (side: FoundGroup['side']) =>
      found.groups.filter((group) => group.side === side).map((group) => this.#describeGroup(group));
    return {
      groups: groups('file'),
      matches: found.matches.map((pair) => this.#describePair(pair)),
      accountGroups: groups('account'),
      reviews: found.reviews.map((pair) => this.#describePair(pair)),
    };
  }

  /** A record that {@link describe} has read. */
  show(record: number): ShownRecord {
    return this.#shown.get(record) ?? { row: null, key: null, customerCode: null, name: '', customer: {} };
  }

  explain(a: number, b: number): readonly string[] {
    return describeEvidence(this.#search.explain(a, b));
  }

  #describeGroup({ members, pairs }: FoundGroup): DuplicateGroup {
    const weakest = pairs.reduce((least, pair) => (pair.bits < least.bits ? pair : least));
    const { bits, reasons } = this.#describePair(weakest);
    return { records: members.map((member) => withoutCustomer(this.show(member))), bits, reasons };
  }

  #describePair({ a, b, bits }: FoundPair): DuplicatePair {
    return {
      records: [withoutCustomer(this.show(a)), withoutCustomer(this.show(b))],
      bits: Math.round(bits * 10) / 10,
      reasons: this.explain(a, b),
    };
  }

  async #readShown(records: readonly number[]): Promise<void> {
    const wanted = new Map<number, number>();
    for (const record of records) {
      const place = this.#places[record];
      if (place !== undefined) wanted.set(place.index, record);
      else this.#showCustomer(record);
    }
    if (wanted.size === 0) return;
    for await (const batch of this.input.source.batches()) {
      const own = batch.filter(({ index }) => wanted.has(index));
      if (own.length === 0) continue;
      const mapped = await this.mapper.mapAll(own);
      for (const [at, row] of own.entries()) {
        const { draft = {}, key, customerCode } = mapped[at] ?? {};
        this.#shown.set(wanted.get(row.index) ?? -1, {
          row: row.number,
          key: key === undefined ? null : displayKey(key),
          customerCode: customerCode ?? null,
          name: readName(draft),
          customer: draft,
        });
      }
    }
  }

  #showCustomer(record: number): void {
    const customerCode = this.#codes[record - this.#places.length] ?? '';
    const customer = this.#readCustomer?.(customerCode) ?? {};
    this.#shown.set(record, { row: null, key: null, customerCode, name: readName(customer), customer });
  }
}

function withoutCustomer({ customer: _, ...record }: ShownRecord): DuplicateRecord {
  return record;
}

function readName({ customerName, firstName, lastName }: Customer): string {
  const parts = [firstName, lastName].filter((part) => typeof part === 'string' && part !== '').join(' ');
  return typeof customerName === 'string' && customerName !== '' ? customerName : parts;
}

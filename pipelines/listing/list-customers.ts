import { readField } from '#pipelines/compare-customers.js';
import { FingerprintIndex } from '#pipelines/fingerprints.js';
import type { Customer } from '#pipelines/model.js';
import type { CustomerPage, CustomersApi, ListQuery } from '#pipelines/ports.js';
import { parseApiTime, readIdentity } from './customer-identity.js';

/** How complete one reading of a list was. */
export interface ListingProof {
  /** Distinct customers seen. */
  readonly seen: number;
  /** `liTotalCount` as the last page said it; 0 when no page did. */
  readonly total: number;
  readonly pages: number;
  /** False when customers were deleted faster than the list could be read. */
  readonly reachedEnd: boolean;
  /** Nobody who was in the list all the time was missed. */
  readonly complete: boolean;
  /** Why it is not complete, as a whole sentence. */
  readonly reason?: string;
}

/** One reading of a list. `proof` is known once `pages` has ended. */
export interface CustomerListing {
  /** Every customer once. */
  readonly pages: AsyncIterable<readonly Customer[]>;
  /** How many customers there are, as far as the API has said it yet. */
  expected(): number;
  /** When it began, by the server's clock; known with the first page. Epoch milliseconds. */
  startedAtMs(): number;
  proof(): ListingProof;
}

export interface ListingQuery extends Pick<ListQuery, 'fields' | 'changedSince' | 'changedUntil'> {
  /** @default {@link stableOrder} */
  readonly sort?: NonNullable<ListQuery['sort']>;
  readonly pageSize: number;
  /** Pages requested at the same time. @default 1 */
  readonly pagesAhead?: number;
  /** Given the first page, names the fields that the other pages need; all when it names none. */
  readonly narrow?: (firstPage: readonly Customer[]) => readonly string[] | undefined;
  /** @default this machine's clock stands for the server's */
  readonly clock?: ServerClock;
}

/** Our clock, and what the server's says at the same moment. */
export interface ServerClock {
  /** Epoch milliseconds. */
  now(): number;
  /** Known once the server has answered; never later than the truth. */
  serverTime(ourMs: number): number;
}

/** The order that edits do not change, and in which new customers come last. */
export const stableOrder = { field: 'customerCode', descending: false } as const;

const localClock: ServerClock = { now: Date.now, serverTime: (ourMs) => ourMs };
/** A list that others shorten at every step cannot be read to its end. */
const maxStepsBack = 100;
const tooFast = 'Customers were deleted faster than the list could be read.';
/** Rows of a few fields are short. */
const idsPerPage = 20_000;
const idFields = ['customerId', 'customerCode'] as const;
const dateFields = ['creationDateUTC', 'lastEditDateUTC'] as const;

/**
 * Reads a list page by page and proves that no customer who was there all the time was missed, whatever others add, edit
 * or delete meanwhile.
 *
 * A customer deleted from an earlier page pulls all later ones forward, and the one that moves onto a page already read
 * would be lost, without a trace in the count when another one was added. So each page begins before the end of the one
 * before it; where the two do not meet, the reader goes back a page. In the order of codes that is the whole proof. In any
 * other order an edit may move a customer to where the reader has been, so the ids are listed once more by code.
 */
export function listCustomers(api: CustomersApi, query: ListingQuery): CustomerListing {
  const listing = new Listing(api, query);
  return {
    pages: listing.read(),
    expected: () => listing.total,
    startedAtMs: () => listing.startedAtMs,
    proof: () => listing.proof,
  };
}

/** A page by its number and size. */
type PageWindow = Pick<ListQuery, 'page' | 'pageSize'>;

class Listing {
  readonly #api: CustomersApi;
  readonly #query: ListingQuery;
  readonly #clock: ServerClock;
  readonly #sort: NonNullable<ListQuery['sort']>;
  /** Everybody seen; only needed in an order in which customers move. */
  readonly #everybody: FingerprintIndex | undefined;
  /** Pages that have been requested and not yet been read. */
  readonly #requested = new Map<string, Promise<CustomerPage>>();
  #fields: readonly string[] | undefined;
  #seen = 0;
  #pages = 0;
  #firstTotal = 0;
  total = 0;
  startedAtMs = 0;
  proof: ListingProof = {
    seen: 0,
    total: 0,
    pages: 0,
    reachedEnd: false,
    complete: false,
    reason: 'The list was not read to the end.',
  };

  constructor(api: CustomersApi, query: ListingQuery) {
    this.#api = api;
    this.#query = query;
    this.#clock = query.clock ?? localClock;
    this.#sort = query.sort ?? stableOrder;
    this.#fields = withIds(query.fields);
    const isStable = this.#sort.field.toLowerCase() === stableOrder.field.toLowerCase();
    this.#everybody = isStable ? undefined : new FingerprintIndex();
  }

  async *read(): AsyncGenerator<readonly Customer[]> {
    let size = this.#query.pageSize;
    let reached = 0;
    let stepsBack = 0;
    let previous: ReadonlySet<string> = new Set();
    for (;;) {
      const window = chooseWindow(reached, size);
      const { customers, total } = await this.#request(window, size);
      const fresh = this.#selectFresh(customers, previous, window.page === 1);
      if (fresh === undefined) {
        this.#requested.clear();
        stepsBack += 1;
        if (stepsBack > maxStepsBack) {
          this.proof = { ...this.#counts(), reachedEnd: false, complete: false, reason: tooFast };
          return;
        }
        reached = Math.max(0, reached - size);
        continue;
      }
      this.#note(customers, total);
      if (fresh.length > 0) {
        previous = new Set(customers.map(readIdentity));
        this.#seen += fresh.length;
        yield fresh;
      }
      reached = (window.page - 1) * window.pageSize + customers.length;
      // By what came, not by what was asked for: a server may give smaller pages, and no total.
      if (total > 0 ? reached >= total : customers.length < window.pageSize) break;
      if (customers.length < window.pageSize) {
        this.#requested.clear();
        size = Math.max(1, customers.length);
      }
    }
    const reason = await this.#findDoubt();
    const ended = { ...this.#counts(), reachedEnd: true };
    this.proof = reason === undefined ? { ...ended, complete: true } : { ...ended, complete: false, reason };
  }

  #counts(): Pick<ListingProof, 'seen' | 'total' | 'pages'> {
    return { seen: this.#seen, total: this.total, pages: this.#pages };
  }

  /** Requests a page and those after it, as far as it is known that there are any. */
  async #request(window: PageWindow, size: number): Promise<CustomerPage> {
    if (this.#pages === 0) return this.#requestFirst(window);
    let ahead = window;
    for (let count = 0; count < (this.#query.pagesAhead ?? 1); count += 1) {
      this.#requestOnce(ahead);
      const end = ahead.page * ahead.pageSize;
      if (end >= this.total) break;
      ahead = chooseWindow(end, size);
    }
    const answer = this.#requestOnce(window);
    this.#requested.delete(buildKey(window));
    return answer;
  }

  async #requestFirst(window: PageWindow): Promise<CustomerPage> {
    const startedAt = this.#clock.now();
    const first = await this.#requestOnce(window);
    this.#requested.clear();
    this.startedAtMs = this.#clock.serverTime(startedAt);
    this.#firstTotal = first.total;
    if (this.#query.narrow !== undefined && first.customers.length > 0)
      this.#fields = withIds(this.#query.narrow(first.customers));
    return first;
  }

  #requestOnce(window: PageWindow): Promise<CustomerPage> {
    const key = buildKey(window);
    const known = this.#requested.get(key);
    if (known !== undefined) return known;
    const { changedSince, changedUntil } = this.#query;
    const answer = this.#api.list({
      ...window,
      sort: this.#sort,
      ...(this.#fields === undefined ? {} : { fields: this.#fields }),
      ...(changedSince === undefined ? {} : { changedSince }),
      ...(changedUntil === undefined ? {} : { changedUntil }),
    });
    // It may fail when no caller waits for it any more; a caller that does gets the error.
    answer.catch(() => undefined);
    this.#requested.set(key, answer);
    return answer;
  }

  #note(customers: readonly Customer[], total: number): void {
    this.#pages += 1;
    if (customers.length > 0 || this.#pages === 1) this.total = total;
  }

  /** Those of a page that were not on an earlier one; `undefined` when the page does not meet the one before it. */
  #selectFresh(
    page: readonly Customer[],
    previous: ReadonlySet<string>,
    isFirst: boolean,
  ): readonly Customer[] | undefined {
    const meetsAt = page.findLastIndex((customer) => previous.has(readIdentity(customer)));
    if (meetsAt < 0 && !isFirst) return undefined;
    if (this.#everybody === undefined) return page.slice(meetsAt + 1);
    return page.filter((customer) => this.#everybody?.add(readIdentity(customer)));
  }

  async #findDoubt(): Promise<string | undefined> {
    // Customers may have come or gone meanwhile, but those who were there at both times must have been seen.
    const expected = Math.min(this.#firstTotal, this.total);
    if (this.#seen < expected) return `The API counts ${this.total} customers, but ${this.#seen} were read.`;
    if (this.#everybody === undefined || this.#pages < 2) return undefined;
    const missed = await this.#countMissed(this.#everybody);
    if (missed === undefined) return 'The list changed too fast to be compared with what was read.';
    return missed === 0 ? undefined : 'Customers were edited while the list was read, and some were missed.';
  }

  /** Lists the ids by code: a customer that exists, existed at the start and was not seen has been missed. */
  async #countMissed(everybody: FingerprintIndex): Promise<number | undefined> {
    const { changedSince, changedUntil, clock } = this.#query;
    const listing = listCustomers(this.#api, {
      pageSize: idsPerPage,
      fields: [...idFields, ...dateFields],
      ...(changedSince === undefined ? {} : { changedSince }),
      ...(changedUntil === undefined ? {} : { changedUntil }),
      ...(clock === undefined ? {} : { clock }),
    });
    // Into a list of edits a customer also comes by an edit, into the whole list only by being created.
    const cameBy = changedSince === undefined ? 'creationDateUTC' : 'lastEditDateUTC';
    let missed = 0;
    for await (const page of listing.pages)
      for (const customer of page) {
        const hasJustCome = parseApiTime(String(readField(customer, cameBy))) >= this.startedAtMs;
        if (everybody.add(readIdentity(customer)) && !hasJustCome) missed += 1;
      }
    return listing.proof().reachedEnd ? missed : undefined;
  }
}

/** Without an id, a customer cannot be recognised as one of the page before. */
function withIds(fields: readonly string[] | undefined): readonly string[] | undefined {
  return fields === undefined ? undefined : [...new Set([...fields, ...idFields])];
}

function buildKey({ page, pageSize }: PageWindow): string {
  return `${page}/${pageSize}`;
}

/**
 * The page that reads on at place `reached` (counted from 0) and begins at least one customer before it. The API knows no
 * offsets, only pages of a size, so the size that repeats the fewest is chosen.
 */
function chooseWindow(reached: number, preferredSize: number): PageWindow {
  if (reached === 0) return { page: 1, pageSize: preferredSize };
  let best: PageWindow = { page: 1, pageSize: reached + preferredSize };
  let maxNew = 0;
  const consider = (pageSize: number) => {
    const page = Math.floor((reached - 1) / pageSize) + 1;
    const newCount = page * pageSize - reached;
    if (newCount <= maxNew) return;
    maxNew = newCount;
    best = { page, pageSize };
  };
  for (let size = preferredSize; size >= Math.max(2, preferredSize / 2); size -= 1) consider(size);
  // Tiny pages may have no such size; slightly larger ones do.
  for (let size = preferredSize + 1; maxNew === 0 && size <= preferredSize + 10; size += 1) consider(size);
  return best;
}

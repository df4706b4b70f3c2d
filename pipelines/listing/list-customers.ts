import { readField } from '#pipelines/compare-customers.js';
import { FingerprintIndex } from '#pipelines/fingerprints.js';
import type { Customer, JsonValue } from '#pipelines/model.js';
import type { CustomerPage, CustomersApi, ListQuery } from '#pipelines/ports.js';
import { parseApiTime, readIdentity } from './customer-identity.js';

type WalkQuery = Omit<ListQuery, 'page'>;

interface WalkedPage {
  /** Customers that come after all those of the pages before. */
  readonly customers: readonly Customer[];
  /** `liTotalCount`. */
  readonly total: number;
}

/** A list that others shorten at every step cannot be read to its end. */
const maxStepsBack = 100;

/**
 * Reads a list page by page so that no customer who was there all the time is missed, whatever others add, edit or
 * delete meanwhile. A customer deleted from an earlier page pulls all later ones forward, and the one that moved onto a
 * page already read would be lost, without a trace in the count when another was added. So each page begins before the
 * end of the one before; where the two do not meet, it goes back a page.
 *
 * @param query - its order must be one that edits do not change, such as `customerCode`, for this to hold
 * @returns whether the end was reached
 */
export async function* walkPages(api: CustomersApi, query: WalkQuery): AsyncGenerator<WalkedPage, boolean> {
  const { fields } = query;
  // Without the code, nobody could tell who was on the page before.
  const identified = fields === undefined ? {} : { fields: [...new Set([...fields, 'customerCode'])] };
  let size = query.pageSize;
  let reached = 0;
  let last: ReadonlySet<string> = new Set();
  for (let stepsBack = 0; stepsBack <= maxStepsBack; ) {
    const window = reached === 0 ? { page: 1, pageSize: size } : chooseOverlappingPage(reached, size);
    const { customers, total } = await api.list({ ...query, ...identified, ...window });
    const fresh = window.page === 1 ? orAll(customers, after(last, customers)) : after(last, customers);
    if (fresh === undefined) {
      stepsBack += 1;
      reached = Math.max(0, reached - size);
      continue;
    }
    if (fresh.length > 0) {
      last = new Set(customers.map(readCode));
      yield { customers: fresh, total };
    }
    reached = (window.page - 1) * window.pageSize + customers.length;
    // By what came, not by what was asked for: a server may give smaller pages, and say no total.
    if (total > 0 ? reached >= total : customers.length < window.pageSize) return true;
    if (customers.length < window.pageSize) size = Math.max(1, customers.length);
  }
  return false;
}

/**
 * The page that reads on at place `reached` (counted from 0) and begins at least one customer before it. The API knows
 * no offsets, only pages of a size, so the size that repeats the fewest is chosen.
 */
function chooseOverlappingPage(
  reached: number,
  usualSize: number,
): { readonly page: number; readonly pageSize: number } {
  let best = { page: 1, pageSize: reached + usualSize };
  let mostNew = 0;
  const tryOut = (pageSize: number) => {
    const page = Math.floor((reached - 1) / pageSize) + 1;
    const isNew = page * pageSize - reached;
    if (isNew <= mostNew) return;
    mostNew = isNew;
    best = { page, pageSize };
  };
  for (let size = usualSize; size >= Math.max(2, usualSize / 2); size -= 1) tryOut(size);
  // Tiny pages may have no such size; slightly larger ones do.
  for (let size = usualSize + 1; mostNew === 0 && size <= usualSize + 10; size += 1) tryOut(size);
  return best;
}

/** What follows the last known customer that the page shows; `undefined` when it shows none of them. */
function after(known: ReadonlySet<string>, page: readonly Customer[]): readonly Customer[] | undefined {
  const at = page.findLastIndex((customer) => known.has(readCode(customer)));
  return at < 0 ? undefined : page.slice(at + 1);
}

function orAll(page: readonly Customer[], fresh: readonly Customer[] | undefined): readonly Customer[] {
  return fresh ?? page;
}

function readCode(customer: Customer): string {
  return String(customer.customerCode ?? customer.customerId);
}

/** Who came into a list while it was read, told by what was edited of late before and after. */
interface Arrivals {
  /** How many came since; `undefined` when that cannot be told. */
  count(into: 'whole list' | 'list of edits'): Promise<number | undefined>;
}

/** Wide enough for clocks that disagree and filters that know whole minutes. */
const recentMs = 2 * 60_000;
const pageSize = 20_000;
/** Made at some thousand a second; to look at them twice costs a hundred calls. */
const maxRecent = 1_000_000;
const fields = ['customerId', 'customerCode', 'creationDateUTC', 'lastEditDateUTC'] as const;
const sort: NonNullable<ListQuery['sort']> = { field: 'customerCode', descending: false };

/** Takes note of who was edited of late. @returns `undefined` when they are too many, or never hold still */
async function watchArrivals(api: CustomersApi, since: Date): Promise<Arrivals | undefined> {
  const known = new FingerprintIndex();
  const wasRead = await readEdits(api, since, (customer) => known.add(readIdentity(customer)));
  if (!wasRead) return undefined;
  return {
    async count(into) {
      let came = 0;
      const wasReadAgain = await readEdits(api, since, (customer) => {
        // Into a list of edits one also comes by an edit; into the whole list only by being made.
        const isOld = into === 'whole list' && isBefore(readField(customer, 'creationDateUTC'), since);
        if (known.add(readIdentity(customer)) && !isOld) came += 1;
      });
      return wasReadAgain ? came : undefined;
    },
  };
}

/** Reads them in pages that overlap, so that nobody is missed who is edited meanwhile. */
async function readEdits(api: CustomersApi, since: Date, look: (customer: Customer) => void): Promise<boolean> {
  const pages = walkPages(api, { pageSize, fields, changedSince: since, sort });
  for (;;) {
    const { done, value } = await pages.next();
    if (done === true) return value;
    if (value.total > maxRecent) return false;
    for (const customer of value.customers) look(customer);
  }
}

/** A date that is not told may be any. */
function isBefore(stamp: JsonValue | undefined, moment: Date): boolean {
  return parseApiTime(String(stamp)) < moment.getTime();
}

/** How complete one reading of a list was. */
export interface ListingProof {
  /** Distinct customers seen. */
  readonly seen: number;
  /** `liTotalCount` as the last page said it; 0 when no page did. */
  readonly total: number;
  readonly pages: number;
  readonly complete: boolean;
  /** Why it is not complete, as a whole sentence. */
  readonly reason?: string;
}

/** One reading of customers; `proof` is known once `pages` has ended. */
export interface CustomerListing {
  readonly pages: AsyncIterable<readonly Customer[]>;
  /** What the API says it has, as far as it has said it yet. */
  expected(): number;
  /** When it began, by the server's clock; known with the first page. */
  startedAtMs(): number;
  proof(): ListingProof;
}

export interface ListingQuery extends Pick<ListQuery, 'changedSince' | 'changedUntil'> {
  readonly sort: NonNullable<ListQuery['sort']>;
  readonly pageSize: number;
  /** Pages asked for before they are needed. */
  readonly pagesAhead: number;
  /** @default all */
  readonly fields?: readonly string[];
  /** Looks at the first page and names the fields that the others need; all when it names none. */
  readonly narrow?: (firstPage: readonly Customer[]) => readonly string[] | undefined;
  readonly clock: ServerClock;
}

/** Our clock, and what the server's says at the same moment. */
interface ServerClock {
  /** Epoch milliseconds. */
  now(): number;
  /** Known once the server has answered; never later than the truth. */
  serverTime(ourMs: number): number;
}

/** Reads a list once, page after page, each customer once, and proves how complete that was. */
export function listCustomers(api: CustomersApi, query: ListingQuery): CustomerListing {
  const reading = new Listing(api, query);
  return {
    pages: reading.pages(),
    expected: () => reading.total,
    startedAtMs: () => reading.startedAtMs,
    proof: () => reading.proof,
  };
}

class Listing {
  readonly #ids = new FingerprintIndex();
  readonly #numbers = new RowNumbers();
  startedAtMs = 0;
  #firstTotal = 0;
  #arrivals: Arrivals | undefined;
  #received = 0;
  #pages = 0;
  total = 0;
  proof: ListingProof = { seen: 0, total: 0, pages: 0, complete: false, reason: 'The list was not read to its end.' };

  constructor(
    readonly api: CustomersApi,
    readonly query: ListingQuery,
  ) {}

  async *pages(): AsyncGenerator<readonly Customer[]> {
    for await (const page of this.#allPages()) {
      this.#pages += 1;
      this.total = page.total;
      this.#received += page.customers.length;
      this.#numbers.follow(page.customers);
      const fresh = page.customers.filter((customer) => this.#ids.add(readIdentity(customer)));
      if (fresh.length > 0) yield fresh;
    }
    const doubt = await this.#doubt();
    const known = { seen: this.#ids.size, total: this.total, pages: this.#pages };
    this.proof = doubt === undefined ? { ...known, complete: true } : { ...known, complete: false, reason: doubt };
  }

  /** The first page tells how many there are; from then on several are on their way while one is worked on. */
  async *#allPages(): AsyncGenerator<CustomerPage> {
    const { clock } = this.query;
    this.#arrivals = await watchFromNow(this.api, this.query);
    const startedAt = clock.now();
    const first = await this.api.list(this.#listQuery(1, this.query.fields));
    this.startedAtMs = clock.serverTime(startedAt);
    if (first.customers.length === 0) return;
    this.#firstTotal = first.total;
    const fields = this.query.narrow?.(first.customers);
    yield first;
    // By what came, not by what was asked for: a server may give smaller pages.
    const size = first.customers.length;
    const planned = first.total > 0 ? Math.ceil(first.total / size) : 1;
    const ahead = new Map<number, Promise<CustomerPage>>();
    const ask = (page: number) => {
      const answer = ahead.get(page) ?? this.api.list(this.#listQuery(page, fields));
      // Nobody may be waiting any more when it fails; whoever does is told.
      answer.catch(() => undefined);
      ahead.set(page, answer);
      return answer;
    };
    for (let page = 2; this.#hasMore(size); page += 1) {
      const last = Math.min(planned, page + this.query.pagesAhead - 1);
      for (let next = page; next <= last; next += 1) ask(next);
      const answer = await ask(page);
      ahead.delete(page);
      if (answer.customers.length === 0) return;
      yield answer;
    }
  }

  #listQuery(page: number, fields?: readonly string[]): ListQuery {
    const { sort, pageSize, changedSince, changedUntil } = this.query;
    return {
      page,
      pageSize,
      sort,
      ...(fields === undefined ? {} : { fields }),
      ...(changedSince === undefined ? {} : { changedSince }),
      ...(changedUntil === undefined ? {} : { changedUntil }),
    };
  }

  #hasMore(size: number): boolean {
    if (this.total > 0) return this.#received < this.total;
    // No total was ever said: a page that is not full is the last one.
    return this.#received === this.#pages * size && size >= this.query.pageSize;
  }

  async #doubt(): Promise<string | undefined> {
    const seen = this.#ids.size;
    if (seen < this.total) return `The API counts ${this.total} customers, and ${seen} were seen.`;
    if (this.#numbers.gaps > 0)
      return `The numbers of the rows (customSortRowNumber) have ${this.#numbers.gaps} gaps, so the list moved while it was read.`;
    if (this.#pages < 2) return undefined;
    const came = await this.#countArrivals();
    if (came === undefined)
      return 'So many customers were edited just before that nobody can tell who came while the list was read.';
    return this.#firstTotal + came > this.total
      ? 'Customers were added and others left the list while it was read, so one may be missing.'
      : undefined;
  }

  /**
   * How many customers came into the list while it was read. As many must have gone when the count is still the same,
   * and every one that goes pulls one that nobody has seen yet onto a page that was read already.
   */
  async #countArrivals(): Promise<number | undefined> {
    const { changedSince, changedUntil } = this.query;
    // Nobody comes into a list of edits that are over.
    if (changedUntil !== undefined && changedUntil.getTime() < this.startedAtMs - recentMs) return 0;
    return this.#arrivals?.count(changedSince === undefined ? 'whole list' : 'list of edits');
  }
}

/** Takes note of who was edited of late, before anything is read: nothing when that cannot be told. */
async function watchFromNow(api: CustomersApi, { clock }: ListingQuery): Promise<Arrivals | undefined> {
  const at = clock.now();
  const guessed = clock.serverTime(at);
  const watched = await watchArrivals(api, new Date(guessed - recentMs));
  // The first answer tells how far the server's clock is from ours.
  const isNear = Math.abs(clock.serverTime(at) - guessed) <= recentMs / 2;
  return isNear ? watched : watchArrivals(api, new Date(clock.serverTime(clock.now()) - recentMs));
}

/** Follows `customSortRowNumber`, a row's place in the whole result [seed]; a server that counts each page anew is let be. */
class RowNumbers {
  #first: number | undefined;
  #previous: number | undefined;
  gaps = 0;

  follow(customers: readonly Customer[]): void {
    customers.forEach((customer, index) => {
      const number = customer.customSortRowNumber;
      if (typeof number !== 'number') return;
      const begins = index === 0 && number === this.#first;
      if (this.#previous !== undefined && number !== this.#previous + 1 && !begins) this.gaps += 1;
      this.#first ??= number;
      this.#previous = number;
    });
  }
}

interface PagesQuery extends Pick<ListQuery, 'fields' | 'changedSince' | 'changedUntil'> {
  /** @default customerCode ascending: new customers come last, so that pages already read stay as they are */
  readonly sort?: NonNullable<ListQuery['sort']>;
  readonly pageSize: number;
}

/** Whether every customer was seen, as far as the API's own counts can tell. */
export interface PagesProof {
  /** Distinct customers seen. */
  readonly seen: number;
  /** `liTotalCount` of the last page that was not empty. */
  readonly total: number;
  readonly pages: number;
  /** Times that the whole was read, because it moved while it was read. */
  readonly passes: number;
  readonly complete: boolean;
}

const stableOrder = { field: 'customerCode', descending: false } as const;
/** A table that moves during every pass is not going to hold still for one more. */
const mostPasses = 3;

/**
 * Reads all pages of a list, each customer once, and returns the proof of how complete that was.
 *
 * By code, one pass misses nobody (see {@link walkPages}). In an order that edits change, a customer may move behind
 * the reader; so there a pass during which the total changed, or which saw fewer customers than the total says, is
 * followed by another one that yields only what is new.
 */
export async function* readPages(
  api: CustomersApi,
  query: PagesQuery,
): AsyncGenerator<readonly Customer[], PagesProof> {
  const seen = new Set<string>();
  const { sort = stableOrder } = query;
  const isStable = sort.field.toLowerCase() === stableOrder.field.toLowerCase();
  let pages = 0;
  for (let passes = 1; ; passes += 1) {
    const totals = new Set<number>();
    let total = 0;
    const walk = walkPages(api, { ...query, sort });
    let step = await walk.next();
    for (; step.done !== true; step = await walk.next()) {
      pages += 1;
      total = step.value.total;
      totals.add(total);
      const fresh = step.value.customers.filter((customer) => isNew(seen, customer));
      if (fresh.length > 0) yield fresh;
    }
    const complete = step.value && (isStable || (totals.size <= 1 && seen.size >= total));
    if (complete || passes === mostPasses) return { seen: seen.size, total, pages, passes, complete };
  }
}

function isNew(seen: Set<string>, customer: Customer): boolean {
  const id = String(customer.customerId ?? customer.customerCode);
  if (seen.has(id)) return false;
  seen.add(id);
  return true;
}

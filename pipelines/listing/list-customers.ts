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
  /** The list contradicts itself, so that it will not be complete the next time either; else others have edited it meanwhile. */
  readonly contradicts?: boolean;
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

export interface ListingQuery extends Pick<ListQuery, 'fields' | 'changedSince' | 'changedUntil' | 'filters'> {
  /** @default {@link stableOrder} */
  readonly sort?: NonNullable<ListQuery['sort']>;
  readonly pageSize: number;
  /** Pages requested at the same time. @default 1 */
  readonly pagesAhead?: number;
  /** Given the first page, names the fields that the other pages need; all when it names none. */
  readonly narrow?: (firstPage: readonly Customer[]) => readonly string[] | undefined;
  /** @default this machine's clock stands for the server's */
  readonly clock?: ServerClock;
  /** Ask once more whether anybody comes after the last customer; without it, the caller compares the count. @default true */
  readonly probesEnd?: boolean;
  /** Only compares the list with another reading of it. @default false */
  readonly isRecount?: boolean;
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
/** So many pages in a row that show nobody new are no list that can be read. */
const maxIdlePages = 4;
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
 *
 * A server may do otherwise than documented: give smaller pages than asked for, ignore the page or the order, count wrongly
 * or not at all. So the count of each page must fit what was read, and nobody may come after the last customer.
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
  readonly #everybody = new FingerprintIndex();
  readonly #order: OrderCheck | undefined;
  /** Pages that have been requested and not yet been read. */
  readonly #requested = new Map<string, Promise<CustomerPage>>();
  #fields: readonly string[] | undefined;
  #pages = 0;
  #firstTotal = 0;
  #lastCustomer = '';
  /** What the list says against itself. */
  #contradiction: string | undefined;
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
    this.#order = isStable ? new OrderCheck(this.#sort.descending) : undefined;
  }

  async *read(): AsyncGenerator<readonly Customer[]> {
    let size = this.#query.pageSize;
    let reached = 0;
    let stepsBack = 0;
    let idlePages = 0;
    let previous: ReadonlySet<string> = new Set();
    for (;;) {
      const window = chooseWindow(reached, size);
      const { customers, total } = await this.#request(window, size);
      const isMeeting = window.page === 1 || customers.some((customer) => previous.has(readIdentity(customer)));
      const fresh = isMeeting ? customers.filter((customer) => this.#everybody.add(readIdentity(customer))) : [];
      idlePages = fresh.length > 0 ? 0 : idlePages + 1;
      if (!isMeeting) {
        this.#requested.clear();
        stepsBack += 1;
        if (stepsBack > maxStepsBack || idlePages > maxIdlePages) {
          this.#end({ reachedEnd: false, reason: this.#findContradiction() ?? tooFast });
          return;
        }
        reached = Math.max(0, reached - size);
        continue;
      }
      this.#note(customers, total, window);
      if (fresh.length > 0) {
        previous = new Set(customers.map(readIdentity));
        this.#order?.note(fresh);
        yield fresh;
      }
      reached = (window.page - 1) * window.pageSize + customers.length;
      // Without a count, it goes on as long as somebody new comes: a short page may be a server's smaller page.
      const isEnd = this.total > 0 ? reached >= this.total : customers.length === 0 || fresh.length === 0;
      if (isEnd || idlePages > maxIdlePages) {
        if (!(await this.#continues(reached))) break;
      } else if (customers.length < window.pageSize) {
        this.#requested.clear();
        size = Math.max(1, customers.length);
      }
    }
    const contradiction = this.#findContradiction();
    this.#end({ reachedEnd: true, reason: contradiction ?? (await this.#findMissed()) });
  }

  #end({ reachedEnd, reason }: { readonly reachedEnd: boolean; readonly reason: string | undefined }): void {
    const ended = { ...this.#counts(), reachedEnd };
    this.proof =
      reason === undefined
        ? { ...ended, complete: true }
        : { ...ended, complete: false, reason, contradicts: reason === this.#findContradiction() };
  }

  /**
   * Asks for the customer after the last one. A server that counts the rows of a page in the place of all, that ignores the
   * page, or that gives no more than so many, gives one.
   *
   * @returns whether somebody was added meanwhile, so that the reading goes on
   */
  async #continues(reached: number): Promise<boolean> {
    if (this.#query.probesEnd === false || this.#findContradiction() !== undefined || reached === 0) return false;
    const { customers, total } = await this.#list({ page: reached + 1, pageSize: 1 }, [...idFields]);
    const [beyond] = customers.map(readIdentity);
    // Some servers give their last page for all pages that come after it.
    if (beyond === undefined || beyond === this.#lastCustomer) return false;
    if (total > reached && !this.#everybody.has(beyond)) {
      this.total = total;
      return true;
    }
    this.#contradiction = `The API counts ${reached} customers, and has others after these.`;
    return false;
  }

  #counts(): Pick<ListingProof, 'seen' | 'total' | 'pages'> {
    return { seen: this.#everybody.size, total: this.total, pages: this.#pages };
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
    const answer = this.#list(window, this.#fields);
    // It may fail when no caller waits for it any more; a caller that does gets the error.
    answer.catch(() => undefined);
    this.#requested.set(key, answer);
    return answer;
  }

  #list(window: PageWindow, fields: readonly string[] | undefined): Promise<CustomerPage> {
    const { changedSince, changedUntil, filters } = this.#query;
    return this.#api.list({
      ...window,
      sort: this.#sort,
      ...(fields === undefined ? {} : { fields }),
      ...(changedSince === undefined ? {} : { changedSince }),
      ...(changedUntil === undefined ? {} : { changedUntil }),
      ...(filters === undefined ? {} : { filters }),
    });
  }

  #note(customers: readonly Customer[], total: number, { page, pageSize }: PageWindow): void {
    this.#pages += 1;
    if (customers.length > 0 || this.#pages === 1) this.total = total;
    const last = customers.at(-1);
    if (last === undefined) return;
    this.#lastCustomer = readIdentity(last);
    if (total === 0) this.#contradiction ??= 'The API does not say how many customers there are (liTotalCount).';
    // Of one page, so that nobody can have come or gone between the two.
    else if ((page - 1) * pageSize + customers.length > total)
      this.#contradiction ??= `The API counts ${total} customers, and gives more.`;
  }

  #findContradiction(): string | undefined {
    // Customers may have come or gone meanwhile, but those who were there at both times must have been seen.
    const expected = Math.min(this.#firstTotal, this.total);
    const seen = this.#everybody.size;
    if (seen < expected) return `The API counts ${this.total} customers, but only ${seen} could be read.`;
    return this.#contradiction;
  }

  /** Only in an order in which customers move, asked for or not. */
  async #findMissed(): Promise<string | undefined> {
    if (this.#order?.isKept === true || this.#pages < 2 || this.#query.isRecount === true) return undefined;
    const missed = await this.#countMissed(this.#everybody);
    if (missed === undefined) return 'The list changed too fast to be compared with what was read.';
    return missed === 0 ? undefined : 'Customers were edited while the list was read, and some were missed.';
  }

  /** Lists the ids by code: a customer that exists, existed at the start and was not seen has been missed. */
  async #countMissed(everybody: FingerprintIndex): Promise<number | undefined> {
    const { changedSince, changedUntil, filters, clock } = this.#query;
    const listing = listCustomers(this.#api, {
      pageSize: idsPerPage,
      fields: [...idFields, ...dateFields],
      isRecount: true,
      probesEnd: false,
      ...(changedSince === undefined ? {} : { changedSince }),
      ...(changedUntil === undefined ? {} : { changedUntil }),
      ...(filters === undefined ? {} : { filters }),
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

/** Whether codes come in the order of their texts or numbers: a server may ignore the order that was asked for. */
class OrderCheck {
  readonly #sign: number;
  #orders: readonly ((a: string, b: string) => number)[] = [
    (a, b) => Number(a > b) - Number(a < b),
    (a, b) => a.toLowerCase().localeCompare(b.toLowerCase()),
    (a, b) => Number(a) - Number(b),
  ];
  #last: string | undefined;

  constructor(descending: boolean) {
    this.#sign = descending ? -1 : 1;
  }

  get isKept(): boolean {
    return this.#orders.length > 0;
  }

  note(customers: readonly Customer[]): void {
    for (const customer of customers) {
      const code = String(readField(customer, 'customerCode'));
      const before = this.#last;
      this.#last = code;
      if (before === undefined) continue;
      const isInOrder = (compare: (a: string, b: string) => number) => compare(before, code) * this.#sign <= 0;
      if (!this.#orders.every(isInOrder)) this.#orders = this.#orders.filter(isInOrder);
    }
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

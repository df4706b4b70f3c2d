import type { Customer } from '#pipelines/customer.js';
import type { CustomerPage, CustomersApi, ListQuery } from '#pipelines/ports.js';
import { type Arrivals, recentMs, watchArrivals } from './arrivals.js';
import { IdSet } from './id-set.js';
import { identityOf } from './identity-of.js';

/** How complete one reading of a list was. */
export interface PassProof {
  /** Distinct customers seen. */
  readonly seen: number;
  /** `liTotalCount` as the last page said it; 0 when no page did. */
  readonly total: number;
  readonly pages: number;
  readonly complete: boolean;
  /** Why it is not complete, as a whole sentence. */
  readonly doubt?: string;
}

/** One reading of customers; `proof` is known once `pages` has ended. */
export interface CustomerPass {
  readonly pages: AsyncIterable<readonly Customer[]>;
  /** What the API says it has, as far as it has said it yet. */
  expected(): number;
  /** When it began, by the server's clock; known with the first page. */
  startedAtMs(): number;
  proof(): PassProof;
}

export interface PassQuery extends Pick<ListQuery, 'changedSince' | 'changedUntil'> {
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
export interface ServerClock {
  /** Epoch milliseconds. */
  now(): number;
  /** Known once the server has answered; never later than the truth. */
  serverTime(ourMs: number): number;
}

/** Reads a list once, page after page, each customer once, and proves how complete that was. */
export function readPass(api: CustomersApi, query: PassQuery): CustomerPass {
  const reading = new Reading(api, query);
  return {
    pages: reading.pages(),
    expected: () => reading.total,
    startedAtMs: () => reading.startedAtMs,
    proof: () => reading.proof,
  };
}

class Reading {
  readonly #ids = new IdSet();
  readonly #numbers = new RowNumbers();
  startedAtMs = 0;
  #firstTotal = 0;
  #arrivals: Arrivals | undefined;
  #received = 0;
  #pages = 0;
  total = 0;
  proof: PassProof = { seen: 0, total: 0, pages: 0, complete: false, doubt: 'The list was not read to its end.' };

  constructor(
    readonly api: CustomersApi,
    readonly query: PassQuery,
  ) {}

  async *pages(): AsyncGenerator<readonly Customer[]> {
    for await (const page of this.#allPages()) {
      this.#pages += 1;
      this.total = page.total;
      this.#received += page.customers.length;
      this.#numbers.follow(page.customers);
      const fresh = page.customers.filter((customer) => this.#ids.add(identityOf(customer)));
      if (fresh.length > 0) yield fresh;
    }
    const doubt = await this.#doubt();
    const known = { seen: this.#ids.size, total: this.total, pages: this.#pages };
    this.proof = doubt === undefined ? { ...known, complete: true } : { ...known, complete: false, doubt };
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
async function watchFromNow(api: CustomersApi, { clock }: PassQuery): Promise<Arrivals | undefined> {
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

import { readField } from '#pipelines/compare-customers.js';
import { formatCount } from '#pipelines/format-count.js';
import type { Issue } from '#pipelines/issue.js';
import { listCustomers } from '#pipelines/listing/list-customers.js';
import { type CustomerMirror, knowsField, type MirroredCustomer } from '#pipelines/listing/mirror.js';
import { readDetails } from '#pipelines/listing/read-details.js';
import type { Customer } from '#pipelines/model.js';
import type { CustomersApi, KnownCustomers } from '#pipelines/ports.js';
import { readStamp } from './keys.js';

/** The stamps of more customers than this are not read one by one without being asked for. */
const maxUnconfirmedDetails = 2000;
/** Rows of a few fields are short. */
const stampsPerPage = 20_000;

/** Learning the stamps would take so many calls that a person has to agree. */
export class TooManyDetails extends Error {
  constructor(
    readonly calls: number,
    readonly stamp: string,
  ) {
    super(stamp);
  }
}

export interface StampPorts {
  readonly api: CustomersApi;
  readonly known: KnownCustomers;
  readonly mirror: CustomerMirror;
  readonly concurrency: number;
  readonly stopping: AbortSignal;
  readonly notice: (issue: Issue) => void;
  /** Requests a second; `Infinity` for no limit. */
  readonly ratePerSecond: number;
  /** Agrees to so many calls, or not. */
  readonly confirmDetails: (calls: number) => Promise<boolean>;
}

export interface StampOptions {
  /** The customer field that holds the key. */
  readonly field: string;
  /** The system that the keys are of. */
  readonly source: string | undefined;
  /**
   * After an update from a version that asked for no stamps, a run goes on without those that would take too many calls: the
   * first one reads none of them, each later one as many as need no asking, until all are known.
   */
  readonly afterUpgrade?: 'first' | 'later' | undefined;
}

/** Which customers bear which key in their stamp, as far as that is known. */
export class Stamps {
  readonly #codesByKey = new Map<string, string[]>();
  readonly #ports: StampPorts;
  readonly #options: StampOptions;

  constructor(ports: StampPorts, options: StampOptions) {
    this.#ports = ports;
    this.#options = options;
    for (const mirrored of ports.mirror.all()) this.#record(mirrored);
  }

  /** Codes of the customers that bear the key. */
  findCodes(key: string): readonly string[] {
    return this.#codesByKey.get(key) ?? [];
  }

  /** Each key that a customer bears. */
  keys(): Iterable<string> {
    return this.#codesByKey.keys();
  }

  /** Asks the list for the stamps that are not known, where it shows the field. One call tells once whether it does. */
  async learnFromList(): Promise<void> {
    const { api, known, mirror } = this.#ports;
    const { field } = this.#options;
    if (this.#findUnstamped(1).length === 0 || !(await this.#isListed())) return;
    const listing = listCustomers(api, {
      pageSize: stampsPerPage,
      // Who is there was proved a moment ago.
      probesEnd: false,
      fields: ['customerId', 'customerCode', 'lastEditDateUTC', field],
    });
    for await (const rows of listing.pages) {
      // A list that leaves the field out after all must not pass for customers without a stamp.
      if (rows.some((row) => readField(row, field) === undefined)) {
        known.saveListShows(field, false);
        return;
      }
      for (const row of mirror.saveFields(rows, [field])) this.#record(row);
    }
  }

  /** Reads the customers whose stamps are not known one by one; the local copy keeps them until they are edited. */
  async learnFromDetails(): Promise<void> {
    const { stopping, notice, ratePerSecond, confirmDetails } = this.#ports;
    const { field } = this.#options;
    const codes = this.#findUnstamped();
    if (codes.length === 0) return;
    let wanted = codes;
    if (codes.length > maxUnconfirmedDetails && !(await confirmDetails(codes.length))) {
      const { afterUpgrade } = this.#options;
      if (afterUpgrade === undefined) throw new TooManyDetails(codes.length, field);
      const read = afterUpgrade === 'first' ? 0 : maxUnconfirmedDetails;
      notice(describeUnread(codes.length, read, field, ratePerSecond));
      wanted = codes.slice(0, read);
      if (read === 0) return;
    } else notice(describeDetails(codes.length, field, ratePerSecond));
    await readDetails(wanted, this.#ports, (customer) => this.#record({ customer, extent: 'whole' }));
    stopping.throwIfAborted();
  }

  #record({ customer }: MirroredCustomer): void {
    const key = readStamp(readField(customer, this.#options.field), this.#options.source);
    if (key === undefined) return;
    const codes = this.#codesByKey.get(key) ?? [];
    const code = String(customer.customerCode);
    if (!codes.includes(code)) this.#codesByKey.set(key, [...codes, code]);
  }

  /** Strangers of which it is not known what their stamp says. */
  #findUnstamped(max = Number.POSITIVE_INFINITY): readonly string[] {
    const codes: string[] = [];
    for (const mirrored of this.#ports.known.strangers()) {
      if (!knowsField(mirrored, this.#options.field)) codes.push(String(mirrored.customer.customerCode));
      if (codes.length >= max) break;
    }
    return codes;
  }

  async #isListed(): Promise<boolean> {
    const { api, known } = this.#ports;
    const { field } = this.#options;
    const remembered = known.listShows(field);
    if (remembered !== undefined) return remembered;
    const shown = await askList(api, field);
    if (shown === undefined) return false;
    known.saveListShows(field, shown);
    return shown;
  }
}

/** @returns whether the list shows the field; `undefined` when nobody was listed */
async function askList(api: CustomersApi, field: string): Promise<boolean | undefined> {
  try {
    const { customers } = await api.list({ page: 1, pageSize: 1, fields: ['customerCode', field] });
    const [first] = customers;
    return first === undefined ? undefined : hasField(first, field);
  } catch (error) {
    // A list that refuses the field does not show it; what else went wrong ends the run at the next call.
    if (error instanceof Error && 'code' in error && error.code === 'LIST_REFUSED') return false;
    throw error;
  }
}

function hasField(customer: Customer, field: string): boolean {
  return Object.keys(customer).some((name) => name.toLowerCase() === field.toLowerCase());
}

/** What reading customers one by one costs: `1 call`, `300 calls, about 1 minute`. */
export function describeCalls(calls: number, ratePerSecond: number): string {
  const minutes = Math.max(1, Math.ceil(calls / ratePerSecond / 60));
  const time = Number.isFinite(ratePerSecond) ? `, about ${formatCount(minutes, 'minute')}` : '';
  return `${formatCount(calls, 'call')}${time}`;
}

function describeUnread(unread: number, read: number, field: string, ratePerSecond: number): Issue {
  const left = unread - read;
  const now =
    read === 0
      ? 'That is left out in this first run after an update'
      : `This run reads ${formatCount(read, 'customer')} (${describeCalls(read, ratePerSecond)}), and each later one as many, until all are known`;
  return {
    severity: 'warning',
    code: 'STAMPS_UNKNOWN',
    message: `Customers that only ${field} would show were not all looked for: ${left} customers would have to be read one by one (${describeCalls(left, ratePerSecond)}). ${now}. To read them all once: mypos-customers crosswalk rebuild`,
  };
}

function describeDetails(calls: number, field: string, ratePerSecond: number): Issue {
  const [who, are] = calls === 1 ? ['customer', 'is'] : [`${calls} customers`, 'are'];
  return {
    severity: 'info',
    code: 'READING_STAMPS',
    message: `The list of customers does not show ${field}, so the ${who} that this state folder does not know ${are} read one by one: ${describeCalls(calls, ratePerSecond)}. They are kept until they are edited.`,
  };
}

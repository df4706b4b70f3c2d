import { findFieldName, readField } from '#pipelines/compare-customers.js';
import type { Customer } from '#pipelines/model.js';

/**
 * How much of a customer is known: what this program sent when it added it, at least the list's flat view, or all of it.
 * A field that a `sent` or `flat` one does not have is unknown, not blank.
 */
export type Extent = 'sent' | 'flat' | 'whole';

/** A customer as this machine last knew it. */
export interface MirroredCustomer {
  readonly customer: Customer;
  readonly extent: Extent;
  /** `lastEditDateUTC` at which this was so; absent when this program wrote it and the API has not listed it since. */
  readonly edited?: string;
  /** Fingerprint of the draft that this program wrote last, as long as nobody has edited the customer since. */
  readonly sentHash?: string;
}

/** A customer as this program has just written it, or found it to be what it would have written. */
export interface WrittenCustomer extends MirroredCustomer {
  readonly sentHash: string;
}

/** The local copy of a tenant's customers. */
export interface CustomerMirror {
  /** Server time (epoch milliseconds) up to which it has every change; `undefined` until it was read whole once. */
  readonly freshUntilMs: number | undefined;
  /** Whether the API's list has ever shown a customer. */
  readonly hasListed: boolean;
  count(): number;
  find(customerCode: string): MirroredCustomer | undefined;
  /** In the order of their codes, read from disk as they are asked for. */
  all(): Iterable<MirroredCustomer>;
  /** An index of all customers by the value that `valueFor` returns; customers without one are left out. */
  indexBy(valueFor: (customer: MirroredCustomer) => string | undefined): MirrorIndex;
  /** Saves a customer as `get` returned it. */
  saveDetail(detail: Customer): void;
  /**
   * Adds fields that a list was asked for to customers that have not been edited since they were read.
   *
   * @param rows - of a list, with code and date of the last edit
   * @returns the customers that have these fields now
   */
  saveFields(rows: readonly Customer[], fields: readonly string[]): readonly MirroredCustomer[];
  forget(customerCode: string): void;
  readonly refresher: MirrorRefresher;
}

/** Finds customers by a value that several may share. Kept up to date with what this program writes. */
export interface MirrorIndex {
  /** At most `max` codes. */
  find(value: string, max: number): readonly string[];
  close(): void;
}

/** What only a refresh may do. Each call is one durable step. */
export interface MirrorRefresher {
  /** Starts to record which customers are listed. */
  beginListing(): void;
  /** Saves whole rows of the list. @returns how many of them were new or changed */
  saveListed(rows: readonly Customer[]): number;
  /**
   * Compares list rows that only have their ids and dates.
   *
   * @param needsFlat - those whose flat view was never seen are out of date, too
   * @returns codes of those that are unknown or out of date
   */
  findOutdated(rows: readonly Customer[], needsFlat: boolean): readonly string[];
  /** Forgets customers that were not listed since the pass began, nor touched since `startedAtMs` (our clock). */
  forgetUnseen(startedAtMs: number): number;
  /** Codes of at most `max` customers that the last runs have added or updated since then; epoch milliseconds, our clock. */
  writtenSince(ms: number, max: number): readonly string[];
  freshUntil(serverTimeMs: number): void;
  /** Forgets everything. */
  clear(): void;
}

/** The fields that show whether a customer is up to date, for lists that contain nothing else. */
export const identityAndDates = ['customerId', 'customerCode', 'lastEditDateUTC', 'creationDateUTC'] as const;

/** Whether the mirror can say what a field holds. */
export function knowsField({ customer, extent }: MirroredCustomer, field: string): boolean {
  return extent === 'whole' || Object.hasOwn(customer, findFieldName(customer, field));
}

/** Whether the API says that nobody has edited a customer since it was created: both dates are the same then. */
export function isUneditedSinceCreation(listed: Customer): boolean {
  const created = readField(listed, 'creationDateUTC');
  return typeof created === 'string' && created === readField(listed, 'lastEditDateUTC');
}

import { readField } from '#pipelines/compare-customers.js';
import { FingerprintIndex } from '#pipelines/fingerprints.js';
import { type CustomerMirror, knowsField, type MirrorIndex } from '#pipelines/listing/mirror.js';
import type { Customer, Draft, ReviewCandidate, Row } from '#pipelines/model.js';
import type { RunLedger } from '#pipelines/ports.js';
import { type CandidateIndex, createCandidateIndex } from '#pipelines/quality/duplicates/candidate-index.js';
import { normaliseValue } from '#pipelines/quality/normalise.js';
import { displayKey, isSameSource } from './keys.js';
import type { OpenRow } from './map.js';

/** All keys of the file, as the ledger would have them. */
export type ReadKeys = () => AsyncIterable<readonly { readonly row: Row; readonly key: string | undefined }[]>;

/** What tells people and places apart. A credit limit or a note may have been edited in the shop. */
const tellingFields = [
  ...['customerName', 'firstName', 'lastName', 'emailAddress', 'phoneNumber', 'faxNumber', 'webSite'],
  ...['address', 'city', 'region', 'postalCode', 'country'],
] as const;

/** A chain may have more branches of one name than anybody compares. */
const maxOfOneName = 200;

/**
 * Customers whose key is in no row of the file any more, while a row with a key that nobody knows says all that is known of
 * them: the old system has given them another number, or a program has changed it. Such a row is not added without asking.
 * A family, and branches that come with keys of their own beside the others, are other customers.
 */
export class RenumberedCustomers {
  readonly #mirror: CustomerMirror;
  readonly #country: string | undefined;
  readonly #ledger: RunLedger;
  readonly #readKeys: ReadKeys;
  readonly #pairs: CandidateIndex;
  #byName: MirrorIndex | undefined;
  #keys: Promise<FingerprintIndex> | undefined;

  constructor(
    mirror: CustomerMirror,
    ledger: RunLedger,
    readKeys: ReadKeys,
    { country }: { readonly country?: string | undefined } = {},
  ) {
    this.#mirror = mirror;
    this.#ledger = ledger;
    this.#readKeys = readKeys;
    this.#country = country;
    this.#pairs = createCandidateIndex([], country === undefined ? {} : { country });
  }

  /** The customer that a row with an unknown key seems to be, with the key that stands for it. */
  async find({ draft, key }: OpenRow): Promise<ReviewCandidate | undefined> {
    const name = readName(draft);
    if (key === undefined || name === undefined) return undefined;
    this.#byName ??= this.#mirror.indexBy(({ customer }) => readName(customer));
    const alike = this.#byName.find(name, maxOfOneName).flatMap((code) => this.#compare(draft, key, code) ?? []);
    const [found] = alike;
    // Where several customers are equal in all but their keys, to be equal says nothing about one more.
    if (found === undefined || alike.length > 1) return undefined;
    this.#keys ??= this.#collectKeys();
    return (await this.#keys).has(found.otherKey) ? undefined : found;
  }

  close(): void {
    this.#byName?.close();
    this.#byName = undefined;
  }

  #compare(draft: Draft, key: string, customerCode: string) {
    const otherKey = this.#ledger.findKeys(customerCode).find((other) => other !== key && isSameSource(other, key));
    const mirrored = otherKey === undefined ? undefined : this.#mirror.find(customerCode);
    if (otherKey === undefined || mirrored === undefined) return undefined;
    const { customer } = mirrored;
    const differs = tellingFields.some((field) => {
      const wanted = this.#normalise(field, draft);
      // What the list does not show cannot differ.
      return wanted !== undefined && knowsField(mirrored, field) && this.#normalise(field, customer) !== wanted;
    });
    if (differs) return undefined;
    const { isStrong, tier, isContradicted, hasOtherName, reasons } = this.#pairs.compare(draft, customer);
    if (isContradicted || hasOtherName || !(isStrong || tier !== 'other')) return undefined;
    const evidence = [...reasons, `known by the key "${displayKey(otherKey)}", which is in no row`];
    return { customerCode, evidence, otherKey };
  }

  #normalise(field: string, customer: Customer | Draft): string | undefined {
    return normaliseValue(field, readField(customer, field), this.#country);
  }

  async #collectKeys(): Promise<FingerprintIndex> {
    const keys = new FingerprintIndex();
    for await (const rows of this.#readKeys()) for (const { key } of rows) if (key !== undefined) keys.add(key);
    return keys;
  }
}

/** Names, however they are written; `undefined` for a customer without any. */
function readName(customer: Customer | Draft): string | undefined {
  const names = ['customerName', 'firstName', 'lastName'].map(
    (field) => normaliseValue(field, readField(customer, field)) ?? '',
  );
  return names.every((name) => name === '') ? undefined : names.join(' / ');
}

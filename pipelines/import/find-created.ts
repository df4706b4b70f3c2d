import { isBlank, isSameValue, readField } from '#pipelines/compare-customers.js';
import { isFillerEmail } from '#pipelines/mapping/filler-address.js';
import type { Customer, Draft, JsonValue } from '#pipelines/model.js';
import type { CustomersApi, LedgerRow } from '#pipelines/ports.js';
import { normaliseEmail } from '#pipelines/quality/normalise.js';
import { readStamp } from './keys.js';

/** What the API shows about an add in doubt. */
export type AddResolution =
  /** The row created this customer. */
  | { readonly kind: 'created'; readonly customer: Customer }
  /** Nothing like it has been created since. */
  | { readonly kind: 'absent' }
  /** A person must decide: it could be one of these. */
  | { readonly kind: 'unclear'; readonly candidates: readonly Customer[] };

/** Fields by which people recognise a customer: one that has none of them in common with the row is no candidate. */
const identifyingFields = ['customerName', 'lastName', 'firstName', 'emailAddress', 'phoneNumber', 'address'] as const;
/** From this share of equal fields on, a customer could be the row's, changed by the server or by a person. */
const minSimilarity = 0.5;
/** A text of fewer letters may begin like another one by chance. */
const minCutLength = 4;
/** Texts that begin alike are compared: the server may cut them. */
const indexedLength = 6;
/** What is left of a phone number without the notations of its country and area. */
const localDigits = 8;

/**
 * Finds the customers that adds in doubt may have created.
 *
 * @param rows - the adds in doubt, with what was sent
 * @param created - customers that have been created since, and that no other row is known to stand for
 * @param stamp - the field that carries a row's key
 */
export async function findCreated(
  rows: readonly LedgerRow[],
  created: readonly Customer[],
  api: CustomersApi,
  stamp: string | undefined,
): Promise<ReadonlyMap<number, AddResolution>> {
  const index = indexByIdentifyingFields(created);
  const details = new Map<string, Customer>();
  const taken = new Set<string>();
  const sameContent = countByContent(rows);
  const resolutions = new Map<number, AddResolution>();
  // Rows whose customer is found take it first: only the customers that are left can be those of the others.
  for (const pass of ['find', 'compare'] as const)
    for (const row of rows) {
      if (resolutions.has(row.index)) continue;
      const payload = row.payload ?? {};
      // A key counts whatever else the customer says by now, so a row that is not found is compared with all of them.
      const everywhere = pass === 'compare' && carriesStamp(row, payload, stamp);
      const candidates: Customer[] = [];
      for (const customer of everywhere ? created : findSimilar(payload, index, created))
        if (!taken.has(String(customer.customerCode)))
          candidates.push(await readDetail(customer, payload, api, details));
      const resolution = resolveAdd(row, payload, candidates, stamp, sameContent.get(readContentHash(row)) ?? 1);
      if (resolution.kind !== 'created' && pass === 'find') continue;
      sameContent.set(readContentHash(row), (sameContent.get(readContentHash(row)) ?? 1) - 1);
      if (resolution.kind === 'created') taken.add(String(resolution.customer.customerCode));
      resolutions.set(row.index, resolution);
    }
  return resolutions;
}

/** @param sameContent - how many rows in doubt, including this one, sent the same content */
function resolveAdd(
  row: LedgerRow,
  payload: Draft,
  candidates: readonly Customer[],
  stamp: string | undefined,
  sameContent: number,
): AddResolution {
  const keyIsWritten = carriesStamp(row, payload, stamp);
  // A customer with another row's key is that row's, however similar the two are.
  const possible = candidates.filter((customer) => {
    const isSimilar = hasSameContact(payload, customer) || similarity(payload, customer) >= minSimilarity;
    if (!keyIsWritten) return isSimilar;
    const customerKey = readField(customer, stamp);
    return isSameStamp(customerKey, payload[stamp]) || (isBlank(customerKey) && isSimilar);
  });
  const equal = possible.filter((customer) =>
    keyIsWritten ? isSameStamp(readField(customer, stamp), payload[stamp]) : containsAll(customer, payload),
  );
  const [first] = equal;
  const [only] = possible;
  // One customer with the row's address or number, and nothing else in it but what the server has made of the row.
  const isOnlyOne = first === undefined && possible.length === 1 && sameContent === 1 && !keyIsWritten;
  if (isOnlyOne && only !== undefined && hasSameContact(payload, only) && similarity(payload, only) === 1)
    return { kind: 'created', customer: only };
  // Rows of the same content create customers that cannot be told apart: any of them will do, unless there are more.
  if (first !== undefined && equal.length <= (keyIsWritten ? 1 : sameContent))
    return { kind: 'created', customer: first };
  return possible.length === 0 ? { kind: 'absent' } : { kind: 'unclear', candidates: possible };
}

/** The server may keep a stamp without its outer blanks. */
function isSameStamp(stamp: JsonValue | undefined, sent: JsonValue | undefined): boolean {
  const key = readStamp(stamp, undefined);
  return key !== undefined && key === readStamp(sent, undefined);
}

function containsAll(customer: Customer, payload: Draft): boolean {
  return Object.entries(payload).every(([field, value]) => isSameValue(readField(customer, field), value));
}

function readContentHash(row: LedgerRow): string {
  return row.payloadHash ?? '';
}

function countByContent(rows: readonly LedgerRow[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const row of rows) counts.set(readContentHash(row), (counts.get(readContentHash(row)) ?? 0) + 1);
  return counts;
}

function carriesStamp(row: LedgerRow, payload: Draft, stamp: string | undefined): stamp is string {
  return row.key !== undefined && stamp !== undefined && Object.hasOwn(payload, stamp);
}

/** @returns a function that finds the customers that a draft could have created, as far as the list shows */
export function createSimilarityIndex(customers: readonly Customer[]): (payload: Draft) => readonly Customer[] {
  const index = indexByIdentifyingFields(customers);
  return (payload) => findSimilar(payload, index, customers);
}

type CustomerIndex = ReadonlyMap<string, readonly Customer[]>;

function indexByIdentifyingFields(customers: readonly Customer[]): CustomerIndex {
  const index = new Map<string, Customer[]>();
  for (const customer of customers)
    for (const field of identifyingFields) {
      const value = buildIndexKey(field, readField(customer, field));
      if (value === undefined) continue;
      const same = index.get(value);
      if (same === undefined) index.set(value, [customer]);
      else same.push(customer);
    }
  return index;
}

/** Customers that could be the row's, as far as the list shows. */
function findSimilar(payload: Draft, index: CustomerIndex, all: readonly Customer[]): readonly Customer[] {
  const keys = identifyingFields.flatMap((field) => buildIndexKey(field, readField(payload, field)) ?? []);
  // A row without any identifying field could be any of them.
  const found = keys.length === 0 ? all : [...new Set(keys.flatMap((key) => index.get(key) ?? []))];
  return found.filter(
    (customer) => hasSameContact(payload, customer) || similarity(payload, customer) >= minSimilarity,
  );
}

function buildIndexKey(field: string, value: JsonValue | undefined): string | undefined {
  const text = normaliseLoosely(value);
  if (text === '') return undefined;
  return `${field} ${field === 'phoneNumber' ? text.slice(-indexedLength) : text.slice(0, indexedLength)}`;
}

/** One strong field makes a customer a candidate, whatever the others say: the server may cut, re-format or drop them. */
function hasSameContact(payload: Draft, customer: Customer): boolean {
  const email = readEmail(payload);
  if (email !== undefined && !isFillerEmail(email) && email === readEmail(customer)) return true;
  const phone = readPhone(payload);
  return phone.length >= localDigits && phone.slice(-localDigits) === readPhone(customer).slice(-localDigits);
}

function readEmail(customer: Customer): string | undefined {
  const value = readField(customer, 'emailAddress');
  return typeof value === 'string' ? normaliseEmail(value) : undefined;
}

function readPhone(customer: Customer): string {
  return String(readField(customer, 'phoneNumber') ?? '').replaceAll(/\D/g, '');
}

/** The share of the sent fields that a customer has in common; those that it does not show, or lacks, do not count. */
function similarity(payload: Draft, customer: Customer): number {
  const shown = Object.entries(payload).filter(([field]) => !isBlank(readField(customer, field)));
  if (shown.length === 0) return 1;
  const alike = shown.filter(([field, value]) => isAlike(readField(customer, field), value));
  return alike.length / shown.length;
}

/** Whether the server may have made the one of the other: by cutting or re-formatting it. */
function isAlike(stored: JsonValue | undefined, sent: JsonValue): boolean {
  const [a, b] = [normaliseLoosely(stored), normaliseLoosely(sent)];
  return a === b || (a.length >= minCutLength && b.startsWith(a));
}

/** Values that people would call the same are equal: a server may trim or reformat what it was sent. */
function normaliseLoosely(value: JsonValue | undefined): string {
  if (value === undefined || value === null) return '';
  if (typeof value === 'object') return JSON.stringify(value);
  return String(value)
    .normalize('NFKC')
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]/gu, '');
}

/** The customer as the list shows it, where that has all fields that were sent; else its detail, read once. */
async function readDetail(
  flat: Customer,
  payload: Draft,
  api: CustomersApi,
  known: Map<string, Customer>,
): Promise<Customer> {
  if (Object.keys(payload).every((field) => readField(flat, field) !== undefined)) return flat;
  const code = String(flat.customerCode);
  const before = known.get(code);
  if (before !== undefined) return before;
  const answer = await api.get(code);
  // Without the detail, the list can show that two customers differ, but hardly that they are equal.
  const detail = answer.kind === 'found' ? answer.customer : flat;
  known.set(code, detail);
  return detail;
}

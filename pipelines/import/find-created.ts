import { isSameValue, readField } from '#pipelines/compare-customers.js';
import type { Customer, Draft, JsonValue } from '#pipelines/model.js';
import type { CustomersApi, LedgerRow } from '#pipelines/ports.js';

/** What a look at the API says of an add in doubt. */
export type AddResolution =
  /** This customer is the one that the row made. */
  | { readonly kind: 'made'; readonly customer: Customer }
  /** Nothing like it has been made since. */
  | { readonly kind: 'absent' }
  /** A person must decide: these could be it. */
  | { readonly kind: 'unclear'; readonly candidates: readonly Customer[] };

/** Fields by which people recognise a customer: one that shares none of them is not a candidate. */
const identifyingFields = ['customerName', 'lastName', 'firstName', 'emailAddress', 'phoneNumber', 'address'] as const;
/** From this share of equal fields on, a customer could be the row's, changed by the server or by somebody. */
const minSimilarity = 0.5;

/**
 * Looks for the customers that adds in doubt may have made.
 *
 * @param rows - the adds in doubt, with what was sent
 * @param made - customers that have been made since, and that no other row is known to stand for
 * @param stamp - the field that carries a row's key
 */
export async function findCreated(
  rows: readonly LedgerRow[],
  made: readonly Customer[],
  api: CustomersApi,
  stamp: string | undefined,
): Promise<ReadonlyMap<number, AddResolution>> {
  const byTelling = indexByIdentifyingFields(made);
  const details = new Map<string, Customer>();
  const taken = new Set<string>();
  const alike = countByContent(rows);
  const findings = new Map<number, AddResolution>();
  // Whoever is found takes its customer first: what is left over can resemble the lost ones only then.
  for (const pass of ['find', 'compare'] as const)
    for (const row of rows) {
      if (findings.has(row.index)) continue;
      const payload = row.payload ?? {};
      // A key is believed whatever else the customer says by now, so whoever is not found is looked for everywhere.
      const everywhere = pass === 'compare' && carriesStamp(row, payload, stamp);
      const candidates: Customer[] = [];
      for (const one of everywhere ? made : findSimilar(payload, byTelling, made))
        if (!taken.has(String(one.customerCode))) candidates.push(await readDetail(one, payload, api, details));
      const finding = resolveAdd(row, payload, candidates, stamp, alike.get(readContentHash(row)) ?? 1);
      if (finding.kind !== 'made' && pass === 'find') continue;
      alike.set(readContentHash(row), (alike.get(readContentHash(row)) ?? 1) - 1);
      if (finding.kind === 'made') taken.add(String(finding.customer.customerCode));
      findings.set(row.index, finding);
    }
  return findings;
}

/** @param alike - how many rows in doubt, this one included, sent this very content */
function resolveAdd(
  row: LedgerRow,
  payload: Draft,
  candidates: readonly Customer[],
  stamp: string | undefined,
  alike: number,
): AddResolution {
  const { key } = row;
  const keyIsWritten = carriesStamp(row, payload, stamp);
  // Another row's key makes it another row's customer, however alike the two are.
  const possible = candidates.filter((one) =>
    keyIsWritten
      ? readField(one, stamp) === key || (isBlank(readField(one, stamp)) && similarity(payload, one) >= minSimilarity)
      : similarity(payload, one) >= minSimilarity,
  );
  const equal = possible.filter((one) => (keyIsWritten ? readField(one, stamp) === key : containsAll(one, payload)));
  const [first] = equal;
  // Rows of the same content are as like as the customers that they made: any of these will do, unless there are more.
  if (first !== undefined && equal.length <= (keyIsWritten ? 1 : alike)) return { kind: 'made', customer: first };
  return possible.length === 0 ? { kind: 'absent' } : { kind: 'unclear', candidates: possible };
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

function isBlank(value: JsonValue | undefined): boolean {
  return value === undefined || value === null || value === '';
}

function carriesStamp(row: LedgerRow, payload: Draft, stamp: string | undefined): stamp is string {
  return row.key !== undefined && stamp !== undefined && Object.hasOwn(payload, stamp);
}

type CustomerIndex = ReadonlyMap<string, readonly Customer[]>;

function indexByIdentifyingFields(made: readonly Customer[]): CustomerIndex {
  const index = new Map<string, Customer[]>();
  for (const customer of made)
    for (const field of identifyingFields) {
      const value = buildIndexKey(field, readField(customer, field));
      if (value === undefined) continue;
      const same = index.get(value);
      if (same === undefined) index.set(value, [customer]);
      else same.push(customer);
    }
  return index;
}

/** Customers that could be the row's, as far as the flat view shows. */
function findSimilar(payload: Draft, index: CustomerIndex, made: readonly Customer[]): readonly Customer[] {
  const keys = identifyingFields.flatMap((field) => buildIndexKey(field, readField(payload, field)) ?? []);
  // A row that says nothing telling could be any of them.
  const found = keys.length === 0 ? made : [...new Set(keys.flatMap((key) => index.get(key) ?? []))];
  return found.filter((one) => similarity(payload, one) >= minSimilarity);
}

function buildIndexKey(field: string, value: JsonValue | undefined): string | undefined {
  const text = normaliseLoosely(value);
  return text === '' ? undefined : `${field} ${text}`;
}

/** The share of the fields sent that a customer shows alike; fields that it does not show do not count. */
function similarity(payload: Draft, customer: Customer): number {
  const shown = Object.entries(payload).filter(([field]) => readField(customer, field) !== undefined);
  if (shown.length === 0) return 1;
  const alike = shown.filter(
    ([field, value]) => normaliseLoosely(readField(customer, field)) === normaliseLoosely(value),
  );
  return alike.length / shown.length;
}

/** As two people would call it the same: a server may trim, fold or reformat what it was sent. */
function normaliseLoosely(value: JsonValue | undefined): string {
  if (value === undefined || value === null) return '';
  if (typeof value === 'object') return JSON.stringify(value);
  return String(value)
    .normalize('NFKC')
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]/gu, '');
}

/** The flat view does where it shows all that was sent; else the detail is asked for, once. */
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
  // A detail that cannot be had now leaves the flat view, which can show that they differ but hardly that they are equal.
  const detail = answer.kind === 'found' ? answer.customer : flat;
  known.set(code, detail);
  return detail;
}

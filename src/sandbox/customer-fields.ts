import type { JsonValue } from '#pipelines/model.js';

export type FieldType = 'string' | 'number' | 'integer' | 'boolean' | 'date';

interface FieldRule {
  readonly type: FieldType;
  /** `flat` fields are in the list and in the detail, `deep` ones in the detail only. */
  readonly view: 'flat' | 'deep';
  /** Who sets it: what a client sends for a field of the server's is ignored. */
  readonly keeper: 'client' | 'server';
  /** The value when the body leaves it out. */
  readonly absent: JsonValue;
}

const text: FieldRule = { type: 'string', view: 'flat', keeper: 'client', absent: null };
const amount: FieldRule = { type: 'number', view: 'flat', keeper: 'client', absent: 0 };
const flag: FieldRule = { type: 'boolean', view: 'flat', keeper: 'client', absent: false };
const deepText: FieldRule = { ...text, view: 'deep' };
const serverText: FieldRule = { ...text, keeper: 'server' };
const serverDeepText: FieldRule = { ...deepText, keeper: 'server' };
const serverAmount: FieldRule = { ...amount, keeper: 'server' };
const serverDate: FieldRule = { ...serverText, type: 'date' };

/** The customer as the API knows it, in the server's own casing and order. */
const customerFields = {
  customerId: serverText,
  customerCode: serverText,
  customerName: text,
  firstName: text,
  lastName: text,
  address: text,
  city: text,
  region: text,
  postalCode: text,
  country: text,
  phoneNumber: text,
  faxNumber: text,
  emailAddress: text,
  webSite: text,
  creditLimit: amount,
  discountPercent: amount,
  balance: serverAmount,
  notes: text,
  customerType: text,
  active: { ...flag, absent: true },
  rewardsCollector: flag,
  rewardsNumber: text,
  rewardsValue: serverAmount,
  priceBand: { ...amount, type: 'integer' },
  allowMailing: flag,
  allowDataShare: flag,
  correspondenceEmail: flag,
  correspondencePaper: flag,
  firstSaledate: serverDate,
  lastSaledate: serverDate,
  creationDate: serverDate,
  creationDateUTC: serverDate,
  lastEditDate: serverDate,
  lastEditDateUTC: serverDate,
  bankSortCode: deepText,
  bankAccount: deepText,
  bankAccountName: deepText,
  cC_001: deepText,
  cC_002: deepText,
  cC_003: deepText,
  cC_004: deepText,
  cC_005: deepText,
  cC_006: deepText,
  cC_007: deepText,
  cC_008: deepText,
  cC_009: deepText,
  cC_010: deepText,
  creationUser: serverDeepText,
  creationDevice: serverDeepText,
  lastEditUser: serverDeepText,
  lastEditDevice: serverDeepText,
} as const satisfies Record<string, FieldRule>;

export type FieldName = keyof typeof customerFields;

const rules: ReadonlyMap<string, FieldRule> = new Map(Object.entries(customerFields));
const canonicalNames = new Map([...rules.keys()].map((name) => [name.toLowerCase(), name]));

/** The rule of a field that the API knows; a client's own field has none. */
export function findFieldRule(name: string): FieldRule | undefined {
  return rules.get(name);
}

/** The server's spelling of a field's name, which callers may write in any case. */
export function findCanonicalName(name: string): string | undefined {
  return canonicalNames.get(name.toLowerCase());
}

/** Name and rule of every field that the API knows. */
export const knownFields: readonly (readonly [string, FieldRule])[] = [...rules];

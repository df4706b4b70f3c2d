/** What a customer's field holds. A `date` is text: `YYYY-MM-DD`, with or without `THH:mm:ss`. */
export const fieldTypes = ['string', 'number', 'integer', 'boolean', 'date'] as const;

export type FieldType = (typeof fieldTypes)[number];

/** A value that a field can hold; null clears it. */
export type FieldValue = string | number | boolean | null;

/** Names of the client's own fields and what they hold. */
export type CustomFields = { readonly [field: string]: FieldType };

/**
 * The fields that a client may write, in the order in which the API returns them.
 *
 * Source: answers of the platform's sister end point; see `docs/mapping.md`.
 */
export const customerFields = {
  customerName: 'string',
  firstName: 'string',
  lastName: 'string',
  address: 'string',
  city: 'string',
  region: 'string',
  postalCode: 'string',
  country: 'string',
  phoneNumber: 'string',
  faxNumber: 'string',
  emailAddress: 'string',
  webSite: 'string',
  creditLimit: 'number',
  discountPercent: 'number',
  notes: 'string',
  customerType: 'string',
  active: 'boolean',
  rewardsCollector: 'boolean',
  rewardsNumber: 'string',
  allowMailing: 'boolean',
  allowDataShare: 'boolean',
  correspondenceEmail: 'boolean',
  correspondencePaper: 'boolean',
  priceBand: 'integer',
  bankSortCode: 'string',
  bankAccount: 'string',
  bankAccountName: 'string',
  cC_001: 'string',
  cC_002: 'string',
  cC_003: 'string',
  cC_004: 'string',
  cC_005: 'string',
  cC_006: 'string',
  cC_007: 'string',
  cC_008: 'string',
  cC_009: 'string',
  cC_010: 'string',
} as const satisfies Record<string, FieldType>;

type CustomerField = keyof typeof customerFields;

/** Made by the server on an add; a mapping may name them to say which customer a row means. */
export const identityFields = ['customerCode', 'customerId'] as const;

/** Kept by the server: what a client sends for them is at best ignored. The last two ride on list rows only. */
export const readOnlyFields = [
  'balance',
  'rewardsValue',
  'firstSaledate',
  'lastSaledate',
  'lastEditUser',
  'creationUser',
  'lastEditDevice',
  'creationDevice',
  'lastEditDate',
  'creationDate',
  'lastEditDateUTC',
  'creationDateUTC',
  'customSortRowNumber',
  'liTotalCount',
] as const;

/** What the server's own fields hold; all others are texts. */
const readOnlyFieldTypes: Readonly<Record<string, FieldType>> = {
  balance: 'number',
  rewardsValue: 'number',
  firstSaledate: 'date',
  lastSaledate: 'date',
  lastEditDate: 'date',
  creationDate: 'date',
  lastEditDateUTC: 'date',
  creationDateUTC: 'date',
};

/** Amounts in the client's currency. */
export const moneyFields: ReadonlySet<string> = new Set(['creditLimit', 'balance', 'rewardsValue']);

/** On rows of a list only, and about the list: no part of a customer. */
export const listOnlyFields: ReadonlySet<string> = new Set(['customSortRowNumber', 'liTotalCount']);

/** Personal data whose values must not reach a message, since messages reach logs. */
export const secretFields: ReadonlySet<string> = new Set(['bankSortCode', 'bankAccount', 'bankAccountName']);

/**
 * Types of field that null can clear. [assumed] The API shows null for texts; a number without a value and a third
 * state of yes/no are nowhere described, but only the latter has no sensible meaning.
 */
export const isClearable = {
  string: true,
  date: true,
  number: true,
  integer: true,
  boolean: false,
} as const satisfies Record<FieldType, boolean>;

/** The type of a field that may be written, from the API's own fields and those that the client told us about. */
export function findFieldType(field: string, customFields: CustomFields = {}): FieldType | undefined {
  if (Object.hasOwn(customerFields, field)) return customerFields[field as CustomerField];
  return Object.hasOwn(customFields, field) ? customFields[field] : undefined;
}

/** The type of any field that is known, the server's own included. */
export function findAnyFieldType(field: string, customFields: CustomFields = {}): FieldType | undefined {
  if (Object.hasOwn(readOnlyFieldTypes, field)) return readOnlyFieldTypes[field];
  return findFieldType(field, customFields);
}

/** The type of a customer's field. A `date` is text: `YYYY-MM-DD`, with or without `THH:mm:ss`. */
export const fieldTypes = ['string', 'number', 'integer', 'boolean', 'date'] as const;

export type FieldType = (typeof fieldTypes)[number];

/** A value that a field can hold; null clears it. */
export type FieldValue = string | number | boolean | null;

/** The company's own fields, with their types. */
export type CustomFields = { readonly [field: string]: FieldType };

/**
 * The fields that a client may write, in the order of the API. A new field is one line here and one in `docs/mapping.md`.
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

/** Assigned by the server on an add; a mapping may name them to say which customer a row means. */
export const identityFields = ['customerCode', 'customerId'] as const;

/** Set by the server: what a client sends for them is ignored at best. The last two occur only in lists. */
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

/** Types of the fields that the server sets; all others are texts. */
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

/** Percentages: the API has 15 for 15 %, and a workbook 0.15. */
export const percentFields: ReadonlySet<string> = new Set(['discountPercent']);

/** Texts of digits that name something: signs between groups of three, which a number format adds, are no part of them. */
export const digitFields: ReadonlySet<string> = new Set([
  ...identityFields,
  ...['postalCode', 'phoneNumber', 'faxNumber', 'rewardsNumber', 'bankSortCode', 'bankAccount'],
]);

/** Amounts in the client's currency. */
export const moneyFields: ReadonlySet<string> = new Set(['creditLimit', 'balance', 'rewardsValue']);

/** Only in lists, and about the list: not part of a customer. */
export const listOnlyFields: ReadonlySet<string> = new Set(['customSortRowNumber', 'liTotalCount']);

/** Personal data whose values must not reach a message, since messages reach logs. */
export const secretFields: ReadonlySet<string> = new Set(['bankSortCode', 'bankAccount', 'bankAccountName']);

/**
 * Types of field that null can clear. [assumed] The API shows null for texts; a number without a value and a third
 * state of yes/no are not documented, but only the latter has no sensible meaning.
 */
export const isClearable = {
  string: true,
  date: true,
  number: true,
  integer: true,
  boolean: false,
} as const satisfies Record<FieldType, boolean>;

/** The type of a field that may be written: one of the API's, or of the company's own. */
export function findFieldType(field: string, customFields: CustomFields = {}): FieldType | undefined {
  if (Object.hasOwn(customerFields, field)) return customerFields[field as CustomerField];
  return Object.hasOwn(customFields, field) ? customFields[field] : undefined;
}

/** The type of any known field, including those that the server sets. */
export function findAnyFieldType(field: string, customFields: CustomFields = {}): FieldType | undefined {
  if (Object.hasOwn(readOnlyFieldTypes, field)) return readOnlyFieldTypes[field];
  return findFieldType(field, customFields);
}

import type { ErrorObject } from 'ajv';
import type { Draft } from '#pipelines/customer.js';
import { type FieldType, identityFields, secretFields, serverKeptFields } from '#pipelines/mapping/customer-fields.js';
import { readable } from '#pipelines/mapping/row-reason.js';
import type { Reason } from '#pipelines/row.js';
import type { DraftReasonCode } from './draft-reason-codes.js';
import { longestText } from './draft-schema.js';

interface Finding {
  readonly field: string;
  readonly fieldType: FieldType | undefined;
  readonly value: unknown;
  readonly params: Readonly<Record<string, unknown>>;
}

interface Sentence {
  readonly code: DraftReasonCode;
  /** What follows the field and its value. */
  readonly says: string;
}

const expectedOf = {
  string: 'text',
  number: 'a number',
  integer: 'a whole number',
  boolean: 'true or false',
  date: 'a date such as 2024-03-31',
} as const satisfies Record<FieldType, string>;

/** What each keyword of the schema means in the user's words. */
const sentences: { readonly [keyword: string]: (finding: Finding) => Sentence } = {
  type: wrongType,
  pattern: wrongForm,
  maxLength: () => ({ code: 'TEXT_TOO_LONG', says: `is longer than ${longestText} signs; shorten it` }),
  minimum: ({ params }) => ({
    code: 'OUT_OF_RANGE',
    says: `is less than ${params.limit}; give ${params.limit} or more`,
  }),
  maximum: ({ params }) => ({
    code: 'OUT_OF_RANGE',
    says: `is more than ${params.limit}; give ${params.limit} or less`,
  }),
  additionalProperties: unknownField,
};

/** Says in the user's words what the schema found. */
export function draftReason(
  error: ErrorObject,
  draft: Draft,
  typeOf: (field: string) => FieldType | undefined,
): Reason {
  const field = fieldOf(error);
  const value = draft[field];
  const finding: Finding = { field, fieldType: typeOf(field), value, params: error.params };
  const { code, says } = (sentences[error.keyword] ?? unexplained)(finding);
  const shown = secretFields.has(field) || value === undefined ? undefined : readable(shownValue(value));
  return {
    code,
    message: shown === undefined ? `${field} ${says}` : `${field} "${shown}" ${says}`,
    field,
    ...(shown !== undefined && { value: shown }),
  };
}

/** An unknown field is named in the parameters; others by their path, `/emailAddress`. */
function fieldOf(error: ErrorObject): string {
  if (error.keyword === 'additionalProperties') return String(error.params.additionalProperty);
  return error.instancePath.slice(1).replaceAll('~1', '/').replaceAll('~0', '~');
}

function shownValue(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function wrongType({ fieldType = 'string', value }: Finding): Sentence {
  if (value === null)
    return { code: 'NOT_CLEARABLE', says: `cannot be cleared; give ${expectedOf[fieldType]}, or leave the field out` };
  return { code: 'WRONG_TYPE', says: `is not ${expectedOf[fieldType]}; add a "type" or a "lookup" to the mapping` };
}

function wrongForm({ field, fieldType, value }: Finding): Sentence {
  if (typeof value === 'string' && value.includes('\uFFFD'))
    return { code: 'TEXT_DAMAGED', says: 'has letters that were lost in an earlier conversion; enter them again' };
  if (field === 'emailAddress')
    return { code: 'EMAIL_INVALID', says: 'is not an e-mail address; expected one such as name@example.com' };
  return { code: 'WRONG_TYPE', says: `is not ${expectedOf[fieldType ?? 'string']}; correct it` };
}

function unknownField({ field }: Finding): Sentence {
  if (serverKeptFields.some((name) => name === field))
    return { code: 'FIELD_SERVER_KEPT', says: 'is kept by the server; take it out of the mapping' };
  if (identityFields.some((name) => name === field))
    return {
      code: 'FIELD_SERVER_KEPT',
      says: 'is given by the server; it says which customer is meant and is not written',
    };
  return { code: 'FIELD_UNKNOWN', says: 'is no field of a customer; declare it under "customFields" of the mapping' };
}

function unexplained(): Sentence {
  return { code: 'WRONG_TYPE', says: 'is not possible here; correct it' };
}

import { Ajv, type ErrorObject } from 'ajv';
import type { Code } from '#pipelines/codes.js';
import type { Issue } from '#pipelines/issue.js';
import { shortenValue } from '#pipelines/mapping/cells.js';
import {
  type CustomFields,
  customerFields,
  type FieldType,
  findFieldType,
  identityFields,
  isClearable,
  readOnlyFields,
  secretFields,
} from '#pipelines/mapping/fields.js';
import type { Draft } from '#pipelines/model.js';
import type { ValidateDraft } from '#pipelines/ports.js';

/** A sanity bound, not a limit of the API, which publishes none: a cell of a workbook holds no more. */
const maxTextLength = 32_767;

/** The mark that decoders leave where a byte made no sense: the real letter is lost. */
const withoutReplacementMark = String.raw`^[^\uFFFD]*$`;

/** One @, no spaces, a dot in the domain: enough to stop slips without refusing an address that works. */
const emailShape = String.raw`^[^\s@\uFFFD]+@[^\s@\uFFFD.,;:<>()"]+(?:\.[^\s@\uFFFD.,;:<>()"]+)+$`;

/** Civil dates only; the mapping makes no others. */
const dateShape = String.raw`^\d{4}-\d\d-\d\d(?:T\d\d:\d\d:\d\d)?$`;

interface Bounds {
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
}

const typeSchemas = {
  string: { type: 'string', maxLength: maxTextLength, pattern: withoutReplacementMark },
  date: { type: 'string', pattern: dateShape },
  number: { type: 'number' },
  integer: { type: 'integer' },
  boolean: { type: 'boolean' },
} as const satisfies Record<FieldType, Bounds & { readonly type: string }>;

/** What single fields ask for beyond their type. */
const fieldBounds: { readonly [field: string]: Bounds } = {
  emailAddress: { pattern: emailShape },
  discountPercent: { minimum: 0, maximum: 100 },
};

/** The JSON Schema of what may be written of a customer: known fields only, each of its type, most of them or null. */
export function buildDraftSchema(customFields: CustomFields, only?: readonly string[]): object {
  const all = Object.entries<FieldType>({ ...customFields, ...customerFields });
  const fields = only === undefined ? all : all.filter(([field]) => only.includes(field));
  // Where all fields that there can be are known, to look for others in every draft would be a third of the check.
  const isClosed = only === undefined || fields.length < new Set(only).size;
  return {
    type: 'object',
    ...(isClosed && { additionalProperties: false }),
    properties: Object.fromEntries(fields.map(([field, type]) => [field, buildPropertySchema(field, type)])),
  };
}

function buildPropertySchema(field: string, fieldType: FieldType): object {
  const { type, ...bounds } = typeSchemas[fieldType];
  return { type: isClearable[fieldType] ? [type, 'null'] : type, ...bounds, ...fieldBounds[field] };
}

interface SchemaViolation {
  readonly field: string;
  readonly fieldType: FieldType | undefined;
  readonly value: unknown;
  readonly params: Readonly<Record<string, unknown>>;
}

interface Sentence {
  readonly code: Code;
  /** What follows the field and its value. */
  readonly says: string;
}

const expectations = {
  string: 'text',
  number: 'a number',
  integer: 'a whole number',
  boolean: 'true or false',
  date: 'a date such as 2024-03-31',
} as const satisfies Record<FieldType, string>;

/** What each keyword of the schema means in the user's words. */
const sentences: { readonly [keyword: string]: (finding: SchemaViolation) => Sentence } = {
  type: describeWrongType,
  pattern: describeWrongForm,
  maxLength: () => ({ code: 'TEXT_TOO_LONG', says: `is longer than ${maxTextLength} signs; shorten it` }),
  minimum: ({ params }) => ({
    code: 'OUT_OF_RANGE',
    says: `is less than ${params.limit}; give ${params.limit} or more`,
  }),
  maximum: ({ params }) => ({
    code: 'OUT_OF_RANGE',
    says: `is more than ${params.limit}; give ${params.limit} or less`,
  }),
  additionalProperties: describeUnknownField,
};

/** Says in the user's words what the schema found. */
function describeDraftError(error: ErrorObject, draft: Draft, typeOf: (field: string) => FieldType | undefined): Issue {
  const field = readFieldName(error);
  const value = draft[field];
  const finding: SchemaViolation = { field, fieldType: typeOf(field), value, params: error.params };
  const { code, says } = (sentences[error.keyword] ?? describeOther)(finding);
  const shown = secretFields.has(field) || value === undefined ? undefined : shortenValue(formatDraftValue(value));
  return {
    severity: 'error',
    code,
    message: shown === undefined ? `${field} ${says}` : `${field} "${shown}" ${says}`,
    field,
    ...(shown !== undefined && { value: shown }),
  };
}

/** An unknown field is named in the parameters; others by their path, `/emailAddress`. */
function readFieldName(error: ErrorObject): string {
  if (error.keyword === 'additionalProperties') return String(error.params.additionalProperty);
  return error.instancePath.slice(1).replaceAll('~1', '/').replaceAll('~0', '~');
}

function formatDraftValue(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function describeWrongType({ fieldType = 'string', value }: SchemaViolation): Sentence {
  if (value === null)
    return {
      code: 'NOT_CLEARABLE',
      says: `cannot be cleared; give ${expectations[fieldType]}, or leave the field out`,
    };
  return { code: 'WRONG_TYPE', says: `is not ${expectations[fieldType]}; add a "type" or a "lookup" to the mapping` };
}

function describeWrongForm({ field, fieldType, value }: SchemaViolation): Sentence {
  if (typeof value === 'string' && value.includes('\uFFFD'))
    return { code: 'TEXT_DAMAGED', says: 'has letters that were lost in an earlier conversion; enter them again' };
  if (field === 'emailAddress')
    return { code: 'EMAIL_INVALID', says: 'is not an e-mail address; expected one such as name@example.com' };
  return { code: 'WRONG_TYPE', says: `is not ${expectations[fieldType ?? 'string']}; correct it` };
}

function describeUnknownField({ field }: SchemaViolation): Sentence {
  if (readOnlyFields.some((name) => name === field))
    return { code: 'FIELD_SERVER_KEPT', says: 'is kept by the server; take it out of the mapping' };
  if (identityFields.some((name) => name === field))
    return {
      code: 'FIELD_SERVER_KEPT',
      says: 'is given by the server; it says which customer is meant and is not written',
    };
  return { code: 'FIELD_UNKNOWN', says: 'is no field of a customer; declare it under "customFields" of the mapping' };
}

function describeOther(): Sentence {
  return { code: 'WRONG_TYPE', says: 'is not possible here; correct it' };
}

/**
 * Makes the check of drafts against the customer that the API takes. It reports everything wrong with a draft at
 * once and changes nothing: no coercion, no defaults, no removal.
 *
 * @param customFields - the client's own fields, as the mapping declares them
 * @param fields - the only fields that the drafts can have: fewer to look for in each. @default all
 */
export function createDraftValidator(customFields: CustomFields = {}, fields?: readonly string[]): ValidateDraft {
  const ajv = new Ajv({
    allErrors: true,
    strict: true,
    allowUnionTypes: true,
    messages: false,
    // The schema is ours, and a test holds it to that of schemas, which takes as long to compile as all the rest.
    meta: false,
    validateSchema: false,
    code: { regExp },
  });
  const isValid = ajv.compile(buildDraftSchema(customFields, fields));
  return (draft) => {
    if (isValid(draft)) return [];
    // The next call of the compiled function overwrites its errors: they are translated before anything else runs.
    return (isValid.errors ?? []).map((error) =>
      describeDraftError(error, draft, (field) => findFieldType(field, customFields)),
    );
  };
}

/** Patterns as JavaScript reads them; the one that nearly every field has is a search for a single sign. */
const regExp = Object.assign(
  (pattern: string, flags: string) =>
    pattern === withoutReplacementMark
      ? { test: (text: string) => !text.includes('\uFFFD') }
      : new RegExp(pattern, flags),
  // For validators that are written to a file, which ours is not.
  { code: 'new RegExp' },
);

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

/** Our own limit, since the API publishes none: a cell of a workbook holds no more. */
const maxTextLength = 32_767;

/** No replacement character: decoders write it for an invalid byte, and the original letter is lost. */
const withoutReplacementMark = String.raw`^[^\uFFFD]*$`;

/** One @, no spaces, a dot in the domain: enough to catch typing errors without refusing a working address. */
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

/** Constraints of single fields beyond their type. */
const fieldBounds: { readonly [field: string]: Bounds } = {
  emailAddress: { pattern: emailShape },
  discountPercent: { minimum: 0, maximum: 100 },
};

/** The JSON Schema of a draft: known fields only, each of its type or, for most types, null. */
export function buildDraftSchema(customFields: CustomFields, only?: readonly string[]): object {
  const all = Object.entries<FieldType>({ ...customFields, ...customerFields });
  const fields = only === undefined ? all : all.filter(([field]) => only.includes(field));
  // Where all possible fields are known, looking for others in every draft would take a third of the time.
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

/** The message for each keyword of the schema, in the user's words. */
const sentences: { readonly [keyword: string]: (violation: SchemaViolation) => Sentence } = {
  type: describeWrongType,
  pattern: describeWrongForm,
  maxLength: () => ({ code: 'TEXT_TOO_LONG', says: `is longer than ${maxTextLength} characters; shorten it` }),
  minimum: ({ params }) => ({
    code: 'OUT_OF_RANGE',
    says: `is less than ${params.limit}; enter ${params.limit} or more`,
  }),
  maximum: ({ params }) => ({
    code: 'OUT_OF_RANGE',
    says: `is more than ${params.limit}; enter ${params.limit} or less`,
  }),
  additionalProperties: describeUnknownField,
};

/** Describes an error of the schema in the user's words. */
function describeDraftError(error: ErrorObject, draft: Draft, typeOf: (field: string) => FieldType | undefined): Issue {
  const field = readFieldName(error);
  const value = draft[field];
  const violation: SchemaViolation = { field, fieldType: typeOf(field), value, params: error.params };
  const { code, says } = (sentences[error.keyword] ?? describeOther)(violation);
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
      says: `cannot be cleared; enter ${expectations[fieldType]}, or leave out the field`,
    };
  return { code: 'WRONG_TYPE', says: `is not ${expectations[fieldType]}; add a "type" or a "lookup" to the mapping` };
}

function describeWrongForm({ field, fieldType, value }: SchemaViolation): Sentence {
  if (typeof value === 'string' && value.includes('\uFFFD'))
    return {
      code: 'TEXT_DAMAGED',
      says: 'contains characters that were lost in an earlier conversion; enter them again',
    };
  if (field === 'emailAddress')
    return { code: 'EMAIL_INVALID', says: 'is not an e-mail address; expected one such as name@example.com' };
  return { code: 'WRONG_TYPE', says: `is not ${expectations[fieldType ?? 'string']}; correct it` };
}

function describeUnknownField({ field }: SchemaViolation): Sentence {
  if (readOnlyFields.some((name) => name === field))
    return { code: 'FIELD_SERVER_KEPT', says: 'is set by the server; remove it from the mapping' };
  if (identityFields.some((name) => name === field))
    return {
      code: 'FIELD_SERVER_KEPT',
      says: 'is assigned by the server; it identifies the customer and cannot be written',
    };
  return {
    code: 'FIELD_UNKNOWN',
    says: 'is not a customer field; declare it under "customFields" in the mapping',
  };
}

function describeOther(): Sentence {
  return { code: 'WRONG_TYPE', says: 'is not valid here; correct it' };
}

/**
 * Makes the validation of drafts before they are sent. It reports all errors of a draft at once and changes nothing: no
 * coercion, no defaults, no removal.
 *
 * @param customFields - the company's own fields, as the mapping declares them
 * @param fields - the only fields that the drafts can have, which makes the validation faster. @default all
 */
export function createDraftValidator(customFields: CustomFields = {}, fields?: readonly string[]): ValidateDraft {
  const ajv = new Ajv({
    allErrors: true,
    strict: true,
    allowUnionTypes: true,
    messages: false,
    // A test validates our schema; compiling the schema of schemas would double the time to start.
    meta: false,
    validateSchema: false,
    code: { regExp },
  });
  const isValid = ajv.compile(buildDraftSchema(customFields, fields));
  return (draft) => {
    if (isValid(draft)) return [];
    // The next call of the compiled function overwrites its errors.
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

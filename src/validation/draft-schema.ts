import { type CustomFields, customerFields, type FieldType, isClearable } from '#pipelines/mapping/customer-fields.js';

/** A sanity bound, not a limit of the API, which publishes none: a cell of a workbook holds no more. */
export const longestText = 32_767;

/** The mark that decoders leave where a byte made no sense: the real letter is lost. */
export const withoutReplacementMark = String.raw`^[^\uFFFD]*$`;

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
  string: { type: 'string', maxLength: longestText, pattern: withoutReplacementMark },
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
export function draftSchema(customFields: CustomFields, only?: readonly string[]): object {
  const all = Object.entries<FieldType>({ ...customFields, ...customerFields });
  const fields = only === undefined ? all : all.filter(([field]) => only.includes(field));
  // Where all fields that there can be are known, to look for others in every draft would be a third of the check.
  const isClosed = only === undefined || fields.length < new Set(only).size;
  return {
    type: 'object',
    ...(isClosed && { additionalProperties: false }),
    properties: Object.fromEntries(fields.map(([field, type]) => [field, schemaOf(field, type)])),
  };
}

function schemaOf(field: string, fieldType: FieldType): object {
  const { type, ...bounds } = typeSchemas[fieldType];
  return { type: isClearable[fieldType] ? [type, 'null'] : type, ...bounds, ...fieldBounds[field] };
}

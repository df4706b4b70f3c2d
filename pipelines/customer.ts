/** A value that JSON can hold. */
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | { readonly [key: string]: JsonValue };

/** A customer as the API gives it: fields that we do not know are kept and written back untouched. */
export type Customer = { readonly [field: string]: JsonValue };

/** A customer mapped from a row: only the fields that the mapping set. */
export type Draft = { readonly [field: string]: JsonValue };

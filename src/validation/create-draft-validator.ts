import { Ajv } from 'ajv';
import { type CustomFields, typeOfField } from '#pipelines/mapping/customer-fields.js';
import type { ValidateDraft } from '#pipelines/ports.js';
import { draftReason } from './draft-reason.js';
import { draftSchema, withoutReplacementMark } from './draft-schema.js';

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
  const isValid = ajv.compile(draftSchema(customFields, fields));
  return (draft) => {
    if (isValid(draft)) return [];
    // The next call of the compiled function overwrites its errors: they are translated before anything else runs.
    return (isValid.errors ?? []).map((error) =>
      draftReason(error, draft, (field) => typeOfField(field, customFields)),
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

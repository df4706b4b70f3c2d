import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { customerFields, identityFields, readOnlyFields } from '#pipelines/mapping/fields.js';
import type { JsonValue } from '#pipelines/model.js';
import { buildDraftSchema, createDraftValidator } from '#src/validation/create-draft-validator.js';

const validate = createDraftValidator({ tier: 'string', visits: 'integer', joined: 'date', 'odd/na~me': 'boolean' });

describe('a draft', () => {
  it.each<[field: string, value: JsonValue]>([
    ['firstName', ''],
    ['firstName', 'ß🙂 with\na line break'],
    ['firstName', null],
    ['creditLimit', -12.5],
    ['creditLimit', null],
    ['discountPercent', 0],
    ['discountPercent', 100],
    ['priceBand', 3],
    ['active', false],
    ['emailAddress', 'first.last+tag@sub.example.com.au'],
    ['emailAddress', "o'brien@müller.example"],
    ['emailAddress', null],
    ['cC_010', 'x'],
    ['tier', 'gold'],
    ['visits', 3],
    ['joined', '2024-02-29T10:00:00'],
    ['odd/na~me', true],
    ['notes', 'x'.repeat(32_767)],
  ])('may have %s %j', (field, value) => {
    expect(validate({ [field]: value })).toEqual([]);
  });

  it.each<[field: string, value: JsonValue, code: string, message: string]>([
    ['firstName', 5, 'WRONG_TYPE', 'firstName "5" is not text; add a "type" or a "lookup" to the mapping'],
    ['firstName', ['a'], 'WRONG_TYPE', 'firstName "["a"]" is not text'],
    ['creditLimit', '100', 'WRONG_TYPE', 'creditLimit "100" is not a number'],
    ['creditLimit', Number.NaN, 'WRONG_TYPE', 'is not a number'],
    ['priceBand', 1.5, 'WRONG_TYPE', 'priceBand "1.5" is not a whole number'],
    ['active', 'yes', 'WRONG_TYPE', 'active "yes" is not true or false'],
    ['active', null, 'NOT_CLEARABLE', 'cannot be cleared; enter true or false, or leave out the field'],
    ['odd/na~me', null, 'NOT_CLEARABLE', 'odd/na~me'],
    ['discountPercent', -0.1, 'OUT_OF_RANGE', 'is less than 0; enter 0 or more'],
    ['discountPercent', 100.5, 'OUT_OF_RANGE', 'is more than 100; enter 100 or less'],
    ['notes', 'x'.repeat(32_768), 'TEXT_TOO_LONG', 'is longer than 32767 characters; shorten it'],
    ['notes', 'Z\uFFFDe', 'TEXT_DAMAGED', 'lost in an earlier conversion; enter them again'],
    ['emailAddress', 'Z\uFFFDe@x.example', 'TEXT_DAMAGED', 'lost'],
    ['emailAddress', 'ann', 'EMAIL_INVALID', 'expected one such as name@example.com'],
    ['emailAddress', 'ann@x', 'EMAIL_INVALID', 'not an e-mail address'],
    ['emailAddress', 'ann@@x.example', 'EMAIL_INVALID', 'not an e-mail address'],
    ['emailAddress', 'ann lee@x.example', 'EMAIL_INVALID', 'not an e-mail address'],
    ['emailAddress', 'a@x.example;b@x.example', 'EMAIL_INVALID', 'not an e-mail address'],
    ['emailAddress', 'a@x.example,', 'EMAIL_INVALID', 'not an e-mail address'],
    ['emailAddress', 'a@x..example', 'EMAIL_INVALID', 'not an e-mail address'],
    ['emailAddress', '', 'EMAIL_INVALID', 'not an e-mail address'],
    ['joined', '29/02/2024', 'WRONG_TYPE', 'is not a date such as 2024-03-31; correct it'],
    ['loyalty', 'gold', 'FIELD_UNKNOWN', '"customFields"'],
    ['constructor', 'x', 'FIELD_UNKNOWN', '"customFields"'],
    ['balance', 5, 'FIELD_SERVER_KEPT', 'set by the server'],
    ['customerCode', 'C1', 'FIELD_SERVER_KEPT', 'assigned by the server'],
  ])('may not have %s %j', (field, value, code, message) => {
    expect(validate({ [field]: value })).toMatchObject([{ code, field, message: expect.stringContaining(message) }]);
  });

  it('has all its errors reported at once, in our own words', () => {
    const reasons = validate({ firstName: 5, active: null, emailAddress: 'x', discountPercent: 101, nope: 1 });
    expect(reasons.map(({ field }) => field).sort()).toEqual([
      'active',
      'discountPercent',
      'emailAddress',
      'firstName',
      'nope',
    ]);
    for (const { message } of reasons) expect(message).not.toMatch(/must|schema|pattern|propert/);
  });

  it('is validated by a valid schema, for all fields and for some', () => {
    const ajv = new Ajv({ allowUnionTypes: true });
    for (const fields of [undefined, ['creditLimit', 'emailAddress', 'tier']])
      expect(ajv.validateSchema(buildDraftSchema({ tier: 'string', joined: 'date' }, fields)), ajv.errorsText()).toBe(
        true,
      );
  });

  it('is not changed by the check', () => {
    const draft = Object.freeze({ creditLimit: '100', active: 'true', nope: 1 });
    validate(draft);
    expect(draft).toEqual({ creditLimit: '100', active: 'true', nope: 1 });
  });

  it('keeps its reasons when another one is checked', () => {
    const reasons = validate({ active: 'x' });
    validate({ firstName: 1 });
    expect(reasons[0]?.field).toBe('active');
  });

  it('does not show the value of a bank account', () => {
    const [reason] = validate({ bankAccount: 12345678 });
    expect(reason?.message).toBe('bankAccount is not text; add a "type" or a "lookup" to the mapping');
    expect(reason).not.toHaveProperty('value');
  });

  it('refuses a long text that is almost an e-mail address, without backtracking until the test times out', () => {
    expect(validate({ emailAddress: `${'a.'.repeat(16_000)}@${'a.'.repeat(300)}` })).toHaveLength(1);
    expect(validate({ emailAddress: `a@${'a.'.repeat(16_000)} ` })).toHaveLength(1);
  });

  it('has no field that is both writable and read-only', () => {
    const kept = new Set<string>([...identityFields, ...readOnlyFields]);
    expect(Object.keys(customerFields).filter((field) => kept.has(field))).toEqual([]);
  });
});

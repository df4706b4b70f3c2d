import {
  editableContent,
  type FieldChange,
  findChanges,
  findFieldName,
  isBlank,
  readField,
} from '#pipelines/compare-customers.js';
import type { Issue } from '#pipelines/issue.js';
import { findFieldType } from '#pipelines/mapping/fields.js';
import type { Customer, Draft, JsonValue } from '#pipelines/model.js';
import type { CustomersApi, SentValue, SentValues } from '#pipelines/ports.js';
import { normaliseValue } from '#pipelines/quality/normalise.js';
import type { RowMapper } from './map.js';

/** Tells which columns of the input a field comes from, and of which country telephone numbers are. */
type ComparingMapper = Pick<RowMapper, 'findColumns'> & Partial<Pick<RowMapper, 'country'>>;

/** A customer as it was sent, beside what the API shows of it. */
export interface WrittenComparison {
  /** Fields of the row that the API stored otherwise: neither as sent nor in its normal form. */
  readonly ofRow: readonly FieldChange[];
  /** Other fields that were sent as they had been read, and that the write has changed all the same. */
  readonly ofOthers: readonly FieldChange[];
}

const noDifferences: WrittenComparison = { ofRow: [], ofOthers: [] };

/**
 * Compares a written customer with what it was sent.
 *
 * @param sent - all that was sent; of an update, the whole customer
 * @param draft - the row's part of it
 * @param shown - the customer as an answer shows it; fields that it does not show do not count
 */
export function compareWritten(
  sent: Customer,
  draft: Draft,
  shown: Customer,
  country: string | undefined,
): WrittenComparison {
  if (findChanges(shown, sent).length === 0) return noDifferences;
  const isShown = (field: string) => Object.hasOwn(shown, findFieldName(shown, field));
  const differs = ({ field, from, to }: FieldChange) => isShown(field) && !isNormalForm(field, to, from, country);
  const ofDraft = new Set(Object.keys(draft).map((field) => field.toLowerCase()));
  return {
    ofRow: findChanges(shown, draft).filter(differs),
    ofOthers: findChanges(shown, editableContent(sent)).filter(
      (change) =>
        !ofDraft.has(change.field.toLowerCase()) &&
        differs(change) &&
        // A field that is not known may be one that the server counts up by itself; but it does not empty one.
        (isBlank(change.from) || findFieldType(change.field) !== undefined),
    ),
  };
}

/** Whether a stored value is another way to write the one that was sent. */
export function isNormalForm(
  field: string,
  sent: JsonValue,
  stored: JsonValue | undefined,
  country: string | undefined,
): boolean {
  const normal = normaliseValue(field, sent, country);
  return normal !== undefined && normal === normaliseValue(field, stored, country);
}

/** What the API made of a customer, field by field, for people. */
export function describeDifferences(
  { ofRow, ofOthers }: WrittenComparison,
  { findColumns }: ComparingMapper,
): readonly Issue[] {
  return [...ofRow, ...ofOthers].map(({ field, from: stored, to: sent }) => ({
    severity: 'warning',
    code: isTruncated(stored, sent) ? 'SERVER_TRUNCATED' : 'SERVER_CHANGED',
    message: `${field}: sent ${displayValue(sent)}, but the API now holds ${displayValue(stored)}.`,
    field,
    columns: findColumns(field),
  }));
}

function isTruncated(stored: JsonValue | undefined, sent: JsonValue): boolean {
  return typeof stored === 'string' && typeof sent === 'string' && stored !== '' && sent.startsWith(stored);
}

function displayValue(value: JsonValue | undefined): string {
  return value === undefined ? 'nothing' : JSON.stringify(value);
}

/** Keeps what the API made of the row's values, so that the same values are not sent again for it. */
export function addDifferences(
  sentValues: SentValues | undefined,
  { ofRow }: WrittenComparison,
): SentValues | undefined {
  if (ofRow.length === 0) return sentValues;
  const values = ofRow.map(({ field, from, to }): [string, SentValue] => [field, [to, from ?? null]]);
  return { ...sentValues, ...Object.fromEntries(values) };
}

/** A customer that was read back after it was written. */
export interface ReadBack {
  /** Absent when it could not be read. */
  readonly customer?: Customer;
  readonly comparison: WrittenComparison;
}

/** Reads a written customer back and compares it with what it was sent. */
export async function readBack(
  api: CustomersApi,
  customerCode: string,
  sent: Customer,
  draft: Draft,
  country: string | undefined,
): Promise<ReadBack> {
  // An error that ends the run is met again at the next row; this row is written, whatever happens now.
  const answer = await api.get(customerCode).catch(() => ({ kind: 'unanswered' }) as const);
  if (answer.kind !== 'found') return { comparison: noDifferences };
  const whole = Object.fromEntries(
    Object.keys(sent).map((field) => [field, readField(answer.customer, field) ?? null]),
  );
  return { customer: answer.customer, comparison: compareWritten(sent, draft, whole, country) };
}

/** What became of a written customer that was to be read back, for people. */
export function describeReadBack(read: ReadBack, mapper: ComparingMapper): readonly Issue[] {
  if (read.customer !== undefined) return describeDifferences(read.comparison, mapper);
  return [
    {
      severity: 'warning',
      code: 'NOT_VERIFIED',
      message: 'Written, but the customer could not be read back for comparison.',
    },
  ];
}

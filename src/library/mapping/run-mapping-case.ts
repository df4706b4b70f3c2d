import { isDeepStrictEqual } from 'node:util';
import type { JsonValue } from '#pipelines/customer.js';
import { compileMapping } from '#pipelines/mapping/compile-mapping.js';
import type { MappedRow } from '#pipelines/mapping/map-row.js';
import type { Mapping } from '#pipelines/mapping/mapping.js';
import { nearestNames } from '#pipelines/mapping/nearest-name.js';
import { normaliseName } from '#pipelines/mapping/normalise-name.js';
import type { ValidateDraft } from '#pipelines/ports.js';
import type { Cell, Reason } from '#pipelines/row.js';
import type { Expectation, ExpectedError, MappingCase } from './mapping-test-file.js';

/** One thing that came out another way. */
export interface Difference {
  /** A field, the key, an error, or a column of the row. */
  readonly what: string;
  /** `undefined`: nothing. */
  readonly expected?: JsonValue;
  readonly actual?: JsonValue;
}

/** Maps the row of a case and compares; an empty list is a pass. */
export async function runMappingCase(
  one: MappingCase,
  mapping: Mapping,
  validate: ValidateDraft,
): Promise<readonly Difference[]> {
  const named = namedColumns(mapping);
  const unknown = Object.keys(one.row).filter((column) => !named.some((name) => same(name, column)));
  const columns = named.map((name) => Object.keys(one.row).find((column) => same(name, column)) ?? name);
  const compilation = compileMapping({ ...mapping, unmapped: 'ignore' }, columns);
  if (!compilation.ok) return compilation.problems.map(({ path, message }) => ({ what: path, actual: message }));
  const cells = columns.map((column) => cellFor(one.row[column]));
  const [mapped] = await compilation.compiled.mapAll([{ index: 0, number: 1, cells }]);
  if (mapped === undefined) return [];
  const failed = new Set(mapped.reasons.map(({ field }) => field));
  const reasons = [...mapped.reasons, ...validate(mapped.draft).filter(({ field }) => !failed.has(field))];
  return [...unknown.map((column) => unknownColumn(column, named)), ...compare(one.expected, mapped, reasons)];
}

/** Every column that the mapping reads or leaves out on purpose, each once. */
function namedColumns({ key, fields, ignore }: Mapping): readonly string[] {
  const read = fields.flatMap((rule) => (rule.kind === 'constant' ? [] : rule.columns));
  const all = [...(key?.columns ?? []), ...read, ...ignore];
  return all.filter((name, position) => all.findIndex((other) => same(other, name)) === position);
}

function same(one: string, other: string): boolean {
  return normaliseName(one) === normaliseName(other);
}

function unknownColumn(column: string, named: readonly string[]): Difference {
  const [nearest] = nearestNames(column, named);
  const hint = nearest === undefined ? '' : `; did it mean "${nearest}"?`;
  return { what: `row, column "${column}"`, actual: `the mapping does not name it${hint}` };
}

function cellFor(value: string | number | boolean | undefined): Cell {
  if (typeof value === 'number') return { kind: 'number', text: String(value), value };
  if (typeof value === 'boolean') return { kind: 'boolean', text: String(value).toUpperCase(), value };
  return value ?? '';
}

function compare(expected: Expectation, mapped: MappedRow, reasons: readonly Reason[]): readonly Difference[] {
  if (expected.kind === 'errors') return compareErrors(expected.errors, reasons);
  if (reasons.length > 0) return reasons.map(unexpectedError);
  const key =
    expected.key === undefined || expected.key === mapped.key ? [] : [keyDifference(expected.key, mapped.key)];
  return [...compareFields(expected.customer, draftWithIdentity(mapped)), ...key];
}

function draftWithIdentity({ draft, customerCode, customerId }: MappedRow): Readonly<Record<string, JsonValue>> {
  return {
    ...(customerCode !== undefined && { customerCode }),
    ...(customerId !== undefined && { customerId }),
    ...draft,
  };
}

function compareFields(
  expected: Readonly<Record<string, JsonValue>>,
  actual: Readonly<Record<string, JsonValue>>,
): readonly Difference[] {
  return [...new Set([...Object.keys(expected), ...Object.keys(actual)])]
    .filter((field) => !isDeepStrictEqual(expected[field], actual[field]))
    .map((field) => difference(field, expected[field], actual[field]));
}

function compareErrors(expected: readonly ExpectedError[], reasons: readonly Reason[]): readonly Difference[] {
  const left = [...reasons];
  const missing = expected.filter((error) => {
    const at = left.findIndex((reason) => fits(error, reason));
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
  return [...missing.map((error) => difference('error', describe(error), undefined)), ...left.map(unexpectedError)];
}

function fits({ code, field, column, message }: ExpectedError, reason: Reason): boolean {
  if (code !== reason.code || (field !== undefined && field !== reason.field)) return false;
  if (column !== undefined && reason.columns?.includes(column) !== true) return false;
  return message === undefined || reason.message.includes(message);
}

function describe({ code, field, column, message }: ExpectedError): string {
  return [code, field, column, message].filter((part) => part !== undefined).join(', ');
}

function unexpectedError({ code, message }: Reason): Difference {
  return difference('error', undefined, `${code}: ${message}`);
}

function keyDifference(expected: string, actual: string | undefined): Difference {
  return difference('key', expected, actual);
}

function difference(what: string, expected: JsonValue | undefined, actual: JsonValue | undefined): Difference {
  return { what, ...(expected !== undefined && { expected }), ...(actual !== undefined && { actual }) };
}

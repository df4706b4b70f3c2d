import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Issue } from '#pipelines/issue.js';
import { compileMapping } from '#pipelines/mapping/compile.js';
import type { MappedRow } from '#pipelines/mapping/map-row.js';
import type { Mapping } from '#pipelines/mapping/mapping.js';
import { nearestNames, suggestNames } from '#pipelines/mapping/nearest-name.js';
import { normaliseName } from '#pipelines/mapping/normalise-name.js';
import type { Cell, JsonValue } from '#pipelines/model.js';
import type { ValidateDraft } from '#pipelines/ports.js';
import { readMappingFile } from '#src/app/mapping-file.js';
import type { Settings } from '#src/config/settings.js';
import { type ExitCode, exitCodes, UsageError } from '#src/errors.js';
import { type JsonDocument, parseJsonDocument } from '#src/json-document.js';
import { createDraftValidator } from '#src/validation/create-draft-validator.js';

/** One row and its expected result. */
interface MappingCase {
  readonly name: string;
  /** The line of the case in its file. */
  readonly line: number;
  readonly row: { readonly [column: string]: string | number | boolean };
  readonly expected: Expectation;
}

type Expectation =
  | {
      readonly kind: 'customer';
      readonly customer: { readonly [field: string]: JsonValue };
      /** Compared only when given. */
      readonly key?: string;
    }
  | { readonly kind: 'errors'; readonly errors: readonly ExpectedError[] };

/** An error by its code and whatever else is given. */
interface ExpectedError {
  readonly code: string;
  readonly field?: string;
  readonly column?: string;
  /** A part of the message. */
  readonly message?: string;
}

interface MappingTestFile {
  readonly path: string;
  /** The mapping that it names, relative to the file. */
  readonly mapping?: string;
  readonly cases: readonly MappingCase[];
}

type Json = Readonly<Record<string, unknown>>;

const fileKeys = ['$schema', 'mapping', 'cases'];
const caseKeys = ['name', 'row', 'customer', 'key', 'errors'];
const errorKeys = ['code', 'field', 'column', 'message'];

/** Reads a file of cases. @throws UsageError with the position of the first mistake */
function readMappingTest(path: string): MappingTestFile {
  const text = readFileSync(path, 'utf8').replace(/^\uFEFF/, '');
  const document = parseJsonDocument(text);
  rejectJsonErrors(path, document);
  const check = createChecker(path, document.locate);
  const root = check.object(document.value, '', fileKeys);
  if (!Array.isArray(root.cases) || root.cases.length === 0)
    throw check.wrong('cases', 'has no test cases; add at least one');
  if (root.mapping !== undefined && typeof root.mapping !== 'string')
    throw check.wrong('mapping', 'must be the name of the mapping in quotes');
  return {
    path,
    ...(typeof root.mapping === 'string' && { mapping: root.mapping }),
    cases: root.cases.map((json: unknown, index) => readCase(check, json, index)),
  };
}

function rejectJsonErrors(path: string, { errors: [error] }: JsonDocument): void {
  if (error === undefined) return;
  throw new UsageError(`${path}:${error.line}:${error.column} is not valid JSON: ${error.fact}.`, {
    code: 'MAPPING_TEST_NOT_JSON',
  });
}

type Checker = ReturnType<typeof createChecker>;

function createChecker(file: string, locate: JsonDocument['locate']) {
  const wrong = (path: string, what: string) => {
    const { line, column } = locate(path);
    return new UsageError(`${file}:${line}:${column} ${path === '' ? 'The file' : path} ${what}.`, {
      code: 'MAPPING_TEST_WRONG',
      nextStep: 'A case has a "row" and either the expected "customer" or the expected "errors".',
    });
  };
  return {
    wrong,
    lineOf: (path: string) => locate(path).line,
    object(value: unknown, path: string, keys?: readonly string[]): Json {
      if (typeof value !== 'object' || value === null || Array.isArray(value))
        throw wrong(path, 'must be an object in { }');
      const unknown = keys === undefined ? undefined : Object.keys(value).find((key) => !keys.includes(key));
      if (unknown !== undefined && keys !== undefined)
        throw wrong(path === '' ? unknown : `${path}.${unknown}`, `is unknown; ${suggestNames(unknown, keys)}`);
      return value as Json;
    },
  };
}

function readCase(check: Checker, json: unknown, index: number): MappingCase {
  const path = `cases[${index}]`;
  const testCase = check.object(json, path, caseKeys);
  const row = check.object(testCase.row, `${path}.row`);
  for (const [column, value] of Object.entries(row))
    if (!['string', 'number', 'boolean'].includes(typeof value))
      throw check.wrong(`${path}.row`, `must contain strings, numbers, true or false; "${column}" is something else`);
  if ((testCase.customer === undefined) === (testCase.errors === undefined))
    throw check.wrong(path, 'needs either "customer" or "errors"');
  return {
    name: typeof testCase.name === 'string' ? testCase.name : `case ${index + 1}`,
    line: check.lineOf(path),
    row: row as MappingCase['row'],
    expected:
      testCase.errors === undefined ? readCustomer(check, testCase, path) : readErrors(check, testCase.errors, path),
  };
}

function readCustomer(check: Checker, testCase: Json, path: string): Expectation {
  const customer = check.object(testCase.customer, `${path}.customer`) as { readonly [field: string]: JsonValue };
  if (testCase.key !== undefined && typeof testCase.key !== 'string')
    throw check.wrong(`${path}.key`, 'must be a string');
  return { kind: 'customer', customer, ...(testCase.key !== undefined && { key: testCase.key as string }) };
}

function readErrors(check: Checker, errors: unknown, path: string): Expectation {
  if (!Array.isArray(errors) || errors.length === 0)
    throw check.wrong(`${path}.errors`, 'must list at least one error');
  return {
    kind: 'errors',
    errors: errors.map((error: unknown, index) => {
      if (typeof error === 'string') return { code: error };
      const read = check.object(error, `${path}.errors[${index}]`, errorKeys);
      if (typeof read.code !== 'string') throw check.wrong(`${path}.errors[${index}]`, 'needs a "code"');
      return read as unknown as ExpectedError;
    }),
  };
}

/** One difference between the expected and the actual result. */
export interface Difference {
  /** A field, the key, an error, or a column of the row. */
  readonly what: string;
  /** `undefined`: nothing. */
  readonly expected?: JsonValue;
  readonly actual?: JsonValue;
}

/** Maps the row of a case and compares the result; an empty list means that the case passed. */
async function runMappingCase(
  testCase: MappingCase,
  mapping: Mapping,
  validate: ValidateDraft,
): Promise<readonly Difference[]> {
  const named = listNamedColumns(mapping);
  const unknown = Object.keys(testCase.row).filter((column) => !named.some((name) => isSameColumn(name, column)));
  const columns = named.map((name) => Object.keys(testCase.row).find((column) => isSameColumn(name, column)) ?? name);
  const compilation = compileMapping({ ...mapping, unmapped: 'ignore' }, columns);
  if (!compilation.ok) return compilation.problems.map(({ path, message }) => ({ what: path, actual: message }));
  const cells = columns.map((column) => toCaseCell(testCase.row[column]));
  const [mapped] = await compilation.compiled.mapAll([{ index: 0, number: 1, cells }]);
  if (mapped === undefined) return [];
  const failed = new Set(mapped.reasons.map(({ field }) => field));
  const reasons = [...mapped.reasons, ...validate(mapped.draft).filter(({ field }) => !failed.has(field))];
  return [
    ...unknown.map((column) => describeUnknownColumn(column, named)),
    ...compare(testCase.expected, mapped, reasons),
  ];
}

/** Every column that the mapping reads or ignores, each once. */
function listNamedColumns({ key, fields, ignore }: Mapping): readonly string[] {
  const read = fields.flatMap((rule) => (rule.kind === 'constant' ? [] : rule.columns));
  const all = [...(key?.columns ?? []), ...read, ...ignore];
  return all.filter((name, position) => all.findIndex((candidate) => isSameColumn(candidate, name)) === position);
}

function isSameColumn(a: string, b: string): boolean {
  return normaliseName(a) === normaliseName(b);
}

function describeUnknownColumn(column: string, named: readonly string[]): Difference {
  const [nearest] = nearestNames(column, named);
  const hint = nearest === undefined ? '' : `; did you mean "${nearest}"?`;
  return { what: `row, column "${column}"`, actual: `the mapping has no such column${hint}` };
}

function toCaseCell(value: string | number | boolean | undefined): Cell {
  if (typeof value === 'number') return { kind: 'number', text: String(value), value };
  if (typeof value === 'boolean') return { kind: 'boolean', text: String(value).toUpperCase(), value };
  return value ?? '';
}

function compare(expected: Expectation, mapped: MappedRow, reasons: readonly Issue[]): readonly Difference[] {
  if (expected.kind === 'errors') return compareErrors(expected.errors, reasons);
  if (reasons.length > 0) return reasons.map(describeUnexpectedError);
  const key =
    expected.key === undefined || expected.key === mapped.key ? [] : [describeKeyDifference(expected.key, mapped.key)];
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
    .map((field) => buildDifference(field, expected[field], actual[field]));
}

function compareErrors(expected: readonly ExpectedError[], reasons: readonly Issue[]): readonly Difference[] {
  const unexpected = [...reasons];
  const missing = expected.filter((error) => {
    const at = unexpected.findIndex((reason) => matchesError(error, reason));
    if (at >= 0) unexpected.splice(at, 1);
    return at < 0;
  });
  return [
    ...missing.map((error) => buildDifference('error', describeExpectedError(error), undefined)),
    ...unexpected.map(describeUnexpectedError),
  ];
}

function matchesError({ code, field, column, message }: ExpectedError, reason: Issue): boolean {
  if (code !== reason.code || (field !== undefined && field !== reason.field)) return false;
  if (column !== undefined && reason.columns?.includes(column) !== true) return false;
  return message === undefined || reason.message.includes(message);
}

function describeExpectedError({ code, field, column, message }: ExpectedError): string {
  return [code, field, column, message].filter((part) => part !== undefined).join(', ');
}

function describeUnexpectedError({ code, message }: Issue): Difference {
  return buildDifference('error', undefined, `${code}: ${message}`);
}

function describeKeyDifference(expected: string, actual: string | undefined): Difference {
  return buildDifference('key', expected, actual);
}

function buildDifference(what: string, expected: JsonValue | undefined, actual: JsonValue | undefined): Difference {
  return { what, ...(expected !== undefined && { expected }), ...(actual !== undefined && { actual }) };
}

const testFileSuffix = '.mapping-test.json';

export interface CaseResult {
  readonly file: string;
  readonly line: number;
  readonly name: string;
  readonly passed: boolean;
  readonly differences: readonly Difference[];
}

export interface MappingTestRun {
  /** The mappings tested, in order. */
  readonly mappings: readonly string[];
  readonly exitCode: ExitCode;
  readonly passed: number;
  readonly failed: number;
  readonly cases: readonly CaseResult[];
}

/**
 * Runs the test cases of a mapping.
 *
 * @param files - files of cases; if empty, all `*.mapping-test.json` in the folder of the mapping
 * @throws UsageError for an invalid mapping or file of cases, and when there is no file of cases
 */
export async function testMapping(settings: Settings, files: readonly string[]): Promise<MappingTestRun> {
  const tests = listTestFiles(settings.mapping.value, files).map(readMappingTest);
  const cases: CaseResult[] = [];
  const mappings = new Set<string>();
  for (const test of tests) {
    const path = findMappingPath(test, settings);
    mappings.add(path);
    cases.push(...(await runFile(test, path)));
  }
  const failed = cases.filter(({ passed }) => !passed).length;
  return {
    mappings: [...mappings],
    exitCode: failed > 0 ? exitCodes.someRowsFailed : exitCodes.done,
    passed: cases.length - failed,
    failed,
    cases,
  };
}

async function runFile({ path, cases }: MappingTestFile, mappingPath: string): Promise<readonly CaseResult[]> {
  const { mapping } = readMappingFile(mappingPath);
  const validate = createDraftValidator(mapping.customFields);
  const results: CaseResult[] = [];
  for (const testCase of cases) {
    const differences = await runMappingCase(testCase, mapping, validate);
    results.push({
      file: path,
      line: testCase.line,
      name: testCase.name,
      passed: differences.length === 0,
      differences,
    });
  }
  return results;
}

/** The option takes precedence, to run the same cases with another mapping. */
function findMappingPath({ path, mapping }: MappingTestFile, settings: Settings): string {
  const isChosen = settings.mapping.origin.startsWith('option');
  return mapping === undefined || isChosen ? settings.mapping.value : join(dirname(path), mapping);
}

function listTestFiles(mapping: string, files: readonly string[]): readonly string[] {
  const missing = files.find((file) => !existsSync(file));
  if (missing !== undefined)
    throw new UsageError(`There is no file ${missing}.`, {
      code: 'MAPPING_TEST_MISSING',
      nextStep: 'Check the file name.',
    });
  if (files.length > 0) return files;
  const folder = dirname(mapping);
  const found = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith(testFileSuffix)) : [];
  if (found.length > 0) return found.sort().map((name) => join(folder, name));
  throw new UsageError(`There is no file *${testFileSuffix} in ${resolve(folder)}.`, {
    code: 'MAPPING_TEST_MISSING',
    nextStep: `Write one, e.g. customers${testFileSuffix}: { "cases": [{ "row": { "Company": "Koala" }, "customer": { "customerName": "Koala" } }] }`,
  });
}

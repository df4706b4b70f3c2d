import { readFileSync } from 'node:fs';
import type { JsonValue } from '#pipelines/customer.js';
import { offerNames } from '#pipelines/mapping/nearest-name.js';
import { UsageError } from '#src/errors.js';
import { complainOfJson } from '#src/library/json-complaint.js';
import { type FindPlace, jsonPlaces } from './json-places.js';

/** One row and what must become of it. */
export interface MappingCase {
  readonly name: string;
  /** Of the case in its file. */
  readonly line: number;
  readonly row: { readonly [column: string]: string | number | boolean };
  readonly expected: Expectation;
}

export type Expectation =
  | {
      readonly kind: 'customer';
      readonly customer: { readonly [field: string]: JsonValue };
      /** Compared when it is given. */
      readonly key?: string;
    }
  | { readonly kind: 'errors'; readonly errors: readonly ExpectedError[] };

/** An error by its code, and by what else is given. */
export interface ExpectedError {
  readonly code: string;
  readonly field?: string;
  readonly column?: string;
  /** A part of the message. */
  readonly message?: string;
}

export interface MappingTestFile {
  readonly path: string;
  /** The mapping that it names, relative to itself. */
  readonly mapping?: string;
  readonly cases: readonly MappingCase[];
}

type Json = Readonly<Record<string, unknown>>;

const fileKeys = ['$schema', 'mapping', 'cases'];
const caseKeys = ['name', 'row', 'customer', 'key', 'errors'];
const errorKeys = ['code', 'field', 'column', 'message'];

/** Reads a file of cases. @throws UsageError with the place of what is wrong */
export function readMappingTest(path: string): MappingTestFile {
  const text = readFileSync(path, 'utf8').replace(/^\uFEFF/, '');
  const check = checker(path, jsonPlaces(text));
  const root = check.object(parse(path, text), '', fileKeys);
  if (!Array.isArray(root.cases) || root.cases.length === 0)
    throw check.wrong('cases', 'has no cases: list at least one');
  if (root.mapping !== undefined && typeof root.mapping !== 'string')
    throw check.wrong('mapping', 'must name the mapping as a text');
  return {
    path,
    ...(typeof root.mapping === 'string' && { mapping: root.mapping }),
    cases: root.cases.map((json: unknown, index) => readCase(check, json, index)),
  };
}

function parse(path: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const { line, column, fact } = complainOfJson(text);
    throw new UsageError(`${path}:${line}:${column} is not valid JSON: ${fact}.`, {
      code: 'MAPPING_TEST_NOT_JSON',
      nextStep: 'Look at that place, and just before it.',
      cause,
    });
  }
}

type Checker = ReturnType<typeof checker>;

function checker(file: string, find: FindPlace) {
  const wrong = (path: string, what: string) => {
    const { line, column } = find(path);
    return new UsageError(`${file}:${line}:${column} ${path === '' ? 'The file' : path} ${what}.`, {
      code: 'MAPPING_TEST_WRONG',
      nextStep: 'A case has a "row" and either the "customer" or the "errors" that must come out of it.',
    });
  };
  return {
    wrong,
    lineOf: (path: string) => find(path).line,
    object(value: unknown, path: string, keys?: readonly string[]): Json {
      if (typeof value !== 'object' || value === null || Array.isArray(value))
        throw wrong(path, 'must be an object in { }');
      const unknown = keys === undefined ? undefined : Object.keys(value).find((key) => !keys.includes(key));
      if (unknown !== undefined && keys !== undefined)
        throw wrong(path === '' ? unknown : `${path}.${unknown}`, `is unknown; ${offerNames(unknown, keys)}`);
      return value as Json;
    },
  };
}

function readCase(check: Checker, json: unknown, index: number): MappingCase {
  const path = `cases[${index}]`;
  const one = check.object(json, path, caseKeys);
  const row = check.object(one.row, `${path}.row`);
  for (const [column, value] of Object.entries(row))
    if (!['string', 'number', 'boolean'].includes(typeof value))
      throw check.wrong(`${path}.row`, `must have texts, numbers, true or false; "${column}" has something else`);
  if ((one.customer === undefined) === (one.errors === undefined))
    throw check.wrong(path, 'needs either "customer" or "errors"');
  return {
    name: typeof one.name === 'string' ? one.name : `case ${index + 1}`,
    line: check.lineOf(path),
    row: row as MappingCase['row'],
    expected: one.errors === undefined ? readCustomer(check, one, path) : readErrors(check, one.errors, path),
  };
}

function readCustomer(check: Checker, one: Json, path: string): Expectation {
  const customer = check.object(one.customer, `${path}.customer`) as { readonly [field: string]: JsonValue };
  if (one.key !== undefined && typeof one.key !== 'string') throw check.wrong(`${path}.key`, 'must be a text');
  return { kind: 'customer', customer, ...(one.key !== undefined && { key: one.key as string }) };
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

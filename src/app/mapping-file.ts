import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { type CompiledMapping, compileMapping } from '#pipelines/mapping/compile.js';
import { secretFields } from '#pipelines/mapping/fields.js';
import { listColumns, quoteColumns } from '#pipelines/mapping/list-columns.js';
import type { Mapping } from '#pipelines/mapping/mapping.js';
import { findValidSubset, parseMapping } from '#pipelines/mapping/parse-mapping.js';
import type { RowSource } from '#pipelines/ports.js';
import type { ReadOptions } from '#pipelines/reading-options.js';
import { type DocumentIssue, isObject, propertyPath } from '#pipelines/shape.js';
import type { Settings } from '#src/config/settings.js';
import { UsageError } from '#src/errors.js';
import { readPairs } from '#src/files/csv/read-pairs.js';
import type { SourceColumns } from '#src/files/input-source.js';
import { findSimilarFile } from '#src/files/similar-name.js';
import { looksLikeData } from '#src/files/table/looks-like-data.js';
import { parseJsonDocument } from '#src/json-document.js';
import { quoteArgument } from './quote-argument.js';

/** Texts and their values, or what is wrong with the file that should list them, as a sentence. */
type LookupFile =
  | { readonly ok: true; readonly pairs: readonly (readonly [from: string, to: string])[] }
  | { readonly ok: false; readonly fault: string };

interface InlinedLookups {
  /** The mapping with the content of each file in place of its name; the original is not changed. */
  readonly json: unknown;
  readonly problems: readonly DocumentIssue[];
}

/**
 * Puts the content of lookup files into a mapping, so that the parser only sees one kind of lookup.
 *
 * @param read - reads a file by the name that the mapping gives
 */
function inlineLookups(json: unknown, read: (name: string) => LookupFile): InlinedLookups {
  const problems: DocumentIssue[] = [];
  const fields = isObject(json) && isObject(json.fields) ? json.fields : undefined;
  if (fields === undefined) return { json, problems };
  const inlined = Object.entries(fields).map(([field, rule]) => [field, inlineIn(field, rule)] as const);
  return { json: { ...(json as object), fields: Object.fromEntries(inlined) }, problems };

  function inlineIn(field: string, rule: unknown): unknown {
    if (!isObject(rule) || typeof rule.lookup !== 'string') return rule;
    const file = read(rule.lookup);
    const fault = file.ok ? findLookupFault(rule.lookup, file.pairs) : file.fault;
    const path = `${propertyPath('fields', field)}.lookup`;
    if (fault !== undefined) problems.push({ severity: 'error', code: 'LOOKUP_FILE_UNUSABLE', path, message: fault });
    if (!file.ok || fault !== undefined) return withoutLookup(rule);
    return { ...rule, lookup: Object.fromEntries(file.pairs) };
  }
}

function findLookupFault(name: string, pairs: readonly (readonly [string, string])[]): string | undefined {
  if (pairs.length === 0) return `The file ${name} has no rows below its header; fill it in`;
  const values = new Map<string, string>();
  for (const [from, to] of pairs) {
    const known = values.get(from);
    if (known !== undefined && known !== to)
      return `The file ${name} lists "${from}" as "${known}" and as "${to}"; keep one`;
    values.set(from, to);
  }
  return undefined;
}

/** The rest of the rule is still checked; without `otherwise`, which would be reported as unused. */
function withoutLookup(rule: Readonly<Record<string, unknown>>): object {
  const { lookup: _unusable, otherwise: _unused, ...rest } = rule;
  return rest;
}

export interface MappingFile {
  readonly path: string;
  readonly mapping: Mapping;
  /** Of its bytes and those of its lookup files: shows a resumed run whether it has changed. */
  readonly sha256: string;
}

/** The content of a mapping file, valid or not. */
export interface InspectedMapping {
  readonly path: string;
  readonly text: string;
  /** Absent when something is wrong with it. */
  readonly mapping?: Mapping;
  /** Of an invalid mapping, the part that is valid, for trying it on a file. */
  readonly validSubset?: Mapping;
  readonly problems: readonly DocumentIssue[];
  /** Of the mapping's bytes and those of its lookup files. */
  readonly sha256: string;
}

/**
 * Reads and checks a mapping file.
 *
 * @param options - take precedence over what the mapping says about which rows are customers
 * @param settings - whose country telephone numbers are of that neither mapping nor row places
 * @throws UsageError that lists all its errors
 */
export function readMappingFile(
  path: string,
  { keepAllRows }: ReadOptions = {},
  settings?: Pick<Settings, 'country'>,
): MappingFile {
  const { mapping, problems, sha256 } = inspectMappingFile(path);
  if (mapping === undefined) throw createMappingError(path, problems);
  const country = settings?.country.value;
  return {
    ...{ path, sha256 },
    mapping: {
      ...mapping,
      ...(keepAllRows === undefined ? {} : { source: { ...mapping.source, keepAllRows } }),
      ...(country === undefined ? {} : { homeCountry: country }),
    },
  };
}

/** The mapping for an input: the one that was named, or the one beside the input, or else in the current folder. */
export function readMappingFor(input: string | undefined, settings: Settings, options: ReadOptions): MappingFile {
  const { value: name, origin } = settings.mapping;
  if (origin !== 'default' || input === undefined || input === '-') return readMappingFile(name, options, settings);
  const beside = join(dirname(input), name);
  if (existsSync(beside)) return readMappingFile(beside, options, settings);
  if (existsSync(name) || resolve(beside) === resolve(name)) return readMappingFile(name, options, settings);
  throw mappingMissing(`There is no mapping: neither ${resolve(beside)} nor ${resolve(name)}.`);
}

/** Reads a mapping file and lists its errors. @throws UsageError when it cannot be read or is not JSON */
export function inspectMappingFile(path: string): InspectedMapping {
  const bytes = read(path);
  const text = bytes.toString('utf8').replace(/^\uFEFF/, '');
  const hash = createHash('sha256').update(bytes);
  const { json, problems: lookupProblems } = inlineLookups(parseJson(path, text), (name) => {
    const pairs = readPairs(resolve(dirname(path), name), name);
    if (typeof pairs === 'string') return { ok: false, fault: pairs };
    hash.update(JSON.stringify(pairs));
    return { ok: true, pairs };
  });
  const parsed = parseMapping(json);
  const problems = parsed.ok ? lookupProblems : [...lookupProblems, ...removeReported(parsed.problems, lookupProblems)];
  const valid = parsed.ok && problems.length === 0 ? { mapping: parsed.mapping } : {};
  const rest = parsed.ok ? parsed.mapping : parsed.validSubset;
  const validSubset = rest === undefined || problems.length === 0 ? undefined : findValidSubset(rest, problems);
  return {
    path,
    text,
    ...valid,
    ...(validSubset === undefined ? {} : { validSubset }),
    problems,
    sha256: hash.digest('hex'),
  };
}

/** A field whose lookup is missing has further errors, which are not worth reporting. */
function removeReported(
  problems: readonly DocumentIssue[],
  reported: readonly DocumentIssue[],
): readonly DocumentIssue[] {
  const fields = reported.map(({ path }) => path.replace(/\.lookup$/, ''));
  return problems.filter(({ path }) => !fields.some((field) => path === field || path.startsWith(`${field}.`)));
}

/** Compiles a mapping for the header of a file. @throws UsageError that lists all mismatches */
export function compileFor(
  file: MappingFile,
  input: {
    readonly file: string;
    readonly format: RowSource['format'];
    readonly columns: readonly string[];
    readonly sheetsWithColumns?: readonly string[];
  },
): CompiledMapping {
  const result = compileMapping(file.mapping, input.columns, input.format);
  if (result.ok) return result.compiled;
  const { problems, foreignTo } = result;
  const foreign = foreignTo && describeForeignFile(foreignTo, input);
  throw createMappingError(
    `${file.path} for ${input.file}`,
    foreign === undefined ? problems : [foreign],
    foreign?.nextStep ?? findSheetHint(input),
  );
}

/** A file without any column of the mapping, in one sentence: what it looks like. One missing column may be a typing error. */
export function describeForeignFile(
  wanted: readonly string[],
  { columns, sheetsWithColumns = [] }: Pick<SourceColumns, 'columns' | 'sheetsWithColumns'>,
): (DocumentIssue & { readonly nextStep: string }) | undefined {
  if (wanted.length < 2) return undefined;
  const hint = findSheetHint({ sheetsWithColumns });
  const none = `None of the ${wanted.length} columns of the mapping (${quoteColumns(wanted)}) is`;
  const error = { severity: 'error', code: 'COLUMN_MISSING', path: '' } as const;
  if (hint !== undefined)
    return {
      ...error,
      message: `${none} on this sheet; it looks like the wrong one: ${sheetsWithColumns.length === 1 ? 'the sheet' : 'the sheets'} ${quoteColumns(sheetsWithColumns)} ${sheetsWithColumns.length === 1 ? 'has' : 'have'} them`,
      nextStep: hint,
    };
  if (wanted.every((name) => /^[A-Z]{1,2}$/.test(name)))
    return {
      ...error,
      message: `${none} in this file; it looks like a mapping for files without a header, and the first row was read as one (${quoteColumns(columns)})`,
      nextStep: 'If the file has no header: --no-header, or "noHeader": true under "source" in the mapping.',
    };
  if (looksLikeData(columns))
    return {
      ...error,
      message: `${none} in this file; it looks like a file without a header: the row that was read as one has values (${quoteColumns(columns)})`,
      nextStep:
        'If there is no header: --no-header, with a mapping that names the columns A, B, C (`mypos-customers mapping suggest` proposes one). If it is on another line: --header-row <n>',
    };
  return {
    ...error,
    message: `${none} in this file; it looks like a file for another mapping: it has ${listColumns(columns)}`,
    nextStep:
      'Check the name of the file and --mapping; `mypos-customers mapping suggest <file>` proposes a mapping for this file. If the header is on another line: --header-row <n>.',
  };
}

function findSheetHint({
  sheetsWithColumns: [sheet] = [],
}: Pick<SourceColumns, 'sheetsWithColumns'>): string | undefined {
  if (sheet === undefined) return undefined;
  return `Choose the sheet: --sheet ${quoteArgument(sheet)}, or "sheet" under "source" in the mapping.`;
}

/** The source columns that say who a row's customer is. */
export function identityColumns(mapper: CompiledMapping): readonly string[] {
  if (mapper.keyColumns.length > 0) return mapper.keyColumns;
  const code = mapper.findColumns('customerCode');
  return code.length > 0 ? code : [...new Set(mapper.match.flat())].flatMap((field) => mapper.findColumns(field));
}

/** Columns whose values must not be shown to whoever reads a report. */
export function secretColumns(mapper: CompiledMapping): ReadonlySet<string> {
  return new Set([...secretFields].flatMap((field) => mapper.findColumns(field)));
}

const unreadable: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EISDIR: 'it is a folder',
  EACCES: 'this user is not allowed to read it',
};

function read(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    const near = code === 'ENOENT' ? findSimilarFile(path) : undefined;
    throw mappingMissing(
      `The mapping ${path} cannot be read: ${unreadable[code] ?? code}.${near === undefined ? '' : ` Did you mean "${near}"?`}`,
      error,
    );
  }
}

function mappingMissing(fact: string, cause?: unknown): UsageError {
  return new UsageError(fact, {
    code: 'MAPPING_MISSING',
    nextStep:
      'Specify your mapping with --mapping; mappings.example.json shows what one looks like, and mypos-customers mapping suggest <file> proposes one.',
    cause,
  });
}

function parseJson(path: string, text: string): unknown {
  const { value, errors } = parseJsonDocument(text);
  const [error] = errors;
  if (error === undefined) return value;
  const { line, column, fact } = error;
  throw new UsageError(`The mapping ${path} is not valid JSON: line ${line}, column ${column}: ${fact}.`, {
    code: 'MAPPING_NOT_JSON',
  });
}

function createMappingError(where: string, problems: readonly DocumentIssue[], nextStep = correctMapping): UsageError {
  const lines = problems.map(({ path, message }) => `  - ${path === '' ? '' : `${path}: `}${message}`);
  return new UsageError(`The mapping ${where} cannot be used:\n${lines.join('\n')}`, {
    code: problems[0]?.code ?? 'MAPPING_WRONG',
    nextStep,
  });
}

const correctMapping =
  'Correct the mapping; `mypos-customers mapping check` shows each error with its line, without the network.';

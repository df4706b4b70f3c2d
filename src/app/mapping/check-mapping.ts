import type { Code } from '#pipelines/codes.js';
import { type CompiledMapping, compileMapping } from '#pipelines/mapping/compile.js';
import type { CustomFields } from '#pipelines/mapping/fields.js';
import {
  discoverCustomFields,
  lintAgainstCustomers,
  lintMapping,
  lintSample,
  type SampleResult,
} from '#pipelines/mapping/lint.js';
import type { Mapping } from '#pipelines/mapping/mapping.js';
import { findValidSubset } from '#pipelines/mapping/parse-mapping.js';
import type { ReadOptions } from '#pipelines/reading-options.js';
import type { DocumentIssue } from '#pipelines/shape.js';
import { describeForeignFile, type InspectedMapping, inspectMappingFile } from '#src/app/mapping-file.js';
import type { Settings } from '#src/config/settings.js';
import { type ExitCode, exitCodes } from '#src/errors.js';
import { parseJsonDocument, type TextPosition } from '#src/json-document.js';
import { createDraftValidator } from '#src/validation/create-draft-validator.js';
import { type LiveCustomers, readLiveCustomers } from './live-customers.js';
import { readSample, type Sample } from './read-sample.js';
import { writeSchemaBeside } from './write-schema.js';

export interface CheckMappingOptions extends ReadOptions {
  /** A file to try the mapping on. */
  readonly file?: string;
  /** Compare with customers of the API. */
  readonly live: boolean;
  /** Write the schema next to the mapping; with `live`, including the fields found. */
  readonly writeSchema: boolean;
}

/** One thing found, with its place; `--json` calls the severity `info` a `note`. */
export interface MappingFinding extends TextPosition {
  readonly severity: 'error' | 'warning' | 'note';
  readonly code: Code;
  readonly path: string;
  readonly message: string;
}

export interface MappingCheck {
  readonly mapping: string;
  readonly file: string | null;
  readonly exitCode: ExitCode;
  /** Errors first; within a kind, in the order of the mapping file. */
  readonly findings: readonly MappingFinding[];
  readonly sample: { readonly rows: number; readonly invalidRows: number } | null;
  readonly live: { readonly customers: number; readonly customFields: CustomFields } | null;
  readonly schema: string | null;
}

/**
 * Checks a mapping: by itself, against a file, and against customers from the API.
 *
 * @throws UsageError when it cannot be read or is not JSON, InputError, LoginError, RunStoppedError
 */
export async function checkMapping(
  settings: Settings,
  options: CheckMappingOptions,
  signal: AbortSignal,
): Promise<MappingCheck> {
  const reading = inspectMappingFile(settings.mapping.value);
  const live = options.live ? await readLiveCustomers(settings, signal) : undefined;
  const tried = await tryOnSample(reading.mapping ?? reading.validSubset, options);
  const found: readonly DocumentIssue[] = [
    ...describeErrors(reading, live),
    ...(reading.mapping === undefined ? [] : lintMapping(reading.mapping)),
    ...tried.found,
    ...(reading.mapping === undefined || live === undefined
      ? []
      : lintAgainstCustomers(reading.mapping, live.customers)),
  ];
  const findings = addPositions(found, reading.text);
  const customFields = live === undefined ? undefined : discoverCustomFields(live.customers);
  const schema = options.writeSchema ? await writeSchemaBeside(reading.path, customFields) : undefined;
  return {
    mapping: reading.path,
    file: options.file ?? null,
    exitCode: findings.some(({ severity }) => severity === 'error') ? exitCodes.usage : exitCodes.done,
    findings,
    sample: tried.sample ?? null,
    live: live === undefined ? null : { customers: live.customers.length, customFields: customFields ?? {} },
    schema: schema ?? null,
  };
}

/** The parser does not know the company's own fields; where a customer has the field, the message says how to declare it. */
function describeErrors({ problems }: InspectedMapping, live: LiveCustomers | undefined): readonly DocumentIssue[] {
  const discovered = live === undefined ? {} : discoverCustomFields(live.customers);
  return problems.map((problem) => {
    const field = Object.keys(discovered).find((name) => problem.path === `fields.${name}`);
    if (problem.code !== 'FIELD_UNKNOWN' || field === undefined) return problem;
    const declaration = JSON.stringify({ [field]: discovered[field] });
    const message = `"${field}" is one of your own fields; to declare it, add ${declaration} to "customFields"`;
    return { ...problem, message };
  });
}

interface SampleTrial {
  readonly found: readonly DocumentIssue[];
  readonly sample?: Pick<SampleResult, 'rows' | 'invalidRows'>;
}

async function tryOnSample(mapping: Mapping | undefined, options: CheckMappingOptions): Promise<SampleTrial> {
  if (options.file === undefined || mapping === undefined) return { found: [] };
  const { source, rows } = await readSample(options.file, options, mapping);
  const compilation = compileMapping(mapping, source.columns);
  const foreign = compilation.ok ? undefined : describeForeignFile(compilation.foreignTo ?? [], source);
  if (foreign !== undefined) return { found: [foreign] };
  const missing = compilation.ok ? [] : compilation.problems;
  const mapper = compilation.ok ? compilation.compiled : compileValidSubset(mapping, missing, source);
  if (mapper === undefined) return { found: missing };
  const { warnings, ...sample } = await lintSample(mapper, rows, createDraftValidator(mapping.customFields));
  return { found: [...missing, ...warnings], sample };
}

/** Compiles the fields whose columns the file has, so that their values are checked even when columns are missing. */
function compileValidSubset(
  mapping: Mapping,
  problems: readonly DocumentIssue[],
  { columns }: Sample['source'],
): CompiledMapping | undefined {
  const subset = findValidSubset(mapping, problems);
  if (subset === undefined) return undefined;
  const compilation = compileMapping(subset, columns);
  return compilation.ok ? compilation.compiled : undefined;
}

const severityOrder = { error: 0, warning: 1, note: 2 } as const;

function addPositions(found: readonly DocumentIssue[], text: string): readonly MappingFinding[] {
  const { locate } = parseJsonDocument(text);
  return found
    .map(({ severity, code, path, message }) => ({
      severity: severity === 'info' ? ('note' as const) : severity,
      code,
      path,
      ...locate(path),
      message,
    }))
    .sort((a, b) => severityOrder[a.severity] - severityOrder[b.severity] || a.line - b.line || a.column - b.column);
}

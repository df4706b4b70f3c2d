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
import type { MappingIssue } from '#pipelines/mapping/mapping-issue.js';
import { findValidSubset } from '#pipelines/mapping/parse-mapping.js';
import type { Customer } from '#pipelines/model.js';
import { connect } from '#src/app/connect.js';
import type { ReadOptions } from '#src/app/input.js';
import { type InspectedMapping, inspectMappingFile } from '#src/app/mapping-file.js';
import type { Settings } from '#src/config/settings.js';
import { type ExitCode, exitCodes, RunStoppedError } from '#src/errors.js';
import { jsonPlaces, type TextPlace } from '#src/json-document.js';
import { createDraftValidator } from '#src/validation/create-draft-validator.js';
import { readSample, type Sample } from './read-sample.js';
import { writeSchemaBeside } from './write-schema.js';

/** Enough to see which fields there are, few enough to be no load: the vendor blocks those who read too much. */
const maxCustomersRead = 3;

interface LiveCustomers {
  /** In full, with the client's own fields. */
  readonly customers: readonly Customer[];
}

/** Reads the customers that were edited last. @throws LoginError, RunStoppedError */
async function readLiveCustomers(settings: Settings, signal: AbortSignal): Promise<LiveCustomers> {
  const connection = await connect(settings, signal);
  try {
    const { customers } = await connection.client.list({
      page: 1,
      pageSize: maxCustomersRead,
      sort: { field: 'lastEditDateUTC', descending: true },
    });
    const full: Customer[] = [];
    for (const { customerCode } of customers) {
      const answer = await connection.client.get(String(customerCode));
      if (answer.kind === 'found') full.push(answer.customer);
      if (answer.kind === 'unanswered')
        throw new RunStoppedError(`The customer ${String(customerCode)} could not be read: ${answer.message}`, {
          code: 'CUSTOMER_UNANSWERED',
          nextStep: 'Try again later, or check the mapping without --live.',
        });
    }
    return { customers: full };
  } finally {
    await connection.close();
  }
}

export interface CheckMappingOptions extends ReadOptions {
  /** A file to try the mapping on. */
  readonly file?: string;
  /** Compare with customers of the API. */
  readonly live: boolean;
  /** With `live`: write the schema beside the mapping, with the fields found. */
  readonly writeSchema: boolean;
}

/** One thing found, with its place; `--json` calls the severity `info` a `note`. */
export interface MappingFinding extends TextPlace {
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
 * Looks a mapping over: by itself, against a file, against customers that the API really has.
 *
 * @throws UsageError when it cannot be read or is no JSON, InputError, LoginError, RunStoppedError
 */
export async function checkMapping(
  settings: Settings,
  options: CheckMappingOptions,
  signal: AbortSignal,
): Promise<MappingCheck> {
  const reading = inspectMappingFile(settings.mapping.value);
  const live = options.live ? await readLiveCustomers(settings, signal) : undefined;
  const tried = await tryOnSample(reading.mapping ?? reading.validSubset, options);
  const found: readonly MappingIssue[] = [
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

/** A field that only real customers show is unknown to the parser; they say how to declare it. */
function describeErrors({ problems }: InspectedMapping, live: LiveCustomers | undefined): readonly MappingIssue[] {
  const discovered = live === undefined ? {} : discoverCustomFields(live.customers);
  return problems.map((problem) => {
    const field = Object.keys(discovered).find((name) => problem.path === `fields.${name}`);
    if (problem.code !== 'FIELD_UNKNOWN' || field === undefined) return problem;
    const declaration = JSON.stringify({ [field]: discovered[field] });
    const message = `"${field}" is a field of the client's own; declare it: add ${declaration} to "customFields"`;
    return { ...problem, message };
  });
}

interface SampleTrial {
  readonly found: readonly MappingIssue[];
  readonly sample?: Pick<SampleResult, 'rows' | 'invalidRows'>;
}

async function tryOnSample(mapping: Mapping | undefined, options: CheckMappingOptions): Promise<SampleTrial> {
  if (options.file === undefined || mapping === undefined) return { found: [] };
  const { source, rows } = await readSample(options.file, options, mapping);
  const compilation = compileMapping(mapping, source.columns, source.duplicateColumns);
  const missing = compilation.ok ? [] : compilation.problems;
  const mapper = compilation.ok ? compilation.compiled : compileValidSubset(mapping, missing, source);
  if (mapper === undefined) return { found: missing };
  const {
    rows: tried,
    invalidRows,
    warnings: remarks,
  } = await lintSample(mapper, rows, createDraftValidator(mapping.customFields));
  return { found: [...missing, ...remarks], sample: { rows: tried, invalidRows } };
}

/** The fields whose columns the file has: what their values say is told together with what is missing. */
function compileValidSubset(
  mapping: Mapping,
  problems: readonly MappingIssue[],
  { columns, duplicateColumns }: Sample['source'],
): CompiledMapping | undefined {
  const sound = findValidSubset(mapping, problems);
  if (sound === undefined) return undefined;
  const compilation = compileMapping(sound, columns, duplicateColumns);
  return compilation.ok ? compilation.compiled : undefined;
}

const severityOrder = { error: 0, warning: 1, note: 2 } as const;

function addPositions(found: readonly MappingIssue[], text: string): readonly MappingFinding[] {
  const find = jsonPlaces(text);
  return found
    .map(({ severity, code, path, message }) => ({
      severity: severity === 'info' ? ('note' as const) : severity,
      code,
      path,
      ...find(path),
      message,
    }))
    .sort(
      (one, other) =>
        severityOrder[one.severity] - severityOrder[other.severity] ||
        one.line - other.line ||
        one.column - other.column,
    );
}

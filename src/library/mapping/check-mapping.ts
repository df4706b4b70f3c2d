import { type CompiledMapping, compileMapping } from '#pipelines/mapping/compile-mapping.js';
import type { CustomFields } from '#pipelines/mapping/customer-fields.js';
import { discoverCustomFields, lintLive } from '#pipelines/mapping/lint/lint-live.js';
import { lintMapping } from '#pipelines/mapping/lint/lint-mapping.js';
import { lintSample, type SampleFindings } from '#pipelines/mapping/lint/lint-sample.js';
import type { MappingRemark, MappingRemarkCode } from '#pipelines/mapping/lint/mapping-remark.js';
import { soundPart } from '#pipelines/mapping/lint/sound-part.js';
import type { Mapping } from '#pipelines/mapping/mapping.js';
import type { MappingProblem, MappingProblemCode } from '#pipelines/mapping/mapping-problem.js';
import type { Settings } from '#src/config/settings.js';
import { type ExitCode, exitCodes } from '#src/errors.js';
import type { ReadOptions } from '#src/library/input.js';
import { inspectMappingFile, type MappingReading } from '#src/library/mapping-file.js';
import { createDraftValidator } from '#src/validation/create-draft-validator.js';
import { jsonPlaces, type TextPlace } from './json-places.js';
import { type LiveCustomers, readLiveCustomers } from './live-customers.js';
import { readSample, type Sample } from './read-sample.js';
import { writeSchemaBeside } from './schema-beside.js';

export interface CheckMappingOptions extends ReadOptions {
  /** A file to try the mapping on. */
  readonly file?: string;
  /** Compare with customers of the API. */
  readonly live: boolean;
  /** With `live`: write the schema beside the mapping, with the fields found. */
  readonly writeSchema: boolean;
}

/** One thing found, with its place. */
export interface MappingFinding extends TextPlace {
  readonly severity: 'error' | 'warning' | 'note';
  readonly code: MappingProblemCode | MappingRemarkCode;
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

type Found = (MappingProblem & { readonly severity: 'error' }) | MappingRemark;

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
  const tried = await tryOnFile(reading.mapping ?? reading.sound, options);
  const found: readonly Found[] = [
    ...errors(reading, live),
    ...(reading.mapping === undefined ? [] : lintMapping(reading.mapping)),
    ...tried.found,
    ...(reading.mapping === undefined || live === undefined ? [] : lintLive(reading.mapping, live.customers)),
  ];
  const findings = placed(found, reading.text);
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
function errors({ problems }: MappingReading, live: LiveCustomers | undefined): readonly Found[] {
  const discovered = live === undefined ? {} : discoverCustomFields(live.customers);
  return problems.map((problem) => {
    const field = Object.keys(discovered).find((name) => problem.path === `fields.${name}`);
    if (problem.code !== 'FIELD_UNKNOWN' || field === undefined) return { ...problem, severity: 'error' };
    const declaration = JSON.stringify({ [field]: discovered[field] });
    const message = `"${field}" is a field of the client's own; declare it: add ${declaration} to "customFields"`;
    return { ...problem, severity: 'error', message };
  });
}

interface Tried {
  readonly found: readonly Found[];
  readonly sample?: Pick<SampleFindings, 'rows' | 'invalidRows'>;
}

async function tryOnFile(mapping: Mapping | undefined, options: CheckMappingOptions): Promise<Tried> {
  if (options.file === undefined || mapping === undefined) return { found: [] };
  const { source, rows } = await readSample(options.file, options, mapping);
  const compilation = compileMapping(mapping, source.columns, source.duplicateColumns);
  const missing = compilation.ok ? [] : compilation.problems;
  const found: readonly Found[] = missing.map((problem) => ({ ...problem, severity: 'error' }));
  const mapper = compilation.ok ? compilation.compiled : compileSound(mapping, missing, source);
  if (mapper === undefined) return { found };
  const {
    rows: tried,
    invalidRows,
    remarks,
  } = await lintSample(mapper, rows, createDraftValidator(mapping.customFields));
  return { found: [...found, ...remarks], sample: { rows: tried, invalidRows } };
}

/** The fields whose columns the file has: what their values say is told together with what is missing. */
function compileSound(
  mapping: Mapping,
  problems: readonly MappingProblem[],
  { columns, duplicateColumns }: Sample['source'],
): CompiledMapping | undefined {
  const sound = soundPart(mapping, problems);
  if (sound === undefined) return undefined;
  const compilation = compileMapping(sound, columns, duplicateColumns);
  return compilation.ok ? compilation.compiled : undefined;
}

const order = { error: 0, warning: 1, note: 2 } as const;

function placed(found: readonly Found[], text: string): readonly MappingFinding[] {
  const find = jsonPlaces(text);
  return found
    .map(({ severity, code, path, message }) => ({ severity, code, path, ...find(path), message }))
    .sort(
      (one, other) => order[one.severity] - order[other.severity] || one.line - other.line || one.column - other.column,
    );
}

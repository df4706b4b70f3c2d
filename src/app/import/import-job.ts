import { resolve } from 'node:path';
import type { RepeatPolicy } from '#pipelines/import/dedupe.js';
import type { ImportMode } from '#pipelines/import/identify.js';
import { type ImportOptions, importCustomers } from '#pipelines/import/import.js';
import type { CheckCells } from '#pipelines/import/map.js';
import { MatchFieldNotListed } from '#pipelines/import/match.js';
import type { CustomerMirror } from '#pipelines/listing/mirror.js';
import type { CompiledMapping } from '#pipelines/mapping/compile.js';
import type { Mode } from '#pipelines/mapping/mapping.js';
import { findAllowedTexts } from '#pipelines/mapping/template.js';
import type { ValidateDraft } from '#pipelines/ports.js';
import type { FailureLimit } from '#pipelines/run-control.js';
import type { Connection } from '#src/app/connect.js';
import type { Input, ResolvedReadOptions } from '#src/app/input.js';
import { identityColumns, type MappingFile } from '#src/app/mapping-file.js';
import { openMirrorFor } from '#src/app/refresh-mirror.js';
import type { RunJob } from '#src/app/run-job.js';
import type { RunObserver } from '#src/app/run-summary.js';
import { reportScan, type ScanCache, type ScannedInput } from '#src/app/scan-input.js';
import type { Settings } from '#src/config/settings.js';
import { UsageError } from '#src/errors.js';
import { assertWritable } from '#src/files/atomic-file.js';
import type { InputSource } from '#src/files/input-source.js';
import type { RunRecord } from '#src/ledger/runs.js';
import { defaultResultPaths, type ResultPaths } from '#src/results/write-results.js';
import { createDraftValidator } from '#src/validation/create-draft-validator.js';

/** How rows are to be imported; what a plan and a resumed import must know again, so it is kept as JSON. */
export interface RowOptions {
  readonly mode: ImportMode;
  /** Absolute path of the mapping file. */
  readonly mapping: string;
  readonly read: ResolvedReadOptions;
  readonly first?: number;
  readonly force: boolean;
  readonly verify: boolean;
  readonly repeats: RepeatPolicy;
  /** Rows with cells that cannot be right are not sent. */
  readonly strict: boolean;
}

/** An input with a mapping that fits it. */
export interface PreparedImport {
  readonly source: InputSource;
  readonly rows: number;
  readonly mapper: CompiledMapping;
  readonly validate: ValidateDraft;
  readonly findings: RunJob['findings'];
  /** What is wrong with a row's cells, where that keeps it from being sent. */
  readonly checkCells?: CheckCells;
  readonly options: ImportOptions;
  /** For the process that may have to go on with the run. */
  readonly look?: ScanCache;
  /** The mirror, up to date, where it is of use. Refreshed once, however often it is asked for. */
  mirror(connection: Connection): Promise<CustomerMirror | undefined>;
}

/** Reports what the scan of the input found, and prepares the import of its rows. */
export function prepareImport(
  settings: Settings,
  kept: RowOptions,
  mappingFile: MappingFile,
  input: ScannedInput,
  observer: RunObserver,
): PreparedImport {
  reportScan(input, observer);
  const { source, mapper, cache } = input;
  const { rows, findings, judge } = input.scan;
  const options = buildImportOptions(settings, kept, mapper);
  let fresh: CustomerMirror | undefined;
  return {
    ...{ source, rows, mapper, options, findings },
    ...(kept.strict ? { checkCells: judge } : {}),
    ...(cache === undefined ? {} : { look: cache }),
    validate: createDraftValidator(mappingFile.mapping.customFields, mapper.fields),
    async mirror(connection) {
      if (kept.mode === 'add') return undefined;
      fresh ??= await openMirrorFor(connection, Math.min(rows, kept.first ?? rows), options.matchFields.length > 0);
      return fresh;
    },
  };
}

function buildImportOptions(settings: Settings, kept: RowOptions, mapper: CompiledMapping): ImportOptions {
  const { mode, force, verify, repeats, first } = kept;
  return {
    ...{ mode, force, verify },
    concurrency: settings.concurrency.value,
    // An add cannot change what the first row made, so its repeats have no order to go in.
    repeats: mode === 'add' ? 'error' : repeats,
    identityColumns: identityColumns(mapper),
    matchFields: mode === 'add' ? [] : mapper.match,
    ...(first === undefined ? {} : { first }),
  };
}

/** An upsert or update must know which customer a row is about. */
export function refuseWithoutIdentity(mode: Mode, { path, mapping }: MappingFile): void {
  if (mapping.command !== undefined && mode !== 'upsert')
    throw new UsageError(`The mode is ${mode}, but in the mapping ${path} the column "${mapping.command}" decides.`, {
      code: 'MODE_AND_COMMAND',
      nextStep: 'Leave out --mode, or take "command" out of the mapping.',
    });
  const isNamed = mapping.key !== undefined || mapping.fields.some(({ field }) => field === 'customerCode');
  if (mode === 'add' || isNamed || mapping.match.length > 0) return;
  throw new UsageError(`The mode is ${mode}, but the mapping ${path} does not say which customer a row is about.`, {
    code: 'MATCH_MISSING',
    nextStep:
      'Add a "key" (the old system’s own number), map "customerCode", or name fields in "match"; for customers that are all new, use --mode add.',
  });
}

/** What the pipelines find impossible, in words that say what to do. */
export function explainImportError(error: unknown): unknown {
  if (!(error instanceof MatchFieldNotListed)) return error;
  const { field } = error;
  return new UsageError(`The list of customers does not show ${field}, so customers cannot be found by it.`, {
    code: 'MATCH_NOT_LISTED',
    nextStep: `Take ${field} out of "match" in the mapping. If it holds your own number: make it the "stamp" of a "key", and let the program learn who is who with: mypos-customers crosswalk rebuild`,
  });
}

/** What a resumed import must know again; the ledger keeps it as JSON. */
export interface SavedImportOptions extends RowOptions {
  readonly paths: ResultPaths;
  /** The header, for the next import to compare with. */
  readonly columns: readonly string[];
  /** Name of the plan that may be sent, and nothing else. */
  readonly plan?: string;
  readonly failureLimit?: FailureLimit;
  /** The field that carries a row's key: what settling a doubt needs of the mapping. */
  readonly stamp?: string;
}

type ImportJob = RunJob & { readonly prepared: PreparedImport };

/** Makes the job of an import: reads the input through, fits the mapping to it, and proves that results can be written. */
export async function createImportJob(
  settings: Settings,
  kept: SavedImportOptions,
  mappingFile: MappingFile,
  input: ScannedInput,
  observer: RunObserver,
): Promise<ImportJob> {
  const prepared = prepareImport(settings, kept, mappingFile, input, observer);
  for (const path of Object.values(kept.paths)) await assertResultPath(path, input);
  const { source, rows, mapper, validate, checkCells, findings, options } = prepared;
  return {
    ...{ prepared, source, rows },
    ...(findings === undefined ? {} : { findings }),
    paths: kept.paths,
    allowed: findAllowedTexts(mappingFile.mapping),
    ...(kept.first === undefined ? {} : { first: kept.first }),
    ...(mapper.stamp === undefined ? {} : { stamp: mapper.stamp }),
    ...(kept.verify ? { verify: mapper } : {}),
    work: async ({ connection, ...ports }) => {
      const mirror = await prepared.mirror(connection);
      const record = kept.plan === undefined ? undefined : connection.ledger.plans.find(kept.plan);
      if (kept.plan !== undefined && record === undefined) throw planExpired(kept.plan);
      const plan = record === undefined ? {} : { plan: connection.ledger.plans.openAgreedPlan(record) };
      const all = {
        ...{ source, mapper, validate, now: Date.now },
        ...(checkCells === undefined ? {} : { checkCells }),
        ...ports,
        ...plan,
        ...(mirror === undefined ? {} : { mirror }),
      };
      await importCustomers(all, options).catch((error: unknown) => {
        throw explainImportError(error);
      });
    },
  };
}

/** Keeps what the job has learned of its input, so that a later process need not read it whole to go on with the run. */
export function saveScan({ ledger }: Connection, run: RunRecord, { prepared }: ImportJob): void {
  if (prepared.look !== undefined) ledger.inputScans.save(run.number, prepared.look);
}

function planExpired(name: string): UsageError {
  return new UsageError(`Plan ${name} is not kept any more.`, {
    code: 'PLAN_UNKNOWN',
    nextStep: 'Plans are kept for 30 days. Make a new one: mypos-customers plan <file>',
  });
}

/** Results and rejects, where the user wants them or beside the input. */
export function chooseResultPaths(
  input: Pick<Input, 'file' | 'path'>,
  wanted: { readonly results?: string; readonly rejects?: string; readonly report?: string },
): ResultPaths {
  const beside = defaultResultPaths(input.file === '-' ? resolve('stdin.csv') : input.path);
  return {
    results: wanted.results === undefined ? beside.results : resolve(wanted.results),
    rejects: wanted.rejects === undefined ? beside.rejects : resolve(wanted.rejects),
    ...(wanted.report === undefined ? {} : { report: resolve(wanted.report) }),
  };
}

async function assertResultPath(path: string, input: Input): Promise<void> {
  if (path === input.path)
    throw new UsageError(`${path} is the input itself.`, {
      code: 'WOULD_OVERWRITE_INPUT',
      nextStep: 'Choose another name with --results or --rejects.',
    });
  await assertWritable(path);
}

import type { ImportOptions } from '#pipelines/import.js';
import type { CompiledMapping } from '#pipelines/mapping/compile-mapping.js';
import type { Mode } from '#pipelines/mapping/mapping.js';
import type { CustomerMirror } from '#pipelines/mirror.js';
import type { ValidateDraft } from '#pipelines/ports.js';
import { MatchFieldNotListed } from '#pipelines/stages/match-by-fields.js';
import type { ImportMode } from '#pipelines/stages/match-rows.js';
import type { JudgeRow } from '#pipelines/stages/refuse-damage.js';
import type { RepeatPolicy } from '#pipelines/stages/refuse-repeats.js';
import type { Settings } from '#src/config/settings.js';
import { UsageError } from '#src/errors.js';
import type { InputSource } from '#src/files/input-source.js';
import { createDraftValidator } from '#src/validation/create-draft-validator.js';
import type { Connection } from './connect.js';
import type { Input, Reading } from './input.js';
import { type KeptLook, keptLook } from './kept-look.js';
import { lookForDamage } from './look-for-damage.js';
import { compileFor, identityColumns, type MappingFile } from './mapping-file.js';
import { mirrorFor } from './mirror.js';
import type { RunObserver } from './observer.js';
import type { RunJob } from './run-job.js';

/** How rows are to be imported; what a plan and a resumed import must know again, so it is kept as JSON. */
export interface RowOptions {
  readonly mode: ImportMode;
  /** Absolute path of the mapping file. */
  readonly mapping: string;
  readonly read: Reading;
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
  readonly judge?: JudgeRow;
  readonly options: ImportOptions;
  /** For the process that may have to go on with the run. */
  readonly look?: KeptLook;
  /** The mirror, up to date, where it is of use. Refreshed once, however often it is asked for. */
  mirror(connection: Connection): Promise<CustomerMirror | undefined>;
}

/** Reads the input through and fits the mapping to it. @throws UsageError, InputError */
export async function prepareImport(
  settings: Settings,
  kept: RowOptions,
  mappingFile: MappingFile,
  input: Input,
  observer: RunObserver,
): Promise<PreparedImport> {
  const { source } = input;
  const mapper = compileFor(mappingFile, source);
  const { rows, findings, judge, known } = await lookForDamage(input, mappingFile.mapping, mapper, observer);
  const options = importOptions(settings, kept, mapper);
  let fresh: CustomerMirror | undefined;
  return {
    ...{ source, rows, mapper, options, findings },
    ...(kept.strict ? { judge } : {}),
    ...(known === undefined ? {} : { look: keptLook(known, input.reading) }),
    validate: createDraftValidator(mappingFile.mapping.customFields, mapper.fields),
    async mirror(connection) {
      if (kept.mode === 'add') return undefined;
      fresh ??= await mirrorFor(connection, Math.min(rows, kept.first ?? rows), options.matchFields.length > 0);
      return fresh;
    },
  };
}

function importOptions(settings: Settings, kept: RowOptions, mapper: CompiledMapping): ImportOptions {
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
export function explainImport(error: unknown): unknown {
  if (!(error instanceof MatchFieldNotListed)) return error;
  const { field } = error;
  return new UsageError(`The list of customers does not show ${field}, so customers cannot be found by it.`, {
    code: 'MATCH_NOT_LISTED',
    nextStep: `Take ${field} out of "match" in the mapping. If it holds your own number: make it the "stamp" of a "key", and let the program learn who is who with: mypos-customers crosswalk rebuild`,
  });
}

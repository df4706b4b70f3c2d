import { resolve } from 'node:path';
import { type ImportOptions, importCustomers } from '../../pipelines/import.js';
import type { FailureLimit } from '../../pipelines/run-control.js';
import type { ImportMode } from '../../pipelines/stages/match-rows.js';
import type { RepeatPolicy } from '../../pipelines/stages/refuse-repeats.js';
import type { Settings } from '../config/settings.js';
import { UsageError } from '../errors.js';
import { assertWritable } from '../files/atomic-file.js';
import { defaultResultPaths, type ResultPaths } from '../results/write-results.js';
import { createDraftValidator } from '../validation/create-draft-validator.js';
import type { Input, Reading } from './input.js';
import { lookForDamage } from './look-for-damage.js';
import { compileFor, identityColumns, type MappingFile } from './mapping-file.js';
import type { RunObserver } from './observer.js';
import type { RunJob } from './run-job.js';

/** What a resumed import must know again; the ledger keeps it as JSON. */
export interface KeptImportOptions {
  readonly mode: ImportMode;
  /** Absolute path of the mapping file. */
  readonly mapping: string;
  readonly read: Reading;
  readonly paths: ResultPaths;
  readonly first?: number;
  readonly force: boolean;
  readonly verify: boolean;
  readonly repeats: RepeatPolicy;
  /** Rows with cells that cannot be right are not sent. */
  readonly strict: boolean;
  readonly failureLimit?: FailureLimit;
  /** The field that carries a row's key: what settling a doubt needs of the mapping. */
  readonly stamp?: string;
}

/** Makes the job of an import: reads the input through, fits the mapping to it, and proves that results can be written. */
export async function importJob(
  settings: Settings,
  kept: KeptImportOptions,
  mappingFile: MappingFile,
  input: Input,
  observer: RunObserver,
): Promise<RunJob> {
  const { source } = input;
  const mapper = compileFor(mappingFile, source);
  const { rows, findings, judge } = await lookForDamage(input, mappingFile.mapping, mapper, observer);
  for (const path of Object.values(kept.paths)) await assertUsable(path, input);
  const validate = createDraftValidator(mappingFile.mapping.customFields, mapper.fields);
  const options: ImportOptions = {
    mode: kept.mode,
    concurrency: settings.concurrency.value,
    force: kept.force,
    verify: kept.verify,
    // An add cannot change what the first row made, so its repeats have no order to go in.
    repeats: kept.mode === 'add' ? 'error' : kept.repeats,
    identityColumns: identityColumns(mapper),
    ...(kept.first === undefined ? {} : { first: kept.first }),
  };
  return {
    source,
    rows,
    findings,
    paths: kept.paths,
    ...(mapper.stamp === undefined ? {} : { stamp: mapper.stamp }),
    work: (ports) =>
      importCustomers(
        { source, mapper, validate, now: Date.now, ...(kept.strict ? { judge } : {}), ...ports },
        options,
      ),
  };
}

/** Results and rejects, where the user wants them or beside the input. */
export function resultPathsFor(
  input: Pick<Input, 'file' | 'path'>,
  wanted: { readonly results?: string; readonly rejects?: string },
): ResultPaths {
  const beside = defaultResultPaths(input.file === '-' ? resolve('stdin.csv') : input.path);
  return {
    results: wanted.results === undefined ? beside.results : resolve(wanted.results),
    rejects: wanted.rejects === undefined ? beside.rejects : resolve(wanted.rejects),
  };
}

async function assertUsable(path: string, input: Input): Promise<void> {
  if (path === input.path)
    throw new UsageError(`${path} is the input itself.`, {
      code: 'WOULD_OVERWRITE_INPUT',
      nextStep: 'Choose another name with --results or --rejects.',
    });
  await assertWritable(path);
}

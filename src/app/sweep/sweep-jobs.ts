import { accessSync, constants, statSync } from 'node:fs';
import { resolve } from 'node:path';
import picomatch from 'picomatch';
import { type FailureLimit, parseFailureLimit } from '#pipelines/run-control.js';
import { readMappingFile } from '#src/app/mapping-file.js';
import type { ImportJob } from '#src/config/jobs.js';
import { resolveSettings } from '#src/config/resolve-settings.js';
import type { SettingOptions, Settings } from '#src/config/settings.js';
import { CustomersError, UsageError } from '#src/errors.js';
import type { NamedDestinations } from '#src/inbox/folder-layout.js';

/** A job with its file patterns, waiting times and set-up. An error in its set-up holds up only its own files. */
export interface SweepJob {
  readonly job: ImportJob;
  readonly quietMs: number;
  readonly maxWaitMs: number;
  readonly setup: JobSetup | CustomersError;
  /** Whether the job takes files of this name. */
  takes(name: string): boolean;
  /** Name of the done-file of a data file. */
  nameDoneFile(name: string): string;
  /** Whether the name is that of a done-file. */
  isDoneFile(name: string): boolean;
}

/** What the imports of a job have in common. */
export interface JobSetup {
  readonly settings: Settings;
  /** Hash of the mapping file. */
  readonly mappingSha256: string;
  readonly mode: 'add' | 'update' | 'upsert';
  readonly failureLimit?: FailureLimit;
}

/** Options of the command line, which override those of every job. */
export interface JobOverrides {
  readonly settings: SettingOptions;
  readonly mode?: 'add' | 'update' | 'upsert';
  readonly quietMs?: number;
  readonly maxWaitMs?: number;
}

const defaultFiles = ['*.{csv,tsv,txt,xlsx,xls,ods,ndjson,jsonl,zip}', '*.{csv,tsv,txt,ndjson,jsonl}.gz'];
const defaultDoneFile = '{name}.done';
const defaultQuietMs = 4_000;
const defaultMaxWaitMs = 60 * 60_000;

/** The jobs for a folder. Without any job in the configuration, there is one that takes every customer file. */
export function resolveSweepJobs(
  folder: string,
  jobs: readonly ImportJob[],
  overrides: JobOverrides,
): readonly SweepJob[] {
  const matching = jobs.filter((job) => job.folder === undefined || job.folder === resolve(folder));
  if (jobs.length > 0 && matching.length === 0)
    throw new UsageError(`No job of the configuration file is for the folder ${resolve(folder)}.`, {
      code: 'NO_JOB_FOR_FOLDER',
      nextStep: 'Correct the path, or the "folder" of a job; a job without "folder" is for any folder.',
    });
  const chosen: readonly ImportJob[] = matching.length > 0 ? matching : [{ kind: 'import', name: 'default' }];
  return chosen.map((job) => createSweepJob(job, overrides));
}

function createSweepJob(job: ImportJob, overrides: JobOverrides): SweepJob {
  const takes = picomatch([...(job.files ?? defaultFiles)], { nocase: true });
  const template = job.doneFile ?? defaultDoneFile;
  const doneFilePattern = buildDoneFilePattern(template);
  return {
    job,
    quietMs: overrides.quietMs ?? toMs(job.quietSeconds, 1000) ?? defaultQuietMs,
    maxWaitMs: overrides.maxWaitMs ?? toMs(job.maxWaitMinutes, 60_000) ?? defaultMaxWaitMs,
    setup: tryResolveSetup(job, overrides),
    takes: (name) => takes(name),
    nameDoneFile: (name) =>
      template.replaceAll(/\{(name|stem)\}/g, (_, part) => (part === 'name' ? name : name.replace(/\.[^.]*$/, ''))),
    isDoneFile: (name) => doneFilePattern.test(name),
  };
}

/** The folders that a job names instead of those in the drop folder. */
export function nameDestinations({ done, failed, duplicate }: ImportJob): NamedDestinations {
  return { done, failed, duplicate };
}

function toMs(amount: number | undefined, unitMs: number): number | undefined {
  return amount === undefined ? undefined : amount * unitMs;
}

function buildDoneFilePattern(template: string): RegExp {
  const parts = template.split(/\{(?:name|stem)\}/).map((part) => part.replaceAll(/[$()*+.?[\\\]^{|}]/g, '\\$&'));
  return new RegExp(`^${parts.join('.+')}$`, 'i');
}

function tryResolveSetup(job: ImportJob, overrides: JobOverrides): JobSetup | CustomersError {
  try {
    return resolveSetup(job, overrides);
  } catch (error) {
    if (error instanceof CustomersError) return error;
    throw error;
  }
}

function resolveSetup(job: ImportJob, overrides: JobOverrides): JobSetup {
  const { profile, mapping, fileMode } = job;
  const resolved = resolveSettings({
    ...(profile === undefined ? {} : { profile }),
    ...(mapping === undefined ? {} : { mapping }),
    ...(fileMode === undefined ? {} : { fileMode }),
    ...overrides.settings,
  });
  const settings =
    job.auditFile === undefined
      ? resolved
      : { ...resolved, auditFile: { value: job.auditFile, origin: `the job ${job.name}` } };
  const file = readMappingFile(settings.mapping.value);
  for (const folder of [job.results, job.rejects, job.done, job.failed, job.duplicate])
    if (folder !== undefined) assertFolder(folder, job);
  if (job.doneFile !== undefined && !/\{(?:name|stem)\}/.test(job.doneFile))
    throw new UsageError(`The job ${job.name} has the same done-file "${job.doneFile}" for all its files.`, {
      code: 'CONFIG_FILE',
      nextStep: 'Each file needs its own: use {name} or {stem}, e.g. "{name}.done".',
    });
  const failureLimit = job.maxFailures === undefined ? undefined : parseFailureLimit(job.maxFailures);
  if (job.maxFailures !== undefined && failureLimit === undefined)
    throw new UsageError(`The job ${job.name}: "maxFailures": "${job.maxFailures}" is not valid.`, {
      code: 'CONFIG_FILE',
      nextStep: 'It must be a number of rows or a percentage, e.g. "50" or "10%".',
    });
  return {
    settings,
    mappingSha256: file.sha256,
    mode: overrides.mode ?? job.mode ?? file.mapping.mode ?? 'upsert',
    ...(failureLimit === undefined ? {} : { failureLimit }),
  };
}

/** The folder is never created: a missing one may be a share that is not mounted. */
function assertFolder(folder: string, job: ImportJob): void {
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true)
    throw new UsageError(`The job ${job.name} writes to ${folder}, but there is no such folder.`, {
      code: 'RESULTS_FOLDER_MISSING',
      nextStep: 'Create it, or mount the share.',
    });
  try {
    accessSync(folder, constants.W_OK);
  } catch (cause) {
    throw new UsageError(`The job ${job.name} writes to ${folder}, but this user is not allowed to write there.`, {
      code: 'RESULTS_FOLDER_UNWRITABLE',
      nextStep: 'Give this user write permission there; if the disk is read-only, repair it first.',
      cause,
    });
  }
}

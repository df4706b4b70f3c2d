import { accessSync, constants, statSync } from 'node:fs';
import { resolve } from 'node:path';
import picomatch from 'picomatch';
import { type FailureLimit, parseFailureLimit } from '#pipelines/run-control.js';
import { readMappingFile } from '#src/app/mapping-file.js';
import type { ImportJob } from '#src/config/jobs.js';
import { resolveSettings } from '#src/config/resolve-settings.js';
import type { SettingOptions, Settings } from '#src/config/settings.js';
import { CustomersError, UsageError } from '#src/errors.js';

/** A job whose names, waits and set-up are known; a set-up that is wrong holds up its own files only. */
export interface SweepJob {
  readonly job: ImportJob;
  readonly quietMs: number;
  readonly maxWaitMs: number;
  readonly setup: JobSetup | CustomersError;
  /** Whether a name is one of the job's files. */
  takes(name: string): boolean;
  /** Name of the done-file of a data file. */
  nameDoneFile(name: string): string;
  /** Whether a name is that of a done-file. */
  isDoneFile(name: string): boolean;
}

export interface JobSetup {
  readonly settings: Settings;
  /** Of the mapping's bytes. */
  readonly mappingSha256: string;
  readonly mode: 'add' | 'update' | 'upsert';
  readonly failureLimit?: FailureLimit;
}

/** What the command line says of all jobs. */
export interface JobOverrides {
  readonly settings: SettingOptions;
  readonly mode?: 'add' | 'update' | 'upsert';
  readonly quietMs?: number;
  readonly maxWaitMs?: number;
}

const defaultFiles = ['*.{csv,tsv,txt,xlsx,ndjson,jsonl}', '*.{csv,tsv,txt,ndjson,jsonl}.gz'];
const defaultDoneFile = '{name}.done';
const defaultQuietMs = 4_000;
const defaultMaxWaitMs = 60 * 60_000;

/** The jobs that look after a folder; without any in the configuration, one that takes every customer file. */
export function resolveSweepJobs(folder: string, jobs: readonly ImportJob[], given: JobOverrides): readonly SweepJob[] {
  const own = jobs.filter((job) => job.folder === undefined || job.folder === resolve(folder));
  if (jobs.length > 0 && own.length === 0)
    throw new UsageError(`No job of the configuration file looks after ${resolve(folder)}.`, {
      code: 'NO_JOB_FOR_FOLDER',
      nextStep: 'Correct the path, or the "folder" of a job; a job without "folder" looks after any.',
    });
  const used: readonly ImportJob[] = own.length > 0 ? own : [{ kind: 'import', name: 'default' }];
  return used.map((job) => createSweepJob(job, given));
}

function createSweepJob(job: ImportJob, given: JobOverrides): SweepJob {
  const takes = picomatch([...(job.files ?? defaultFiles)], { nocase: true });
  const template = job.doneFile ?? defaultDoneFile;
  const shape = buildDoneFilePattern(template);
  return {
    job,
    quietMs: given.quietMs ?? toMs(job.quietSeconds, 1000) ?? defaultQuietMs,
    maxWaitMs: given.maxWaitMs ?? toMs(job.maxWaitMinutes, 60_000) ?? defaultMaxWaitMs,
    setup: catchError(() => resolveJobSetup(job, given)),
    takes: (name) => takes(name),
    nameDoneFile: (name) =>
      template.replaceAll(/\{(name|stem)\}/g, (_, part) => (part === 'name' ? name : name.replace(/\.[^.]*$/, ''))),
    isDoneFile: (name) => shape.test(name),
  };
}

function toMs(amount: number | undefined, unitMs: number): number | undefined {
  return amount === undefined ? undefined : amount * unitMs;
}

function buildDoneFilePattern(template: string): RegExp {
  const parts = template.split(/\{(?:name|stem)\}/).map((part) => part.replaceAll(/[$()*+.?[\\\]^{|}]/g, '\\$&'));
  return new RegExp(`^${parts.join('.+')}$`, 'i');
}

function catchError(work: () => JobSetup): JobSetup | CustomersError {
  try {
    return work();
  } catch (error) {
    if (error instanceof CustomersError) return error;
    throw error;
  }
}

function resolveJobSetup(job: ImportJob, given: JobOverrides): JobSetup {
  const { profile, mapping } = job;
  const settings = resolveSettings({
    ...(profile === undefined ? {} : { profile }),
    ...(mapping === undefined ? {} : { mapping }),
    ...given.settings,
  });
  const file = readMappingFile(settings.mapping.value);
  for (const folder of [job.results, job.rejects]) if (folder !== undefined) assertFolder(folder, job);
  if (job.doneFile !== undefined && !/\{(?:name|stem)\}/.test(job.doneFile))
    throw new UsageError(`The job ${job.name} has one done-file "${job.doneFile}" for all its files.`, {
      code: 'CONFIG_FILE',
      nextStep: 'Each file needs one of its own: write {name} or {stem} into it, e.g. "{name}.done".',
    });
  const failureLimit = job.maxFailures === undefined ? undefined : parseFailureLimit(job.maxFailures);
  if (job.maxFailures !== undefined && failureLimit === undefined)
    throw new UsageError(`The job ${job.name} says maxFailures "${job.maxFailures}".`, {
      code: 'CONFIG_FILE',
      nextStep: 'It must be a number of rows or a percentage, e.g. "50" or "10%".',
    });
  return {
    settings,
    mappingSha256: file.sha256,
    mode: given.mode ?? job.mode ?? file.mapping.mode ?? 'upsert',
    ...(failureLimit === undefined ? {} : { failureLimit }),
  };
}

/** It is not made here: a missing one may be a share that is not mounted. */
function assertFolder(folder: string, job: ImportJob): void {
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true)
    throw new UsageError(`The job ${job.name} puts results into ${folder}, but there is no such folder.`, {
      code: 'RESULTS_FOLDER_MISSING',
      nextStep: 'Make it, or mount its share.',
    });
  try {
    accessSync(folder, constants.W_OK);
  } catch (cause) {
    throw new UsageError(`The job ${job.name} puts results into ${folder}, but this user cannot write there.`, {
      code: 'RESULTS_FOLDER_UNWRITABLE',
      nextStep: 'Give this user the right to write there; a disk that is read-only must be mended first.',
      cause,
    });
  }
}

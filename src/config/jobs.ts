import { dirname, resolve } from 'node:path';
import { offerNames } from '#pipelines/mapping/nearest-name.js';
import { asObject, openConfig, refuseUnknown, wrong } from './config-file.js';
import { exportJobKeys, importJobKeys, type JobKey } from './job-keys.js';

/** What every job of the configuration file may say. Paths are absolute; what is absent has the default that its key tells of. */
interface JobOfAnyKind {
  readonly name: string;
  readonly profile?: string;
  readonly mapping?: string;
  readonly onSuccess?: readonly string[];
  readonly onFailure?: readonly string[];
  readonly webhook?: string;
  readonly webhookFile?: string;
}

/** A job that imports what is dropped into a folder. */
export interface ImportJob extends JobOfAnyKind {
  readonly kind: 'import';
  readonly files?: readonly string[];
  readonly folder?: string;
  readonly mode?: 'add' | 'update' | 'upsert';
  readonly results?: string;
  readonly rejects?: string;
  readonly doneFile?: string;
  readonly lastLineEnd?: 'required' | 'optional';
  readonly quietSeconds?: number;
  readonly maxWaitMinutes?: number;
  readonly maxFailures?: string;
  readonly maxRows?: number;
  readonly sameContent?: 'duplicate' | 'import';
  readonly verify?: boolean;
}

/** A job that writes customers into a file. */
export interface ExportJob extends JobOfAnyKind {
  readonly kind: 'export';
  /** With its placeholders. */
  readonly output: string;
  readonly format?: 'csv' | 'xlsx' | 'ndjson';
  readonly fields?: readonly string[];
  readonly full?: boolean;
  readonly changedSince?: string;
  readonly active?: boolean;
  readonly sort?: string;
  readonly pageSize?: number;
  readonly mirror?: boolean;
  readonly formulas?: 'escape' | 'raw';
  readonly bom?: boolean;
  readonly force?: boolean;
}

export type Job = ImportJob | ExportJob;

/** The keys of each kind of job. */
const jobKinds = { import: importJobKeys, export: exportJobKeys } as const satisfies Record<
  Job['kind'],
  Readonly<Record<string, JobKey>>
>;

/** Keys whose text is a path, relative to the folder of the configuration file: cron has no other place. */
const pathKeys: ReadonlySet<string> = new Set(['folder', 'mapping', 'output', 'results', 'rejects', 'webhookFile']);

/**
 * Reads the jobs of the configuration file, in the order in which they stand there.
 *
 * @returns none when nobody named a file and there is no default one
 * @throws UsageError for a file that was asked for and is not there, and for anything wrong in its jobs
 */
export function readJobs(file: string | undefined): readonly Job[] {
  const found = openConfig(file);
  if (found === undefined) return [];
  const { path, config } = found;
  return Object.entries(asObject(path, config.jobs ?? {}, 'jobs')).map(([name, value]) => readJob(path, name, value));
}

/** Those of {@link readJobs} that look after drop folders. */
export function importJobs(file: string | undefined): readonly ImportJob[] {
  return readJobs(file).filter((job) => job.kind === 'import');
}

function readJob(path: string, name: string, value: unknown): Job {
  const where = `jobs.${name}`;
  const job = asObject(path, value, where);
  const kind = job.kind ?? 'import';
  if (!isKind(kind))
    throw wrong(
      path,
      `says ${where}.kind = ${JSON.stringify(kind)}: ${offerNames(String(kind), Object.keys(jobKinds))}`,
      'Correct it.',
    );
  const keys: Readonly<Record<string, JobKey>> = jobKinds[kind];
  refuseUnknown(path, job, Object.keys(keys), `${where}.`);
  const missing = Object.keys(keys).find((key) => keys[key]?.required === true && job[key] === undefined);
  if (missing !== undefined) throw wrong(path, `has no ${where}.${missing}`, `Add it: ${keys[missing]?.describe}.`);
  const entries = Object.entries(job).map(([key, held]) => {
    const checked = readKey(path, `${where}.${key}`, keys[key], held);
    return [key, pathKeys.has(key) ? resolve(dirname(path), String(checked)) : checked];
  });
  if (job.webhook !== undefined && job.webhookFile !== undefined)
    throw wrong(path, `has both ${where}.webhook and ${where}.webhookFile`, 'Keep one of them.');
  if (kind === 'export' && job.fields !== undefined && job.mapping !== undefined)
    throw wrong(
      path,
      `has both ${where}.fields and ${where}.mapping`,
      'Keep the one that says which columns there are.',
    );
  // Each value was just checked against its key, so that the shape is the job's.
  return { ...Object.fromEntries(entries), kind, name } as Job;
}

function isKind(kind: unknown): kind is Job['kind'] {
  return typeof kind === 'string' && Object.hasOwn(jobKinds, kind);
}

type Check<K extends JobKey> = (value: unknown, key: K) => boolean;

const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';

const checks: { readonly [H in JobKey['holds']]: Check<Extract<JobKey, { readonly holds: H }>> } = {
  text: isText,
  texts: (value) => isText(value) || (Array.isArray(value) && value.length > 0 && value.every(isText)),
  flag: (value) => typeof value === 'boolean',
  number: (value, key) =>
    typeof value === 'number' && Number.isFinite(value) && value >= key.from && (!key.whole || Number.isInteger(value)),
  choice: (value, key) => isText(value) && key.choices.includes(value),
};

function readKey(path: string, where: string, key: JobKey | undefined, value: unknown): unknown {
  if (key === undefined) throw new Error(`The key ${where} was not refused.`);
  const check = checks[key.holds] as Check<JobKey>;
  if (!check(value, key)) throw wrong(path, `says ${where} = ${JSON.stringify(value)}`, `It must be ${expected(key)}.`);
  return key.holds === 'texts' && isText(value) ? [value] : value;
}

function expected(key: JobKey): string {
  switch (key.holds) {
    case 'text':
      return 'a text';
    case 'texts':
      return 'a text or a list of texts';
    case 'flag':
      return 'true or false';
    case 'number':
      return `a ${key.whole ? 'whole ' : ''}number from ${key.from} on`;
    case 'choice':
      return key.choices.map((choice) => `"${choice}"`).join(' or ');
  }
}

/** A job by its name. @throws UsageError that offers the nearest name */
export function findJob(file: string | undefined, name: string): Job {
  const jobs = readJobs(file);
  const found = jobs.find((job) => job.name === name);
  if (found !== undefined) return found;
  const path = openConfig(file)?.path ?? 'mypos-customers.json';
  if (jobs.length === 0)
    throw wrong(path, 'has no jobs', 'Add the job under "jobs"; docs/nightly-folder.md shows one.');
  throw wrong(
    path,
    `has no job "${name}": ${offerNames(
      name,
      jobs.map((job) => job.name),
    )}`,
    'Correct the name, or add it under "jobs".',
  );
}

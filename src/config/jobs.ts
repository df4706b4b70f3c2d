import { dirname, resolve } from 'node:path';
import { suggestNames } from '#pipelines/mapping/nearest-name.js';
import { type TableFormat, tableFormatNames } from '#src/files/begin-table.js';
import { configError, expectObject, openConfig, rejectUnknownKeys } from './config-file.js';

/** What a key of a job holds; enough for the check of the configuration and for a JSON Schema of it. */
export type JobKey = KeyDescription &
  (
    | { readonly holds: 'text' | 'texts' | 'flag' }
    | { readonly holds: 'number'; readonly from: number; readonly whole: boolean }
    | { readonly holds: 'choice'; readonly choices: readonly string[] }
  );

interface KeyDescription {
  readonly describe: string;
  /** A job without it is refused. */
  readonly required?: true;
}

const textKey = (describe: string) => ({ holds: 'text', describe }) as const;
const textsKey = (describe: string) => ({ holds: 'texts', describe }) as const;
const flagKey = (describe: string) => ({ holds: 'flag', describe }) as const;
const numberKey = (describe: string, from = 0) => ({ holds: 'number', describe, from, whole: false }) as const;
const countKey = (describe: string) => ({ holds: 'number', describe, from: 1, whole: true }) as const;

/** Keys that every job may have: who it is about, and whom to tell. */
const commonJobKeys = {
  profile: textKey('Profile with the address and login; default: as on the command line or in this file'),
  mapping: textKey('Mapping file, relative to this file'),
  onSuccess: textsKey('Program and its arguments, run after each success; it gets the facts as JSON on standard input'),
  onFailure: textsKey('Program and its arguments, run after each failure'),
  webhook: textKey('Address to which the same facts are sent by POST; https, or http for this machine'),
  webhookFile: textKey('File that contains the address of the webhook, if the address is a secret'),
} as const;

/** A job that imports what is dropped into a folder. */
export const importJobKeys = {
  kind: { holds: 'choice', choices: ['import'], describe: 'What the job does; default: import' },
  files: textsKey('Patterns of file names, e.g. "customers-*.csv"; default: every CSV, XLSX and NDJSON file'),
  folder: textKey('Folder that `run <job>` sweeps, relative to this file'),
  ...commonJobKeys,
  mode: {
    holds: 'choice',
    choices: ['add', 'update', 'upsert'],
    describe: 'Default: the mode of the mapping, otherwise upsert',
  },
  results: textKey('Folder for result files; default: beside the file in done/ or failed/'),
  rejects: textKey('Folder for rejects files; default: the results folder'),
  doneFile: textKey(
    'Name of the file that marks a data file as complete, e.g. "{name}.done"; data files without one are not imported',
  ),
  lastLineEnd: {
    holds: 'choice',
    choices: ['required', 'optional'],
    describe:
      'Whether the last line of a text file must have a line end for the file to count as complete; default: required',
  },
  quietSeconds: numberKey('Seconds for which a file must stay unchanged before it is imported; default 4'),
  maxWaitMinutes: numberKey('Minutes after which a file that is not ready is an error; default 60'),
  maxFailures: textKey('Stop after this many failed rows, or this percentage of the rows; default 10%'),
  maxRows: countKey('Refuse a file with more rows than this, before anything is sent'),
  sameContent: {
    holds: 'choice',
    choices: ['duplicate', 'import'],
    describe: 'What to do with content that was imported before: move it to duplicate/ (default), or import it again',
  },
  verify: flagKey('Read every written customer back and compare it'),
} as const satisfies Readonly<Record<string, JobKey>>;

/** A job that writes customers into a file. */
export const exportJobKeys = {
  kind: { holds: 'choice', choices: ['export'], required: true, describe: 'Write customers to a file' },
  output: {
    ...textKey(
      'Output file, relative to this file; {date}, {month} and {time} in its name are replaced by the current time, e.g. "customers-{date}.xlsx"',
    ),
    required: true,
  },
  ...commonJobKeys,
  format: { holds: 'choice', choices: tableFormatNames, describe: 'Default: from the file name' },
  fields: textsKey('Fields to export as columns, or "all"; default: the mapping, otherwise all'),
  full: flagKey('Read the details of each customer, which include custom fields'),
  changedSince: textKey('Only customers edited since an ISO time; or "last": since the last export of this job'),
  active: flagKey('Only active customers'),
  sort: textKey('Field to sort by, with :desc for descending order; default customerCode'),
  pageSize: countKey('Customers per page of the API; default 1000'),
  mirror: flagKey('Whether to use the local copy of the customers, after updating it; default true'),
  formulas: {
    holds: 'choice',
    choices: ['escape', 'raw'],
    describe: 'Text that looks like a formula, in CSV: escaped (default), or unchanged',
  },
  bom: flagKey('Start a CSV file with a byte order mark, for Excel'),
  force: flagKey('Replace an existing file; otherwise an existing file is an error and nothing is written'),
} as const satisfies Readonly<Record<string, JobKey>>;

/** What every job of the configuration file may say. Paths are absolute; what is absent has the default that its key tells of. */
interface CommonJob {
  readonly name: string;
  readonly profile?: string;
  readonly mapping?: string;
  readonly onSuccess?: readonly string[];
  readonly onFailure?: readonly string[];
  readonly webhook?: string;
  readonly webhookFile?: string;
}

/** A job that imports what is dropped into a folder. */
export interface ImportJob extends CommonJob {
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
export interface ExportJob extends CommonJob {
  readonly kind: 'export';
  /** With its placeholders. */
  readonly output: string;
  readonly format?: TableFormat;
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
  return Object.entries(expectObject(path, config.jobs ?? {}, 'jobs')).map(([name, value]) =>
    readJob(path, name, value),
  );
}

/** Those of {@link readJobs} that look after drop folders. */
export function importJobs(file: string | undefined): readonly ImportJob[] {
  return readJobs(file).filter((job) => job.kind === 'import');
}

function readJob(path: string, name: string, value: unknown): Job {
  const where = `jobs.${name}`;
  const job = expectObject(path, value, where);
  const kind = job.kind ?? 'import';
  if (!isKind(kind))
    throw configError(
      path,
      `has ${where}.kind = ${JSON.stringify(kind)}: ${suggestNames(String(kind), Object.keys(jobKinds))}`,
      'Correct it.',
    );
  const keys: Readonly<Record<string, JobKey>> = jobKinds[kind];
  rejectUnknownKeys(path, job, Object.keys(keys), `${where}.`);
  const missing = Object.keys(keys).find((key) => keys[key]?.required === true && job[key] === undefined);
  if (missing !== undefined)
    throw configError(path, `has no ${where}.${missing}`, `Add it: ${keys[missing]?.describe}.`);
  const entries = Object.entries(job).map(([key, held]) => {
    const checked = readKey(path, `${where}.${key}`, keys[key], held);
    return [key, pathKeys.has(key) ? resolve(dirname(path), String(checked)) : checked];
  });
  if (job.webhook !== undefined && job.webhookFile !== undefined)
    throw configError(path, `has both ${where}.webhook and ${where}.webhookFile`, 'Keep one of them.');
  if (kind === 'export' && job.fields !== undefined && job.mapping !== undefined)
    throw configError(
      path,
      `has both ${where}.fields and ${where}.mapping`,
      'Keep the one that should choose the columns.',
    );
  // Each value was just checked against its key, so that the shape is the job's.
  return { ...Object.fromEntries(entries), kind, name } as Job;
}

function isKind(kind: unknown): kind is Job['kind'] {
  return typeof kind === 'string' && Object.hasOwn(jobKinds, kind);
}

type Check<K extends JobKey> = (value: unknown, key: K) => boolean;

const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';

const typeChecks: { readonly [H in JobKey['holds']]: Check<Extract<JobKey, { readonly holds: H }>> } = {
  text: isText,
  texts: (value) => isText(value) || (Array.isArray(value) && value.length > 0 && value.every(isText)),
  flag: (value) => typeof value === 'boolean',
  number: (value, key) =>
    typeof value === 'number' && Number.isFinite(value) && value >= key.from && (!key.whole || Number.isInteger(value)),
  choice: (value, key) => isText(value) && key.choices.includes(value),
};

function readKey(path: string, where: string, key: JobKey | undefined, value: unknown): unknown {
  if (key === undefined) throw new Error(`The key ${where} was not refused.`);
  const check = typeChecks[key.holds] as Check<JobKey>;
  if (!check(value, key))
    throw configError(path, `has ${where} = ${JSON.stringify(value)}`, `It must be ${describeExpected(key)}.`);
  return key.holds === 'texts' && isText(value) ? [value] : value;
}

function describeExpected(key: JobKey): string {
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
    throw configError(path, 'has no jobs', 'Add the job under "jobs"; docs/nightly-folder.md shows one.');
  throw configError(
    path,
    `has no job "${name}": ${suggestNames(
      name,
      jobs.map((job) => job.name),
    )}`,
    'Correct the name, or add it under "jobs".',
  );
}

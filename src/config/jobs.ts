import { dirname, resolve } from 'node:path';
import { suggestNames } from '#pipelines/mapping/nearest-name.js';
import {
  choice,
  flag,
  list,
  nonEmptyText,
  number,
  type ObjectOf,
  object,
  optional,
  type Property,
  required,
  type Shape,
  shape,
  wholeNumber,
} from '#pipelines/shape.js';
import { tableFormatNames } from '#src/files/begin-table.js';
import { configError, expectObject, openConfig, readShape, rejectUnknownKeys } from './config-file.js';

const textList = list(nonEmptyText(), { code: 'WRONG_KIND', message: 'The list is empty; fill it in' });

/** A text or a list of texts, which is read as a list. */
const texts: Shape<readonly string[]> = shape({ anyOf: [nonEmptyText().schema, textList.schema] }, (node) => {
  if (Array.isArray(node.value)) return textList.read(node);
  if (typeof node.value !== 'string') return node.reportKind('a text in quotes or a list of texts in [ ]');
  const text = nonEmptyText().read(node);
  return text === undefined ? undefined : [text];
});

/** One of several texts; the published schema lists them in this form. */
function oneOf<const Choice extends string>(choices: readonly Choice[]): Shape<Choice> {
  return { schema: { anyOf: choices.map((name) => ({ const: name })) }, read: choice(choices).read };
}

/** What every job may have: the login and mapping that it uses, and who is notified. */
const commonProperties = {
  profile: optional(
    nonEmptyText(),
    'Profile with the address and login; default: as on the command line or in this file',
  ),
  mapping: optional(nonEmptyText(), 'Mapping file, relative to this file'),
  auditFile: optional(nonEmptyText(), 'File to which each line of the audit is appended; default: that of the profile'),
  fileMode: optional(
    nonEmptyText(),
    'Permissions of the files that the job writes, in octal, e.g. "640"; default: beside a file, its rights for reading',
  ),
  onSuccess: optional(
    texts,
    'Program and its arguments, run after each success; it gets the facts as JSON on standard input',
  ),
  onFailure: optional(texts, 'Program and its arguments, run after each failure'),
  webhook: optional(
    nonEmptyText(),
    'Address to which the same facts are sent by POST; https, or http for this machine',
  ),
  webhookFile: optional(nonEmptyText(), 'File that contains the address of the webhook, if the address is a secret'),
  notify: optional(
    texts,
    'Targets under "notify" that are alerted when the job begins to fail, is well again, or has had nothing to do for too long',
  ),
  silenceHours: optional(
    number(0),
    'Hours after which it is an alert that nothing came, or that no export was done; 0 for never; default 26',
  ),
};

/** A job that imports what is dropped into a folder. */
const importProperties = {
  kind: optional(oneOf(['import']), 'What the job does; default: import'),
  files: optional(texts, 'Patterns of file names, e.g. "customers-*.csv"; default: every CSV, XLSX and NDJSON file'),
  folder: optional(nonEmptyText(), 'Folder that `run <job>` sweeps, relative to this file'),
  ...commonProperties,
  mode: optional(oneOf(['add', 'update', 'upsert']), 'Default: the mode of the mapping, otherwise upsert'),
  results: optional(nonEmptyText(), 'Folder for result files; default: beside the file in done/ or failed/'),
  rejects: optional(nonEmptyText(), 'Folder for rejects files; default: the results folder'),
  done: optional(
    nonEmptyText(),
    'Folder for imported files, in a folder for each month; default: done/ in the drop folder',
  ),
  failed: optional(nonEmptyText(), 'Folder for files that could not be imported; default: failed/ in the drop folder'),
  duplicate: optional(
    nonEmptyText(),
    'Folder for content that was imported before; default: duplicate/ in the drop folder',
  ),
  doneFile: optional(
    nonEmptyText(),
    'Name of the file that marks a data file as complete, e.g. "{name}.done"; data files without one are not imported',
  ),
  lastLineEnd: optional(
    oneOf(['required', 'optional']),
    'Whether the last line of a text file must have a line end for the file to count as complete; default: required',
  ),
  quietSeconds: optional(number(0), 'Seconds for which a file must stay unchanged before it is imported; default 4'),
  maxWaitMinutes: optional(number(0), 'Minutes after which a file that is not ready is an error; default 60'),
  maxFailures: optional(
    nonEmptyText(),
    'Stop after this many failed rows, or this percentage of the rows; default 10%',
  ),
  maxRows: optional(wholeNumber(1), 'Refuse a file with more rows than this, before anything is sent'),
  sameContent: optional(
    oneOf(['duplicate', 'import']),
    'What to do with content that was imported before: move it to duplicate/ (default), or import it again',
  ),
  empty: optional(
    oneOf(['failed', 'done']),
    'What becomes of a file that has only a header: an error (default), or nothing to do',
  ),
  verify: optional(flag(), 'Read every written customer back and compare it'),
};

/** A job that writes customers into a file. */
const exportProperties = {
  kind: required(oneOf(['export']), 'Write customers to a file'),
  output: required(
    nonEmptyText(),
    'Output file, relative to this file; {date}, {month} and {time} in its name are replaced by the current time, e.g. "customers-{date}.xlsx"',
  ),
  ...commonProperties,
  format: optional(oneOf(tableFormatNames), 'Default: from the file name'),
  fields: optional(texts, 'Fields to export as columns, or "all"; default: the mapping, otherwise all'),
  full: optional(flag(), 'Read the details of each customer, which include custom fields'),
  changedSince: optional(
    nonEmptyText(),
    'Only customers edited since an ISO time; or "last": since the last export of this job',
  ),
  active: optional(flag(), 'Only active customers'),
  sort: optional(nonEmptyText(), 'Field to sort by, with :desc for descending order; default customerCode'),
  pageSize: optional(wholeNumber(1), 'Customers per page of the API; default 1000'),
  mirror: optional(flag(), 'Whether to use the local copy of the customers, after updating it; default true'),
  formulas: optional(
    oneOf(['escape', 'raw']),
    'How to write CSV text that looks like a formula: escaped (default) or unchanged',
  ),
  bom: optional(flag(), 'Start a CSV file with a byte order mark, for Excel'),
  force: optional(flag(), 'Replace an existing file; otherwise an existing file is an error and nothing is written'),
};

/** What the configuration file may say of a job that imports. */
export const importJob = object(importProperties);

/** What the configuration file may say of a job that exports. */
export const exportJob = object(exportProperties);

/** A job with its paths made absolute; what is absent has the default that its description names. */
type NamedJob<Kind extends string, Properties extends { readonly [name: string]: Property }> = ObjectOf<Properties> & {
  readonly name: string;
  readonly kind: Kind;
};

/** A job that imports what is dropped into a folder. */
export type ImportJob = NamedJob<'import', typeof importProperties>;

/** A job that writes customers into a file; `output` has its placeholders. */
export type ExportJob = NamedJob<'export', typeof exportProperties>;

export type Job = ImportJob | ExportJob;

/** Properties that are a path, relative to the folder of the configuration file: cron has no other place. */
const pathProperties: ReadonlySet<string> = new Set([
  'folder',
  'mapping',
  'output',
  'results',
  'rejects',
  'done',
  'failed',
  'duplicate',
  'webhookFile',
  'auditFile',
]);

/** A program by its path, unlike one by its name, is relative to the configuration file, too. */
const programProperties: ReadonlySet<string> = new Set(['onSuccess', 'onFailure']);

function resolveProgram(path: string, value: unknown): unknown {
  if (!Array.isArray(value) || typeof value[0] !== 'string' || !/[\\/]/.test(value[0])) return value;
  return [resolve(dirname(path), value[0]), ...value.slice(1)];
}

/**
 * Reads the jobs of the configuration file, in their order there.
 *
 * @returns an empty list when no file was named and the default one does not exist
 * @throws UsageError for a named file that does not exist, and for anything wrong in its jobs
 */
export function readJobs(file: string | undefined): readonly Job[] {
  const found = openConfig(file);
  if (found === undefined) return [];
  const { path, config } = found;
  const targets = Object.keys(expectObject(path, config.notify ?? {}, 'notify'));
  return Object.entries(expectObject(path, config.jobs ?? {}, 'jobs')).map(([name, value]) => {
    const job = readJob(path, name, value);
    for (const target of job.notify ?? []) assertTarget(path, `jobs.${name}.notify`, target, targets);
    return job;
  });
}

function assertTarget(path: string, where: string, name: string, targets: readonly string[]): void {
  if (targets.includes(name)) return;
  const offer = targets.length === 0 ? 'there is no "notify" in the file' : suggestNames(name, targets);
  throw configError(
    path,
    `has ${where} with the unknown target "${name}": ${offer}`,
    'Correct it, or add it under "notify".',
  );
}

/** The jobs of {@link readJobs} that import dropped files. */
export function importJobs(file: string | undefined): readonly ImportJob[] {
  return readJobs(file).filter((job) => job.kind === 'import');
}

function readJob(path: string, name: string, value: unknown): Job {
  const where = `jobs.${name}`;
  const job = expectObject(path, value, where);
  const { kind = 'import' } = job;
  if (kind !== 'import' && kind !== 'export')
    throw configError(
      path,
      `is not valid: ${where}.kind cannot be ${JSON.stringify(kind)}; ${suggestNames(String(kind), ['import', 'export'])}`,
      'Correct it.',
    );
  if (job.allNew !== undefined)
    throw configError(
      path,
      `has ${where}.allNew, which speaks of the customers of one moment only`,
      'Remove it. To import a file whose rows you have looked for, once: mypos-customers import <file> --all-new',
    );
  if (job.webhook !== undefined && job.webhookFile !== undefined)
    throw configError(path, `has both ${where}.webhook and ${where}.webhookFile`, 'Keep one of them.');
  if (kind === 'import') {
    rejectUnknownKeys(path, job, Object.keys(importProperties), `${where}.`);
    return { ...resolvePaths(path, readShape(path, importJob, job, where)), kind, name };
  }
  rejectUnknownKeys(path, job, Object.keys(exportProperties), `${where}.`);
  if (job.fields !== undefined && job.mapping !== undefined)
    throw configError(
      path,
      `has both ${where}.fields and ${where}.mapping`,
      'Keep the one that should choose the columns.',
    );
  return { ...resolvePaths(path, readShape(path, exportJob, job, where)), kind, name };
}

function resolvePaths<Read extends object>(path: string, job: Read): Read {
  const entries = Object.entries(job).map(([name, value]) => [
    name,
    pathProperties.has(name)
      ? resolve(dirname(path), String(value))
      : programProperties.has(name)
        ? resolveProgram(path, value)
        : value,
  ]);
  // The same properties with texts in place of texts.
  return Object.fromEntries(entries) as Read;
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

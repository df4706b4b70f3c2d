/** What a key of a job holds; enough for the check of the configuration and for a JSON Schema of it. */
export type JobKey = KeyFacts &
  (
    | { readonly holds: 'text' | 'texts' | 'flag' }
    | { readonly holds: 'number'; readonly from: number; readonly whole: boolean }
    | { readonly holds: 'choice'; readonly choices: readonly string[] }
  );

interface KeyFacts {
  readonly describe: string;
  /** A job without it is refused. */
  readonly required?: true;
}

const text = (describe: string) => ({ holds: 'text', describe }) as const;
const texts = (describe: string) => ({ holds: 'texts', describe }) as const;
const flag = (describe: string) => ({ holds: 'flag', describe }) as const;
const number = (describe: string, from = 0) => ({ holds: 'number', describe, from, whole: false }) as const;
const count = (describe: string) => ({ holds: 'number', describe, from: 1, whole: true }) as const;

/** Keys that every job may have: who it is about, and whom to tell. */
const keysOfAll = {
  profile: text('Profile with the address and login; default: the one that the command line or the file chooses'),
  mapping: text('Mapping file, relative to this file'),
  onSuccess: texts('Program and its arguments, run after each success; facts come as JSON on its standard input'),
  onFailure: texts('Program and its arguments, run after each failure'),
  webhook: text('Address that gets the same facts by POST; https, or http to this machine'),
  webhookFile: text('File that holds the address of the webhook, when the address is a secret'),
} as const;

/** A job that imports what is dropped into a folder. */
export const importJobKeys = {
  kind: { holds: 'choice', choices: ['import'], describe: 'What the job does; import when absent' },
  files: texts('Patterns of file names, e.g. "customers-*.csv"; default: every CSV, XLSX and NDJSON file'),
  folder: text('Folder that `run <job>` sweeps, relative to this file'),
  ...keysOfAll,
  mode: { holds: 'choice', choices: ['add', 'update', 'upsert'], describe: 'Default: the mapping’s, else upsert' },
  results: text('Folder for result files; default: beside the file in done/ or failed/'),
  rejects: text('Folder for rejects files; default: the one of the results'),
  doneFile: text(
    'Name of the file that its writer adds when it is done, e.g. "{name}.done"; then no file goes without',
  ),
  lastLineEnd: {
    holds: 'choice',
    choices: ['required', 'optional'],
    describe: 'Whether a text file must end with a line end to count as whole; required when absent',
  },
  quietSeconds: number('How long a file must stay unchanged before it is taken; default 4'),
  maxWaitMinutes: number('After this long, a file that is not ready is an error; default 60'),
  maxFailures: text('Stop after so many failed rows, or p% of them; default 10%'),
  maxRows: count('Refuse a file with more rows than this, before anything is sent'),
  sameContent: {
    holds: 'choice',
    choices: ['duplicate', 'import'],
    describe: 'What to do with content that was imported before: put it aside (default), or import it again',
  },
  verify: flag('Read every written customer back and compare it'),
} as const satisfies Readonly<Record<string, JobKey>>;

/** A job that writes customers into a file. */
export const exportJobKeys = {
  kind: { holds: 'choice', choices: ['export'], required: true, describe: 'Write customers into a file' },
  output: {
    ...text(
      'File to write, relative to this file; in its name {date}, {month} and {time} stand for the moment, e.g. "customers-{date}.xlsx"',
    ),
    required: true,
  },
  ...keysOfAll,
  format: { holds: 'choice', choices: ['csv', 'xlsx', 'ndjson'], describe: 'Default: by the name of the file' },
  fields: texts('Fields for columns, or "all"; default: the mapping, else all'),
  full: flag('Ask for each customer’s details, for custom fields'),
  changedSince: text('Only customers edited since an ISO time; or "last": since the last export of this job'),
  active: flag('Only active customers'),
  sort: text('Field to sort by, with :desc for the reverse; default customerCode'),
  pageSize: count('Customers on a page of the API; default 1000'),
  mirror: flag('Whether the local copy of the customers is used, made fresh; true when absent'),
  formulas: {
    holds: 'choice',
    choices: ['escape', 'raw'],
    describe: 'Texts that look like formulas, in CSV: made harmless (default), or as they are',
  },
  bom: flag('Begin a CSV file with a byte order mark, for Excel'),
  force: flag('Replace a file that is there; without it, that is an error and nothing is written'),
} as const satisfies Readonly<Record<string, JobKey>>;

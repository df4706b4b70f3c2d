import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import { deleteCustomers as deleteRows } from '#pipelines/import/delete.js';
import { pickReadOptions, type ReadOptions } from '#pipelines/reading-options.js';
import type { FailureLimit } from '#pipelines/run-control.js';
import { announceTarget } from '#src/app/connect.js';
import { countRows, type Input, openInput } from '#src/app/input.js';
import { performRun } from '#src/app/perform-run.js';
import { defaultSettle, type RunJob } from '#src/app/run.js';
import { createRunControl, runOnTenant } from '#src/app/run-on-tenant.js';
import type { RunObserver, RunSummary } from '#src/app/run-summary.js';
import type { Settings } from '#src/config/settings.js';
import { UsageError } from '#src/errors.js';
import { assertWritable } from '#src/files/atomic-file.js';
import type { InputSource } from '#src/files/input-source.js';
import { defaultResultPaths, type ResultPaths } from '#src/results/write-results.js';

export interface DeleteOptions extends ReadOptions {
  /** Codes of customers; or `file`, a file with a `customerCode` column. */
  readonly codes?: readonly string[];
  readonly file?: string;
  readonly results?: string;
  readonly rejects?: string;
  /** Where to write a report, one HTML file; none when absent. */
  readonly report?: string;
  readonly failureLimit?: FailureLimit;
  readonly signal?: AbortSignal;
}

const codeColumn = 'customerCode';

/** What a resumed delete needs; the ledger keeps it as JSON. */
export interface SavedDeleteOptions {
  readonly codes: readonly string[];
  readonly read: ReadOptions;
  readonly paths: Partial<ResultPaths>;
  readonly failureLimit?: FailureLimit;
}

/**
 * Deletes customers; one with transactions is made inactive instead, as the API does.
 *
 * @throws UsageError, InputError, LoginError, BusyError; then nothing was sent
 */
export async function deleteCustomers(
  settings: Settings,
  options: DeleteOptions,
  observer: RunObserver = {},
): Promise<RunSummary> {
  announceTarget(settings, observer);
  const input = await openCodes(settings, options);
  const saved = {
    codes: options.codes ?? [],
    read: pickReadOptions(options),
    paths: await chooseDeletePaths(input.path, options),
    ...(options.failureLimit === undefined ? {} : { failureLimit: options.failureLimit }),
  };
  const job = await createDeleteJob(settings, saved, input);
  const control = createRunControl(options.failureLimit, options.signal);
  return runOnTenant(settings, control, `delete ${input.file}`, observer, async (connection) => {
    await connection.client.login();
    const { sha256, sizeBytes } = input.source.fingerprint;
    const run = connection.ledger.runs.start({
      command: 'delete',
      input: { file: input.file, path: input.path, sha256, sizeBytes },
      options: { ...saved },
    });
    const ledger = connection.openRows(run.number);
    return performRun({ connection, run, ledger, job, control, observer, settle: defaultSettle });
  });
}

/** Creates the job of a delete. @throws UsageError when the input has no column of codes */
export async function createDeleteJob(settings: Settings, saved: SavedDeleteOptions, input: Input): Promise<RunJob> {
  const { source } = input;
  const column = source.columns.findIndex((name) => name.trim().toLowerCase() === codeColumn.toLowerCase());
  if (column < 0) throw codeColumnMissing(input.file, source.columns);
  return {
    source,
    rows: await countRows(input),
    paths: saved.paths,
    fileMode: settings.fileMode.value,
    work: (ports) => deleteRows({ source, ...ports }, column, settings.concurrency.value),
  };
}

async function openCodes(settings: Settings, options: DeleteOptions): Promise<Input> {
  if (options.file !== undefined) return openInput(options.file, options, resolve(settings.stateDir.value, 'inputs'));
  return createCodeInput(options.codes ?? []);
}

/** An input of codes from the command line. */
export function createCodeInput(codes: readonly string[]): Input {
  const source = createCodeSource(codes);
  return { file: source.file, path: '', source, readOptions: {} };
}

/** Codes from the command line, as a file of one column. */
function createCodeSource(codes: readonly string[]): InputSource {
  const text = codes.join('\n');
  return {
    file: 'the command line',
    format: 'csv',
    columns: [codeColumn],
    detected: { format: 'csv' },
    notices: [],
    fingerprint: { sha256: createHash('sha256').update(text).digest('hex'), sizeBytes: Buffer.byteLength(text) },
    async *batches() {
      yield codes.map((code, index) => ({ index, number: index + 1, cells: [code] }));
    },
  };
}

async function chooseDeletePaths(inputPath: string, options: DeleteOptions): Promise<Partial<ResultPaths>> {
  const defaults = options.file === undefined ? {} : defaultResultPaths(inputPath);
  const paths = {
    ...defaults,
    ...(options.results === undefined ? {} : { results: resolve(options.results) }),
    ...(options.rejects === undefined ? {} : { rejects: resolve(options.rejects) }),
    ...(options.report === undefined ? {} : { report: resolve(options.report) }),
  };
  for (const path of Object.values(paths)) await assertWritable(path);
  return paths;
}

function codeColumnMissing(file: string, columns: readonly string[]): UsageError {
  return new UsageError(`${file} has no column "${codeColumn}"; it has: ${columns.join(', ')}.`, {
    code: 'CODE_COLUMN_MISSING',
    nextStep: 'Rename the column that holds the codes; a result file has them in _customerCode.',
  });
}

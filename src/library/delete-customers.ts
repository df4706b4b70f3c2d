import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import { deleteCustomers as deleteRows } from '../../pipelines/delete.js';
import type { FailureLimit } from '../../pipelines/run-control.js';
import type { Settings } from '../config/settings.js';
import { UsageError } from '../errors.js';
import { assertWritable } from '../files/atomic-file.js';
import type { InputSource } from '../files/input-source.js';
import { defaultResultPaths, type ResultPaths } from '../results/write-results.js';
import { connect } from './connect.js';
import { openInput, type ReadOptions, readThrough } from './input.js';
import type { RunObserver } from './observer.js';
import { controlFor, runToItsEnd } from './run-rows.js';
import type { RunSummary } from './run-summary.js';

export interface DeleteOptions extends ReadOptions {
  /** Codes of customers; or `file`, a file with a `customerCode` column. */
  readonly codes?: readonly string[];
  readonly file?: string;
  readonly results?: string;
  readonly rejects?: string;
  readonly failureLimit?: FailureLimit;
  readonly signal?: AbortSignal;
}

const codeColumn = 'customerCode';

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
  const { file = 'codes', source, path } = await openCodes(settings, options);
  const column = source.columns.findIndex((name) => name.trim().toLowerCase() === codeColumn.toLowerCase());
  if (column < 0) throw noCodeColumn(file, source.columns);
  const rows = await readThrough({ file, path, source });
  const paths = await resultPaths(path, options);
  const control = controlFor(options.failureLimit, options.signal);
  const connection = await connect(settings, control.stopping);
  try {
    const lock = connection.ledger.lock(`delete ${file}`);
    try {
      await connection.client.login();
      const run = connection.ledger.runs.start({
        command: 'delete',
        input: { file, path, sha256: source.fingerprint.sha256, sizeBytes: source.fingerprint.sizeBytes },
        options: { paths, codes: options.codes, file: options.file },
      });
      const ledger = connection.ledger.rowsOf(run.number);
      const ports = { source, api: connection.client, ledger, control };
      const tools = { connection, run, ledger, source, rows, paths, control, observer };
      return await runToItsEnd(tools, () => deleteRows(ports, column, settings.concurrency.value));
    } finally {
      lock.release();
    }
  } finally {
    await connection.close();
  }
}

async function openCodes(settings: Settings, options: DeleteOptions) {
  if (options.file !== undefined) return openInput(options.file, options, resolve(settings.stateDir.value, 'inputs'));
  const source = sourceOfCodes(options.codes ?? []);
  return { file: source.file, path: '', source };
}

/** Codes from the command line, as a file of one column. */
function sourceOfCodes(codes: readonly string[]): InputSource {
  const text = codes.join('\n');
  return {
    file: 'the command line',
    format: 'csv',
    columns: [codeColumn],
    duplicateColumns: [],
    detected: { format: 'csv' },
    notices: [],
    fingerprint: { sha256: createHash('sha256').update(text).digest('hex'), sizeBytes: Buffer.byteLength(text) },
    async *batches() {
      yield codes.map((code, index) => ({ index, number: index + 1, cells: [code] }));
    },
  };
}

async function resultPaths(inputPath: string, options: DeleteOptions): Promise<Partial<ResultPaths>> {
  const beside = options.file === undefined ? {} : defaultResultPaths(inputPath);
  const paths = {
    ...beside,
    ...(options.results === undefined ? {} : { results: resolve(options.results) }),
    ...(options.rejects === undefined ? {} : { rejects: resolve(options.rejects) }),
  };
  for (const path of Object.values(paths)) await assertWritable(path);
  return paths;
}

function noCodeColumn(file: string, columns: readonly string[]): UsageError {
  return new UsageError(`${file} has no column "${codeColumn}"; it has: ${columns.join(', ')}.`, {
    code: 'CODE_COLUMN_MISSING',
    nextStep: 'Rename the column that holds the codes; a result file has them in _customerCode.',
  });
}

import { resolve } from 'node:path';
import { type ImportOptions, importCustomers } from '../../pipelines/import.js';
import type { Mode } from '../../pipelines/mapping/mapping.js';
import type { FailureLimit } from '../../pipelines/run-control.js';
import type { Settings } from '../config/settings.js';
import { GuardError, UsageError } from '../errors.js';
import { assertWritable } from '../files/atomic-file.js';
import { defaultResultPaths, type ResultPaths } from '../results/write-results.js';
import { createDraftValidator } from '../validation/create-draft-validator.js';
import { type Connection, connect } from './connect.js';
import { type Input, openInput, type ReadOptions, readThrough } from './input.js';
import { compileFor, type MappingFile, readMappingFile } from './mapping-file.js';
import type { RunObserver } from './observer.js';
import { controlFor, runToItsEnd } from './run-rows.js';
import type { RunSummary } from './run-summary.js';

export interface ImportFileOptions extends ReadOptions {
  /** CSV, XLSX or NDJSON; `-` reads standard input. */
  readonly file: string;
  /** @default the mapping's, else `upsert` */
  readonly mode?: Mode;
  readonly results?: string;
  readonly rejects?: string;
  /** Only so many rows from the top. */
  readonly first?: number;
  /** @default 10 % of the rows, looked at from row 300 on */
  readonly failureLimit?: FailureLimit;
  /** Start although an earlier run of this file is unfinished, and add customers of the same content again. */
  readonly force?: boolean;
  /** Ends the run early; its reason is `SIGINT` or `SIGTERM`. What is under way is finished. */
  readonly signal?: AbortSignal;
}

export const defaultFailureLimit: FailureLimit = { kind: 'share', most: 0.1, from: 300 };

/**
 * Imports the customers of a file and writes what became of each row beside it.
 *
 * @throws UsageError, InputError, LoginError, GuardError, BusyError; then nothing was sent. What happens once rows go
 *   out is told by the summary, its `exitCode` first.
 */
export async function importFile(
  settings: Settings,
  options: ImportFileOptions,
  observer: RunObserver = {},
): Promise<RunSummary> {
  const mappingFile = readMappingFile(settings.mapping.value);
  const mode = options.mode ?? mappingFile.mapping.mode ?? 'upsert';
  refuseUnbuilt(mode);
  const input = await openInput(options.file, options, resolve(settings.stateDir.value, 'inputs'), mappingFile.mapping);
  const mapper = compileFor(mappingFile, input.source);
  const rows = await readThrough(input);
  observer.opened?.({ file: input.file, detected: input.source.detected, rows });
  for (const notice of input.source.notices) observer.notice?.(notice);
  const paths = await resultPaths(input, options);
  const control = controlFor(options.failureLimit ?? defaultFailureLimit, options.signal);
  const connection = await connect(settings, control.stopping);
  try {
    const lock = connection.ledger.lock(`import ${input.file}`);
    try {
      if (options.force !== true) refuseUnfinished(connection, input);
      await connection.client.login();
      const run = startRun(connection, { input, mappingFile, mode, paths, options });
      const ledger = connection.ledger.rowsOf(run.number);
      const { source } = input;
      const ports = {
        source,
        mapper,
        validate: createDraftValidator(mappingFile.mapping.customFields),
        api: connection.client,
        ledger,
        control,
      };
      const importOptions: ImportOptions = {
        concurrency: settings.concurrency.value,
        force: options.force === true,
        keyColumns: mappingFile.mapping.key?.columns ?? [],
        ...(options.first === undefined ? {} : { first: options.first }),
      };
      const tools = { connection, run, ledger, source, rows, paths, control, observer };
      return await runToItsEnd(tools, () => importCustomers(ports, importOptions));
    } finally {
      lock.release();
    }
  } finally {
    await connection.close();
  }
}

function refuseUnbuilt(mode: Mode): void {
  if (mode === 'add') return;
  throw new UsageError(`This version imports with mode "add" only; ${mode} is not built yet.`, {
    code: 'MODE_NOT_BUILT',
    nextStep: 'Add --mode add, or set "mode": "add" in the mapping.',
  });
}

async function resultPaths(input: Input, options: ImportFileOptions): Promise<ResultPaths> {
  const beside = defaultResultPaths(input.file === '-' ? resolve('stdin.csv') : input.path);
  const paths = {
    results: options.results === undefined ? beside.results : resolve(options.results),
    rejects: options.rejects === undefined ? beside.rejects : resolve(options.rejects),
  };
  for (const path of Object.values(paths)) {
    if (path === input.path)
      throw new UsageError(`${path} is the input itself.`, {
        code: 'WOULD_OVERWRITE_INPUT',
        nextStep: 'Choose another name with --results or --rejects.',
      });
    await assertWritable(path);
  }
  return paths;
}

function refuseUnfinished(connection: Connection, input: Input): void {
  const earlier = connection.ledger.runs.unfinished(input.source.fingerprint.sha256)[0];
  if (earlier === undefined) return;
  throw new GuardError(
    `Run ${earlier.name} of this very file is not finished (${earlier.stopReason ?? 'it was killed'}).`,
    {
      code: 'UNFINISHED_RUN',
      nextStep: `Go on with it: mypos-customers resume ${earlier.name}. (--force starts anew and may add customers twice.)`,
    },
  );
}

interface Start {
  readonly input: Input;
  readonly mappingFile: MappingFile;
  readonly mode: Mode;
  readonly paths: ResultPaths;
  readonly options: ImportFileOptions;
}

function startRun(connection: Connection, start: Start) {
  const { input, mappingFile, mode, paths, options } = start;
  const { sheet, headerRow, encoding, delimiter, first, force } = options;
  return connection.ledger.runs.start({
    command: 'import',
    mode,
    input: {
      file: input.file,
      path: input.path,
      sha256: input.source.fingerprint.sha256,
      sizeBytes: input.source.fingerprint.sizeBytes,
    },
    mappingSha256: mappingFile.sha256,
    options: {
      mapping: resolve(mappingFile.path),
      read: { sheet, headerRow, encoding, delimiter },
      paths,
      first,
      force,
    },
  });
}

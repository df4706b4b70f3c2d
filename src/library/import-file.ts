import { resolve } from 'node:path';
import type { Mode } from '#pipelines/mapping/mapping.js';
import type { FailureLimit } from '#pipelines/run-control.js';
import type { RepeatPolicy } from '#pipelines/stages/refuse-repeats.js';
import type { Settings } from '#src/config/settings.js';
import { GuardError, UsageError } from '#src/errors.js';
import { agreedImport } from './agreed-import.js';
import { checkGuards } from './check-guards.js';
import type { Connection } from './connect.js';
import { importJob, type KeptImportOptions, keepLook, resultPathsFor } from './import-job.js';
import { type Input, openInput, type ReadOptions } from './input.js';
import { type MappingFile, readMappingFile } from './mapping-file.js';
import type { RunObserver } from './observer.js';
import { performRun } from './perform-run.js';
import { refuseWithoutIdentity } from './prepare-import.js';
import { defaultSettle } from './run-job.js';
import { controlFor, runOnTenant } from './run-on-tenant.js';
import type { RunSummary } from './run-summary.js';

export interface ImportFileOptions extends ReadOptions {
  /** CSV, XLSX or NDJSON; `-` reads standard input. */
  readonly file?: string;
  /** Name or file of a plan: exactly that is done, and only to customers who are as they were then. */
  readonly plan?: string;
  /** @default the mapping's, else `upsert` */
  readonly mode?: Mode;
  readonly results?: string;
  readonly rejects?: string;
  /** Where to write a report, one HTML file; none when absent. */
  readonly report?: string;
  /** Only so many rows from the top. */
  readonly first?: number;
  /** @default 10 % of the rows, looked at from row 300 on */
  readonly failureLimit?: FailureLimit;
  /** Start although an earlier run of this file is unfinished, and add customers of the same content again. */
  readonly force?: boolean;
  /** Begin although a guard of the mapping or profile says no. */
  readonly overrideGuards?: boolean;
  /** Refuse a file with more rows than this. */
  readonly maxRows?: number;
  /** Read every written customer back and compare it field by field. */
  readonly verify?: boolean;
  /** What to do with rows for the same customer that differ. @default 'error' */
  readonly repeats?: RepeatPolicy;
  /** Cells that cannot be right make their row `invalid`, instead of a warning. @default false */
  readonly strict?: boolean;
  /** How long to wait before a lost add counts as never made. @default 10000 */
  readonly settleMs?: number;
  /** Ends the run early; its reason is `SIGINT` or `SIGTERM`. What is under way is finished. */
  readonly signal?: AbortSignal;
}

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
  const { mappingFile, input, kept } = await begin(settings, options);
  const { mode } = kept;
  const job = await importJob(settings, kept, mappingFile, input, observer);
  refuseTooManyRows(input, job.rows, options.maxRows);
  const control = controlFor(options.failureLimit, options.signal);
  return runOnTenant(settings, control, `import ${input.file}`, async (connection) => {
    if (options.force !== true) refuseUnfinished(connection, input);
    await connection.client.login();
    const guards = { ...settings.guards.value, ...mappingFile.mapping.guards };
    if (options.overrideGuards !== true) await checkGuards(guards, connection, job.prepared, kept);
    const { sha256, sizeBytes } = input.source.fingerprint;
    const run = connection.ledger.runs.start({
      command: 'import',
      mode,
      input: { file: input.file, path: input.path, sha256, sizeBytes },
      mappingSha256: mappingFile.sha256,
      options: { ...kept },
    });
    keepLook(connection, run, job);
    const ledger = connection.rowsOf(run.number);
    const settle = { ...defaultSettle, settleMs: options.settleMs ?? defaultSettle.settleMs };
    return performRun({ connection, run, ledger, job, control, observer, settle });
  });
}

interface Begun {
  readonly mappingFile: MappingFile;
  readonly input: Input;
  readonly kept: KeptImportOptions;
}

async function begin(settings: Settings, options: ImportFileOptions): Promise<Begun> {
  if (options.plan !== undefined) {
    const { plan, rowOptions, mappingFile, input } = await agreedImport(settings, options.plan, options.file);
    const wanted = keep(options, rowOptions.mode, mappingFile, input);
    return { mappingFile, input, kept: { ...wanted, ...rowOptions, verify: wanted.verify, plan } };
  }
  if (options.file === undefined)
    throw new UsageError('What shall import work on?', {
      code: 'USAGE',
      nextStep: 'Name a file, or a plan with --plan. See `mypos-customers import --help`.',
    });
  const mappingFile = readMappingFile(settings.mapping.value);
  const mode = options.mode ?? mappingFile.mapping.mode ?? 'upsert';
  refuseWithoutIdentity(mode, mappingFile);
  const input = await openInput(options.file, options, resolve(settings.stateDir.value, 'inputs'), mappingFile.mapping);
  return { mappingFile, input, kept: keep(options, mode, mappingFile, input) };
}

function refuseTooManyRows(input: Input, rows: number, maxRows: number | undefined): void {
  if (maxRows === undefined || rows <= maxRows) return;
  throw new GuardError(`${input.file} has ${rows} rows; at most ${maxRows} are allowed here. Nothing was sent.`, {
    code: 'TOO_MANY_ROWS',
    nextStep: 'See whether it is the right file. If it is, raise "maxRows" of its job, or import it by hand.',
  });
}

function keep(options: ImportFileOptions, mode: Mode, mappingFile: MappingFile, input: Input): KeptImportOptions {
  const { first, failureLimit } = options;
  const stamp = mappingFile.mapping.key?.stamp;
  return {
    mode,
    mapping: resolve(mappingFile.path),
    read: input.reading,
    paths: resultPathsFor(input, options),
    columns: input.source.columns,
    force: options.force === true,
    verify: options.verify === true,
    repeats: options.repeats ?? 'error',
    strict: options.strict === true,
    ...(first === undefined ? {} : { first }),
    ...(failureLimit === undefined ? {} : { failureLimit }),
    ...(stamp === undefined ? {} : { stamp }),
  };
}

function refuseUnfinished(connection: Connection, input: Input): void {
  const runs = connection.ledger.runs.unfinished(input.source.fingerprint.sha256);
  const earlier = runs.find(({ command }) => command === 'import');
  if (earlier === undefined) return;
  const why = earlier.stopReason ?? 'It was killed.';
  throw new GuardError(`Run ${earlier.name} of this very file is not finished: ${why}`, {
    code: 'UNFINISHED_RUN',
    nextStep: `Go on with it: mypos-customers resume ${earlier.name}. (--force starts anew; customers without a key may then be added twice.)`,
  });
}

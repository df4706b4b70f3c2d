import { createHash } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { countTaken } from '#pipelines/batches.js';
import { formatCount } from '#pipelines/format-count.js';
import type { Guards } from '#pipelines/guards.js';
import type { RepeatPolicy } from '#pipelines/import/dedupe.js';
import type { Mode } from '#pipelines/mapping/mapping.js';
import type { ReadOptions } from '#pipelines/reading-options.js';
import type { FailureLimit } from '#pipelines/run-control.js';
import { announceTarget, type Connection, openTenantLedger } from '#src/app/connect.js';
import { reportGap } from '#src/app/describe-gap.js';
import { settleEarlierDoubts } from '#src/app/earlier-doubts.js';
import { type MappingFile, readMappingFile, readMappingFor } from '#src/app/mapping-file.js';
import { performRun } from '#src/app/perform-run.js';
import { defaultSettle } from '#src/app/run.js';
import { createRunControl, runOnTenant } from '#src/app/run-on-tenant.js';
import type { RunObserver, RunSummary } from '#src/app/run-summary.js';
import { openScannedInput, type ScannedInput, scanInputAt } from '#src/app/scan-input.js';
import type { Settings } from '#src/config/settings.js';
import { GuardError, UsageError } from '#src/errors.js';
import type { PlanRecord } from '#src/ledger/plans.js';
import type { RunRecord } from '#src/ledger/runs.js';
import { checkGuards, refuseUnfinished } from './check-guards.js';
import { type ConfirmImport, confirmFirstImport } from './confirm-first-import.js';
import {
  chooseResultPaths,
  createImportJob,
  type RowOptions,
  refuseWithoutIdentity,
  type SavedImportOptions,
  saveScan,
} from './import-job.js';
import { checkAbsentGuard } from './leavers.js';
import { isReturnedFile, type ReturnedFiles } from './recognise-returned.js';
import { refuseInput, takesKeysAsWritten } from './refuse-input.js';
import { openReturnedFiles } from './returned-file.js';

/** The input and the mapping of a plan, unchanged since it was made. */
interface PlannedImport {
  readonly plan: string;
  readonly rowOptions: RowOptions;
  readonly mappingFile: MappingFile;
  readonly input: ScannedInput;
}

/**
 * Opens what a plan is about. The plan is found by its name, or by the file that it was written to.
 *
 * @param file - the input, when the user names it as well
 * @throws UsageError when this tenant has no such plan, GuardError when input or mapping have changed since
 */
async function openPlannedImport(
  settings: Settings,
  plan: string,
  file: string | undefined,
  openReturned: (mappingFile: MappingFile) => ReturnedFiles,
): Promise<PlannedImport> {
  const record = findPlan(settings, plan);
  const rowOptions = record.options as unknown as RowOptions;
  const { name, input: planned } = record;
  if (file !== undefined && resolve(file) !== planned.path && file !== planned.file)
    throw new UsageError(`Plan ${name} is for ${planned.path}, not for ${file}.`, {
      code: 'PLAN_OF_OTHER_FILE',
      nextStep: 'Leave out the file name: the plan contains it.',
    });
  const mappingFile = readMappingFile(rowOptions.mapping, rowOptions.read, settings);
  if (mappingFile.sha256 !== record.mappingSha256) throw changedSincePlan(name, `The mapping ${rowOptions.mapping}`);
  const input = await scanInputAt(planned.path, planned.file, rowOptions.read, mappingFile, {
    earlier: {
      sha256: planned.sha256,
      createChangedError: () => changedSincePlan(name, `The input ${planned.path}`),
    },
    returned: openReturned(mappingFile),
  });
  return { plan: name, rowOptions, mappingFile, input };
}

function findPlan(settings: Settings, plan: string): PlanRecord {
  const isFile = existsSync(plan) && statSync(plan).isFile();
  const wanted = isFile ? readPlanName(readFileSync(plan)) : plan;
  const ledger = openTenantLedger(settings);
  try {
    const record = ledger.plans.find(wanted);
    if (record !== undefined) return record;
  } finally {
    ledger.close();
  }
  const what = isFile
    ? `${plan} is not a plan of this login, or was changed after it was written.`
    : `There is no plan "${plan}".`;
  throw new UsageError(what, {
    code: 'PLAN_UNKNOWN',
    nextStep:
      'Make one with `mypos-customers plan <file>`. To plan other rows, change the input, not the plan. Plans are kept for 30 days.',
  });
}

/** By what a plan is found when its file is named: the name in the JSON document, else the hash of the file. */
function readPlanName(bytes: Buffer): string {
  try {
    const document = JSON.parse(bytes.toString('utf8')) as { readonly plan?: unknown };
    if (typeof document.plan === 'string') return document.plan;
  } catch {
    // Not JSON: a table.
  }
  return createHash('sha256').update(bytes).digest('hex');
}

function changedSincePlan(plan: string, what: string): GuardError {
  return new GuardError(`${what} has changed since plan ${plan} was made. Nothing was sent.`, {
    code: 'CHANGED_SINCE_PLAN',
    nextStep: 'Make a new plan: mypos-customers plan <file>',
  });
}

export interface ImportFileOptions extends ReadOptions {
  /** CSV, XLSX or NDJSON; `-` reads standard input. */
  readonly file?: string;
  /** Name or file of a plan: only what it says is sent, and only to customers that have not changed since. */
  readonly plan?: string;
  /** @default the mapping's, else `upsert` */
  readonly mode?: Mode;
  readonly results?: string;
  readonly rejects?: string;
  /** Where rows go that wait for a decision. @default `<input>.review.xlsx` beside the input */
  readonly review?: string;
  /** Where to write a report, one HTML file; none when absent. */
  readonly report?: string;
  /** Only so many rows from the top. */
  readonly first?: number;
  /** @default 10 % of the rows, counted from row 300 */
  readonly failureLimit?: FailureLimit;
  /** Start although an earlier run of this file is unfinished, and add customers of the same content again. */
  readonly force?: boolean;
  /** Start although a guard of the mapping or the profile refuses. */
  readonly overrideGuards?: boolean;
  /** None of the rows is one of the customers that are in the account now: somebody has looked. */
  readonly allNew?: boolean;
  /** Asked before the first import of more than 100 rows into an account. @default not asked */
  readonly confirmImport?: ConfirmImport;
  /** Asks whether so many customers may be read one by one, where only that shows who is there. @default more than 2,000 may not */
  readonly confirmDetails?: (calls: number) => Promise<boolean>;
  /** Refuse a file with more rows than this. */
  readonly maxRows?: number;
  /** Read every written customer back and compare it field by field. */
  readonly verify?: boolean;
  /** What to do with rows for the same customer that differ. @default 'error' */
  readonly repeats?: RepeatPolicy;
  /** Cells that cannot be right make their row `invalid`, instead of a warning. @default false */
  readonly strict?: boolean;
  /**
   * How long after a lost answer a customer that cannot be found counts as never created, in milliseconds. It can only
   * lengthen what the kind of loss requires: 15 minutes after a timeout, a 502 to 504 or an answer that cannot be read, else 10 seconds.
   */
  readonly settleMs?: number;
  /** How long to wait at the end until rows in doubt can be settled, in milliseconds. @default 1200000, 20 minutes */
  readonly patienceMs?: number;
  /** Ends the run early; its reason is `SIGINT` or `SIGTERM`. Requests in progress are finished. */
  readonly signal?: AbortSignal;
}

/**
 * Imports the customers of a file and writes the outcome of each row to a result file beside it.
 *
 * @throws UsageError, InputError, LoginError, GuardError, BusyError; then nothing was sent. Everything that happens after
 *   the first request is in the summary, its `exitCode` first.
 */
export async function importFile(
  settings: Settings,
  options: ImportFileOptions,
  observer: RunObserver = {},
): Promise<RunSummary> {
  let returned: ReturnedFiles | undefined;
  announceTarget(settings, observer);
  try {
    const opened = await openImport(settings, options, (mappingFile) => {
      returned = openReturnedFiles(settings, mappingFile, { allowsRepeats: options.repeats === 'in-order' });
      return returned;
    });
    return await importOpened(settings, options, opened, observer);
  } finally {
    returned?.close();
  }
}

async function importOpened(
  settings: Settings,
  options: ImportFileOptions,
  { mappingFile, input, saved }: OpenedImport,
  observer: RunObserver,
): Promise<RunSummary> {
  const { mode } = saved;
  const control = createRunControl(options.failureLimit, options.signal);
  const { confirmDetails } = options;
  const questions = { confirmDetails, stopping: control.stopping };
  const job = await createImportJob(settings, saved, mappingFile, input, observer, questions);
  refuseTooManyRows(input, job.rows, options.maxRows);
  refuseInput(input, { keysAsWritten: saved.keysAsWritten, overrideGuards: options.overrideGuards });
  const waiting = { patienceMs: options.patienceMs, notice: observer.notice };
  return runOnTenant(settings, control, `import ${input.file}`, waiting, async (connection) => {
    if (options.force !== true) refuseUnfinished(connection, input.source);
    await confirmFirstImport(connection, countTaken(job.rows, saved.first), options.confirmImport);
    await connection.client.login();
    await settleEarlierDoubts(connection, observer);
    const guards = readGuards(settings, mappingFile);
    if (options.overrideGuards !== true) {
      await checkAbsentGuard(guards, connection, job.prepared);
      await checkGuards(guards, connection, job.prepared, saved);
    }
    input.review?.assertCurrent(await job.prepared.mirror(connection));
    const { sha256, sizeBytes } = input.source.fingerprint;
    const run = connection.ledger.runs.start({
      command: 'import',
      mode,
      input: { file: input.file, path: input.path, sha256, sizeBytes },
      mappingSha256: mappingFile.sha256,
      options: { ...saved },
    });
    saveScan(connection, run, job);
    const begun = beginInGap(connection, run, observer);
    const ledger = connection.openRows(run.number);
    const { settleMs, patienceMs } = { ...defaultSettle, ...options };
    const settle = { ...defaultSettle, settleMs, patienceMs };
    const said = options.overrideGuards === true ? ['override-guards'] : [];
    return performRun({ connection, run: begun, ledger, job, control, observer, settle, said, isNew: true });
  });
}

/** With a ledger that is not the newest, an import counts as begun at its last commit: what came later is compared with its rows. */
function beginInGap({ ledger }: Connection, run: RunRecord, observer: RunObserver): RunRecord {
  const gap = reportGap(ledger, observer);
  if (gap === undefined) return run;
  ledger.runs.noteChangesFrom(run.number, gap.fromMs);
  return { ...run, notedAtMs: gap.fromMs };
}

interface OpenedImport {
  readonly mappingFile: MappingFile;
  readonly input: ScannedInput;
  readonly saved: SavedImportOptions;
}

async function openImport(
  settings: Settings,
  options: ImportFileOptions,
  openReturned: (mappingFile: MappingFile) => ReturnedFiles,
): Promise<OpenedImport> {
  if (options.plan !== undefined) {
    const planned = await openPlannedImport(settings, options.plan, options.file, openReturned);
    const { plan, rowOptions, mappingFile, input } = planned;
    const wanted = buildSavedOptions(settings, options, rowOptions.mode, mappingFile, input);
    const { verify, allNew = rowOptions.allNew === true } = wanted;
    return { mappingFile, input, saved: { ...wanted, ...rowOptions, verify, allNew, plan } };
  }
  if (options.file === undefined)
    throw new UsageError('No input file given.', {
      code: 'USAGE',
      nextStep: 'Usage: mypos-customers import <file>, or --plan <plan>. See `mypos-customers import --help`.',
    });
  const mappingFile = readMappingFor(options.file, settings, options);
  const mode = options.mode ?? mappingFile.mapping.mode ?? 'upsert';
  refuseWithoutIdentity(mode, mappingFile);
  const spoolFolder = resolve(settings.stateDir.value, 'inputs');
  const input = await openScannedInput(options.file, options, spoolFolder, mappingFile, openReturned(mappingFile));
  return { mappingFile, input, saved: buildSavedOptions(settings, options, mode, mappingFile, input) };
}

function refuseTooManyRows(input: ScannedInput, rows: number, maxRows: number | undefined): void {
  if (maxRows === undefined || rows <= maxRows) return;
  throw new GuardError(
    `${input.file} has ${formatCount(rows, 'row')}; at most ${maxRows} are allowed here. Nothing was sent.`,
    {
      code: 'TOO_MANY_ROWS',
      nextStep: 'Check that it is the right file. If it is, raise "maxRows" of its job, or import it by hand.',
    },
  );
}

function readGuards(settings: Settings, { mapping }: MappingFile): Guards {
  return { ...settings.guards.value, ...mapping.guards };
}

function buildSavedOptions(
  settings: Settings,
  options: ImportFileOptions,
  mode: Mode,
  mappingFile: MappingFile,
  input: ScannedInput,
): SavedImportOptions {
  const { failureLimit } = options;
  const stamp = mappingFile.mapping.key?.stamp;
  return {
    mode,
    mapping: resolve(mappingFile.path),
    read: input.readOptions,
    paths: chooseResultPaths(input, options),
    ...(settings.fileMode.value === undefined ? {} : { fileMode: settings.fileMode.value }),
    columns: input.source.columns,
    ...(input.source.textEncoding === undefined ? {} : { textEncoding: input.source.textEncoding.name }),
    ...(isReturnedFile(input.source) ? { isPartial: true } : {}),
    force: options.force === true,
    verify: options.verify === true,
    repeats: options.repeats ?? 'error',
    strict: options.strict === true,
    first: options.first,
    ...(takesKeysAsWritten(readGuards(settings, mappingFile), options.overrideGuards) ? { keysAsWritten: true } : {}),
    ...(failureLimit === undefined ? {} : { failureLimit }),
    ...(stamp === undefined ? {} : { stamp }),
    keySource: mappingFile.mapping.key?.source ?? null,
    ...(options.allNew === true ? { allNew: true } : {}),
  };
}

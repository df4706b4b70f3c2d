import { extname, resolve } from 'node:path';
import type { Guards } from '#pipelines/guards.js';
import type { PlannedWrite } from '#pipelines/import/decide.js';
import { keptBecause } from '#pipelines/import/field-policy.js';
import type { KeptReason } from '#pipelines/import/map.js';
import { type PlanAction, type PlannedRow, planActions } from '#pipelines/import/plan.js';
import { secretFields } from '#pipelines/mapping/fields.js';
import type { Mode } from '#pipelines/mapping/mapping.js';
import type { ReadOptions } from '#pipelines/reading-options.js';
import { type Connection, resolveTarget } from '#src/app/connect.js';
import { createPlannedCounter, findGuardRefusal } from '#src/app/import/check-guards.js';
import {
  type PreparedImport,
  planBatches,
  prepareImport,
  type RowOptions,
  refuseWithoutIdentity,
} from '#src/app/import/import-job.js';
import { createAbsentFinder } from '#src/app/import/leavers.js';
import { findInputRefusal, takesKeysAsWritten } from '#src/app/import/refuse-input.js';
import { openReturnedFiles } from '#src/app/import/returned-file.js';
import { type MappingFile, readMappingFor } from '#src/app/mapping-file.js';
import { createRunControl, runOnTenant } from '#src/app/run-on-tenant.js';
import {
  type AbsentSummary,
  type ApiSummary,
  type RunObserver,
  type RunSummary,
  type RunTarget,
  summariseApi,
} from '#src/app/run-summary.js';
import { openScannedInput, type ScannedInput } from '#src/app/scan-input.js';
import type { Settings } from '#src/config/settings.js';
import { CustomersError, type ExitCode, exitCodes, UsageError } from '#src/errors.js';
import { assertWritable } from '#src/files/atomic-file.js';
import { deriveRights, type FileRights } from '#src/files/file-rights.js';
import { hashFile } from '#src/files/input-file.js';
import { addSheetRows } from '#src/files/table/sheet-rows.js';
import type { PlanRecord } from '#src/ledger/plans.js';
import { type IssueGroup, IssueGroups } from '#src/results/issue-groups.js';
import { type PlanWriter, writePlan } from '#src/results/write-plan.js';

export interface PlanOptions extends ReadOptions {
  /** CSV, XLSX or NDJSON; `-` reads standard input. */
  readonly file: string;
  /** @default the mapping's, else `upsert` */
  readonly mode?: Mode;
  readonly first?: number;
  readonly force?: boolean;
  /** None of the rows is one of the customers that are in the account now: somebody has looked. */
  readonly allNew?: boolean;
  /** As for an import. */
  readonly confirmDetails?: (calls: number) => Promise<boolean>;
  /** Cells that cannot be right make their row `invalid`, instead of a warning. @default false */
  readonly strict?: boolean;
  /** Where to write the plan, `.csv` or `.xlsx`; nowhere when absent. */
  readonly output?: string;
  /** Keeps only so many of the rows that would be sent in the summary, so that memory stays flat. @default all rows */
  readonly maxRows?: number;
  readonly signal?: AbortSignal;
}

export interface KeptLine {
  readonly field: string;
  readonly account: unknown;
  readonly file: unknown;
  readonly why: KeptReason;
}

/** Rows in which a field keeps its value for the same reason. */
export interface KeptGroup {
  readonly field: string;
  readonly why: KeptReason;
  readonly message: string;
  readonly count: number;
}

/** A row of a plan, for people and scripts. */
export interface PlanLine {
  readonly row: number;
  readonly action: PlanAction;
  readonly key: string | null;
  readonly customerCode: string | null;
  readonly changes: readonly { readonly field: string; readonly from: unknown; readonly to: unknown }[];
  /** Fields that differ and would stay as they are: the customer's value, the row's, and why. */
  readonly kept: readonly KeptLine[];
  /** Why it is not sent, or what else to know of it, for people. */
  readonly reasons: readonly { readonly code: string; readonly message: string }[];
}

/** What an import would do; the `--json` document of `plan`. */
export interface PlanSummary {
  readonly command: 'plan';
  /** What `import --plan` takes. */
  readonly plan: string;
  readonly mode: Mode;
  /** Whose customers it is about. */
  readonly target: RunTarget;
  readonly exitCode: ExitCode;
  readonly input: { readonly file: string; readonly sha256: string; readonly rows: number };
  readonly counts: Readonly<Record<PlanAction, number>>;
  /** What applying it would take. */
  readonly cost: { readonly calls: number; readonly seconds: number; readonly ratePerSecond: number | null };
  /** How often fields would keep a value that differs from the row's, and why; the most frequent first. */
  readonly kept: readonly KeptGroup[];
  /** Rows with a field that the file and the account have both changed since it was last sent. */
  readonly conflicts: number;
  /** Customers that are in no row of the file, and what would be done; `null` where the file is not the whole truth. */
  readonly absent: AbsentSummary | null;
  /** Why rows would not be sent, the most frequent first. */
  readonly problems: readonly IssueGroup[];
  /** Customers of the account that this state folder does not know; `null` where nobody would be added, so that nobody asked. */
  readonly strangers: number | null;
  /** What making it took. */
  readonly api: ApiSummary;
  readonly output: string | null;
  /** Every row of the file, or the first ones that would be sent: see {@link PlanOptions.maxRows}. */
  readonly rows: readonly PlanLine[];
  /** Why the import would not start; `null` when it would. */
  readonly stopped: RunSummary['stopped'];
}

/**
 * Reports row by row what an import would do; reads the API and writes nothing there.
 *
 * @throws UsageError, InputError, LoginError, RunStoppedError, BusyError
 */
export async function planFile(
  settings: Settings,
  options: PlanOptions,
  observer: RunObserver = {},
): Promise<PlanSummary> {
  const mappingFile = readMappingFor(options.file, settings, options);
  const mode = options.mode ?? mappingFile.mapping.mode ?? 'upsert';
  refuseWithoutIdentity(mode, mappingFile);
  const output = options.output === undefined ? undefined : await outputPath(options.output);
  const returned = openReturnedFiles(settings, mappingFile);
  try {
    const spoolFolder = resolve(settings.stateDir.value, 'inputs');
    const input = await openScannedInput(options.file, options, spoolFolder, mappingFile, returned);
    return await planInput(settings, { ...options, mode, output }, mappingFile, input, observer);
  } finally {
    returned.close();
  }
}

async function planInput(
  settings: Settings,
  options: Omit<PlanOptions, 'output'> & { readonly mode: Mode; readonly output: string | undefined },
  mappingFile: MappingFile,
  input: ScannedInput,
  observer: RunObserver,
): Promise<PlanSummary> {
  const { mode, output } = options;
  const keysAsWritten = takesKeysAsWritten({ ...settings.guards.value, ...mappingFile.mapping.guards }, false);
  const stopped = findInputRefusal(input.scan, { keysAsWritten }) ?? null;
  const saved: RowOptions = {
    mode,
    mapping: resolve(mappingFile.path),
    read: input.readOptions,
    force: options.force === true,
    verify: false,
    repeats: 'error',
    strict: options.strict === true,
    first: options.first,
    ...(keysAsWritten ? { keysAsWritten } : {}),
    ...(options.allNew === true ? { allNew: true } : {}),
  };
  const control = createRunControl(undefined, options.signal);
  const questions = { confirmDetails: options.confirmDetails, stopping: control.stopping, onlyPlans: true };
  const prepared = prepareImport(settings, saved, mappingFile, input, observer, questions);
  return runOnTenant(settings, control, `plan ${input.file}`, observer, async (connection) => {
    await connection.client.login();
    const { sha256 } = input.source.fingerprint;
    const { ledger } = connection;
    const record = ledger.plans.start({
      input: { file: input.file, path: input.path, sha256 },
      mappingSha256: mappingFile.sha256,
      options: { ...saved },
    });
    const guards = { ...settings.guards.value, ...mappingFile.mapping.guards };
    const plan = await makePlan(
      connection,
      prepared,
      record,
      output === undefined ? undefined : { path: output, rights: deriveRights(settings.fileMode.value, input.path) },
      options.maxRows,
      guards,
    );
    const guarded = { ...saved, keySource: mappingFile.mapping.key?.source ?? null };
    const guardRefusal = await findGuardRefusal(guards, connection, prepared, guarded, plan.planned);
    const check = prepared.strangers(connection);
    const refusal = check?.refusal === undefined ? undefined : prepared.explain(check.refusal);
    const all = { mode, input, record, output, rowCount: prepared.rows, strangers: check?.strangers ?? null };
    return summarise(settings, connection, {
      ...plan,
      ...all,
      // The first that the import would meet.
      stopped: stopped ?? describeRefusal(guardRefusal ?? refusal) ?? plan.stopped,
    });
  });
}

async function makePlan(
  connection: Connection,
  prepared: PreparedImport,
  record: PlanRecord,
  output: { readonly path: string; readonly rights: FileRights } | undefined,
  maxRows: number | undefined,
  guards: Guards,
) {
  const absent = prepared.absent === undefined ? undefined : createAbsentFinder(connection, prepared, prepared.absent);
  const counts = createCounts();
  const lines: PlanLine[] = [];
  const problems = new IssueGroups();
  const keptFields = createKeptCounter();
  const planned = createPlannedCounter();
  let conflicts = 0;
  let writer: PlanWriter | undefined;
  try {
    if (output !== undefined) writer = await writePlan(output.path, prepared.source, prepared.mapper, output.rights);
    for await (const batch of planBatches(connection, prepared)) {
      connection.ledger.plans.add(record.number, batch.flatMap(collectWrites));
      for (const row of batch) {
        absent?.add(row);
        planned.add(row);
      }
      const shown = batch.map(maskSecrets);
      for (const planned of shown) {
        counts[planned.action] += 1;
        keptFields.add(planned);
        if (planned.reasons.some(({ code }) => code === 'FIELD_CONFLICT')) conflicts += 1;
        if (maxRows === undefined || (lines.length < maxRows && isSent(planned.action))) lines.push(buildLine(planned));
        const isProblem = planned.action === 'invalid' || planned.action === 'rejected';
        if (isProblem) problems.addIssues(planned.row.number, 'invalid', planned.reasons);
        if (isNotACustomer(planned)) problems.addIssues(planned.row.number, 'skipped', planned.reasons);
      }
      await writer?.write(shown);
    }
    const found = await absent?.find(guards);
    if (found !== undefined) {
      connection.ledger.plans.addDeactivations(record.number, prepared.rows, found.toDeactivate);
      await writer?.writeAbsent(found.summary);
    }
    await writer?.commit();
    if (output !== undefined) connection.ledger.plans.saveOutputHash(record.number, await hashFile(output.path));
    return {
      ...{
        counts,
        lines,
        problems: addSheetRows(problems.list(), prepared.source),
        kept: keptFields.list(),
        conflicts,
      },
      planned: planned.counts,
      absent: found?.summary ?? null,
      deactivations: found?.toDeactivate.length ?? 0,
      stopped: found?.refusal ?? null,
    };
  } catch (error) {
    await writer?.discard();
    throw error;
  }
}

function createKeptCounter() {
  const counts = new Map<string, KeptGroup & { count: number }>();
  return {
    add({ kept }: PlannedRow): void {
      for (const { field, why } of kept) {
        const name = `${field} ${why}`;
        const known = counts.get(name);
        if (known === undefined) counts.set(name, { field, why, message: keptBecause[why], count: 1 });
        else known.count += 1;
      }
    },
    list: () => [...counts.values()].sort((a, b) => b.count - a.count),
  };
}

function createCounts(): Record<PlanAction, number> {
  return Object.fromEntries(planActions.map((action) => [action, 0])) as Record<PlanAction, number>;
}

function isNotACustomer({ reasons }: PlannedRow): boolean {
  return reasons[0]?.code === 'NOT_A_CUSTOMER';
}

function isSent(action: PlanAction): action is PlannedWrite['action'] {
  return action === 'add' || action === 'update' || action === 'delete';
}

function collectWrites(planned: PlannedRow): (PlannedWrite & { readonly index: number })[] {
  const { action, row, contentHash, changesHash, customerCode, edited } = planned;
  if (!isSent(action)) return [];
  if (contentHash === undefined || changesHash === undefined) return [];
  return [
    {
      ...{ index: row.index, action, contentHash, changesHash },
      ...(customerCode === undefined ? {} : { customerCode }),
      ...(edited === undefined ? {} : { edited }),
    },
  ];
}

function maskSecrets(planned: PlannedRow): PlannedRow {
  const isSecret = ({ field }: { readonly field: string }) => secretFields.has(field);
  if (!planned.changes.some(isSecret) && !planned.kept.some(isSecret)) return planned;
  const hidden = '(not shown)';
  return {
    ...planned,
    changes: planned.changes.map((change) => (isSecret(change) ? { ...change, from: hidden, to: hidden } : change)),
    kept: planned.kept.map((field) => (isSecret(field) ? { ...field, account: hidden, file: hidden } : field)),
  };
}

function buildLine({ row, action, key, customerCode, changes, kept, reasons }: PlannedRow): PlanLine {
  return {
    ...{ row: row.number, action, key: key ?? null, customerCode: customerCode ?? null },
    changes: changes.map(({ field, from = null, to }) => ({ field, from, to })),
    kept: kept.map(({ field, account = null, file, why }) => ({ field, account, file, why })),
    reasons: reasons.map(({ code, message }) => ({ code, message })),
  };
}

/** An update is a GET and a PUT. */
const callsPerAction = { add: 1, update: 2, delete: 1 } as const;

interface PlanResult {
  readonly counts: Readonly<Record<PlanAction, number>>;
  readonly lines: readonly PlanLine[];
  readonly problems: readonly IssueGroup[];
  readonly kept: PlanSummary['kept'];
  readonly conflicts: number;
  readonly absent: PlanSummary['absent'];
  readonly deactivations: number;
  readonly mode: Mode;
  readonly input: ScannedInput;
  readonly record: PlanRecord;
  readonly rowCount: number;
  readonly output: string | undefined;
  readonly stopped: PlanSummary['stopped'];
  readonly strangers: number | null;
}

function summarise(settings: Settings, { client }: Connection, made: PlanResult): PlanSummary {
  const { counts, input, record } = made;
  const calls =
    counts.add * callsPerAction.add +
    (counts.update + made.deactivations) * callsPerAction.update +
    counts.delete * callsPerAction.delete;
  const rate = settings.ratePerSecond.value;
  return {
    command: 'plan',
    plan: record.name,
    mode: made.mode,
    target: resolveTarget(settings),
    exitCode: chooseExitCode(counts, made.stopped),
    input: { file: input.file, sha256: record.input.sha256, rows: made.rowCount },
    counts,
    cost: { calls, seconds: Math.ceil(calls / rate), ratePerSecond: Number.isFinite(rate) ? rate : null },
    kept: made.kept,
    conflicts: made.conflicts,
    absent: made.absent,
    problems: made.problems,
    strangers: made.strangers,
    api: summariseApi(client),
    output: made.output ?? null,
    rows: made.lines,
    stopped: made.stopped,
  };
}

function describeRefusal(refusal: unknown): PlanSummary['stopped'] {
  if (!(refusal instanceof CustomersError)) return null;
  const { code, message, nextStep } = refusal;
  return { code, message, nextStep };
}

function chooseExitCode(counts: PlanResult['counts'], stopped: PlanSummary['stopped']): ExitCode {
  if (stopped !== null) return exitCodes.guard;
  return counts.invalid + counts.rejected > 0 ? exitCodes.someRowsFailed : exitCodes.done;
}

async function outputPath(output: string): Promise<string> {
  const path = resolve(output);
  const extension = extname(path).toLowerCase();
  if (extension !== '.csv' && extension !== '.xlsx')
    throw new UsageError(`A plan is written as .csv or .xlsx, not as "${output}".`, {
      code: 'PLAN_FORMAT',
      nextStep: 'Use a name such as plan.xlsx. For JSON, use --json and redirect standard output.',
    });
  await assertWritable(path);
  return path;
}

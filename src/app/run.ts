import type { VerifyingMapper } from '#pipelines/import/reconcile.js';
import type { RowCounts } from '#pipelines/model.js';
import type { CustomersApi, RunLedger } from '#pipelines/ports.js';
import type { DamageGroup } from '#pipelines/quality/damage-issue.js';
import type { RunControl } from '#pipelines/run-control.js';
import { toKebabCase } from '#src/config/settings.js';
import { CustomersError } from '#src/errors.js';
import { deriveRights, type FileRights } from '#src/files/file-rights.js';
import type { InputSource } from '#src/files/input-source.js';
import { addSheetRows } from '#src/files/table/sheet-rows.js';
import type { RunRecord } from '#src/ledger/runs.js';
import type { ReportContent } from '#src/results/report/report-data.js';
import { ResultsInPassing } from '#src/results/results-in-passing.js';
import {
  type ChoicesByColumn,
  matchInputStyle,
  type ResultPaths,
  type ResultsWritten,
} from '#src/results/write-results.js';
import { writeReview } from '#src/results/write-review.js';
import type { Connection } from './connect.js';
import { explainNotWritten } from './explain-failure.js';
import { countOutcomes, explainNotReached } from './not-reached.js';
import {
  type AbsentSummary,
  chooseExitCode,
  describeStop,
  type RunObserver,
  type RunSummary,
  summariseApi,
} from './run-summary.js';
import { collectProblems, writeRunReport } from './runs/write-run-report.js';

/** What a run works through, and how. Each command that changes customers makes its own. */
export interface RunJob {
  /** Absent when only doubts are settled and the input can no longer be read. */
  readonly source?: InputSource;
  readonly rows: number;
  /** Only so many rows from the top are worked on. */
  readonly first?: number | undefined;
  /** Cells of the input that cannot be right, where they were looked for. */
  readonly findings?: readonly DamageGroup[];
  /** Where results and rejects go; nowhere when absent. */
  readonly paths: Partial<ResultPaths>;
  /** Of a review file: rows about which it decides nothing yet, and where it is. */
  readonly undecided?: { readonly rows: number; readonly file: string };
  /** Permission bits of the files that the run writes. @default those of the input, for reading */
  readonly fileMode?: number | undefined;
  /** What cells of the input may hold, for people who fix the rejects. */
  readonly allowed?: ChoicesByColumn;
  /** The field that carries a row's key, for reconciliation. */
  readonly stamp?: string;
  /** Set when customers are to be compared, once written, with what they were sent. */
  readonly verify?: VerifyingMapper;
  /** Customers that are in no row of the file, once the run has looked for them. */
  readonly absent?: () => AbsentSummary | undefined;
  /** What fields and columns hold, for the report. */
  readonly readContent?: (run: RunRecord) => Promise<ReportContent | undefined>;
  /** Works through the rows that are not settled; may be called again. */
  readonly work: (ports: WorkPorts) => Promise<void>;
}

export interface WorkPorts {
  readonly api: CustomersApi;
  readonly ledger: RunLedger;
  readonly control: RunControl;
  readonly connection: Connection;
  /** Name of the run, for messages. */
  readonly run: string;
  /** The run itself. */
  readonly record: RunRecord;
  /** The job's source, read for the run and its result file at the same time. */
  readonly source?: InputSource;
}

/** How rows in doubt are settled. */
export interface SettleOptions {
  /** How long after the last doubtful request a customer that cannot be found counts as never created; can only lengthen what the kind of doubt requires. */
  readonly settleMs: number;
  /** How long a run may wait at its end until rows in doubt can be settled. */
  readonly patienceMs: number;
  /** Rows (line or row numbers) of which a person has said that they did not arrive. */
  readonly absent: 'all' | ReadonlySet<number>;
}

/** Enough for a server that acts 15 minutes late. */
const defaultPatienceMs = 20 * 60_000;

export const defaultSettle: SettleOptions = { settleMs: 0, patienceMs: defaultPatienceMs, absent: new Set() };

export interface RunContext {
  readonly connection: Connection;
  readonly run: RunRecord;
  readonly ledger: RunLedger;
  readonly job: RunJob;
  readonly control: RunControl;
  readonly observer: RunObserver;
  readonly settle: SettleOptions;
  /** The run has only been started: when it is refused before it sends anything, nothing is left of it. */
  readonly isNew?: boolean;
  /** What a person has said besides, for the audit. */
  readonly said?: readonly string[];
  /** The command that works on the run, where it is not the one that has started it. */
  readonly by?: string;
}

/**
 * Ends a run: writes the result file from the ledger, closes the run there, and summarises it.
 *
 * @param reachedAllRows - whether the run came to all of its rows, unless the control says that it was stopped
 */
export async function endRun(
  context: RunContext,
  resultFile: ResultsInPassing | undefined,
  reachedAllRows: boolean,
): Promise<RunSummary> {
  const { connection, run, control, job } = context;
  const { results = null, rejects = null } = await finishResultsOrStop(context, resultFile, reachedAllRows);
  const { review, waiting, newlyWaiting } = await writeReviewOrStop(context);
  const status = chooseState(control, reachedAllRows);
  const counts = countOutcomes(connection.ledger, { ...run, state: status }, job.rows);
  const problems = addSheetRows(collectProblems(connection.ledger, run.number), job.source);
  const hasDoubtsElsewhere = problems.some(({ code }) => code === 'IN_DOUBT_ELSEWHERE');
  const { differing, hasNewField } = connection.ledger.runs.noteDifferences(run.number);
  const verified = { checked: Math.max(control.compared, differing), differing };
  // What the API always does with a field is reported each time, and a reason for exit code 4 once.
  const isDifferent = hasNewField || (job.verify !== undefined && differing > 0);
  const exitCode = chooseExitCode(control.reason, counts, { reachedAllRows, hasDoubtsElsewhere, waiting, isDifferent });
  if (status === 'completed' && run.command === 'import') connection.ledger.age.closeGap();
  const stopped = describeStop(control.reason, run.name) ?? (reachedAllRows ? null : describeUnfinished(run));
  connection.ledger.runs.end(run.number, {
    state: status,
    exitCode,
    files: {
      ...(results === null ? {} : { results }),
      ...(rejects === null ? {} : { rejects }),
      ...(review === null ? {} : { review }),
      ...(job.paths.report === undefined ? {} : { report: job.paths.report }),
    },
    // A run that was unfinished before and is not continued now keeps the reason that it had.
    ...(stopped === null ? {} : { stopReason: control.reason === undefined ? run.stopReason : stopped.message }),
  });
  if (control.reason?.kind === 'error' && !(control.reason.error instanceof CustomersError)) throw control.reason.error;
  auditEnd(context, counts, exitCode);
  const report = await writeReport(context);
  const conflicts = connection.ledger.runs.countConflicts(run.number);
  const absent = job.absent?.();
  return {
    run: run.name,
    command: run.command,
    mode: run.mode ?? null,
    target: connection.target,
    status,
    exitCode,
    startedAt: new Date(run.startedAtMs).toISOString(),
    endedAt: new Date().toISOString(),
    input: describeInput(run, job),
    findings: addSheetRows(job.findings ?? [], job.source),
    counts,
    problems,
    verified,
    ...(conflicts === 0 ? {} : { conflicts }),
    ...(absent === undefined ? {} : { absent }),
    waiting,
    ...(newlyWaiting === 0 ? {} : { newlyWaiting }),
    api: summariseApi(connection.client),
    files: { results, rejects, review, report },
    stopped,
  };
}

/** Last, because it describes the run as it ended; a report that cannot be written does not fail the run. */
async function writeReport({ connection, run, job, observer }: RunContext): Promise<string | null> {
  const { report } = job.paths;
  const ended = connection.ledger.runs.find(run.name);
  if (report === undefined || ended === undefined) return null;
  try {
    await writeRunReport(connection.ledger, ended, report, chooseRights(run, job), await job.readContent?.(ended));
    return report;
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    const again = `mypos-customers runs show ${run.name} --report <file>`;
    observer.notice?.({
      severity: 'warning',
      code: 'REPORT_NOT_WRITTEN',
      message: `The report was not written: ${cause} Try: ${again}`,
    });
    return null;
  }
}

function describeInput({ input }: RunRecord, { source, rows }: RunJob): RunSummary['input'] {
  const file = input?.file ?? source?.file;
  const sha256 = input?.sha256 ?? source?.fingerprint.sha256;
  if (file === undefined || sha256 === undefined) return null;
  return { file, sha256, rows, detected: source?.detected ?? null, notices: source?.notices ?? [] };
}

function describeUnfinished(run: RunRecord): NonNullable<RunSummary['stopped']> {
  return {
    code: 'NOT_FINISHED',
    message: `Run ${run.name} is not finished: ${run.stopReason ?? 'it was killed.'}`,
    nextStep: `To continue: mypos-customers resume ${run.name}`,
  };
}

/** Says who has begun to work on a run, and what a person has said about it. */
export function auditStart({ connection, run, settle, by = run.command, said: besides = [] }: RunContext): void {
  const { plan, first } = run.options;
  const { absent } = settle;
  const said = [
    ...besides,
    ...(['allNew', 'force', 'evenChanged'] as const).filter((option) => run.options[option] === true).map(toKebabCase),
    ...(absent === 'all' ? ['absent: all'] : [...absent].map((row) => `absent: row ${row}`)),
    ...(typeof first === 'number' ? [`first: ${first}`] : []),
    ...(typeof run.options.undoes === 'string' ? [`undoes: ${run.options.undoes}`] : []),
  ];
  connection.ledger.audit.add({
    ...{ command: by, what: 'started', run: run.name },
    ...(run.mode === undefined ? {} : { mode: run.mode }),
    ...(run.input === undefined ? {} : { sha256: run.input.sha256 }),
    ...(typeof plan === 'string' ? { plan } : {}),
    ...(said.length === 0 ? {} : { said }),
  });
}

function auditEnd({ connection, run, by = run.command }: RunContext, counts: RowCounts, exitCode: number): void {
  const some = Object.entries(counts).filter(([, count]) => count > 0);
  connection.ledger.audit.add({
    ...{ command: by, what: 'ended', run: run.name, exitCode },
    counts: Object.fromEntries(some),
  });
}

/** Begins the result file of a run; it is written while the rows are worked on, so that the input is not read again. */
export function startResults({ connection, ledger, job, run }: RunContext): ResultsInPassing | undefined {
  if (job.source === undefined) return undefined;
  const { paths, allowed: choices } = job;
  return new ResultsInPassing(job.source, ledger, run.name, {
    ...{ paths, choices, rights: chooseRights(run, job) },
    written: connection.ledger.writtenFiles,
  });
}

async function finishResultsOrStop(
  context: RunContext,
  results: ResultsInPassing | undefined,
  reachedAllRows: boolean,
): Promise<Partial<ResultsWritten>> {
  const { control, run, observer } = context;
  try {
    const written = await results?.finish(explainNotReached({ ...run, state: chooseState(control, reachedAllRows) }));
    for (const notice of written?.notices ?? []) observer.notice?.(notice);
    return written ?? {};
  } catch (error) {
    const again = `The outcomes of all rows are safe in the ledger. To write the file then: mypos-customers runs show ${run.name} --results <file>`;
    stopUnwritten(context, explainNotWritten(error, 'The result file was not written', again));
    return {};
  }
}

/** A file that cannot be written ends the run as stopped; where something else has stopped it before, it is only reported. */
function stopUnwritten({ control, observer }: RunContext, error: unknown): void {
  if (control.reason !== undefined && error instanceof CustomersError)
    observer.notice?.({ severity: 'error', code: error.code, message: `${error.message} ${error.nextStep}` });
  control.stop({ kind: 'error', error });
}

interface ReviewWritten {
  /** Where to decide about the rows that wait. */
  readonly review: string | null;
  readonly waiting: number;
  readonly newlyWaiting: number;
}

/** Writes the rows that wait for a decision, beside the customers that they may mean. */
async function writeReviewOrStop(context: RunContext): Promise<ReviewWritten> {
  const { connection, run, job, observer } = context;
  const { decisions, mirror, writtenFiles } = connection.ledger;
  const { waiting, fresh: newlyWaiting } = decisions.countWaiting(run.number);
  const { rows: undecided, file } = job.undecided ?? { rows: 0, file: null };
  const counts = { waiting: waiting + undecided, newlyWaiting };
  const { review: path } = job.paths;
  if (waiting === 0 || path === undefined) return { review: undecided === 0 ? null : file, ...counts };
  try {
    const rows = decisions.waitingRows(run.name).filter(({ isDone }) => !isDone);
    const { detected } = job.source ?? {};
    const written = await writeReview(
      path,
      rows.map(({ candidates, ...row }) => ({
        ...row,
        candidates: candidates.map((candidate) => ({
          ...candidate,
          customer: mirror.find(candidate.customerCode)?.customer,
        })),
      })),
      {
        sheet: detected?.sheet,
        ...(job.source === undefined ? {} : { csv: matchInputStyle(job.source) }),
        written: writtenFiles,
        rights: chooseRights(run, job),
      },
    );
    for (const notice of written.notices) observer.notice?.(notice);
    return { review: written.path, ...counts };
  } catch (error) {
    const again = `The rows are safe in the ledger. Free some space, then import the file again.`;
    stopUnwritten(context, explainNotWritten(error, 'The review file was not written', again));
    return { review: null, ...counts };
  }
}

/** What is written about a file is for those who may read the file. */
function chooseRights({ input }: RunRecord, { fileMode }: RunJob): FileRights {
  return deriveRights(fileMode, input?.path);
}

function chooseState(control: RunControl, reachedAllRows: boolean): RunSummary['status'] {
  return control.reason === undefined && reachedAllRows ? 'completed' : 'stopped';
}

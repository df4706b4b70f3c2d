import { resolve } from 'node:path';
import { sleep } from '#src/api/sleep.js';
import { importJobs } from '#src/config/jobs.js';
import { readNotifyTargets } from '#src/config/notify-targets.js';
import { resolveSettings } from '#src/config/resolve-settings.js';
import { CustomersError, type ExitCode, exitCodes } from '#src/errors.js';
import { assertWritable } from '#src/files/atomic-file.js';
import { prune } from '#src/inbox/archive.js';
import { findTally } from '#src/inbox/memory.js';
import { notify } from '#src/inbox/notify.js';
import { type Inbox, openInbox } from '#src/inbox/open-inbox.js';
import { createSweepLogger, type Log } from './event-log.js';
import { openJobAlerts } from './job-alerts.js';
import { addToTotals, writePassMetrics } from './metrics.js';
import { type Pass, runPass, saveInboxMemory } from './pass.js';
import {
  countOutcomes,
  explainError,
  type FileReport,
  type SweepSummary,
  sumCounts,
  sumExitCodes,
  sumTraffic,
} from './summary.js';
import { type JobOverrides, nameDestinations, resolveSweepJobs } from './sweep-jobs.js';

/** What a sweep of a drop folder takes. */
export interface SweepOptions extends JobOverrides {
  readonly folder: string;
  /** Process only the files of this job of the configuration file. @default those of all jobs of the folder */
  readonly job?: string;
  /** Accept the folder although it is not the one that was swept before. */
  readonly adopt?: boolean;
  /** Only report what would be done. */
  readonly dryRun?: boolean;
  /** Delete files that have been in `done/` or `duplicate/` for more days than this. @default never */
  readonly keepDays?: number;
  /** `settleMs` of each import. */
  readonly settleMs?: number;
  /** `patienceMs` of each import. */
  readonly settlePatienceMs?: number;
  /** Where to write metrics for Prometheus after each pass. */
  readonly metricsFile?: string;
  /** Ends the sweep early; its reason is `SIGINT` or `SIGTERM`. */
  readonly signal?: AbortSignal;
}

/** What watching a drop folder takes. */
export interface WatchOptions extends SweepOptions {
  /** From the end of one pass to the start of the next. */
  readonly everyMs: number;
  readonly signal: AbortSignal;
}

/** How long a sweep waits for files to become stable; those that take longer are left to the next sweep. */
const sweepPatienceMs = 10_000;

/**
 * Imports the files that are ready in a drop folder, once.
 *
 * @throws BusyError when another process is sweeping the folder, UsageError, InputError when the folder is unavailable
 */
export async function sweepFolder(options: SweepOptions, log: Log): Promise<SweepSummary> {
  await assertMetricsWritable(options);
  const sweep = startSweep('sweep', options, log, sweepPatienceMs);
  try {
    const exitCode = await runLoggedPass(sweep);
    return sweep.summary(options.signal?.aborted === true ? chooseSignalExitCode(options.signal) : exitCode);
  } finally {
    sweep.inbox.close();
  }
}

/**
 * Imports the files that are dropped into a folder, until the signal fires. While the folder is unavailable, that is
 * reported and waited out.
 *
 * @throws BusyError, UsageError
 */
export async function watchFolder(options: WatchOptions, log: Log): Promise<SweepSummary> {
  await assertMetricsWritable(options);
  const sweep = startSweep('watch', options, log, 0);
  try {
    while (!options.signal.aborted) {
      await runLoggedPass(sweep).catch((error: unknown) => {
        if (!(error instanceof CustomersError)) throw error;
      });
      sweep.dropWaiting();
      await sleep(options.everyMs, options.signal).catch(() => undefined);
    }
    return sweep.summary(chooseSignalExitCode(options.signal));
  } finally {
    sweep.inbox.close();
  }
}

/** A path that cannot be written is refused at the start; later, failing metrics do not stop the files. */
async function assertMetricsWritable({ metricsFile, dryRun }: SweepOptions): Promise<void> {
  if (metricsFile !== undefined && dryRun !== true) await assertWritable(metricsFile);
}

function chooseSignalExitCode(signal: AbortSignal): ExitCode {
  return signal.reason === 'SIGINT' ? exitCodes.sigint : exitCodes.sigterm;
}

interface Sweep {
  readonly inbox: Inbox;
  readonly pass: Pass;
  readonly options: SweepOptions;
  readonly log: Log;
  readonly reports: FileReport[];
  readonly pruned: string[];
  /** Drops the reports of unsettled files: the summary of a service would otherwise repeat them for every pass. */
  dropWaiting(): void;
  summary(exitCode: ExitCode): SweepSummary;
}

function startSweep(command: 'sweep' | 'watch', options: SweepOptions, log: Log, patienceMs: number): Sweep {
  const { folder, adopt = false, dryRun = false, settleMs, settlePatienceMs } = options;
  const jobs = resolveSweepJobs(resolve(folder), importJobs(options.settings.config), options);
  const stateFolder = resolveSettings(options.settings).stateDir.value;
  const named = jobs.map(({ job }) => nameDestinations(job));
  const warn = (message: string) =>
    log({ level: 'warn', event: 'notice', message, facts: { folder: resolve(folder) } });
  const inbox = openInbox(folder, { stateFolder, adopt, dryRun, named, warn });
  const signal = options.signal ?? new AbortController().signal;
  const startedAt = new Date().toISOString();
  const reports: FileReport[] = [];
  const pruned: string[] = [];
  const logger = createSweepLogger(log);
  const alerts = openJobAlerts({
    ...{ jobs, logger, stateFolder, folder: inbox.folder },
    only: options.job,
    targets: readNotifyTargets(options.settings.config),
    config: options.settings.config,
  });
  log({
    level: 'info',
    event: 'sweep-started',
    message: `${command} of ${inbox.folder}`,
    facts: { folder: inbox.folder },
  });
  return {
    inbox,
    pass: {
      ...{ inbox, jobs, logger, alerts, patienceMs, dryRun, signal },
      ...(settleMs === undefined ? {} : { settleMs }),
      ...(settlePatienceMs === undefined ? {} : { settlePatienceMs }),
      ...(options.job === undefined ? {} : { only: options.job }),
    },
    options,
    log,
    reports,
    pruned,
    dropWaiting() {
      const settled = reports.filter(({ outcome }) => outcome !== 'waits' && outcome !== 'kept');
      reports.splice(0, reports.length, ...settled);
    },
    summary: (exitCode) => ({
      command: options.job === undefined ? command : 'run',
      folder: inbox.folder,
      dryRun,
      exitCode,
      startedAt,
      endedAt: new Date().toISOString(),
      files: reports,
      outcomes: countOutcomes(reports),
      counts: sumCounts(reports),
      api: sumTraffic(reports),
      pruned,
    }),
  };
}

async function runLoggedPass(sweep: Sweep): Promise<ExitCode> {
  const { pass, inbox, options, log } = sweep;
  const reports: FileReport[] = [];
  try {
    await runPass(pass, reports);
    await pruneArchive(sweep);
    inbox.memory.isOutageReported = false;
    const exitCode = await finishPass(sweep, reports, undefined);
    if (options.dryRun !== true) await pass.alerts.conclude(reports, undefined);
    return exitCode;
  } catch (error) {
    if (!(error instanceof CustomersError)) throw error;
    const reason = explainError(error);
    log({ level: 'error', event: 'folder-unusable', message: error.message, facts: { folder: inbox.folder, reason } });
    await notifyOfOutage(sweep, error);
    await finishPass(sweep, reports, error);
    if (options.dryRun !== true) await pass.alerts.conclude(reports, error);
    throw error;
  } finally {
    if (options.dryRun !== true) await saveInboxMemory(inbox);
  }
}

async function finishPass(sweep: Sweep, reports: readonly FileReport[], error: CustomersError | undefined) {
  const { pass, inbox, options, log } = sweep;
  sweep.reports.push(...reports);
  const exitCode = sumExitCodes([...reports.map((report) => report.exitCode), error?.exitCode ?? exitCodes.done]);
  if (options.dryRun === true) return exitCode;
  const endedAtMs = Date.now();
  const tally = findTally(inbox.memory, pass.only);
  if (exitCode === exitCodes.done) tally.lastSuccessMs = endedAtMs;
  addToTotals(tally, reports);
  const facts = { folder: inbox.folder, job: pass.only, reports, exitCode, endedAtMs };
  if (options.metricsFile !== undefined)
    await writePassMetrics(options.metricsFile, tally, pass.jobs, facts).catch((error: unknown) => {
      const { code, message } = explainError(error);
      log({ level: 'error', event: 'metrics-failed', message: `No metrics were written: ${message}`, facts: { code } });
    });
  const isAnyProcessed = reports.some(({ outcome }) => outcome !== 'waits');
  // A service logs only the passes in which it did something.
  if (options.signal === undefined || isAnyProcessed || pass.patienceMs > 0) {
    const message = `${inbox.folder}: ${reports.length} ${reports.length === 1 ? 'file' : 'files'}, exit code ${exitCode}`;
    const outcomes = countOutcomes(reports);
    log({ level: 'info', event: 'sweep-ended', message, facts: { folder: inbox.folder, exitCode, outcomes } });
  }
  return exitCode;
}

async function pruneArchive({ inbox, options, log, pass, pruned }: Sweep): Promise<void> {
  if (options.keepDays === undefined) return;
  const isDryRun = options.dryRun === true;
  const named = pass.jobs.map(({ job }) => nameDestinations(job));
  for (const path of await prune(inbox.folder, options.keepDays, isDryRun, Date.now(), named)) {
    pruned.push(path);
    const message = `${path} is older than ${options.keepDays} days and ${isDryRun ? 'would be' : 'was'} deleted.`;
    log({ level: 'info', event: 'pruned', message, facts: { path } });
  }
}

/** Once per outage: a job that runs every five minutes would otherwise notify all night. */
async function notifyOfOutage({ inbox, pass, options, log }: Sweep, error: CustomersError): Promise<void> {
  if (inbox.memory.isOutageReported === true || options.dryRun === true) return;
  inbox.memory.isOutageReported = true;
  const { folder } = inbox;
  for (const { job } of pass.jobs) {
    const facts = { event: 'folder', folder, job: job.name, exitCode: error.exitCode, reason: explainError(error) };
    for (const failure of await notify(job, false, facts))
      log({ level: 'error', event: 'notify-failed', message: failure, facts: { job: job.name } });
  }
}

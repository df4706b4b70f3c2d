import type { ExportJob } from '#src/config/jobs.js';
import { resolveSettings } from '#src/config/resolve-settings.js';
import type { SettingOptions, Settings } from '#src/config/settings.js';
import { exitCodes } from '#src/errors.js';
import { notify } from '#src/inbox/notify.js';
import { openJobMemory } from '#src/inbox/open-job-memory.js';
import { exportCustomers } from '#src/library/export-customers.js';
import type { Log, LogEntry, SweepEvent } from '#src/library/sweep/sweep-log.js';
import { addExport, writeExportMetrics } from './export-job-metrics.js';
import { exportJobSetUp } from './export-job-set-up.js';
import { type ExportJobSummary, type ExportOutcome, summaryOfExport, summaryOfFailure } from './export-job-summary.js';

export interface ExportJobOptions {
  readonly job: ExportJob;
  /** What the command line says; it comes before the job. */
  readonly settings: SettingOptions;
  /** Where to write metrics for Prometheus. */
  readonly metricsFile?: string;
  /** Ends the export early; its reason is `SIGINT` or `SIGTERM`. */
  readonly signal?: AbortSignal;
}

/**
 * Writes the file of an export job, and tells of it. What goes wrong with the export is in the summary.
 *
 * @throws BusyError when another process is at this job, UsageError when no state folder can be used
 */
export async function runExportJob(options: ExportJobOptions, log: Log): Promise<ExportJobSummary> {
  const { job, metricsFile } = options;
  const held = openJobMemory(stateFolder(options), job.name, job.output);
  try {
    const { summary, settings } = await exportNow(options, log);
    log(entryOf(summary));
    await tell(job, summary, log);
    addExport(held.memory, summary);
    await held.remember();
    if (metricsFile !== undefined) await writeExportMetrics(metricsFile, held.memory, summary, settings);
    return summary;
  } finally {
    held.close();
  }
}

/** A profile that cannot be used is the job's trouble, which somebody must be told of. */
function stateFolder({ job: { profile }, settings }: ExportJobOptions): string {
  try {
    return resolveSettings({ ...(profile === undefined ? {} : { profile }), ...settings }).stateDir.value;
  } catch {
    const { config: _, profile: __, ...rest } = settings;
    return resolveSettings(rest).stateDir.value;
  }
}

interface Exported {
  readonly summary: ExportJobSummary;
  /** Absent when they could not be used. */
  readonly settings?: Settings;
}

async function exportNow({ job, settings: given, signal }: ExportJobOptions, log: Log): Promise<Exported> {
  const startedAt = new Date();
  const facts = { job: job.name };
  let known: Pick<Exported, 'settings'> = {};
  try {
    const { settings, options } = exportJobSetUp(job, given, startedAt);
    known = { settings };
    const message = `${job.name}: export to ${options.file}`;
    log({ level: 'info', event: 'export-started', message, facts: { ...facts, file: options.file } });
    const notice = ({ code, message: text }: { readonly code: string; readonly message: string }) =>
      log({ level: 'warn', event: 'notice', message: `${job.name}: ${text}`, facts: { ...facts, code } });
    const summary = await exportCustomers(settings, signal === undefined ? options : { ...options, signal }, {
      notice,
    });
    return { ...known, summary: summaryOfExport(job.name, summary) };
  } catch (error) {
    // Whatever it was, somebody must hear of it: nobody watches a job at night.
    return { ...known, summary: summaryOfFailure(job.name, startedAt, error) };
  }
}

const tellings = {
  done: { level: 'info', event: 'export-done', words: 'is done' },
  failed: { level: 'error', event: 'export-failed', words: 'has failed' },
  stopped: { level: 'error', event: 'export-failed', words: 'was stopped' },
  busy: { level: 'warn', event: 'export-busy', words: 'could not begin' },
} as const satisfies Readonly<
  Record<ExportOutcome, { readonly level: LogEntry['level']; readonly event: SweepEvent; readonly words: string }>
>;

function entryOf(summary: ExportJobSummary): LogEntry {
  const { job, outcome, output, reason } = summary;
  const { level, event, words } = tellings[outcome];
  const end = reason === null || /[.!?]$/.test(reason.message) ? '' : '.';
  const message = [
    output === null ? `${job} ${words}.` : `${job} ${words}: ${output.rows} customers in ${output.file}.`,
    ...(reason === null ? [] : [`${reason.message}${end}`, ...(reason.nextStep === null ? [] : [reason.nextStep])]),
  ].join(' ');
  return { level, event, message, facts: factsOf(summary) };
}

function factsOf({ job, outcome, exitCode, output, filters, api, reason }: ExportJobSummary) {
  return { job, outcome, exitCode, output, filters, api, reason };
}

/** Before anything is noted, so that a crash tells twice rather than never. A job that was busy is no news. */
async function tell(job: ExportJob, summary: ExportJobSummary, log: Log): Promise<void> {
  if (summary.outcome === 'busy') return;
  const { outcome, exitCode, output, reason } = summary;
  const facts = { event: 'export', job: job.name, file: output?.file ?? null, outcome, exitCode, output, reason };
  for (const problem of await notify(job, exitCode === exitCodes.done, facts))
    log({ level: 'warn', event: 'notify-failed', message: `${job.name}: ${problem}`, facts: { job: job.name } });
}

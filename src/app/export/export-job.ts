import { basename, dirname, join } from 'node:path';
import type { Code } from '#pipelines/codes.js';
import { formatCount } from '#pipelines/format-count.js';
import type { Issue } from '#pipelines/issue.js';
import { suggestNames } from '#pipelines/mapping/nearest-name.js';
import type { AlertSubject } from '#src/alerts/alert-book.js';
import { type ApiSummary, noTraffic } from '#src/app/run-summary.js';
import { describeReason, type Log, type LogEntry, type SweepEvent } from '#src/app/sweep/event-log.js';
import { openJobSubject } from '#src/app/sweep/job-alerts.js';
import { countTokensLeft } from '#src/app/sweep/metrics.js';
import { explainError, type FileReason } from '#src/app/sweep/summary.js';
import type { ExportJob } from '#src/config/jobs.js';
import { readNotifyTargets } from '#src/config/notify-targets.js';
import { resolveSettings } from '#src/config/resolve-settings.js';
import type { SettingOptions, Settings } from '#src/config/settings.js';
import { BusyError, CustomersError, type ExitCode, exitCodes, UsageError } from '#src/errors.js';
import { tableEndings } from '#src/files/begin-table.js';
import { type Memory, openJobMemory } from '#src/inbox/memory.js';
import { type Metric, writeMetrics } from '#src/inbox/metrics-file.js';
import { notify } from '#src/inbox/notify.js';
import {
  type ChangedSince,
  type ExportCustomersOptions,
  type ExportFilters,
  type ExportOutput,
  type ExportSummary,
  exportCustomers,
} from './export-customers.js';
import { parseIsoTime, parseSortOrder, type SortOrder } from './window.js';

/** How an export job can end. */
const exportOutcomes = [
  'done',
  /** There is no file. */
  'failed',
  /** Stopped by a signal; there is no file. */
  'stopped',
  /** Another process is using what the job needs. There is no file, and nothing is wrong. */
  'busy',
] as const;

export type ExportOutcome = (typeof exportOutcomes)[number];

/** The result of an export job; the `--json` document of `run`. */
export interface ExportJobSummary {
  readonly command: 'run';
  readonly job: string;
  readonly outcome: ExportOutcome;
  readonly exitCode: ExitCode;
  /** ISO time, UTC. */
  readonly startedAt: string;
  readonly endedAt: string;
  /** `null` when there is no file. */
  readonly output: ExportOutput | null;
  /** `null` when the export did not get as far as choosing them. */
  readonly filters: ExportFilters | null;
  readonly api: ApiSummary;
  readonly reason: FileReason | null;
}

export interface ExportJobOptions {
  readonly job: ExportJob;
  /** Options of the command line, which override the job. */
  readonly settings: SettingOptions;
  /** Where to write metrics for Prometheus. */
  readonly metricsFile?: string;
  /** Ends the export early; its reason is `SIGINT` or `SIGTERM`. */
  readonly signal?: AbortSignal;
}

/**
 * Writes the file of an export job, logs the result and notifies the job's targets. A failed export does not throw; its
 * reason is in the summary.
 *
 * @throws BusyError when another process is running this job, UsageError when no state folder can be used
 */
export async function runExportJob(options: ExportJobOptions, log: Log): Promise<ExportJobSummary> {
  const { job, metricsFile } = options;
  const stateFolder = resolveStateFolder(options);
  const { config } = options.settings;
  const targets = readNotifyTargets(config);
  const jobMemory = openJobMemory(stateFolder, job.name, job.output);
  try {
    const { summary, settings } = await runExport(options, log);
    log(buildLogEntry(summary));
    await sendNotifications(job, summary, log);
    const subject = openJobSubject({ job, place: job.output, stateFolder, targets, config, settings });
    await alertTargets(subject, summary, log);
    addToTotals(jobMemory.memory, summary);
    await jobMemory.save();
    if (metricsFile !== undefined) await writeExportMetrics(metricsFile, jobMemory.memory, summary, settings);
    return summary;
  } finally {
    jobMemory.close();
  }
}

/** An unusable profile is reported as a failure of the job, so a state folder must be found without it. */
function resolveStateFolder({ job: { profile }, settings }: ExportJobOptions): string {
  try {
    return resolveSettings({ ...(profile === undefined ? {} : { profile }), ...settings }).stateDir.value;
  } catch {
    const { config: _, profile: __, ...rest } = settings;
    return resolveSettings(rest).stateDir.value;
  }
}

interface FinishedExport {
  readonly summary: ExportJobSummary;
  /** Absent when they could not be resolved. */
  readonly settings?: Settings;
}

async function runExport({ job, settings: overrides, signal }: ExportJobOptions, log: Log): Promise<FinishedExport> {
  const startedAt = new Date();
  const { name } = job;
  let resolved: Pick<FinishedExport, 'settings'> = {};
  try {
    const { settings, options } = resolveExportJob(job, overrides, startedAt);
    resolved = { settings };
    const { file } = options;
    log({ level: 'info', event: 'export-started', message: `${name}: export to ${file}`, facts: { job: name, file } });
    const notice = ({ code, message }: Issue) =>
      log({ level: 'warn', event: 'notice', message: `${name}: ${message}`, facts: { job: name, code } });
    const summary = await exportCustomers(settings, signal === undefined ? options : { ...options, signal }, {
      notice,
    });
    return { ...resolved, summary: summariseExport(name, summary) };
  } catch (error) {
    // Nobody watches a job at night, so every error must reach the notifications, bugs included.
    return { ...resolved, summary: summariseFailure(name, startedAt, error) };
  }
}

function summariseExport(job: string, summary: ExportSummary): ExportJobSummary {
  const { exitCode, startedAt, endedAt, output, filters, api, stopped: reason } = summary;
  const outcome = chooseOutcome(exitCode);
  return { command: 'run', job, outcome, exitCode, startedAt, endedAt, output, filters, api, reason };
}

function chooseOutcome(exitCode: ExitCode): ExportOutcome {
  if (exitCode === exitCodes.done) return 'done';
  return exitCode === exitCodes.sigint || exitCode === exitCodes.sigterm ? 'stopped' : 'failed';
}

/** The summary of an export that could not start, or met a bug. */
function summariseFailure(job: string, startedAt: Date, error: unknown): ExportJobSummary {
  const reason = explainError(error);
  return {
    command: 'run',
    job,
    outcome: error instanceof BusyError ? 'busy' : 'failed',
    exitCode: error instanceof CustomersError ? error.exitCode : exitCodes.bug,
    startedAt: startedAt.toISOString(),
    endedAt: new Date().toISOString(),
    output: null,
    filters: null,
    api: noTraffic,
    reason: { ...reason, nextStep: nextStepsForJobs[reason.code] ?? reason.nextStep },
  };
}

/** Replaces advice that names options of `export`, because a job has keys instead. */
const nextStepsForJobs: Readonly<Partial<Record<Code, string>>> = {
  FILE_EXISTS:
    'Nothing was overwritten. Remove the file, add {date} or {time} to the job’s "output", or add "force": true to the job.',
  FORMAT_UNKNOWN: `End the job’s "output" in ${tableEndings}, or add "format" to the job.`,
  FIELD_NEEDS_FULL: 'Add "full": true to the job, which reads the details of every customer, or leave out the field.',
  FIELD_UNKNOWN: 'Correct "fields" in the job; for fields that are only in the details, add "full": true.',
};

const outcomeEvents = {
  done: { level: 'info', event: 'export-done', phrase: 'is done' },
  failed: { level: 'error', event: 'export-failed', phrase: 'has failed' },
  stopped: { level: 'error', event: 'export-failed', phrase: 'was stopped' },
  busy: { level: 'warn', event: 'export-busy', phrase: 'could not start' },
} as const satisfies Readonly<
  Record<ExportOutcome, { readonly level: LogEntry['level']; readonly event: SweepEvent; readonly phrase: string }>
>;

function buildLogEntry({ job, outcome, exitCode, output, filters, api, reason }: ExportJobSummary): LogEntry {
  const { level, event, phrase } = outcomeEvents[outcome];
  const result = output === null ? '.' : `: ${formatCount(output.rows, 'customer')} in ${output.file}.`;
  return {
    level,
    event,
    message: [`${job} ${phrase}${result}`, ...(reason === null ? [] : [describeReason(reason)])].join(' '),
    facts: { job, outcome, exitCode, output, filters, api, reason },
  };
}

/** Sent before the totals are saved: after a crash, a second notification is better than none. */
async function sendNotifications(job: ExportJob, summary: ExportJobSummary, log: Log): Promise<void> {
  const { outcome, exitCode, output, reason } = summary;
  if (outcome === 'busy') return;
  const facts = { event: 'export', job: job.name, file: output?.file ?? null, outcome, exitCode, output, reason };
  for (const failure of await notify(job, exitCode === exitCodes.done, facts))
    log({ level: 'error', event: 'notify-failed', message: `${job.name}: ${failure}`, facts: { job: job.name } });
}

async function alertTargets(subject: AlertSubject | undefined, summary: ExportJobSummary, log: Log): Promise<void> {
  const { job, outcome, exitCode, output, reason } = summary;
  if (outcome === 'busy' || subject === undefined) return;
  const { message: text } = buildLogEntry(summary);
  const facts = { job, outcome, exitCode, output, reason };
  const isDone = exitCode === exitCodes.done;
  const code = isDone ? null : (reason?.code ?? `exit code ${exitCode}`);
  for (const failure of await subject.conclude([{ reason: code, text, came: isDone, facts }], Date.now(), true))
    log({ level: 'error', event: 'notify-failed', message: `${job}: ${failure}`, facts: { job } });
}

interface ResolvedExportJob {
  readonly settings: Settings;
  readonly options: ExportCustomersOptions;
}

/** @throws UsageError naming the key of the job that cannot be used */
function resolveExportJob(job: ExportJob, overrides: SettingOptions, now: Date): ResolvedExportJob {
  const { profile, mapping, name, output, active, changedSince, sort } = job;
  const { format, fields, full, pageSize, mirror, formulas, bom, force } = job;
  const settings = resolveSettings({
    ...(profile === undefined ? {} : { profile }),
    ...(mapping === undefined ? {} : { mapping }),
    ...overrides,
  });
  const options = {
    file: fillPlaceholders(name, output, now),
    ...{ format, fields, full, pageSize, mirror, formulas, bom, force },
    activeOnly: active,
    changedSince: changedSince === undefined ? undefined : parseChangedSince(name, changedSince),
    sort: sort === undefined ? undefined : parseSort(name, sort),
  };
  const defined = Object.entries(options).filter(([, value]) => value !== undefined);
  return { settings, options: Object.fromEntries(defined) as unknown as ExportCustomersOptions };
}

/** Each job has its own watermark, which has the name of the job. */
function parseChangedSince(job: string, text: string): ChangedSince {
  if (text === 'last') return { last: job };
  const time = parseIsoTime(text);
  if (time !== undefined) return time;
  const expected = '"last", or an ISO time with its zone, e.g. "2026-11-24T09:00:00Z"';
  throw createJobError(`The job ${job}: "changedSince": "${text}" is not valid.`, `It must be ${expected}.`);
}

function parseSort(job: string, text: string): SortOrder {
  const sort = parseSortOrder(text);
  if (sort !== undefined) return sort;
  const expected = 'a field, with :desc for descending order, e.g. "customerName:desc"';
  throw createJobError(`The job ${job}: "sort": "${text}" is not valid.`, `It must be ${expected}.`);
}

/** In local time, like crontab: people look for the file of "last night". */
const placeholders = {
  date: (time: Date) => `${formatMonth(time)}-${twoDigits(time.getDate())}`,
  month: formatMonth,
  time: (time: Date) => `${twoDigits(time.getHours())}${twoDigits(time.getMinutes())}${twoDigits(time.getSeconds())}`,
} as const satisfies Readonly<Record<string, (time: Date) => string>>;

function formatMonth(time: Date): string {
  return `${time.getFullYear()}-${twoDigits(time.getMonth() + 1)}`;
}

function twoDigits(part: number): string {
  return String(part).padStart(2, '0');
}

/**
 * Fills in `{date}`, `{month}` and `{time}` in the name of the output file.
 *
 * @throws UsageError for an unknown placeholder, or for one in the folder: folders are never created, since a missing
 *   one may be a share that is not mounted
 */
function fillPlaceholders(job: string, output: string, now: Date): string {
  const folder = dirname(output);
  if (/\{\w+\}/.test(folder))
    throw createJobError(
      `The output of the job ${job}, ${output}, has a placeholder in its folder.`,
      'Move the placeholder to the file name.',
    );
  const name = basename(output).replaceAll(/\{(\w*)\}/g, (_, word: string) => {
    if (Object.hasOwn(placeholders, word)) return placeholders[word as keyof typeof placeholders](now);
    throw createJobError(
      `The output of the job ${job}, ${output}, has an unknown placeholder {${word}}: ${suggestNames(word, Object.keys(placeholders))}`,
      'Correct it; {date}, {month} and {time} are replaced by the current time.',
    );
  });
  return join(folder, name);
}

function createJobError(message: string, nextStep: string): UsageError {
  return new UsageError(message, { code: 'CONFIG_FILE', nextStep });
}

/** Adds an export to the totals, which outlive the process: a Prometheus counter must never decrease. */
function addToTotals(memory: Memory, { outcome, endedAt, api }: ExportJobSummary): void {
  const add = (name: string, amount: number) => {
    memory.totals[name] = (memory.totals[name] ?? 0) + amount;
  };
  for (const possible of exportOutcomes) add(`exports ${possible}`, possible === outcome ? 1 : 0);
  for (const [name, amount] of Object.entries(api)) add(`api ${name}`, amount);
  if (outcome === 'done') memory.lastSuccessMs = Date.parse(endedAt);
}

/**
 * Writes the metrics of an export job. Their names differ from those of a drop folder, because the collector reads the
 * files of all jobs together and rejects a metric that appears twice.
 *
 * @param settings - absent when they could not be resolved
 */
async function writeExportMetrics(
  path: string,
  memory: Memory,
  summary: ExportJobSummary,
  settings: Settings | undefined,
): Promise<void> {
  const { job, exitCode, endedAt, output } = summary;
  const metric = (name: string, help: string, value: number | undefined, type: Metric['type'] = 'gauge'): Metric => ({
    name: `mypos_customers_export_${name}`,
    help,
    type,
    values: value === undefined ? [] : [{ labels: { job }, value }],
  });
  const total = (key: string) => memory.totals[key] ?? 0;
  const lastSuccess = memory.lastSuccessMs === undefined ? undefined : memory.lastSuccessMs / 1000;
  const tokens = settings === undefined ? undefined : countTokensLeft(settings, Date.now());
  await writeMetrics(path, [
    metric('last_run_timestamp_seconds', 'End of the last export of the job.', Date.parse(endedAt) / 1000),
    metric('last_success_timestamp_seconds', 'End of the last export that delivered a file.', lastSuccess),
    metric('last_exit_code', 'Exit code of the last export; 0 means success.', exitCode),
    metric('last_rows', 'Customers in the file of the last export.', output?.rows),
    metric('last_size_bytes', 'Size of the file of the last export.', output?.sizeBytes),
    {
      ...metric('runs_total', 'Exports, by outcome.', undefined, 'counter'),
      values: exportOutcomes.map((outcome) => ({ labels: { job, outcome }, value: total(`exports ${outcome}`) })),
    },
    metric('api_requests_total', 'Requests sent to the API.', total('api requests'), 'counter'),
    metric('api_retries_total', 'Requests that were repeated.', total('api retries'), 'counter'),
    metric('api_rate_limited_total', 'Answers that asked for a pause.', total('api rateLimited'), 'counter'),
    metric('tokens_left', 'Access tokens left in this UTC day.', tokens),
  ]);
}

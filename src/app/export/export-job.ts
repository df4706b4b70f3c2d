import { basename, dirname, join } from 'node:path';
import { suggestNames } from '#pipelines/mapping/nearest-name.js';
import { tokensPerDay } from '#src/api/token-store.js';
import { resolveTenant } from '#src/app/connect.js';
import { type ApiSummary, noTraffic } from '#src/app/run-summary.js';
import type { Log, LogEntry, SweepEvent } from '#src/app/sweep/event-log.js';
import { explainError, type FileReason } from '#src/app/sweep/summary.js';
import type { ExportJob } from '#src/config/jobs.js';
import { resolveSettings } from '#src/config/resolve-settings.js';
import type { SettingOptions, Settings } from '#src/config/settings.js';
import { BusyError, CustomersError, type ExitCode, exitCodes, UsageError } from '#src/errors.js';
import { type Memory, openJobMemory } from '#src/inbox/memory.js';
import { type Metric, writeMetrics } from '#src/inbox/metrics-file.js';
import { notify } from '#src/inbox/notify.js';
import { openLedger } from '#src/ledger/open-ledger.js';
import {
  type ChangedSince,
  type ExportCustomersOptions,
  type ExportFilters,
  type ExportOutput,
  type ExportSummary,
  exportCustomers,
} from './export-customers.js';
import { parseIsoTime, parseSortOrder } from './window.js';

/** What became of an export. */
const exportOutcomes = [
  'done',
  /** There is no file. */
  'failed',
  /** By a signal; there is no file. */
  'stopped',
  /** Another process has what it needs; there is no file, and nothing is wrong. */
  'busy',
] as const;

export type ExportOutcome = (typeof exportOutcomes)[number];

/** What an export job has done; the `--json` document of `run`. */
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
  /** `null` when it ended before it was known what to ask for. */
  readonly filters: ExportFilters | null;
  readonly api: ApiSummary;
  readonly reason: FileReason | null;
}

function summariseExport(job: string, summary: ExportSummary): ExportJobSummary {
  const { exitCode, startedAt, endedAt, output, filters, api, stopped } = summary;
  return {
    ...{ command: 'run', job, outcome: chooseOutcome(exitCode), exitCode, startedAt, endedAt, output, filters, api },
    reason: stopped === null ? null : { ...stopped, nextStep: stopped.nextStep ?? null },
  };
}

function chooseOutcome(exitCode: ExitCode): ExportOutcome {
  if (exitCode === exitCodes.done) return 'done';
  return exitCode === exitCodes.sigint || exitCode === exitCodes.sigterm ? 'stopped' : 'failed';
}

/** Of one that could not begin, or that a bug has ended. */
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

/** The export's own advice names options, and a job has keys. */
const nextStepsForJobs: Readonly<Record<string, string>> = {
  FILE_EXISTS:
    'Nothing was overwritten. Take the file away, write {date} or {time} into the job’s "output", or let the job say "force": true.',
  FORMAT_UNKNOWN: 'Let the job’s "output" end in .csv, .xlsx or .ndjson, or add "format" to the job.',
  FIELD_NEEDS_FULL: 'Add "full": true to the job, which asks for every customer once more, or leave the field out.',
  FIELD_UNKNOWN: 'Correct "fields" of the job; for fields that only details have, add "full": true.',
};

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
  const held = openJobMemory(resolveStateFolder(options), job.name, job.output);
  try {
    const { summary, settings } = await runExport(options, log);
    log(buildLogEntry(summary));
    await notifyOfExport(job, summary, log);
    countExport(held.memory, summary);
    await held.save();
    if (metricsFile !== undefined) await writeExportMetrics(metricsFile, held.memory, summary, settings);
    return summary;
  } finally {
    held.close();
  }
}

/** A profile that cannot be used is the job's trouble, which somebody must be told of. */
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
  /** Absent when they could not be used. */
  readonly settings?: Settings;
}

async function runExport({ job, settings: given, signal }: ExportJobOptions, log: Log): Promise<FinishedExport> {
  const startedAt = new Date();
  const facts = { job: job.name };
  let known: Pick<FinishedExport, 'settings'> = {};
  try {
    const { settings, options } = resolveExportJob(job, given, startedAt);
    known = { settings };
    const message = `${job.name}: export to ${options.file}`;
    log({ level: 'info', event: 'export-started', message, facts: { ...facts, file: options.file } });
    const notice = ({ code, message: text }: { readonly code: string; readonly message: string }) =>
      log({ level: 'warn', event: 'notice', message: `${job.name}: ${text}`, facts: { ...facts, code } });
    const summary = await exportCustomers(settings, signal === undefined ? options : { ...options, signal }, {
      notice,
    });
    return { ...known, summary: summariseExport(job.name, summary) };
  } catch (error) {
    // Whatever it was, somebody must hear of it: nobody watches a job at night.
    return { ...known, summary: summariseFailure(job.name, startedAt, error) };
  }
}

const outcomeEvents = {
  done: { level: 'info', event: 'export-done', words: 'is done' },
  failed: { level: 'error', event: 'export-failed', words: 'has failed' },
  stopped: { level: 'error', event: 'export-failed', words: 'was stopped' },
  busy: { level: 'warn', event: 'export-busy', words: 'could not begin' },
} as const satisfies Readonly<
  Record<ExportOutcome, { readonly level: LogEntry['level']; readonly event: SweepEvent; readonly words: string }>
>;

function buildLogEntry(summary: ExportJobSummary): LogEntry {
  const { job, outcome, output, reason } = summary;
  const { level, event, words } = outcomeEvents[outcome];
  const end = reason === null || /[.!?]$/.test(reason.message) ? '' : '.';
  const message = [
    output === null ? `${job} ${words}.` : `${job} ${words}: ${output.rows} customers in ${output.file}.`,
    ...(reason === null ? [] : [`${reason.message}${end}`, ...(reason.nextStep === null ? [] : [reason.nextStep])]),
  ].join(' ');
  return { level, event, message, facts: buildFacts(summary) };
}

function buildFacts({ job, outcome, exitCode, output, filters, api, reason }: ExportJobSummary) {
  return { job, outcome, exitCode, output, filters, api, reason };
}

/** Before anything is noted, so that a crash tells twice rather than never. A job that was busy is no news. */
async function notifyOfExport(job: ExportJob, summary: ExportJobSummary, log: Log): Promise<void> {
  if (summary.outcome === 'busy') return;
  const { outcome, exitCode, output, reason } = summary;
  const facts = { event: 'export', job: job.name, file: output?.file ?? null, outcome, exitCode, output, reason };
  for (const problem of await notify(job, exitCode === exitCodes.done, facts))
    log({ level: 'warn', event: 'notify-failed', message: `${job.name}: ${problem}`, facts: { job: job.name } });
}

/** An export as its job wants it now. */
interface ExportJobSetup {
  readonly settings: Settings;
  readonly options: ExportCustomersOptions;
}

/** @throws UsageError naming the job's key that cannot be used */
function resolveExportJob(job: ExportJob, given: SettingOptions, now: Date): ExportJobSetup {
  const { profile, mapping, name, output, active, changedSince, sort } = job;
  const { format, fields, full, pageSize, mirror, formulas, bom, force } = job;
  const settings = resolveSettings({
    ...(profile === undefined ? {} : { profile }),
    ...(mapping === undefined ? {} : { mapping }),
    ...given,
  });
  const options = {
    file: fillOutputName(name, output, now),
    ...{ format, fields, full, pageSize, mirror, formulas, bom, force },
    activeOnly: active,
    changedSince: changedSince === undefined ? undefined : parseChangedSince(name, changedSince),
    sort: sort === undefined ? undefined : parseJobSort(name, sort),
  };
  const said = Object.entries(options).filter(([, value]) => value !== undefined);
  return { settings, options: Object.fromEntries(said) as unknown as ExportCustomersOptions };
}

/** Each job has a watermark of its own, under its name. */
function parseChangedSince(name: string, text: string): ChangedSince {
  if (text === 'last') return { last: name };
  const at = parseIsoTime(text);
  if (at !== undefined) return at;
  throw createJobValueError(
    name,
    'changedSince',
    text,
    '"last", or an ISO time with its zone, e.g. "2026-11-24T09:00:00Z"',
  );
}

function parseJobSort(name: string, text: string) {
  const found = parseSortOrder(text);
  if (found !== undefined) return found;
  throw createJobValueError(name, 'sort', text, 'a field, with :desc for the reverse, e.g. "customerName:desc"');
}

function createJobValueError(name: string, key: string, text: string, expected: string): UsageError {
  return new UsageError(`The job ${name} says ${key} "${text}".`, {
    code: 'CONFIG_FILE',
    nextStep: `It must be ${expected}.`,
  });
}

const twoDigits = (part: number) => String(part).padStart(2, '0');
const formatMonth = (at: Date) => `${at.getFullYear()}-${twoDigits(at.getMonth() + 1)}`;

/** By the clock and time zone of this machine, as cron has them: people look for the file of "last night". */
const placeholders = {
  date: (at: Date) => `${formatMonth(at)}-${twoDigits(at.getDate())}`,
  month: formatMonth,
  time: (at: Date) => `${twoDigits(at.getHours())}${twoDigits(at.getMinutes())}${twoDigits(at.getSeconds())}`,
} as const satisfies Readonly<Record<string, (at: Date) => string>>;

/**
 * The file that a job writes at a moment: `{date}`, `{month}` and `{time}` of its name filled in.
 *
 * @throws UsageError for a placeholder that there is not, or one in a folder's name: no folder is made here, since a
 *   missing one may be a share that is not mounted
 */
function fillOutputName(job: string, output: string, at: Date): string {
  const folder = dirname(output);
  if (/\{\w+\}/.test(folder))
    throw createOutputNameError(
      `The job ${job} has a placeholder in the folder of its output, ${output}.`,
      'Write it into the name.',
    );
  const name = basename(output).replaceAll(/\{(\w*)\}/g, (_, word: string) => {
    if (Object.hasOwn(placeholders, word)) return placeholders[word as keyof typeof placeholders](at);
    throw createOutputNameError(
      `The job ${job} has the output ${output}, and {${word}} is not known: ${suggestNames(word, Object.keys(placeholders))}`,
      'Correct it; {date}, {month} and {time} stand for the moment.',
    );
  });
  return join(folder, name);
}

function createOutputNameError(message: string, nextStep: string): UsageError {
  return new UsageError(message, { code: 'CONFIG_FILE', nextStep });
}

/** Adds an export to what is counted since the beginning: a counter must never go back, although each is a process. */
function countExport(memory: Memory, { outcome, endedAt, api }: ExportJobSummary): void {
  const add = (name: string, amount: number) => {
    memory.totals[name] = (memory.totals[name] ?? 0) + amount;
  };
  for (const one of exportOutcomes) add(`exports ${one}`, one === outcome ? 1 : 0);
  for (const [name, amount] of Object.entries(api)) add(`api ${name}`, amount);
  if (outcome === 'done') memory.lastSuccessMs = Date.parse(endedAt);
}

/**
 * Writes the metrics of an export job. Their names differ from those of a drop folder: the collector reads the files
 * of all jobs together, and refuses a metric that comes twice.
 *
 * @param settings - absent when they could not be used
 */
async function writeExportMetrics(
  path: string,
  memory: Memory,
  summary: ExportJobSummary,
  settings: Settings | undefined,
): Promise<void> {
  const { job, exitCode, endedAt, output } = summary;
  const one = (name: string, help: string, value: number | undefined, type: Metric['type'] = 'gauge'): Metric => ({
    name: `mypos_customers_export_${name}`,
    help,
    type,
    values: value === undefined ? [] : [{ labels: { job }, value }],
  });
  const total = (key: string) => memory.totals[key] ?? 0;
  await writeMetrics(path, [
    one('last_run_timestamp_seconds', 'End of the last export of the job.', Date.parse(endedAt) / 1000),
    one('last_success_timestamp_seconds', 'End of the last export that has a file.', toSeconds(memory.lastSuccessMs)),
    one('last_exit_code', 'Exit code of the last export; 0 is well.', exitCode),
    one('last_rows', 'Customers in the file of this export.', output?.rows),
    one('last_size_bytes', 'Size of the file of this export.', output?.sizeBytes),
    {
      ...one('runs_total', 'Exports, by what became of them.', undefined, 'counter'),
      values: exportOutcomes.map((outcome) => ({ labels: { job, outcome }, value: total(`exports ${outcome}`) })),
    },
    one('api_requests_total', 'Requests sent to the API.', total('api requests'), 'counter'),
    one('api_retries_total', 'Requests that were sent again.', total('api retries'), 'counter'),
    one('api_rate_limited_total', 'Answers that asked to wait.', total('api rateLimited'), 'counter'),
    one('tokens_left', 'Access tokens that may still be asked for in this UTC day.', countTokensLeft(settings)),
  ]);
}

function toSeconds(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : ms / 1000;
}

function countTokensLeft(settings: Settings | undefined): number | undefined {
  if (settings === undefined) return undefined;
  const ledger = openLedger(settings.stateDir.value, resolveTenant(settings));
  try {
    return Math.max(0, tokensPerDay.hard - ledger.tokens.usedToday(Date.now()));
  } finally {
    ledger.close();
  }
}

import { appendFileSync } from 'node:fs';
import type { Argv } from 'yargs';
import { modes } from '#pipelines/mapping/mapping.js';
import { showJson, showLine } from '#pipelines/visible-text.js';
import type { Log, LogEntry } from '#src/app/sweep/event-log.js';
import type { SweepSummary } from '#src/app/sweep/summary.js';
import type { SweepOptions } from '#src/app/sweep/sweep-folder.js';
import { defineCommand, stopOnSignals } from '#src/cli/command.js';
import {
  mappingOption,
  omitUndefined,
  parsePatience,
  parseSecondsAsMs,
  type SettingArguments,
  settingOptions,
  settleOptions,
  toSettingOptions,
} from '#src/cli/options.js';
import { renderExportJob, renderSweep } from '#src/cli/render/jobs.js';
import type { Reporter } from '#src/cli/reporter.js';
import { type ExportJob, findJob, type ImportJob } from '#src/config/jobs.js';
import { BusyError, type ExitCode, exitCodes, UsageError } from '#src/errors.js';

const logFormats = ['text', 'json'] as const;

interface LogOptions {
  readonly format: (typeof logFormats)[number];
  /** @default standard error */
  readonly file: string | undefined;
}

/**
 * Logs events, a line each: to standard error, or to a file; then standard error has the errors only, which is what
 * cron should send by mail.
 *
 * @throws UsageError when the file cannot be written
 */
function createEventLog(choice: LogOptions, reporter: Reporter): Log {
  if (choice.file !== undefined) append(choice.file, '');
  return (entry) => {
    const line = choice.format === 'json' ? jsonLine(entry, new Date()) : textLine(entry, new Date());
    const isKept = choice.file !== undefined && tryAppend(choice.file, `${line}\n`);
    if (!isKept || entry.level === 'error') printEntry(entry, choice, line, reporter);
  };
}

function printEntry(entry: LogEntry, choice: LogOptions, line: string, reporter: Reporter): void {
  if (choice.format === 'json' && choice.file === undefined)
    if (entry.level === 'error') reporter.error(line);
    else reporter.info(line);
  else if (entry.level === 'error') reporter.error(`Error: ${entry.message}`);
  else if (entry.level === 'warn') reporter.warn(entry.message);
  else reporter.info(entry.message);
}

function jsonLine({ level, event, message, facts }: LogEntry, now: Date): string {
  return showJson(JSON.stringify({ time: now.toISOString(), level, event, message, ...facts }));
}

function textLine({ level, event, message }: LogEntry, now: Date): string {
  // An error of several lines stays one entry.
  return showLine(`${now.toISOString()} ${level.padEnd(5)} ${event}: ${message.replaceAll('\n', ' | ')}`);
}

/** A line that the file cannot take goes to standard error: a full disk of logs must not stop imports. */
function tryAppend(path: string, text: string): boolean {
  try {
    append(path, text);
    return true;
  } catch {
    return false;
  }
}

/** Opened again for every line, so that a log can be rotated at any time. */
function append(path: string, text: string): void {
  try {
    // Names of files and customers are in it.
    appendFileSync(path, text, { mode: 0o600 });
  } catch (cause) {
    const why = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
    throw new UsageError(`The log file ${path} cannot be written (${why}).`, {
      code: 'CANNOT_WRITE',
      nextStep: 'Choose an existing folder that this user may write to.',
      cause,
    });
  }
}

const text = { type: 'string', requiresArg: true } as const;

/** What all commands that work through a drop folder take. */
function sweepOptions<T>(yargs: Argv<T>) {
  return mappingOption(settingOptions(yargs))
    .option('mode', {
      choices: modes,
      describe: 'What to do with each row (default: the mode of the job, otherwise of the mapping)',
    })
    .option('quiet-for', { ...text, describe: 'Seconds for which a file must stay unchanged (default 4)' })
    .option('max-wait', { ...text, describe: 'Minutes after which a file that is not ready is an error (default 60)' })
    .options(settleOptions)
    .option('keep-days', { ...text, describe: 'Delete files from done/ and duplicate/ after this many days' })
    .option('adopt', {
      type: 'boolean',
      default: false,
      describe: 'Accept this folder although its marker is missing or belongs to another folder',
    })
    .option('log-format', {
      choices: logFormats,
      default: 'text' as const,
      describe: 'text, or json: one object per line',
    })
    .option('log-file', { ...text, describe: 'Append the log to a file; only errors then go to standard error' })
    .option('metrics-file', { ...text, describe: 'Write metrics for the Prometheus textfile collector (.prom)' });
}

interface LogArguments {
  readonly logFormat: (typeof logFormats)[number];
  readonly logFile?: string | undefined;
}

/** As yargs hands them over. */
interface SweepArguments extends SettingArguments, LogArguments {
  readonly mode?: (typeof modes)[number] | undefined;
  readonly quietFor?: string | undefined;
  readonly maxWait?: string | undefined;
  readonly settle?: string | undefined;
  readonly patience?: string | undefined;
  readonly keepDays?: string | undefined;
  readonly adopt: boolean;
  readonly dryRun?: boolean | undefined;
  readonly metricsFile?: string | undefined;
}

const minuteInSeconds = 60;

/** @throws UsageError naming the option */
function toSweepOptions(args: SweepArguments, folder: string): SweepOptions {
  const maxWait = parseSecondsAsMs('max-wait', args.maxWait);
  return {
    folder,
    settings: toSettingOptions(args),
    adopt: args.adopt,
    dryRun: args.dryRun === true,
    ...omitUndefined({
      mode: args.mode,
      quietMs: parseSecondsAsMs('quiet-for', args.quietFor),
      maxWaitMs: maxWait === undefined ? undefined : maxWait * minuteInSeconds,
      settleMs: parseSecondsAsMs('settle', args.settle),
      settlePatienceMs: parsePatience(args.patience, false),
      keepDays: parseDays(args.keepDays),
      metricsFile: args.metricsFile,
    }),
  };
}

function parseDays(value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  if (/^\d{1,5}$/.test(value)) return Number(value);
  throw new UsageError(`--keep-days "${value}" is not a whole number of days.`, {
    code: 'OPTION_VALUE',
    nextStep: 'For example: --keep-days 90',
  });
}

/** Runs a sweep or a watch with its log, and prints what came of it. */
function runSweep(
  args: LogArguments,
  reporter: Reporter,
  work: (log: Log, signal: AbortSignal) => Promise<SweepSummary>,
): Promise<ExitCode> {
  return runLogged(args, reporter, work, renderSweep);
}

/** Does the work of a job with its log, and prints what came of it. A busy job is not an error. */
async function runLogged<T extends { readonly exitCode: ExitCode }>(
  args: LogArguments,
  reporter: Reporter,
  work: (log: Log, signal: AbortSignal) => Promise<T>,
  render: (summary: T, isQuiet: boolean) => string,
): Promise<ExitCode> {
  const log = createEventLog({ format: args.logFormat, file: args.logFile }, reporter);
  const signals = stopOnSignals(reporter);
  try {
    const summary = await work(log, signals.signal);
    await reporter.result(render(summary, reporter.quiet), summary);
    return summary.exitCode;
  } catch (error) {
    if (!(error instanceof BusyError) || !expectedBusyCodes.has(error.code)) throw error;
    if (reporter.verbose) reporter.info(error.message);
    const { code, message, exitCode } = error;
    await reporter.result('', { exitCode, error: { code, message, nextStep: error.nextStep ?? null } });
    return exitCodes.busy;
  } finally {
    signals.release();
  }
}

const expectedBusyCodes: ReadonlySet<string> = new Set(['INBOX_BUSY', 'JOB_BUSY']);

/** Runs jobs; an error in the configuration file is alerted, since no job can do that. */
async function withConfigurationAlerts(
  args: SweepArguments,
  reporter: Reporter,
  job: string | undefined,
  work: () => Promise<ExitCode>,
): Promise<ExitCode> {
  if (args.dryRun === true) return work();
  const { alertOfConfiguration } = await import('#src/app/alerts/command-alerts.js');
  return alertOfConfiguration(toSettingOptions(args), job, (failure) => reporter.error(`Error: ${failure}`), work);
}

/** Runs an export job with its log, and prints what came of it. */
function runExport(args: SweepArguments, reporter: Reporter, job: ExportJob): Promise<ExitCode> {
  rejectSweepOptions(args, job);
  return runLogged(
    args,
    reporter,
    async (log, signal) => {
      const { runExportJob } = await import('#src/app/export/export-job.js');
      const settings = toSettingOptions(args);
      return runExportJob({ job, settings, signal, ...omitUndefined({ metricsFile: args.metricsFile }) }, log);
    },
    renderExportJob,
  );
}

/** What only makes sense for a drop folder must not be given in vain. */
function rejectSweepOptions(args: SweepArguments, { name }: ExportJob): void {
  const { mode, quietFor, maxWait, settle, patience, keepDays, adopt, dryRun } = args;
  const foreign = Object.entries({
    mode,
    'quiet-for': quietFor,
    'max-wait': maxWait,
    settle,
    patience,
    'keep-days': keepDays,
    adopt: adopt || undefined,
    'dry-run': dryRun === true || undefined,
  }).find(([, value]) => value !== undefined);
  if (foreign === undefined) return;
  throw new UsageError(`--${foreign[0]} is for drop folders, but ${name} is an export job.`, {
    code: 'USAGE',
    nextStep: 'Leave it out.',
  });
}

export const sweepCommand = defineCommand({
  command: 'sweep <folder>',
  describe: 'Import the files dropped in a folder, once (for cron)',
  examples: [
    ['$0 sweep /srv/drop', 'import the files that are ready'],
    [
      '$0 sweep /srv/drop --dry-run --keep-days 90',
      'show what would be imported, what is waiting and why, and what would be deleted',
    ],
  ],
  options: (yargs) =>
    sweepOptions(yargs)
      .positional('folder', { type: 'string', demandOption: true, describe: 'The drop folder' })
      .option('dry-run', { type: 'boolean', default: false, describe: 'Only show what would be done' }),
  run: (args, reporter) =>
    withConfigurationAlerts(args, reporter, undefined, () =>
      runSweep(args, reporter, async (log, signal) => {
        const { sweepFolder } = await import('#src/app/sweep/sweep-folder.js');
        return sweepFolder({ ...toSweepOptions(args, args.folder), signal }, log);
      }),
    ),
});

const defaultIntervalMs = 10_000;

export const watchCommand = defineCommand({
  command: 'watch <folder>',
  describe: 'Import the files dropped in a folder, until stopped (a service)',
  examples: [['$0 watch /srv/drop --every 30', 'check every half minute']],
  options: (yargs) =>
    sweepOptions(yargs)
      .positional('folder', { type: 'string', demandOption: true, describe: 'The drop folder' })
      .option('every', {
        type: 'string',
        requiresArg: true,
        describe: 'Seconds between checks of the folder (default 10)',
      }),
  run: (args, reporter) =>
    withConfigurationAlerts(args, reporter, undefined, () =>
      runSweep(args, reporter, async (log, signal) => {
        const { watchFolder } = await import('#src/app/sweep/sweep-folder.js');
        const everyMs = parseSecondsAsMs('every', args.every) ?? defaultIntervalMs;
        return watchFolder({ ...toSweepOptions(args, args.folder), everyMs, signal }, log);
      }),
    ),
});

export const runCommand = defineCommand({
  command: 'run <job>',
  describe: 'Run a job of the configuration file, once (for cron)',
  examples: [
    ['$0 run nightly --config /etc/mypos-customers.json', 'sweep the folder of the job "nightly"'],
    ['$0 run to-warehouse --quiet', 'write the file of the export job "to-warehouse"'],
  ],
  options: (yargs) =>
    sweepOptions(yargs)
      .positional('job', { type: 'string', demandOption: true, describe: 'Name of the job' })
      .option('dry-run', { type: 'boolean', default: false, describe: 'Only show what would be done' }),
  run: (args, reporter) =>
    withConfigurationAlerts(args, reporter, args.job, async () => {
      const job = findJob(args.config, args.job);
      if (job.kind === 'export') return runExport(args, reporter, job);
      const folder = requireFolder(job);
      return runSweep(args, reporter, async (log, signal) => {
        const { sweepFolder } = await import('#src/app/sweep/sweep-folder.js');
        return sweepFolder({ ...toSweepOptions(args, folder), job: job.name, signal }, log);
      });
    }),
});

function requireFolder({ name, folder }: ImportJob): string {
  if (folder !== undefined) return folder;
  throw new UsageError(`The job ${name} has no folder.`, {
    code: 'JOB_WITHOUT_FOLDER',
    nextStep: `Add "folder" to it, or use: mypos-customers sweep <folder>`,
  });
}

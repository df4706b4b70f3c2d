import type { Argv } from 'yargs';
import { modes } from '#pipelines/mapping/mapping.js';
import { BusyError, type ExitCode, exitCodes, UsageError } from '#src/errors.js';
import type { SweepOptions } from '#src/library/sweep/sweep-folder.js';
import type { Log } from '#src/library/sweep/sweep-log.js';
import type { SweepSummary } from '#src/library/sweep/sweep-summary.js';
import { mappingOption, present, type SettingArguments, settingOptions, toSettingOptions } from './common-options.js';
import { createEventLog, logFormats } from './event-log.js';
import { seconds } from './option-values.js';
import { renderSweep } from './render-sweep.js';
import type { Reporter } from './reporter.js';
import { stopOnSignals } from './stop-signals.js';

const text = { type: 'string', requiresArg: true } as const;

/** What all commands that work through a drop folder take. */
export function sweepOptions<T>(yargs: Argv<T>) {
  return mappingOption(settingOptions(yargs))
    .option('mode', { choices: modes, describe: 'What to do with each row (default: the job’s, else the mapping’s)' })
    .option('quiet-for', { ...text, describe: 'Seconds for which a file must stay unchanged (default 4)' })
    .option('max-wait', { ...text, describe: 'Minutes after which a file that is not ready is an error (default 60)' })
    .option('settle', { ...text, describe: 'Seconds before a lost add counts as never made (default 10)' })
    .option('keep-days', { ...text, describe: 'Delete files from done/ and duplicate/ after so many days' })
    .option('adopt', {
      type: 'boolean',
      default: false,
      describe: 'Take the folder although it is not the one that was swept before',
    })
    .option('log-format', { choices: logFormats, default: 'text' as const, describe: 'json: one object a line' })
    .option('log-file', { ...text, describe: 'Append the log to a file; standard error then has errors only' })
    .option('metrics-file', { ...text, describe: 'Write metrics for the textfile collector of Prometheus (.prom)' });
}

export interface LogArguments {
  readonly logFormat: (typeof logFormats)[number];
  readonly logFile?: string | undefined;
}

/** As yargs hands them over. */
export interface SweepArguments extends SettingArguments, LogArguments {
  readonly mode?: (typeof modes)[number] | undefined;
  readonly quietFor?: string | undefined;
  readonly maxWait?: string | undefined;
  readonly settle?: string | undefined;
  readonly keepDays?: string | undefined;
  readonly adopt: boolean;
  readonly dryRun?: boolean | undefined;
  readonly metricsFile?: string | undefined;
}

const minuteInSeconds = 60;

/** @throws UsageError naming the option */
export function toSweepOptions(args: SweepArguments, folder: string): SweepOptions {
  const maxWait = seconds('max-wait', args.maxWait);
  return {
    folder,
    settings: toSettingOptions(args),
    adopt: args.adopt,
    dryRun: args.dryRun === true,
    ...present({
      mode: args.mode,
      quietMs: seconds('quiet-for', args.quietFor),
      maxWaitMs: maxWait === undefined ? undefined : maxWait * minuteInSeconds,
      settleMs: seconds('settle', args.settle),
      keepDays: days(args.keepDays),
      metricsFile: args.metricsFile,
    }),
  };
}

function days(value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  if (/^\d{1,5}$/.test(value)) return Number(value);
  throw new UsageError(`--keep-days "${value}" is not a whole number of days.`, {
    code: 'OPTION_VALUE',
    nextStep: 'For example: --keep-days 90',
  });
}

/** Runs a sweep or a watch with its log, and prints what came of it. */
export function runSweep(
  args: LogArguments,
  reporter: Reporter,
  work: (log: Log, signal: AbortSignal) => Promise<SweepSummary>,
): Promise<ExitCode> {
  return runLogged(args, reporter, work, renderSweep);
}

/** Does the work of a job with its log, and prints what came of it. A job that is busy is no news. */
export async function runLogged<T extends { readonly exitCode: ExitCode }>(
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
    if (!(error instanceof BusyError) || !quietlyBusy.has(error.code)) throw error;
    if (reporter.verbose) reporter.remark(error.message);
    const { code, message, exitCode } = error;
    await reporter.result('', { exitCode, error: { code, message, nextStep: error.nextStep ?? null } });
    return exitCodes.busy;
  } finally {
    signals.release();
  }
}

const quietlyBusy: ReadonlySet<string> = new Set(['INBOX_BUSY', 'JOB_BUSY']);

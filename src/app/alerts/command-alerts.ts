import { resolve } from 'node:path';
import { isObject } from '#pipelines/shape.js';
import { showLine } from '#pipelines/visible-text.js';
import { type AlertSubject, openAlertSubject } from '#src/alerts/alert-book.js';
import type { Outcome } from '#src/alerts/alert-state.js';
import { describeReason } from '#src/app/sweep/event-log.js';
import { describeOrigin } from '#src/app/sweep/job-alerts.js';
import { explainError } from '#src/app/sweep/summary.js';
import { readDamagedConfig } from '#src/config/config-file.js';
import {
  chooseNotifyTargets,
  type NotifyTarget,
  readNotifyTargets,
  salvageNotifyTargets,
} from '#src/config/notify-targets.js';
import { findDefaultStateDir, resolveSettings } from '#src/config/resolve-settings.js';
import { defaultConfigFile, type SettingOptions, type Settings } from '#src/config/settings.js';
import { BusyError, CustomersError, type ExitCode, exitCodes, UsageError } from '#src/errors.js';

export interface CommandAlertOptions {
  readonly settings: SettingOptions;
  /** Names of the targets. */
  readonly notify: readonly string[];
  /** What alerts call it: `import customers.csv`. */
  readonly subject: string;
  /** The same for every run that one can expect to go like the one before. */
  readonly id: string;
}

/** How a command ended, for alerts. */
export interface CommandResult {
  readonly exitCode: ExitCode;
  /** As people read it on the terminal. */
  readonly text: string;
  readonly facts: Readonly<Record<string, unknown>>;
  /** Nothing went wrong but that rows wait for a decision, of which somebody has heard. */
  readonly isKnownToWait?: boolean;
  /** The run that rows newly wait for a decision in. */
  readonly waitingIn?: string | undefined;
}

/** Alerts about one command that somebody runs again and again. */
export interface CommandAlerts {
  /** @returns what went wrong, a sentence for each target */
  conclude(result: CommandResult): Promise<readonly string[]>;
  concludeError(error: unknown): Promise<readonly string[]>;
}

/**
 * Prepares the alerts of a command. In a configuration file with errors the targets are read as far as possible, because
 * the command is about to fail of these.
 *
 * @throws UsageError for a target that is not there
 */
export function openCommandAlerts({ settings, notify, subject, id }: CommandAlertOptions): CommandAlerts {
  const book: AlertSubject = openAlertSubject({
    ...{ subject, id },
    stateFolder: findStateFolder(settings),
    targets: readTargets(settings, notify),
    silenceMs: Number.POSITIVE_INFINITY,
    context: describeOrigin(settings.config, tryResolve(settings), settings.profile),
  });
  return {
    async conclude(result) {
      if (result.exitCode === exitCodes.busy || result.exitCode === exitCodes.sigint) return [];
      return book.conclude([buildOutcome(result)], Date.now(), true);
    },
    async concludeError(error) {
      if (error instanceof BusyError) return [];
      if (error instanceof CustomersError && error.exitCode === exitCodes.sigint) return [];
      return book.conclude([buildErrorOutcome(error)], Date.now(), true);
    },
  };
}

function readTargets({ config }: SettingOptions, names: readonly string[]): readonly NotifyTarget[] {
  let targets: readonly NotifyTarget[];
  try {
    targets = readNotifyTargets(config);
  } catch (error) {
    const salvaged = salvageNotifyTargets(config, names);
    if (salvaged.length === 0) throw error;
    return salvaged;
  }
  return chooseNotifyTargets(targets, names, config);
}

function buildOutcome({ exitCode, text, facts, isKnownToWait, waitingIn }: CommandResult): Outcome {
  const all = { ...facts, exitCode };
  if (exitCode === exitCodes.done) return { reason: null, text, facts: all };
  if (isKnownToWait === true) return { reason: null, text, facts: all, isNoNews: true };
  return { reason: waitingIn === undefined ? `exit code ${exitCode}` : `waiting ${waitingIn}`, text, facts: all };
}

function buildErrorOutcome(error: unknown): Outcome {
  const reason = explainError(error);
  const exitCode = error instanceof CustomersError ? error.exitCode : exitCodes.bug;
  return { reason: reason.code, text: showLine(describeReason(reason)), facts: { exitCode, reason }, isStanding: true };
}

/**
 * Does the work of jobs. Of an error in the configuration file no job can alert, so everybody hears of it whom the file
 * names; once, and again when it is gone.
 *
 * @param job - only those whom this job alerts, as far as that can be read
 * @param onFailure - is told which target has not taken the alert
 * @throws what the work throws
 */
export async function alertOfConfiguration<T>(
  settings: SettingOptions,
  job: string | undefined,
  onFailure: (failure: string) => void,
  work: () => Promise<T>,
): Promise<T> {
  const conclude = async (targets: readonly NotifyTarget[], outcomes: readonly Outcome[]) => {
    if (targets.length === 0) return;
    const subject = openConfigurationSubject(settings, job, targets);
    for (const failure of await subject.conclude(outcomes, Date.now(), true)) onFailure(failure);
  };
  try {
    const result = await work();
    await conclude(readNotifyTargets(settings.config), []);
    return result;
  } catch (error) {
    if (error instanceof UsageError)
      await conclude(salvageNotifyTargets(settings.config, readNotifiedNames(settings.config, job)), [
        buildErrorOutcome(error),
      ]);
    throw error;
  }
}

function openConfigurationSubject(
  settings: SettingOptions,
  job: string | undefined,
  targets: readonly NotifyTarget[],
): AlertSubject {
  const path = resolve(settings.config ?? defaultConfigFile);
  return openAlertSubject({
    subject: job === undefined ? `configuration ${path}` : `job ${job}`,
    id: `configuration ${path} ${job ?? ''}`,
    stateFolder: findStateFolder(settings),
    targets,
    silenceMs: Number.POSITIVE_INFINITY,
    context: describeOrigin(settings.config, tryResolve(settings), settings.profile),
  });
}

/** Whom a job alerts, in a file that may have errors. */
function readNotifiedNames(config: string | undefined, job: string | undefined): readonly string[] {
  const file = readDamagedConfig(config)?.config;
  const jobs = isObject(file) ? file.jobs : undefined;
  const found = job !== undefined && isObject(jobs) ? jobs[job] : undefined;
  const names = isObject(found) ? found.notify : undefined;
  return (Array.isArray(names) ? names : [names]).filter((name) => typeof name === 'string');
}

function tryResolve(settings: SettingOptions): Settings | undefined {
  try {
    return resolveSettings(settings);
  } catch {
    return undefined;
  }
}

/** Also of a configuration file with errors: what is known of alerts is there. */
export function findStateFolder(settings: SettingOptions): string {
  const resolved = tryResolve(settings);
  if (resolved !== undefined) return resolved.stateDir.value;
  const { stateDir } = readDamagedProfile(settings);
  const given = settings.stateDir ?? (typeof stateDir === 'string' && stateDir !== '' ? stateDir : undefined);
  return given === undefined ? findDefaultStateDir(process.env) : resolve(given);
}

function readDamagedProfile({ config, profile }: SettingOptions): Readonly<Record<string, unknown>> {
  const file = readDamagedConfig(config)?.config;
  if (!isObject(file) || !isObject(file.profiles)) return {};
  const found = file.profiles[profile ?? String(file.defaultProfile)];
  return isObject(found) ? found : {};
}

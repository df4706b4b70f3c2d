import { trySendAlert } from '#src/alerts/alert-book.js';
import { describeOrigin, openJobSubject } from '#src/app/sweep/job-alerts.js';
import { readJobs } from '#src/config/jobs.js';
import { chooseNotifyTargets, readNotifyTargets, type TargetKind } from '#src/config/notify-targets.js';
import type { SettingOptions } from '#src/config/settings.js';
import { type ExitCode, exitCodes, UsageError } from '#src/errors.js';
import { findStateFolder } from './command-alerts.js';

/** Whether one target took the test message. */
export interface TestedTarget {
  readonly name: string;
  readonly kind: TargetKind;
  /** Why it did not; `null` when it did. */
  readonly error: string | null;
}

/** The result of `notify test`; its `--json` document. */
export interface TargetsTested {
  readonly command: 'notify test';
  readonly exitCode: ExitCode;
  readonly targets: readonly TestedTarget[];
}

/**
 * Sends a test message to targets of the configuration file.
 *
 * @param names - of the targets. @default all
 * @throws UsageError for a name that is not there, and when there is none
 */
export async function testNotifyTargets(
  settings: SettingOptions,
  names: readonly string[] = [],
): Promise<TargetsTested> {
  const { config } = settings;
  const all = readNotifyTargets(config);
  const chosen = names.length === 0 ? all : chooseNotifyTargets(all, names, config);
  if (chosen.length === 0)
    throw new UsageError('The configuration file has no "notify", so there is nobody to alert.', {
      code: 'CONFIG_FILE',
      nextStep: 'Add a target under "notify"; docs/monitoring.md shows one.',
    });
  const alert = {
    kind: 'test',
    subject: 'alerts reach you',
    paragraphs: ['This is a test. There is nothing to do.'],
    context: describeOrigin(config, undefined, settings.profile),
    time: new Date().toISOString(),
    facts: {},
  } as const;
  const targets = await Promise.all(
    chosen.map(async (target) => {
      const { name, kind } = target;
      return { name, kind, error: (await trySendAlert(target, alert)) ?? null };
    }),
  );
  const hasFailed = targets.some(({ error }) => error !== null);
  return { command: 'notify test', exitCode: hasFailed ? exitCodes.someRowsFailed : exitCodes.done, targets };
}

/** The result of `notify check`; its `--json` document. */
export interface JobsChecked {
  readonly command: 'notify check';
  readonly exitCode: ExitCode;
  /** Jobs that alert somebody. */
  readonly jobs: readonly string[];
  /** What was not taken, a sentence for each target. */
  readonly errors: readonly string[];
}

/**
 * Alerts about jobs that nothing has come for, and sends what targets have not taken before: for what is not run often
 * enough to notice it itself.
 *
 * @throws UsageError for anything wrong in the configuration file
 */
export async function checkSilentJobs(settings: SettingOptions): Promise<JobsChecked> {
  const { config } = settings;
  const targets = readNotifyTargets(config);
  const jobs = readJobs(config).filter(({ notify }) => notify !== undefined);
  const errors: string[] = [];
  for (const job of jobs) {
    const place = job.kind === 'export' ? job.output : job.folder;
    // A job for any folder is checked by the sweep of that folder.
    if (place === undefined) continue;
    const ofJob = { ...(job.profile === undefined ? {} : { profile: job.profile }), ...settings };
    const stateFolder = findStateFolder(job.kind === 'export' ? ofJob : settings);
    const subject = openJobSubject({ job, place, stateFolder, targets, config, settings: undefined });
    for (const failure of (await subject?.conclude([], Date.now(), false)) ?? [])
      errors.push(`job ${job.name}: ${failure}`);
  }
  return {
    command: 'notify check',
    exitCode: errors.length > 0 ? exitCodes.someRowsFailed : exitCodes.done,
    jobs: jobs.map(({ name }) => name),
    errors,
  };
}

import { resolve } from 'node:path';
import { showLine } from '#pipelines/visible-text.js';
import { type AlertSubject, openAlertSubject } from '#src/alerts/alert-book.js';
import type { Outcome } from '#src/alerts/alert-state.js';
import { resolveTenant } from '#src/app/connect.js';
import type { Job } from '#src/config/jobs.js';
import { chooseNotifyTargets, type NotifyTarget } from '#src/config/notify-targets.js';
import { defaultConfigFile, type Settings } from '#src/config/settings.js';
import { CustomersError, type ExitCode, exitCodes } from '#src/errors.js';
import { describeReason, describeReport, type SweepLogger } from './event-log.js';
import { explainError, type FileReport, isKnownToWait } from './summary.js';
import type { SweepJob } from './sweep-jobs.js';

const defaultSilenceHours = 26;
const hourMs = 3_600_000;

export interface JobSubjectOptions {
  readonly job: Job;
  /** What the job works on: its folder or its output. */
  readonly place: string;
  readonly stateFolder: string;
  readonly targets: readonly NotifyTarget[];
  readonly config: string | undefined;
  /** Absent when they could not be resolved. */
  readonly settings: Settings | undefined;
}

/** What alerts know of a job; `undefined` for one that alerts nobody. */
export function openJobSubject(options: JobSubjectOptions): AlertSubject | undefined {
  const { job, place, stateFolder, config, settings } = options;
  if (job.notify === undefined) return undefined;
  const { silenceHours = defaultSilenceHours } = job;
  return openAlertSubject({
    subject: `job ${job.name}`,
    id: `job ${job.name}\n${place}`,
    stateFolder,
    targets: chooseNotifyTargets(options.targets, job.notify, config),
    silenceMs: silenceHours === 0 ? Number.POSITIVE_INFINITY : silenceHours * hourMs,
    context: { ...(job.kind === 'import' ? { Folder: place } : {}), ...describeOrigin(config, settings, job.profile) },
  });
}

/** Whose customers an alert is about, and where that is configured. */
export function describeOrigin(
  config: string | undefined,
  settings: Settings | undefined,
  profile: string | undefined,
): Readonly<Record<string, string>> {
  const tenant = settings === undefined ? undefined : resolveTenant(settings);
  return {
    ...(tenant === undefined ? {} : { Account: `${tenant.login} at ${tenant.baseUrl}` }),
    ...(profile === undefined ? {} : { Profile: profile }),
    Configuration: resolve(config ?? defaultConfigFile),
  };
}

/** Alerts about the jobs of a drop folder. */
export interface JobAlerts {
  /** Saves how a file ended, before its claim is removed. */
  note(job: SweepJob, report: FileReport): Promise<void>;
  /**
   * After a pass: alerts about every job whose state has changed.
   *
   * @param outage - why the pass ended early
   */
  conclude(reports: readonly FileReport[], outage: CustomersError | undefined): Promise<void>;
}

export interface JobAlertsOptions {
  readonly jobs: readonly SweepJob[];
  /** Only this job is looked at by each pass. */
  readonly only?: string | undefined;
  readonly targets: readonly NotifyTarget[];
  readonly folder: string;
  readonly stateFolder: string;
  readonly config: string | undefined;
  readonly logger: Pick<SweepLogger, 'alertFailed'>;
}

export function openJobAlerts({ jobs, only, folder, logger, ...rest }: JobAlertsOptions): JobAlerts {
  const subjects = new Map(
    jobs.flatMap((job) => {
      const settings = job.setup instanceof CustomersError ? undefined : job.setup.settings;
      const subject = openJobSubject({ ...rest, job: job.job, place: folder, settings });
      return subject === undefined ? [] : [[job.job.name, { job, subject }] as const];
    }),
  );
  return {
    note: async ({ job: { name } }, report) => {
      if (report.exitCode !== exitCodes.busy) await subjects.get(name)?.subject.note(buildOutcome(report), Date.now());
    },
    async conclude(reports, outage) {
      for (const [name, { job, subject }] of subjects) {
        if (only !== undefined && name !== only) continue;
        const lasting = reports.filter((report) => report.job === name && isLastingFailure(report)).map(buildOutcome);
        const outcomes = [...lasting, ...[outage, job.setup].flatMap(buildErrorOutcome)];
        for (const failure of await subject.conclude(outcomes, Date.now(), outage === undefined))
          logger.alertFailed(`job ${name}`, failure);
      }
    },
  };
}

/** Those of a file with which the next sweep goes on by itself. */
const expectedExitCodes: ReadonlySet<ExitCode> = new Set([
  exitCodes.done,
  exitCodes.busy,
  exitCodes.sigint,
  exitCodes.sigterm,
]);

/** What is reported again in every pass while it lasts; how a file ended was noted before. */
function isLastingFailure({ outcome, exitCode }: FileReport): boolean {
  return (outcome === 'kept' || outcome === 'waits') && !expectedExitCodes.has(exitCode);
}

function buildOutcome(report: FileReport): Outcome {
  const { file, job, outcome, exitCode, run, counts, waiting, files, reason } = report;
  const isLasting = outcome === 'kept' || outcome === 'waits';
  const facts = { job, file, outcome, exitCode, run, counts, waiting, files, reason };
  const text = describeReport(report);
  if (exitCode === exitCodes.done) return { reason: null, text, came: true, facts };
  if (isKnownToWait(report)) return { reason: null, text, came: true, facts, isNoNews: true };
  return {
    // Rows that newly wait for a decision are always news.
    reason: waiting.fresh > 0 ? `waiting ${run}` : (reason?.code ?? `exit code ${exitCode}`),
    text,
    facts,
    ...(isLasting ? { isStanding: true } : { came: true }),
  };
}

function buildErrorOutcome(error: unknown): readonly Outcome[] {
  if (!(error instanceof CustomersError)) return [];
  const reason = explainError(error);
  const text = showLine(describeReason(reason));
  return [{ reason: error.code, text, isStanding: true, facts: { exitCode: error.exitCode, reason } }];
}

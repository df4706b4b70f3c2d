import type { Argv } from 'yargs';
import type { Reconciled, RunsElsewhere } from '#src/app/resume/resume-run.js';
import { type DescribeResult, describeRun } from '#src/cli/alerts.js';
import { defineCommand, stopOnSignals } from '#src/cli/command.js';
import {
  notifyOption,
  omitUndefined,
  parseFailureLimitOption,
  parsePatience,
  parseSecondsAsMs,
  parseWholeNumber,
  type SettingArguments,
  settingOptions,
  settleOptions,
  toSettingOptions,
} from '#src/cli/options.js';
import { createRunObserver } from '#src/cli/progress.js';
import { createDetailsPrompt } from '#src/cli/prompts/ask.js';
import { renderSummary } from '#src/cli/render/summary.js';
import { findOptions, joinArguments, type Reporter } from '#src/cli/reporter.js';
import { resolveSettings } from '#src/config/resolve-settings.js';
import { type ExitCode, exitCodes, UsageError } from '#src/errors.js';

const text = { type: 'string', requiresArg: true } as const;

/** Which run, and how long its rows in doubt have to wait. */
function runOptions(yargs: Argv) {
  return settingOptions(yargs)
    .positional('run', { type: 'string', describe: 'Name of the run' })
    .options(settleOptions);
}

export const resumeCommand = defineCommand({
  command: 'resume [run]',
  describe: 'Finish an interrupted run (default: the latest unfinished one)',
  examples: [['$0 resume', 'continue where it was interrupted']],
  options: (yargs) =>
    runOptions(yargs)
      .options(notifyOption)
      .option('report', { ...text, describe: 'Also write a report of the run as an HTML file' })
      .option('max-failures', {
        ...text,
        describe: 'Stop after this many failed rows, or this percentage of the rows (default 10%)',
      })
      .option('yes', { type: 'boolean', default: false, describe: 'Do not ask before reading many customers' }),
  alertsAbout: () => ({ command: 'resume' }),
  run: (args, reporter, describe) => runResume(args, reporter, describe),
});

interface ResumeArguments extends SettingArguments {
  readonly run?: string | undefined;
  readonly report?: string | undefined;
  readonly maxFailures?: string | undefined;
  readonly settle?: string | undefined;
  readonly patience?: string | undefined;
  readonly yes: boolean;
}

/** Finishes an interrupted run, the latest when none is named. */
export async function runResume(
  args: ResumeArguments,
  reporter: Reporter,
  describe: DescribeResult,
): Promise<ExitCode> {
  const { findRunsElsewhere, resumeRun } = await import('#src/app/resume/resume-run.js');
  const settings = resolveSettings(toSettingOptions(args));
  const signals = stopOnSignals(reporter);
  try {
    const options = {
      signal: signals.signal,
      confirmDetails: createDetailsPrompt(settings, args.yes),
      ...omitUndefined({
        run: args.run,
        report: args.report,
        settleMs: parseSecondsAsMs('settle', args.settle),
        patienceMs: parsePatience(args.patience, reporter.live),
        failureLimit: parseFailureLimitOption(args.maxFailures),
      }),
    };
    const summary = await resumeRun(settings, options, createRunObserver(reporter));
    if (summary === undefined) {
      const elsewhere = args.run === undefined ? findRunsElsewhere(settings, args.config) : [];
      for (const runs of elsewhere) reporter.warn(renderElsewhere(runs, reporter.argv));
      const text = args.run === undefined ? 'There is no unfinished run.' : `Run ${args.run} is finished.`;
      await reporter.result(text, elsewhere.length === 0 ? null : buildNothingDone(elsewhere));
      return exitCodes.done;
    }
    await reporter.result(renderSummary(summary, reporter.argv), summary);
    describe(describeRun(summary));
    return summary.exitCode;
  } finally {
    signals.release();
  }
}

function buildNothingDone(elsewhere: readonly RunsElsewhere[]) {
  return { run: null, exitCode: exitCodes.done, elsewhere: elsewhere.reduce((sum, { runs }) => sum + runs, 0) };
}

function renderElsewhere({ tenant, runs, isSandbox, profile }: RunsElsewhere, argv: readonly string[]): string {
  const where = isSandbox ? 'In the sandbox' : `At ${tenant.baseUrl}, as ${tenant.login},`;
  const choice = isSandbox
    ? ['--sandbox']
    : profile === undefined
      ? ['--base-url', tenant.baseUrl]
      : ['--profile', profile];
  const login = isSandbox || profile !== undefined ? '' : ' with that login';
  const command = joinArguments(['resume', ...choice, ...findOptions(argv, ['config', 'state-dir'])]);
  return `${where} ${runs === 1 ? '1 run is' : `${runs} runs are`} not finished. To continue${login}: ${command}`;
}

export const reconcileCommand = defineCommand({
  command: 'reconcile [run]',
  describe: 'Find out whether rows in doubt arrived; sends nothing',
  examples: [['$0 reconcile', 'settle the latest run that has rows in doubt']],
  options: (yargs) =>
    runOptions(yargs)
      .option('absent', {
        type: 'string',
        array: true,
        requiresArg: true,
        describe: 'Treat these rows (by their number) as never sent, after you have checked that they did not arrive',
      })
      .option('assume-absent', {
        type: 'boolean',
        default: false,
        describe: 'Treat rows that stay unclear as never sent, after you have checked them (needs --yes)',
      })
      .option('yes', { type: 'boolean', default: false, describe: 'Confirm --assume-absent' }),
  async run(args, reporter) {
    if (args.assumeAbsent && !args.yes)
      throw new UsageError('--assume-absent can create duplicate customers if you are wrong.', {
        code: 'NOT_CONFIRMED',
        nextStep: 'Check the candidates in the result file first; then add --yes.',
      });
    const { reconcileRun } = await import('#src/app/resume/resume-run.js');
    const settings = resolveSettings(toSettingOptions(args));
    const signals = stopOnSignals(reporter);
    try {
      const options = {
        signal: signals.signal,
        absent: args.assumeAbsent ? ('all' as const) : parseRowNumbers(args.absent),
        ...omitUndefined({
          run: args.run,
          settleMs: parseSecondsAsMs('settle', args.settle),
          patienceMs: parsePatience(args.patience, reporter.live),
        }),
      };
      const summary = await reconcileRun(settings, options, createRunObserver(reporter));
      if (summary === undefined) {
        await reporter.result('There are no rows in doubt.', null);
        return exitCodes.done;
      }
      const details = renderUnclear(summary.reconciled?.unclear ?? []);
      await reporter.result(renderSummary(summary, reporter.argv, details), summary);
      return summary.exitCode;
    } finally {
      signals.release();
    }
  },
});

/** @throws UsageError */
function parseRowNumbers(values: readonly string[] | undefined): ReadonlySet<number> {
  return new Set((values ?? []).map((value) => parseWholeNumber('absent', value) ?? 0));
}

const maxRowsNamed = 20;

/** What a person has to look at. */
function renderUnclear(unclear: Reconciled['unclear']): readonly string[] {
  const lines = unclear
    .slice(0, maxRowsNamed)
    .map(({ row, candidates, from }) => `  row ${row}: ${describeCandidates(candidates, from)}`);
  const more =
    unclear.length > maxRowsNamed ? [`  and ${unclear.length - maxRowsNamed} more; see the result file`] : [];
  return unclear.length === 0 ? [] : ['Rows in doubt, with the customers that each could be:', ...lines, ...more];
}

function describeCandidates(candidates: readonly string[], from: string | undefined): string {
  if (candidates.length > 0) return candidates.join(', ');
  return from === undefined ? 'not proved yet' : `can be settled from ${from} on`;
}

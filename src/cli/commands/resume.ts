import { defineCommand } from '#src/cli/command.js';
import { present, settingOptions, toSettingOptions } from '#src/cli/common-options.js';
import { failureLimit, seconds } from '#src/cli/option-values.js';
import { renderSummary } from '#src/cli/render-summary.js';
import { rowObserver } from '#src/cli/row-observer.js';
import { stopOnSignals } from '#src/cli/stop-signals.js';
import { resolveSettings } from '#src/config/resolve-settings.js';
import { exitCodes } from '#src/errors.js';

const text = { type: 'string', requiresArg: true } as const;

export const resumeCommand = defineCommand({
  command: 'resume [run]',
  describe: 'Finish an interrupted run (default: the latest unfinished one)',
  examples: [['$0 resume', 'go on where it was killed']],
  options: (yargs) =>
    settingOptions(yargs)
      .positional('run', { type: 'string', describe: 'Name of the run' })
      .option('settle', { ...text, describe: 'Seconds before a lost add counts as never made (default 10)' })
      .option('report', { ...text, describe: 'Also tell of the run in one HTML file' })
      .option('max-failures', { ...text, describe: 'Stop after so many failed rows, or p% of them (default 10%)' }),
  async run(args, reporter) {
    const { resumeRun } = await import('#src/library/continue-run.js');
    const settings = resolveSettings(toSettingOptions(args));
    const signals = stopOnSignals(reporter);
    try {
      const options = {
        signal: signals.signal,
        ...present({
          run: args.run,
          report: args.report,
          settleMs: seconds('settle', args.settle),
          failureLimit: failureLimit(args.maxFailures),
        }),
      };
      const summary = await resumeRun(settings, options, rowObserver(reporter));
      if (summary === undefined) {
        await reporter.result(
          args.run === undefined ? 'There is no unfinished run.' : `Run ${args.run} is finished.`,
          null,
        );
        return exitCodes.done;
      }
      await reporter.result(renderSummary(summary, reporter.argv), summary);
      return summary.exitCode;
    } finally {
      signals.release();
    }
  },
});

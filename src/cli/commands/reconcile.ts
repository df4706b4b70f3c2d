import { defineCommand } from '#src/cli/command.js';
import { present, settingOptions, toSettingOptions } from '#src/cli/common-options.js';
import { seconds } from '#src/cli/option-values.js';
import { renderSummary } from '#src/cli/render-summary.js';
import { rowObserver } from '#src/cli/row-observer.js';
import { stopOnSignals } from '#src/cli/stop-signals.js';
import { resolveSettings } from '#src/config/resolve-settings.js';
import { exitCodes, UsageError } from '#src/errors.js';
import type { Reconciled } from '#src/library/perform-run.js';

const text = { type: 'string', requiresArg: true } as const;

export const reconcileCommand = defineCommand({
  command: 'reconcile [run]',
  describe: 'Find out what became of rows in doubt; sends nothing',
  examples: [['$0 reconcile', 'settle the latest run that has rows in doubt']],
  options: (yargs) =>
    settingOptions(yargs)
      .positional('run', { type: 'string', describe: 'Name of the run' })
      .option('settle', { ...text, describe: 'Seconds before a lost add counts as never made (default 10)' })
      .option('assume-absent', {
        type: 'boolean',
        default: false,
        describe: 'You have looked: what is still unclear was never made (needs --yes)',
      })
      .option('yes', { type: 'boolean', default: false, describe: 'Yes to --assume-absent' }),
  async run(args, reporter) {
    if (args.assumeAbsent && !args.yes)
      throw new UsageError('--assume-absent can make customers twice when you are wrong.', {
        code: 'NOT_CONFIRMED',
        nextStep: 'Look at the candidates in the result file first; then add --yes.',
      });
    const { reconcileRun } = await import('#src/library/continue-run.js');
    const settings = resolveSettings(toSettingOptions(args));
    const signals = stopOnSignals(reporter);
    try {
      const options = {
        signal: signals.signal,
        assumeAbsent: args.assumeAbsent,
        ...present({ run: args.run, settleMs: seconds('settle', args.settle) }),
      };
      const summary = await reconcileRun(settings, options, rowObserver(reporter));
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

const rowsNamed = 20;

/** What a person has to look at. */
function renderUnclear(unclear: Reconciled['unclear']): readonly string[] {
  const lines = unclear
    .slice(0, rowsNamed)
    .map(
      ({ row, candidates }) =>
        `  row ${row}: ${candidates.length === 0 ? 'nobody can tell yet' : candidates.join(', ')}`,
    );
  const more = unclear.length > rowsNamed ? [`  and ${unclear.length - rowsNamed} more, see the result file`] : [];
  return unclear.length === 0 ? [] : ['In doubt, and the customers that each could be:', ...lines, ...more];
}

import type { UndoPlan } from '#src/app/undo/undo-run.js';
import { defineCommand, stopOnSignals } from '#src/cli/command.js';
import { omitUndefined, parseSecondsAsMs, settingOptions, toSettingOptions } from '#src/cli/options.js';
import { createRunObserver } from '#src/cli/progress.js';
import { confirmOnTerminal } from '#src/cli/prompts/ask.js';
import { renderSummary } from '#src/cli/render/summary.js';
import { resolveSettings } from '#src/config/resolve-settings.js';
import { exitCodes } from '#src/errors.js';

const text = { type: 'string', requiresArg: true } as const;

export const undoCommand = defineCommand({
  command: 'undo <run>',
  describe: 'Undo a run: delete what it created, restore what it updated',
  examples: [
    ['$0 undo 20261124-031522-7f3a --dry-run', 'only show the plan'],
    ['$0 undo 20261124-031522-7f3a', 'show the plan, then ask'],
  ],
  options: (yargs) =>
    settingOptions(yargs)
      .positional('run', { type: 'string', demandOption: true, describe: 'Name of the run to undo' })
      .option('dry-run', { type: 'boolean', default: false, describe: 'Only show the plan' })
      .option('even-changed', {
        type: 'boolean',
        default: false,
        describe: 'Also undo customers that somebody has changed since the run',
      })
      .option('results', { ...text, describe: 'Write the result for each customer to this file, .csv or .xlsx' })
      .option('settle', {
        ...text,
        describe: 'Seconds to wait for a late response before an unanswered request counts as lost (default 10)',
      })
      .option('report', { ...text, describe: 'Also write a report of the run as an HTML file' })
      .option('yes', { type: 'boolean', default: false, describe: 'Do not ask' }),
  async run(args, reporter) {
    const { undoRun } = await import('#src/app/undo/undo-run.js');
    const settings = resolveSettings(toSettingOptions(args));
    const signals = stopOnSignals(reporter);
    const confirm = async (plan: UndoPlan) => {
      if (args.dryRun) return false;
      reporter.info(renderPlan(plan));
      return args.yes || confirmOnTerminal('Undo this?');
    };
    try {
      const options = { run: args.run, evenChanged: args.evenChanged, signal: signals.signal, confirm };
      const end = await undoRun(
        settings,
        {
          ...options,
          ...omitUndefined({
            results: args.results,
            report: args.report,
            settleMs: parseSecondsAsMs('settle', args.settle),
          }),
        },
        createRunObserver(reporter),
      );
      if ('plan' in end) {
        await reporter.result(args.dryRun ? renderPlan(end.plan) : 'Nothing was changed.', end.plan);
        return exitCodes.done;
      }
      await reporter.result(renderSummary(end, reporter.argv), end);
      return end.exitCode;
    } finally {
      signals.release();
    }
  },
});

const actionLabels = {
  delete: 'to delete (or to make inactive if there are transactions)',
  restore: 'to restore',
  changed: 'changed since the run: skipped unless --even-changed',
  as_before: 'already with the old values',
  gone: 'already gone',
  lost: 'deleted by the run: the API cannot restore them',
  unanswered: 'that cannot be read right now',
} as const satisfies Record<keyof UndoPlan['counts'], string>;

function renderPlan(plan: UndoPlan): string {
  const kinds = Object.keys(actionLabels) as (keyof typeof actionLabels)[];
  const found = kinds.filter((kind) => plan.counts[kind] > 0);
  const lines = found.map(
    (kind) =>
      `  ${String(plan.counts[kind]).padStart(7)} ${plan.counts[kind] === 1 ? 'customer' : 'customers'} ${actionLabels[kind]}`,
  );
  return [`Undo of run ${plan.undoes}:`, ...(lines.length === 0 ? ['  nothing to undo'] : lines)].join('\n');
}

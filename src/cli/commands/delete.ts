import { defineCommand, stopOnSignals } from '#src/cli/command.js';
import {
  omitUndefined,
  parseFailureLimitOption,
  readOptions,
  settingOptions,
  toReadOptions,
  toSettingOptions,
} from '#src/cli/options.js';
import { createRunObserver } from '#src/cli/progress.js';
import { confirmOnTerminal } from '#src/cli/prompts/ask.js';
import { renderSummary } from '#src/cli/render/summary.js';
import { resolveSettings } from '#src/config/resolve-settings.js';
import { type ExitCode, exitCodes, UsageError } from '#src/errors.js';

const text = { type: 'string', requiresArg: true } as const;

export const deleteCommand = defineCommand({
  command: 'delete [code..]',
  describe: 'Delete customers, or make them inactive if they have transactions',
  examples: [
    ['$0 delete 0001234 --yes', 'one customer'],
    ['$0 delete --file leavers.csv', 'all customers in a file with a customerCode column'],
  ],
  options: (yargs) =>
    readOptions(settingOptions(yargs))
      .positional('code', { type: 'string', array: true, describe: 'customerCode' })
      .option('file', { ...text, describe: 'A file with a customerCode column' })
      .option('results', { ...text, describe: 'Result file, .csv or .xlsx (with --file: default <input>.results.csv)' })
      .option('rejects', { ...text, describe: 'File for the rows that could not be deleted' })
      .option('report', { ...text, describe: 'Also write a report of the run as an HTML file' })
      .option('max-failures', {
        ...text,
        describe: 'Stop after this many failed rows, or this percentage of the rows (default 10%)',
      })
      .option('yes', { type: 'boolean', default: false, describe: 'Do not ask' }),
  async run(args, reporter): Promise<ExitCode> {
    const codes = args.code ?? [];
    const { file, results, rejects, report } = args;
    if (codes.length > 0 === (file !== undefined))
      throw new UsageError('Give either customer codes or --file, not both.', {
        code: 'USAGE',
        nextStep: 'For example: mypos-customers delete 0001234',
      });
    const what =
      file === undefined ? `${codes.length} customer${codes.length === 1 ? '' : 's'}` : `the customers in ${file}`;
    const settings = resolveSettings(toSettingOptions(args));
    const observer = createRunObserver(reporter);
    const { announceTarget } = await import('#src/app/connect.js');
    announceTarget(settings, observer);
    if (!args.yes && !(await confirmOnTerminal(`Delete ${what}? This cannot be undone.`))) {
      reporter.info('Nothing was deleted.');
      return exitCodes.done;
    }
    const { deleteCustomers } = await import('#src/app/delete/delete-customers.js');
    const signals = stopOnSignals(reporter);
    try {
      const options = {
        codes,
        signal: signals.signal,
        ...toReadOptions(args),
        ...omitUndefined({ failureLimit: parseFailureLimitOption(args.maxFailures), file, results, rejects, report }),
      };
      const summary = await deleteCustomers(settings, options, { ...observer, account: () => undefined });
      await reporter.result(renderSummary(summary, reporter.argv), summary);
      return summary.exitCode;
    } finally {
      signals.release();
    }
  },
});

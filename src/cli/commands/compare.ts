import { defineCommand, stopOnSignals } from '#src/cli/command.js';
import {
  inputFilePositional,
  mappingOption,
  omitUndefined,
  readOptions,
  settingOptions,
  toReadOptions,
  toSettingOptions,
} from '#src/cli/options.js';
import { createRunObserver } from '#src/cli/progress.js';
import { maxDifferencesShown, renderComparison } from '#src/cli/render/compare.js';
import { resolveSettings } from '#src/config/resolve-settings.js';

export const compareCommand = defineCommand({
  command: 'compare <file>',
  describe: 'Show what is only in a file, only in the account, or differs; nothing is written to the API',
  examples: [
    ['$0 compare customers.csv', 'the counts, and the first differences'],
    ['$0 compare customers.csv --output differences.xlsx', 'all of them, in a workbook'],
    ['$0 compare customers.csv --exit-code --quiet', 'for scripts: exit code 4 when something differs'],
  ],
  options: (yargs) =>
    inputFilePositional(
      readOptions(mappingOption(settingOptions(yargs))),
      'The file to compare; - reads standard input',
    )
      .option('output', {
        type: 'string',
        requiresArg: true,
        describe: 'Also write the differences to this file, .csv, .xlsx or .ndjson',
      })
      .option('full', {
        type: 'boolean',
        default: false,
        describe: 'Read the details of customers for fields that the list does not show, one call per customer',
      })
      .option('active-only', {
        type: 'boolean',
        default: false,
        describe: 'Leave out customers that are only in the account and not active',
      })
      .option('exit-code', { type: 'boolean', default: false, describe: 'Exit with 4 when there is a difference' }),
  async run(args, reporter) {
    const { compareFile } = await import('#src/app/compare/compare-file.js');
    const settings = resolveSettings(toSettingOptions(args));
    const { file, output, full, activeOnly, exitCode } = args;
    const signals = stopOnSignals(reporter);
    try {
      const shown = reporter.json ? {} : { maxDifferences: maxDifferencesShown };
      const options = { file, full, activeOnly, exitCode, signal: signals.signal, ...toReadOptions(args), ...shown };
      const summary = await compareFile(
        settings,
        { ...options, ...omitUndefined({ output }) },
        createRunObserver(reporter),
      );
      await reporter.result(reporter.json || reporter.quiet ? '' : renderComparison(summary), summary);
      return summary.exitCode;
    } finally {
      signals.release();
    }
  },
});

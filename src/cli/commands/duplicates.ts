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
import { maxShown, renderDuplicates } from '#src/cli/render/duplicates.js';
import { resolveSettings } from '#src/config/resolve-settings.js';

const text = { type: 'string', requiresArg: true } as const;

export const duplicatesCommand = defineCommand({
  command: 'duplicates <file>',
  describe: 'Find customers who may be there twice, in a file and in the account; nothing is written to the API',
  examples: [
    ['$0 duplicates customers.csv --results duplicates.review.xlsx', 'write the pairs side by side to a workbook'],
    ['$0 duplicates customers.csv --account', 'also compare with the customers of the account'],
  ],
  options: (yargs) =>
    inputFilePositional(readOptions(mappingOption(settingOptions(yargs))), 'The file to search; - reads standard input')
      .option('account', {
        type: 'boolean',
        default: false,
        describe: 'Also find rows who are in the account, and customers who are there twice',
      })
      .option('results', { ...text, describe: 'Also write what was found as a review file, .xlsx or .csv' })
      .option('country', {
        ...text,
        describe: 'Country of phone numbers without a country code (default: what the mapping says)',
      })
      .option('exit-code', { type: 'boolean', default: false, describe: 'End with exit code 4 if any were found' }),
  async run(args, reporter) {
    const { findDuplicates } = await import('#src/app/duplicates/find-duplicates.js');
    const settings = resolveSettings(toSettingOptions(args));
    const { account, country, exitCode: failWhenFound, file, results } = args;
    const signals = stopOnSignals(reporter);
    try {
      const options = {
        ...{ file, account, failWhenFound, signal: signals.signal },
        ...toReadOptions(args),
        ...omitUndefined({ country, results }),
        ...(reporter.json ? {} : { maxOfEach: maxShown }),
      };
      const summary = await findDuplicates(settings, options, createRunObserver(reporter));
      await reporter.result(reporter.json || reporter.quiet ? '' : renderDuplicates(summary), summary);
      return summary.exitCode;
    } finally {
      signals.release();
    }
  },
});

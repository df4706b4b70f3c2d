import { modes } from '#pipelines/mapping/mapping.js';
import { defineCommand } from '#src/cli/command.js';
import {
  inputFile,
  mappingOption,
  present,
  readOptions,
  settingOptions,
  strictOption,
  toSettingOptions,
} from '#src/cli/common-options.js';
import { toReadOptions, wholeNumber } from '#src/cli/option-values.js';
import { mostRowsShown, renderPlan } from '#src/cli/render-plan.js';
import { rowObserver } from '#src/cli/row-observer.js';
import { stopOnSignals } from '#src/cli/stop-signals.js';
import { resolveSettings } from '#src/config/resolve-settings.js';

const text = { type: 'string', requiresArg: true } as const;

export const planCommand = defineCommand({
  command: 'plan <file>',
  describe: 'Say row by row what an import would do; nothing is written to the API',
  examples: [
    ['$0 plan customers.csv --output plan.xlsx', 'look at it in a workbook'],
    ['$0 import --plan plan.xlsx', 'then do exactly that'],
  ],
  options: (yargs) =>
    strictOption(
      inputFile(readOptions(mappingOption(settingOptions(yargs))), 'The file to plan for; - reads standard input'),
    )
      .option('mode', { choices: modes, describe: 'What to do with each row (default: the mapping’s, else upsert)' })
      .option('first', { ...text, describe: 'Only so many rows from the top: a pilot' })
      .option('output', { ...text, describe: 'Also write the plan to this file, .csv or .xlsx' })
      .option('force', { type: 'boolean', default: false, describe: 'Add equal customers again' }),
  async run(args, reporter) {
    const { planFile } = await import('#src/library/plan-file.js');
    const settings = resolveSettings(toSettingOptions(args));
    const { file, force, mode, output, strict } = args;
    const signals = stopOnSignals(reporter);
    try {
      const optional = present({ mode, output, first: wholeNumber('first', args.first) });
      const shown = reporter.json ? {} : { mostRows: mostRowsShown };
      const options = { file, force, strict, signal: signals.signal, ...toReadOptions(args), ...optional, ...shown };
      const plan = await planFile(settings, options, rowObserver(reporter));
      await reporter.result(reporter.json ? '' : renderPlan(plan), plan);
      return plan.exitCode;
    } finally {
      signals.release();
    }
  },
});

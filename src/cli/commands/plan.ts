import { modes } from '#pipelines/mapping/mapping.js';
import { defineCommand, stopOnSignals } from '#src/cli/command.js';
import {
  inputFilePositional,
  mappingOption,
  omitUndefined,
  parseWholeNumber,
  readOptions,
  settingOptions,
  strictOption,
  toReadOptions,
  toSettingOptions,
} from '#src/cli/options.js';
import { createRunObserver } from '#src/cli/progress.js';
import { createDetailsPrompt } from '#src/cli/prompts/ask.js';
import { maxRowsShown, renderPlan } from '#src/cli/render/plan.js';
import { repeatCommand } from '#src/cli/reporter.js';
import { resolveSettings } from '#src/config/resolve-settings.js';

const text = { type: 'string', requiresArg: true } as const;

export const planCommand = defineCommand({
  command: 'plan <file>',
  describe: 'Show row by row what an import would do; nothing is written to the API',
  examples: [
    ['$0 plan customers.csv --output plan.xlsx', 'write the plan to a workbook'],
    ['$0 import --plan plan.xlsx', 'then carry it out'],
  ],
  options: (yargs) =>
    strictOption(
      inputFilePositional(
        readOptions(mappingOption(settingOptions(yargs))),
        'The file to plan for; - reads standard input',
      ),
    )
      .option('mode', {
        choices: modes,
        describe: 'What to do with each row (default: the mode of the mapping, otherwise upsert)',
      })
      .option('first', { ...text, describe: 'Only this many rows from the top: a pilot' })
      .option('output', { ...text, describe: 'Also write the plan to this file, .csv or .xlsx' })
      .option('all-new', {
        type: 'boolean',
        default: false,
        describe: 'None of these rows is in the account yet: I have looked',
      })
      .option('yes', { type: 'boolean', default: false, describe: 'Do not ask before reading many customers' })
      .option('force', { type: 'boolean', default: false, describe: 'Add identical customers again' }),
  async run(args, reporter) {
    const { planFile } = await import('#src/app/plan/plan-file.js');
    const settings = resolveSettings(toSettingOptions(args));
    const { file, force, mode, output, strict, allNew } = args;
    const confirmDetails = createDetailsPrompt(settings, args.yes);
    const signals = stopOnSignals(reporter);
    try {
      const optional = omitUndefined({ mode, output, first: parseWholeNumber('first', args.first) });
      const shown = reporter.json ? {} : { maxRows: maxRowsShown };
      const given = { file, force, strict, allNew, confirmDetails, signal: signals.signal };
      const options = { ...given, ...toReadOptions(args), ...optional, ...shown };
      const plan = await planFile(settings, options, createRunObserver(reporter));
      const importAll = repeatCommand(['import', ...reporter.argv.slice(1)], file, ['output', 'json', 'all-new']);
      const text = renderPlan(plan).replace(/mypos-customers import .* --all-new$/m, `${importAll} --all-new`);
      await reporter.result(reporter.json ? '' : text, plan);
      return plan.exitCode;
    } finally {
      signals.release();
    }
  },
});

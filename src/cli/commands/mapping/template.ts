import { defineCommand } from '#src/cli/command.js';
import { localOptions, mappingOption, toSettingOptions } from '#src/cli/common-options.js';
import { resolveSettings } from '#src/config/resolve-settings.js';
import { exitCodes } from '#src/errors.js';

export const templateCommand = defineCommand({
  command: 'template <file>',
  describe: "Write an empty workbook with the mapping's columns, for people to fill",
  examples: [['$0 mapping template customers.xlsx', 'drop-downs, formats, and a sheet that explains each column']],
  options: (yargs) =>
    mappingOption(localOptions(yargs))
      .positional('file', { type: 'string', demandOption: true, describe: 'The workbook to write' })
      .option('force', { type: 'boolean', default: false, describe: 'Replace a workbook that is there' }),
  async run(args, reporter) {
    const { makeTemplate } = await import('#src/library/mapping/make-template.js');
    const settings = resolveSettings(toSettingOptions(args));
    const made = await makeTemplate(settings, { file: args.file, force: args.force });
    const { file, mapping, sheet, columns } = made;
    await reporter.result(`Written: ${file}, sheet "${sheet}" with the ${columns.length} columns of ${mapping}.`, made);
    return exitCodes.done;
  },
});

import { defineCommand } from '#src/cli/command.js';
import { localOptions, mappingOption, toSettingOptions } from '#src/cli/common-options.js';
import { renderMappingTest } from '#src/cli/render-mapping-test.js';
import { resolveSettings } from '#src/config/resolve-settings.js';

export const mappingTestCommand = defineCommand({
  command: 'test [files..]',
  describe: 'Run the cases in *.mapping-test.json beside the mapping',
  examples: [['$0 mapping test', 'says which rows no longer become the customers that they should']],
  options: (yargs) =>
    mappingOption(localOptions(yargs)).positional('files', {
      type: 'string',
      array: true,
      describe: 'Files of cases (default: all beside the mapping)',
    }),
  async run(args, reporter) {
    const { testMapping } = await import('#src/library/mapping/test-mapping.js');
    const run = await testMapping(resolveSettings(toSettingOptions(args)), args.files ?? []);
    await reporter.result(renderMappingTest(run), run);
    return run.exitCode;
  },
});

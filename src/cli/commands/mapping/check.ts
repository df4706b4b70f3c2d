import { defineCommand } from '#src/cli/command.js';
import {
  mappingOption,
  present,
  readOptions,
  type SettingArguments,
  settingOptions,
  toSettingOptions,
} from '#src/cli/common-options.js';
import { type ReadArguments, toReadOptions } from '#src/cli/option-values.js';
import { renderMappingCheck } from '#src/cli/render-mapping-check.js';
import type { Reporter } from '#src/cli/reporter.js';
import { stopOnSignals } from '#src/cli/stop-signals.js';
import { resolveSettings } from '#src/config/resolve-settings.js';
import type { ExitCode } from '#src/errors.js';

export const mappingCheckCommand = defineCommand({
  command: 'check [file]',
  describe: 'Look a mapping over: by itself, against a file, against the API',
  examples: [
    ['$0 mapping check', 'everything wrong with mappings.json, by line'],
    ['$0 mapping check customers.csv --live', 'also its columns, its values and the fields that the API really has'],
  ],
  options: (yargs) =>
    readOptions(mappingOption(settingOptions(yargs)))
      .positional('file', { type: 'string', describe: 'A file to try the mapping on' })
      .option('live', { type: 'boolean', default: false, describe: 'Compare with customers that the API has' })
      .option('write-schema', {
        type: 'boolean',
        default: false,
        describe: 'Write mappings.schema.json beside the mapping; with --live, with the fields found',
      }),
  run: (args, reporter) => runMappingCheck(args, reporter),
});

interface MappingCheckArguments extends SettingArguments, ReadArguments {
  readonly file?: string | undefined;
  readonly live: boolean;
  readonly writeSchema: boolean;
}

async function runMappingCheck(args: MappingCheckArguments, reporter: Reporter): Promise<ExitCode> {
  const { checkMapping } = await import('#src/library/mapping/check-mapping.js');
  const settings = resolveSettings(toSettingOptions(args));
  const signals = stopOnSignals(reporter);
  try {
    const { live, writeSchema } = args;
    const options = { ...toReadOptions(args), ...present({ file: args.file }), live, writeSchema };
    const check = await checkMapping(settings, options, signals.signal);
    await reporter.result(renderMappingCheck(check), check);
    return check.exitCode;
  } finally {
    signals.release();
  }
}

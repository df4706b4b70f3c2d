import { defineCommand } from '#src/cli/command.js';
import {
  inputFile,
  localOptions,
  mappingOption,
  present,
  readOptions,
  type SettingArguments,
  strictOption,
  toSettingOptions,
} from '#src/cli/common-options.js';
import { type ReadArguments, toReadOptions, wholeNumber } from '#src/cli/option-values.js';
import { renderProfile } from '#src/cli/render-profile.js';
import { renderCheck } from '#src/cli/render-summary.js';
import type { Reporter } from '#src/cli/reporter.js';
import { rowObserver } from '#src/cli/row-observer.js';
import { resolveSettings } from '#src/config/resolve-settings.js';
import type { ExitCode } from '#src/errors.js';

const text = { type: 'string', requiresArg: true } as const;

export const checkCommand = defineCommand({
  command: 'check <file>',
  describe: 'Read, map and validate a file only; no network',
  examples: [['$0 check customers.csv --rejects to-mend.csv', 'write the rows that would not be sent']],
  options: (yargs) =>
    strictOption(
      inputFile(readOptions(mappingOption(localOptions(yargs))), 'The file to check; - reads standard input'),
    )
      .option('results', { ...text, describe: 'Also write every row with its status' })
      .option('rejects', { ...text, describe: 'Also write the rows to mend' })
      .option('columns', {
        type: 'boolean',
        default: false,
        describe: 'Also say what each column holds (with --json always)',
      })
      .option('first', { ...text, describe: 'Only so many rows from the top' }),
  run: (args, reporter) => runCheck(args, reporter),
});

interface CheckArguments extends SettingArguments, ReadArguments {
  readonly file: string;
  readonly results?: string | undefined;
  readonly rejects?: string | undefined;
  readonly first?: string | undefined;
  readonly strict?: boolean;
  readonly columns?: boolean | undefined;
}

/** Also what `import --dry-run` does. */
export async function runCheck(args: CheckArguments, reporter: Reporter): Promise<ExitCode> {
  const { checkFile } = await import('#src/library/check-file.js');
  const settings = resolveSettings(toSettingOptions(args));
  const { file, results, rejects } = args;
  const options = {
    file,
    ...toReadOptions(args),
    ...present({ results, rejects, first: wholeNumber('first', args.first), strict: args.strict }),
    columns: args.columns === true || reporter.json,
  };
  const summary = await checkFile(settings, options, rowObserver(reporter));
  const profile = summary.columns === undefined ? [] : [`${renderProfile(summary.columns)}\n`];
  await reporter.result([...profile, renderCheck(summary, reporter.argv)].join('\n'), summary);
  return summary.exitCode;
}

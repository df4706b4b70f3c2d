import type { ColumnProfile } from '#pipelines/quality/profile.js';
import { defineCommand } from '#src/cli/command.js';
import {
  inputFilePositional,
  localOptions,
  mappingOption,
  omitUndefined,
  parseWholeNumber,
  type ReadArguments,
  readOptions,
  type SettingArguments,
  strictOption,
  toReadOptions,
  toSettingOptions,
} from '#src/cli/options.js';
import { createRunObserver } from '#src/cli/progress.js';
import { renderRowDuplicates } from '#src/cli/render/duplicates.js';
import { renderTable } from '#src/cli/render/format.js';
import { renderCheck } from '#src/cli/render/summary.js';
import type { Reporter } from '#src/cli/reporter.js';
import { resolveSettings } from '#src/config/resolve-settings.js';
import type { ExitCode } from '#src/errors.js';

const maxTopLength = 24;

/** What each column of a file holds, as a table. */
function renderProfile(columns: readonly ColumnProfile[]): string {
  const head = ['column', 'filled', 'different', 'longest', 'kinds', 'most frequent'];
  return renderTable(head, columns.map(renderColumn));
}

function renderColumn({ column, rows, filled, distinct, longest, kinds, top }: ColumnProfile): string[] {
  const percent = rows === 0 ? 0 : Math.floor((filled / rows) * 1000) / 10;
  return [
    column,
    `${percent}%`,
    `${distinct.isEstimate ? 'about ' : ''}${distinct.count}`,
    String(longest),
    Object.entries(kinds)
      .map(([kind, count]) => (count === filled ? kind : `${kind} ${count}`))
      .join(', '),
    distinct.count === filled && filled > 0 && !distinct.isEstimate ? 'all different' : renderTopValues(top),
  ];
}

function renderTopValues(top: ColumnProfile['top']): string {
  return top
    .slice(0, 3)
    .map(
      ({ value, count }) =>
        `${value.length > maxTopLength ? `${value.slice(0, maxTopLength - 1)}…` : value} (${count})`,
    )
    .join(', ');
}

const text = { type: 'string', requiresArg: true } as const;

export const checkCommand = defineCommand({
  command: 'check <file>',
  describe: 'Read, map and validate a file without using the network',
  examples: [['$0 check customers.csv --rejects to-fix.csv', 'also write a file of the invalid rows']],
  options: (yargs) =>
    strictOption(
      inputFilePositional(readOptions(mappingOption(localOptions(yargs))), 'The file to check; - reads standard input'),
    )
      .option('results', { ...text, describe: 'Also write a file of all rows with their status' })
      .option('rejects', { ...text, describe: 'Also write a file of the rows to fix' })
      .option('columns', {
        type: 'boolean',
        default: false,
        describe: 'Also describe the values of each column (always with --json)',
      })
      .option('duplicates', {
        type: 'boolean',
        default: false,
        describe: 'Also find rows that may be the same customer',
      })
      .option('first', { ...text, describe: 'Only this many rows from the top' }),
  run: (args, reporter) => runCheck(args, reporter),
});

interface CheckArguments extends SettingArguments, ReadArguments {
  readonly file: string;
  readonly results?: string | undefined;
  readonly rejects?: string | undefined;
  readonly first?: string | undefined;
  readonly strict?: boolean;
  readonly columns?: boolean | undefined;
  readonly overrideGuards?: boolean | undefined;
  readonly duplicates?: boolean | undefined;
}

/** Also what `import --dry-run` does. */
export async function runCheck(args: CheckArguments, reporter: Reporter): Promise<ExitCode> {
  const { checkFile } = await import('#src/app/check/check-file.js');
  const settings = resolveSettings(toSettingOptions(args));
  const { file, results, rejects } = args;
  const options = {
    file,
    ...toReadOptions(args),
    ...omitUndefined({
      results,
      rejects,
      first: parseWholeNumber('first', args.first),
      strict: args.strict,
      overrideGuards: args.overrideGuards,
    }),
    columns: args.columns === true || reporter.json,
    duplicates: args.duplicates === true,
  };
  const summary = await checkFile(settings, options, createRunObserver(reporter));
  const profile = summary.columns === undefined ? [] : [`${renderProfile(summary.columns)}\n`];
  const duplicates = summary.duplicates === undefined ? [] : renderRowDuplicates(summary.duplicates);
  await reporter.result([...profile, ...duplicates, renderCheck(summary, reporter.argv)].join('\n'), summary);
  return summary.exitCode;
}

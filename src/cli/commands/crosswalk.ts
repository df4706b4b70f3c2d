import type { ArgumentsCamelCase } from 'yargs';
import { formatCount } from '#pipelines/format-count.js';
import type { KeptKeyReason, KeysForgotten } from '#src/app/crosswalk/crosswalk.js';
import { defineCommand, stopOnSignals } from '#src/cli/command.js';
import {
  mappingOption,
  omitUndefined,
  type SettingArguments,
  settingOptions,
  toSettingOptions,
} from '#src/cli/options.js';
import { formatDuration } from '#src/cli/progress.js';
import { confirmOnTerminal } from '#src/cli/prompts/ask.js';
import type { Reporter } from '#src/cli/reporter.js';
import { resolveSettings } from '#src/config/resolve-settings.js';
import type { Settings } from '#src/config/settings.js';
import { type ExitCode, exitCodes, UsageError } from '#src/errors.js';

/** What was added to the crosswalk, and what contradicts it. */
interface CrosswalkSummary {
  readonly added: number;
  readonly replaced: number;
  readonly same: number;
  readonly conflicts: readonly { readonly key: string; readonly customerCode: string; readonly knownAs: string }[];
  readonly taken: readonly { readonly key: string; readonly customerCode: string; readonly otherKey: string }[];
  readonly notKeys?: readonly { readonly key: string; readonly customerCode: string }[];
  readonly ambiguous?: readonly { readonly key: string; readonly customerCodes: readonly string[] }[];
}

const maxShown = 10;

/** The same, for people. */
function renderLinked({
  added,
  replaced,
  same,
  conflicts,
  taken,
  ambiguous = [],
  notKeys = [],
}: CrosswalkSummary): string {
  const more = (count: number) => (count > maxShown ? [`  … and ${count - maxShown} more`] : []);
  return [
    `crosswalk: ${added} added, ${replaced} replaced, ${same} already known`,
    ...ambiguous
      .slice(0, maxShown)
      .map(({ key, customerCodes }) => `  "${key}" is stored in ${customerCodes.join(', ')}: left out`),
    ...more(ambiguous.length),
    ...notKeys
      .slice(0, maxShown)
      .map(({ key, customerCode }) => `  "${key}" in ${customerCode} is a word among numbers, so no key: left out`),
    ...more(notKeys.length),
    ...conflicts
      .slice(0, maxShown)
      .map(
        ({ key, customerCode, knownAs }) =>
          `  "${key}" belongs to ${knownAs} in the crosswalk, but to ${customerCode} here`,
      ),
    ...more(conflicts.length),
    ...taken
      .slice(0, maxShown)
      .map(({ key, customerCode, otherKey }) => `  "${key}" would get ${customerCode}, which belongs to "${otherKey}"`),
    ...more(taken.length),
    ...(conflicts.length + taken.length > 0 ? ['Nothing was imported. If the file is right, add --replace.'] : []),
  ].join('\n');
}

const keptKeyLabels: Readonly<Record<KeptKeyReason, string>> = {
  'still there': 'kept: the customer still exists. To delete it: mypos-customers delete',
  'no answer': 'kept: the API did not say whether the customer still exists. Try again',
  'unknown key': 'is not known: there is nothing to forget',
};

/** Which keys were forgotten, and why others were kept. */
function renderForgotten({ forgotten, kept }: Pick<KeysForgotten, 'forgotten' | 'kept'>): string {
  return [
    `crosswalk: ${forgotten.length} forgotten, ${kept.length} kept`,
    ...kept.map(
      ({ key, customerCode, why }) =>
        `  "${key}"${customerCode === null ? '' : ` (${customerCode})`} ${keptKeyLabels[why]}`,
    ),
    ...(forgotten.length === 0 ? [] : ['Next: import the file again; these customers are added again.']),
  ].join('\n');
}

const actions = ['export', 'import', 'rebuild', 'forget'] as const;

interface CrosswalkArguments extends SettingArguments {
  readonly action: (typeof actions)[number];
  readonly files?: string[] | undefined;
  readonly replace: boolean;
  readonly source?: string | undefined;
  readonly yes: boolean;
}

export const crosswalkCommand = defineCommand({
  command: 'crosswalk <action> [files..]',
  describe: 'Manage which key of the old system belongs to which customer',
  examples: [
    ['$0 crosswalk export who-is-who.csv', 'to move to another machine'],
    ['$0 crosswalk import who-is-who.csv', 'there'],
    ['$0 crosswalk rebuild', 'read it from the "stamp" field of the customers'],
    ['$0 crosswalk rebuild customers.results.csv', 'read it from result files'],
    ['$0 crosswalk import who-is-who.csv --source shop-a', 'keys of a mapping whose "key" has this "source"'],
    ['$0 crosswalk forget C-0042', 'the customer was deleted: the next import adds it again'],
  ],
  options: (yargs) =>
    mappingOption(settingOptions(yargs))
      .positional('action', {
        choices: actions,
        demandOption: true,
        describe:
          'export to a file; import from a file; rebuild from result files or the API; forget keys of deleted customers',
      })
      .positional('files', {
        type: 'string',
        array: true,
        describe: 'The file; for rebuild: result files; for forget: keys',
      })
      .option('replace', {
        type: 'boolean',
        default: false,
        describe: 'Replace known customer codes that differ',
      })
      .option('source', {
        type: 'string',
        requiresArg: true,
        describe: 'For import and forget: the source that the keys are of, as in the mapping',
      })
      .option('yes', { type: 'boolean', default: false, describe: 'Do not ask before reading many customers' }),
  async run(args, reporter): Promise<ExitCode> {
    const settings = resolveSettings(toSettingOptions(args));
    return handlers[args.action](args, settings, reporter);
  },
});

type Handler = (
  args: ArgumentsCamelCase<CrosswalkArguments>,
  settings: Settings,
  reporter: Reporter,
) => Promise<ExitCode>;

const handlers: Readonly<Record<(typeof actions)[number], Handler>> = {
  async export(args, settings, reporter) {
    const { exportCrosswalk } = await import('#src/app/crosswalk/crosswalk.js');
    const file = requireOneFile(args);
    const keys = await exportCrosswalk(settings, file);
    await reporter.result(`crosswalk: ${formatCount(keys, 'key')} written to ${file}`, {
      action: 'export',
      keys,
      file,
    });
    return exitCodes.done;
  },
  async import(args, settings, reporter) {
    const { importCrosswalk } = await import('#src/app/crosswalk/crosswalk.js');
    const { replace, source } = args;
    const linked = await importCrosswalk(settings, requireOneFile(args), replace, omitUndefined({ source }));
    return reportLinked('import', linked, reporter);
  },
  async rebuild(args, settings, reporter) {
    const { files = [], replace } = args;
    if (files.length > 0) {
      const { rebuildFromResults } = await import('#src/app/crosswalk/crosswalk.js');
      return reportLinked('rebuild', await rebuildFromResults(settings, files, replace), reporter);
    }
    const { rebuildFromStamp } = await import('#src/app/crosswalk/crosswalk.js');
    const signals = stopOnSignals(reporter);
    try {
      const confirm = (details: number) => confirmReading(details, settings, args.yes);
      const rebuilt = await rebuildFromStamp(settings, { replace, signal: signals.signal, confirm });
      if (rebuilt !== undefined) return await reportLinked('rebuild', rebuilt, reporter);
      await reporter.result('crosswalk: not changed', { action: 'rebuild', exitCode: exitCodes.done });
      return exitCodes.done;
    } finally {
      signals.release();
    }
  },
  forget: ({ files = [], source }, settings, reporter) => forget(files, source, settings, reporter),
};

async function forget(
  keys: readonly string[],
  source: string | undefined,
  settings: Settings,
  reporter: Reporter,
): Promise<ExitCode> {
  if (keys.length === 0)
    throw new UsageError('crosswalk forget needs the keys to forget.', {
      code: 'USAGE',
      nextStep: 'For example: mypos-customers crosswalk forget C-0042',
    });
  const { forgetKeys } = await import('#src/app/crosswalk/crosswalk.js');
  const signals = stopOnSignals(reporter);
  try {
    const { forgotten, kept, api } = await forgetKeys(settings, keys, {
      signal: signals.signal,
      ...omitUndefined({ source }),
    });
    // Who is not known is as good as forgotten.
    const exitCode = kept.some(({ why }) => why !== 'unknown key') ? exitCodes.guard : exitCodes.done;
    await reporter.result(renderForgotten({ forgotten, kept }), { action: 'forget', exitCode, forgotten, kept, api });
    return exitCode;
  } finally {
    signals.release();
  }
}

/** Few are read without a word. */
const maxUnconfirmedDetails = 100;

async function confirmReading(details: number, settings: Settings, yes: boolean): Promise<boolean> {
  if (yes || details <= maxUnconfirmedDetails) return true;
  const rate = settings.ratePerSecond.value;
  const time = Number.isFinite(rate) ? ` (about ${formatDuration(details / rate)})` : '';
  return confirmOnTerminal(`The list does not include the stamp field. Read ${details} customers one by one${time}?`);
}

async function reportLinked(action: string, linked: CrosswalkSummary, reporter: Reporter): Promise<ExitCode> {
  const exitCode = linked.conflicts.length + linked.taken.length > 0 ? exitCodes.guard : exitCodes.done;
  await reporter.result(renderLinked(linked), { action, exitCode, ...linked });
  return exitCode;
}

function requireOneFile({ action, files = [] }: Pick<CrosswalkArguments, 'action' | 'files'>): string {
  const [file] = files;
  if (file !== undefined && files.length === 1) return file;
  throw new UsageError(`crosswalk ${action} needs exactly one file.`, {
    code: 'USAGE',
    nextStep: `For example: mypos-customers crosswalk ${action} who-is-who.csv`,
  });
}

import type { Argv } from 'yargs';
import { pickReadOptions, type ReadOptions, readingOptions } from '#pipelines/reading-options.js';
import { type FailureLimit, parseFailureLimit } from '#pipelines/run-control.js';
import { parseIsoTime, parseSortOrder, type SortOrder } from '#src/app/export/window.js';
import {
  defaultConfigFile,
  type SettingOptions,
  settingOptionDeclarations,
  toKebabCase,
} from '#src/config/settings.js';
import { UsageError } from '#src/errors.js';
import type { OptionRecorder } from './record-options.js';

/** Options that every command takes. Values stay text: where they came from decides how errors name them. */
export function outputOptions<T>(yargs: Argv<T>) {
  return yargs
    .option('json', { type: 'boolean', default: false, describe: 'Print one JSON document on standard output' })
    .option('quiet', {
      type: 'boolean',
      default: false,
      alias: 'q',
      describe: 'Print nothing but errors, and the data that was asked for (-q)',
    })
    .option('verbose', {
      type: 'boolean',
      default: false,
      describe: 'Show more, such as the causes of errors',
    });
}

/** As yargs hands over the options of settings. */
export type SettingArguments = { readonly [name in keyof SettingOptions]?: SettingOptions[name] | undefined };

/** Options of the commands that talk to the API. */
export function settingOptions<T>(yargs: Argv<T>) {
  const names = settingOptionDeclarations.map(({ name }) => name);
  return declareSettings(
    localOptions(yargs),
    names.filter((name) => name !== 'stateDir' && name !== 'mapping'),
  );
}

/** Options of the commands that work on this machine only. */
export function localOptions<T>(yargs: Argv<T>) {
  const chosen = yargs
    .option('profile', textOption('Profile in the configuration file'))
    .option('config', textOption(`Configuration file (default: ${defaultConfigFile})`));
  return declareSettings(chosen, ['stateDir']);
}

function declareSettings<T>(yargs: Argv<T>, names: readonly string[]): Argv<T & SettingArguments> {
  for (const { name, option, type, description } of settingOptionDeclarations) {
    if (!names.includes(name)) continue;
    const isSwitch = type === 'switch';
    yargs.option(
      option,
      isSwitch ? { type: 'boolean', default: false, describe: description } : textOption(description),
    );
  }
  // Every option was just declared with the type that its setting has.
  return yargs as Argv<T & SettingArguments>;
}

/** Options that every command accepts, also where they have no effect: all settings, and those that choose them. */
const commonOptions: readonly { readonly option: string; readonly isSwitch: boolean }[] = [
  { option: 'profile', isSwitch: false },
  { option: 'config', isSwitch: false },
  ...settingOptionDeclarations.map(({ option, type }) => ({ option, isSwitch: type === 'switch' })),
  { option: 'yes', isSwitch: true },
];

/**
 * Takes the common options that a command has no use for, without a word in its help: a script can then give the same
 * ones to every command.
 */
export function acceptCommonOptions({ parser, declared }: OptionRecorder): void {
  for (const { option, isSwitch } of commonOptions) {
    if (declared.has(option)) continue;
    parser.option(option, isSwitch ? { type: 'boolean', hidden: true } : { ...textOption(''), hidden: true });
  }
}

export function mappingOption<T>(yargs: Argv<T>) {
  return declareSettings(yargs, ['mapping']);
}

/** The input of a command, its first word; without `nargs`, yargs would take `-` for the beginning of an option. */
export function inputFilePositional<T>(yargs: Argv<T>, describe: string) {
  return yargs.positional('file', { type: 'string', demandOption: true, describe }).nargs('file', 1);
}

/** As {@link inputFilePositional}, for a command that may know its input by other means. */
export function optionalInputFilePositional<T>(yargs: Argv<T>, describe: string) {
  return yargs.positional('file', { type: 'string', describe }).nargs('file', 1);
}

/** Stands for `-` where yargs would take that for the beginning of an option. */
export const standardInputWord = 'standard input:';

/** The inputs of a command that takes several, its first words. */
export function inputFilesPositional<T>(yargs: Argv<T>, describe: string) {
  return yargs.positional('file', {
    type: 'string',
    array: true,
    describe,
    coerce: (words: readonly string[]) => words.map((word) => (word === standardInputWord ? '-' : word)),
  });
}

/** As yargs hands over the options of {@link readingOptions}: numbers as text. */
export type ReadArguments = {
  readonly [Name in keyof ReadOptions]?: ReadOptions[Name] extends number | undefined
    ? string | undefined
    : ReadOptions[Name];
};

/** How to read a file. */
export function readOptions<T>(yargs: Argv<T>) {
  for (const [name, { shape, description }] of Object.entries(readingOptions)) {
    const { type, enum: choices } = shape.schema;
    const describe = description.replace(/\.$/, '');
    const text = Array.isArray(choices)
      ? { ...textOption(describe), choices: choices.map(String) }
      : textOption(describe);
    yargs.option(toKebabCase(name), type === 'boolean' ? { type, describe } : text);
  }
  // Every option was just declared with the type of its shape.
  return yargs as Argv<T & ReadArguments>;
}

/** How to decide what a file alone does not tell, when a mapping is proposed. */
export function proposalOptions<T>(yargs: Argv<T>) {
  return yargs
    .option('custom-columns', {
      type: 'boolean',
      describe: 'Map columns without a matching field to cC_001 … cC_010',
    })
    .option('date-order', {
      choices: ['day', 'month'] as const,
      describe: 'What comes first in dates such as 3/4/2024',
    })
    .option('decimal', {
      choices: ['.', ','] as const,
      describe: 'Decimal sign, where numbers are ambiguous',
    });
}

/** What to do with cells that cannot be right. */
export function strictOption<T>(yargs: Argv<T>) {
  return yargs.option('strict', {
    type: 'boolean',
    default: false,
    describe: 'Treat rows with damaged cells as invalid instead of warning about them',
  });
}

function textOption(describe: string) {
  return { type: 'string', requiresArg: true, describe } as const;
}

/** Picks the settings out of the arguments; what was not given stays absent. */
export function toSettingOptions(args: SettingArguments): SettingOptions {
  const names = ['profile', 'config', ...settingOptionDeclarations.map(({ name }) => name)];
  const settings = Object.entries(args).filter(([name, value]) => names.includes(name) && value !== undefined);
  return Object.fromEntries(settings);
}

type WithoutUndefined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** Leaves out what is undefined: an option that was not given is absent. */
export function omitUndefined<T extends object>(values: T): WithoutUndefined<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as WithoutUndefined<T>;
}

/** A whole number above zero. @throws UsageError naming the option */
export function parseWholeNumber(option: string, value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  if (/^[1-9]\d{0,9}$/.test(value)) return Number(value);
  throw optionError(option, value, 'a whole number above 0', '5');
}

/** `n` rows, or `p%` of them. @throws UsageError */
export function parseFailureLimitOption(value: string | undefined): FailureLimit | undefined {
  if (value === undefined) return undefined;
  const limit = parseFailureLimit(value);
  if (limit === undefined) throw optionError('max-failures', value, 'a number of rows or a percentage', '50 or 10%');
  return limit;
}

/** Seconds, as milliseconds. @throws UsageError */
export function parseSecondsAsMs(option: string, value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  if (/^\d+(\.\d+)?$/.test(value)) return Number(value) * 1000;
  throw optionError(option, value, 'a number of seconds', '10');
}

/** On a terminal somebody can resume later; nobody waits there for long. */
const terminalPatienceMs = 60_000;

/** How long a run may wait at its end, or for a server that cannot be reached; `undefined` leaves it to the library. @throws UsageError */
export function parsePatience(value: string | undefined, isTerminal: boolean): number | undefined {
  if (value === undefined) return isTerminal ? terminalPatienceMs : undefined;
  if (/^\d+(\.\d+)?$/.test(value)) return Number(value) * 60_000;
  throw optionError('patience', value, 'a number of minutes', '20');
}

/** Options of commands that settle rows in doubt. */
export const settleOptions = {
  settle: {
    type: 'string',
    requiresArg: true,
    describe:
      'Seconds to wait for a late response before an unanswered add counts as lost (default 10; never less than 900 after a timeout, a 502 to 504 or an answer that cannot be read)',
  },
  patience: {
    type: 'string',
    requiresArg: true,
    describe:
      'Minutes to wait at the end until rows without an answer can be settled (default 20), and for a server that cannot be reached (default 15); on a terminal 1',
  },
} as const;

/** Of commands that are run again and again without anybody watching. */
export const notifyOption = {
  notify: {
    type: 'string',
    requiresArg: true,
    describe: 'Alert these targets of the configuration file when it fails, and when it works again: name,name',
  },
} as const;

/** An ISO time; a day alone is its start, UTC. @throws UsageError */
export function parseIsoTimeOption(option: string, value: string | undefined): Date | undefined {
  if (value === undefined) return undefined;
  const at = parseIsoTime(value);
  if (at === undefined)
    throw optionError(option, value, 'an ISO time with a time zone, or the form of the API', '2026-11-24T09:00:00Z');
  return at;
}

/** `field` or `field:desc`. @throws UsageError */
export function parseSortOption(value: string | undefined): SortOrder | undefined {
  if (value === undefined) return undefined;
  const order = parseSortOrder(value);
  if (order === undefined)
    throw optionError('sort', value, 'a field, with :desc for descending order', 'customerName:desc');
  return order;
}

/** How to read the file, as far as the command line says it. @throws UsageError for a header row that is not a number */
export function toReadOptions(args: ReadArguments): ReadOptions {
  const { headerRow, ...others } = args;
  return pickReadOptions({ ...others, headerRow: parseWholeNumber('header-row', headerRow) });
}

/**
 * More filters of the API, each as `name=value`; the `filt_` before the name may be left out.
 *
 * @throws UsageError
 */
export function parseFilters(values: readonly string[] | undefined): Readonly<Record<string, string>> | undefined {
  if (values === undefined || values.length === 0) return undefined;
  return Object.fromEntries(
    values.map((text) => {
      const [, name, value] = /^(?:filt_)?(\w+)=(.+)$/i.exec(text) ?? [];
      if (name === undefined || value === undefined)
        throw optionError('filter', text, 'a filter of the API with a value', 'Name_min=A');
      return [name, value];
    }),
  );
}

/** {@link parseFilters}, as `list` and `export` declare it. */
export const filterOption = {
  type: 'string',
  array: true,
  nargs: 1,
  requiresArg: true,
  describe: 'A filter of the API, such as Name_min=A (sent as filt_Name_min); may be repeated',
} as const;

function optionError(option: string, value: string, expected: string, example: string): UsageError {
  return new UsageError(`--${option} "${value}" is not ${expected}.`, {
    code: 'OPTION_VALUE',
    nextStep: `For example: --${option} ${example}`,
  });
}

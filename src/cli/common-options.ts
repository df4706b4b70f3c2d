import type { Argv } from 'yargs';
import type { SettingOptions } from '#src/config/settings.js';

/** Options that every command takes. Values stay text: where they came from decides how errors name them. */
export function outputOptions<T>(yargs: Argv<T>) {
  return yargs
    .option('json', { type: 'boolean', default: false, describe: 'Print one JSON document on standard output' })
    .option('quiet', { type: 'boolean', default: false, describe: 'No progress and no remarks, only errors' })
    .option('verbose', {
      type: 'boolean',
      default: false,
      describe: 'Say more: settings with their origin, causes of errors',
    });
}

/** Options of the commands that talk to the API. */
export function settingOptions<T>(yargs: Argv<T>) {
  return localOptions(yargs)
    .option('base-url', text('Address of the API, e.g. https://api.myposconnect.com/api/v2'))
    .option('sandbox', { type: 'boolean', default: false, describe: 'Use the embedded sandbox in the state folder' })
    .option('rate', text('Requests a second (default 5), or "unlimited"'))
    .option('pace', text('Share the rate with other machines through Redis, e.g. redis://host:6379'))
    .option('concurrency', text('Requests in flight (default 4)'))
    .option('timeout', text('Seconds to wait for an answer (default 60)'))
    .option('ca-file', text('Certificate (PEM) of your company’s own authority, trusted as well'));
}

/** Options of the commands that work on this machine only. */
export function localOptions<T>(yargs: Argv<T>) {
  return yargs
    .option('profile', text('Profile in the configuration file'))
    .option('config', text('Configuration file (default mypos-customers.json)'))
    .option('state-dir', text('Folder for ledger and token (default ~/.local/state/mypos-customers)'));
}

/** The options of the contract that every command takes. */
const everywhere = {
  mapping: 'text',
  profile: 'text',
  config: 'text',
  'base-url': 'text',
  'state-dir': 'text',
  sandbox: 'switch',
  rate: 'text',
  pace: 'text',
  concurrency: 'text',
  yes: 'switch',
} as const satisfies Record<string, 'text' | 'switch'>;

/** What yargs has, and its types leave out. */
interface DeclaredOptions {
  getOptions(): { readonly key: Readonly<Record<string, unknown>> };
}

/**
 * Takes the common options that a command has no use for, without a word in its help: a script can then give the same
 * ones to every command.
 */
export function tolerateCommonOptions(yargs: Argv): void {
  const declared = (yargs as Argv & DeclaredOptions).getOptions().key;
  for (const [name, kind] of Object.entries(everywhere)) {
    if (Object.hasOwn(declared, name)) continue;
    yargs.option(name, kind === 'switch' ? { type: 'boolean', hidden: true } : { ...text(''), hidden: true });
  }
}

export function mappingOption<T>(yargs: Argv<T>) {
  return yargs.option('mapping', text('Mapping file (default mappings.json)'));
}

/** The input of a command, its first word; without `nargs`, yargs would take `-` for the beginning of an option. */
export function inputFile<T>(yargs: Argv<T>, describe: string) {
  return yargs.positional('file', { type: 'string', demandOption: true, describe }).nargs('file', 1);
}

/** As {@link inputFile}, for a command that may know its input by other means. */
export function optionalInputFile<T>(yargs: Argv<T>, describe: string) {
  return yargs.positional('file', { type: 'string', describe }).nargs('file', 1);
}

/** How to read a file. */
export function readOptions<T>(yargs: Argv<T>) {
  return yargs
    .option('sheet', text('Sheet of a workbook, by name or number'))
    .option('header-row', text('Line or row number of the header'))
    .option('encoding', text('Encoding of a text file, e.g. windows-1252 (default: detected)'))
    .option('delimiter', text('Delimiter of a CSV file, e.g. ";" or tab (default: detected)'))
    .option('lenient-quotes', {
      type: 'boolean',
      describe: 'CSV: a quotation mark inside a cell without quotation marks is text',
    })
    .option('skip-hidden', { type: 'boolean', describe: 'Workbook: leave out hidden rows and columns' });
}

/** How to decide what a file alone does not tell, when a mapping is proposed. */
export function proposalOptions<T>(yargs: Argv<T>) {
  return yargs
    .option('custom-columns', {
      type: 'boolean',
      describe: 'Keep columns that no field is meant for in cC_001 … cC_010',
    })
    .option('date-order', {
      choices: ['day', 'month'] as const,
      describe: 'What comes first in dates such as 3/4/2024',
    })
    .option('decimal', {
      choices: ['.', ','] as const,
      describe: 'Decimal sign, where a number could be read both ways',
    });
}

/** What to do with cells that cannot be right. */
export function strictOption<T>(yargs: Argv<T>) {
  return yargs.option('strict', {
    type: 'boolean',
    default: false,
    describe: 'Rows with cells that cannot be right are invalid, instead of a warning',
  });
}

function text(describe: string) {
  return { type: 'string', requiresArg: true, describe } as const;
}

/** As yargs hands them over. */
export interface SettingArguments {
  readonly baseUrl?: string | undefined;
  readonly stateDir?: string | undefined;
  readonly rate?: string | undefined;
  readonly pace?: string | undefined;
  readonly concurrency?: string | undefined;
  readonly timeout?: string | undefined;
  readonly caFile?: string | undefined;
  readonly mapping?: string | undefined;
  readonly sandbox?: boolean | undefined;
  readonly profile?: string | undefined;
  readonly config?: string | undefined;
}

/** Picks the settings out of the arguments; what was not given stays absent. */
export function toSettingOptions(args: SettingArguments): SettingOptions {
  const { baseUrl, stateDir, rate, pace, concurrency, timeout, caFile, mapping, sandbox, profile, config } = args;
  return present({ baseUrl, stateDir, rate, pace, concurrency, timeout, caFile, mapping, sandbox, profile, config });
}

type Present<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** Leaves out what is undefined: an option that was not given is absent. */
export function present<T extends object>(values: T): Present<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Present<T>;
}

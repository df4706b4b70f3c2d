import type { Guards } from '#pipelines/guards.js';
import { parseFileMode } from './parse-file-mode.js';
import {
  defaultBaseUrl,
  parseBaseUrl,
  parseConcurrency,
  parseCountry,
  parseMegabytes,
  parsePace,
  parseRate,
  parseRetention,
  parseTimeoutMs,
  readPath,
  readText,
  type Setting,
} from './parse-setting.js';

export type { Setting };

/** Every property of the configuration file and what it is for. */
export const configProperties = {
  $schema: 'Where editors find the JSON Schema of this file.',
  version: 'The version of the file format: 1.',
  defaultProfile: 'The profile that is used without --profile.',
  profiles: 'Settings by name, one for each tenant or purpose.',
  jobs: 'What to do with dropped files, by name.',
  notify: 'Who gets alerts, by name.',
} as const;

/** The configuration file when none is named. */
export const defaultConfigFile = 'mypos-customers.json';

/** The one version of the format that there is. */
export const configVersion = 1;

export type SettingSource = 'option' | 'environment' | 'environmentFile' | 'profileFile' | 'profile';

/** How one setting is called, where it may come from, and what it means. */
export interface SettingDeclaration {
  /** The key in a profile, and in kebab-case the option. */
  readonly name: string;
  /**
   * Places that may give it, the one that counts first at the front. A name that ends in `File`: the variable, with `_FILE`
   * added, or the key of the profile, with `File` added, names a file that holds the value.
   */
  readonly sources: readonly SettingSource[];
  /** Its environment variable. */
  readonly variable?: string;
  readonly type: 'text' | 'number or text' | 'switch' | 'guards';
  /** Half a sentence for help, schema and manual; the default is added to it. */
  readonly description: string;
  readonly default?: unknown;
  /** A default that is found out when the program runs, in words. */
  readonly defaultText?: string;
  /** In a profile, a relative path starts from the folder of the configuration file. */
  readonly isPath?: true;
  /** Never shown. */
  readonly isSecret?: true;
  // A parser takes the type that its sources give; each is called only with that.
  readonly parse: (setting: Setting<never>) => unknown;
}

/**
 * Every setting. Command-line options, the properties of a profile, their JSON Schema, the types of the library and the
 * manual are made from this table. CONTRIBUTING.md says where a new setting is used and described besides.
 */
export const settingsTable = {
  /** Without a slash at its end. */
  baseUrl: {
    name: 'baseUrl',
    sources: ['option', 'environment', 'profile'],
    variable: 'MYPOS_CONNECT_BASE_URL',
    type: 'text',
    description: 'Address of the API',
    default: defaultBaseUrl,
    parse: parseBaseUrl,
  },
  username: {
    name: 'username',
    sources: ['environment', 'environmentFile', 'profile'],
    variable: 'MYPOS_CONNECT_USERNAME',
    type: 'text',
    description: "The API user's e-mail address",
    parse: readText,
  },
  password: {
    name: 'password',
    sources: ['environment', 'environmentFile', 'profileFile'],
    variable: 'MYPOS_CONNECT_PASSWORD',
    type: 'text',
    description: 'The password',
    isSecret: true,
    parse: readText,
  },
  accessToken: {
    name: 'accessToken',
    sources: ['environment', 'environmentFile', 'profileFile'],
    variable: 'MYPOS_CONNECT_ACCESS_TOKEN',
    type: 'text',
    description: 'An access token',
    isSecret: true,
    parse: readText,
  },
  /** Where ledger, token and mirror are; always a local folder. */
  stateDir: {
    name: 'stateDir',
    sources: ['option', 'profile'],
    type: 'text',
    description: 'State folder, for the ledger, the token and the local copy',
    defaultText: '~/.local/state/mypos-customers',
    isPath: true,
    parse: readPath,
  },
  /** `Infinity` for no limit. */
  ratePerSecond: {
    name: 'rate',
    sources: ['option', 'profile'],
    type: 'number or text',
    description: 'Requests per second, or "unlimited"',
    default: '5',
    parse: parseRate,
  },
  /** Redis address through which several machines share a rate; absent when this one has its own. */
  pace: {
    name: 'pace',
    sources: ['option', 'profile'],
    type: 'text',
    description: 'Share the rate limit with other machines through Redis, e.g. redis://host:6379',
    parse: parsePace,
  },
  pacePassword: {
    name: 'pacePassword',
    sources: ['environment', 'environmentFile', 'profileFile'],
    variable: 'MYPOS_CONNECT_PACE_PASSWORD',
    type: 'text',
    description: 'The password of the Redis server',
    isSecret: true,
    parse: readText,
  },
  concurrency: {
    name: 'concurrency',
    sources: ['option', 'profile'],
    type: 'number or text',
    description: 'Maximum number of requests in flight',
    default: '4',
    parse: parseConcurrency,
  },
  requestTimeoutMs: {
    name: 'timeout',
    sources: ['option', 'profile'],
    type: 'number or text',
    description: 'Seconds to wait for an answer',
    default: '60',
    parse: parseTimeoutMs,
  },
  maxPageBytes: {
    name: 'maxPageMegabytes',
    sources: ['profile'],
    type: 'number or text',
    description: 'Megabytes that a page of the API’s list may have',
    default: '64',
    parse: parseMegabytes,
  },
  maxAnswerBytes: {
    name: 'maxAnswerMegabytes',
    sources: ['profile'],
    type: 'number or text',
    description: 'Megabytes that any other answer of the API may have, such as a customer',
    default: '1',
    parse: parseMegabytes,
  },
  caFile: {
    name: 'caFile',
    sources: ['option', 'profile'],
    type: 'text',
    description: 'Certificate (PEM) of an additional authority to trust, e.g. your company’s',
    isPath: true,
    parse: readText,
  },
  /** Permission bits; absent when files beside an input have its rights, and others those of the system. */
  fileMode: {
    name: 'fileMode',
    sources: ['option', 'profile'],
    type: 'number or text',
    description: 'Permissions of the files that are written, in octal, e.g. 640',
    defaultText: 'beside an input, those of the input for reading',
    parse: parseFileMode,
  },
  mapping: {
    name: 'mapping',
    sources: ['option', 'profile'],
    type: 'text',
    description: 'Mapping file',
    default: 'mappings.json',
    isPath: true,
    parse: readText,
  },
  /** Two capital letters. */
  country: {
    name: 'country',
    sources: ['profile'],
    type: 'text',
    description:
      'Country of telephone numbers that do not say theirs, where neither the row nor the mapping names one, e.g. AU',
    parse: parseCountry,
  },
  /** Also gets each line of the audit. */
  auditFile: {
    name: 'auditFile',
    sources: ['profile'],
    type: 'text',
    description: 'File to which each line of the audit is appended, as well as being kept in the ledger',
    parse: readPath,
  },
  /** Days for which runs keep what only an undo, a report or a correction needs; `Infinity` for good. */
  retentionDays: {
    name: 'retention',
    sources: ['profile'],
    type: 'number or text',
    description: 'Days for which finished runs keep what they need to be undone and reported, e.g. "90d", or "forever"',
    default: '90d',
    parse: parseRetention,
  },
  guards: {
    name: 'guards',
    sources: ['profile'],
    type: 'guards',
    description: 'Conditions under which an import refuses to start; those of the mapping take precedence',
    default: {},
    parse: ({ value }: Setting<Guards>) => value,
  },
  /** Run against the embedded sandbox in the state folder instead of `baseUrl`. */
  sandbox: {
    name: 'sandbox',
    sources: ['option'],
    type: 'switch',
    description: 'Use the embedded sandbox in the state folder',
    default: false,
    parse: ({ value }: Setting<boolean>) => value,
  },
} as const satisfies Readonly<Record<string, SettingDeclaration>>;

type SettingsTable = typeof settingsTable;
type HasSource<
  K extends keyof SettingsTable,
  Source extends SettingSource,
> = Source extends SettingsTable[K]['sources'][number] ? SettingsTable[K]['name'] : never;
type Absent<K extends keyof SettingsTable> = SettingsTable[K] extends { default: unknown } | { defaultText: string }
  ? never
  : undefined;

/** Everything that the commands need to know, resolved once; secrets included, so never print it whole. */
export type Settings = {
  readonly [K in keyof SettingsTable]: Setting<ReturnType<SettingsTable[K]['parse']> | Absent<K>>;
} & {
  /** The proxy for `baseUrl`, if any; may hold a login. */
  readonly proxy: Setting<string | undefined>;
  /** The name of the profile that was used, if any. */
  readonly profile: Setting<string | undefined>;
  /** The configuration file that was named or read, if any. */
  readonly config: Setting<string | undefined>;
};

/** Settings as a command line or a library caller gives them; what is absent comes from elsewhere. */
export type SettingOptions = {
  readonly [K in keyof SettingsTable as HasSource<K, 'option'>]?: SettingsTable[K]['type'] extends 'switch'
    ? boolean
    : string;
} & {
  /** The profile of the configuration file to use. */
  readonly profile?: string;
  /** The configuration file. */
  readonly config?: string;
};

/** One profile of `mypos-customers.json`: settings for one tenant or purpose. No secrets, only files that hold them. */
export type Profile = {
  readonly [K in keyof SettingsTable as HasSource<K, 'profile'>]?: SettingsTable[K]['type'] extends 'guards'
    ? Guards
    : string;
} & { readonly [K in keyof SettingsTable as `${HasSource<K, 'profileFile'>}File`]?: string };

export interface ProfileProperty extends Required<Pick<SettingDeclaration, 'type' | 'description'>> {
  readonly isPath: boolean;
}

/** The properties that a profile may have, by name. */
export const profileProperties: Readonly<Record<string, ProfileProperty>> = Object.fromEntries(
  Object.values<SettingDeclaration>(settingsTable).flatMap((setting) => {
    const { name, sources, type, isPath = false } = setting;
    const fromFile = isPath ? ', relative to this file' : '';
    const description = describeSetting(setting);
    return [
      ...(sources.includes('profile')
        ? [[name, { type, description: `${description}${fromFile}`, isPath }] as const]
        : []),
      ...(sources.includes('profileFile')
        ? [
            [
              `${name}File`,
              { type, description: `File with ${lowerFirst(description)}, relative to this file`, isPath: true },
            ] as const,
          ]
        : []),
    ];
  }),
);

/** The settings that the command line can give, with the text of their help. */
export const settingOptionDeclarations: readonly {
  readonly name: string;
  readonly option: string;
  readonly type: SettingDeclaration['type'];
  readonly description: string;
}[] = Object.values<SettingDeclaration>(settingsTable)
  .filter(({ sources }) => sources.includes('option'))
  .map((setting) => ({
    name: setting.name,
    option: toKebabCase(setting.name),
    type: setting.type,
    description: describeSetting(setting),
  }));

function describeSetting({ description, default: value, defaultText }: SettingDeclaration): string {
  const text = defaultText ?? (typeof value === 'string' ? value : undefined);
  return text === undefined ? description : `${description} (default: ${text})`;
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

/** Whether the value of a setting must never be shown. */
export function isSecretSetting(name: string): boolean {
  return Object.entries<SettingDeclaration>(settingsTable).some(
    ([key, { isSecret }]) => key === name && isSecret === true,
  );
}

/** `baseUrl` as an option is called: `base-url`. */
export function toKebabCase(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

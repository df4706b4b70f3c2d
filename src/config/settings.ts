import type { Guards } from '#pipelines/guards.js';

/** Every property of the configuration file and what it is for: the one source of its reader, its types and its schema. */
export const configProperties = {
  $schema: 'Where editors find the schema of this file.',
  version: 'The version of the format: 1.',
  defaultProfile: 'The profile that counts when --profile names none.',
  profiles: 'Settings by name, one for each tenant or purpose.',
  jobs: 'What to do with dropped files, by name.',
} as const;

/** A secret never stands in the file, only the name of a file that holds it. */
export const profileProperties = {
  baseUrl: { about: 'Address of the API, e.g. https://api.myposconnect.com/api/v2.', holds: 'text' },
  username: { about: "The API user's e-mail address.", holds: 'text' },
  passwordFile: { about: 'File that holds the password.', holds: 'text' },
  accessTokenFile: { about: 'File that holds a ready access token.', holds: 'text' },
  stateDir: { about: 'Folder for ledger, token and mirror.', holds: 'text' },
  rate: { about: 'Requests a second, or "unlimited". Default: 5.', holds: 'number or text' },
  pace: { about: 'Redis that several machines share the rate through, e.g. redis://host:6379.', holds: 'text' },
  pacePasswordFile: { about: 'File that holds the password of that Redis.', holds: 'text' },
  concurrency: { about: 'Requests in flight. Default: 4.', holds: 'number or text' },
  timeout: { about: 'Seconds to wait for an answer. Default: 60.', holds: 'number or text' },
  mapping: { about: 'Mapping file. Default: mappings.json.', holds: 'text' },
  caFile: { about: "Certificate (PEM) of a company's own authority, trusted as well.", holds: 'text' },
  guards: { about: 'What may make an import refuse to begin; what the mapping says goes first.', holds: 'guards' },
} as const satisfies Record<string, { readonly about: string; readonly holds: 'text' | 'number or text' | 'guards' }>;

export type ProfileProperty = keyof typeof profileProperties;

/** The one version of the format that there is. */
export const configVersion = 1;

/** Where a setting's value came from, in words for `doctor` and for errors. */
type Origin = string;

export interface Setting<T> {
  readonly value: T;
  readonly origin: Origin;
}

/** Everything that the commands need to know, resolved once; secrets included, so never print it whole. */
export interface Settings {
  /** Of the API, without a slash at its end. */
  readonly baseUrl: Setting<string>;
  readonly username: Setting<string | undefined>;
  readonly password: Setting<string | undefined>;
  readonly accessToken: Setting<string | undefined>;
  /** Where ledger, token and mirror live; always a local folder. */
  readonly stateDir: Setting<string>;
  /** Requests a second; `Infinity` for no limit. */
  readonly ratePerSecond: Setting<number>;
  /** Address of the Redis through which several machines share the rate limit; absent when it is this machine's own. */
  readonly pace: Setting<string | undefined>;
  readonly pacePassword: Setting<string | undefined>;
  /** Requests in flight. */
  readonly concurrency: Setting<number>;
  readonly requestTimeoutMs: Setting<number>;
  /** A PEM file with the certificate of a company's own authority, trusted besides those of Node. */
  readonly caFile: Setting<string | undefined>;
  /** The proxy for `baseUrl`, if any; may hold a login. */
  readonly proxy: Setting<string | undefined>;
  /** Path of the mapping file. */
  readonly mapping: Setting<string>;
  /** What may make an import refuse to begin, unless its mapping says otherwise. */
  readonly guards: Setting<Guards>;
  /** Run against the embedded sandbox in the state folder instead of `baseUrl`. */
  readonly sandbox: Setting<boolean>;
}

/** Settings as a command line or a library caller gives them; what is absent comes from elsewhere. */
export interface SettingOptions {
  readonly baseUrl?: string;
  readonly stateDir?: string;
  readonly rate?: string;
  readonly pace?: string;
  readonly concurrency?: string;
  /** Seconds. */
  readonly timeout?: string;
  readonly mapping?: string;
  readonly caFile?: string;
  readonly sandbox?: boolean;
  readonly profile?: string;
  readonly config?: string;
}

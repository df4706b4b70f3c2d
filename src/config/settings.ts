import type { Guards } from '#pipelines/guards.js';

/** Where a setting's value came from, in words for `doctor` and for errors. */
export type Origin = string;

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
  /** Redis address of a pace that several machines share; absent for one of our own. */
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

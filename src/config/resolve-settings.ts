import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { UsageError } from '#src/errors.js';
import { type FoundProfile, readProfile } from './config-file.js';
import { proxyFor } from './proxy-for.js';
import type { Setting, SettingOptions, Settings } from './settings.js';

/** As `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Of the API, for everybody who has not been given another. */
export const usualBaseUrl = 'https://api.myposconnect.com/api/v2';

const defaults = {
  baseUrl: usualBaseUrl,
  rate: '5',
  concurrency: '4',
  timeout: '60',
  mapping: 'mappings.json',
} as const;

/**
 * Makes one set of settings of options, environment, profile and defaults, the highest first.
 *
 * @throws UsageError for a value that cannot be used, naming where it came from
 */
export function resolveSettings(options: SettingOptions, environment: Environment = process.env): Settings {
  const found = readProfile(options.config, options.profile);
  const pick = (key: keyof typeof defaults): Setting<string> => {
    const option = options[key];
    if (option !== undefined) return { value: option, origin: `option --${dashed(key)}` };
    if (key === 'baseUrl' && present(environment.MYPOS_CONNECT_BASE_URL))
      return { value: String(environment.MYPOS_CONNECT_BASE_URL), origin: 'environment MYPOS_CONNECT_BASE_URL' };
    const own = found?.profile[key];
    if (own !== undefined) return { value: own, origin: found?.origin ?? '' };
    return { value: defaults[key], origin: 'default' };
  };
  const timeout = positive(pick('timeout'), 'timeout', 86_400);
  const baseUrl = checkedBaseUrl(pick('baseUrl'));
  return {
    baseUrl,
    username: readSecret('USERNAME', environment, found?.profile.username, undefined, found),
    password: readSecret('PASSWORD', environment, undefined, found?.profile.passwordFile, found),
    accessToken: readSecret('ACCESS_TOKEN', environment, undefined, found?.profile.accessTokenFile, found),
    stateDir: stateDir(options, environment, found),
    ratePerSecond: rate(pick('rate')),
    pace: pace(options, found),
    pacePassword: readSecret('PACE_PASSWORD', environment, undefined, found?.profile.pacePasswordFile, found),
    concurrency: whole(positive(pick('concurrency'), 'concurrency', 256), 'concurrency'),
    requestTimeoutMs: { value: timeout.value * 1000, origin: timeout.origin },
    caFile: caFile(options, found),
    proxy: proxyFor(baseUrl.value, environment),
    mapping: pick('mapping'),
    guards: {
      value: found?.profile.guards ?? {},
      origin: found?.profile.guards === undefined ? 'default' : found.origin,
    },
    sandbox: { value: options.sandbox ?? false, origin: options.sandbox === true ? 'option --sandbox' : 'default' },
  };
}

/** The login that the environment gives, as far as it does. @throws UsageError for a file that cannot be read */
export function loginOf(environment: Environment): { readonly username?: string; readonly password?: string } {
  const username = readSecret('USERNAME', environment, undefined, undefined, undefined).value;
  const password = readSecret('PASSWORD', environment, undefined, undefined, undefined).value;
  return { ...(username === undefined ? {} : { username }), ...(password === undefined ? {} : { password }) };
}

/** The environment without what it says of an address or login, so that a profile counts. */
export function withoutLogin(environment: Environment): Environment {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !name.startsWith('MYPOS_CONNECT_')));
}

/** A value from the environment, from the file that the environment names, or from the profile. */
function readSecret(
  name: 'USERNAME' | 'PASSWORD' | 'ACCESS_TOKEN' | 'PACE_PASSWORD',
  environment: Environment,
  ownValue: string | undefined,
  ownFile: string | undefined,
  found: FoundProfile | undefined,
): Setting<string | undefined> {
  const variable = `MYPOS_CONNECT_${name}`;
  if (present(environment[variable])) return { value: environment[variable], origin: `environment ${variable}` };
  const file = environment[`${variable}_FILE`];
  if (file !== undefined && file !== '') return secretFile(file, `environment ${variable}_FILE`);
  if (ownFile !== undefined) return secretFile(ownFile, found?.origin ?? '');
  if (ownValue !== undefined) return { value: ownValue, origin: found?.origin ?? '' };
  return { value: undefined, origin: 'not set' };
}

/** Reads a secret without the line end that editors add. @throws UsageError */
export function secretFile(path: string, origin: string): Setting<string> {
  try {
    // Editors end a file with a line end; no secret does.
    return { value: readFileSync(path, 'utf8').replace(/\r?\n$/, ''), origin: `file ${path} (${origin})` };
  } catch (error) {
    const why = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    throw new UsageError(`The file ${path}, named by ${origin}, cannot be read (${why}).`, {
      code: 'SECRET_FILE',
      nextStep: 'Check its path and that this user may read it.',
      cause: error,
    });
  }
}

/** An address that a login may be sent to, without a slash at its end. @throws UsageError */
export function checkedBaseUrl(setting: Setting<string>): Setting<string> {
  let url: URL;
  try {
    url = new URL(setting.value);
  } catch {
    throw unusable(setting, 'base URL', `a whole address such as ${usualBaseUrl}`);
  }
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw unusable(setting, 'base URL', 'an https: address');
  if (url.username !== '' || url.password !== '')
    throw new UsageError(`The base URL (${setting.origin}) holds a login.`, {
      code: 'SETTING_UNUSABLE',
      nextStep: 'Put the login into MYPOS_CONNECT_USERNAME and MYPOS_CONNECT_PASSWORD and take it out of the address.',
    });
  if (url.protocol === 'http:' && !isLoopback(url.hostname))
    throw new UsageError(`${setting.value} (${setting.origin}) would send the login unencrypted.`, {
      code: 'PLAIN_HTTP',
      nextStep: 'Use https:. Plain http: is for servers on this machine only.',
    });
  return { value: setting.value.replace(/\/+$/, ''), origin: setting.origin };
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname);
}

function caFile(options: SettingOptions, found: FoundProfile | undefined): Setting<string | undefined> {
  if (options.caFile !== undefined) return { value: options.caFile, origin: 'option --ca-file' };
  const own = found?.profile.caFile;
  return own === undefined ? { value: undefined, origin: 'not set' } : { value: own, origin: found?.origin ?? '' };
}

function stateDir(options: SettingOptions, environment: Environment, found: FoundProfile | undefined): Setting<string> {
  if (options.stateDir !== undefined) return { value: resolve(options.stateDir), origin: 'option --state-dir' };
  const own = found?.profile.stateDir;
  if (own !== undefined) return { value: resolve(own), origin: found?.origin ?? '' };
  const base =
    environment.XDG_STATE_HOME ||
    (process.platform === 'win32' ? environment.LOCALAPPDATA : undefined) ||
    join(homedir(), '.local', 'state');
  return { value: join(base, 'mypos-customers'), origin: 'default' };
}

function rate(setting: Setting<string>): Setting<number> {
  if (setting.value === 'unlimited') return { value: Number.POSITIVE_INFINITY, origin: setting.origin };
  return positive(setting, 'rate', 100_000, ', or "unlimited" (for a sandbox)');
}

function pace(options: SettingOptions, found: FoundProfile | undefined): Setting<string | undefined> {
  const own = found?.profile.pace;
  const setting =
    options.pace === undefined
      ? { value: own, origin: own === undefined ? 'not set' : (found?.origin ?? '') }
      : { value: options.pace, origin: 'option --pace' };
  const { value, origin } = setting;
  if (value === undefined) return setting;
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (url === undefined || !['redis:', 'rediss:'].includes(url.protocol) || url.host === '')
    throw unusable({ value: withoutSecrets(value), origin }, 'pace', 'an address such as redis://host:6379');
  if (url.password !== '' || url.searchParams.has('password'))
    throw new UsageError(`The address of the pace (${origin}) holds a password.`, {
      code: 'SETTING_UNUSABLE',
      nextStep: 'Put it into MYPOS_CONNECT_PACE_PASSWORD, or into a file that MYPOS_CONNECT_PACE_PASSWORD_FILE names.',
    });
  return setting;
}

/** An address that is none may hold a password all the same. */
function withoutSecrets(address: string): string {
  return address.replace(/^(\w*:?\/*).*@/, '$1…@').replace(/\?.*/, '?…');
}

function positive(setting: Setting<string>, name: string, most: number, or = ''): Setting<number> {
  const value = /^\d+(\.\d+)?$/.test(setting.value.trim()) ? Number(setting.value) : Number.NaN;
  if (!(value > 0 && value <= most)) throw unusable(setting, name, `a number above 0 and up to ${most}${or}`);
  return { value, origin: setting.origin };
}

function whole(setting: Setting<number>, name: string): Setting<number> {
  if (Number.isInteger(setting.value)) return setting;
  throw unusable({ value: String(setting.value), origin: setting.origin }, name, 'a whole number');
}

function unusable(setting: Setting<string>, name: string, expected: string): UsageError {
  return new UsageError(`The ${name} "${setting.value}" (${setting.origin}) cannot be used; expected ${expected}.`, {
    code: 'SETTING_UNUSABLE',
    nextStep: 'Correct it there, or override it with the option of that name.',
  });
}

function present(value: string | undefined): boolean {
  return value !== undefined && value !== '';
}

function dashed(key: string): string {
  return key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

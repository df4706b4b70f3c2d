import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { rootCertificates } from 'node:tls';
import { UsageError } from '#src/errors.js';
import { type FoundProfile, readProfile } from './config-file.js';
import type { Setting, SettingOptions, Settings } from './settings.js';

/** As `process.env`. */
type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The proxy that the environment names for an address, by the rules that curl and others follow: `HTTPS_PROXY`, else
 * `ALL_PROXY`, in lower case too; `NO_PROXY` lists hosts, `.domains`, `host:port` or `*`. Plain http is for this machine
 * only and never takes a proxy.
 *
 * @throws UsageError for a proxy that is no address
 */
export function findProxy(baseUrl: string, environment: Environment): Setting<string | undefined> {
  const url = new URL(baseUrl);
  const name = ['https_proxy', 'HTTPS_PROXY', 'all_proxy', 'ALL_PROXY'].find((one) => (environment[one] ?? '') !== '');
  if (url.protocol !== 'https:' || name === undefined) return { value: undefined, origin: 'not set' };
  const excluded = findExclusion(url, environment.no_proxy ?? environment.NO_PROXY ?? '');
  if (excluded !== undefined) return { value: undefined, origin: `NO_PROXY has "${excluded}"` };
  const value = environment[name] ?? '';
  return { value: parseProxy(value.includes('://') ? value : `http://${value}`, name), origin: `environment ${name}` };
}

/** The entry of `NO_PROXY` that fits. */
function findExclusion(url: URL, list: string): string | undefined {
  const port = url.port === '' ? '443' : url.port;
  const host = url.hostname.toLowerCase();
  const entries = list.split(/[\s,]+/).filter((entry) => entry !== '');
  return entries.find((entry) => {
    if (entry === '*') return true;
    const [, name = '', entryPort] = /^(.*?)(?::(\d+))?$/.exec(entry.toLowerCase()) ?? [];
    if (entryPort !== undefined && entryPort !== port) return false;
    const bare = name.replace(/^\*?\./, '');
    return host === bare || host.endsWith(`.${bare}`);
  });
}

function parseProxy(value: string, name: string): string {
  if (URL.canParse(value) && /^https?:$/.test(new URL(value).protocol)) return value;
  throw new UsageError(`${name} is no address of an HTTP proxy.`, {
    code: 'PROXY_UNUSABLE',
    nextStep: 'Write it as http://host:port, or unset it.',
  });
}

/**
 * All certificates to trust when there is one of the user's own, in PEM: naming any to TLS leaves out Node's own list and
 * what `NODE_EXTRA_CA_CERTS` adds to it.
 *
 * @returns `undefined` when Node's own list is to be used
 * @throws UsageError when a file cannot be read or holds none
 */
export function readTrustedCertificates(
  caFile: Setting<string | undefined>,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): readonly string[] | undefined {
  if (caFile.value === undefined) return undefined;
  const extra = environment.NODE_EXTRA_CA_CERTS;
  return [
    ...rootCertificates,
    ...(extra === undefined || extra === '' ? [] : [readCertificate(extra, 'environment NODE_EXTRA_CA_CERTS')]),
    readCertificate(caFile.value, caFile.origin),
  ];
}

function readCertificate(path: string, origin: string): string {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    const why = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
    throw certificateError(path, origin, `cannot be read (${why})`, cause);
  }
  if (text.includes('-----BEGIN CERTIFICATE-----')) return text;
  throw certificateError(path, origin, 'holds no certificate in PEM form');
}

function certificateError(path: string, origin: string, why: string, cause?: unknown): UsageError {
  return new UsageError(`The certificate file ${path} (${origin}) ${why}.`, {
    code: 'CA_FILE',
    nextStep: 'Name a text file with -----BEGIN CERTIFICATE----- in it; your IT department has the one of your proxy.',
    cause,
  });
}

/** Of the API, for everybody who has not been given another. */
export const defaultBaseUrl = 'https://api.myposconnect.com/api/v2';

const defaults = {
  baseUrl: defaultBaseUrl,
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
    if (option !== undefined) return { value: option, origin: `option --${toKebabCase(key)}` };
    if (key === 'baseUrl' && isPresent(environment.MYPOS_CONNECT_BASE_URL))
      return { value: String(environment.MYPOS_CONNECT_BASE_URL), origin: 'environment MYPOS_CONNECT_BASE_URL' };
    const own = found?.profile[key];
    if (own !== undefined) return { value: own, origin: found?.origin ?? '' };
    return { value: defaults[key], origin: 'default' };
  };
  const timeout = parsePositive(pick('timeout'), 'timeout', 86_400);
  const baseUrl = parseBaseUrl(pick('baseUrl'));
  return {
    baseUrl,
    username: readSecret('USERNAME', environment, found?.profile.username, undefined, found),
    password: readSecret('PASSWORD', environment, undefined, found?.profile.passwordFile, found),
    accessToken: readSecret('ACCESS_TOKEN', environment, undefined, found?.profile.accessTokenFile, found),
    stateDir: resolveStateDir(options, environment, found),
    ratePerSecond: parseRate(pick('rate')),
    pace: resolvePace(options, found),
    pacePassword: readSecret('PACE_PASSWORD', environment, undefined, found?.profile.pacePasswordFile, found),
    concurrency: requireWhole(parsePositive(pick('concurrency'), 'concurrency', 256), 'concurrency'),
    requestTimeoutMs: { value: timeout.value * 1000, origin: timeout.origin },
    caFile: resolveCaFile(options, found),
    proxy: findProxy(baseUrl.value, environment),
    mapping: pick('mapping'),
    guards: {
      value: found?.profile.guards ?? {},
      origin: found?.profile.guards === undefined ? 'default' : found.origin,
    },
    sandbox: { value: options.sandbox ?? false, origin: options.sandbox === true ? 'option --sandbox' : 'default' },
  };
}

/** The login that the environment gives, as far as it does. @throws UsageError for a file that cannot be read */
export function readLogin(environment: Environment): { readonly username?: string; readonly password?: string } {
  const username = readSecret('USERNAME', environment, undefined, undefined, undefined).value;
  const password = readSecret('PASSWORD', environment, undefined, undefined, undefined).value;
  return { ...(username === undefined ? {} : { username }), ...(password === undefined ? {} : { password }) };
}

/** The environment without what it says of an address or login, so that a profile counts. */
export function omitLogin(environment: Environment): Environment {
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
  if (isPresent(environment[variable])) return { value: environment[variable], origin: `environment ${variable}` };
  const file = environment[`${variable}_FILE`];
  if (file !== undefined && file !== '') return readSecretFile(file, `environment ${variable}_FILE`);
  if (ownFile !== undefined) return readSecretFile(ownFile, found?.origin ?? '');
  if (ownValue !== undefined) return { value: ownValue, origin: found?.origin ?? '' };
  return { value: undefined, origin: 'not set' };
}

/** Reads a secret without the line end that editors add. @throws UsageError */
export function readSecretFile(path: string, origin: string): Setting<string> {
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
export function parseBaseUrl(setting: Setting<string>): Setting<string> {
  let url: URL;
  try {
    url = new URL(setting.value);
  } catch {
    throw settingError(setting, 'base URL', `a whole address such as ${defaultBaseUrl}`);
  }
  if (url.protocol !== 'https:' && url.protocol !== 'http:')
    throw settingError(setting, 'base URL', 'an https: address');
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

function resolveCaFile(options: SettingOptions, found: FoundProfile | undefined): Setting<string | undefined> {
  if (options.caFile !== undefined) return { value: options.caFile, origin: 'option --ca-file' };
  const own = found?.profile.caFile;
  return own === undefined ? { value: undefined, origin: 'not set' } : { value: own, origin: found?.origin ?? '' };
}

function resolveStateDir(
  options: SettingOptions,
  environment: Environment,
  found: FoundProfile | undefined,
): Setting<string> {
  if (options.stateDir !== undefined) return { value: resolve(options.stateDir), origin: 'option --state-dir' };
  const own = found?.profile.stateDir;
  if (own !== undefined) return { value: resolve(own), origin: found?.origin ?? '' };
  const base =
    environment.XDG_STATE_HOME ||
    (process.platform === 'win32' ? environment.LOCALAPPDATA : undefined) ||
    join(homedir(), '.local', 'state');
  return { value: join(base, 'mypos-customers'), origin: 'default' };
}

function parseRate(setting: Setting<string>): Setting<number> {
  if (setting.value === 'unlimited') return { value: Number.POSITIVE_INFINITY, origin: setting.origin };
  return parsePositive(setting, 'rate', 100_000, ', or "unlimited" (for a sandbox)');
}

function resolvePace(options: SettingOptions, found: FoundProfile | undefined): Setting<string | undefined> {
  const own = found?.profile.pace;
  const setting =
    options.pace === undefined
      ? { value: own, origin: own === undefined ? 'not set' : (found?.origin ?? '') }
      : { value: options.pace, origin: 'option --pace' };
  const { value, origin } = setting;
  if (value === undefined) return setting;
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (url === undefined || !['redis:', 'rediss:'].includes(url.protocol) || url.host === '')
    throw settingError({ value: hideSecrets(value), origin }, 'pace', 'an address such as redis://host:6379');
  if (url.password !== '' || url.searchParams.has('password'))
    throw new UsageError(`The Redis address (${origin}) contains a password.`, {
      code: 'SETTING_UNUSABLE',
      nextStep: 'Put it into MYPOS_CONNECT_PACE_PASSWORD, or into a file that MYPOS_CONNECT_PACE_PASSWORD_FILE names.',
    });
  return setting;
}

/** An address that is none may hold a password all the same. */
function hideSecrets(address: string): string {
  return address.replace(/^(\w*:?\/*).*@/, '$1…@').replace(/\?.*/, '?…');
}

function parsePositive(setting: Setting<string>, name: string, most: number, or = ''): Setting<number> {
  const value = /^\d+(\.\d+)?$/.test(setting.value.trim()) ? Number(setting.value) : Number.NaN;
  if (!(value > 0 && value <= most)) throw settingError(setting, name, `a number above 0 and up to ${most}${or}`);
  return { value, origin: setting.origin };
}

function requireWhole(setting: Setting<number>, name: string): Setting<number> {
  if (Number.isInteger(setting.value)) return setting;
  throw settingError({ value: String(setting.value), origin: setting.origin }, name, 'a whole number');
}

function settingError(setting: Setting<string>, name: string, expected: string): UsageError {
  return new UsageError(`The ${name} "${setting.value}" (${setting.origin}) cannot be used; expected ${expected}.`, {
    code: 'SETTING_UNUSABLE',
    nextStep: 'Correct it there, or override it with the option of that name.',
  });
}

function isPresent(value: string | undefined): boolean {
  return value !== undefined && value !== '';
}

function toKebabCase(key: string): string {
  return key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { UsageError } from '#src/errors.js';
import { findStateBase } from '#src/platform.js';
import { type FoundProfile, readProfile } from './config-file.js';
import {
  type Setting,
  type SettingDeclaration,
  type SettingOptions,
  type Settings,
  settingsTable,
  toKebabCase,
} from './settings.js';

/** As `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>;

interface SettingSources {
  readonly options: Readonly<Record<string, unknown>>;
  readonly environment: Environment;
  readonly found: FoundProfile | undefined;
}

/**
 * Makes one set of settings of options, environment, profile and defaults, the highest first.
 *
 * @throws UsageError for a value that cannot be used, naming where it came from
 */
export function resolveSettings(options: SettingOptions, environment: Environment = process.env): Settings {
  const sources = { options, environment, found: readProfile(options.config, options.profile) };
  const settings = Object.fromEntries(
    Object.entries<SettingDeclaration>(settingsTable).map(([key, declaration]) => [
      key,
      resolveSetting(declaration, sources),
    ]),
    // Each value was just made by the parser that the type names.
  ) as Omit<Settings, 'proxy' | 'profile' | 'config'>;
  return {
    ...settings,
    proxy: findProxy(settings.baseUrl.value, environment),
    profile: nameProfile(sources),
    config: nameConfig(sources),
  };
}

function nameProfile({ options, found }: SettingSources): Settings['profile'] {
  if (found === undefined) return { value: undefined, origin: 'not set' };
  const origin = options.profile === undefined ? `defaultProfile in ${found.file}` : 'option --profile';
  return { value: found.name, origin };
}

function nameConfig({ options, found }: SettingSources): Settings['config'] {
  if (typeof options.config === 'string') return { value: options.config, origin: 'option --config' };
  return found === undefined ? { value: undefined, origin: 'not set' } : { value: found.file, origin: 'found' };
}

function resolveSetting(declaration: SettingDeclaration, sources: SettingSources): Setting<unknown> {
  const setting = findSetting(declaration, sources);
  if (setting.value === undefined) return setting;
  return { value: declaration.parse(setting as Setting<never>), origin: setting.origin };
}

/** The first source that has the setting, with its value as it stands there. */
function findSetting(declaration: SettingDeclaration, sources: SettingSources): Setting<unknown> {
  for (const source of declaration.sources) {
    const setting = readSource[source](declaration, sources);
    if (setting !== undefined) return setting;
  }
  if (declaration.default !== undefined) return { value: declaration.default, origin: 'default' };
  if (declaration === settingsTable.stateDir)
    return { value: findDefaultStateDir(sources.environment), origin: 'default' };
  return { value: undefined, origin: 'not set' };
}

type ReadSource = (declaration: SettingDeclaration, sources: SettingSources) => Setting<unknown> | undefined;

const readSource: Readonly<Record<SettingDeclaration['sources'][number], ReadSource>> = {
  option({ name }, { options }) {
    const value = options[name];
    // A switch that was not given is absent.
    if (value === undefined || value === false) return undefined;
    return { value, origin: `option --${toKebabCase(name)}` };
  },
  environment({ variable = '' }, { environment }) {
    const value = environment[variable];
    return value === undefined || value === '' ? undefined : { value, origin: `environment ${variable}` };
  },
  environmentFile({ variable = '' }, { environment }) {
    const file = environment[`${variable}_FILE`];
    return file === undefined || file === '' ? undefined : readSecretFile(file, `environment ${variable}_FILE`);
  },
  profileFile({ name }, { found }) {
    const file = readProperty(found, `${name}File`);
    return typeof file === 'string' ? readSecretFile(file, found?.origin ?? '') : undefined;
  },
  profile({ name }, { found }) {
    const value = readProperty(found, name);
    return value === undefined ? undefined : { value, origin: found?.origin ?? '' };
  },
};

function readProperty(found: FoundProfile | undefined, name: string): unknown {
  return (found?.profile as Readonly<Record<string, unknown>> | undefined)?.[name];
}

/** The login that the environment gives, as far as it does. @throws UsageError for a file that cannot be read */
export function readLogin(environment: Environment): { readonly username?: string; readonly password?: string } {
  const { username, password } = settingsTable;
  const login = Object.entries({ username, password }).flatMap(([name, declaration]) => {
    const { value } = findSetting(declaration, { options: {}, environment, found: undefined });
    return value === undefined ? [] : [[name, value]];
  });
  return Object.fromEntries(login);
}

/** The environment without what it says of an address or login, so that a profile counts. */
export function omitLogin(environment: Environment): Environment {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !name.startsWith('MYPOS_CONNECT_')));
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
      cause: error,
    });
  }
}

/** The state folder when none is named. */
export function findDefaultStateDir(environment: Environment): string {
  return join(findStateBase(environment), 'mypos-customers');
}

/**
 * The proxy that the environment names for an address, by the rules that curl and others follow: `HTTPS_PROXY`, else
 * `ALL_PROXY`, in lower case too; `NO_PROXY` lists hosts, `.domains`, `host:port` or `*`. Plain http is for this machine
 * only and never takes a proxy.
 *
 * @throws UsageError for a proxy that is no address
 */
export function findProxy(baseUrl: string, environment: Environment): Setting<string | undefined> {
  const url = new URL(baseUrl);
  const name = ['https_proxy', 'HTTPS_PROXY', 'all_proxy', 'ALL_PROXY'].find(
    (variable) => (environment[variable] ?? '') !== '',
  );
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
  throw new UsageError(`${name} is not the address of an HTTP proxy.`, {
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
  throw certificateError(path, origin, 'contains no certificate in PEM format');
}

function certificateError(path: string, origin: string, why: string, cause?: unknown): UsageError {
  return new UsageError(`The certificate file ${path} (${origin}) ${why}.`, {
    code: 'CA_FILE',
    nextStep:
      'Use a text file that contains -----BEGIN CERTIFICATE-----; your IT department has the one for your proxy.',
    cause,
  });
}

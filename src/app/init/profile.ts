import { chmodSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { checkConnection, checkLogin, type DoctorFinding } from '#src/app/doctor/check-connection.js';
import { writeAtomically } from '#src/app/mapping/write-schema.js';
import { defaultConfigFile, expectObject, openConfig } from '#src/config/config-file.js';
import { omitLogin, resolveSettings } from '#src/config/resolve-settings.js';
import { configVersion, type SettingOptions } from '#src/config/settings.js';
import { UsageError } from '#src/errors.js';
import { assertWritable } from '#src/files/atomic-file.js';

interface LoginInput {
  readonly baseUrl: string;
  readonly username: string;
  readonly password: string;
}

/** What became of a first login. */
export interface LoginAttempt {
  readonly findings: readonly DoctorFinding[];
  /** What makes the profile useless: the address, or the login. A missing right does not: not everybody imports. */
  readonly obstacle: (DoctorFinding & { readonly about: 'address' | 'login' }) | undefined;
}

/**
 * Tries an address and a login as `doctor` does, with a fresh token: one that is kept would hide a wrong password.
 *
 * @throws UsageError for an address that cannot be one
 */
export async function tryLogin(given: LoginInput, options: SettingOptions, signal: AbortSignal): Promise<LoginAttempt> {
  const { baseUrl, username, password } = given;
  const login = { MYPOS_CONNECT_USERNAME: username, MYPOS_CONNECT_PASSWORD: password };
  const stateDir = await mkdtemp(join(tmpdir(), 'mypos-customers-'));
  try {
    const environment = { ...omitLogin(process.env), ...login };
    const settings = resolveSettings({ ...options, baseUrl, stateDir, sandbox: false }, environment);
    const way = await checkConnection(settings);
    const noWay = way.find(({ status }) => status === 'fail');
    if (noWay !== undefined) return { findings: way, obstacle: { ...noWay, about: 'address' } };
    const found = await checkLogin(settings, signal);
    const noLogin = found.find(({ name, status }) => name === 'login' && status === 'fail');
    return {
      findings: [...way, ...found.filter(({ name }) => name === 'login' || name.startsWith('right '))],
      obstacle: noLogin === undefined ? undefined : { ...noLogin, about: 'login' },
    };
  } finally {
    await rm(stateDir, { recursive: true, force: true });
  }
}

/** A profile about to be written. */
interface NewProfile {
  /** Configuration file; `mypos-customers.json` when absent. */
  readonly config: string | undefined;
  readonly name: string;
  readonly baseUrl: string;
  readonly username: string;
  readonly secret: NewSecret;
  /** Mapping file, when it is not the usual one. */
  readonly mapping: string | undefined;
}

/** A password to be kept in a file, or the file that holds it already. */
export type NewSecret = { readonly kind: 'file'; readonly path: string } | TypedSecret;

interface TypedSecret {
  readonly kind: 'text';
  readonly text: string;
  /** Where to keep it; a file of that login in the user's own configuration folder when absent. */
  readonly path: string | undefined;
}

export interface SavedProfile {
  readonly config: string;
  readonly name: string;
  readonly passwordFile: string;
  /** Of the file as it is now; commands need no --profile when it is this one. */
  readonly isDefault: boolean;
}

/** Whether the configuration file has a profile of this name. @throws UsageError for a file that is wrong */
export function profileExists(config: string | undefined, name: string): boolean {
  return Object.hasOwn(readProfiles(config), name);
}

function readProfiles(config: string | undefined): Record<string, unknown> {
  const path = config ?? defaultConfigFile;
  const found = existsSync(path) ? openConfig(path) : undefined;
  return expectObject(path, found?.config.profiles ?? {}, 'profiles');
}

/**
 * Writes the password into a file that only this user can read, and a profile that names it; what else the configuration
 * file says stays. The password comes first, so that no profile ever names a file that is not there.
 *
 * @throws UsageError when one of them cannot be written
 */
export async function saveProfile(profile: NewProfile): Promise<SavedProfile> {
  const path = profile.config ?? defaultConfigFile;
  await assertWritable(path);
  const passwordFile = await saveSecret(profile);
  const before = existsSync(path) ? (openConfig(path)?.config ?? {}) : {};
  const profiles = expectObject(path, before.profiles ?? {}, 'profiles');
  // A ready token would go before the login that was just given.
  const { accessTokenFile: _gone, ...kept } = expectObject(
    path,
    profiles[profile.name] ?? {},
    `profiles.${profile.name}`,
  );
  const { baseUrl, username, mapping } = profile;
  const written = { ...kept, baseUrl, username, passwordFile, ...(mapping === undefined ? {} : { mapping }) };
  const defaultProfile = before.defaultProfile ?? profile.name;
  const { version = configVersion, $schema, ...others } = before;
  const head = { ...($schema === undefined ? {} : { $schema }), version };
  const config = { ...head, ...others, defaultProfile, profiles: { ...profiles, [profile.name]: written } };
  await writeAtomically(path, `${JSON.stringify(config, null, 2)}\n`);
  return { config: path, name: profile.name, passwordFile, isDefault: defaultProfile === profile.name };
}

async function saveSecret({ secret, baseUrl, username }: NewProfile): Promise<string> {
  if (secret.kind === 'file') return resolve(secret.path);
  const path = resolve(secret.path ?? join(findUserFolder(), `${buildPasswordFileName(baseUrl, username)}.password`));
  if (existsSync(path) && readFileSync(path, 'utf8') === `${secret.text}\n`) {
    chmodSync(path, 0o600);
    return path;
  }
  makeFolder(dirname(path));
  await writeAtomically(path, `${secret.text}\n`, 0o600);
  return path;
}

/** Where programs of this user keep what is theirs alone. */
function findUserFolder(): string {
  const { XDG_CONFIG_HOME, APPDATA } = process.env;
  const base = XDG_CONFIG_HOME || (process.platform === 'win32' ? APPDATA : undefined) || join(homedir(), '.config');
  return join(base, 'mypos-customers');
}

/** One for each login, so that two projects with profiles of the same name do not share a password. */
function buildPasswordFileName(baseUrl: string, username: string): string {
  const { host, pathname } = new URL(baseUrl);
  return `${host}${pathname}-${username}`.replaceAll(/[^\w.@-]+/g, '_');
}

function makeFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw new UsageError(`The folder ${path} for the password cannot be made.`, {
      code: 'CANNOT_WRITE',
      nextStep: 'Name a file in a folder that you may write to: --password-file <file>',
      cause,
    });
  }
}

import { chmodSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import type { FreeFieldChoice } from '#pipelines/mapping/suggest/suggestion.js';
import { checkConnection, checkLogin, type DoctorFinding } from '#src/app/doctor/check-connection.js';
import { rememberAccount } from '#src/app/known-accounts.js';
import { findFreeField } from '#src/app/mapping/live-customers.js';
import { expectObject, findUserFolder, openConfig } from '#src/config/config-file.js';
import { omitLogin, resolveSettings } from '#src/config/resolve-settings.js';
import { configVersion, defaultConfigFile, type SettingOptions } from '#src/config/settings.js';
import { UsageError } from '#src/errors.js';
import { assertWritable, writeAtomically } from '#src/files/atomic-file.js';
import { onlyThisUser } from '#src/files/file-rights.js';
import { editJsonText } from '#src/json-document.js';

/** The login that the user entered. */
interface LoginInput {
  readonly baseUrl: string;
  readonly username: string;
  readonly password: string;
}

/** The result of trying a login. */
export interface LoginAttempt {
  /** A field of the customers that nobody uses, where it was to be looked for. */
  readonly freeField?: FreeFieldChoice;
  readonly findings: readonly DoctorFinding[];
  /** Why the profile would not work: the address or the login. A missing right is no obstacle: not everybody imports. */
  readonly obstacle: (DoctorFinding & { readonly about: 'address' | 'login' }) | undefined;
}

/**
 * Checks an address and a login as `doctor` does, in a temporary state folder: a cached token would hide a wrong
 * password.
 *
 * @throws UsageError for an invalid address
 */
export async function tryLogin(
  input: LoginInput,
  options: SettingOptions,
  signal: AbortSignal,
  live = false,
): Promise<LoginAttempt> {
  const { baseUrl, username, password } = input;
  const stateDir = await mkdtemp(join(tmpdir(), 'mypos-customers-'));
  try {
    const environment = {
      ...omitLogin(process.env),
      MYPOS_CONNECT_USERNAME: username,
      MYPOS_CONNECT_PASSWORD: password,
    };
    const settings = resolveSettings({ ...options, baseUrl, stateDir, sandbox: false }, environment);
    const connection = await checkConnection(settings);
    const addressFailure = connection.find(({ status }) => status === 'fail');
    if (addressFailure !== undefined)
      return { findings: connection, obstacle: { ...addressFailure, about: 'address' } };
    const login = await checkLogin(settings, signal);
    const loginFailure = login.find(({ name, status }) => name === 'login' && status === 'fail');
    const freeField = live && loginFailure === undefined ? await findFreeField(settings, signal) : undefined;
    return {
      ...(freeField === undefined ? {} : { freeField }),
      findings: [...connection, ...login.filter(({ name }) => name === 'login' || name.startsWith('right '))],
      obstacle: loginFailure === undefined ? undefined : { ...loginFailure, about: 'login' },
    };
  } finally {
    await rm(stateDir, { recursive: true, force: true });
  }
}

/** A profile to write. */
interface NewProfile {
  /** Configuration file; `mypos-customers.json` when absent. */
  readonly config: string | undefined;
  readonly name: string;
  readonly baseUrl: string;
  readonly username: string;
  readonly secret: NewSecret;
  /** Mapping file, when it is not the default one. */
  readonly mapping: string | undefined;
}

/** A password to write to a file, or the path of a file that already holds it. */
export type NewSecret = { readonly kind: 'file'; readonly path: string } | TypedSecret;

interface TypedSecret {
  readonly kind: 'text';
  readonly text: string;
  /** Where to write it; when absent, a file for this login in the user's configuration folder. */
  readonly path: string | undefined;
}

/** A profile as it was written. */
export interface SavedProfile {
  readonly config: string;
  readonly name: string;
  readonly passwordFile: string;
  /** Whether it is the default profile, so that commands need no --profile. */
  readonly isDefault: boolean;
}

/** Whether the configuration file has a profile of this name. @throws UsageError for an invalid file */
export function profileExists(config: string | undefined, name: string): boolean {
  return Object.hasOwn(readProfiles(config), name);
}

function readProfiles(config: string | undefined): Record<string, unknown> {
  const path = config ?? defaultConfigFile;
  const found = existsSync(path) ? openConfig(path) : undefined;
  return expectObject(path, found?.config.profiles ?? {}, 'profiles');
}

/**
 * Writes the password to a file that only this user can read, and a profile that names that file. Everything else in the
 * configuration file is kept. The password is written first, so that no profile ever names a missing file.
 *
 * @throws UsageError when one of them cannot be written
 */
export async function saveProfile(profile: NewProfile): Promise<SavedProfile> {
  const path = profile.config ?? defaultConfigFile;
  await assertWritable(path);
  const passwordFile = await saveSecret(profile);
  const before = existsSync(path) ? (openConfig(path)?.config ?? {}) : {};
  const profiles = expectObject(path, before.profiles ?? {}, 'profiles');
  // A ready token would take precedence over the login.
  const { accessTokenFile: _, ...kept } = expectObject(path, profiles[profile.name] ?? {}, `profiles.${profile.name}`);
  const { baseUrl, username, mapping } = profile;
  const written = {
    ...kept,
    baseUrl,
    username,
    passwordFile,
    ...(mapping === undefined ? {} : { mapping: relative(dirname(path), mapping) }),
  };
  const defaultProfile = before.defaultProfile ?? profile.name;
  const text = existsSync(path) ? readFileSync(path, 'utf8') : '{}';
  const properties: readonly (readonly [names: readonly string[], value: unknown])[] = [
    [['version'], before.version ?? configVersion],
    [['defaultProfile'], defaultProfile],
    [['profiles', profile.name], written],
  ];
  const config = properties.reduce((edited, [names, value]) => editJsonText(edited, names, value), text);
  await writeAtomically(path, `${config.trimEnd()}\n`);
  // Whoever has typed an address and a login need not be asked about them.
  await rememberAccount({ baseUrl, login: username });
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
  await writeAtomically(path, `${secret.text}\n`, onlyThisUser);
  return path;
}

/** Different for each login, so that two projects with profiles of the same name do not share a password. */
function buildPasswordFileName(baseUrl: string, username: string): string {
  const { host, pathname } = new URL(baseUrl);
  return `${host}${pathname}-${username}`.replaceAll(/[^\w.@-]+/g, '_');
}

function makeFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw new UsageError(`The folder ${path} for the password cannot be created.`, {
      code: 'CANNOT_WRITE',
      nextStep: 'Choose a file in a folder that you may write to: --password-file <file>',
      cause,
    });
  }
}

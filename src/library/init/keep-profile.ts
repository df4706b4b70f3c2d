import { chmodSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { asObject, defaultConfigFile, openConfig } from '#src/config/config-file.js';
import { configVersion } from '#src/config/config-properties.js';
import { UsageError } from '#src/errors.js';
import { assertWritable } from '#src/files/atomic-file.js';
import { writeWhole } from '#src/library/mapping/schema-beside.js';

/** A profile about to be written. */
export interface NewProfile {
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
export type NewSecret = { readonly kind: 'file'; readonly path: string } | KeptSecret;

interface KeptSecret {
  readonly kind: 'text';
  readonly text: string;
  /** Where to keep it; a file of that login in the user's own configuration folder when absent. */
  readonly path: string | undefined;
}

export interface KeptProfile {
  readonly config: string;
  readonly name: string;
  readonly passwordFile: string;
  /** Of the file as it is now; commands need no --profile when it is this one. */
  readonly isDefault: boolean;
}

/** Whether the configuration file has a profile of this name. @throws UsageError for a file that is wrong */
export function profileExists(config: string | undefined, name: string): boolean {
  return Object.hasOwn(profilesOf(config), name);
}

function profilesOf(config: string | undefined): Record<string, unknown> {
  const path = config ?? defaultConfigFile;
  const found = existsSync(path) ? openConfig(path) : undefined;
  return asObject(path, found?.config.profiles ?? {}, 'profiles');
}

/**
 * Writes the password into a file that only this user can read, and a profile that names it; what else the configuration
 * file says stays. The password comes first, so that no profile ever names a file that is not there.
 *
 * @throws UsageError when one of them cannot be written
 */
export async function keepProfile(profile: NewProfile): Promise<KeptProfile> {
  const path = profile.config ?? defaultConfigFile;
  await assertWritable(path);
  const passwordFile = await keepSecret(profile);
  const before = existsSync(path) ? (openConfig(path)?.config ?? {}) : {};
  const profiles = asObject(path, before.profiles ?? {}, 'profiles');
  // A ready token would go before the login that was just given.
  const { accessTokenFile: _gone, ...kept } = asObject(path, profiles[profile.name] ?? {}, `profiles.${profile.name}`);
  const { baseUrl, username, mapping } = profile;
  const written = { ...kept, baseUrl, username, passwordFile, ...(mapping === undefined ? {} : { mapping }) };
  const defaultProfile = before.defaultProfile ?? profile.name;
  const { version = configVersion, $schema, ...others } = before;
  const head = { ...($schema === undefined ? {} : { $schema }), version };
  const config = { ...head, ...others, defaultProfile, profiles: { ...profiles, [profile.name]: written } };
  await writeWhole(path, `${JSON.stringify(config, null, 2)}\n`);
  return { config: path, name: profile.name, passwordFile, isDefault: defaultProfile === profile.name };
}

async function keepSecret({ secret, baseUrl, username }: NewProfile): Promise<string> {
  if (secret.kind === 'file') return resolve(secret.path);
  const path = resolve(secret.path ?? join(ownFolder(), `${fileName(baseUrl, username)}.password`));
  if (existsSync(path) && readFileSync(path, 'utf8') === `${secret.text}\n`) {
    chmodSync(path, 0o600);
    return path;
  }
  makeFolder(dirname(path));
  await writeWhole(path, `${secret.text}\n`, 0o600);
  return path;
}

/** Where programs of this user keep what is theirs alone. */
function ownFolder(): string {
  const { XDG_CONFIG_HOME, APPDATA } = process.env;
  const base = XDG_CONFIG_HOME || (process.platform === 'win32' ? APPDATA : undefined) || join(homedir(), '.config');
  return join(base, 'mypos-customers');
}

/** One for each login, so that two projects with profiles of the same name do not share a password. */
function fileName(baseUrl: string, username: string): string {
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

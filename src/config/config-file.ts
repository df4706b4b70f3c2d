import { closeSync, existsSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { guards } from '#pipelines/guards.js';
import { suggestNames } from '#pipelines/mapping/nearest-name.js';
import { type DocumentIssue, JsonNode, type Shape } from '#pipelines/shape.js';
import { UsageError } from '#src/errors.js';
import { findSimilarFile } from '#src/files/similar-name.js';
import { parseDamagedJson, parseJsonDocument } from '#src/json-document.js';
import { findConfigBase } from '#src/platform.js';
import { assertOwnFile } from './file-trust.js';
import { defaultBaseUrl } from './parse-setting.js';
import { configProperties, configVersion, defaultConfigFile, type Profile, profileProperties } from './settings.js';

const profileKeys = Object.keys(profileProperties);
const fileKeys = Object.keys(configProperties);

/** What one profile says, and how to name it in messages. */
export interface FoundProfile {
  readonly name: string;
  /** The configuration file that it is in. */
  readonly file: string;
  readonly origin: string;
  readonly profile: Profile;
}

interface ConfigFile {
  readonly path: string;
  readonly config: Record<string, unknown>;
}

/**
 * Reads a profile from the configuration file.
 *
 * Without a named file, that in the current folder counts, then that of the user.
 *
 * @returns `undefined` when neither a file nor a profile was named and there is none
 * @throws UsageError for a named file or profile that does not exist, and for anything wrong in it
 */
export function readProfile(file: string | undefined, name: string | undefined): FoundProfile | undefined {
  const found = openConfig(file);
  // Of the file in this folder, the jobs may be all that is wanted: then the login that `login` has stored counts.
  const isElsewhere = found === undefined || (name === undefined ? !hasDefault(found) : !hasProfile(found, name));
  const user =
    file === undefined && isElsewhere && existsSync(userConfigFile()) ? openConfig(userConfigFile()) : undefined;
  if (user !== undefined && (found === undefined || name === undefined || hasProfile(user, name)))
    return chooseProfile(user, name);
  if (found !== undefined) return chooseProfile(found, name);
  if (name === undefined) return undefined;
  throw configError(
    resolve(defaultConfigFile),
    `does not exist, nor does ${userConfigFile()}, so there is no profile "${name}".`,
    'Create it with `mypos-customers init` or `mypos-customers login`, or leave out --profile.',
  );
}

function hasDefault({ config }: ConfigFile): boolean {
  return config.defaultProfile !== undefined;
}

function hasProfile({ config }: ConfigFile, name: string): boolean {
  return typeof config.profiles === 'object' && config.profiles !== null && Object.hasOwn(config.profiles, name);
}

/** The folder of this program in the user's configuration folder. */
export function findUserFolder(): string {
  return join(findConfigBase(process.env), 'mypos-customers');
}

/** Where `login` stores address and login, for commands in any folder. */
export function userConfigFile(): string {
  return join(findUserFolder(), defaultConfigFile);
}

/** Which configuration files count and whether they are there, for people who wonder why a login is not found. */
export function describeConfigFiles(file: string | undefined): string {
  const files = file === undefined ? [resolve(defaultConfigFile), userConfigFile()] : [resolve(file)];
  return files.map((path) => `${path} (${existsSync(path) ? 'read' : 'not there'})`).join(', ');
}

/**
 * Opens the configuration file, with none but known keys at its top.
 *
 * @returns `undefined` when there is no default file and nothing in it was asked for
 * @throws UsageError
 */
export function openConfig(file: string | undefined): ConfigFile | undefined {
  const path = file ?? defaultConfigFile;
  if (!existsSync(path)) {
    if (file === undefined) return undefined;
    const near = findSimilarFile(path);
    throw configError(
      resolve(path),
      'does not exist.',
      near === undefined ? 'Create it, or leave out --config.' : `Did you mean "${near}"?`,
    );
  }
  const config = parseConfig(path);
  rejectUnknownKeys(path, config, fileKeys, '');
  if (config.version !== undefined && config.version !== configVersion)
    throw configError(
      path,
      `has the version ${JSON.stringify(config.version)}`,
      `Set "version": ${configVersion}, or use a newer version of the program.`,
    );
  if (config.defaultProfile !== undefined && typeof config.defaultProfile !== 'string')
    throw configError(path, 'has a defaultProfile that is not a profile name', 'Give the name of a profile in quotes.');
  return { path, config };
}

/**
 * What can be read of a configuration file that has errors.
 *
 * @returns `undefined` when there is no such file, or when it must not be trusted
 */
export function readDamagedConfig(
  file: string | undefined,
): { readonly path: string; readonly config: unknown } | undefined {
  const path = file ?? defaultConfigFile;
  try {
    return { path, config: parseDamagedJson(readConfigText(path)) };
  } catch {
    return undefined;
  }
}

function chooseProfile({ path, config }: ConfigFile, name: string | undefined): FoundProfile | undefined {
  const profiles = expectObject(path, config.profiles ?? {}, 'profiles');
  const wanted = name ?? (typeof config.defaultProfile === 'string' ? config.defaultProfile : undefined);
  if (wanted === undefined) return undefined;
  const found = Object.hasOwn(profiles, wanted) ? profiles[wanted] : undefined;
  if (found === undefined) {
    const offer = suggestNames(wanted, Object.keys(profiles));
    throw configError(path, `has no profile "${wanted}": ${offer}`, 'Correct --profile, or add it under "profiles".');
  }
  const profile = expectObject(path, found, `profiles.${wanted}`);
  rejectUnknownKeys(path, profile, profileKeys, `profiles.${wanted}.`);
  return {
    name: wanted,
    file: path,
    origin: `profile "${wanted}" in ${path}`,
    profile: readProfileSettings(path, profile, wanted),
  };
}

/** The name of the profile that has this address and login; what is wrong in the file, other commands say. */
export function findProfileOf(file: string | undefined, baseUrl: string, login: string): string | undefined {
  const files = file === undefined ? [defaultConfigFile, userConfigFile()] : [file];
  const profiles = files
    .filter((path) => existsSync(path))
    .map((path) => openConfig(path)?.config.profiles)
    .filter((named) => typeof named === 'object' && named !== null);
  const found = profiles
    .flatMap((named) => Object.entries(named))
    .find(
      ([, profile]: [string, Partial<Profile> | null]) =>
        (profile?.baseUrl ?? defaultBaseUrl).replace(/\/+$/, '') === baseUrl && profile?.username === login,
    );
  return found?.[0];
}

function readProfileSettings(path: string, profile: Record<string, unknown>, name: string): Profile {
  const entries = Object.entries(profile).map(([key, value]) => {
    if (key === 'guards') return [key, readShape(path, guards, value, `profiles.${name}.guards`)];
    const text = typeof value === 'number' ? String(value) : value;
    if (typeof text !== 'string')
      throw configError(
        path,
        `is not valid: profiles.${name}.${key} cannot be ${JSON.stringify(value)}.`,
        'It must be a string or a number.',
      );
    return [key, profileProperties[key]?.isPath === true ? resolveFrom(path, text) : text];
  });
  return Object.fromEntries(entries) as Profile;
}

/** A path of the file, for the current folder: a job of cron has another one than its author. */
function resolveFrom(path: string, named: string): string {
  return isAbsolute(named) ? named : join(dirname(path), named);
}

function parseConfig(path: string): Record<string, unknown> {
  const { value, errors } = parseJsonDocument(readConfigText(path));
  const [error] = errors;
  if (error !== undefined)
    throw configError(
      path,
      `is not valid JSON: line ${error.line}, column ${error.column}: ${error.fact}`,
      'Correct it.',
    );
  return expectObject(path, value, 'the file');
}

function readConfigText(path: string): string {
  try {
    const file = openSync(path, 'r');
    try {
      assertOwnFile(path, fstatSync(file));
      return readFileSync(file, 'utf8').replace(/^\uFEFF/, '');
    } finally {
      closeSync(file);
    }
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw configError(
      path,
      `cannot be read (${error instanceof Error ? error.message : String(error)})`,
      'Check that it is a file that this user may read.',
    );
  }
}

/**
 * Reads a value of the configuration file by its shape.
 *
 * @param where - the path of the value, for messages
 * @throws UsageError for the first thing that is wrong in it
 */
export function readShape<Value>(path: string, { read }: Shape<Value>, value: unknown, where: string): Value {
  const issues: DocumentIssue[] = [];
  const result = read(new JsonNode(value, where, issues));
  const [issue = { path: where, message: 'The value is missing' }] = issues;
  if (issues.length > 0 || result === undefined)
    throw configError(path, `has an error at ${issue.path}: ${issue.message}`, 'Correct it.');
  return result;
}

/** @throws UsageError when it is none */
export function expectObject(path: string, value: unknown, where: string): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw configError(path, `should have an object at ${where}`, 'Write it as { … }.');
}

/** @throws UsageError that offers the nearest key */
export function rejectUnknownKeys(path: string, value: object, known: readonly string[], prefix: string): void {
  for (const key of Object.keys(value)) {
    if (known.includes(key)) continue;
    const secret = /password|token|secret/i.test(key);
    throw configError(
      path,
      `has an unknown key "${prefix}${key}": ${suggestNames(key, known)}`,
      secret
        ? 'Secrets do not belong in this file: give the name of a file that contains them.'
        : 'Correct or remove it.',
    );
  }
}

/** What is wrong with the file, ready to be thrown. */
export function configError(path: string, what: string, nextStep: string): UsageError {
  return new UsageError(`The configuration file ${path} ${what}`, { code: 'CONFIG_FILE', nextStep });
}

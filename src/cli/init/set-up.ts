import { existsSync } from 'node:fs';
import type { DoctorFinding } from '#src/app/doctor/check-connection.js';
import { profileExists, type SavedProfile, saveProfile as saveProfileFromSetUp } from '#src/app/init/profile.js';
import { stopOnSignals } from '#src/cli/command.js';
import {
  omitUndefined,
  parseWholeNumber,
  type ReadArguments,
  type SettingArguments,
  toReadOptions,
  toSettingOptions,
} from '#src/cli/options.js';
import { askYesNo, isInteractive } from '#src/cli/prompts/ask.js';
import { renderSummary } from '#src/cli/render/summary.js';
import type { Reporter } from '#src/cli/reporter.js';
import { type ExitCode, exitCodes, InterruptedError, UsageError } from '#src/errors.js';
import type { InitResult, Pilot } from './init-result.js';
import { obtainLogin, type VerifiedLogin } from './obtain-login.js';
import { type ChosenMapping, choosePilot, makeMapping, runPilot, type SetUpParts } from './run-pilot.js';

/** What was written and where, and what to know of the login. */
function renderSaved({ profile, login, mapping }: Omit<SetUpParts, 'first'>): readonly string[] {
  const kept =
    profile === undefined || login === undefined
      ? []
      : [
          ...login.findings.filter(({ status }) => status !== 'ok').map(renderCheck),
          `Profile "${profile.name}" (${login.username} at ${login.baseUrl}) is in ${profile.config}.`,
          `The password is in ${profile.passwordFile}; the profile only names this file.`,
        ];
  return mapping?.suggested === undefined ? kept : [...kept, `The mapping is in ${mapping.output}.`];
}

/** The result of the pilot, or what to do next. */
function renderInitResult({ profile, mapping, pilot }: InitResult, pilotArgv: readonly string[] = []): string {
  if (pilot !== null) return renderSummary(pilot, pilotArgv);
  if (profile === null && mapping === null) return 'Nothing was set up.\nNext: mypos-customers init <file>';
  const settings = profile === null ? '' : settingArguments(profile);
  if (mapping === null) return `Next: mypos-customers doctor${settings}`;
  const option = mapping.output === 'mappings.json' ? '' : ` --mapping ${mapping.output}`;
  return `Next: mypos-customers check ${quoteFile(mapping.file)}${option}${settings}`;
}

function renderCheck({ name, found, nextStep }: DoctorFinding): string {
  return `Note: ${name}: ${found}${nextStep === null ? '' : `\n  ${nextStep}`}`;
}

function settingArguments({ config, name, isDefault }: NonNullable<InitResult['profile']>): string {
  return `${config === 'mypos-customers.json' ? '' : ` --config ${config}`}${isDefault ? '' : ` --profile ${name}`}`;
}

function quoteFile(file: string): string {
  return /\s/.test(file) ? JSON.stringify(file) : file;
}

interface InitArguments extends SettingArguments, ReadArguments {
  readonly file?: string | undefined;
  readonly username?: string | undefined;
  readonly passwordFile?: string | undefined;
  readonly pilot?: Pilot | undefined;
  readonly live: boolean;
  readonly first?: string | undefined;
  readonly customColumns?: boolean | undefined;
  readonly dateOrder?: 'day' | 'month' | undefined;
  readonly decimal?: '.' | ',' | undefined;
  readonly force: boolean;
  readonly yes: boolean;
}

/** Nothing is written before the last question about it is answered: Ctrl-C leaves everything as it was. */
export async function setUp(args: InitArguments, reporter: Reporter): Promise<ExitCode> {
  const mayAsk = isInteractive() && !args.yes && !reporter.json && !reporter.quiet;
  const first = parseWholeNumber('first', args.first) ?? 5;
  requireSomethingToSetUp(args, mayAsk);
  const signals = stopOnSignals(reporter);
  try {
    const login = await resolveLogin(args, mayAsk, reporter, signals.signal);
    const mapping = await makeMapping(toMappingArguments(args, login), mayAsk, reporter);
    const profile = login === undefined ? undefined : await saveProfile(args, login);
    reportSaved({ login, profile, mapping }, reporter);
    const ready = { login, mapping, profile, first };
    const pilot = await undefinedIfInterrupted(choosePilot(args.pilot, ready, mayAsk));
    const options = toSettingOptions(args);
    const run = pilot && (await runPilot(pilot, ready, options, toReadOptions(args), reporter, signals.signal));
    const done: InitResult = {
      command: 'init',
      exitCode: pilot === undefined ? exitCodes.sigint : (run?.summary.exitCode ?? exitCodes.done),
      profile: profile ?? null,
      findings: login?.findings ?? [],
      mapping: describeMapping(mapping),
      pilot: run?.summary ?? null,
    };
    await (run === undefined ? reporter : reporter.withArguments(run.argv)).result(
      renderInitResult(done, run?.argv),
      done,
    );
    return done.exitCode;
  } finally {
    signals.release();
  }
}

/** Ctrl-C at the last question takes back nothing of what is done: there is only no pilot. */
async function undefinedIfInterrupted(pilot: Promise<Pilot>): Promise<Pilot | undefined> {
  try {
    return await pilot;
  } catch (error) {
    if (error instanceof InterruptedError) return undefined;
    throw error;
  }
}

/** Said before the pilot, which may take its time, or fail. */
function reportSaved(kept: Omit<SetUpParts, 'first'>, reporter: Reporter): void {
  for (const line of renderSaved(kept)) reporter.info(line);
  const { login } = kept;
  const names = login === undefined ? [] : findOverridingVariables(login, process);
  if (names.length > 0)
    reporter.warn(
      `${names.join(' and ')} in your environment takes precedence over this profile; unset it to use the profile.`,
    );
}

/** What the environment says otherwise than the profile. */
function findOverridingVariables(
  { baseUrl, username }: VerifiedLogin,
  { env }: Pick<typeof process, 'env'>,
): readonly string[] {
  const { MYPOS_CONNECT_BASE_URL, MYPOS_CONNECT_USERNAME, MYPOS_CONNECT_ACCESS_TOKEN } = env;
  return [
    ...(MYPOS_CONNECT_BASE_URL && MYPOS_CONNECT_BASE_URL !== baseUrl ? ['MYPOS_CONNECT_BASE_URL'] : []),
    ...(MYPOS_CONNECT_USERNAME && MYPOS_CONNECT_USERNAME !== username ? ['MYPOS_CONNECT_USERNAME'] : []),
    ...(MYPOS_CONNECT_ACCESS_TOKEN ? ['MYPOS_CONNECT_ACCESS_TOKEN'] : []),
  ];
}

function describeMapping(mapping: ChosenMapping | undefined): InitResult['mapping'] {
  if (mapping === undefined) return null;
  return { file: mapping.file, output: mapping.output, isNew: mapping.suggested !== undefined };
}

function requireSomethingToSetUp({ file, sandbox, pilot }: InitArguments, mayAsk: boolean): void {
  if (file === '-')
    throw missingFileError('init reads the file more than once, so it cannot come from standard input.');
  if (file !== undefined || mayAsk) return;
  if (sandbox === true) throw missingFileError('The sandbox needs no login, only a file to set up.');
  if (pilot !== undefined && pilot !== 'none') throw missingFileError('A pilot needs a file.');
}

function missingFileError(fact: string): UsageError {
  return new UsageError(fact, { code: 'USAGE', nextStep: 'Add the file name: mypos-customers init <file>' });
}

/** @returns `undefined` for the sandbox, which needs none */
async function resolveLogin(
  args: InitArguments,
  mayAsk: boolean,
  reporter: Reporter,
  signal: AbortSignal,
): Promise<VerifiedLogin | undefined> {
  if (args.sandbox === true) return undefined;
  const name = chooseProfileName(args);
  if (!args.force && profileExists(args.config, name)) {
    const isWanted = mayAsk && (await askYesNo(`The profile "${name}" already exists. Replace it?`, false));
    if (!isWanted)
      throw new UsageError(`The profile "${name}" already exists; it was not changed.`, {
        code: 'PROFILE_EXISTS',
        nextStep: 'Choose another name with --profile <name>, or add --force to replace it.',
      });
  }
  const { profile: _new, config, ...options } = toSettingOptions(args);
  const known = config !== undefined && existsSync(config) ? { ...options, config } : options;
  return obtainLogin(args, known, mayAsk, reporter, signal);
}

async function saveProfile(args: InitArguments, { baseUrl, username, secret }: VerifiedLogin): Promise<SavedProfile> {
  const { config, mapping } = args;
  return saveProfileFromSetUp({ config, name: chooseProfileName(args), baseUrl, username, secret, mapping });
}

function chooseProfileName({ profile }: InitArguments): string {
  return profile ?? 'default';
}

function toMappingArguments(args: InitArguments, login: VerifiedLogin | undefined) {
  const { file, mapping = 'mappings.json', force, customColumns, dateOrder, decimal } = args;
  const choices = omitUndefined({ customColumns, dateOrder, decimal, stamp: login?.freeField });
  return { file, output: mapping, force, read: toReadOptions(args), choices };
}

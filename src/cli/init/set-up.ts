import { existsSync } from 'node:fs';
import { askWhether, canAsk } from '#src/cli/ask.js';
import { present, type SettingArguments, toSettingOptions } from '#src/cli/common-options.js';
import { type ReadArguments, toReadOptions, wholeNumber } from '#src/cli/option-values.js';
import type { Reporter } from '#src/cli/reporter.js';
import { stopOnSignals } from '#src/cli/stop-signals.js';
import { type ExitCode, exitCodes, InterruptedError, UsageError } from '#src/errors.js';
import { type KeptProfile, keepProfile, profileExists } from '#src/library/init/keep-profile.js';
import { giveLogin, type ProvedLogin } from './give-login.js';
import { type MadeMapping, makeMapping } from './make-mapping.js';
import { renderKept, renderSetUp } from './render-init.js';
import { type Ready, runPilot, wantedPilot } from './run-pilot.js';
import type { Pilot, SetUp } from './what-was-set-up.js';

interface InitArguments extends SettingArguments, ReadArguments {
  readonly file?: string | undefined;
  readonly username?: string | undefined;
  readonly passwordFile?: string | undefined;
  readonly pilot?: Pilot | undefined;
  readonly first?: string | undefined;
  readonly customColumns?: boolean | undefined;
  readonly dateOrder?: 'day' | 'month' | undefined;
  readonly decimal?: '.' | ',' | undefined;
  readonly force: boolean;
  readonly yes: boolean;
}

/** Nothing is written before the last question about it is answered: Ctrl-C leaves everything as it was. */
export async function setUp(args: InitArguments, reporter: Reporter): Promise<ExitCode> {
  const mayAsk = canAsk() && !args.yes && !reporter.json && !reporter.quiet;
  const first = wholeNumber('first', args.first) ?? 5;
  refuseEmptyHands(args, mayAsk);
  const signals = stopOnSignals(reporter);
  try {
    const login = await loginFor(args, mayAsk, reporter, signals.signal);
    const mapping = await makeMapping(mappingArguments(args), mayAsk, reporter);
    const profile = login === undefined ? undefined : await keep(args, login);
    tellKept({ login, profile, mapping }, reporter);
    const ready = { login, mapping, profile, first };
    const pilot = await orNone(wantedPilot(args.pilot, ready, mayAsk));
    const options = toSettingOptions(args);
    const run = pilot && (await runPilot(pilot, ready, options, toReadOptions(args), reporter, signals.signal));
    const done: SetUp = {
      command: 'init',
      exitCode: pilot === undefined ? exitCodes.sigint : (run?.summary.exitCode ?? exitCodes.done),
      profile: profile ?? null,
      findings: login?.findings ?? [],
      mapping: shownMapping(mapping),
      pilot: run?.summary ?? null,
    };
    await (run === undefined ? reporter : reporter.as(run.argv)).result(renderSetUp(done, run?.argv), done);
    return done.exitCode;
  } finally {
    signals.release();
  }
}

/** Ctrl-C at the last question takes back nothing of what is done: there is only no pilot. */
async function orNone(pilot: Promise<Pilot>): Promise<Pilot | undefined> {
  try {
    return await pilot;
  } catch (error) {
    if (error instanceof InterruptedError) return undefined;
    throw error;
  }
}

/** Said before the pilot, which may take its time, or fail. */
function tellKept(kept: Omit<Ready, 'first'>, reporter: Reporter): void {
  for (const line of renderKept(kept)) reporter.remark(line);
  const { login } = kept;
  const names = login === undefined ? [] : overruling(login, process);
  if (names.length > 0)
    reporter.warn(`${names.join(' and ')} of your environment goes before this profile; unset it to use the profile.`);
}

/** What the environment says otherwise than the profile. */
function overruling({ baseUrl, username }: ProvedLogin, { env }: Pick<typeof process, 'env'>): readonly string[] {
  const { MYPOS_CONNECT_BASE_URL, MYPOS_CONNECT_USERNAME, MYPOS_CONNECT_ACCESS_TOKEN } = env;
  return [
    ...(MYPOS_CONNECT_BASE_URL && MYPOS_CONNECT_BASE_URL !== baseUrl ? ['MYPOS_CONNECT_BASE_URL'] : []),
    ...(MYPOS_CONNECT_USERNAME && MYPOS_CONNECT_USERNAME !== username ? ['MYPOS_CONNECT_USERNAME'] : []),
    ...(MYPOS_CONNECT_ACCESS_TOKEN ? ['MYPOS_CONNECT_ACCESS_TOKEN'] : []),
  ];
}

function shownMapping(mapping: MadeMapping | undefined): SetUp['mapping'] {
  if (mapping === undefined) return null;
  return { file: mapping.file, output: mapping.output, isNew: mapping.suggested !== undefined };
}

function refuseEmptyHands({ file, sandbox, pilot }: InitArguments, mayAsk: boolean): void {
  if (file === '-') throw needsFile('init reads the file more than once, so it cannot come from standard input.');
  if (file !== undefined || mayAsk) return;
  if (sandbox === true) throw needsFile('The sandbox needs no login; a file is all that there is to set up for it.');
  if (pilot !== undefined && pilot !== 'none') throw needsFile('A pilot needs a file.');
}

function needsFile(fact: string): UsageError {
  return new UsageError(fact, { code: 'USAGE', nextStep: 'Name it: mypos-customers init <file>' });
}

/** @returns `undefined` for the sandbox, which needs none */
async function loginFor(
  args: InitArguments,
  mayAsk: boolean,
  reporter: Reporter,
  signal: AbortSignal,
): Promise<ProvedLogin | undefined> {
  if (args.sandbox === true) return undefined;
  const name = profileName(args);
  if (!args.force && profileExists(args.config, name)) {
    const isWanted = mayAsk && (await askWhether(`There is a profile "${name}" already. Replace it?`, false));
    if (!isWanted)
      throw new UsageError(`There is a profile "${name}" already; it stays as it is.`, {
        code: 'PROFILE_EXISTS',
        nextStep: 'Name another with --profile <name>, or add --force to replace it.',
      });
  }
  const { profile: _new, config, ...options } = toSettingOptions(args);
  const known = config !== undefined && existsSync(config) ? { ...options, config } : options;
  return giveLogin(args, known, mayAsk, reporter, signal);
}

async function keep(args: InitArguments, { baseUrl, username, secret }: ProvedLogin): Promise<KeptProfile> {
  const { config, mapping } = args;
  return keepProfile({ config, name: profileName(args), baseUrl, username, secret, mapping });
}

function profileName({ profile }: InitArguments): string {
  return profile ?? 'default';
}

function mappingArguments(args: InitArguments) {
  const { file, mapping = 'mappings.json', force, customColumns, dateOrder, decimal } = args;
  const choices = present({ customColumns, dateOrder, decimal });
  return { file, output: mapping, force, read: toReadOptions(args), choices };
}

import { existsSync } from 'node:fs';
import { type LoginAttempt, type NewSecret, tryLogin } from '#src/app/init/profile.js';
import { ask, askHidden } from '#src/cli/prompts/ask.js';
import type { Reporter } from '#src/cli/reporter.js';
import { defaultBaseUrl, parseBaseUrl } from '#src/config/parse-setting.js';
import { readLogin, readSecretFile } from '#src/config/resolve-settings.js';
import type { SettingOptions } from '#src/config/settings.js';
import { CustomersError, exitCodes, InterruptedError, LoginError, RunStoppedError, UsageError } from '#src/errors.js';

/** What the command line says of a login; the rest is asked for, or missing. */
export interface LoginArguments {
  readonly baseUrl?: string | undefined;
  readonly username?: string | undefined;
  readonly passwordFile?: string | undefined;
  /** Look for a customer field that nobody uses. */
  readonly live?: boolean | undefined;
}

/** A login that was proved to work. */
export interface VerifiedLogin {
  readonly baseUrl: string;
  readonly username: string;
  readonly secret: NewSecret;
  readonly findings: LoginAttempt['findings'];
  readonly freeField?: NonNullable<LoginAttempt['freeField']>;
}

interface LoginParts {
  readonly baseUrl: string;
  readonly username: string;
  readonly password: string;
  readonly secret: NewSecret;
}

type KnownLogin = { readonly [Part in keyof LoginParts]?: LoginParts[Part] | undefined };

/**
 * Gets a login together and proves it; on a terminal, until it works.
 *
 * @param mayAsk - what is missing or wrong is asked for
 * @returns `undefined` when the user would rather try the sandbox
 * @throws UsageError that names the options that are missing; LoginError, RunStoppedError for a login that does not work
 */
export async function obtainLogin(
  args: LoginArguments,
  options: SettingOptions,
  mayAsk: boolean,
  reporter: Reporter,
  signal: AbortSignal,
): Promise<VerifiedLogin | undefined> {
  let known = readKnownLogin(args);
  if (!mayAsk) {
    requireLogin(known);
    known = { ...known, baseUrl: known.baseUrl ?? defaultBaseUrl };
  }
  for (;;) {
    const parts = await askMissingParts(known, reporter);
    if (parts === undefined) return undefined;
    reporter.info(`Trying ${parts.baseUrl} as ${parts.username} …`);
    const tried = await tryParts(parts, { ...options, live: args.live === true }, mayAsk, reporter, signal);
    if (signal.aborted) throw new InterruptedError(signal.reason === 'SIGTERM' ? 'SIGTERM' : 'SIGINT');
    if (tried?.obstacle === undefined && tried !== undefined) {
      const { baseUrl, username, secret } = parts;
      const { findings, freeField } = tried;
      return { baseUrl, username, secret, findings, ...(freeField === undefined ? {} : { freeField }) };
    }
    // A wrong address says nothing of the login; a wrong login is given again as a whole.
    known = tried?.obstacle?.about === 'login' ? { baseUrl: parts.baseUrl } : { ...parts, baseUrl: undefined };
  }
}

/** What options and environment say. A file that holds the password already is only named, never written. */
function readKnownLogin({ baseUrl, username, passwordFile }: LoginArguments): KnownLogin {
  const { env } = process;
  const login = readLogin(env);
  const address = baseUrl ?? (env.MYPOS_CONNECT_BASE_URL || undefined);
  const known = { baseUrl: address, username: username ?? login.username };
  const named = passwordFile !== undefined && existsSync(passwordFile) ? passwordFile : undefined;
  if (named !== undefined)
    return { ...known, password: readSecretFile(named, 'option --password-file').value, secret: secretInFile(named) };
  const fromFile = env.MYPOS_CONNECT_PASSWORD ? undefined : env.MYPOS_CONNECT_PASSWORD_FILE || undefined;
  if (login.password === undefined) return { ...known, secret: { kind: 'text', text: '', path: passwordFile } };
  if (fromFile !== undefined && passwordFile === undefined)
    return { ...known, password: login.password, secret: secretInFile(fromFile) };
  return { ...known, password: login.password, secret: { kind: 'text', text: login.password, path: passwordFile } };
}

function secretInFile(path: string): NewSecret {
  return { kind: 'file', path };
}

function requireLogin({ username, password }: KnownLogin): void {
  const missing = [
    ...(username === undefined ? ['--username <e-mail of the API user>'] : []),
    ...(password === undefined ? ['--password-file <file with the password> (or MYPOS_CONNECT_PASSWORD)'] : []),
  ];
  if (missing.length === 0) return;
  throw new UsageError(`Without a terminal, init cannot ask questions; it needs ${missing.join(' and ')}.`, {
    code: 'OPTIONS_MISSING',
    nextStep: 'Without an account: mypos-customers init <file> --sandbox',
  });
}

async function askMissingParts(known: KnownLogin, reporter: Reporter): Promise<LoginParts | undefined> {
  const baseUrl = known.baseUrl ?? (await askAddress(reporter));
  if (baseUrl === 'sandbox') return undefined;
  const username = known.username ?? (await askUntil(() => ask('E-mail address of the API user: ')));
  const path = known.secret?.kind === 'text' ? known.secret.path : undefined;
  if (known.password !== undefined && known.secret !== undefined)
    return { baseUrl, username, password: known.password, secret: known.secret };
  const password = await askUntil(() => askHidden('Password (not shown while you type): '));
  return { baseUrl, username, password, secret: { kind: 'text', text: password, path } };
}

async function askAddress(reporter: Reporter): Promise<string> {
  for (;;) {
    const answer = await ask(`Address of the API, or "sandbox" to try it all on this machine\n[${defaultBaseUrl}]: `);
    const address = answer.trim() === '' ? defaultBaseUrl : answer.trim();
    try {
      return /^sandbox$/i.test(address) ? 'sandbox' : parseBaseUrl({ value: address, origin: 'typed' });
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      reporter.warn(error.message);
    }
  }
}

async function askUntil(question: () => Promise<string>): Promise<string> {
  for (;;) {
    const answer = (await question()).trim();
    if (answer !== '') return answer;
  }
}

/** @returns `undefined` when the address is none at all */
async function tryParts(
  parts: LoginParts,
  { live, ...options }: SettingOptions & { readonly live: boolean },
  mayAsk: boolean,
  reporter: Reporter,
  signal: AbortSignal,
): Promise<LoginAttempt | undefined> {
  try {
    const tried = await tryLogin(parts, options, signal, live);
    const { obstacle } = tried;
    if (obstacle !== undefined && !mayAsk) throw loginError(obstacle);
    if (obstacle !== undefined) reporter.warn(`${obstacle.found}\n  ${obstacle.nextStep ?? ''}`);
    return tried;
  } catch (error) {
    if (!mayAsk || !(error instanceof CustomersError)) throw error;
    reporter.warn(`${error.message}\n  ${error.nextStep ?? ''}`);
    return undefined;
  }
}

function loginError({ found, nextStep, exitCode, about }: NonNullable<LoginAttempt['obstacle']>): CustomersError {
  const message = `${found.replace(/\.?$/, '.')} Nothing was written.`;
  const next = { nextStep: nextStep ?? 'See `mypos-customers doctor`.' };
  if (about === 'login' && exitCode === exitCodes.login)
    return new LoginError(message, { code: 'LOGIN_UNUSABLE', ...next });
  if (exitCode === exitCodes.usage) return new UsageError(message, { code: 'ADDRESS_UNUSABLE', ...next });
  return new RunStoppedError(message, { code: 'ADDRESS_UNUSABLE', ...next });
}

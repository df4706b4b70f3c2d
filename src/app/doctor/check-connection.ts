import {
  probeServer,
  type Right,
  readCertificate,
  rights,
  type ServerCertificate,
  type ServerProbe,
} from '#src/api/inspect.js';
import { findReachHint } from '#src/api/stop-reasons.js';
import { tokensPerDay } from '#src/api/token-store.js';
import { type Connection, connect, hideLogin } from '#src/app/connect.js';
import { readTrustedCertificates } from '#src/config/resolve-settings.js';
import type { Settings } from '#src/config/settings.js';
import { CustomersError, type ExitCode, exitCodes } from '#src/errors.js';

/** One thing that the doctor looked at. */
export interface DoctorFinding {
  /** Stable, for scripts. */
  readonly name: string;
  readonly status: 'ok' | 'warn' | 'fail';
  /** What was found, in a sentence or less. */
  readonly found: string;
  /** What to do about it; `null` when it is well. */
  readonly nextStep: string | null;
  /** What the command exits with when this is the first that failed. */
  readonly exitCode: ExitCode;
}

export function ok(name: string, found: string): DoctorFinding {
  return { name, status: 'ok', found, nextStep: null, exitCode: exitCodes.done };
}

export function warn(name: string, found: string, nextStep: string): DoctorFinding {
  return { name, status: 'warn', found, nextStep, exitCode: exitCodes.done };
}

export function fail(name: string, found: string, nextStep: string, exitCode: ExitCode): DoctorFinding {
  return { name, status: 'fail', found, nextStep, exitCode };
}

const probeTimeoutMs = 15_000;
/** Beyond this, times in the result file and the filters on edit times mislead people. */
const maxClockDifferenceMs = 60_000;
const certificateWarningMs = 14 * 24 * 60 * 60_000;

/** Proxy, address, TLS and clock. With a finding that failed, there is no use in trying a login. */
export async function checkConnection(settings: Settings): Promise<readonly DoctorFinding[]> {
  if (settings.sandbox.value) return [ok('address', 'the embedded sandbox in the state folder')];
  const { baseUrl, proxy } = settings;
  let trusted: readonly string[] | undefined;
  try {
    trusted = readTrustedCertificates(settings.caFile);
  } catch (error) {
    if (!(error instanceof CustomersError)) throw error;
    return [fail('certificates', error.message, error.nextStep ?? '', exitCodes.usage)];
  }
  const way = { baseUrl: baseUrl.value, proxy: proxy.value, trusted, timeoutMs: probeTimeoutMs };
  const server = await probeServer(way);
  const certificate =
    proxy.value === undefined && baseUrl.value.startsWith('https:') ? await readCertificate(way) : undefined;
  return [
    checkProxy(settings),
    checkAddress(baseUrl.value, server),
    ...checkTls(settings, server, certificate),
    ...checkClock(server),
  ];
}

function checkProxy({ proxy }: Settings): DoctorFinding {
  if (proxy.value !== undefined) return ok('proxy', `${hideLogin(proxy.value)} (${proxy.origin})`);
  return ok('proxy', proxy.origin === 'not set' ? 'none' : `none for this address: ${proxy.origin}`);
}

function checkAddress(baseUrl: string, server: ServerProbe): DoctorFinding {
  if (server.kind === 'unreachable')
    return fail(
      'address',
      `${baseUrl} cannot be reached (${server.code})`,
      findReachHint(server.code),
      exitCodes.stoppedEarly,
    );
  const check = 'Check the address (--base-url); it usually ends in /api/v2. A proxy or login page may be in between.';
  if (server.location !== undefined)
    return fail('address', `${baseUrl} redirects to ${server.location}`, check, exitCodes.stoppedEarly);
  if (server.isPage)
    return fail('address', `${baseUrl} answers with a page for people (HTTP ${server.status})`, check, exitCodes.usage);
  if (server.status === 404) return fail('address', `${baseUrl} has no customers (HTTP 404)`, check, exitCodes.usage);
  if (server.status >= 500)
    return fail(
      'address',
      `${baseUrl} is not well (HTTP ${server.status})`,
      'Try again later.',
      exitCodes.stoppedEarly,
    );
  return ok('address', `${baseUrl} answers (HTTP ${server.status} without a login)`);
}

function checkTls(
  { baseUrl, proxy }: Settings,
  server: ServerProbe,
  certificate: ServerCertificate | undefined,
): readonly DoctorFinding[] {
  if (server.kind === 'unreachable') return [];
  if (baseUrl.value.startsWith('http:')) return [ok('tls', 'none: the server is on this machine')];
  if (proxy.value !== undefined) return [ok('tls', 'trusted, through the proxy')];
  if (certificate === undefined) return [];
  const { protocol, issuer, endsAt } = certificate;
  const found = `${protocol}, certificate of ${issuer} until ${endsAt.toISOString().slice(0, 10)}`;
  if (endsAt.getTime() - Date.now() > certificateWarningMs) return [ok('tls', found)];
  return [warn('tls', found, 'Tell whoever runs the server: when it ends, nothing can be sent any more.')];
}

function checkClock(server: ServerProbe): readonly DoctorFinding[] {
  if (server.kind === 'unreachable' || server.clockDifferenceMs === undefined) return [];
  const seconds = Math.round(server.clockDifferenceMs / 1000);
  const found = `this machine is ${Math.abs(seconds)} s ${seconds > 0 ? 'behind' : 'ahead of'} the server`;
  if (Math.abs(server.clockDifferenceMs) <= maxClockDifferenceMs) return [ok('clock', found)];
  return [warn('clock', found, 'Set the clock (NTP): the API’s edit times are compared with it.')];
}

/** The shared pace, login, the day's tokens, rights and runs left open. */
export async function checkLogin(settings: Settings, signal: AbortSignal): Promise<readonly DoctorFinding[]> {
  const found: DoctorFinding[] = [];
  let connection: Connection | undefined;
  try {
    connection = await connect(settings, signal);
    if (settings.pace.value !== undefined)
      found.push(ok('pace', `shared through ${new URL(settings.pace.value).host}`));
    found.push(checkUnfinishedRuns(connection));
    found.push(await testLogin(connection));
    found.push(checkTokenBudget(connection));
    if (found.some(({ status }) => status === 'fail')) return found;
    for (const right of rights) found.push(await checkRight(connection, right));
    return found;
  } catch (error) {
    if (!(error instanceof CustomersError)) throw error;
    const name = sharedRateCodes.test(error.code) ? 'pace' : 'login';
    return [...found, fail(name, error.message, error.nextStep ?? '', error.exitCode)];
  } finally {
    await connection?.close();
  }
}

/** What the pace that is shared through Redis can have against a beginning. */
const sharedRateCodes = /^(?:PACE_|IOREDIS_)/;

async function testLogin({ client, tenant }: Connection): Promise<DoctorFinding> {
  await client.login();
  const how = client.tokensObtained > 0 ? 'logged in anew' : 'with the token that is kept';
  return ok('login', `${tenant.login}, ${how}`);
}

const lowTokenCount = 50;

function checkTokenBudget({ ledger }: Connection): DoctorFinding {
  const used = ledger.tokens.usedToday(Date.now());
  const found = `${used} of ${tokensPerDay.hard} used in this UTC day`;
  const next = 'Make all jobs of this login use one --state-dir, so that they share a token for two hours.';
  if (used >= tokensPerDay.soft) return fail('tokens', found, `${next} Midnight UTC brings new ones.`, exitCodes.login);
  return used > tokensPerDay.hard - lowTokenCount ? warn('tokens', found, next) : ok('tokens', found);
}

function checkUnfinishedRuns({ ledger }: Connection): DoctorFinding {
  const [latest, ...others] = ledger.runs.findUnfinished();
  if (latest === undefined) return ok('runs', 'none is left unfinished');
  const found = `${1 + others.length} left unfinished, the latest is ${latest.name}`;
  return warn('runs', found, `mypos-customers resume ${latest.name}`);
}

async function checkRight({ client }: Connection, right: Right): Promise<DoctorFinding> {
  const name = `right to ${right}`;
  const answer = await client.probe(right);
  switch (answer.kind) {
    case 'granted':
      return ok(name, `yes (HTTP ${answer.httpStatus})`);
    case 'missing':
      return fail(
        name,
        'no (HTTP 403)',
        'Ask whoever manages your API users at MYPOS Connect to add this right on Customers, or do without the commands that need it.',
        exitCodes.login,
      );
    case 'obeyed':
      return warn(
        name,
        `the API took a question for an order (HTTP ${answer.httpStatus})`,
        'Please look for an empty customer made just now, and report this.',
      );
    case 'unclear':
      return warn(name, `not found out: ${answer.message}`, 'Run doctor again when the API is well.');
  }
}

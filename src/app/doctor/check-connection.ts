import { assumptions } from '#pipelines/listing/conformance.js';
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

/** The result of one check. */
export interface DoctorFinding {
  /** Name of the check; stable, for scripts. */
  readonly name: string;
  readonly status: 'ok' | 'warn' | 'fail';
  /** What was found, in at most a sentence. */
  readonly found: string;
  /** What to do about it; `null` if nothing is wrong. */
  readonly nextStep: string | null;
  /** The exit code of the command if this is the first check that failed. */
  readonly exitCode: ExitCode;
}

/** The result of a check that passed. */
export function ok(name: string, found: string): DoctorFinding {
  return { name, status: 'ok', found, nextStep: null, exitCode: exitCodes.done };
}

/** The result of a check that passed with a warning. */
export function warn(name: string, found: string, nextStep: string): DoctorFinding {
  return { name, status: 'warn', found, nextStep, exitCode: exitCodes.done };
}

/** The result of a check that failed. */
export function fail(name: string, found: string, nextStep: string, exitCode: ExitCode): DoctorFinding {
  return { name, status: 'fail', found, nextStep, exitCode };
}

const probeTimeoutMs = 15_000;
/** Beyond this, times in result files and filters by edit time would be misleading. */
const maxClockDifferenceMs = 60_000;
const certificateWarningMs = 14 * 24 * 60 * 60_000;

/** Checks proxy, address, TLS and clock. If one of them fails, a login cannot work. */
export async function checkConnection(settings: Settings): Promise<readonly DoctorFinding[]> {
  if (settings.sandbox.value) return [ok('address', 'the embedded sandbox in the state folder')];
  const { baseUrl, proxy } = settings;
  let trusted: readonly string[] | undefined;
  try {
    trusted = readTrustedCertificates(settings.caFile);
  } catch (error) {
    if (!(error instanceof CustomersError)) throw error;
    return [fail('certificates', error.message, error.nextStep, exitCodes.usage)];
  }
  const variable = checkTlsVariable();
  const target = { baseUrl: baseUrl.value, proxy: proxy.value, trusted, timeoutMs: probeTimeoutMs };
  const server = await probeServer(target);
  const certificate =
    proxy.value === undefined && baseUrl.value.startsWith('https:') ? await readCertificate(target) : undefined;
  return [
    ...variable,
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
  const nextStep =
    'Check the address (--base-url); it usually ends in /api/v2. A proxy or login page may be in between.';
  if (server.location !== undefined)
    return fail('address', `${baseUrl} redirects to ${server.location}`, nextStep, exitCodes.stoppedEarly);
  if (server.isPage)
    return fail('address', `${baseUrl} answers with a web page (HTTP ${server.status})`, nextStep, exitCodes.usage);
  if (server.status === 404)
    return fail('address', `there is no Customers API at ${baseUrl} (HTTP 404)`, nextStep, exitCodes.usage);
  if (server.status >= 500)
    return fail(
      'address',
      `${baseUrl} reports a server error (HTTP ${server.status})`,
      'Try again later.',
      exitCodes.stoppedEarly,
    );
  return ok('address', `${baseUrl} answers (HTTP ${server.status} without a login)`);
}

/** The check of certificates stays on all the same, but who sets this variable believes otherwise. */
function checkTlsVariable(environment: Readonly<Record<string, string | undefined>> = process.env): DoctorFinding[] {
  if (environment.NODE_TLS_REJECT_UNAUTHORIZED !== '0') return [];
  const found = 'NODE_TLS_REJECT_UNAUTHORIZED=0 is set; certificates are checked all the same';
  const nextStep = 'Unset it. For a proxy that inspects TLS, name the certificate of its authority with --ca-file.';
  return [fail('tls variable', found, nextStep, exitCodes.usage)];
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
  const found = `${protocol}, certificate by ${issuer}, valid until ${endsAt.toISOString().slice(0, 10)}`;
  if (endsAt.getTime() - Date.now() > certificateWarningMs) return [ok('tls', found)];
  return [warn('tls', found, 'Tell whoever runs the server: after it expires, nothing can be sent.')];
}

function checkClock(server: ServerProbe): readonly DoctorFinding[] {
  if (server.kind === 'unreachable' || server.clockDifferenceMs === undefined) return [];
  const seconds = Math.round(server.clockDifferenceMs / 1000);
  const found = `this machine is ${Math.abs(seconds)} s ${seconds > 0 ? 'behind' : 'ahead of'} the server`;
  if (Math.abs(server.clockDifferenceMs) <= maxClockDifferenceMs) return [ok('clock', found)];
  return [warn('clock', found, 'Set the clock (NTP): logs, the names of runs and the count of tokens per day use it.')];
}

/** Checks the shared rate limit, unfinished runs, the login, the tokens of the day, and the rights of the user. */
export async function checkLogin(settings: Settings, signal: AbortSignal): Promise<readonly DoctorFinding[]> {
  const found: DoctorFinding[] = [];
  let connection: Connection | undefined;
  try {
    connection = await connect(settings, signal);
    if (settings.pace.value !== undefined)
      found.push(ok('pace', `shared through ${new URL(settings.pace.value).host}`));
    found.push(checkUnfinishedRuns(connection), showConformance(connection));
    found.push(await testLogin(connection));
    found.push(checkTokenBudget(connection));
    if (found.some(({ status }) => status === 'fail')) return found;
    for (const right of rights) found.push(await checkRight(connection, right));
    if (found.every(({ status }) => status !== 'fail')) found.push(await checkStrangers(connection));
    return found;
  } catch (error) {
    if (!(error instanceof CustomersError)) throw error;
    const name = sharedRateCodes.test(error.code) ? 'pace' : 'login';
    return [...found, fail(name, error.message, error.nextStep, error.exitCode)];
  } finally {
    await connection?.close();
  }
}

/** Codes of errors of the rate limit that is shared through Redis. */
const sharedRateCodes = /^(?:PACE_|IOREDIS_)/;

async function testLogin({ client, tenant }: Connection): Promise<DoctorFinding> {
  await client.login();
  const how = client.tokensObtained > 0 ? 'with a new token' : 'with the cached token';
  return ok('login', `${tenant.login}, ${how}`);
}

const lowTokenCount = 50;

function checkTokenBudget({ ledger }: Connection): DoctorFinding {
  const used = ledger.tokens.usedToday(Date.now());
  const found = `${used} of ${tokensPerDay.hard} tokens used today (UTC)`;
  const next =
    'Make all jobs of this login use the same --state-dir, so that they share a token, which is valid for two hours.';
  if (used >= tokensPerDay.soft)
    return fail('tokens', found, `${next} The count starts again at midnight UTC.`, exitCodes.login);
  return used > tokensPerDay.hard - lowTokenCount ? warn('tokens', found, next) : ok('tokens', found);
}

/** How many customers of the account the ledger does not know: rows to add are compared with these. */
async function checkStrangers({ client, ledger }: Connection): Promise<DoctorFinding> {
  const { total } = await client.list({ page: 1, pageSize: 1, fields: ['customerCode'] });
  const isMirrored = ledger.mirror.freshUntilMs !== undefined;
  // Without a local copy it is not known who is in the account, only how many.
  const strangers = isMirrored ? ledger.known.countStrangers() : Math.max(0, total - ledger.known.countKnown());
  const since = ledger.mirror.freshUntilMs;
  const when = since === undefined ? '' : ` (as of ${new Date(since).toISOString().slice(0, 16)}Z)`;
  const found = `${strangers} of the ${total} customers in the account are not known to this state folder${when}`;
  if (strangers === 0 || strangers <= total - strangers) return ok('strangers', found);
  return warn(
    'strangers',
    found,
    'Rows to add are compared with them. If another computer imports into this account: mypos-customers crosswalk export who-is-who.csv there, and crosswalk import here.',
  );
}

/** What `conformance` has found; it is not tried here, because it reads the whole list. */
function showConformance({ ledger }: Connection): DoctorFinding {
  const kept = ledger.conformance.find();
  if (kept === undefined) return ok('conformance', 'not tried yet: mypos-customers conformance');
  const day = kept.checkedAt.slice(0, 10);
  const untrue = kept.results.filter(({ status }) => status === 'otherwise');
  if (untrue.length === 0) return ok('conformance', `as assumed (${day})`);
  const found = untrue.map(({ assumption }) => `${assumption}: ${assumptions[assumption].otherwise}`).join(' ');
  return warn(
    'conformance',
    `not as assumed (${day}): ${found}`,
    'Once MYPOS Connect has changed it: mypos-customers conformance',
  );
}

function checkUnfinishedRuns({ ledger }: Connection): DoctorFinding {
  const [latest, ...others] = ledger.runs.findUnfinished();
  if (latest === undefined) return ok('runs', 'none unfinished');
  const found = `${1 + others.length} unfinished, the latest is ${latest.name}`;
  return warn('runs', found, `mypos-customers resume ${latest.name}`);
}

async function checkRight({ client }: Connection, right: Right): Promise<DoctorFinding> {
  const name = `right to ${right}`;
  const result = await client.probe(right);
  switch (result.kind) {
    case 'granted':
      return ok(name, `yes (HTTP ${result.httpStatus})`);
    case 'missing':
      return fail(
        name,
        'no (HTTP 403)',
        'Ask whoever manages your API users in MYPOS Connect to add this permission for Customers, or do without the commands that need it.',
        exitCodes.login,
      );
    case 'obeyed':
      return warn(
        name,
        `the API carried out what should only have been a test (HTTP ${result.httpStatus})`,
        'Look for an empty customer that was created just now, and report this as a bug.',
      );
    case 'unclear':
      return warn(name, `unknown: ${result.message}`, 'Run doctor again when the API is available.');
  }
}

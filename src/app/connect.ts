import { join } from 'node:path';
import type { RunLedger } from '#pipelines/ports.js';
import { type Credentials, type CustomersClient, openCustomersClient } from '#src/api/client.js';
import type { RedisRateLimiter } from '#src/api/redis-rate-limit.js';
import type { OutageOptions } from '#src/api/retry.js';
import { describeConfigFiles } from '#src/config/config-file.js';
import { readTrustedCertificates } from '#src/config/resolve-settings.js';
import { isSecretSetting, type Setting, type Settings } from '#src/config/settings.js';
import { LoginError } from '#src/errors.js';
import { type Ledger, openLedger, type Tenant } from '#src/ledger/open-ledger.js';
import type { RunObserver, RunTarget } from './run-summary.js';

/** The API of one tenant, and this machine's ledger for it. */
export interface Connection {
  readonly client: CustomersClient;
  readonly ledger: Ledger;
  /** The rows of a run; every intent is recorded with the time of the server's clock. */
  openRows(run: number): RunLedger;
  /** The tenant, for messages. */
  readonly tenant: Tenant;
  readonly target: RunTarget;
  /** The embedded sandbox: when it looks empty, it is. */
  readonly isSandbox: boolean;
  /** The settings without secrets. */
  readonly settings: readonly ShownSetting[];
  close(): Promise<void>;
}

/** Stands for the login when a ready token is used, which does not say whose it is. */
const tokenLogin = 'access-token';

/** How a command waits for a server that was there and is not now, and what it believes of it. */
export interface OutageWaiting {
  /** How long, in milliseconds. @default 15 minutes; one where somebody sits at a terminal */
  readonly patienceMs?: number | undefined;
  readonly notice?: RunObserver['notice'] | undefined;
  /** Lets the API filter by the last edit also where `conformance` has found that it does not do so. @default false */
  readonly triesFilter?: boolean;
}

const outagePatienceMs = { unattended: 15 * 60_000, terminal: 60_000 } as const;

/**
 * Opens the ledger and the API client of the tenant in the settings, or of the embedded sandbox.
 *
 * @param stopping - aborts when nothing new may be sent
 * @param waiting - for commands that go on when the server is back; without it, they end when it cannot be reached
 * @throws UsageError, LoginError (no login given), BusyError (the embedded sandbox is in use)
 */
export async function connect(
  settings: Settings,
  stopping: AbortSignal,
  waiting: OutageWaiting = { patienceMs: 0 },
): Promise<Connection> {
  if (settings.sandbox.value) return connectToSandbox(settings, stopping);
  const tenant = resolveTenant(settings);
  return open(settings, { tenant, credentials: resolveCredentials(settings), stopping, waiting });
}

const embeddedSandbox: Tenant = { baseUrl: 'http://embedded.sandbox', login: 'sandbox' };

export function isEmbeddedSandbox({ baseUrl }: Tenant): boolean {
  return baseUrl === embeddedSandbox.baseUrl;
}

/**
 * The ledger of an account of the state folder, with the audit file of the settings.
 *
 * @param tenant - @default the account in the settings
 * @throws UsageError, GuardError
 */
export function openTenantLedger(settings: Settings, tenant: Tenant = resolveTenant(settings)): Ledger {
  const ledger = openLedger(settings.stateDir.value, tenant);
  if (settings.auditFile.value !== undefined) ledger.audit.copyTo(settings.auditFile.value);
  return ledger;
}

/** The account and login in the settings. */
export function resolveTenant(settings: Settings): Tenant {
  if (settings.sandbox.value) return embeddedSandbox;
  return { baseUrl: settings.baseUrl.value, login: settings.username.value ?? tokenLogin };
}

export function resolveTarget(settings: Settings): RunTarget {
  return { ...resolveTenant(settings), profile: settings.profile.value ?? null };
}

/** Says whose customers are about to be changed, before anything else. Without a login, the error says what is missing. */
export function announceTarget(settings: Settings, observer: RunObserver): void {
  const { sandbox, username, accessToken } = settings;
  if (sandbox.value || username.value !== undefined || accessToken.value !== undefined)
    observer.account?.(resolveTarget(settings), sandbox.value);
}

async function connectToSandbox(settings: Settings, stopping: AbortSignal): Promise<Connection> {
  const { mkdirSync } = await import('node:fs');
  const { startSandbox } = await import('#src/sandbox/start-sandbox.js');
  const folder = join(settings.stateDir.value, 'sandbox');
  // Fails with the ledger's own error if the state folder cannot be created.
  const tenant = resolveTenant(settings);
  openTenantLedger(settings, tenant).close();
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const sandbox = await startSandbox({ dataFile: join(folder, 'customers.db'), adminToken: false });
  const { username, password } = sandbox;
  const credentials = { kind: 'login', username, password } as const;
  const connection = await open(settings, { tenant, baseUrl: sandbox.baseUrl, credentials, stopping });
  return {
    ...connection,
    close: async () => {
      await connection.close();
      await sandbox.close();
    },
  };
}

interface OpenOptions {
  readonly tenant: Tenant;
  /** @default the tenant's */
  readonly baseUrl?: string;
  readonly credentials: Credentials;
  readonly stopping: AbortSignal;
  readonly waiting?: OutageWaiting;
}

async function open(
  settings: Settings,
  { tenant, baseUrl = tenant.baseUrl, credentials, stopping, waiting = { patienceMs: 0 } }: OpenOptions,
): Promise<Connection> {
  const ledger = openTenantLedger(settings, tenant);
  const rateLimiter = await openSharedRateLimiter(settings, tenant).catch((error: unknown) => {
    ledger.close();
    throw error;
  });
  const client = openCustomersClient({
    // The embedded sandbox runs in this process, so no proxy or certificate is involved.
    ...(settings.sandbox.value
      ? {}
      : { proxy: settings.proxy.value, trusted: readTrustedCertificates(settings.caFile) }),
    baseUrl,
    credentials,
    tokenStore: ledger.tokens,
    ratePerSecond: settings.ratePerSecond.value,
    concurrency: settings.concurrency.value,
    requestTimeoutMs: settings.requestTimeoutMs.value,
    maxPageBytes: settings.maxPageBytes.value,
    maxAnswerBytes: settings.maxAnswerBytes.value,
    stopping,
    outages: describeOutages(ledger, baseUrl, waiting),
    ignoresEditFilter: waiting.triesFilter !== true && ledger.conformance.isUntrue('filter'),
    ...(rateLimiter === undefined ? {} : { rateLimiter }),
  });
  return {
    client,
    ledger,
    openRows: (run) => ledger.openRows(run, () => client.traffic.clockDifferenceMs),
    tenant,
    target: resolveTarget(settings),
    isSandbox: settings.sandbox.value,
    settings: listRunSettings(settings),
    close: async () => {
      await client.close();
      await rateLimiter?.close();
      ledger.close();
    },
  };
}

function describeOutages(ledger: Ledger, baseUrl: string, { patienceMs, notice }: OutageWaiting): OutageOptions {
  const defaultMs = process.stderr.isTTY === true ? outagePatienceMs.terminal : outagePatienceMs.unattended;
  return {
    patienceMs: patienceMs ?? defaultMs,
    hasAnswered: ledger.tokens.read() !== undefined || ledger.mirror.freshUntilMs !== undefined,
    noticed: (code, untilMs) =>
      notice?.({
        severity: 'warning',
        code: 'WAITING_FOR_SERVER',
        message: `${baseUrl} cannot be reached (${code}). It is tried again until ${new Date(untilMs).toISOString()}; nothing is lost meanwhile.`,
      }),
  };
}

/** The client of Redis is loaded only when it is needed, which is rare. */
async function openSharedRateLimiter(
  settings: Settings,
  { baseUrl, login }: Tenant,
): Promise<RedisRateLimiter | undefined> {
  const address = settings.pace.value;
  if (address === undefined) return undefined;
  const { openRedisRateLimiter } = await import('#src/api/redis-rate-limit.js');
  return openRedisRateLimiter({
    address,
    password: settings.pacePassword.value,
    trusted: readTrustedCertificates(settings.caFile),
    allowance: `${baseUrl}\n${login}`,
    ratePerSecond: settings.ratePerSecond.value,
  });
}

/** The settings to show for a run: with the sandbox, its address and login mean nothing. */
function listRunSettings(settings: Settings): readonly ShownSetting[] {
  const { sandbox } = settings;
  const shown = listSettings(settings).filter(({ name }) => name !== 'sandbox');
  if (!sandbox.value) return shown;
  const embedded = { name: 'baseUrl', value: 'the embedded sandbox', origin: sandbox.origin };
  return [embedded, ...shown.filter(({ name }) => !['baseUrl', 'username', 'password', 'accessToken'].includes(name))];
}

function resolveCredentials(settings: Settings): Credentials {
  const { username, password, accessToken } = settings;
  if (accessToken.value !== undefined) return { kind: 'token', accessToken: accessToken.value };
  if (username.value !== undefined && password.value !== undefined)
    return { kind: 'login', username: username.value, password: password.value };
  const missing = username.value === undefined ? 'no login' : `a user name (${username.origin}) but no password`;
  throw new LoginError(`There is ${missing} for ${settings.baseUrl.value}.`, {
    code: 'NO_LOGIN',
    nextStep: `Let mypos-customers login ask for them, set MYPOS_CONNECT_USERNAME and MYPOS_CONNECT_PASSWORD (or …_FILE naming a file), or try everything without a login: add --sandbox. Configuration files: ${describeConfigFiles(settings.config.value)}.`,
  });
}

/** A setting as it may be shown. A secret is replaced by a note that it is set. */
export interface ShownSetting {
  readonly name: string;
  readonly value: string | number | boolean | null;
  readonly origin: string;
}

/** All settings with their origins, without secrets. */
export function listSettings(settings: Settings): readonly ShownSetting[] {
  return (Object.entries(settings) as [keyof Settings, Setting<SettingValue>][]).map(([name, { value, origin }]) => ({
    name,
    value: formatSetting(name, value),
    origin,
  }));
}

type SettingValue = string | number | boolean | object | undefined;

function formatSetting(name: keyof Settings, value: SettingValue): ShownSetting['value'] {
  if (value === undefined) return null;
  if (typeof value === 'object') return Object.keys(value).length === 0 ? null : JSON.stringify(value);
  if (isSecretSetting(name)) return 'set (not shown)';
  if (value === Number.POSITIVE_INFINITY) return 'unlimited';
  return name === 'proxy' ? hideLogin(String(value)) : value;
}

/** An address without the login that it may contain. */
export function hideLogin(address: string): string {
  const url = new URL(address);
  const login = url.username === '' && url.password === '' ? '' : '…@';
  return `${url.protocol}//${login}${url.host}`;
}

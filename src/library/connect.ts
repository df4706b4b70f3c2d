import { join } from 'node:path';
import type { RunLedger } from '#pipelines/ports.js';
import type { Credentials, CustomersClient } from '#src/api/customers-client.js';
import { openCustomersClient } from '#src/api/customers-client.js';
import type { SharedPace } from '#src/api/shared-pace.js';
import type { Settings } from '#src/config/settings.js';
import { trustedCertificates } from '#src/config/trusted-certificates.js';
import { LoginError } from '#src/errors.js';
import { type Ledger, openLedger, type Tenant } from '#src/ledger/open-ledger.js';
import { type ShownSetting, shownSettings } from './shown-settings.js';

/** The API of one tenant and what this machine knows of it. */
export interface Connection {
  readonly client: CustomersClient;
  readonly ledger: Ledger;
  /** The rows of a run, with the server's clock noted at every intent. */
  rowsOf(run: number): RunLedger;
  /** What to call the tenant in messages. */
  readonly tenant: Tenant;
  /** As they may be shown, without secrets. */
  readonly settings: readonly ShownSetting[];
  close(): Promise<void>;
}

/** A token that somebody else made says nothing of whose it is. */
const loginOfReadyTokens = 'access-token';

/**
 * Opens the ledger and the API of the tenant that the settings name; with `sandbox`, the embedded one.
 *
 * @param stopping - fires when nothing new may be sent
 * @throws UsageError, LoginError (no login given), BusyError (the embedded sandbox is in use)
 */
export async function connect(settings: Settings, stopping: AbortSignal): Promise<Connection> {
  if (settings.sandbox.value) return connectToSandbox(settings, stopping);
  return open(settings, tenantOf(settings), settings.baseUrl.value, credentialsOf(settings), stopping);
}

/** Whose customers the settings are about. A token is nobody's in particular unless a username is set as well. */
export function tenantOf(settings: Settings): Tenant {
  if (settings.sandbox.value) return { baseUrl: 'http://embedded.sandbox', login: 'sandbox' };
  return { baseUrl: settings.baseUrl.value, login: settings.username.value ?? loginOfReadyTokens };
}

async function connectToSandbox(settings: Settings, stopping: AbortSignal): Promise<Connection> {
  const { mkdirSync } = await import('node:fs');
  const { startSandbox } = await import('#src/sandbox/start-sandbox.js');
  const folder = join(settings.stateDir.value, 'sandbox');
  // The same error as for the ledger, from the same place, when the folder cannot be made.
  const tenant = tenantOf(settings);
  openLedger(settings.stateDir.value, tenant).close();
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const sandbox = await startSandbox({ dataFile: join(folder, 'customers.db') });
  const { username, password } = sandbox;
  const connection = await open(settings, tenant, sandbox.baseUrl, { kind: 'login', username, password }, stopping);
  return {
    ...connection,
    close: async () => {
      await connection.close();
      await sandbox.close();
    },
  };
}

async function open(
  settings: Settings,
  tenant: Tenant,
  baseUrl: string,
  credentials: Credentials,
  stopping: AbortSignal,
): Promise<Connection> {
  const ledger = openLedger(settings.stateDir.value, tenant);
  const pace = await sharedPace(settings, tenant).catch((error: unknown) => {
    ledger.close();
    throw error;
  });
  const client = openCustomersClient({
    // The embedded sandbox is on this machine: neither proxy nor certificates are between.
    ...(settings.sandbox.value ? {} : { proxy: settings.proxy.value, trusted: trustedCertificates(settings.caFile) }),
    baseUrl,
    credentials,
    tokenStore: ledger.tokens,
    ratePerSecond: settings.ratePerSecond.value,
    concurrency: settings.concurrency.value,
    requestTimeoutMs: settings.requestTimeoutMs.value,
    stopping,
    ...(pace === undefined ? {} : { pace }),
  });
  return {
    client,
    ledger,
    rowsOf: (run) => ledger.rowsOf(run, () => client.traffic.clockDifferenceMs),
    tenant,
    settings: settingsOfRuns(settings),
    close: async () => {
      await client.close();
      await pace?.close();
      ledger.close();
    },
  };
}

/** Loaded when asked for: most people have one machine, and no Redis. */
async function sharedPace(settings: Settings, { baseUrl, login }: Tenant): Promise<SharedPace | undefined> {
  const address = settings.pace.value;
  if (address === undefined) return undefined;
  const { openSharedPace } = await import('#src/api/shared-pace.js');
  return openSharedPace({
    address,
    password: settings.pacePassword.value,
    trusted: trustedCertificates(settings.caFile),
    allowance: `${baseUrl}\n${login}`,
    ratePerSecond: settings.ratePerSecond.value,
  });
}

/** Of the address, that of the server that answers. */
function settingsOfRuns(settings: Settings): readonly ShownSetting[] {
  const { sandbox } = settings;
  const shown = shownSettings(settings).filter(({ name }) => name !== 'sandbox');
  if (!sandbox.value) return shown;
  const embedded = { name: 'baseUrl', value: 'the embedded sandbox', origin: sandbox.origin };
  return [embedded, ...shown.filter(({ name }) => !['baseUrl', 'username', 'password', 'accessToken'].includes(name))];
}

function credentialsOf(settings: Settings): Credentials {
  const { username, password, accessToken } = settings;
  if (accessToken.value !== undefined) return { kind: 'token', accessToken: accessToken.value };
  if (username.value !== undefined && password.value !== undefined)
    return { kind: 'login', username: username.value, password: password.value };
  const missing = username.value === undefined ? 'no login' : `a login (${username.origin}) but no password`;
  throw new LoginError(`There is ${missing} for ${settings.baseUrl.value}.`, {
    code: 'NO_LOGIN',
    nextStep:
      'Set MYPOS_CONNECT_USERNAME and MYPOS_CONNECT_PASSWORD (or …_FILE naming a file), let mypos-customers init set them up, or try everything without a login: add --sandbox.',
  });
}

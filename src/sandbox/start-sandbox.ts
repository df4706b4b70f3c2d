import { randomBytes } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { UsageError } from '#src/errors.js';
import { serveAdminApi } from './admin-api.js';
import { type Verb, verbs } from './call.js';
import { createCustomerStore } from './customer-store.js';
import type { Fault } from './fault.js';
import { createFaultPlan } from './inject-fault.js';
import { createCustomerList } from './list-customers.js';
import { createSandboxControls, type FaultSwitch, type SandboxControls } from './sandbox-controls.js';
import { createCommitGroup, openSandboxDatabase } from './sandbox-database.js';
import { basePath, createRequestLog, createServer, serveApi } from './serve-api.js';
import { createServerClock } from './server-clock.js';
import { createTokenIssuer } from './token-issuer.js';

export interface SandboxOptions {
  /** The SQLite file, made when it is not there; `:memory:` for none. */
  readonly dataFile: string;
  /** @default 0 - any free port */
  readonly port?: number;
  /** @default '127.0.0.1' - and nothing else: it is for rehearsals on this machine */
  readonly host?: '127.0.0.1';
  /** What the admin API asks its callers for; `false` for no admin API. @default a random text */
  readonly adminToken?: string | false;
  /** @default 'sandbox@example.com' */
  readonly username?: string;
  /** @default 'sandbox' */
  readonly password?: string;
  /** @default none */
  readonly faults?: readonly Fault[];
  /** Seed of the random faults: the same one affects the same requests. @default 1 */
  readonly seed?: number;
  /** @default the machine's clock */
  readonly now?: () => Date;
  /** How far the server's clock, its `Date` header included, runs ahead of `now`. @default 0 */
  readonly clockSkewMs?: number;
  /** @default two hours, as the vendor's */
  readonly tokenLifetimeMs?: number;
  /** Per UTC day. @default 250, as the vendor's */
  readonly tokensPerDay?: number;
  /** Verbs that the user may use on customers. @default all */
  readonly rights?: readonly Verb[];
}

/** A running sandbox. */
export interface Sandbox extends SandboxControls {
  /** `http://127.0.0.1:<port>/api/v2` */
  readonly baseUrl: string;
  readonly port: number;
  readonly username: string;
  readonly password: string;
  /** What the admin API asks for; `undefined` when there is none. */
  readonly adminToken: string | undefined;
  /** Drops every connection, answered or not, and closes the data file. */
  close(): Promise<void>;
}

const loopback = '127.0.0.1';
const keptRequests = 100_000;

/** The vendor's figures where it publishes them. */
const defaults = {
  port: 0,
  host: loopback,
  username: 'sandbox@example.com',
  password: 'sandbox',
  faults: [],
  seed: 1,
  now: () => new Date(),
  clockSkewMs: 0,
  tokenLifetimeMs: 2 * 60 * 60 * 1000,
  tokensPerDay: 250,
  rights: verbs,
} as const;

/**
 * Runs the Customers API on this machine, on loopback only.
 *
 * @throws {UsageError} the data file is not a sandbox's, the port is taken, or a fault makes no sense
 */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const settings = { ...defaults, ...options };
  const faultSwitch = startFaultSwitch(settings.faults, settings.seed);
  const database = openSandboxDatabase(settings.dataFile);
  const group = createCommitGroup(database);
  const clock = createServerClock(settings.now, settings.clockSkewMs);
  const log = createRequestLog(keptRequests);
  const parts = {
    store: createCustomerStore(database, group),
    list: createCustomerList(database),
    tokens: createTokenIssuer({ database, group, clock }, settings),
    clock,
    credentials: settings,
    rights: settings.rights,
  };
  const controls = createSandboxControls({ parts, group, log, faultSwitch });
  const stopping = new AbortController();
  // Every delayed answer listens to it: many are no leak.
  setMaxListeners(Number.POSITIVE_INFINITY, stopping.signal);
  const server = createServer(clock, log);
  serveApi(server, { parts, group, log, plan: faultSwitch.plan, stopping: stopping.signal });
  const { adminToken = randomBytes(24).toString('base64url') } = options;
  if (adminToken !== false) serveAdminApi(server, controls, adminToken);
  const close = async () => {
    stopping.abort();
    await server.close();
    group.flush();
    database.close();
  };
  try {
    const port = await listen(server, settings.port);
    const { username, password } = settings;
    return {
      ...controls,
      baseUrl: `http://${loopback}:${port}${basePath}`,
      ...{ port, username, password, close },
      adminToken: adminToken === false ? undefined : adminToken,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function listen(server: FastifyInstance, port: number): Promise<number> {
  try {
    await server.listen({ port, host: loopback });
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')) throw error;
    throw new UsageError(`Port ${port} is used by another program.`, {
      code: 'SANDBOX_PORT_TAKEN',
      nextStep: 'Choose another port; 0 picks a free one.',
      cause: error,
    });
  }
  return (server.server.address() as AddressInfo).port;
}

function startFaultSwitch(first: readonly Fault[], seed: number): FaultSwitch {
  let faults = first;
  let plan = createFaultPlan(faults, seed);
  return {
    plan: () => plan,
    faults: () => faults,
    replace(next) {
      plan = createFaultPlan(next, seed);
      faults = next;
    },
  };
}

import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Pool } from 'undici';
import type { Fault } from '#src/sandbox/fault.js';
import { startSandbox } from '#src/sandbox/start-sandbox.js';
import type { Work } from './benchmark.js';

/** The sandbox's default login. */
export const sandboxLogin = { username: 'sandbox@example.com', password: 'sandbox' } as const;

/** The same as environment variables. */
export const loginEnvironment = {
  MYPOS_CONNECT_USERNAME: sandboxLogin.username,
  MYPOS_CONNECT_PASSWORD: sandboxLogin.password,
} as const;

/** An undici pool with a token: the start of a hand-written loop. */
export async function openBareClient(baseUrl: string, connections: number) {
  const { origin, pathname } = new URL(baseUrl);
  const pool = new Pool(origin, { connections });
  const basic = Buffer.from(`${sandboxLogin.username}:${sandboxLogin.password}`).toString('base64');
  const headers = { authorization: `Basic ${basic}` };
  const answer = await pool.request({ method: 'POST', path: `${pathname}/auth/token`, headers });
  const { bearerToken } = (await answer.body.json()) as { readonly bearerToken: string };
  return { pool, customers: `${pathname}/customers`, authorization: `Bearer ${bearerToken}` };
}

const adminToken = 'bench';

/** A request as the sandbox's admin API reports it. */
export interface Arrival {
  /** Epoch milliseconds. */
  readonly at: number;
  readonly method: string;
  /** With its query. */
  readonly path: string;
}

/** The requests that the sandbox received since the last call. */
export async function takeRequests(baseUrl: string): Promise<readonly Arrival[]> {
  const address = new URL('/_sandbox/requests', baseUrl);
  const headers = { authorization: `Bearer ${adminToken}` };
  const requests = (await (await fetch(address, { headers })).json()) as readonly Arrival[];
  await fetch(address, { method: 'DELETE', headers });
  return requests;
}

const thisFile = fileURLToPath(import.meta.url);

/** A sandbox in a process of its own, so that it does not use the contender's processor time. */
interface ServedSandbox {
  readonly baseUrl: string;
  stop(): void;
}

/**
 * Serves the customers of a data file until stopped.
 *
 * @param latencyMs - added to the time that an add takes
 */
export async function serveSandbox(dataFile: string, latencyMs = 0): Promise<ServedSandbox> {
  const server: ChildProcess = spawn(process.execPath, [thisFile, '--serve', dataFile, String(latencyMs)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const baseUrl = await new Promise<string>((found, fail) => {
    server.stdout?.once('data', (text: Buffer) => found(text.toString().trim()));
    server.once('exit', () => fail(new Error('The sandbox did not start.')));
  });
  return { baseUrl, stop: () => server.kill() };
}

/** Measures the work alone, without the start of the sandbox. */
export async function measureAgainstSandbox(
  dataFile: string,
  work: (baseUrl: string) => Promise<number>,
  latencyMs = 0,
): Promise<Work> {
  const server = await serveSandbox(dataFile, latencyMs);
  try {
    const start = performance.now();
    const count = await work(server.baseUrl);
    return { count, seconds: (performance.now() - start) / 1000 };
  } finally {
    server.stop();
  }
}

const [task, dataFile, latencyMs] = process.argv.slice(2);
if (task === '--serve' && dataFile !== undefined) {
  const faults: Fault[] = Number(latencyMs) > 0 ? [{ name: 'latency', on: 'add', ms: Number(latencyMs) }] : [];
  console.log((await startSandbox({ adminToken, dataFile, faults })).baseUrl);
}

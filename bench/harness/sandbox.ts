import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Pool } from 'undici';
import type { Fault } from '#src/sandbox/fault.js';
import { startSandbox } from '#src/sandbox/start-sandbox.js';
import type { Work } from './benchmark.js';

/** Who the sandbox lets in, unless it is told otherwise. */
export const sandboxLogin = { username: 'sandbox@example.com', password: 'sandbox' } as const;

/** The same, as commands and settings take it. */
export const loginEnvironment = {
  MYPOS_CONNECT_USERNAME: sandboxLogin.username,
  MYPOS_CONNECT_PASSWORD: sandboxLogin.password,
} as const;

/** A bare client that has a token: what a loop of one's own begins with. */
export async function openBareClient(baseUrl: string, connections: number) {
  const { origin, pathname } = new URL(baseUrl);
  const pool = new Pool(origin, { connections });
  const basic = Buffer.from(`${sandboxLogin.username}:${sandboxLogin.password}`).toString('base64');
  const headers = { authorization: `Basic ${basic}` };
  const answer = await pool.request({ method: 'POST', path: `${pathname}/auth/token`, headers });
  const { bearerToken } = (await answer.body.json()) as { readonly bearerToken: string };
  return { pool, customers: `${pathname}/customers`, authorization: `Bearer ${bearerToken}` };
}

/** A request as the sandbox's side door tells of it. */
export interface Arrival {
  /** Epoch milliseconds. */
  readonly at: number;
  readonly method: string;
  /** With its query. */
  readonly path: string;
}

/** What a served sandbox was asked since the last look. */
export async function takeRequests(baseUrl: string): Promise<readonly Arrival[]> {
  const door = new URL('/_sandbox/requests', baseUrl);
  const requests = (await (await fetch(door)).json()) as readonly Arrival[];
  await fetch(door, { method: 'DELETE' });
  return requests;
}

const ownFile = fileURLToPath(import.meta.url);

/** A sandbox in a process of its own, so that it does not share the contender's time. */
interface ServedSandbox {
  readonly baseUrl: string;
  stop(): void;
}

/**
 * Serves the customers of a data file until stopped.
 *
 * @param addMs - how long an add takes, beyond what it takes anyway
 */
export async function serveSandbox(dataFile: string, addMs = 0): Promise<ServedSandbox> {
  const server: ChildProcess = spawn(process.execPath, [ownFile, '--serve', dataFile, String(addMs)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const baseUrl = await new Promise<string>((found, fail) => {
    server.stdout?.once('data', (text: Buffer) => found(text.toString().trim()));
    server.once('exit', () => fail(new Error('The sandbox did not start.')));
  });
  return { baseUrl, stop: () => server.kill() };
}

/** Times the work alone against a sandbox of its own: starting the server is nobody's merit. */
export async function measureAgainstSandbox(
  dataFile: string,
  work: (baseUrl: string) => Promise<number>,
  addMs = 0,
): Promise<Work> {
  const server = await serveSandbox(dataFile, addMs);
  try {
    const start = performance.now();
    const count = await work(server.baseUrl);
    return { count, seconds: (performance.now() - start) / 1000 };
  } finally {
    server.stop();
  }
}

const [task, dataFile, addMs] = process.argv.slice(2);
if (task === '--serve' && dataFile !== undefined) {
  const faults: Fault[] = Number(addMs) > 0 ? [{ name: 'latency', on: 'add', ms: Number(addMs) }] : [];
  console.log((await startSandbox({ dataFile, faults })).baseUrl);
}

import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Fault } from '#src/sandbox/faults/fault.js';
import { startSandbox } from '#src/sandbox/start-sandbox.js';
import type { Work } from './benchmark.js';

const ownFile = fileURLToPath(import.meta.url);

/** A sandbox in a process of its own, so that it does not share the contender's time. */
export interface ServedSandbox {
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
export async function timedAgainst(
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

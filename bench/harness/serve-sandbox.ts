import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { startSandbox } from '../../src/sandbox/start-sandbox.js';
import type { Work } from './benchmark.js';

const ownFile = fileURLToPath(import.meta.url);

/** A sandbox in a process of its own, so that it does not share the contender's time. */
export interface ServedSandbox {
  readonly baseUrl: string;
  stop(): void;
}

/** Serves the customers of a data file until stopped. */
export async function serveSandbox(dataFile: string): Promise<ServedSandbox> {
  const server: ChildProcess = spawn(process.execPath, [ownFile, '--serve', dataFile], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const baseUrl = await new Promise<string>((found, fail) => {
    server.stdout?.once('data', (text: Buffer) => found(text.toString().trim()));
    server.once('exit', () => fail(new Error('The sandbox did not start.')));
  });
  return { baseUrl, stop: () => server.kill() };
}

/** Times the work alone against a sandbox of its own: starting the server is nobody's merit. */
export async function timedAgainst(dataFile: string, work: (baseUrl: string) => Promise<number>): Promise<Work> {
  const server = await serveSandbox(dataFile);
  try {
    const start = performance.now();
    const count = await work(server.baseUrl);
    return { count, seconds: (performance.now() - start) / 1000 };
  } finally {
    server.stop();
  }
}

const [task, dataFile] = process.argv.slice(2);
if (task === '--serve' && dataFile !== undefined) console.log((await startSandbox({ dataFile })).baseUrl);

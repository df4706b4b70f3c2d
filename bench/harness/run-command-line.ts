import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Measured } from './benchmark.js';

/** The command line as users get it. */
export const mainFile = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));

/** Loaded into the process before the program, which says at its end what it needed. */
const measuring = new URL('./say-usage.js', import.meta.url).href;

type Usage = Omit<Measured, 'count'>;

/** Runs a command in a folder, logged in at the sandbox, and measures the process. @throws unless it ends well */
export function runCommandLine(cwd: string, args: readonly string[]): Promise<Usage> {
  const env = {
    PATH: process.env.PATH ?? '',
    HOME: cwd,
    MYPOS_CONNECT_USERNAME: 'sandbox@example.com',
    MYPOS_CONNECT_PASSWORD: 'sandbox',
  };
  return new Promise((done, fail) => {
    const start = performance.now();
    const child = spawn(process.execPath, ['--import', measuring, mainFile, ...args], {
      ...{ cwd, env },
      stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
    });
    const said = { stderr: '', usage: '' };
    child.stdio[2]?.on('data', (text: Buffer) => {
      said.stderr += text.toString();
    });
    child.stdio[3]?.on('data', (text: Buffer) => {
      said.usage += text.toString();
    });
    child.on('error', fail);
    child.on('close', (exitCode) => {
      const seconds = (performance.now() - start) / 1000;
      if (exitCode === 0) done({ seconds, ...(JSON.parse(said.usage) as Omit<Usage, 'seconds'>) });
      else fail(new Error(`${args.join(' ')} ended with ${exitCode}: ${said.stderr}`));
    });
  });
}

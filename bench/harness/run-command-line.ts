import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Measurement } from './benchmark.js';
import { loginEnvironment } from './sandbox.js';

/** The command line as users get it. */
export const mainFile = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));

/** Loaded into the process before the program, which says at its end what it needed. */
const measuring = new URL('./report-usage.js', import.meta.url).href;

/** What a command of ours did in a process of its own. */
export interface CommandMeasurement extends Omit<Measurement, 'count'> {
  /** Epoch milliseconds. */
  readonly startedAt: number;
  /** What it printed. */
  readonly stdout: string;
}

/** Runs a command in a folder, logged in at the sandbox, and measures the process. @throws unless it ends well */
export function runCommandLine(cwd: string, args: readonly string[]): Promise<CommandMeasurement> {
  const env = { PATH: process.env.PATH ?? '', HOME: cwd, ...loginEnvironment };
  return new Promise((done, fail) => {
    const startedAt = performance.timeOrigin + performance.now();
    const child = spawn(process.execPath, ['--import', measuring, mainFile, ...args], {
      ...{ cwd, env },
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    });
    const said = ['', '', '', ''];
    for (const pipe of [1, 2, 3])
      child.stdio[pipe]?.on('data', (text: Buffer) => {
        said[pipe] += text.toString();
      });
    child.on('error', fail);
    child.on('close', (exitCode) => {
      const seconds = (performance.timeOrigin + performance.now() - startedAt) / 1000;
      const [, stdout = '', stderr, usage = ''] = said;
      if (exitCode === 0)
        done({
          startedAt,
          seconds,
          stdout,
          ...(JSON.parse(usage) as Pick<CommandMeasurement, 'cpuSeconds' | 'peakMiB'>),
        });
      else fail(new Error(`${args.join(' ')} ended with ${exitCode}: ${stderr}`));
    });
  });
}

/** How a command reaches a sandbox, as fast as it can. */
export function unlimitedOptions(baseUrl: string): readonly string[] {
  return ['--base-url', baseUrl, '--rate', 'unlimited', '--quiet'];
}

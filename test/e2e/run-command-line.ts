import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

/** The command line as users get it: built by `npm test` before the tests begin. */
export const mainFile = resolve('dist/src/cli/main.js');

export interface CommandLine {
  readonly args: readonly string[];
  readonly cwd: string;
  /** All that the process gets besides `PATH`: nothing of the developer's own settings or home. */
  readonly env: Readonly<Record<string, string>>;
  /** @default nothing, and closed at once */
  readonly stdin?: string | Buffer;
  /** Waits for as long as it would, also until a row in doubt can be settled. @default false */
  readonly realWaits?: boolean;
  /** After which a command that never ends is killed and reported. @default 100 s */
  readonly patienceMs?: number;
}

export interface Finished {
  readonly exitCode: number | null;
  /** The signal that killed it, when it did not handle the signal. */
  readonly killedBy: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A running command. */
export interface Running {
  /** Resolves when standard output or standard error holds this text. */
  saw(text: string): Promise<void>;
  /** What it has printed so far. */
  output(): { readonly stdout: string; readonly stderr: string };
  signal(name: NodeJS.Signals): void;
  readonly finished: Promise<Finished>;
}

/** Waits until a row in doubt can be settled take no time. */
const skipWaits = `--import=${pathToFileURL(resolve('test/clock/skip-waits.mjs')).href}`;

const defaultPatienceMs = 100_000;

/** Starts the compiled command line as a process of its own; one that never ends is killed and reported. */
export function startCommandLine(command: CommandLine): Running {
  const { args, cwd, env, stdin = '', realWaits = false, patienceMs = defaultPatienceMs } = command;
  const nodeOptions = [realWaits ? '' : skipWaits, env.NODE_OPTIONS ?? ''].join(' ').trim();
  const whole = { PATH: process.env.PATH ?? '', ...env, NODE_OPTIONS: nodeOptions };
  const child = spawn(process.execPath, [mainFile, ...args], { cwd, env: whole });
  const output = { stdout: '', stderr: '' };
  const watchers = new Set<() => void>();
  for (const name of ['stdout', 'stderr'] as const)
    child[name].setEncoding('utf8').on('data', (text: string) => {
      output[name] += text;
      for (const look of watchers) look();
    });
  // A command that ends before it has read everything closes the pipe; that is its right.
  child.stdin.on('error', () => undefined);
  child.stdin.end(stdin);
  const finished = new Promise<Finished>((done, fail) => {
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      fail(new Error(`mypos-customers ${args.join(' ')} does not end.\n${output.stdout}\n${output.stderr}`));
    }, patienceMs);
    child.on('error', fail);
    child.on('close', (exitCode, killedBy) => {
      clearTimeout(timer);
      done({ exitCode, killedBy, ...output });
    });
  });
  return {
    finished,
    output: () => ({ ...output }),
    signal: (name) => child.kill(name),
    saw: (text) =>
      new Promise((seen, fail) => {
        const look = () => {
          if (!`${output.stdout}${output.stderr}`.includes(text)) return;
          watchers.delete(look);
          seen();
        };
        watchers.add(look);
        finished.then(() => fail(new Error(`It ended without "${text}".\n${output.stdout}\n${output.stderr}`)), fail);
        look();
      }),
  };
}

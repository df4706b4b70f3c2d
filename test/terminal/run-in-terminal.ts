import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { mainFile } from '#test/e2e/run-command-line.js';

export interface TerminalRun {
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly columns?: number;
  /** What to type when a text is seen; in this order. `\u0003` is Ctrl-C. */
  readonly answers?: readonly (readonly [seen: string, typed: string])[];
}

export interface Shown {
  readonly exitCode: number | null;
  /** Everything that was written to the terminal, with its control sequences. */
  readonly raw: string;
  /** The same as lines of text, each as it stood at some time: control sequences end a line. */
  readonly text: string;
}

/** Runs the compiled command line in a real terminal (a pty, made by python3). */
export function runInTerminal({ args, cwd, env, columns = 80, answers = [] }: TerminalRun): Promise<Shown> {
  const spec = { argv: [process.execPath, mainFile, ...args], columns, answers };
  const child = spawn('python3', [resolve('test/terminal/in-a-terminal.py'), JSON.stringify(spec)], {
    cwd,
    env: { PATH: process.env.PATH ?? '', TERM: 'xterm-256color', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let raw = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    raw += chunk;
  });
  return new Promise((done, fail) => {
    child.on('error', fail);
    child.on('close', (exitCode) => done({ exitCode, raw, text: plain(raw) }));
  });
}

function plain(raw: string): string {
  return (
    raw
      // biome-ignore lint/suspicious/noControlCharactersInRegex: colours begin with an escape
      .replaceAll(/\u001b\[[\d;]*m/g, '')
      // biome-ignore lint/suspicious/noControlCharactersInRegex: so do movements of the cursor
      .replaceAll(/(?:\u001b\[[\d;?]*[A-Za-z]|\r)+/g, '\n')
      .replaceAll(/\n+/g, '\n')
  );
}

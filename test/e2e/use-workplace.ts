import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import { type Sandbox, type SandboxOptions, startSandbox } from '#src/sandbox/start-sandbox.js';
import { type Finished, type Running, startCommandLine } from './run-command-line.js';

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string | Buffer;
  /** As of {@link startCommandLine}. */
  readonly realWaits?: boolean;
}

/** Where a clerk sits: a folder with files, a home with nothing in it, and an API. */
export interface Workplace {
  /** Absolute path of a file in the folder, which is also the working folder of every command. */
  path(name: string): string;
  /** @returns the absolute path */
  write(name: string, content: string | Buffer): string;
  read(name: string): string;
  /** Names of all files below the folder, the home included, in order. */
  files(): string[];
  /** Starts an API; commands that are run afterwards know its address and login, as the environment says them. */
  openApi(options?: Partial<SandboxOptions>): Promise<Sandbox>;
  /** What a command needs of the environment to find its home and the API that was opened last. */
  environment(): Readonly<Record<string, string>>;
  start(args: readonly string[], options?: RunOptions): Running;
  run(args: readonly string[], options?: RunOptions): Promise<Finished>;
}

/** A fresh {@link Workplace} for every test. */
export function useWorkplace(): Workplace {
  let folder = '';
  let login: Record<string, string> = {};
  const open: { close(): Promise<void> }[] = [];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'mypos-e2e-'));
    mkdirSync(join(folder, 'home'));
    login = {};
  });
  afterEach(async () => {
    for (const server of open.splice(0)) await server.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const path = (name: string) => join(folder, name);
  const environment = () => ({ HOME: path('home'), ...login });
  const start = (args: readonly string[], { env = {}, ...options }: RunOptions = {}) =>
    startCommandLine({ args, cwd: folder, env: { ...environment(), ...env }, ...options });
  return {
    path,
    write(name, content) {
      mkdirSync(dirname(path(name)), { recursive: true });
      writeFileSync(path(name), content);
      return path(name);
    },
    read: (name) => readFileSync(path(name), 'utf8'),
    files: () =>
      readdirSync(folder, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
        .sort(),
    async openApi(options = {}) {
      const sandbox = await startSandbox({ dataFile: ':memory:', ...options });
      open.push(sandbox);
      login = {
        MYPOS_CONNECT_BASE_URL: sandbox.baseUrl,
        MYPOS_CONNECT_USERNAME: sandbox.username,
        MYPOS_CONNECT_PASSWORD: sandbox.password,
      };
      return sandbox;
    },
    environment,
    start,
    run: (args, options) => start(args, options).finished,
  };
}

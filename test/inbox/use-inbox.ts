import { mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { afterEach, beforeEach, expect, vi } from 'vitest';
import type { LogEntry } from '#src/app/sweep/event-log.js';
import type { FileReport, SweepSummary } from '#src/app/sweep/summary.js';
import { type SweepOptions, sweepFolder } from '#src/app/sweep/sweep-folder.js';
import { type Sandbox, startSandbox } from '#src/sandbox/start-sandbox.js';
import { customerFile, customerLines, keyedMapping } from '#test/e2e/customer-files.js';

/** A drop folder with an API, swept by this process. */
export interface InboxUnderTest {
  readonly api: Sandbox;
  readonly log: readonly LogEntry[];
  /** Absolute path beside the drop folder; `drop` is the folder itself. */
  path(name?: string): string;
  /** Writes a file into the drop folder (or, with `../`, beside it). @returns its path */
  drop(name: string, content: string | Buffer): string;
  read(name: string): string;
  sweep(options?: Partial<SweepOptions>): Promise<SweepSummary>;
  /** What the sweep reported about one file. */
  sweepFor(name: string, options?: Partial<SweepOptions>): Promise<FileReport | undefined>;
  /** All files in the drop folder but the dotfiles. */
  files(): string[];
  /** Fails unless exactly these customers are at the API, each once. */
  expectCustomers(count: number): void;
  configure(config: object): void;
  rename(from: string, to: string): void;
}

/** A fresh {@link InboxUnderTest} for every test. */
export function useInbox(): InboxUnderTest {
  let root = '';
  let api: Sandbox;
  const log: LogEntry[] = [];
  beforeEach(async () => {
    root = mkdtempSync(join(tmpdir(), 'mypos-inbox-'));
    mkdirSync(join(root, 'drop'));
    api = await startSandbox({ dataFile: ':memory:' });
    vi.stubEnv('MYPOS_CONNECT_USERNAME', api.username);
    vi.stubEnv('MYPOS_CONNECT_PASSWORD', api.password);
    writeFileSync(join(root, 'mappings.json'), JSON.stringify(keyedMapping));
    log.length = 0;
  });
  afterEach(async () => {
    vi.unstubAllEnvs();
    await api.close();
    rmSync(root, { recursive: true, force: true });
  });
  const path = (name = 'drop') => join(root, name);
  const inDrop = (name: string) => join(path(), name);
  let config: string | undefined;
  afterEach(() => {
    config = undefined;
  });
  const sweep = (options: Partial<SweepOptions> = {}) =>
    sweepFolder(
      {
        folder: path(),
        quietMs: 30,
        settleMs: 0,
        ...options,
        settings: {
          baseUrl: api.baseUrl,
          stateDir: path('state'),
          rate: 'unlimited',
          ...(config === undefined ? { mapping: path('mappings.json') } : { config }),
          ...options.settings,
        },
      },
      (entry) => log.push(entry),
    );
  return {
    get api() {
      return api;
    },
    log,
    path,
    drop(name, content) {
      mkdirSync(dirname(inDrop(name)), { recursive: true });
      writeFileSync(inDrop(name), content);
      return inDrop(name);
    },
    read: (name) => readFileSync(inDrop(name), 'utf8'),
    sweep,
    sweepFor: async (name, options) => (await sweep(options)).files.find(({ file }) => file === name),
    files: () =>
      readdirSync(path(), { recursive: true, withFileTypes: true })
        .filter((entry) => !entry.isDirectory() && !entry.name.startsWith('.'))
        .map((entry) => relative(path(), join(entry.parentPath, entry.name)))
        .sort(),
    expectCustomers(count) {
      const names = api.customers().map(({ customerName }) => String(customerName));
      expect(names.sort()).toEqual(customerLines(count).map((line) => line.split(',')[1]));
    },
    configure(jobs) {
      config = path('mypos-customers.json');
      writeFileSync(config, JSON.stringify({ jobs }));
    },
    rename: (from, to) => renameSync(inDrop(from), inDrop(to)),
  };
}

/** The text of a file with the customers from number `from` on. */
export function buildLines(from: number, count: number): string {
  return customerFile(customerLines(from + count - 1).slice(from - 1));
}

/** The month's folder in `done/`. */
export function doneMonth(): string {
  const [year, month] = new Date().toISOString().split('-');
  return `done/${year}/${month}`;
}

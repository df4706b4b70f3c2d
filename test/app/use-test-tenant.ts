import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import { type ImportFileOptions, importFile } from '#src/app/import/import-file.js';
import type { RunSummary } from '#src/app/run-summary.js';
import { resolveSettings } from '#src/config/resolve-settings.js';
import type { Settings } from '#src/config/settings.js';
import type { Sandbox, SandboxOptions } from '#src/sandbox/start-sandbox.js';
import { readResults } from '#test/e2e/customer-files.js';
import { open } from '#test/sandbox/sandbox-client.js';

const fields = {
  customerName: 'Name',
  postalCode: 'Post Code',
  emailAddress: { column: 'Email', transform: ['email'] },
  creditLimit: { column: 'Limit', type: 'number' },
};

/** Tells customers by a key that they carry. */
export const stamped = { version: 1, mode: 'upsert', key: { column: 'No', stamp: 'cC_001' }, fields };

/** Tells the same customers by their e-mail address. */
export const matched = { version: 1, mode: 'upsert', match: ['emailAddress'], fields, ignore: ['No'] };

interface Calls {
  readonly list: number;
  readonly get: number;
  readonly post: number;
  readonly put: number;
  readonly delete: number;
}

interface Imported {
  readonly summary: RunSummary;
  readonly calls: Calls;
  readonly rows: readonly Record<string, string>[];
  readonly statuses: readonly (string | undefined)[];
}

/** A folder, an API and the library between them, in this process: for tests that look at many imports. */
interface TestTenant {
  path(name: string): string;
  write(name: string, content: string): string;
  read(name: string): string;
  mapping(mapping: object): void;
  openApi(options?: Partial<SandboxOptions>): Promise<Sandbox>;
  settings(): Settings;
  /** From now on another state folder is used: another computer, or the same one after its disk was lost. */
  useState(name: string): void;
  /** Imports `customers.csv`, a row at a time. */
  import(options?: Partial<ImportFileOptions>, settings?: Partial<Settings>): Promise<Imported>;
  /** What `work` asked of the API. */
  measureCalls<T>(work: () => Promise<T>): Promise<{ readonly done: T; readonly calls: Calls }>;
}

export function useTestTenant(): TestTenant {
  let folder = '';
  let api: Sandbox;
  let state = 'state';
  beforeEach(() => {
    state = 'state';
    folder = mkdtempSync(join(tmpdir(), 'mypos-office-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
  const path = (name: string) => join(folder, name);
  const write = (name: string, content: string) => {
    writeFileSync(path(name), content);
    return path(name);
  };
  const read = (name: string) => readFileSync(path(name), 'utf8');
  const settings = () =>
    resolveSettings(
      {
        baseUrl: api.baseUrl,
        stateDir: path(state),
        mapping: path('mappings.json'),
        rate: 'unlimited',
        concurrency: '1',
      },
      { MYPOS_CONNECT_USERNAME: api.username, MYPOS_CONNECT_PASSWORD: api.password },
    );
  const measureCalls = async <T>(work: () => Promise<T>) => {
    api.clearRequests();
    const done = await work();
    return { done, calls: countCalls(api) };
  };
  return {
    path,
    write,
    read,
    settings,
    measureCalls,
    useState(name) {
      state = name;
    },
    mapping: (mapping) => {
      write('mappings.json', JSON.stringify(mapping));
    },
    async openApi(options = {}) {
      api = await open(options);
      return api;
    },
    async import(options = {}, changed = {}) {
      const file = path('customers.csv');
      const { done: summary, calls } = await measureCalls(() =>
        importFile({ ...settings(), ...changed }, { file, ...options }),
      );
      const rows = readResults(read('customers.results.csv'));
      return { summary, calls, rows, statuses: rows.map(({ _status }) => _status) };
    },
  };
}

function countCalls(api: Sandbox): Calls {
  const calls = { list: 0, get: 0, post: 0, put: 0, delete: 0 };
  for (const { method, path } of api.requests()) {
    if (path.includes('/auth/')) continue;
    if (method === 'GET') calls[path.includes('?') ? 'list' : 'get'] += 1;
    else calls[method.toLowerCase() as 'post' | 'put' | 'delete'] += 1;
  }
  return calls;
}

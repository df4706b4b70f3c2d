import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { importFile } from '#src/app/import/import-file.js';
import { refreshCustomers } from '#src/app/refresh-mirror.js';
import { resumeRun } from '#src/app/resume/resume-run.js';
import type { RunObserver } from '#src/app/run-summary.js';
import { showRun } from '#src/app/runs/show-runs.js';
import { resolveSettings } from '#src/config/resolve-settings.js';
import { type DeviantServer, reply, useDeviantServers } from '#test/deviations/deviant-server.js';
import { readResults } from '#test/e2e/customer-files.js';

const start = useDeviantServers();
let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mypos-ends-'));
  mkdirSync(path('out'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const path = (name: string) => join(folder, name);
const count = 20;
const lines = Array.from({ length: count }, (_, at) => `N${at},Ann Newcomer ${at},new${at}@shop.example`);
const mapping = {
  version: 1,
  mode: 'add',
  key: { column: 'No' },
  fields: { customerName: 'Name', emailAddress: 'Email' },
};

function configure({ baseUrl }: DeviantServer) {
  writeFileSync(path('mappings.json'), JSON.stringify(mapping));
  return resolveSettings(
    { baseUrl, stateDir: path('state'), mapping: path('mappings.json'), rate: 'unlimited', concurrency: '2' },
    { MYPOS_CONNECT_USERNAME: 'jane@example.com', MYPOS_CONNECT_PASSWORD: 'secret' },
  );
}

/** An import in the middle of which something happens on the disk. */
async function importWhile(happens: () => void, observer: RunObserver = {}) {
  const server = await start([{ customerName: 'Somebody There', emailAddress: 'there@shop.example' }]);
  server.deviate({
    add: (call, _, regular) => {
      if (call.count === 10) happens();
      return regular();
    },
  });
  writeFileSync(path('customers.csv'), `${['No,Name,Email', ...lines].join('\n')}\n`);
  const settings = configure(server);
  const summary = await importFile(settings, { file: path('customers.csv'), results: path('out/r.csv') }, observer);
  return { server, settings, summary };
}

const disasters: readonly (readonly [string, () => void])[] = [
  ['is renamed', () => renameSync(path('out'), path('away'))],
  ['is deleted', () => rmSync(path('out'), { recursive: true })],
  [
    'is replaced by a file',
    () => {
      rmSync(path('out'), { recursive: true });
      writeFileSync(path('out'), '');
    },
  ],
  ['has a folder of the name of the result file', () => mkdirSync(path('out/r.csv'))],
  [
    'is replaced by another folder',
    () => {
      renameSync(path('out'), path('away'));
      mkdirSync(path('out'));
    },
  ],
];

describe('an import whose result folder, in the middle of it,', () => {
  it.each(disasters)('%s sends all rows, and says how to write the result file', async (_, happens) => {
    const { server, settings, summary } = await importWhile(happens);
    expect(server.account.customers.size).toBe(count + 1);
    expect(summary.counts.created).toBe(count);
    // A name that is taken by something else is left alone, as an edited file is.
    if (summary.files.results !== null) {
      expect(summary.exitCode).toBe(0);
      expect(readResults(readFileSync(summary.files.results, 'utf8'))).toHaveLength(count);
      return;
    }
    expect(summary).toMatchObject({ exitCode: 5, status: 'stopped', stopped: { code: 'RESULTS_NOT_WRITTEN' } });
    expect(summary.stopped?.nextStep).toContain(`runs show ${summary.run} --results `);
    expect(summary.stopped?.nextStep).not.toContain('Nothing was sent');
    await showRun(settings, summary.run ?? '', { results: path('again.csv') });
    const written = readResults(readFileSync(path('again.csv'), 'utf8'));
    expect(written.map(({ _status }) => _status)).toEqual(Array(count).fill('created'));
  });
});

it('an import is refused before it sends anything when a folder has the name of its result file', async () => {
  mkdirSync(path('out/r.csv'));
  await expect(importWhile(() => undefined)).rejects.toMatchObject({ code: 'CANNOT_WRITE', exitCode: 2 });
});

describe('an input that is changed while it is imported', () => {
  it('and has grown is imported as it was found', async () => {
    const { server, summary } = await importWhile(() =>
      appendFileSync(path('customers.csv'), 'N90,Late One,late1@shop.example\nN91,Late Two,late2@shop.example\n'),
    );
    expect(server.account.customers.size).toBe(count + 1);
    expect(summary.counts).toMatchObject({ created: count, skipped: 0, pending: 0 });
    expect(summary.input?.rows).toBe(count);
    expect(summary.exitCode).toBe(0);
  });

  it('and was cut does not end with an exit code that says that nothing was sent', async () => {
    const { server, summary } = await importWhile(() => truncateSync(path('customers.csv'), 40));
    expect(Object.values(summary.counts).every((rows) => rows >= 0)).toBe(true);
    expect(Object.values(summary.counts).reduce((sum, rows) => sum + rows)).toBe(count);
    expect(server.account.customers.size).toBe(summary.counts.created + 1);
    expect([0, 5]).toContain(summary.exitCode);
  });
});

it('a run that meets, after rows were sent, what would have refused it before, ends as resumable', async () => {
  const server = await start([{ customerName: 'Somebody There', emailAddress: 'there@shop.example' }]);
  let added = 0;
  // The address serves no list any more: while nothing was sent, that is a wrong address.
  server.deviate({
    add: (_, __, regular) => {
      added += 1;
      return added < 5 ? regular() : reply(504);
    },
    list: (_, __, regular) => (added < 5 ? regular() : reply(404)),
  });
  writeFileSync(path('customers.csv'), `${['No,Name,Email', ...lines.slice(0, 5)].join('\n')}\n`);
  const settings = configure(server);
  const { exitCode, run, stopped } = await importFile(settings, { file: path('customers.csv') });
  expect([exitCode, stopped?.code]).toEqual([5, 'NO_API_HERE']);
  server.deviate({});
  expect((await resumeRun(settings, { run: run ?? '', settleMs: 10 }))?.exitCode).toBeOneOf([0, 7]);
});

it('a server that restarts in the middle does not end the run, and nobody is there twice', async () => {
  let server: DeviantServer | undefined;
  const notices: string[] = [];
  const observer: RunObserver = {
    notice: ({ code }) => {
      notices.push(code);
      if (code === 'WAITING_FOR_SERVER') void server?.restart();
    },
  };
  server = await start([{ customerName: 'Somebody There', emailAddress: 'there@shop.example' }]);
  server.deviate({
    add: (call, _, regular) => {
      if (call.count === 10) server?.stop();
      return regular();
    },
  });
  writeFileSync(path('customers.csv'), `${['No,Name,Email', ...lines].join('\n')}\n`);
  const summary = await importFile(configure(server), { file: path('customers.csv') }, observer);
  expect(summary.exitCode).toBe(0);
  expect(notices).toContain('WAITING_FOR_SERVER');
  expect(server.account.customers.size).toBe(count + 1);
});

it('a refresh of the local copy that is stopped by SIGTERM says so, and by SIGINT as well', async () => {
  const server = await start([{ customerName: 'Somebody There', emailAddress: 'there@shop.example' }]);
  const settings = configure(server);
  for (const [signal, exitCode] of [
    ['SIGTERM', 143],
    ['SIGINT', 130],
  ] as const) {
    const stopping = new AbortController();
    server.deviate({
      list: (_, __, regular) => {
        stopping.abort(signal);
        return regular();
      },
    });
    await expect(refreshCustomers(settings, { signal: stopping.signal })).rejects.toMatchObject({ exitCode });
  }
});

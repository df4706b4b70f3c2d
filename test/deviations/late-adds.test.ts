import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { importFile } from '#src/app/import/import-file.js';
import { resumeRun } from '#src/app/resume/resume-run.js';
import { resolveSettings } from '#src/config/resolve-settings.js';
import { readResults } from '#test/e2e/customer-files.js';
import {
  type Account,
  type DeviantServer,
  type Deviation,
  type Fields,
  reply,
  useDeviantServers,
} from './deviant-server.js';

const start = useDeviantServers();
let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mypos-late-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const path = (name: string) => join(folder, name);
const mapping = {
  version: 1,
  mode: 'add',
  key: { column: 'No' },
  fields: { customerName: 'Name', emailAddress: 'Email' },
};
const somebody = { customerName: 'Somebody There', emailAddress: 'there@shop.example' };

function configure({ baseUrl }: DeviantServer) {
  writeFileSync(path('mappings.json'), JSON.stringify(mapping));
  return resolveSettings(
    { baseUrl, stateDir: path('state'), mapping: path('mappings.json'), rate: 'unlimited', concurrency: '1' },
    { MYPOS_CONNECT_USERNAME: 'jane@example.com', MYPOS_CONNECT_PASSWORD: 'secret' },
  );
}

/** Imports so many rows as a nightly job does: nobody watches. */
async function importRows(server: DeviantServer, count: number, file = 'customers.csv') {
  const rows = Array.from({ length: count }, (_, at) => `N${at},Ann Newcomer ${at},new${at}@shop.example`);
  writeFileSync(path(file), `${['No,Name,Email', ...rows].join('\n')}\n`);
  const { exitCode, run } = await importFile(configure(server), { file: path(file), force: true });
  const results = readResults(readFileSync(path(file.replace('.csv', '.results.csv')), 'utf8'));
  return { exitCode, run: run ?? '', statuses: results.map(({ _status }) => _status), results };
}

const newcomers = ({ account }: DeviantServer) =>
  account.all().flatMap(({ emailAddress }) => (String(emailAddress).startsWith('new') ? [emailAddress] : []));

/** The shop goes on working: somebody is saved, later by a clock that knows whole seconds. */
async function saveSomebody({ account }: DeviantServer): Promise<void> {
  await setTimeout(1100);
  account.replace('0000001', account.find('0000001') ?? somebody);
}

type Make = (account: Account, body: Fields) => void;

const asSent: Make = (account, body) => {
  account.create(body);
};

/** The first adds are answered with HTTP 504, and done only so much later; `make` is what becomes of them. */
function late(count: number, delayMs: number, make: Make = asSent): Deviation {
  const due: { readonly atMs: number; readonly body: Fields }[] = [];
  let seen = 0;
  const settle = (account: Account) => {
    while (due[0] !== undefined && due[0].atMs <= Date.now()) make(account, due.shift()?.body ?? {});
  };
  return {
    list: (_, account, regular) => {
      settle(account);
      return regular();
    },
    detail: (_, account, regular) => {
      settle(account);
      return regular();
    },
    add: ({ body }, account, regular) => {
      settle(account);
      seen += 1;
      if (seen > count) return regular();
      due.push({ atMs: Date.now() + delayMs, body });
      return reply(504);
    },
  };
}

const never = Number.POSITIVE_INFINITY;
const seconds = 1000;

describe('an add that is answered with HTTP 504', () => {
  it.each([0, 1, 10, 60, 300])('and done %d seconds later is found, and nobody is there twice', async (delay) => {
    const server = await start([somebody]);
    server.deviate(late(2, delay * seconds));
    const { exitCode, statuses } = await importRows(server, 4);
    expect([exitCode, statuses]).toEqual([0, ['created', 'created', 'created', 'created']]);
    expect(newcomers(server)).toHaveLength(4);
    expect(new Set(newcomers(server)).size).toBe(4);
  });

  it('and done never is sent again once somebody who came later is listed', async () => {
    const server = await start([somebody]);
    server.deviate(late(2, never));
    const { exitCode, statuses } = await importRows(server, 4);
    expect([exitCode, statuses, newcomers(server).length]).toEqual([0, Array(4).fill('created'), 4]);
  });

  it('in a night of one row ends with that row imported once, as soon as anybody is saved in the shop', async () => {
    const server = await start([somebody]);
    server.deviate(late(1, never));
    const first = await importRows(server, 1);
    expect([first.exitCode, first.statuses, newcomers(server)]).toEqual([7, ['in_doubt'], []]);
    expect(first.results[0]?._error).toContain(`reconcile ${first.run} --absent 2`);
    await saveSomebody(server);
    const second = await importRows(server, 1, 'next.csv');
    expect([second.exitCode, second.statuses, newcomers(server).length]).toEqual([0, ['created'], 1]);
    // The first run knows by then, and sends nothing more.
    const resumed = await resumeRun(configure(server), { run: first.run });
    expect([resumed?.exitCode, newcomers(server).length]).toEqual([0, 1]);
  });

  it('and done after twenty minutes is not sent again where nobody else shows that the list is current', async () => {
    const server = await start([somebody]);
    server.deviate(late(1, 1200 * seconds));
    expect(await importRows(server, 1)).toMatchObject({ exitCode: 7, statuses: ['in_doubt'] });
    expect(newcomers(server).length).toBeLessThanOrEqual(1);
  });
});

describe('what was done late is found', () => {
  const shifted = (minutes: number) => (account: Account, body: Fields) => {
    const customer = account.create(body);
    const now = new Date(Date.now() + minutes * 60 * seconds).toISOString().slice(0, -1);
    account.customers.set(String(customer.customerCode), { ...customer, creationDateUTC: now, lastEditDateUTC: now });
  };

  it.each([-10, 10, -600, 600])('by a database whose clock is %d minutes off', async (minutes) => {
    const server = await start([somebody]);
    server.deviate(late(4, 20 * seconds, shifted(minutes)));
    const { exitCode } = await importRows(server, 4);
    expect(newcomers(server).length).toBe(4);
    // What cannot be seen stays in doubt; it is never sent again.
    expect([0, 7]).toContain(exitCode);
  });

  it.each<[string, (body: Fields) => Fields]>([
    ['names cut to eight letters', (body) => ({ ...body, customerName: String(body.customerName).slice(0, 8) })],
    ['names in capitals', (body) => ({ ...body, customerName: String(body.customerName).toUpperCase() })],
    ['names dropped', ({ emailAddress }) => ({ emailAddress: emailAddress ?? '' })],
    ['addresses dropped', ({ customerName }) => ({ customerName: customerName ?? '' })],
  ])('with %s', async (_, change) => {
    const server = await start([somebody]);
    server.deviate(late(4, 20 * seconds, (account, body) => asSent(account, change(body))));
    const { exitCode, statuses } = await importRows(server, 4);
    expect(server.account.all()).toHaveLength(5);
    expect([0, 7]).toContain(exitCode);
    for (const status of statuses) expect(['created', 'in_doubt']).toContain(status);
  });
});

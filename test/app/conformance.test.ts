import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Assumption } from '#pipelines/listing/conformance.js';
import { checkConformance } from '#src/app/conformance/check-conformance.js';
import { exportCustomers } from '#src/app/export/export-customers.js';
import { refreshCustomers } from '#src/app/refresh-mirror.js';
import { resolveSettings } from '#src/config/resolve-settings.js';
import {
  type DeviantServer,
  type Deviation,
  type Fields,
  reply,
  useDeviantServers,
} from '#test/deviations/deviant-server.js';

const start = useDeviantServers();
let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mypos-conformance-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const present: readonly Fields[] = Array.from({ length: 12 }, (_, at) => ({
  ...{ customerName: `Zoë Present ${at}`, emailAddress: `present${at}@shop.example`, phoneNumber: `08 8981 100${at}` },
  active: true,
}));

function configure({ baseUrl }: DeviantServer) {
  return resolveSettings(
    { baseUrl, stateDir: join(folder, 'state'), rate: 'unlimited', concurrency: '2' },
    { MYPOS_CONNECT_USERNAME: 'jane@example.com', MYPOS_CONNECT_PASSWORD: 'secret' },
  );
}

const check = (server: DeviantServer, withWrites = false) => checkConformance(configure(server), { withWrites });

/** The server's filter takes the times for local ones, so many hours ahead. */
const filterAhead = (hours: number): Deviation => ({
  rules: {
    select: (customers, { query }) => {
      const [, year, month = '', day, hour, minute] =
        /^(\d{4})-([a-z]{3})-(\d\d) (\d\d):(\d\d)$/i.exec(query.get('filt_LastEditDateUTC_dt_min') ?? '') ?? [];
      if (year === undefined) return customers;
      const at = 'janfebmaraprmayjunjulaugsepoctnovdec'.indexOf(month.toLowerCase()) / 3;
      const min = Date.UTC(Number(year), at, Number(day), Number(hour), Number(minute)) + hours * 3_600_000;
      return customers.filter(({ lastEditDateUTC }) => Date.parse(`${String(lastEditDateUTC)}Z`) >= min);
    },
  },
});

const readings: readonly (readonly [string, Deviation, readonly Assumption[]])[] = [
  ['as documented', {}, []],
  [
    'with pages of five',
    {
      rules: {
        cut: (all, { query }) =>
          all
            .slice((Number(query.get('liPage')) - 1) * Math.min(5, Number(query.get('liPageSize'))))
            .slice(0, Math.min(5, Number(query.get('liPageSize')))),
      },
    },
    ['page_size'],
  ],
  ['without counts', { rules: { count: () => undefined } }, ['list']],
  [
    'that ignores the page',
    { rules: { cut: (all, { query }) => all.slice(0, Number(query.get('liPageSize'))) } },
    ['list', 'page_number'],
  ],
  [
    'that ignores the order',
    {
      rules: {
        order: (all) =>
          [...all].toSorted((a, b) => String(a.phoneNumber).slice(-1).localeCompare(String(b.phoneNumber).slice(-1))),
      },
    },
    ['order'],
  ],
  ['that ignores the filter', { rules: { select: (all) => all } }, ['filter']],
  ['whose filter is ten hours ahead', filterAhead(10), ['filter']],
  ['whose filter is ten hours behind', filterAhead(-10), ['filter']],
  [
    'that answers unknown codes with {}',
    { detail: ({ code }, account) => reply(200, account.find(code) ?? {}) },
    ['unknown_code'],
  ],
  [
    'that reads no customer by its id',
    { detail: ({ code }, _, regular) => (code.length > 7 ? reply(404) : regular()) },
    ['codes'],
  ],
];

describe('a reading check of an API', () => {
  it.each(readings)('%s', async (_, deviation, untrue) => {
    const server = await start(present);
    server.deviate(deviation);
    const before = server.account.all();
    const { checks, exitCode } = await check(server);
    const found = checks.filter(({ status }) => status === 'otherwise').map(({ assumption }) => assumption);
    expect(found).toEqual(untrue);
    expect(exitCode).toBe(found.length === 0 ? 0 : 4);
    expect(server.account.all()).toEqual(before);
    expect(server.calls.every(({ verb }) => verb === 'list' || verb === 'detail')).toBe(true);
  });

  it('says of an account that shows nobody that nothing is known', async () => {
    const server = await start([]);
    const { checks, exitCode } = await check(server);
    expect(checks.map(({ assumption, status }) => [assumption, status])).toEqual([
      ['list', 'unknown'],
      ['unknown_code', 'as_assumed'],
    ]);
    expect(exitCode).toBe(0);
  });
});

const writings: readonly (readonly [string, Deviation, Assumption | undefined])[] = [
  ['as documented', {}, undefined],
  [
    'that keeps nothing of an update',
    { update: ({ code }, account) => reply(200, account.find(code) ?? {}) },
    'update',
  ],
  ['that does not delete', { delete: () => reply(409) }, 'delete'],
  [
    'that answers an add without a code',
    { add: (_, __, regular) => ({ ...regular(), body: '{"customerId":"x"}' }) },
    'add',
  ],
  ['that lists a new customer later', listsLater(), 'fresh'],
];

/** From the second time on that it could be in the list, the new customer is. */
function listsLater(): Deviation {
  let lists = 0;
  return {
    list: (_, __, regular) => {
      const answer = regular();
      const rows = JSON.parse(String(answer.body)) as Fields[];
      const others = rows.filter(({ customerCode }) => customerCode !== '0000013');
      if (others.length < rows.length) lists += 1;
      return lists > 1 ? answer : reply(200, others);
    },
  };
}

describe('a check with writes of an API', () => {
  it.each(writings)('%s', async (name, deviation, untrue) => {
    const server = await start(present);
    server.deviate(deviation);
    const { checks } = await check(server, true);
    const found = checks.filter(({ status }) => status === 'otherwise').map(({ assumption }) => assumption);
    expect(found, JSON.stringify(checks)).toEqual(untrue === undefined ? [] : [untrue]);
    // What cannot be removed is named, so that a person can do it.
    const mayStay = name.includes('does not delete') || name.includes('without a code');
    expect(server.account.customers.size).toBe(present.length + (mayStay ? 1 : 0));
    if (mayStay) expect(checks.map(({ found: text }) => text).join(' ')).toContain('by hand');
  });
});

describe('what was found untrue', () => {
  it('is kept: a filter that goes by another clock is not used any more, until it is tried again', async () => {
    const server = await start(present);
    server.deviate(filterAhead(10));
    await check(server);
    const filters = () => server.calls.filter(({ query }) => [...query.keys()].some((key) => key.startsWith('filt_')));
    const before = filters().length;
    const settings = configure(server);
    const { signal } = new AbortController();
    await refreshCustomers(settings, { signal });
    server.account.replace('0000003', { ...server.account.find('0000003'), customerName: 'Zoë Edited' });
    // By the filter, nobody would be among the edits.
    expect(await refreshCustomers(settings, { signal })).toMatchObject({ read: 1 });
    const file = join(folder, 'edits.csv');
    const changedSince = new Date(Date.now() - 3_600_000);
    const exported = await exportCustomers(settings, {
      file,
      changedSince,
      pageSize: 5,
      signal,
      fields: ['customerName'],
    });
    expect([exported.exitCode, readFileSync(file, 'utf8').trim().split(/\r?\n/)]).toMatchObject([0, { length: 13 }]);
    expect(filters()).toHaveLength(before);
    server.deviate({});
    expect((await check(server)).exitCode).toBe(0);
    await refreshCustomers(settings, { signal });
    expect(filters().length).toBeGreaterThan(before + 2);
  });
});

import { describe, expect, it } from 'vitest';
import { importFile } from '#src/app/import/import-file.js';
import { planFile } from '#src/app/plan/plan-file.js';
import type { Sandbox } from '#src/sandbox/start-sandbox.js';
import { answerLists } from '#test/app/between.js';
import { useTestTenant } from '#test/app/use-test-tenant.js';
import { readResults } from '#test/e2e/customer-files.js';
import { openClient } from '#test/sandbox/sandbox-client.js';

const place = useTestTenant();
const fields = { customerName: 'Name', emailAddress: 'Mail' };
const stamped = (source?: string) => ({
  mode: 'upsert',
  key: { column: 'No', stamp: 'cC_001', ...(source === undefined ? {} : { source }) },
  match: ['emailAddress'],
  fields,
});

function write(...lines: readonly string[]): void {
  place.write('customers.csv', `${['No,Name,Mail', ...lines].join('\n')}\n`);
}

async function open(...customers: readonly object[]): Promise<Sandbox> {
  const api = await place.openApi();
  const till = await openClient(api);
  for (const customer of customers) await till.add(customer);
  return api;
}

const stamps = (api: Sandbox) => api.customers().map(({ cC_001 }) => cC_001);

describe('a stamp', () => {
  it('is stored where the field is blank, and overwrites nothing that the shop keeps there, which is said', async () => {
    const api = await open(
      { customerName: 'Ann Lee', emailAddress: 'ann@x.example', cC_001: 'VIP' },
      { customerName: 'Ben Orr', emailAddress: 'ben@x.example' },
    );
    place.mapping(stamped());
    write('1,Ann Lee,ann@x.example', '2,Ben Orr,ben@x.example');
    const planned = await planFile(place.settings(), { file: place.path('customers.csv') });
    expect(planned.kept).toMatchObject([{ field: 'cC_001', why: 'not_our_key', count: 1 }]);
    const { rows, statuses } = await place.import();
    expect([statuses, stamps(api)]).toEqual([
      ['unchanged', 'updated'],
      ['VIP', '2'],
    ]);
    expect(rows[0]?._error).toMatch(/cC_001: the account has "VIP".*the key "1" was not stored/);
    const night = await place.import();
    expect([night.summary.exitCode, night.calls]).toMatchObject([0, { put: 0, get: 0 }]);
    write('1,Ann Weiss,ann@x.example', '2,Ben Orr,ben@x.example');
    expect((await place.import()).statuses).toEqual(['updated', 'unchanged']);
    expect(stamps(api)).toEqual(['VIP', '2']);
  });

  it('of two sources in one field is not overwritten in turn', async () => {
    const api = await open({ customerName: 'Ann Lee', emailAddress: 'ann@x.example' });
    for (const [source, key, puts] of [
      ['shop-a', '1', 1],
      ['shop-b', '77', 0],
      ['shop-a', '1', 0],
      ['shop-b', '77', 0],
    ] as const) {
      place.mapping(stamped(source));
      write(`${key},Ann Lee,ann@x.example`);
      const { calls, summary } = await place.import();
      expect([summary.exitCode, calls.put]).toEqual([0, puts]);
    }
    expect(stamps(api)).toEqual(['shop-a: 1']);
  });

  it('follows a key that is renamed', async () => {
    const api = await open();
    place.mapping(stamped());
    write('1,Ann Lee,ann@x.example');
    await place.import();
    const { openLedger } = await import('#src/ledger/open-ledger.js');
    const ledger = openLedger(place.path('state'), { baseUrl: api.baseUrl, login: api.username });
    ledger.crosswalk.link([{ key: 'N-1', customerCode: '0000001' }], true);
    ledger.close();
    write('N-1,Ann Lee,ann@x.example');
    expect((await place.import()).statuses).toEqual(['updated']);
    expect(stamps(api)).toEqual(['N-1']);
  });

  it('that the list shows on request is learnt from it, without reading anybody one by one', async () => {
    const api = await open(
      { customerName: 'Trading as 1', cC_001: '1' },
      { customerName: 'Trading as 2', cC_001: '2' },
      { customerName: 'Nobody in the file' },
    );
    place.mapping(stamped());
    write('1,Ann Lee,ann@x.example', '2,Ben Orr,ben@x.example', '3,Cid Poe,cid@x.example');
    const { summary, gets } = await importWithListedStamps(api);
    expect(summary.counts).toMatchObject({ created: 1, updated: 2 });
    // Each that is updated, before it is written.
    expect(gets).toBe(2);
    await (await openClient(api)).add({ customerName: 'Trading as 4', cC_001: '4' });
    write('4,Dee Fox,dee@x.example', '5,Eve Ray,eve@x.example');
    const night = await importWithListedStamps(api);
    expect([night.summary.counts.created, night.summary.counts.updated, night.gets]).toEqual([1, 1, 1]);
  });

  it('lets nobody else be its customer: a row with another key that matches it waits', async () => {
    const api = await open({ customerName: 'Ann Lee', emailAddress: 'ann@x.example', cC_001: '1' });
    place.mapping(stamped());
    write('2,Ann Lee,ann@x.example', '1,Ann Lee,ann@x.example');
    await importWithListedStamps(api);
    expect(
      readResults(place.read('customers.results.csv')).map(({ _status, _errorCode }) => `${_status} ${_errorCode}`),
    ).toEqual(['invalid MATCH_AMBIGUOUS', 'unchanged ']);
    expect(api.customers()).toHaveLength(1);
  });

  /** Imports through an API whose list shows the stamp when it is asked for it. */
  async function importWithListedStamps(api: Sandbox) {
    const url = await answerLists(api, async (asked, ask) => {
      const wanted = asked.searchParams.get('sFieldList')?.split(',') ?? [];
      if (wanted.includes('cC_001'))
        asked.searchParams.set('sFieldList', wanted.filter((field) => field !== 'cC_001').join(','));
      const rows = await ask(`${asked.pathname}?${asked.searchParams}`);
      if (!wanted.includes('cC_001')) return rows;
      const stampsByCode = new Map(api.customers().map(({ customerCode, cC_001 }) => [customerCode, cC_001]));
      return rows.map((row) => ({ ...row, cC_001: stampsByCode.get(String(row.customerCode)) ?? null }));
    });
    const settings = { ...place.settings(), baseUrl: { value: url, origin: 'test' } as const };
    const file = place.path('customers.csv');
    const { done: summary, calls } = await place.measureCalls(() => importFile(settings, { file }));
    return { summary, gets: calls.get };
  }
});

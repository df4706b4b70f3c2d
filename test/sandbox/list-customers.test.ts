import { beforeAll, describe, expect, it } from 'vitest';
import { startSandbox } from '#src/sandbox/start-sandbox.js';
import { open, openClient } from './sandbox-client.js';

type Client = Awaited<ReturnType<typeof openClient>>;

/** Four customers, edited a minute apart from 2026-03-01 10:00 UTC on. */
async function openWithFour(): Promise<Client> {
  let minute = -1;
  const sandbox = await open({ now: () => new Date(Date.UTC(2026, 2, 1, 10, minute)) });
  const client = await openClient(sandbox);
  for (const [customerName, creditLimit] of [
    ['beta', 20],
    ['Alpha', 100],
    ['gamma', 3],
    ['beta', 3],
  ] as const) {
    minute += 1;
    await client.add({ customerName, creditLimit, cC_001: 'deep' });
  }
  return client;
}

const listCodes = (rows: { customerCode: string }[]) => rows.map((row) => Number(row.customerCode));

describe('GET /customers', () => {
  it('gives ten customers in order of code when nothing is asked for', async () => {
    const sandbox = await open();
    await sandbox.seed(12);
    const { status, json } = await (await openClient(sandbox)).list();
    expect(status).toBe(200);
    expect(listCodes(json)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  });

  it('puts the row number and the total count on every row', async () => {
    const client = await openWithFour();
    const { json } = await client.list({ liPage: 2, liPageSize: 3, sFieldList: 'customerCode' });
    expect(json).toEqual([{ customerCode: '0000004', customSortRowNumber: 4, liTotalCount: 4 }]);
  });

  it('gives an empty array beyond the last page', async () => {
    const client = await openWithFour();
    expect((await client.list({ liPage: 2147483647, liPageSize: 2147483647 })).json).toEqual([]);
  });

  it('leaves out what only the detail has', async () => {
    const client = await openWithFour();
    const [row] = (await client.list()).json;
    expect(row).toMatchObject({ customerName: 'beta', creditLimit: 20, active: true, notes: null });
    expect(Object.keys(row).filter((field) => /^(cC_|bank)/.test(field))).toEqual([]);
  });

  it.each([
    ['customerNameASC', [2, 1, 4, 3]],
    ['customerNameDESC', [3, 4, 1, 2]],
    ['CUSTOMERNAMEasc', [2, 1, 4, 3]],
    ['creditLimitASC', [3, 4, 1, 2]],
    ['LastEditDateUTCDESC', [4, 3, 2, 1]],
    ['customerCodeDESC', [4, 3, 2, 1]],
  ])('sorts by %s, ties by code', async (sSortKey, expected) => {
    const client = await openWithFour();
    expect(listCodes((await client.list({ sSortKey })).json)).toEqual(expected);
  });

  it('gives only the fields asked for, whatever their case', async () => {
    const client = await openWithFour();
    const { json } = await client.list({ sFieldList: 'CUSTOMERNAME, city', liPageSize: 1 });
    expect(json).toEqual([{ customerName: 'beta', city: null, customSortRowNumber: 1, liTotalCount: 4 }]);
  });

  it.each([
    [{ filt_LastEditDateUTC_dt_min: '2026-mar-01 10:01' }, [2, 3, 4]],
    [{ filt_LastEditDateUTC_dt_max: '2026-MAR-01 10:01' }, [1, 2]],
    [{ filt_lasteditdateutc_dt_min: '2026-Mar-01 10:01', filt_LastEditDateUTC_dt_max: '2026-Mar-01 10:02' }, [2, 3]],
    [{ filt_LastEditDateUTC_dt_min: '2026-apr-01 00:00' }, []],
  ])('filters by last edit: %j', async (query, expected) => {
    const client = await openWithFour();
    const { json } = await client.list(query as Record<string, string>);
    expect(listCodes(json)).toEqual(expected);
    for (const row of json) expect(row.liTotalCount).toBe(expected.length);
  });

  it.each([
    ['liPage', { liPage: 0 }],
    ['liPage', { liPage: 'two' }],
    ['liPageSize', { liPageSize: -1 }],
    ['sSortKey', { sSortKey: 'shoeSizeASC' }],
    ['sSortKey', { sSortKey: 'cC_001ASC' }],
    ['sSortKey', { sSortKey: 'customerName' }],
    ['sFieldList', { sFieldList: 'customerName,shoeSize' }],
    ['filt_LastEditDateUTC_dt_min', { filt_LastEditDateUTC_dt_min: '2026-03-01 10:00' }],
    ['filt_LastEditDateUTC_dt_max', { filt_LastEditDateUTC_dt_max: '2026-feb-30 10:00' }],
    ['filt_City_s', { filt_City_s: 'Sydney' }],
  ])('names %s in the 400 for %j', async (field, query) => {
    const client = await openWithFour();
    const { status, json } = await client.list(query as Record<string, string>);
    expect(status).toBe(400);
    expect(json.errors).toEqual([{ field, message: expect.stringContaining(field) }]);
    expect(json.failureDescription).toBe(json.errors[0].message);
  });

  it('names every wrong argument at once', async () => {
    const client = await openWithFour();
    const { json } = await client.list({ liPage: 0, sSortKey: 'x' });
    expect(json.errors.map(({ field }: { field: string }) => field).sort()).toEqual(['liPage', 'sSortKey']);
  });
});

describe('a list of 100,000 customers', () => {
  let sandbox: Awaited<ReturnType<typeof startSandbox>>;
  let client: Client;
  beforeAll(async () => {
    sandbox = await startSandbox({ dataFile: ':memory:' });
    await sandbox.seed(100_000);
    client = await openClient(sandbox);
    return () => sandbox.close();
  }, 60_000);

  it.each(['customerCodeASC', 'lastEditDateUTCDESC', 'customerNameASC', 'creditLimitDESC'])(
    'gives a late page in under five seconds, the index made on the way included, when sorted by %s',
    async (sSortKey) => {
      const startedAt = performance.now();
      const { json } = await client.list({ sSortKey, liPage: 99, liPageSize: 1000 });
      expect(performance.now() - startedAt).toBeLessThan(5000);
      expect(json).toHaveLength(1000);
      expect(json[0]).toMatchObject({ customSortRowNumber: 98_001, liTotalCount: 100_000 });
    },
  );

  it('fits in one page of 99999, as the vendor samples ask', async () => {
    expect((await client.list({ liPageSize: 99_999, sFieldList: 'customerId' })).json).toHaveLength(99_999);
  });
});

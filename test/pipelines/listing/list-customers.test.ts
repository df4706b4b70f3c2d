import { describe, expect, it } from 'vitest';
import { listCustomers } from '#pipelines/listing/list-customers.js';
import type { Sandbox } from '#src/sandbox/start-sandbox.js';
import { useClients } from '#test/api/open-clients.js';
import { json, useScriptedServers } from '#test/api/scripted-server.js';
import { open, openClient } from '#test/sandbox/sandbox-client.js';

const { newClient } = useClients();
const startScripted = useScriptedServers();

const logIn = (sandbox: Sandbox) =>
  newClient(sandbox.baseUrl, {
    credentials: { kind: 'login', username: sandbox.username, password: sandbox.password },
  });

const listCalls = (sandbox: Sandbox) => sandbox.requests().filter(({ path }) => path.includes('/customers?')).length;

async function readCodes(sandbox: Sandbox, pageSize: number, pagesAhead = 1) {
  const listing = listCustomers(logIn(sandbox), { pageSize, pagesAhead });
  const codes: string[] = [];
  for await (const page of listing.pages) codes.push(...page.map(({ customerCode }) => String(customerCode)));
  return { codes, whole: listing.proof().complete };
}

describe('a list that changes while it is read', () => {
  it.each([
    ['nothing', 0, 0, 0],
    ['one deleted after every page', 1, 0, 0],
    ['one deleted and one added after every page, so that the count stays', 1, 1, 0],
    ['three deleted and three added after every page', 3, 3, 0],
    ['one edited after every page', 0, 0, 1],
    ['one deleted, two added, one edited after every page', 1, 2, 1],
  ])('misses nobody who was there all the time, and gives nobody twice: %s', async (_name, remove, insert, edit) => {
    for (const [pageSize, pagesAhead] of [
      [5, 1],
      [7, 3],
      [20, 1],
      [5, 8],
    ] as const) {
      const sandbox = await open();
      await sandbox.seed(60);
      if (remove + insert + edit > 0)
        sandbox.setFaults([{ name: 'page-change', on: 'list', when: { first: 40 }, delete: remove, insert, edit }]);
      const before = sandbox.customers().map(({ customerCode }) => customerCode);
      const { codes, whole } = await readCodes(sandbox, pageSize, pagesAhead);
      const after = new Set(sandbox.customers().map(({ customerCode }) => customerCode));
      const throughout = before.filter((code) => after.has(code));
      expect({ pageSize, pagesAhead, missed: throughout.filter((code) => !codes.includes(String(code))) }).toEqual({
        pageSize,
        pagesAhead,
        missed: [],
      });
      expect(new Set(codes).size).toBe(codes.length);
      expect(whole).toBe(true);
    }
  });

  it('reads a quiet list in hardly more pages than it has', async () => {
    const sandbox = await open();
    await sandbox.seed(1000);
    const { codes } = await readCodes(sandbox, 100);
    expect(codes).toHaveLength(1000);
    expect(listCalls(sandbox)).toBeLessThanOrEqual(12);
  });

  it('copes with a server that gives smaller pages than asked for', async () => {
    const server = await startScripted();
    const all = Array.from({ length: 57 }, (_, index) => ({ customerCode: String(index).padStart(4, '0') }));
    server.answer(({ path }) => {
      const query = new URL(path, server.baseUrl).searchParams;
      const size = Math.min(10, Number(query.get('liPageSize')));
      const from = (Number(query.get('liPage')) - 1) * size;
      return json(
        200,
        all.slice(from, from + size).map((row) => ({ ...row, liTotalCount: all.length })),
      );
    });
    const codes: unknown[] = [];
    for await (const page of listCustomers(newClient(server.baseUrl), { pageSize: 50 }).pages)
      codes.push(...page.map(({ customerCode }) => customerCode));
    expect(codes).toEqual(all.map(({ customerCode }) => customerCode));
  });

  it('says so when the list is emptied faster than it can be read', async () => {
    const sandbox = await open();
    await sandbox.seed(2000);
    sandbox.setFaults([{ name: 'page-change', on: 'list', delete: 12, insert: 0, edit: 0 }]);
    const { whole, codes } = await readCodes(sandbox, 10);
    const missed = sandbox.customers().filter(({ customerCode }) => !codes.includes(String(customerCode)));
    expect([whole, missed.length > 0].filter(Boolean)).toHaveLength(1);
  });
});

describe('a list in an order that edits change', () => {
  const sort = { field: 'customerName', descending: false } as const;

  /** Reads pages of ten in the order of names; after the first page, somebody else is at work. */
  async function readWhile(work: (client: Awaited<ReturnType<typeof openClient>>, unread: string) => Promise<unknown>) {
    const sandbox = await open();
    await sandbox.seed(40);
    const listing = listCustomers(logIn(sandbox), { pageSize: 10, sort });
    const codes = new Set<unknown>();
    const findUnread = () => sandbox.customers().find(({ customerCode }) => !codes.has(customerCode))?.customerCode;
    let pages = 0;
    for await (const page of listing.pages) {
      for (const { customerCode } of page) codes.add(customerCode);
      pages += 1;
      if (pages === 1) await work(await openClient(sandbox), String(findUnread()));
    }
    return { codes, proof: listing.proof() };
  }

  it('is proved when nobody edits anything', async () => {
    const { codes, proof } = await readWhile(async () => undefined);
    expect([codes.size, proof.complete]).toEqual([40, true]);
  });

  it('is not proved when a customer moved to a page that was read already', async () => {
    const { codes, proof } = await readWhile(async (client, unread) => {
      const { json: customer } = await client.get(unread);
      await client.update(unread, { ...customer, customerName: '! first of all' });
      // Another one that comes last makes up for it in the count.
      await client.add({ customerName: 'zzz' });
    });
    expect([codes.size, proof]).toMatchObject([
      40,
      { complete: false, reason: expect.stringContaining('some were missed') },
    ]);
  });

  it('is proved although customers were added that come before those already read', async () => {
    const { codes, proof } = await readWhile(async (client) => {
      // In the second after the listing began: the server's clock tells whole seconds only.
      await new Promise((resolve) => setTimeout(resolve, 1100));
      await client.add({ customerName: '! new' });
    });
    expect([codes.size, proof.complete]).toEqual([40, true]);
  });
});

import { request } from 'undici';
import { describe, expect, it } from 'vitest';
import { logIn, open, openClient, send as sendPlain } from './sandbox-client.js';

const adminToken = 'a token';

const send: typeof sendPlain = (url, options = {}) =>
  sendPlain(url, { ...options, headers: { authorization: `Bearer ${adminToken}`, ...options.headers } });

async function openDoor() {
  const sandbox = await open({ adminToken });
  const root = sandbox.baseUrl.replace('/api/v2', '/_sandbox');
  return { sandbox, root };
}

describe('the admin API', () => {
  it('lists the requests with time, path, status and fault', async () => {
    const { sandbox, root } = await openDoor();
    const before = Date.now();
    const client = await openClient(sandbox);
    await send(`${root}/faults`, { method: 'PUT', body: ['503:list:nth=1'] });
    await client.list({ liPage: 2 });
    await client.get('0000001');
    const { json } = await send(`${root}/requests`);
    expect(json).toMatchObject([
      { method: 'POST', path: '/api/v2/auth/token', status: 200 },
      { method: 'GET', path: '/api/v2/customers?liPage=2', status: 503, fault: '503' },
      { method: 'GET', path: '/api/v2/customers/0000001', status: 404 },
    ]);
    const times = json.map(({ at }: { at: number }) => at);
    expect(times).toEqual([...times].sort((left, right) => left - right));
    expect(times[0]).toBeGreaterThan(before - 1000);
    expect((await send(`${root}/requests`, { method: 'DELETE' })).status).toBe(204);
    expect(sandbox.requests()).toEqual([]);
  });

  it('replaces the faults, as texts or objects, and shows them', async () => {
    const { sandbox, root } = await openDoor();
    const body = ['503:add', { name: '409', on: 'add', bodyContains: 'x' }];
    expect((await send(`${root}/faults`, { method: 'PUT', body })).status).toBe(200);
    expect((await send(`${root}/faults`)).json).toEqual([{ name: '503', on: 'add' }, body[1]]);
    expect(sandbox.faults()).toHaveLength(2);
  });

  it.each([
    ['faults', ['503:ad'], "Did you mean 'add'?"],
    ['faults', [{ name: 'x' }], 'there is no fault'],
    ['faults', { name: '503' }, 'must be an array'],
    ['faults', '[', 'not valid JSON'],
  ])('refuses wrong %s and leaves the old ones: %j', async (path, body, message) => {
    const { sandbox, root } = await openDoor();
    sandbox.setFaults([{ name: 'hang' }]);
    const { status, json } = await send(`${root}/${path}`, { method: 'PUT', body });
    expect(status).toBe(400);
    expect(json.failureDescription).toContain(message);
    expect(sandbox.faults()).toEqual([{ name: 'hang' }]);
  });

  it('makes all tokens worthless at once', async () => {
    const { sandbox, root } = await openDoor();
    const clients = [await openClient(sandbox), await openClient(sandbox)];
    expect((await send(`${root}/tokens/expire`, { method: 'POST' })).status).toBe(204);
    for (const client of clients) expect((await client.list()).status).toBe(401);
    expect((await send(`${root}/logins`)).json).toMatchObject({ count: 2 });
  });

  it('sells something to a customer', async () => {
    const { sandbox, root } = await openDoor();
    const client = await openClient(sandbox);
    await client.add({});
    const url = `${root}/customers/0000001/transactions`;
    expect((await send(url, { method: 'POST', body: { amount: 12.5 } })).status).toBe(204);
    expect((await send(url, { method: 'POST' })).status).toBe(204);
    const { json } = await client.get('0000001');
    expect(json).toMatchObject({ balance: 12.5, firstSaledate: expect.any(String), lastEditUser: 'till' });
    expect((await client.delete('0000001')).status).toBe(409);
    expect((await send(`${root}/customers/0000009/transactions`, { method: 'POST' })).status).toBe(404);
  });

  it('seeds customers and gives all of them back as JSON lines', async () => {
    const { sandbox, root } = await openDoor();
    expect((await send(`${root}/seed`, { method: 'POST', body: { count: 2500 } })).json).toEqual({ added: 2500 });
    const lines = (await send(`${root}/customers`)).text.trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line))).toEqual(sandbox.customers());
    expect(lines).toHaveLength(2500);
    const client = await openClient(sandbox);
    expect(JSON.parse(lines[7] ?? '')).toEqual((await client.get('0000008')).json);
  });

  it.each([0, 1.5, '5', 1_000_001])('refuses to seed %j customers', async (count) => {
    const { root } = await openDoor();
    expect((await send(`${root}/seed`, { method: 'POST', body: { count } })).status).toBe(400);
  });

  it('forgets everything but the faults', async () => {
    const { sandbox, root } = await openDoor();
    sandbox.setFaults([{ name: '503', on: 'delete' }]);
    const client = await openClient(sandbox);
    await client.add({});
    await client.add({});
    expect((await send(`${root}/reset`, { method: 'POST' })).status).toBe(204);
    expect(sandbox.customers()).toEqual([]);
    expect(sandbox.loginsToday().count).toBe(0);
    expect((await client.list()).status).toBe(401);
    expect(sandbox.requests()).toHaveLength(1);
    expect(sandbox.faults()).toHaveLength(1);
    expect((await (await openClient(sandbox)).add({})).json.customerCode).toBe('0000001');
  });

  it('does not open to web pages', async () => {
    const { sandbox, root } = await openDoor();
    const headers = { origin: 'https://example.com' };
    expect((await send(`${root}/reset`, { method: 'POST', headers })).status).toBe(403);
    expect(await logIn(sandbox)).toMatch(/\S/);
  });

  it('does not open without its token, which is another one each time', async () => {
    const [first, second] = [await open(), await open()];
    expect(first.adminToken).toMatch(/^\S{20,}$/);
    expect(first.adminToken).not.toBe(second.adminToken);
    const url = first.baseUrl.replace('/api/v2', '/_sandbox/customers');
    const ask = async (authorization?: string) =>
      (await sendPlain(url, authorization === undefined ? {} : { headers: { authorization } })).status;
    expect([await ask(), await ask('Bearer '), await ask(`Bearer ${second.adminToken}`)]).toEqual([401, 401, 401]);
    expect(await ask(`Bearer ${first.adminToken}`)).toBe(200);
  });

  it('does not open under the name of another host, which a web page can make mean this machine', async () => {
    const { root } = await openDoor();
    const ask = async (host: string) =>
      (await request(`${root}/customers`, { headers: { host, authorization: `Bearer ${adminToken}` } })).statusCode;
    expect([await ask('rebound.example.com'), await ask('127.0.0.1'), await ask('localhost:1')]).toEqual([
      403, 200, 200,
    ]);
  });

  it('is not there in a sandbox without one, as in the embedded one', async () => {
    const sandbox = await open({ adminToken: false });
    const url = sandbox.baseUrl.replace('/api/v2', '/_sandbox/customers');
    expect([(await send(url)).status, sandbox.adminToken]).toEqual([404, undefined]);
  });
});

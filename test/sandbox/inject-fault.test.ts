import { describe, expect, it } from 'vitest';
import { type Fault, parseFaults } from '#src/sandbox/fault.js';
import { logIn, open, openClient, send, watch } from './sandbox-client.js';

/** A sandbox whose faults begin after the login that every test needs. */
async function openWith(...texts: string[]) {
  const sandbox = await open();
  const client = await openClient(sandbox);
  sandbox.setFaults(parseFaults(texts));
  sandbox.clearRequests();
  const url = `${sandbox.baseUrl}/customers`;
  const post = (deadlineMs?: number) =>
    watch(url, { method: 'POST', authorization: client.authorization, body: '{"customerName":"Smith"}' }, deadlineMs);
  return { sandbox, client, url, post };
}

describe('a fault of the connection, as the socket sees it', () => {
  it.each([
    ['reset', 'reset', 0],
    ['reset-after-commit', 'reset', 1],
    ['close', 'fin', 0],
    ['close-after-commit', 'fin', 1],
    ['hang', 'open', 0],
    ['hang-after-commit', 'open', 1],
  ])('%s: the socket is left with %s, without a byte, and %i customers are stored', async (name, end, stored) => {
    const { sandbox, post } = await openWith(`${name}:add`);
    expect(await post()).toEqual({ end, bytes: '' });
    expect(sandbox.customers()).toHaveLength(stored);
    expect(sandbox.requests()).toMatchObject([{ status: name.replace('-after-commit', ''), fault: name }]);
  });

  it('cut: the headers promise the whole body, half of it comes, and the customer is stored', async () => {
    const { sandbox, post } = await openWith('cut:add');
    const { end, bytes } = await post();
    expect(end).toBe('fin');
    expect(bytes).toMatch(/^HTTP\/1\.1 202 /);
    const [head = '', body = ''] = bytes.split('\r\n\r\n');
    const promised = Number(/content-length: (\d+)/i.exec(head)?.[1]);
    expect(body.length).toBe(Math.floor(promised / 2));
    expect(body.length).toBeGreaterThan(0);
    expect(sandbox.customers()).toHaveLength(1);
  });

  it('cut: an answer without a body ends in its first line', async () => {
    const { sandbox, client, url } = await openWith('cut:delete');
    await client.add({});
    const { end, bytes } = await watch(`${url}/0000001`, { method: 'DELETE', authorization: client.authorization });
    expect({ end, bytes }).toEqual({ end: 'fin', bytes: 'HTTP/1.1 204' });
    expect(sandbox.customers()).toEqual([]);
  });

  it('spares the connection that is kept alive for the next request', async () => {
    const { client } = await openWith('reset:add:nth=2');
    expect((await client.add({})).status).toBe(202);
    await expect(client.add({})).rejects.toThrow();
    expect((await client.add({})).status).toBe(202);
  });
});

describe('a fault of the answer', () => {
  it.each([400, 403, 404, 409, 429, 500, 502, 503])('%i comes before anything is stored', async (status) => {
    const { sandbox, client } = await openWith(`${status}:add`);
    const answer = await client.add({});
    expect(answer.status).toBe(status);
    expect(answer.json).toMatchObject({ failureDescription: expect.stringMatching(/\w/), errors: [] });
    expect(answer.headers['retry-after']).toBeUndefined();
    expect(sandbox.customers()).toEqual([]);
  });

  it.each([500, 502, 503])('%i-after-commit comes when the customer is stored', async (status) => {
    const { sandbox, client } = await openWith(`${status}-after-commit:add`);
    expect((await client.add({})).status).toBe(status);
    expect(sandbox.customers()).toHaveLength(1);
  });

  it('says in seconds when to come back', async () => {
    const { client } = await openWith('429:any:retry-after=2');
    expect((await client.list()).headers['retry-after']).toBe('2');
  });

  it('says by date when to come back, by its own clock', async () => {
    const sandbox = await open({
      now: () => new Date('2026-03-01T10:00:00Z'),
      clockSkewMs: 60_000,
      faults: parseFaults(['503:list:retry-after-date=5']),
    });
    const { headers } = await (await openClient(sandbox)).list();
    expect(headers).toMatchObject({
      date: 'Sun, 01 Mar 2026 10:01:00 GMT',
      'retry-after': 'Sun, 01 Mar 2026 10:01:05 GMT',
    });
  });

  it('non-json answers with a page under the right status, after the commit', async () => {
    const { sandbox, client } = await openWith('non-json');
    const added = await client.add({});
    expect([added.status, added.headers['content-type']]).toEqual([202, 'text/html; charset=utf-8']);
    expect(added.text).toMatch(/^<!DOCTYPE html>/);
    expect((await client.list()).status).toBe(200);
    expect((await client.delete('0000001')).status).toBe(200);
    expect(sandbox.customers()).toEqual([]);
  });

  it('html-error answers 502 with a page, before the commit', async () => {
    const { sandbox, client } = await openWith('html-error:add');
    const answer = await client.add({});
    expect([answer.status, answer.headers['content-type']]).toEqual([502, 'text/html; charset=utf-8']);
    expect(sandbox.customers()).toEqual([]);
  });

  it('redirect answers 302 to another place', async () => {
    const { client } = await openWith('redirect');
    const answer = await client.list();
    expect([answer.status, answer.headers.location]).toEqual([302, '/maintenance']);
  });

  it('expire answers 401 and makes the token worthless from then on', async () => {
    const { sandbox, client } = await openWith('expire:list:nth=2');
    const statuses = [await client.list(), await client.list(), await client.list()].map(({ status }) => status);
    expect(statuses).toEqual([200, 401, 401]);
    const authorization = `Bearer ${await logIn(sandbox)}`;
    expect((await send(`${sandbox.baseUrl}/customers`, { authorization })).status).toBe(200);
  });

  it('can affect a login', async () => {
    const sandbox = await open({ faults: parseFaults(['503:login:first=1']) });
    expect(await logIn(sandbox)).toBeUndefined();
    expect(await logIn(sandbox)).toMatch(/\S/);
  });
});

describe('latency', () => {
  it('waits before the customer is stored', async () => {
    const { sandbox, client } = await openWith('latency:add:ms=200');
    const startedAt = performance.now();
    const answer = client.add({});
    await new Promise((resolve) => setTimeout(resolve, 80));
    expect(sandbox.customers()).toEqual([]);
    expect((await answer).status).toBe(202);
    expect(performance.now() - startedAt).toBeGreaterThan(190);
  });

  it('after the commit, waits with the customer stored', async () => {
    const { sandbox, client } = await openWith('latency-after-commit:add:ms=200');
    const answer = client.add({});
    await new Promise((resolve) => setTimeout(resolve, 80));
    expect(sandbox.customers()).toHaveLength(1);
    expect((await answer).status).toBe(202);
  });

  it('takes as many requests at once as come, without a warning of Node', async () => {
    const { client } = await openWith('latency:add:ms=50');
    const warnings: string[] = [];
    const note = ({ name }: Error) => warnings.push(name);
    process.on('warning', note);
    const answers = await Promise.all(Array.from({ length: 30 }, () => client.add({})));
    process.off('warning', note);
    expect([answers.map(({ status }) => status), warnings]).toEqual([Array.from({ length: 30 }, () => 202), []]);
  });

  it('goes together with another fault', async () => {
    const { sandbox, client } = await openWith('latency:ms=50', '503:list', '500:list');
    const startedAt = performance.now();
    expect((await client.list()).status).toBe(503);
    expect(performance.now() - startedAt).toBeGreaterThan(45);
    expect(sandbox.requests()).toMatchObject([{ fault: 'latency+503' }]);
  });
});

describe('page-change', () => {
  async function readPages(text: string, sSortKey: string) {
    const { sandbox, client } = await openWith();
    await sandbox.seed(10);
    sandbox.setFaults(parseFaults([text]));
    const codes: number[] = [];
    for (const liPage of [1, 2, 3]) {
      const { json } = await client.list({ liPage, liPageSize: 4, sSortKey });
      codes.push(...json.map((row: { customerCode: string }) => Number(row.customerCode)));
    }
    return codes;
  }

  it('makes a naive reader skip a customer that was never touched', async () => {
    const codes = await readPages('page-change:list:page=1:delete=1', 'customerCodeASC');
    expect(codes).toEqual([1, 2, 3, 4, 6, 7, 8, 9, 10]);
  });

  it('makes a naive reader see a customer twice', async () => {
    const codes = await readPages('page-change:list:page=2:insert=1', 'customerCodeDESC');
    expect(codes).toEqual([10, 9, 8, 7, 6, 5, 4, 3, 3, 2, 1]);
  });

  it('moves edited customers to the end of a list by last edit', async () => {
    const codes = await readPages('page-change:list:page=1:edit=2', 'lastEditDateUTCASC');
    expect(codes).toEqual([1, 2, 3, 4, 7, 8, 9, 10, 1, 2]);
  });

  it('does one of each when no number is given', async () => {
    const { sandbox, client } = await openWith('page-change:first=1');
    await sandbox.seed(3);
    await client.list();
    await client.list();
    expect(sandbox.customers().map(({ customerCode, notes }) => [customerCode, notes])).toEqual([
      ['0000002', 'Edited while pages were read'],
      ['0000003', null],
      ['0000004', null],
    ]);
  });
});

describe('which requests a fault affects', () => {
  const collectStatuses = async (client: Awaited<ReturnType<typeof openClient>>, count: number) => {
    const statuses: number[] = [];
    for (let sent = 0; sent < count; sent += 1) statuses.push((await client.list()).status);
    return statuses.map((status) => (status === 200 ? '.' : 'x')).join('');
  };

  it.each([
    ['503:list', 'xxxxxxxx'],
    ['503:any', 'xxxxxxxx'],
    ['503:add', '........'],
    ['503:list:every=3', '..x..x..'],
    ['503:list:nth=3', '..x.....'],
    ['503:list:nth=1,4', 'x..x....'],
    ['503:list:first=2', 'xx......'],
    ['503:list:0%', '........'],
    ['503:list:100%', 'xxxxxxxx'],
    ['503:list:page=2', '........'],
  ])('%s affects %s', async (text, pattern) => {
    const { client } = await openWith(text);
    expect(await collectStatuses(client, 8)).toBe(pattern);
  });

  it('draws the same lots for the same seed, and others for another', async () => {
    const drawn = [];
    for (const seed of [1, 1, 2]) {
      const sandbox = await open({ seed });
      const client = await openClient(sandbox);
      sandbox.setFaults(parseFaults(['503:list:30%']));
      drawn.push(await collectStatuses(client, 60));
    }
    expect(drawn[0]).toBe(drawn[1]);
    expect(drawn[0]).not.toBe(drawn[2]);
    const affected = [...(drawn[0] ?? '')].filter((mark) => mark === 'x').length;
    expect(affected).toBeGreaterThan(8);
    expect(affected).toBeLessThan(30);
  });

  it('can be told by a text in the body', async () => {
    const sandbox = await open();
    const client = await openClient(sandbox);
    const fault: Fault = { name: '409', on: 'add', bodyContains: 'L-0002' };
    sandbox.setFaults([fault]);
    const statuses = [];
    for (const cC_001 of ['L-0001', 'L-0002', 'L-0003']) statuses.push((await client.add({ cC_001 })).status);
    expect(statuses).toEqual([202, 409, 202]);
  });

  it('counts a request even when another fault wins it', async () => {
    const { client } = await openWith('500:list:nth=1', '503:list:nth=2');
    expect([(await client.list()).status, (await client.list()).status]).toEqual([500, 503]);
  });
});

describe('closing', () => {
  it('is prompt with hanging and delayed requests and idle connections', async () => {
    const { sandbox, client, post } = await openWith('hang:add', 'latency:list:ms=20000');
    await client.get('0000001');
    const hanging = post(5000);
    const delayed = client.list().catch(() => 'dropped');
    await new Promise((resolve) => setTimeout(resolve, 50));
    const startedAt = performance.now();
    await sandbox.close();
    expect(performance.now() - startedAt).toBeLessThan(1000);
    expect((await hanging).end).not.toBe('open');
    expect(await delayed).toBe('dropped');
  });
});

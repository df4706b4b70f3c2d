import { describe, expect, it } from 'vitest';
import type { CustomerMirror } from '#pipelines/listing/mirror.js';
import { type RefreshOptions, type RefreshResult, refreshMirror } from '#pipelines/listing/refresh.js';
import type { Customer } from '#pipelines/model.js';
import type { Sandbox } from '#src/sandbox/start-sandbox.js';
import { useClients } from '#test/api/open-clients.js';
import { open, openClient } from '#test/sandbox/sandbox-client.js';

const { newLedger, newClient } = useClients();

const logIn = (sandbox: Sandbox) =>
  newClient(sandbox.baseUrl, {
    credentials: { kind: 'login', username: sandbox.username, password: sandbox.password },
  });

/** A mirror of a sandbox, and what it takes to bring it up to date. */
function openMirror(sandbox: Sandbox, now: () => number = Date.now) {
  const api = logIn(sandbox);
  const ledger = newLedger(undefined, now);
  const { mirror } = ledger;
  const clockDifferenceMs = () => api.traffic.clockDifferenceMs;
  const refresh = (options: RefreshOptions = {}): Promise<RefreshResult> =>
    refreshMirror({ api, mirror, now, clockDifferenceMs }, options);
  const { number: run } = ledger.runs.start({ command: 'import', options: {} });
  /** What a run leaves in the mirror of a customer that it has just added. */
  const noteWritten = (customer: Customer, sentHash: string) => {
    const customerCode = String(customer.customerCode);
    const outcome = { status: 'created', customerCode, httpStatus: 202, attempts: 1 } as const;
    const written = { customer, extent: 'sent', sentHash } as const;
    return ledger.openRows(run).settle([{ index: 0, number: 2, outcome, written }]);
  };
  return { api, mirror, refresh, noteWritten };
}

const listCalls = (sandbox: Sandbox) => sandbox.requests().filter(({ path }) => path.includes('/customers?')).length;

/** The flat fields that the API and the mirror both have, customer by customer. */
function expectSame(mirror: CustomerMirror, sandbox: Sandbox): void {
  const mirrored = [...mirror.all()].map(({ customer }) => customer);
  const real = sandbox.customers();
  const seen = (customer: Customer) => [customer.customerCode, customer.customerName, customer.lastEditDateUTC];
  expect(mirrored.map(seen)).toEqual(real.map(seen));
}

describe('the mirror', () => {
  it('reads everything once, then only what was edited', async () => {
    const sandbox = await open();
    await sandbox.seed(500);
    const { mirror, refresh } = openMirror(sandbox);
    expect(await refresh({ pageSize: 100 })).toMatchObject({ kind: 'whole', customers: 500 });
    expectSame(mirror, sandbox);
    sandbox.clearRequests();
    expect(await refresh({ pageSize: 100 })).toEqual({ kind: 'changes', customers: 500, read: 0, removed: 0 });
    // One list of what was edited within the margin, and one count.
    expect(listCalls(sandbox)).toBe(2);
  });

  it.each([1, 40])('takes what others added, edited and deleted since: %i of each', async (count) => {
    const sandbox = await open();
    await sandbox.seed(300);
    const { mirror, refresh } = openMirror(sandbox);
    await refresh();
    const colleague = await openClient(sandbox);
    for (let index = 1; index <= count; index += 1) {
      const code = String(index).padStart(7, '0');
      await colleague.update(code, { ...(await colleague.get(code)).json, customerName: `Renamed ${index}` });
      await colleague.delete(String(index + 100).padStart(7, '0'));
      await colleague.add({ customerName: `New ${index}` });
    }
    const { removed } = await refresh();
    expect(removed).toBe(count);
    expectSame(mirror, sandbox);
  });

  it('does not miss a customer who was removed while another was added', async () => {
    const sandbox = await open();
    await sandbox.seed(30);
    const { mirror, refresh } = openMirror(sandbox);
    await refresh();
    const colleague = await openClient(sandbox);
    await colleague.delete('0000003');
    await colleague.add({ customerName: 'In her place' });
    await refresh();
    expectSame(mirror, sandbox);
  });

  it.each([
    ['deleted and added', { delete: 1, insert: 1, edit: 0 }],
    ['edited', { delete: 0, insert: 0, edit: 2 }],
    ['deleted', { delete: 2, insert: 0, edit: 0 }],
    ['added, edited, deleted', { delete: 1, insert: 2, edit: 1 }],
  ])('is right after a reading during which customers were %s', async (_name, change) => {
    const sandbox = await open();
    await sandbox.seed(100);
    const { mirror, refresh } = openMirror(sandbox);
    sandbox.setFaults([{ name: 'page-change', on: 'list', when: { first: 6 }, ...change }]);
    await refresh({ pageSize: 20 });
    sandbox.setFaults([]);
    await refresh({ pageSize: 20 });
    expectSame(mirror, sandbox);
  });

  it('goes by the server’s clock, however wrong ours is', async () => {
    for (const clockSkewMs of [-3 * 3600_000, 3 * 3600_000]) {
      const sandbox = await open({ clockSkewMs });
      await sandbox.seed(50);
      const { mirror, refresh } = openMirror(sandbox);
      await refresh();
      const colleague = await openClient(sandbox);
      await colleague.update('0000001', { ...(await colleague.get('0000001')).json, customerName: 'Renamed' });
      await refresh();
      expectSame(mirror, sandbox);
    }
  });

  it('keeps what it has when the API suddenly lists nobody', async () => {
    const sandbox = await open();
    await sandbox.seed(5);
    const { mirror, refresh } = openMirror(sandbox);
    await refresh();
    sandbox.reset();
    await expect(refresh()).rejects.toMatchObject({ reason: 'list_empty' });
    expect(mirror.count()).toBe(5);
    expect(await refresh({ anew: true })).toMatchObject({ customers: 0 });
  });

  it('forgets what it knows beyond the flat view once the customer was edited', async () => {
    const sandbox = await open();
    await sandbox.seed(3);
    const { api, mirror, refresh } = openMirror(sandbox);
    await refresh();
    const answer = await api.get('0000002');
    if (answer.kind === 'found') mirror.saveDetail(answer.customer);
    await refresh();
    expect(mirror.find('0000002')).toMatchObject({ extent: 'whole', customer: { cC_001: 'L-000001' } });
    const colleague = await openClient(sandbox);
    await colleague.update('0000002', { ...(await colleague.get('0000002')).json, cC_001: 'other' });
    await colleague.update('0000003', { ...(await colleague.get('0000003')).json, cC_001: 'other' });
    await refresh();
    expect(mirror.find('0000002')?.customer.cC_001).not.toBe('L-000001');
  });

  it('finds customers by a value, and follows what is written', async () => {
    const sandbox = await open();
    await sandbox.seed(20);
    const { mirror, refresh, noteWritten } = openMirror(sandbox);
    await refresh();
    const index = mirror.indexBy(({ customer: { city } }) => (typeof city === 'string' ? city : undefined));
    expect(index.find('Darwin', 3)).toEqual(['0000003', '0000007', '0000011']);
    await noteWritten({ customerCode: '0000003', city: 'Hobart' }, 'x');
    mirror.forget('0000007');
    expect([index.find('Darwin', 3)[0], index.find('Hobart', 3)]).toEqual(['0000011', ['0000003']]);
    index.close();
  });
});

describe('customers that this tool added itself', () => {
  const addBy = async (sandbox: Sandbox, noteWritten: ReturnType<typeof openMirror>['noteWritten']) => {
    const { json: added } = await (await openClient(sandbox)).add({ customerName: 'Ours' });
    await noteWritten(added, 'hash');
    return String(added.customerCode);
  };

  it('are not read again as long as nobody has edited them', async () => {
    const sandbox = await open();
    const { mirror, refresh, noteWritten } = openMirror(sandbox);
    await refresh();
    const code = await addBy(sandbox, noteWritten);
    expect((await refresh()).read).toBe(0);
    expect(mirror.find(code)).toMatchObject({ sentHash: 'hash', extent: 'sent' });
    expect((await refresh({ needsFlat: true })).read).toBe(1);
    expect(mirror.find(code)).toMatchObject({ sentHash: 'hash', customer: { lastEditDateUTC: expect.any(String) } });
  });

  it('are read again once somebody has', async () => {
    let at = Date.now();
    const sandbox = await open({ now: () => new Date(at) });
    const { mirror, refresh, noteWritten } = openMirror(sandbox, () => at);
    await refresh();
    const code = await addBy(sandbox, noteWritten);
    at += 5000;
    const colleague = await openClient(sandbox);
    await colleague.update(code, { ...(await colleague.get(code)).json, customerName: 'Theirs' });
    await refresh();
    expect(mirror.find(code)?.customer.customerName).toBe('Theirs');
    expect(mirror.find(code)?.sentHash).toBeUndefined();
  });
});

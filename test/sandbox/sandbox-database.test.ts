import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { UsageError } from '#src/errors.js';
import { openDatabase } from '#src/sqlite/open-database.js';
import { logIn, open, openClient, send } from './sandbox-client.js';

let folder: string;
let dataFile: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sandbox-'));
  dataFile = join(folder, 'sandbox.db');
});
const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

async function serveInAnotherProcess() {
  const script = new URL('serve-until-killed.ts', import.meta.url);
  const child = fork(script, [dataFile], { execArgv: ['--conditions=source', '--import', 'tsx'] });
  children.push(child);
  const [{ port }] = (await once(child, 'message')) as [{ port: number }];
  return {
    baseUrl: `http://127.0.0.1:${port}/api/v2`,
    username: 'sandbox@example.com',
    password: 'sandbox',
    kill: () => child.kill('SIGKILL'),
  };
}

describe('the data file', () => {
  it('keeps customers, transactions, the count of codes, tokens and logins over a restart', async () => {
    const first = await open({ dataFile });
    const client = await openClient(first);
    for (const customerName of ['a', 'b', 'c']) await client.add({ customerName, shoeSize: 44 });
    first.addTransaction('0000001');
    await client.delete('0000003');
    const before = first.customers();
    await first.close();

    const second = await open({ dataFile });
    expect(second.customers()).toEqual(before);
    expect(second.loginsToday().count).toBe(1);
    const { authorization } = client;
    const customers = `${second.baseUrl}/customers`;
    expect((await send(`${customers}/0000001`, { method: 'DELETE', authorization })).status).toBe(409);
    const added = await send(customers, { method: 'POST', authorization, body: {} });
    expect(added.json.customerCode).toBe('0000004');
  });

  it('is readable by its owner only', async () => {
    await open({ dataFile });
    expect(statSync(dataFile).mode & 0o777).toBe(0o600);
  });

  it('must be a sandbox', async () => {
    const database = openDatabase(dataFile);
    database.exec('CREATE TABLE ledger (a TEXT)');
    database.close();
    await expect(open({ dataFile })).rejects.toThrow(UsageError);
    const textFile = join(folder, 'customers.csv');
    writeFileSync(textFile, 'name;city\n'.repeat(1000));
    await expect(open({ dataFile: textFile })).rejects.toMatchObject({ code: 'SANDBOX_DATA_FILE' });
  });

  it('can be served by two processes at once, which share customers, codes and tokens', async () => {
    const first = await open({ dataFile });
    const second = await serveInAnotherProcess();
    const client = await openClient(first);
    const { authorization } = client;
    const addToSecond = () => send(`${second.baseUrl}/customers`, { method: 'POST', authorization, body: {} });
    const answers = await Promise.all(Array.from({ length: 20 }, () => [client.add({}), addToSecond()]).flat());
    const codes = answers.map(({ json }) => Number(json.customerCode)).sort((left, right) => left - right);
    expect(codes).toEqual(Array.from({ length: 40 }, (_, index) => index + 1));
    expect(first.customers()).toHaveLength(40);
  });
});

describe('starting', () => {
  it('says so when the port is taken', async () => {
    const { port } = await open();
    await expect(open({ port })).rejects.toMatchObject({ code: 'SANDBOX_PORT_TAKEN' });
  });

  it('refuses a fault that makes no sense', async () => {
    await expect(open({ faults: [{ name: 'page-change', on: 'add' }] })).rejects.toThrow(UsageError);
  });
});

describe('a sandbox that is killed', () => {
  it('has every customer that it answered for', async () => {
    const remote = await serveInAnotherProcess();
    const authorization = `Bearer ${await logIn(remote)}`;

    const answered: string[] = [];
    const addUntilDead = async () => {
      for (;;) {
        const answer = await send(`${remote.baseUrl}/customers`, { method: 'POST', authorization, body: {} }).catch(
          () => null,
        );
        if (answer === null) return;
        answered.push(answer.json.customerCode);
        if (answered.length === 300) remote.kill();
      }
    };
    await Promise.all(Array.from({ length: 8 }, addUntilDead));

    const stored = new Set((await open({ dataFile })).customers().map(({ customerCode }) => customerCode));
    expect(answered.length).toBeGreaterThanOrEqual(300);
    expect(answered.filter((code) => !stored.has(code))).toEqual([]);
  });
});

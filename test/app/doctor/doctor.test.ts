import { chmodSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { after, json, page, useScriptedServers } from '#test/api/scripted-server.js';
import { fast, writeCustomers } from '#test/e2e/customer-files.js';
import { useWorkplace } from '#test/e2e/use-workplace.js';

const place = useWorkplace();
const startServer = useScriptedServers();

interface Finding {
  readonly name: string;
  readonly status: string;
  readonly found: string;
  readonly nextStep: string | null;
}

async function doctor(args: readonly string[] = [], env: Readonly<Record<string, string>> = {}) {
  const { stdout, exitCode } = await place.run(['doctor', '--json', ...args], { env });
  const report = JSON.parse(stdout) as {
    status: string;
    findings: Finding[];
    settings: { name: string; value: unknown }[];
  };
  return { ...report, exitCode, about: (name: string) => report.findings.find((finding) => finding.name === name) };
}

describe('doctor', () => {
  it('finds nothing where everything works, and lists what it checked', async () => {
    await place.openApi();
    writeCustomers(place, 1);
    const { status, exitCode, findings } = await doctor();
    expect([status, exitCode]).toEqual(['ok', 0]);
    expect(findings.map(({ name }) => name)).toEqual([
      'node',
      'configuration',
      'mapping',
      'state folder',
      'disk',
      'proxy',
      'address',
      'tls',
      'clock',
      'runs',
      'conformance',
      'login',
      'tokens',
      ...['list', 'detail', 'add', 'update', 'delete'].map((right) => `right to ${right}`),
      'strangers',
    ]);
  });

  it('changes nothing at the API', async () => {
    const api = await place.openApi();
    writeCustomers(place, 3);
    await place.run(['import', ...fast, 'customers.csv']);
    const before = api.customers();
    await doctor();
    expect(api.customers()).toEqual(before);
  });

  it('uses the cached token, so that it can be run every minute', async () => {
    await place.openApi();
    await doctor();
    expect((await doctor()).about('tokens')?.found).toMatch(/^1 of 250/);
  });

  it('finds each missing right', async () => {
    await place.openApi({ rights: ['GET', 'POST'] });
    const { exitCode, about } = await doctor();
    expect(exitCode).toBe(6);
    const found = ['list', 'detail', 'add', 'update', 'delete'].map((right) => about(`right to ${right}`)?.status);
    expect(found).toEqual(['ok', 'ok', 'ok', 'fail', 'fail']);
    expect(about('right to update')?.nextStep).toMatch(/Ask whoever manages your API users/);
  });

  it('warns when the API carries out what was only a test', async () => {
    const server = await startServer();
    server.answer(() => json(200, { customerCode: '0000001' }));
    const { about } = await doctor(['--base-url', server.baseUrl], {
      MYPOS_CONNECT_USERNAME: 'a',
      MYPOS_CONNECT_PASSWORD: 'b',
    });
    expect(about('right to add')).toMatchObject({
      status: 'warn',
      found: expect.stringContaining('should only have been a test'),
    });
  });

  it.each([
    ['a wrong password', [], { MYPOS_CONNECT_PASSWORD: 'wrong' }, 6, 'login', /Check MYPOS_CONNECT_USERNAME/],
    ['no login', [], { MYPOS_CONNECT_PASSWORD: '' }, 6, 'login', /set MYPOS_CONNECT_USERNAME/],
    [
      'an address where nobody listens',
      ['--base-url', 'http://127.0.0.1:1/api/v2'],
      {},
      5,
      'address',
      /No server is listening/,
    ],
    ['an unknown name', ['--base-url', 'https://nowhere.invalid/api'], {}, 5, 'address', /cannot be resolved/],
    ['a setting that cannot be used', ['--rate', 'fast'], {}, 2, 'configuration', /Correct it/],
    ['a mapping with mistakes', ['--mapping', 'wrong.json'], {}, 2, 'mapping', /at or just before the position/],
    ['a state folder that is a file', ['--state-dir', 'wrong.json'], {}, 2, 'state folder', /--state-dir/],
    ['a proxy that is no address', [], { HTTPS_PROXY: 'ftp://x' }, 2, 'configuration', /http:\/\/host:port/],
  ] as const)('fails for %s', async (_, args, env, exitCode, name, nextStep) => {
    const api = await place.openApi();
    place.write('wrong.json', '{ "fields": ');
    const base = { MYPOS_CONNECT_BASE_URL: name === 'configuration' ? 'https://x.example' : api.baseUrl };
    const report = await doctor(args, { ...base, ...env });
    expect(report.about(name)).toMatchObject({ status: 'fail', nextStep: expect.stringMatching(nextStep) });
    expect(report.exitCode).toBe(exitCode);
  });

  it('tells an API from a web page', async () => {
    const server = await startServer();
    server.answer(page(200));
    const { about, exitCode } = await doctor(['--base-url', server.baseUrl]);
    expect(about('address')?.found).toMatch(/a web page/);
    expect(exitCode).toBe(2);
  });

  it('warns of a clock that is wrong', async () => {
    const server = await startServer();
    const late = new Date(Date.now() + 600_000).toUTCString();
    server.answer(() => json(401, {}, { date: late }));
    const { about } = await doctor(['--base-url', server.baseUrl]);
    expect(about('clock')).toMatchObject({
      status: 'warn',
      found: expect.stringMatching(/5\d\d s behind|600 s behind/),
    });
  });

  it('warns of unfinished runs and of secrets that others can read', async () => {
    await place.openApi();
    writeCustomers(place, 3);
    place.write('customers.csv', place.read('customers.csv').replaceAll('@', ''));
    await place.run(['import', ...fast, 'customers.csv', '--max-failures', '0']);
    const file = place.write('password', 'sandbox\n');
    chmodSync(file, 0o644);
    const { about, status, exitCode } = await doctor([], {
      MYPOS_CONNECT_PASSWORD: '',
      MYPOS_CONNECT_PASSWORD_FILE: file,
    });
    expect(about('runs')).toMatchObject({
      status: 'warn',
      nextStep: expect.stringMatching(/^mypos-customers resume /),
    });
    expect(about('secret file')).toMatchObject({ status: 'warn', nextStep: `chmod 600 ${file}` });
    expect([status, exitCode]).toEqual(['warn', 0]);
  });

  it('shows each setting with its origin, and no secret', async () => {
    await place.openApi({ password: 'hush-hush' });
    place.write('mypos-customers.json', JSON.stringify({ defaultProfile: 'shop', profiles: { shop: { rate: 7 } } }));
    const env = { MYPOS_CONNECT_PASSWORD: 'hush-hush', HTTPS_PROXY: 'http://me:whisper@127.0.0.1:1' };
    const { stdout, stderr } = await place.run(['doctor', '--timeout', '9'], { env });
    expect(stdout).toMatch(/ratePerSecond +7 +\(profile "shop" in mypos-customers\.json\)/);
    expect(stdout).toMatch(/requestTimeoutMs +9000 +\(option --timeout\)/);
    expect(stdout).toMatch(/password +set \(not shown\) +\(environment MYPOS_CONNECT_PASSWORD\)/);
    expect(stdout + stderr).not.toMatch(/hush|whisper/);
  });

  it('works with the embedded sandbox too', async () => {
    expect((await doctor(['--sandbox'])).status).toBe('ok');
  });

  it('does not wait forever', async () => {
    const server = await startServer();
    server.answer(after(200, json(503, {})));
    expect((await doctor(['--base-url', server.baseUrl])).exitCode).toBe(5);
  });
});

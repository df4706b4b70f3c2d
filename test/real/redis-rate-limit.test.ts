import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Sandbox } from '#src/sandbox/start-sandbox.js';
import { busiestSecond } from '#test/api/request-counts.js';
import { closeAfterEach, useAuthority, wrapInTls } from '#test/app/doctor/company-network.js';
import { customerFile, customerLines, writeCustomers } from '#test/e2e/customer-files.js';
import { useWorkplace } from '#test/e2e/use-workplace.js';
import { freePort } from './free-port.js';

/** apt-get install redis-server */
const place = useWorkplace();
const authority = useAuthority();
closeAfterEach();
const rate = 10;
/** What a process that was held up may send late. */
const oneSlot = 1;

let redis: ChildProcess;
let address = '';

async function startRedis(port: number, ...more: readonly string[]): Promise<ChildProcess> {
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', ...more];
  const server = spawn('redis-server', args, { stdio: ['ignore', 'pipe', 'inherit'] });
  for await (const line of server.stdout) if (String(line).includes('Ready to accept connections')) break;
  server.stdout.resume();
  return server;
}

beforeEach(async () => {
  const port = await freePort();
  redis = await startRedis(port);
  address = `redis://127.0.0.1:${port}`;
});
afterEach(async () => {
  if (redis.exitCode !== null || redis.signalCode !== null) return;
  redis.kill('SIGKILL');
  await once(redis, 'exit');
});

/** An import as if on a machine of its own: another state folder, the same login. */
function startImport(name: string, file: string, more: readonly string[] = []) {
  const args = ['--state-dir', place.path(`state-${name}`), '--pace', address, '--rate', String(rate), '--settle', '0'];
  return place.start(['import', file, '--json', ...args, ...more]);
}

function writeHalves(rows: number): void {
  writeCustomers(place, rows);
  const lines = customerLines(2 * rows);
  place.write('a.csv', customerFile(lines.slice(0, rows)));
  place.write('b.csv', customerFile(lines.slice(rows)));
}

/** The numbers of the customers in their names, in the order in which they were made. */
function listNumbers(api: Sandbox): readonly number[] {
  return api.customers().map(({ customerName }) => Number(String(customerName).slice(-4)));
}

describe('two processes that share a rate limit through Redis', () => {
  it('are together never above the rate, and both get their share', async () => {
    const api = await place.openApi();
    writeHalves(30);
    const ends = await Promise.all([startImport('a', 'a.csv').finished, startImport('b', 'b.csv').finished]);
    expect(
      ends.map(({ exitCode }) => exitCode),
      ends[0]?.stderr,
    ).toEqual([0, 0]);
    const arrivals = api.requests().map(({ at }) => at);
    expect(arrivals.length).toBeGreaterThanOrEqual(60);
    expect(busiestSecond(arrivals)).toBeLessThanOrEqual(rate + oneSlot);
    const half = listNumbers(api).slice(0, 40);
    expect(
      Math.min(half.filter((number) => number <= 30).length, half.filter((number) => number > 30).length),
    ).toBeGreaterThan(5);
  });

  it('do not need each other: one that is killed in the middle stops nobody', async () => {
    const api = await place.openApi();
    writeHalves(25);
    const [killed, other] = [startImport('a', 'a.csv'), startImport('b', 'b.csv')];
    while (api.customers().length < 15) await new Promise((done) => setTimeout(done, 20));
    killed.signal('SIGKILL');
    const end = await other.finished;
    expect((await killed.finished).killedBy).toBe('SIGKILL');
    expect(end.exitCode, end.stderr).toBe(0);
    expect(JSON.parse(end.stdout).counts.created).toBe(25);
    expect(busiestSecond(api.requests().map(({ at }) => at))).toBeLessThanOrEqual(rate + oneSlot);
  });

  it('wait together when one of them is told to', async () => {
    const api = await place.openApi({
      faults: [{ name: '429', on: 'add', when: { nth: [12] }, retryAfterSeconds: 3 }],
    });
    writeHalves(10);
    const ends = await Promise.all([startImport('a', 'a.csv').finished, startImport('b', 'b.csv').finished]);
    expect(ends.map(({ exitCode }) => exitCode)).toEqual([0, 0]);
    const arrivals = api.requests();
    const refusedAt = arrivals.find(({ status }) => status === 429)?.at ?? 0;
    // What had its turn already may still be on its way.
    const early = arrivals.filter(({ at }) => at > refusedAt + 300 && at < refusedAt + 2900);
    expect(early).toEqual([]);
  });
});

describe('without Redis', () => {
  it('nothing is sent from the start', async () => {
    const api = await place.openApi();
    writeHalves(3);
    redis.kill('SIGKILL');
    await once(redis, 'exit');
    const { exitCode, stderr } = await startImport('a', 'a.csv').finished;
    expect([exitCode, api.requests().length]).toEqual([5, 0]);
    expect(stderr).toContain('PACE_LOST');
  });

  it('in the middle the run stops, and is resumed when it is back', async () => {
    const api = await place.openApi();
    writeHalves(20);
    const running = startImport('a', 'a.csv');
    while (api.customers().length < 5) await new Promise((done) => setTimeout(done, 20));
    redis.kill('SIGKILL');
    const end = await running.finished;
    expect(end.exitCode, end.stderr).toBe(5);
    redis = await startRedis(Number(new URL(address).port));
    const more = ['--state-dir', place.path('state-a'), '--pace', address, '--rate', String(rate), '--settle', '0'];
    const resumed = await place.run(['resume', ...more]);
    expect(resumed.exitCode, resumed.stderr).toBe(0);
    expect(new Set(api.customers().map(({ customerName }) => customerName)).size).toBe(20);
    expect(api.customers()).toHaveLength(20);
  });

  it('for good ends both in time, each with its result file and without a crash', async () => {
    const api = await place.openApi();
    writeHalves(30);
    const both = [startImport('a', 'a.csv'), startImport('b', 'b.csv')];
    const isHalfUnderWay = (from: number) =>
      listNumbers(api).filter((number) => number >= from && number < from + 30).length > 1;
    while (![1, 31].every(isHalfUnderWay)) await new Promise((done) => setTimeout(done, 20));
    redis.kill('SIGKILL');
    const ends = await Promise.all(both.map(({ finished }) => finished));
    for (const { exitCode, killedBy, stdout, stderr } of ends) {
      expect([exitCode, killedBy], stderr).toEqual([5, null]);
      expect(stderr).not.toMatch(/Bug|Connection is closed|ECONNREFUSED/);
      const { status, files } = JSON.parse(stdout);
      expect(status).toBe('stopped');
      expect(existsSync(resolve(place.path('.'), files.results))).toBe(true);
    }
  });

  it('a run waits, and goes on once Redis has restarted, though it has forgotten everything', async () => {
    const api = await place.openApi();
    writeHalves(20);
    const running = startImport('a', 'a.csv');
    while (api.customers().length < 5) await new Promise((done) => setTimeout(done, 20));
    redis.kill('SIGKILL');
    await once(redis, 'exit');
    redis = await startRedis(Number(new URL(address).port));
    const { exitCode, stderr } = await running.finished;
    expect([exitCode, api.customers().length], stderr).toEqual([0, 20]);
    expect(busiestSecond(api.requests().map(({ at }) => at))).toBeLessThanOrEqual(rate + oneSlot);
  });
});

describe('a shared rate limit', () => {
  it('ends without a word of Redis, twenty times in a row', async () => {
    await place.openApi();
    const args = ['list', '--state-dir', place.path('s'), '--pace', address, '--rate', '50', '--json'];
    for (let time = 0; time < 20; time += 1) {
      const { exitCode, killedBy, stderr } = await place.run(args);
      expect([exitCode, killedBy, stderr]).toEqual([0, null, '']);
    }
  }, 100_000);

  it('with another rate than the others have is refused', async () => {
    await place.openApi();
    writeHalves(10);
    const first = startImport('a', 'a.csv');
    await first.saw('a.csv');
    const second = await startImport('b', 'b.csv', ['--rate', '20']).finished;
    expect([second.exitCode, second.stderr]).toEqual([2, expect.stringContaining('--rate')]);
    expect((await first.finished).exitCode).toBe(0);
  });

  it('takes its password from the environment, never from its address', async () => {
    await place.openApi();
    writeHalves(2);
    redis.kill('SIGKILL');
    await once(redis, 'exit');
    const port = Number(new URL(address).port);
    redis = await startRedis(port, '--requirepass', 'open-sesame');
    const args = ['import', 'a.csv', '--state-dir', place.path('s'), '--rate', '10', '--pace'];
    const refused = await place.run([...args, `redis://:open-sesame@127.0.0.1:${port}`]);
    expect([refused.exitCode, refused.stderr]).toEqual([2, expect.not.stringContaining('open-sesame')]);
    const without = await place.run([...args, address]);
    expect([without.exitCode, without.stderr]).toEqual([5, expect.stringContaining('NOAUTH')]);
    const withIt = await place.run([...args, address], { env: { MYPOS_CONNECT_PACE_PASSWORD: 'open-sesame' } });
    expect(withIt.exitCode, withIt.stderr).toBe(0);
  });

  it.each(['rediss', 'REDISS'])(
    'at %s:// trusts the certificates that --ca-file names, and no others',
    async (scheme) => {
      await place.openApi();
      const port = await wrapInTls(authority(), Number(new URL(address).port));
      const args = ['list', '--state-dir', place.path('s'), '--rate', '10', '--pace', `${scheme}://localhost:${port}`];
      const without = await place.run(args);
      expect([without.exitCode, without.stderr]).toEqual([5, expect.stringContaining('certificate')]);
      const withIt = await place.run([...args, '--ca-file', authority().certificate]);
      expect(withIt.exitCode, withIt.stderr).toBe(0);
    },
  );
});

describe('the page of the nightly folder', () => {
  const page = readFileSync('docs/nightly-folder.md', 'utf8');
  const section = page.slice(page.indexOf('## Several machines, one quota'), page.indexOf('## Whom to tell'));
  const readBlock = (marks: string) =>
    new RegExp(`^\`\`\`${marks}\\n([\\s\\S]*?)^\`\`\``, 'm').exec(section)?.[1] ?? '';

  it('has a command that works', async () => {
    const api = await place.openApi();
    writeCustomers(place, 1);
    place.write('drop/a.csv', place.read('customers.csv'));
    const words = readBlock('sh not-run').trim().split(' ').slice(1);
    const here: Readonly<Record<string, string>> = {
      '/srv/drop': 'drop',
      'redis://redis.example.com:6379': address,
    };
    expect(words).toEqual(expect.arrayContaining(Object.keys(here)));
    const { exitCode, stderr } = await place.run(words.map((word) => here[word] ?? word));
    expect(exitCode, stderr).toBe(0);
    expect(api.customers()).toHaveLength(1);
  });

  it('has a profile that works', async () => {
    const api = await place.openApi();
    place.write('password', api.password);
    place.write('redis-password', '');
    const config = readBlock('json')
      .replace('api-user@example.com', api.username)
      .replaceAll('/etc/mypos-customers', place.path('.'))
      .replace('rediss://redis.example.com:6379', address);
    place.write('mypos-customers.json', config);
    const { exitCode, stdout } = await place.run(['doctor', '--profile', 'shop'], {
      env: { MYPOS_CONNECT_USERNAME: '', MYPOS_CONNECT_PASSWORD: '' },
    });
    expect(exitCode, stdout).toBe(0);
    expect(stdout).toContain(`shared through ${new URL(address).host}`);
    expect(stdout).toMatch(/ratePerSecond +5 +\(profile/);
  });
});

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writeCustomers } from '#test/e2e/customer-files.js';
import { useWorkplace } from '#test/e2e/use-workplace.js';
import { freePort } from './free-port.js';

/** apt-get install nginx-light */
const place = useWorkplace();
const concurrency = 16;

let folder = '';
let nginx: ChildProcess | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mypos-nginx-'));
});
afterEach(async () => {
  if (nginx !== undefined && nginx.exitCode === null) {
    nginx.kill('SIGQUIT');
    await once(nginx, 'exit');
  }
  rmSync(folder, { recursive: true, force: true });
});

async function answers(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  const isThere = await once(socket, 'connect').then(
    () => true,
    () => false,
  );
  socket.destroy();
  return isThere;
}

/**
 * A limit in front of the API, as a hosting company sets it.
 *
 * @param burst - how many may come together; beyond that, the answer is 429
 * @returns the address to use instead of the API's
 */
async function limitInFront(baseUrl: string, rate: number, burst: number): Promise<string> {
  const [port, api] = [await freePort(), new URL(baseUrl)];
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (kind) => `${kind}_temp_path ${join(folder, kind)};`,
  );
  writeFileSync(
    join(folder, 'nginx.conf'),
    `daemon off; pid ${join(folder, 'pid')}; error_log ${join(folder, 'error.log')} error; worker_processes 1;
    events { worker_connections 256; }
    http {
      access_log ${join(folder, 'access.log')}; ${temporary.join(' ')}
      limit_req_zone $server_name zone=api:1m rate=${rate}r/s;
      server {
        listen 127.0.0.1:${port}; server_name api;
        location / {
          limit_req zone=api burst=${burst} nodelay; limit_req_status 429;
          proxy_pass ${api.origin}; proxy_http_version 1.1; proxy_set_header Connection "";
        }
      }
    }`,
  );
  nginx = spawn('nginx', ['-p', folder, '-c', join(folder, 'nginx.conf'), '-e', join(folder, 'error.log')], {
    stdio: 'inherit',
  });
  while (!(await answers(port))) {
    if (nginx.exitCode !== null) throw new Error(readFileSync(join(folder, 'error.log'), 'utf8'));
    await wait(20);
  }
  return `http://127.0.0.1:${port}${api.pathname}`;
}

async function importThrough(rate: number, limit: number, burst: number, rows: number) {
  const { baseUrl } = await place.openApi();
  const env = { MYPOS_CONNECT_BASE_URL: await limitInFront(baseUrl, limit, burst) };
  writeCustomers(place, rows);
  const args = ['import', 'customers.csv', '--json', '--rate', String(rate), '--concurrency', String(concurrency)];
  const { stdout } = await place.run(args, { env });
  const statuses = readFileSync(join(folder, 'access.log'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => /" (\d{3}) /.exec(line)?.[1] ?? line);
  return { summary: JSON.parse(stdout), refused: statuses.filter((status) => !/^20\d$/.test(status)) };
}

describe('behind a limit_req of nginx', () => {
  it.each([
    [5, 15],
    [50, 150],
    [500, 1500],
  ])('of %i a second, an import at the same rate is never refused', async (rate, rows) => {
    // What was sent a moment apart may arrive together: as much as is on its way at once.
    const { summary, refused } = await importThrough(rate, rate, concurrency, rows);
    expect(summary).toMatchObject({ exitCode: 0, counts: { created: rows }, api: { rateLimited: 0 } });
    expect(refused).toEqual([]);
  });

  it('one that is faster than the limit is refused, waits, and loses no row', async () => {
    const { summary, refused } = await importThrough(300, 100, 1, 15);
    expect(refused.length).toBeGreaterThan(0);
    expect(new Set(refused)).toEqual(new Set(['429']));
    expect(summary).toMatchObject({ exitCode: 0, counts: { created: 15 } });
  });
});

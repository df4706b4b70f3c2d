import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { renderMetrics } from '#src/inbox/metrics-file.js';
import { openClient } from '#test/sandbox/sandbox-client.js';
import { buildLines, useInbox } from './use-inbox.js';

const inbox = useInbox();
const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

/** A program that records its input and its environment. */
function createRecorder(): {
  readonly command: readonly string[];
  readonly received: () => Record<string, unknown>[];
  readonly environment: () => string;
} {
  const script = inbox.path('keep.mjs');
  writeFileSync(
    script,
    `import { appendFileSync, writeFileSync } from 'node:fs';
     let text = ''; for await (const chunk of process.stdin) text += chunk;
     appendFileSync(process.argv[2], text); writeFileSync(process.argv[2] + '.env', JSON.stringify(process.env));`,
  );
  const kept = inbox.path('received.ndjson');
  return {
    command: [process.execPath, script, kept],
    received: () =>
      existsSync(kept)
        ? readFileSync(kept, 'utf8')
            .trim()
            .split('\n')
            .map((line) => JSON.parse(line))
        : [],
    environment: () => readFileSync(`${kept}.env`, 'utf8'),
  };
}

async function openReceiver(status = 204) {
  const bodies: unknown[] = [];
  const server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk) => {
      text += String(chunk);
    });
    request.on('end', () => {
      bodies.push(JSON.parse(text));
      response.writeHead(status).end();
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing.push(() => server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/secret-path`, bodies };
}

describe('a command to run', () => {
  it('on success gets the facts, but no secrets', async () => {
    const { command, received, environment } = createRecorder();
    vi.stubEnv('MYPOS_CONNECT_ACCESS_TOKEN_FILE', '');
    vi.stubEnv('https_proxy', 'http://clerk:proxy-password@proxy.example:3128');
    vi.stubEnv('NODE_OPTIONS', '--no-warnings');
    vi.stubEnv('LD_LIBRARY_PATH', '/nowhere');
    inbox.configure({ customers: { mapping: 'mappings.json', onSuccess: command } });
    inbox.drop('a.csv', buildLines(1, 2));
    await inbox.sweep();
    expect(received()).toMatchObject([
      { event: 'file', job: 'customers', file: 'a.csv', outcome: 'done', exitCode: 0, counts: { created: 2 } },
    ]);
    expect(environment()).not.toContain('MYPOS_CONNECT');
    expect(environment()).not.toMatch(/proxy-password|NODE_OPTIONS|LD_LIBRARY_PATH/);
    expect(environment()).toContain('http://proxy.example:3128');
    expect(environment()).not.toContain(inbox.api.password);
  });

  it('on failure is run for a row that waits for a decision once, not every night', async () => {
    const { command, received } = createRecorder();
    inbox.configure({ customers: { mapping: 'mappings.json', onFailure: command } });
    await (await openClient(inbox.api)).add({ customerName: 'Somebody', emailAddress: 'c0001@example.com' });
    inbox.drop('a.csv', buildLines(1, 3));
    const first = await inbox.sweepFor('a.csv');
    expect(first).toMatchObject({ outcome: 'done', exitCode: 4, waiting: { rows: 1, fresh: 1 } });
    expect(first?.files.review).toMatch(/a\.review\.xlsx$/);
    expect(received()).toMatchObject([{ file: 'a.csv', exitCode: 4, waiting: { rows: 1, fresh: 1 } }]);
    inbox.drop('b.csv', buildLines(1, 4));
    expect(await inbox.sweepFor('b.csv')).toMatchObject({ exitCode: 4, waiting: { rows: 1, fresh: 0 } });
    expect(received()).toHaveLength(1);
  });

  it('on failure is run for bad rows, bad files, a file that waits too long (once) and an absent folder (once)', async () => {
    const { command, received } = createRecorder();
    inbox.configure({ customers: { mapping: 'mappings.json', onFailure: command } });
    inbox.drop('good.csv', buildLines(1, 1));
    inbox.drop('rows.csv', `${buildLines(2, 1)}C-3,Bad,0800,b@example.com,much\n`);
    inbox.drop('bad.csv', 'Foo\n1\n');
    inbox.drop('cut.csv', buildLines(4, 1).trimEnd());
    await inbox.sweep({ maxWaitMs: 0 });
    await inbox.sweep({ maxWaitMs: 0 });
    inbox.rename('.', '../gone');
    for (const _ of [1, 2]) await expect(inbox.sweep()).rejects.toMatchObject({ exitCode: 3 });
    expect(received().map(({ event, file, outcome }) => [event, file, outcome])).toEqual([
      ['file', 'bad.csv', 'failed'],
      ['file', 'rows.csv', 'done'],
      ['file', 'cut.csv', 'waits'],
      ['folder', undefined, undefined],
    ]);
  });

  it('that fails is logged, and has no effect on the file', async () => {
    inbox.configure({
      customers: { mapping: 'mappings.json', onSuccess: [process.execPath, '-e', 'process.exit(3)'] },
    });
    inbox.drop('a.csv', buildLines(1, 1));
    expect(await inbox.sweepFor('a.csv')).toMatchObject({ outcome: 'done', exitCode: 0 });
    expect(inbox.log).toContainEqual(
      expect.objectContaining({ event: 'notify-failed', message: expect.stringContaining('exit code 3') }),
    );
  });
});

describe('a webhook', () => {
  it('gets the facts; its address can come from a file', async () => {
    const { url, bodies } = await openReceiver();
    writeFileSync(inbox.path('hook'), `${url}\n`);
    inbox.configure({ customers: { mapping: 'mappings.json', webhookFile: 'hook' } });
    inbox.drop('a.csv', buildLines(1, 1));
    await inbox.sweep();
    expect(bodies).toMatchObject([{ event: 'file', file: 'a.csv', outcome: 'done', exitCode: 0 }]);
    expect(JSON.stringify(bodies)).not.toContain(inbox.api.password);
  });

  it('that refuses is logged without its address', async () => {
    const { url } = await openReceiver(500);
    inbox.configure({ customers: { mapping: 'mappings.json', webhook: url } });
    inbox.drop('a.csv', buildLines(1, 1));
    await inbox.sweep();
    const logged = inbox.log.find(({ event }) => event === 'notify-failed')?.message;
    expect(logged).toContain('answered 500');
    expect(logged).not.toContain('secret-path');
  });

  it('without encryption to another machine is not called', async () => {
    inbox.configure({ customers: { mapping: 'mappings.json', webhook: 'http://example.com/hook' } });
    inbox.drop('a.csv', buildLines(1, 1));
    await inbox.sweep();
    expect(inbox.log.find(({ event }) => event === 'notify-failed')?.message).toContain('https:');
  });
});

describe('metrics', () => {
  const metricsFile = () => inbox.path('customers.prom');
  const metric = (name: string) =>
    Number(
      readFileSync(metricsFile(), 'utf8').match(
        new RegExp(`^mypos_customers_${name}(?:\\{[^}]*\\})? (\\S+)$`, 'm'),
      )?.[1],
    );

  it('show the last success, totals, requests and tokens left, and are readable by all', async () => {
    inbox.drop('a.csv', buildLines(1, 2));
    await inbox.sweep({ metricsFile: metricsFile() });
    const first = metric('last_success_timestamp_seconds');
    const requests = metric('api_requests_total');
    inbox.drop('b.csv', buildLines(3, 2));
    inbox.drop('c.csv', 'Foo\n1\n');
    await inbox.sweep({ metricsFile: metricsFile() });
    const text = readFileSync(metricsFile(), 'utf8');
    expect(text).toMatch(/^mypos_customers_rows_total\{folder="[^"]+",status="created"\} 4$/m);
    expect(text).toMatch(/^mypos_customers_files_total\{folder="[^"]+",outcome="failed"\} 1$/m);
    expect(text).toMatch(/^mypos_customers_tokens_left\{folder="[^"]+",profile="default"\} 249$/m);
    expect([metric('last_success_timestamp_seconds'), metric('last_exit_code')]).toEqual([first, 2]);
    expect(metric('last_sweep_timestamp_seconds')).toBeGreaterThan(first);
    expect(metric('api_requests_total')).toBeGreaterThan(requests);
    expect(statSync(metricsFile()).mode & 0o777).toBe(0o644);
  });

  it('of several folders and jobs never contain a series twice, which the collector would reject', async () => {
    const other = inbox.path('other');
    mkdirSync(other);
    inbox.configure({
      one: { files: 'one-*.csv', folder: 'drop', mapping: 'mappings.json' },
      two: { files: 'two-*.csv', folder: 'drop', mapping: 'mappings.json' },
      rest: { files: '*.csv', mapping: 'mappings.json' },
    });
    inbox.drop('one-a.csv', buildLines(1, 2));
    inbox.drop('two-a.csv', buildLines(3, 3));
    const files = ['whole', 'elsewhere', 'one', 'two'].map((name) => inbox.path(`${name}.prom`));
    await inbox.sweep({ metricsFile: files[2]!, job: 'one' });
    await inbox.sweep({ metricsFile: files[3]!, job: 'two' });
    await inbox.sweep({ metricsFile: files[1]!, folder: other });
    await inbox.sweep({ metricsFile: files[0]! });
    const series = files.flatMap((file) => readFileSync(file, 'utf8').match(/^mypos_customers_\S+(?= )/gm) ?? []);
    expect(series.length).toBeGreaterThan(40);
    expect(series.filter((name, at) => series.indexOf(name) !== at)).toEqual([]);
    const created = (at: number) =>
      /rows_total\{[^}]*status="created"\} (\d+)/.exec(readFileSync(files[at]!, 'utf8'))?.[1];
    // Each job counts its own runs; the folder counts the sweeps of all its jobs.
    expect([created(2), created(3), created(0)]).toEqual(['2', '3', '0']);
  });

  it('escape the values of labels', () => {
    const values = [{ labels: { folder: 'a"b\\c\nd' }, value: 1 }];
    expect(renderMetrics([{ name: 'n', help: 'H.', type: 'gauge', values }])).toBe(
      '# HELP n H.\n# TYPE n gauge\nn{folder="a\\"b\\\\c\\nd"} 1\n',
    );
  });
});

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { resolve } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { runExportJob } from '#src/app/export/export-job.js';
import { findJob } from '#src/config/jobs.js';
import { buildLines, useInbox } from '#test/inbox/use-inbox.js';
import { freePort } from './free-port.js';

/** apt-get install prometheus */
const inbox = useInbox();
const rules = resolve('deploy/prometheus/mypos-customers.rules.yml');
const ending: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ending.splice(0)) await end();
});

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly { readonly expr: string }[];
}

const dashboard = JSON.parse(readFileSync('deploy/grafana/mypos-customers.json', 'utf8')) as {
  readonly uid: string;
  readonly panels: readonly Panel[];
};

/** The queries of the dashboard, as Grafana sends them when everything is chosen. */
const queries = dashboard.panels.flatMap(({ title, targets = [] }) =>
  targets.map(({ expr }) => [title, expr.replaceAll(/\$(?:instance|folder)\b/g, '.*')] as const),
);

/** Metrics of a drop folder and of an export job, as the textfile collector reads them. */
async function writeMetrics(): Promise<readonly string[]> {
  const files = ['sweep', 'export'].map((name) => inbox.path(`${name}.prom`));
  inbox.drop('a.csv', buildLines(1, 3));
  await inbox.sweep({ metricsFile: files[0]! });
  inbox.drop('b.csv', `${buildLines(4, 1)}C-9,Bad,0800,bad@example.com,much\n`);
  await inbox.sweep({ metricsFile: files[0]! });
  const config = inbox.path('mypos-customers.json');
  writeFileSync(config, JSON.stringify({ jobs: { nightly: { kind: 'export', output: 'out.csv' } } }));
  const job = findJob(config, 'nightly');
  if (job.kind !== 'export') throw new Error('It is an export.');
  const settings = { config, baseUrl: inbox.api.baseUrl, stateDir: inbox.path('state'), rate: 'unlimited' };
  await runExportJob({ job, settings, metricsFile: files[1]! }, () => undefined);
  return files;
}

/** node_exporter, as far as Prometheus is concerned. */
async function serve(files: readonly string[]): Promise<number> {
  const server = createServer((_, response) => {
    const text = files.map((file) => readFileSync(file, 'utf8')).join('');
    response
      .writeHead(200, { 'content-type': 'text/plain; version=0.0.4' })
      .end(`${text}node_textfile_scrape_error 0\n`);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  ending.push(async () => server.close());
  return (server.address() as AddressInfo).port;
}

/** A Prometheus that scrapes the port and evaluates the rules. @returns a way to ask its API */
async function startPrometheus(target: number): Promise<(path: string) => Promise<unknown>> {
  const port = await freePort();
  const scrape = { job_name: 'node', static_configs: [{ targets: [`127.0.0.1:${target}`] }] };
  const config = {
    global: { scrape_interval: '1s', evaluation_interval: '1s' },
    rule_files: [rules],
    scrape_configs: [scrape],
  };
  writeFileSync(inbox.path('prometheus.yml'), JSON.stringify(config));
  const prometheus: ChildProcess = spawn(
    'prometheus',
    [
      `--config.file=${inbox.path('prometheus.yml')}`,
      `--storage.tsdb.path=${inbox.path('tsdb')}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  const ended = once(prometheus, 'exit');
  ending.push(async () => {
    prometheus.kill('SIGKILL');
    await ended;
  });
  prometheus.stderr?.resume();
  return async (path) => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`);
    const document = (await response.json()) as {
      readonly status: string;
      readonly data: unknown;
      readonly error?: string;
    };
    if (document.status !== 'success') throw new Error(`${path}: ${document.error}`);
    return document.data;
  };
}

type Ask = Awaited<ReturnType<typeof startPrometheus>>;

async function query(ask: Ask, expression: string): Promise<readonly { readonly value: readonly [number, string] }[]> {
  const data = (await ask(`/api/v1/query?query=${encodeURIComponent(expression)}`)) as {
    readonly result: readonly { readonly value: readonly [number, string] }[];
  };
  return data.result;
}

const patience = { timeout: 60_000, interval: 250 } as const;

describe('monitoring', () => {
  it('has alert rules that promtool finds right, and that fire when and only when they should', () => {
    expect(execFileSync('promtool', ['check', 'rules', rules], { encoding: 'utf8' })).toContain('12 rules found');
    const tests = resolve('deploy/prometheus/mypos-customers.rules.test.yml');
    expect(execFileSync('promtool', ['test', 'rules', tests], { encoding: 'utf8' })).toContain('SUCCESS');
  });

  it('writes metrics that promtool finds right', async () => {
    for (const file of await writeMetrics())
      execFileSync('promtool', ['check', 'metrics'], { input: readFileSync(file), stdio: ['pipe', 'pipe', 'inherit'] });
  });

  it('has a dashboard and rules whose every query a real Prometheus answers from our metrics', async () => {
    const ask = await startPrometheus(await serve(await writeMetrics()));
    // Two samples, because rates need them.
    await expect
      .poll(async () => {
        const counted = await query(ask, 'count_over_time(mypos_customers_export_last_exit_code[5m])').catch(() => []);
        return Number(counted[0]?.value[1] ?? 0);
      }, patience)
      .toBeGreaterThanOrEqual(2);
    const unanswered: string[] = [];
    for (const [title, expression] of queries)
      if ((await query(ask, expression)).length === 0) unanswered.push(`${title}: ${expression}`);
    expect(unanswered).toEqual([]);
    expect(queries.length).toBeGreaterThan(15);
    const readRules = async () => {
      const { groups } = (await ask('/api/v1/rules')) as {
        readonly groups: readonly { readonly rules: readonly { readonly name: string; readonly health: string }[] }[];
      };
      return groups.flatMap((group) => group.rules.map(({ health }) => health));
    };
    await expect.poll(readRules, patience).toEqual(Array(12).fill('ok'));
  });

  it('has a dashboard whose panels have their own ids and places', () => {
    const panels = dashboard.panels.filter(({ type }) => type !== 'row');
    expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length);
    const overlaps = panels.flatMap(({ title, gridPos: a }, at) =>
      panels.slice(at + 1).flatMap(({ title: other, gridPos: b }) => {
        const isApart = a.x + a.w <= b.x || b.x + b.w <= a.x || a.y + a.h <= b.y || b.y + b.h <= a.y;
        return isApart ? [] : [`${title} / ${other}`];
      }),
    );
    expect(overlaps).toEqual([]);
  });
});

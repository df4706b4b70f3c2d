import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ExportJobSummary } from '#src/app/export/export-job.js';
import { dropFolder, quick } from '#test/inbox/drop-folder.js';
import { fast, writeMapping } from './customer-files.js';
import { mainFile } from './run-command-line.js';
import { useWorkplace } from './use-workplace.js';

const place = useWorkplace();

function configure(jobs: Readonly<Record<string, object>>): void {
  place.write('mypos-customers.json', JSON.stringify({ jobs }));
}

async function runJson(job: string, args: readonly string[] = []) {
  const finished = await place.run(['run', job, ...fast, '--json', ...args]);
  expect(finished.stdout, finished.stderr).not.toBe('');
  return { ...finished, summary: JSON.parse(finished.stdout) as ExportJobSummary };
}

/** A program that appends the facts that it gets to `facts.ndjson`. */
function createReceiver(): readonly string[] {
  const script = place.write(
    'receive.mjs',
    `import { appendFileSync } from 'node:fs';
     for await (const chunk of process.stdin) appendFileSync(process.argv[2], chunk);`,
  );
  return [process.execPath, script, place.path('facts.ndjson')];
}

const readFacts = () =>
  place
    .read('facts.ndjson')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

const filesIn = (folder: string) => readdirSync(place.path(folder)).sort();

describe('an export job', () => {
  it('writes the file with the columns, filter and order of the job, and with the date in its name', async () => {
    const api = await place.openApi();
    await api.seed(22);
    mkdirSync(place.path('out'));
    configure({
      nightly: {
        ...{ kind: 'export', output: 'out/customers-{date}.txt', format: 'csv', fields: ['customerCode', 'active'] },
        ...{ active: true, sort: 'customerCode:desc', pageSize: 10, bom: true },
      },
    });
    const { exitCode, summary } = await runJson('nightly');
    expect(exitCode).toBe(0);
    const [name = ''] = filesIn('out');
    expect(name).toMatch(/^customers-\d{4}-\d\d-\d\d\.txt$/);
    expect(filesIn('out')).toEqual([name, `${name}.manifest.json`]);
    const lines = place.read(`out/${name}`).split('\n');
    expect(lines.slice(0, 2)).toEqual(['\uFEFFcustomerCode,active', '0000022,true']);
    expect(lines).toHaveLength(22);
    expect(summary).toMatchObject({ command: 'run', job: 'nightly', outcome: 'done', exitCode: 0, reason: null });
    expect(summary.output).toMatchObject({ file: place.path(`out/${name}`), rows: 20, apiTotal: 22, watermark: null });
    expect(summary.filters).toMatchObject({ activeOnly: true, sort: 'customerCode:desc' });
  });

  it('uses its mapping and the details of customers, and names the file by the time zone of this machine', async () => {
    const api = await place.openApi();
    await api.seed(2);
    writeMapping(place, { version: 1, fields: { customerCode: 'Code', cC_001: 'Old number' } });
    configure({ full: { kind: 'export', output: '{date}-{time}.csv', mapping: 'mappings.json', full: true } });
    const before = new Date(Date.now() + 14 * 3_600_000).toISOString().slice(0, 10);
    const finished = await place.run(['run', 'full', ...fast], { env: { TZ: 'Etc/GMT-14' } });
    const after = new Date(Date.now() + 14 * 3_600_000).toISOString().slice(0, 10);
    expect(finished.exitCode, finished.stderr).toBe(0);
    const name = filesIn('.').find((file) => file.endsWith('.csv')) ?? '';
    expect(name).toMatch(/^\d{4}-\d\d-\d\d-\d{6}\.csv$/);
    expect([before, after]).toContain(name.slice(0, 10));
    expect(place.read(name)).toBe('Code,Old number\n0000001,L-000000\n0000002,L-000001\n');
    expect(finished.stdout).toContain(`File: ${place.path(name)}`);
  });

  it('that exports changes has its own watermark, which moves only when a file was delivered', async () => {
    const api = await place.openApi();
    await api.seed(3);
    const job = { kind: 'export', fields: 'customerCode', changedSince: 'last' };
    configure({ one: { ...job, output: 'one.csv' }, two: { ...job, output: 'two-{time}.csv' } });
    expect((await runJson('one')).summary.output?.rows).toBe(3);
    const blocked = await runJson('one');
    expect([blocked.exitCode, blocked.summary.reason?.code]).toEqual([2, 'FILE_EXISTS']);
    expect(blocked.summary.reason?.nextStep).toContain('"force": true');
    expect(blocked.summary.reason?.nextStep).not.toContain('--force');
    expect(place.read('one.csv').trim().split('\n')).toHaveLength(4);
    await api.seed(2);
    configure({ one: { ...job, output: 'one.csv', force: true }, two: { ...job, output: 'two-{time}.csv' } });
    const again = await runJson('one');
    expect([again.exitCode, again.summary.output?.rows]).toEqual([0, 2]);
    expect(again.summary.output?.watermark).not.toBeNull();
    expect(place.read('one.csv')).toBe('customerCode\n0000004\n0000005\n');
    expect((await runJson('two')).summary.output?.rows).toBe(5);
  });

  it('delivers after an outage what could not be delivered during it', async () => {
    const api = await place.openApi();
    await api.seed(2);
    configure({ one: { kind: 'export', output: '{date}{time}.csv', changedSince: 'last' } });
    const url = { MYPOS_CONNECT_BASE_URL: 'http://127.0.0.1:9' };
    const away = await place.run(['run', 'one', ...fast, '--json', '--timeout', '1'], { env: url });
    expect(away.exitCode).not.toBe(0);
    expect(filesIn('.').filter((name) => name.endsWith('.csv'))).toEqual([]);
    expect((await runJson('one')).summary.output?.rows).toBe(2);
  }, 60_000);
});

describe('an export job reports', () => {
  it('success and failure by program and webhook, without any secret', async () => {
    const api = await place.openApi();
    await api.seed(2);
    const bodies: string[] = [];
    const server = createServer((request, response) => {
      request.on('data', (chunk) => bodies.push(String(chunk)));
      request.on('end', () => response.writeHead(204).end());
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const webhook = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
    const command = createReceiver();
    configure({ one: { kind: 'export', output: 'one.csv', onSuccess: command, onFailure: command, webhook } });
    expect((await place.run(['run', 'one', ...fast])).exitCode).toBe(0);
    expect((await place.run(['run', 'one', ...fast])).exitCode).toBe(2);
    server.close();
    expect(readFacts()).toMatchObject([
      { event: 'export', job: 'one', file: place.path('one.csv'), outcome: 'done', exitCode: 0, output: { rows: 2 } },
      { event: 'export', job: 'one', file: null, outcome: 'failed', exitCode: 2, reason: { code: 'FILE_EXISTS' } },
    ]);
    expect(bodies.map((body) => JSON.parse(body))).toEqual(readFacts());
    expect(bodies.join()).not.toContain(api.password);
  });

  it('a job with a wrong set-up: a missing mapping or profile, or an unknown key', async () => {
    const api = await place.openApi();
    await api.seed(1);
    const onFailure = createReceiver();
    const job = { kind: 'export', output: 'x.csv', onFailure };
    configure({
      mapping: { ...job, mapping: 'gone.json' },
      profile: { ...job, profile: 'gone' },
      sort: { ...job, sort: 'a b' },
      since: { ...job, changedSince: 'yesterday' },
      word: { ...job, output: 'x-{dat}.csv' },
      folder: { ...job, output: '{month}/x.csv' },
      format: { ...job, output: 'x' },
      fields: { ...job, fields: ['customrCode'] },
    });
    const names = ['mapping', 'profile', 'sort', 'since', 'word', 'folder', 'format', 'fields'];
    const ends = await Promise.all(names.map((name) => place.run(['run', name, ...fast])));
    expect(ends.map(({ exitCode }) => exitCode)).toEqual(names.map(() => 2));
    expect(
      readFacts()
        .map(({ job }) => job)
        .sort(),
    ).toEqual([...names].sort());
    for (const { stderr } of ends) expect(stderr).toMatch(/^Error: /m);
    expect(ends[4]?.stderr).toContain('date');
    expect(ends.map(({ stderr }) => stderr).join()).not.toContain('Bug');
  }, 60_000);

  it('each event as one line of JSON, and metrics that any collector can read', async () => {
    const api = await place.openApi();
    await api.seed(2);
    configure({ one: { kind: 'export', output: 'one.csv' } });
    const args = ['--log-format', 'json', '--metrics-file', 'one.prom', '--quiet'];
    const first = await place.run(['run', 'one', ...fast, ...args, '--log-file', 'one.log']);
    expect([first.exitCode, first.stdout, first.stderr]).toEqual([0, '', '']);
    const events = () =>
      place
        .read('one.log')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line));
    expect(events().map(({ event }) => event)).toEqual(['export-started', 'export-done']);
    const success = /last_success_timestamp_seconds\{job="one"\} (\S+)/.exec(place.read('one.prom'))?.[1];
    expect(place.read('one.prom')).toContain('mypos_customers_export_last_rows{job="one"} 2');
    const second = await place.run(['run', 'one', ...fast, ...args, '--log-file', 'one.log']);
    expect([second.exitCode, second.stdout]).toEqual([2, '']);
    expect(second.stderr).toContain('already exists');
    expect(events().at(-1)).toMatchObject({ event: 'export-failed', level: 'error', exitCode: 2, job: 'one' });
    const metrics = place.read('one.prom');
    expect(metrics).toContain('mypos_customers_export_last_exit_code{job="one"} 2');
    expect(metrics).toContain('mypos_customers_export_runs_total{job="one",outcome="done"} 1');
    expect(metrics).toContain('mypos_customers_export_runs_total{job="one",outcome="failed"} 1');
    expect(metrics).toContain(`last_success_timestamp_seconds{job="one"} ${success}`);
    expect(metrics).toMatch(/tokens_left\{job="one"\} \d+/);
  });
});

describe('run', () => {
  it('ends at once with exit code 75 and without output while the export job is running', async () => {
    const api = await place.openApi();
    await api.seed(40);
    configure({ slow: { kind: 'export', output: 'slow.csv', full: true } });
    const first = place.start(['run', 'slow', '--rate', '8', '--concurrency', '1']);
    await first.saw('export to');
    const second = await place.run(['run', 'slow', ...fast]);
    expect([second.exitCode, second.stdout, second.stderr]).toEqual([75, '', '']);
    first.signal('SIGTERM');
    const end = await first.finished;
    expect(end.exitCode).toBe(143);
    expect(end.stderr).toContain('was stopped');
    expect(existsSync(place.path('slow.csv'))).toBe(false);
    expect((await place.run(['run', 'slow', ...fast])).exitCode).toBe(0);
  }, 60_000);

  it('after a SIGKILL in the middle delivers the whole file and leaves no other file', async () => {
    const api = await place.openApi();
    await api.seed(40);
    mkdirSync(place.path('out'));
    configure({ slow: { kind: 'export', output: 'out/slow.csv', full: true, changedSince: 'last' } });
    const first = place.start(['run', 'slow', '--rate', '20', '--concurrency', '1']);
    await first.saw('export to');
    while (api.requests().length < 10) await new Promise((done) => setTimeout(done, 20));
    first.signal('SIGKILL');
    await first.finished;
    const { exitCode, summary } = await runJson('slow');
    expect([exitCode, summary.output?.rows]).toEqual([0, 40]);
    expect(filesIn('out').filter((name) => !name.includes('.part'))).toEqual(['slow.csv', 'slow.csv.manifest.json']);
  }, 60_000);

  it.each([['--dry-run'], ['--adopt'], ['--keep-days', '3'], ['--mode', 'add'], ['--quiet-for', '1']])(
    'refuses %s for an export job',
    async (...option) => {
      await place.openApi();
      configure({ one: { kind: 'export', output: 'one.csv' } });
      const { exitCode, stderr } = await place.run(['run', 'one', ...option]);
      expect([exitCode, stderr]).toEqual([2, expect.stringContaining(`${option[0]} is for drop folders`)]);
    },
  );
});

describe('a sweep', () => {
  it('ignores the export jobs of its configuration', async () => {
    const folder = await dropFolder(place);
    folder.drop('a.csv', 1, 2);
    configure({ nightly: { kind: 'export', output: 'out.csv' } });
    const { exitCode, files } = await folder.sweepJson();
    expect([exitCode, files[0]?.job, files[0]?.outcome]).toEqual([0, 'default', 'done']);
    folder.drop('b.csv', 3, 2);
    configure({ nightly: { kind: 'export', output: 'out.csv' }, drop: { mapping: 'mappings.json' } });
    expect((await folder.sweepJson()).files).toMatchObject([{ file: 'b.csv', job: 'drop', outcome: 'done' }]);
    expect(existsSync(place.path('out.csv'))).toBe(false);
  });
});

describe('a watch', () => {
  it('ignores the export jobs of its configuration in every pass, also those whose folder is missing', async () => {
    const folder = await dropFolder(place);
    configure({
      nightly: { kind: 'export', output: 'out.csv' },
      broken: { kind: 'export', output: 'no/such/folder/out.csv', changedSince: 'last' },
      drop: { mapping: 'mappings.json' },
    });
    const watching = place.start(['watch', 'drop', ...quick, '--every', '0.05', '--json']);
    await watching.saw('watch of');
    for (const [name, from] of [
      ['a.csv', 1],
      ['b.csv', 3],
    ] as const) {
      folder.drop(name, from, 2);
      await watching.saw(`${name} is done`);
    }
    watching.signal('SIGTERM');
    const { exitCode, stdout, stderr } = await watching.finished;
    expect([exitCode, JSON.parse(stdout).files.map(({ job }: { job: string }) => job)]).toEqual([
      143,
      ['drop', 'drop'],
    ]);
    expect(stderr).not.toMatch(/export|nightly|broken/);
    expect(place.files().filter((name) => name.includes('out.csv'))).toEqual([]);
    // Each of the two imports asks twice who is there before it adds anybody; an export would ask more.
    expect(folder.api.requests().filter(({ method }) => method === 'GET').length).toBeLessThanOrEqual(4);
    folder.expectCustomers(4);
  });

  it('of a folder that has only export jobs takes files as if there were no jobs', async () => {
    const folder = await dropFolder(place);
    configure({ nightly: { kind: 'export', output: 'out.csv' } });
    const watching = place.start(['watch', 'drop', ...quick, '--every', '0.05']);
    folder.drop('a.csv', 1, 2);
    await watching.saw('a.csv is done');
    watching.signal('SIGTERM');
    expect((await watching.finished).exitCode).toBe(143);
    expect(existsSync(place.path('out.csv'))).toBe(false);
    folder.expectCustomers(2);
  });
});

describe('the page about jobs', () => {
  it('has a configuration and a crontab line that work as they stand', async () => {
    const api = await place.openApi();
    await api.seed(3);
    writeMapping(place, { version: 1, fields: { customerCode: 'Code' } });
    const page = readFileSync('docs/nightly-folder.md', 'utf8').split('## Export jobs')[1] ?? '';
    const block = (language: string) => new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``).exec(page)?.[1] ?? '';
    mkdirSync(place.path('exports'));
    place.write('mypos-customers.json', block('json').replaceAll('/srv/exports', place.path('exports')));
    place.write('password', api.password);
    mkdirSync(place.path('bin'));
    const program = join(place.path('bin'), 'mypos-customers');
    writeFileSync(program, `#!/bin/sh\nexec '${process.execPath}' '${mainFile}' "$@"\n`);
    chmodSync(program, 0o755);
    const line = block('crontab')
      .trim()
      .replace(/^(?:\S+ ){5}/, '')
      .replace('/usr/local/bin', place.path('bin'))
      .replace('api-user@example.com', api.username)
      .replace('/etc/mypos-customers/password', place.path('password'))
      .replace('/etc/mypos-customers/mypos-customers.json', place.path('mypos-customers.json'));
    const child = spawn('/bin/sh', ['-c', `MYPOS_CONNECT_BASE_URL=${api.baseUrl} ${line}`], {
      cwd: place.path('home'),
      env: { HOME: place.path('home'), PATH: '/usr/bin:/bin' },
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk) => {
        output += String(chunk);
      });
    const [code] = await once(child, 'close');
    expect([code, output]).toEqual([0, '']);
    expect(filesIn('exports')[0]).toMatch(/^customers-\d{4}-\d\d-\d\d\.xlsx$/);
    expect((await place.run(['run', 'changes', ...fast])).exitCode).toBe(0);
    expect(filesIn('exports').filter((name) => /^changes-[-\d]+\.csv$/.test(name))).toHaveLength(1);
  });
});

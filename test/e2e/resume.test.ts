import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, renameSync, rmSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Sandbox } from '#src/sandbox/start-sandbox.js';
import { killAt } from '#test/crash/kill-at.js';
import {
  customerFile,
  customerLines,
  fast,
  keyedMapping,
  readResults,
  saveLater,
  writeCustomers,
  writeMapping,
} from './customer-files.js';
import { mainFile } from './run-command-line.js';
import { useWorkplace } from './use-workplace.js';

const place = useWorkplace();
const settled = [...fast, '--settle', '0.1'];
const rows = 12;

/** An import that was killed with some rows done and one on its way. */
async function killedImport(): Promise<Sandbox> {
  const api = await place.openApi();
  writeCustomers(place, rows);
  const { killedBy } = await place.run(['import', ...settled, 'customers.csv'], { env: killAt('after-send:6') });
  expect(killedBy).toBe('SIGKILL');
  return api;
}

function adds(api: Sandbox): number {
  return api.requests().filter(({ method, path }) => method === 'POST' && path.endsWith('/customers')).length;
}

describe('resume', () => {
  it('finishes a killed run: no row is sent again, and its file is as if nothing had happened', async () => {
    const api = await killedImport();
    const { exitCode, stdout } = await place.run(['resume', ...settled, '--json']);
    const summary = JSON.parse(stdout);
    expect(summary).toMatchObject({ command: 'import', status: 'completed', counts: { created: rows } });
    expect([exitCode, api.customers().length, adds(api)]).toEqual([0, rows, rows]);
    const results = readResults(place.read('customers.results.csv'));
    expect(results.map((row) => [row._status, row._run, row.No])).toEqual(
      customerLines(rows).map((line) => ['created', summary.run, line.split(',')[0]]),
    );
  });

  it('recognises repeats of rows that were settled before, by the match fields', async () => {
    const api = await place.openApi();
    const { key: _, ...unkeyed } = keyedMapping;
    // The repeats are read in a later batch than the one of the kill.
    const many = 1_200;
    const lines = customerLines(many);
    const [second = ''] = lines.slice(1);
    place.write('customers.csv', customerFile([...lines, second, second.replace('Customer 0002', 'Somebody else')]));
    writeMapping(place, { ...unkeyed, mode: 'upsert', match: ['emailAddress'], ignore: ['No'] });
    await place.run(['import', ...settled, 'customers.csv'], { env: killAt('after-send:6') });
    const { exitCode } = await place.run(['resume', ...settled]);
    expect([exitCode, api.customers().length, adds(api)]).toEqual([4, many, many]);
    const results = readResults(place.read('customers.results.csv')).slice(many);
    expect(results.map((row) => [row._status, row._errorCode])).toEqual([
      ['skipped', 'SAME_AS_ROW'],
      ['invalid', 'MATCH_REPEATED'],
    ]);
  });

  it('spends no call on rows that are settled', async () => {
    const api = await killedImport();
    await place.run(['resume', ...settled]);
    api.clearRequests();
    const again = await place.run(['resume', ...settled, '--json']);
    expect([again.exitCode, JSON.parse(again.stdout), api.requests()]).toEqual([0, null, []]);
  });

  it('says so when there is nothing to resume, or nothing more of a run', async () => {
    await place.openApi();
    const none = await place.run(['resume']);
    expect([none.exitCode, none.stdout]).toEqual([0, 'There is no unfinished run.\n']);
    writeCustomers(place, 1);
    const { stdout } = await place.run(['import', ...fast, 'customers.csv', '--json']);
    const { run } = JSON.parse(stdout);
    const finished = await place.run(['resume', run]);
    expect([finished.exitCode, finished.stdout]).toEqual([0, `Run ${run} is finished.\n`]);
  });

  it('takes the run that was cut short before a later one of which only some rows failed', async () => {
    const api = await killedImport();
    api.setFaults([{ name: '503', on: 'detail' }]);
    place.write('other.csv', customerFile(['C-0001,Other name,,,5']));
    await place.run(['import', ...settled, 'other.csv', '--mode', 'update']);
    api.setFaults([]);
    const first = await place.run(['resume', ...settled, '--json']);
    const second = await place.run(['resume', ...settled, '--json']);
    expect([JSON.parse(first.stdout), JSON.parse(second.stdout)]).toMatchObject([
      { input: { file: 'customers.csv' }, exitCode: 0 },
      { input: { file: 'other.csv' }, exitCode: 0, counts: { updated: 1 } },
    ]);
  });

  it('skips a run whose file is gone, and says so; when no other run is left, it says what can be done without the file', async () => {
    const api = await killedImport();
    place.write('other.csv', customerFile(['C-0001,Other name,,,5']));
    api.setFaults([{ name: '503', on: 'detail' }]);
    await place.run(['import', ...settled, 'other.csv', '--mode', 'update']);
    api.setFaults([]);
    renameSync(place.path('customers.csv'), place.path('elsewhere.csv'));
    const first = await place.run(['resume', ...settled, '--json']);
    expect(JSON.parse(first.stdout)).toMatchObject({ input: { file: 'other.csv' }, exitCode: 0 });
    expect(first.stderr).toMatch(/can no longer be read.*Continuing run/s);
    const second = await place.run(['resume', ...settled]);
    expect([second.exitCode, second.stderr]).toEqual([8, expect.stringMatching(/INPUT_GONE.*reconcile \S+/s)]);
    renameSync(place.path('elsewhere.csv'), place.path('customers.csv'));
    expect((await place.run(['resume', ...settled])).exitCode).toBe(0);
    expect(api.customers()).toHaveLength(rows);
  });

  it('continues after --max-failures with the limit of its own command line', async () => {
    const api = await place.openApi({ faults: [{ name: '400', on: 'add', when: { first: 2 } }] });
    writeCustomers(place, rows);
    const args = ['--max-failures', '1', '--concurrency', '1'];
    const first = await place.run(['import', ...fast, 'customers.csv', ...args]);
    expect([first.exitCode, first.stdout]).toEqual([
      5,
      expect.stringMatching(/2 of the first .* failed.*resume \S+ --max-failures/s),
    ]);
    const same = await place.run(['resume', ...fast]);
    expect([same.exitCode, adds(api)]).toEqual([5, 2]);
    const more = await place.run(['resume', ...fast, '--max-failures', '5']);
    expect([more.exitCode, api.customers().length]).toEqual([4, rows - 2]);
  });

  it('continues when the network is available again', async () => {
    const api = await place.openApi({
      faults: [{ name: 'reset', on: 'any', when: { nth: Array.from({ length: 14 }, (_, at) => at + 7) } }],
    });
    writeCustomers(place, rows);
    const first = await place.run(['import', ...settled, 'customers.csv', '--concurrency', '1']);
    expect(first.exitCode).toBe(5);
    api.setFaults([]);
    await saveLater(api);
    const { exitCode } = await place.run(['resume', ...settled]);
    expect([exitCode, api.customers().length]).toEqual([0, rows]);
  });

  it('keeps what is known of a row when its second request is cancelled', async () => {
    const api = await place.openApi({ faults: [{ name: '503', on: 'add' }] });
    // In an account that looks empty, the second would wait until the list has shown the first.
    await api.seed(1);
    writeCustomers(place, 2);
    // Both are proved absent; then the API asks for an hour of patience before it takes them.
    await place.run(['import', ...settled, 'customers.csv']);
    await saveLater(api);
    api.setFaults([{ name: '429', on: 'add', retryAfterSeconds: 3600 }]);
    const { exitCode } = await place.run(['resume', ...settled]);
    expect(exitCode).toBe(5);
    expect(readResults(place.read('customers.results.csv')).map((row) => row._status)).toEqual(['failed', 'failed']);
  });
});

describe('resume refuses, and names what has changed, when', () => {
  it.each([
    [
      'the input has changed',
      () => place.write('customers.csv', customerFile(customerLines(rows + 1))),
      8,
      'customers.csv has changed',
    ],
    [
      'the mapping has changed',
      () => writeMapping(place, { ...keyedMapping, mode: 'upsert' }),
      8,
      'mappings.json has changed',
    ],
    ['the input is gone', () => rmSync(place.path('customers.csv')), 8, 'customers.csv'],
  ])('%s', async (_name, change, code, says) => {
    const api = await killedImport();
    const sent = adds(api);
    change();
    const { exitCode, stderr } = await place.run(['resume', ...settled]);
    expect([exitCode, adds(api)]).toEqual([code, sent]);
    expect(stderr).toContain(says);
    // What is in doubt can be settled all the same, as the advice says.
    await saveLater(api);
    const { exitCode: reconciled, stdout } = await place.run(['reconcile', ...settled, '--json']);
    expect([reconciled, JSON.parse(stdout)]).toMatchObject([5, { status: 'stopped', counts: { in_doubt: 0 } }]);
  });

  it('the run belongs to another login', async () => {
    const api = await killedImport();
    const runs = await place.run(['runs', '--json']);
    const { run } = JSON.parse(runs.stdout)[0];
    const env = { MYPOS_CONNECT_USERNAME: 'other@example.com' };
    const { exitCode, stderr } = await place.run(['resume', run], { env });
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining(`belongs to ${api.username}`)]);
  });
});

describe('runs', () => {
  const listed = async () => {
    const { stdout } = await place.run(['runs', '--json']);
    return JSON.parse(stdout)[0];
  };

  it('shows a run in progress as running, and a killed run as interrupted', async () => {
    await place.openApi({ faults: [{ name: 'hang', on: 'add', when: { nth: [3] } }] });
    writeCustomers(place, rows);
    const importing = place.start(['import', ...fast, 'customers.csv']);
    await expect.poll(listed, { timeout: 20_000 }).toMatchObject({ status: 'running', exitCode: null });
    importing.signal('SIGKILL');
    await importing.finished;
    expect(await listed()).toMatchObject({ status: 'interrupted', exitCode: null });
    const { stdout } = await place.run(['runs']);
    expect(stdout).toContain('interrupted');
  });

  it.runIf(process.platform === 'linux')(
    'knows a killed one also when nobody asks the system how it ended',
    async () => {
      await place.openApi({ faults: [{ name: 'hang', on: 'add', when: { nth: [1] } }] });
      writeCustomers(place, rows);
      // The parent of the import becomes a sleep, which never asks.
      const script = '"$0" "$1" import customers.csv --quiet & echo $!; exec sleep 60';
      const env = { PATH: process.env.PATH ?? '', ...place.environment() };
      const parent = spawn('sh', ['-c', script, process.execPath, mainFile], { cwd: place.path('.'), env });
      const [pid] = await once(parent.stdout, 'data');
      await expect.poll(listed, { timeout: 20_000 }).toMatchObject({ status: 'running' });
      process.kill(Number(String(pid)), 'SIGKILL');
      await expect.poll(listed, { timeout: 20_000 }).toMatchObject({ status: 'interrupted' });
      expect(readFileSync(`/proc/${Number(String(pid))}/stat`, 'utf8')).toContain(' Z ');
      parent.kill('SIGKILL');
    },
  );
});

describe('runs show --results', () => {
  it('writes the very same file again, read as the mapping says', async () => {
    await place.openApi();
    writeMapping(place, { ...keyedMapping, source: { headerRow: 3 } });
    place.write('customers.csv', `Made by hand\n\n${customerFile(customerLines(2))}`);
    const { stdout } = await place.run(['import', ...fast, 'customers.csv', '--json']);
    const shown = await place.run(['runs', 'show', JSON.parse(stdout).run, '--results', 'again.csv']);
    expect(shown.exitCode).toBe(0);
    expect(place.read('again.csv')).toBe(place.read('customers.results.csv'));
  });
});

describe('an import of a file whose run was killed', () => {
  it('is not started again: it names the run and how to continue it', async () => {
    const api = await killedImport();
    const { exitCode, stderr } = await place.run(['import', ...settled, 'customers.csv']);
    expect([exitCode, stderr]).toEqual([8, expect.stringMatching(/It was killed.*mypos-customers resume \S+/s)]);
    expect(adds(api)).toBeLessThan(rows);
  });
});

describe.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)('%s', (signal, code) => {
  it('once finishes the requests in progress; nothing is in doubt, and the run can be resumed', async () => {
    const api = await place.openApi({ faults: [{ name: 'latency-after-commit', on: 'add', ms: 300 }] });
    writeCustomers(place, rows);
    const running = place.start(['import', ...settled, 'customers.csv', '--json']);
    await untilAdded(api, 5);
    running.signal(signal);
    const { exitCode, stdout, stderr } = await running.finished;
    const { counts, stopped } = JSON.parse(stdout);
    expect([exitCode, counts.in_doubt, counts.created]).toEqual([code, 0, api.customers().length]);
    expect([stderr, stopped.nextStep]).toEqual([
      expect.stringContaining(`${signal}: finishing`),
      expect.stringContaining('resume'),
    ]);
    const { exitCode: resumed } = await place.run(['resume', ...settled]);
    expect([resumed, api.customers().length, adds(api)]).toEqual([0, rows, rows]);
  });

  it('twice ends at once, and the run can be resumed without creating a customer twice', async () => {
    const api = await place.openApi({
      faults: [{ name: 'hang-after-commit', on: 'add', when: { nth: [5, 6, 7, 8] } }],
    });
    writeCustomers(place, rows);
    const running = place.start(['import', ...settled, 'customers.csv']);
    await untilAdded(api, 8);
    running.signal(signal);
    await running.saw('finishing the requests in flight');
    running.signal(signal);
    expect((await running.finished).exitCode).toBe(code);
    api.setFaults([]);
    const { exitCode } = await place.run(['resume', ...settled]);
    expect([exitCode, api.customers().length, adds(api)]).toEqual([0, rows, rows]);
  });

  it('before anything is sent ends with its own exit code and is not reported as a bug', async () => {
    const api = await place.openApi({ faults: [{ name: 'hang', on: 'login' }] });
    writeCustomers(place, 1);
    const running = place.start(['import', ...settled, 'customers.csv', '--timeout', '2']);
    await until(() => api.requests().length > 0);
    running.signal(signal);
    const { exitCode, stderr } = await running.finished;
    expect([exitCode, stderr]).toEqual([code, expect.stringContaining('before anything was changed')]);
  });
});

describe('two processes on one run', () => {
  it('exclude each other: the second says which process holds the lock, and ends with 75', async () => {
    const api = await place.openApi({ faults: [{ name: 'latency', on: 'add', ms: 1500 }] });
    writeCustomers(place, rows);
    const first = place.start(['import', ...settled, 'customers.csv']);
    await until(() => adds(api) > 0);
    const second = await place.run(['resume', ...settled]);
    expect([second.exitCode, second.stderr]).toEqual([
      75,
      expect.stringMatching(/being changed by process \d+ \(import customers\.csv/),
    ]);
    await first.finished;
    expect(api.customers()).toHaveLength(rows);
  });
});

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((next) => setTimeout(next, 10));
}

const untilAdded = (api: Sandbox, count: number) => until(() => api.customers().length >= count);

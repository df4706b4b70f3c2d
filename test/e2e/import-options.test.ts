import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  customerFile,
  customerLines,
  fast,
  keyedMapping,
  readResults,
  readStatuses,
  writeCustomers,
  writeMapping,
} from './customer-files.js';
import { useWorkplace } from './use-workplace.js';

const place = useWorkplace();

describe('import', () => {
  it('reads standard input', async () => {
    const api = await place.openApi();
    writeMapping(place, keyedMapping);
    const { exitCode, stdout } = await place.run(['import', ...fast, '-', '--results', 'piped.results.csv', '--json'], {
      stdin: customerFile(customerLines(3)),
    });
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout).input).toMatchObject({ file: '-', rows: 3 });
    expect(api.customers()).toHaveLength(3);
    expect(readStatuses(place.read('piped.results.csv'))).toEqual(['created', 'created', 'created']);
  });

  it('sends a pilot of the first rows, and reports the others as not part of the pilot', async () => {
    const api = await place.openApi();
    writeCustomers(place, 5);
    const { exitCode } = await place.run(['import', ...fast, 'customers.csv', '--first', '2']);
    expect(exitCode).toBe(0);
    expect(
      api
        .customers()
        .map((customer) => customer.customerName)
        .sort(),
    ).toEqual(['Customer 0001', 'Customer 0002']);
    const rows = readResults(place.read('customers.results.csv'));
    expect(rows.map((row) => row._errorCode)).toEqual(['', '', 'NOT_IN_PILOT', 'NOT_IN_PILOT', 'NOT_IN_PILOT']);
  });

  it('sends the rest after a pilot, and no customer twice', async () => {
    const api = await place.openApi();
    writeCustomers(place, 5);
    await place.run(['import', ...fast, 'customers.csv', '--first', '2']);
    const { exitCode } = await place.run(['import', ...fast, 'customers.csv']);
    expect(exitCode).toBe(0);
    expect(
      api
        .customers()
        .map((customer) => customer.customerName)
        .sort(),
    ).toEqual(customerLines(5).map((line) => line.split(',')[1]));
  });

  it('checks only with --dry-run, without login or network', async () => {
    writeCustomers(place, 3);
    const { exitCode, stdout } = await place.run(['import', ...fast, 'customers.csv', '--dry-run']);
    expect(exitCode).toBe(0);
    expect(stdout).toContain('3 valid, 0 invalid');
    expect(existsSync(place.path('customers.results.csv'))).toBe(false);
  });

  it('writes results and rejects where the options say', async () => {
    await place.openApi();
    place.write('customers.csv', customerFile(['C-1,One,0800,nobody,1', ...customerLines(1)]));
    writeMapping(place, keyedMapping);
    const { stdout } = await place.run([
      'import',
      ...fast,
      'customers.csv',
      '--results',
      'r.csv',
      '--rejects',
      'bad.csv',
      '--json',
    ]);
    expect(JSON.parse(stdout).files).toEqual({
      results: place.path('r.csv'),
      rejects: place.path('bad.csv'),
      report: null,
      review: null,
    });
    expect([readStatuses(place.read('r.csv')), readStatuses(place.read('bad.csv'))]).toEqual([
      ['invalid', 'created'],
      ['invalid'],
    ]);
  });

  it('does not overwrite its own input', async () => {
    await place.openApi();
    writeCustomers(place, 1);
    const before = place.read('customers.csv');
    const { exitCode, stderr } = await place.run(['import', ...fast, 'customers.csv', '--results', './customers.csv']);
    expect([exitCode, place.read('customers.csv')]).toEqual([2, before]);
    expect(stderr).toContain('is the input itself');
  });
});

describe('a run with failures', () => {
  /** Every customer from the eleventh on is refused by the API. */
  const refuseMany = { faults: [{ name: '400', on: 'add', bodyContains: 'example.org' }] } as const;

  function writeRefused(good: number, refused: number): void {
    const lines = customerLines(good + refused);
    place.write(
      'customers.csv',
      customerFile(lines.map((line, index) => (index < good ? line : line.replace('.com', '.org')))),
    );
    writeMapping(place, keyedMapping);
  }

  it('stops after as many as --max-failures allows, and can be resumed', async () => {
    const api = await place.openApi(refuseMany);
    writeRefused(2, 30);
    const { exitCode, stdout } = await place.run([
      'import',
      ...fast,
      'customers.csv',
      '--max-failures',
      '3',
      '--concurrency',
      '1',
      '--json',
    ]);
    const summary = JSON.parse(stdout);
    expect([exitCode, summary.status, summary.stopped.code]).toEqual([5, 'stopped', 'MAX_FAILURES']);
    expect(summary.counts).toMatchObject({ created: 2, rejected: 4, skipped: 0, pending: 26 });
    expect(summary.stopped.nextStep).toContain(`mypos-customers resume ${summary.run}`);
    expect(api.requests().filter(({ method, path }) => method === 'POST' && path.endsWith('/customers'))).toHaveLength(
      6,
    );
  });

  it('reports the rows that it did not reach as pending, and those behind a pilot as skipped, everywhere', async () => {
    await place.openApi(refuseMany);
    writeRefused(0, 5);
    const stopped = ['--max-failures', '0', '--concurrency', '1', '--first', '4', '--report', 'report.html'];
    const { stdout } = await place.run(['import', ...fast, 'customers.csv', ...stopped]);
    expect(stdout).toContain('3 pending: the run stopped before them');
    const rows = readResults(place.read('customers.results.csv'));
    expect(rows.map((row) => [row._status, row._errorCode]).slice(1)).toEqual([
      ...Array(3).fill(['pending', 'NOT_REACHED']),
      ['skipped', 'NOT_IN_PILOT'],
    ]);
    const shown = JSON.parse((await place.run(['runs', 'show', rows[0]?._run ?? '', '--json'])).stdout);
    expect(shown.counts).toMatchObject({ rejected: 1, pending: 3, skipped: 1 });
    expect(place.read('report.html')).toContain('pending: not reached');
  });

  it('has no row pending once a resumed run has sent them all', async () => {
    await place.openApi(refuseMany);
    writeRefused(0, 5);
    await place.run(['import', ...fast, 'customers.csv', '--max-failures', '0', '--concurrency', '1']);
    const { stdout } = await place.run(['resume', ...fast, '--max-failures', '100%', '--json']);
    expect(JSON.parse(stdout).counts).toMatchObject({ rejected: 5, pending: 0, skipped: 0 });
  });

  it('continues as long as the share of failures is below --max-failures p%', async () => {
    await place.openApi(refuseMany);
    writeRefused(190, 160);
    const { exitCode, stdout } = await place.run([
      'import',
      ...fast,
      'customers.csv',
      '--max-failures',
      '60%',
      '--rate',
      'unlimited',
      '--json',
    ]);
    expect([exitCode, JSON.parse(stdout).counts.rejected]).toEqual([4, 160]);
  });

  it('stops by default when one row in ten fails, but not before row 300', async () => {
    await place.openApi(refuseMany);
    writeRefused(0, 400);
    const { exitCode, stdout } = await place.run(['import', ...fast, 'customers.csv', '--json']);
    const { counts, status } = JSON.parse(stdout);
    expect([exitCode, status]).toEqual([5, 'stopped']);
    expect(counts.rejected).toBeGreaterThan(30);
    expect(counts.pending).toBeGreaterThan(0);
  });

  it('of a small file is not stopped by the default limit: a share means little there', async () => {
    await place.openApi(refuseMany);
    writeRefused(0, 20);
    const { exitCode, stdout } = await place.run(['import', ...fast, 'customers.csv', '--json']);
    expect([exitCode, JSON.parse(stdout).counts.rejected]).toEqual([4, 20]);
  });

  it.each(['ten', '-1', '101%', '1.5', ''])('is refused with --max-failures "%s"', async (value) => {
    writeCustomers(place, 1);
    const { exitCode, stderr } = await place.run(['import', ...fast, 'customers.csv', `--max-failures=${value}`]);
    expect([exitCode, stderr.split('\n')[0]]).toEqual([2, expect.stringContaining('max-failures')]);
  });
});

import { readdirSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fast, readResults, writeCustomers } from '#test/e2e/customer-files.js';
import { useWorkplace } from '#test/e2e/use-workplace.js';
import { mayMount, mountSmallDisk, type SmallDisk } from './small-disk.js';

const place = useWorkplace();
const settled = [...fast, '--settle', '0.1'];
const rows = 40;

describe.runIf(mayMount)('a disk', () => {
  let disk: SmallDisk;
  beforeEach(() => {
    disk = mountSmallDisk(place.path('disk'));
  });
  afterEach(() => disk.unmount());
  const state = ['--state-dir', 'disk/state'];

  it('that is full before the first row lets nothing be sent', async () => {
    const api = await place.openApi();
    writeCustomers(place, rows);
    disk.fill(0);
    const { exitCode, stderr } = await place.run(['import', ...settled, 'customers.csv', ...state]);
    expect([exitCode, api.customers()]).toEqual([2, []]);
    expect(stderr).toMatch(/state folder .* cannot be written.*--state-dir/s);
  });

  it('that fills up during the run stops it; once there is room, a resume finishes it', async () => {
    const api = await place.openApi();
    writeCustomers(place, rows);
    await place.run(['login', ...state]);
    // Enough for some rows of the ledger and not for all: its pages are of 4 KB, and each commit writes some of them.
    disk.fill(300_000);
    const { exitCode, stdout, stderr } = await place.run([
      'import',
      ...settled,
      'customers.csv',
      ...state,
      '--concurrency',
      '1',
    ]);
    expect([exitCode, api.customers().length]).toEqual([5, expect.any(Number)]);
    expect(`${stdout}${stderr}`).toMatch(/the disk is full.*Free some space.*mypos-customers resume/s);
    expect(`${stdout}${stderr}`).not.toContain('Bug in');
    expect(api.customers().length).toBeGreaterThan(0);
    expect(api.customers().length).toBeLessThan(rows);
    disk.makeRoom();
    const resumed = await place.run(['resume', ...settled, ...state]);
    expect([resumed.exitCode, api.customers().length]).toEqual([0, rows]);
  });

  it('that is full where the result file should be keeps what became of the rows; a resume writes the file', async () => {
    const api = await place.openApi();
    writeCustomers(place, 300);
    disk.fill(8_192);
    const args = ['import', ...settled, 'customers.csv', '--results', 'disk/results.csv'];
    const { exitCode, stdout } = await place.run(args);
    expect([exitCode, api.customers().length]).toEqual([5, 300]);
    expect(stdout).toMatch(/result file was not written: the disk is full.*runs show/s);
    expect(readdirSync(disk.path)).toEqual(['ballast']);
    disk.makeRoom();
    const resumed = await place.run(['resume', ...settled]);
    expect([resumed.exitCode, readResults(place.read('disk/results.csv')).length]).toEqual([0, 300]);
  });

  it.each(['csv', 'xlsx', 'ndjson'])(
    'that is full where the exported %s should be gets no file; with room it does',
    async (format) => {
      const api = await place.openApi();
      // More than the disk, also when it is packed into a workbook.
      await api.seed(100);
      disk.fill(4_096);
      const args = ['export', ...fast, `disk/all.${format}`, '--fields', 'all', '--page-size', '20'];
      const { exitCode, stdout, stderr } = await place.run(args);
      expect([exitCode, readdirSync(disk.path)]).toEqual([5, ['ballast']]);
      expect(`${stdout}${stderr}`).toMatch(/the disk is full.*Free some space/s);
      expect(`${stdout}${stderr}`).not.toContain('Bug in');
      disk.makeRoom();
      const again = await place.run([...args, '--json']);
      expect([again.exitCode, JSON.parse(again.stdout).output.rows]).toEqual([0, 100]);
      expect(readdirSync(disk.path).sort()).toEqual([`all.${format}`, `all.${format}.manifest.json`]);
    },
  );

  it('that is read-only lets nothing be sent', async () => {
    const api = await place.openApi();
    writeCustomers(place, rows);
    await place.run(['login', ...state]);
    disk.setReadOnly();
    const { exitCode, stderr } = await place.run(['import', ...settled, 'customers.csv', ...state]);
    disk.setWritable();
    expect([exitCode, api.customers()]).toEqual([2, []]);
    expect(stderr).toMatch(/state folder .* cannot be written.*--state-dir/s);
  });
});

describe('a ledger that was cut in the middle', () => {
  it.each(['resume', 'import'])('is refused by %s with advice: nobody can be added twice', async (command) => {
    const api = await place.openApi();
    writeCustomers(place, rows);
    await place.run(['import', ...settled, 'customers.csv', '--state-dir', 'state']);
    const ledger = findLedger(place.path('state'));
    truncateSync(ledger, Math.floor(statSync(ledger).size / 2));
    const args = command === 'import' ? ['import', 'customers.csv'] : ['resume'];
    const { exitCode, stderr } = await place.run([...args, ...settled, '--state-dir', 'state']);
    expect([exitCode, api.customers().length]).toEqual([8, rows]);
    expect(stderr).toMatch(/ledger .*is damaged.*Do not import again.*backup/s);
  });
});

function findLedger(folder: string): string {
  const names = readdirSync(folder, { recursive: true }).map(String);
  return join(folder, names.find((name) => name.endsWith('ledger.db')) ?? '');
}

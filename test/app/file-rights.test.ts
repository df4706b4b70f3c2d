import { chmodSync, readdirSync, statSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { checkFile } from '#src/app/check/check-file.js';
import { compareFile } from '#src/app/compare/compare-file.js';
import { exportCrosswalk } from '#src/app/crosswalk/crosswalk.js';
import { findDuplicates } from '#src/app/duplicates/find-duplicates.js';
import { exportCustomers } from '#src/app/export/export-customers.js';
import { importFile } from '#src/app/import/import-file.js';
import { planFile } from '#src/app/plan/plan-file.js';
import { showRun } from '#src/app/runs/show-runs.js';
import type { Settings } from '#src/config/settings.js';
import { stamped, useTestTenant } from './use-test-tenant.js';

const office = useTestTenant();

const input = `No,Name,Post Code,Email,Limit
C-1,Koala Books,0800,koala@example.com,5
C-2,Koala Books,0800,koala@example.com,5
C-3,Bilby Tea,0801,bilby@example.com,much
`;

const readMode = (name: string) => statSync(office.path(name)).mode & 0o777;

function withFileMode(mode: number): Settings {
  return { ...office.settings(), fileMode: { value: mode, origin: '--file-mode' } };
}

/** Every command that writes a file about an input, and the file. */
async function writeAll(settings: Settings) {
  const file = office.path('customers.csv');
  await checkFile(settings, { file, results: office.path('checked.csv'), rejects: office.path('check-rejects.xlsx') });
  await planFile(settings, { file, output: office.path('plan.csv') });
  const { run } = await importFile(settings, { file, report: office.path('report.html'), force: true });
  await showRun(settings, run ?? '', { results: office.path('again.ndjson'), report: office.path('again.html') });
  await compareFile(settings, { file, output: office.path('differences.xlsx') });
  await findDuplicates(settings, { file, results: office.path('pairs.csv') });
  return [
    ...['checked.csv', 'check-rejects.xlsx', 'plan.csv', 'customers.results.csv', 'customers.rejects.csv'],
    ...['report.html', 'again.ndjson', 'again.html', 'differences.xlsx', 'pairs.csv'],
  ];
}

describe('files with customers', () => {
  it.each([
    [0o600, 0o600],
    [0o640, 0o640],
    [0o444, 0o644],
    [0o755, 0o644],
  ])('beside an input of mode %o can be read by those who can read it: %o', async (mode, expected) => {
    await office.openApi();
    office.mapping(stamped);
    chmodSync(office.write('customers.csv', input), mode);
    const written = await writeAll(office.settings());
    expect(written.map(readMode)).toEqual(written.map(() => expected));
  });

  it('have the mode that is asked for', async () => {
    await office.openApi();
    office.mapping(stamped);
    chmodSync(office.write('customers.csv', input), 0o600);
    const written = await writeAll(withFileMode(0o664));
    expect(written.map(readMode)).toEqual(written.map(() => 0o664));
  });

  it('have the mode of the folder when they are exported, and crosswalks are for this user only', async () => {
    await office.openApi();
    office.mapping(stamped);
    office.write('customers.csv', input);
    await office.import();
    chmodSync(office.path('.'), 0o755);
    await exportCustomers(office.settings(), { file: office.path('all.csv') });
    await exportCrosswalk(office.settings(), office.path('crosswalk.csv'));
    const usual = 0o666 & ~process.umask();
    expect(['all.csv', 'all.csv.manifest.json', 'crosswalk.csv'].map(readMode)).toEqual([usual, usual, 0o600]);
    await exportCustomers(withFileMode(0o600), { file: office.path('mine.xlsx') });
    expect(readMode('mine.xlsx')).toBe(0o600);
  });

  it('in the state folder are for this user only', async () => {
    await office.openApi();
    office.mapping(stamped);
    office.write('customers.csv', input);
    await office.import();
    const entries = readdirSync(office.path('state'), { recursive: true, encoding: 'utf8' });
    expect(entries.filter((name) => (readMode(`state/${name}`) & 0o077) !== 0)).toEqual([]);
  });
});

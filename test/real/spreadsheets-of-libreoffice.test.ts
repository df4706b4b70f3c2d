import { execFileSync } from 'node:child_process';
import { copyFileSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readResults, writeMapping } from '#test/e2e/customer-files.js';
import { useWorkplace } from '#test/e2e/use-workplace.js';

const place = useWorkplace();

/** apt-get install libreoffice-calc */
function saveAs(format: 'ods' | 'xls', workbook: string): string {
  const profile = `-env:UserInstallation=file://${place.path('profile')}`;
  const args = [profile, '--headless', '--convert-to', format, '--outdir', place.path('.'), place.path(workbook)];
  execFileSync('soffice', args, { stdio: 'pipe' });
  return workbook.replace(/\.xlsx$/, `.${format}`);
}

const workbooks = [
  [
    'leading-zero-formats.xlsx',
    { customerName: 'Name', phoneNumber: 'PhoneFR', postalCode: 'ZipHash', notes: 'PhoneUS', address: 'PhoneDash' },
    ['Code', 'PlainZip', 'Zip9', 'Since', 'Pct'],
  ],
  ['x14-au-mobile-format.xlsx', { customerName: 'Company', phoneNumber: 'Phone' }, ['No', 'Post Code']],
] as const;

describe('what LibreOffice saves as', () => {
  it.each((['ods', 'xls'] as const).flatMap((format) => workbooks.map((workbook) => [format, ...workbook] as const)))(
    '.%s has the values that the workbook %s shows',
    async (format, workbook, fields, ignore) => {
      copyFileSync(resolve('fixtures/cases/workbooks', workbook), place.path(basename(workbook)));
      writeMapping(place, { version: 1, mode: 'add', fields, ignore });
      const saved = saveAs(format, workbook);
      const read = async (file: string) => {
        const { exitCode, stderr } = await place.run(['check', file, '--results', `${file}.csv`]);
        expect(exitCode, stderr).toBe(0);
        return readResults(place.read(`${file}.csv`));
      };
      const rows = await read(saved);
      expect(rows).toEqual(await read(workbook));
      expect(rows.length).toBeGreaterThan(0);
    },
  );
});

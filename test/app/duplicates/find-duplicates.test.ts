import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { findDuplicates } from '#src/app/duplicates/find-duplicates.js';
import { resolveSettings } from '#src/config/resolve-settings.js';
import { InterruptedError } from '#src/errors.js';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mypos-duplicates-'));
  writeFileSync(
    join(folder, 'mappings.json'),
    JSON.stringify({ version: 1, fields: { customerName: 'Name', phoneNumber: 'Phone' } }),
  );
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const settings = () => resolveSettings({ mapping: join(folder, 'mappings.json') }, {});

function write(...lines: readonly string[]): string {
  const file = join(folder, 'customers.csv');
  writeFileSync(file, ['Name,Phone', ...lines, ''].join('\n'));
  return file;
}

it('ends when its caller wants it to', async () => {
  const file = write('Ann Miller,0491 570 156');
  const ending = findDuplicates(settings(), { file, signal: AbortSignal.abort('SIGTERM') });
  await expect(ending).rejects.toBeInstanceOf(InterruptedError);
});

it('describes as many as are wanted, and counts all', async () => {
  const names = ['Ann Miller', 'Bob Stone', 'Carl Weber'];
  const file = write(
    ...names.flatMap((name, at) => [`${name},0491 570 15${at}`, `${name.toUpperCase()},049157015${at}`]),
  );
  const { counts, groups } = await findDuplicates(settings(), { file, country: 'AU', maxOfEach: 2 });
  expect(counts).toMatchObject({ groups: 3, rowsInGroups: 6 });
  expect(groups.map(({ records }) => records.map(({ row }) => row))).toEqual([
    [2, 3],
    [4, 5],
  ]);
});

it('never replaces a review file in which somebody may have decided', async () => {
  const file = write('Ann Miller,0491 570 156', 'ANN MILLER,0491570156');
  const results = join(folder, 'found.review.csv');
  writeFileSync(results, 'mine');
  const notices: string[] = [];
  const options = { file, country: 'AU', results };
  const { files } = await findDuplicates(settings(), options, { notice: ({ code }) => notices.push(code) });
  expect(files.review).toBe(join(folder, 'found.review-2.csv'));
  expect(readFileSync(results, 'utf8')).toBe('mine');
  expect(notices).toEqual(['EDITED_FILE_KEPT']);
});

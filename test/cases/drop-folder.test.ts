import { copyFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { useWorkplace } from '#test/e2e/use-workplace.js';
import { dropFolder } from '#test/inbox/drop-folder.js';

const place = useWorkplace();

const mapping = {
  version: 1,
  key: { column: 'No' },
  fields: { customerName: 'Company', phoneNumber: 'Phone', postalCode: 'Post Code' },
};

it('a sweep takes Ctrl-Z for the end of a file, and a file with only the header for nothing to do when the job says so', async () => {
  const folder = await dropFolder(place, mapping);
  const writeJob = (job: object) =>
    place.write('mypos-customers.json', JSON.stringify({ jobs: { night: { mapping: 'mappings.json', ...job } } }));
  const put = (...names: readonly string[]) => {
    for (const name of names) copyFileSync(`fixtures/cases/sequences/drop/${name}`, place.path(`drop/${name}`));
  };
  writeJob({});
  put('headeronly.csv');
  expect((await folder.sweepJson()).files).toMatchObject([
    { outcome: 'failed', exitCode: 3, reason: { code: 'NO_DATA_ROWS' } },
  ]);
  writeJob({ empty: 'done' });
  put('headeronly.csv', 'ctrlz.csv');
  place.write('drop/other.csv', 'The database is down\n');
  const { exitCode, files } = await folder.sweepJson();
  expect(exitCode).toBe(3);
  expect([...files].sort((a, b) => (a.file < b.file ? -1 : 1))).toMatchObject([
    { file: 'ctrlz.csv', outcome: 'done', exitCode: 0, counts: { created: 2, invalid: 0 } },
    { file: 'headeronly.csv', outcome: 'done', exitCode: 0, counts: null, reason: { code: 'NO_DATA_ROWS' } },
    // A text that is no header of this mapping says nothing about customers.
    { file: 'other.csv', outcome: 'failed', reason: { code: 'NO_DATA_ROWS' } },
  ]);
});

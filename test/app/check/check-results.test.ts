import { rmSync } from 'node:fs';
import { expect, it } from 'vitest';
import { checkFile } from '#src/app/check/check-file.js';
import { useTestTenant } from '#test/app/use-test-tenant.js';
import { customerFile, customerLines, keyedMapping } from '#test/e2e/customer-files.js';

const place = useTestTenant();

async function check() {
  const notices: string[] = [];
  const { files } = await checkFile(
    place.settings(),
    { file: place.path('customers.csv'), rejects: place.path('bad.csv'), results: place.path('all.csv') },
    { notice: ({ code }) => notices.push(code) },
  );
  return { ...files, notices: notices.filter((code) => code === 'EDITED_FILE_KEPT') };
}

it('the files of a check are replaced by the next one, unless somebody has edited them', async () => {
  await place.openApi();
  place.mapping(keyedMapping);
  const lines = [...customerLines(2), 'C-0003,Customer 3,0800,not an address,1'];
  place.write('customers.csv', customerFile(lines));
  await check();
  place.write('customers.csv', customerFile([...lines, 'C-0004,Customer 4,0800,neither,1']));
  expect(await check()).toMatchObject({ rejects: place.path('bad.csv'), results: place.path('all.csv'), notices: [] });
  const edited = place.read('bad.csv').replace('neither', 'four@example.com');
  place.write('bad.csv', edited);
  const again = await check();
  expect(again).toMatchObject({ rejects: place.path('bad-2.csv'), results: place.path('all.csv') });
  expect(again.notices).toEqual(['EDITED_FILE_KEPT']);
  expect(place.read('bad.csv')).toBe(edited);
});

it('a file with the very bytes is replaced, also where the state folder is new', async () => {
  await place.openApi();
  place.mapping(keyedMapping);
  place.write('customers.csv', customerFile(['C-0003,Customer 3,0800,not an address,1']));
  await check();
  rmSync(place.path('state'), { recursive: true });
  expect((await check()).notices).toEqual([]);
  rmSync(place.path('state'), { recursive: true });
  place.write('customers.csv', customerFile(['C-0003,Customer 3,0800,neither,1']));
  expect((await check()).rejects).toBe(place.path('bad-2.csv'));
});

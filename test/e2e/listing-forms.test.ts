import { expect, it } from 'vitest';
import { fast, writeCustomers } from './customer-files.js';
import { useWorkplace } from './use-workplace.js';

const place = useWorkplace();

it('list and export take times, orders and filters in the form of the API', async () => {
  const api = await place.openApi();
  writeCustomers(place, 3);
  await place.run(['import', 'customers.csv', ...fast]);
  api.clearRequests();
  const vendor = ['--changed-since', '2020-Oct-01 09:00', '--sort', 'LastEditDateUTCDESC', ...fast];
  const filter = ['--filter', 'LastEditDateUTC_dt_max=2030-oct-01 09:00'];
  const listed = await place.run(['list', ...vendor, ...filter, '--json']);
  expect(JSON.parse(listed.stdout).customers).toHaveLength(3);
  const exported = await place.run(['export', 'all.csv', '--fields', 'customerName', ...vendor, ...filter, '--json']);
  expect(JSON.parse(exported.stdout)).toMatchObject({ exitCode: 0, output: { rows: 3 } });
  const paths = api.requests().map(({ path }) => decodeURIComponent(path));
  const lists = paths.filter((path) => path.includes('sSortKey=LastEditDateUTCDESC'));
  expect(lists.length).toBeGreaterThan(1);
  for (const path of lists) {
    expect(path).toContain('filt_LastEditDateUTC_dt_min=2020-oct-01 09:00');
    expect(path).toContain('filt_LastEditDateUTC_dt_max=2030-oct-01 09:00');
  }
});

it.each([['list'], ['export', 'all.csv']])('%s refuses a filter without a value', async (...command) => {
  const { exitCode, stderr } = await place.run([...command, '--filter', 'Name_min']);
  expect([exitCode, stderr]).toEqual([2, expect.stringContaining('--filter "Name_min" is not')]);
});

it('list refuses a field that customers do not have', async () => {
  await place.openApi();
  writeCustomers(place, 1);
  await place.run(['import', 'customers.csv', ...fast]);
  const { exitCode, stderr } = await place.run(['list', '--fields', 'customerNam', ...fast]);
  expect([exitCode, stderr]).toEqual([2, expect.stringContaining('did you mean "customerName"')]);
});

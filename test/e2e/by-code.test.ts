import { describe, expect, it } from 'vitest';
import { useWorkplace } from './use-workplace.js';

const place = useWorkplace();

async function openShop() {
  const api = await place.openApi();
  await api.seed(4);
  return api;
}

describe('get', () => {
  it('shows every customer asked for, by code or id, in the order asked for', async () => {
    const api = await openShop();
    const [first, , third] = api.customers();
    const { exitCode, stdout } = await place.run(['get', String(third?.customerId), '0000001', '--json']);
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toEqual([third, first]);
  });

  it('shows the customers that exist, names those that do not, and ends with exit code 4', async () => {
    await openShop();
    const { exitCode, stdout, stderr } = await place.run(['get', '0000002', '9999999', '0000003', '--json']);
    expect(exitCode).toBe(4);
    expect(JSON.parse(stdout).map((one: { customerCode: string }) => one.customerCode)).toEqual(['0000002', '0000003']);
    expect(stderr).toContain('9999999');
  });
});

describe('delete', () => {
  it('deletes every customer named, and makes inactive one that has transactions', async () => {
    const api = await openShop();
    api.addTransaction('0000003');
    const { exitCode, stdout } = await place.run(['delete', '0000001', '0000003', '0000004', '--yes', '--json']);
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ command: 'delete', counts: { deleted: 2, deactivated: 1 } });
    expect(api.customers().map(({ customerCode, active }) => [customerCode, active])).toEqual([
      ['0000002', true],
      ['0000003', false],
    ]);
  });

  it('takes the codes of a file, whatever other columns it has, and writes the outcome of each', async () => {
    const api = await openShop();
    place.write('leavers.csv', 'Name,CustomerCode\nA,0000004\nB,0000009\nC,\n');
    const { exitCode, stdout } = await place.run(['delete', '--file', 'leavers.csv', '--yes', '--json']);
    expect(exitCode).toBe(4);
    expect(JSON.parse(stdout).counts).toMatchObject({ deleted: 1, rejected: 1, invalid: 1 });
    expect(api.customers()).toHaveLength(3);
    expect(place.read('leavers.results.csv')).toMatch(/^2,deleted,0000004,.*\n3,rejected,0000009,.*\n4,invalid,,/m);
  });

  it('asks before it deletes, and deletes nothing when there is no terminal to answer at', async () => {
    const api = await openShop();
    const { exitCode, stderr } = await place.run(['delete', '0000001', '0000002']);
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/Delete 2 customers.*--yes/s);
    expect(api.customers()).toHaveLength(4);
  });
});

describe('an option that is repeated', () => {
  it('has the value of its last occurrence', async () => {
    await openShop();
    const { exitCode, stdout } = await place.run(['list', '--page-size', '3', '--json', '--page-size', '2']);
    expect([exitCode, JSON.parse(stdout).customers.length]).toEqual([0, 2]);
  });
});

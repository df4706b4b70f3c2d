import { describe, expect, it } from 'vitest';
import { customerFile, customerLines, fast, readStatuses, writeCustomers } from './customer-files.js';
import { useWorkplace } from './use-workplace.js';

const place = useWorkplace();

/** An import that stops at its first row: the API refuses it, and no row may fail. */
const stopping = ['--max-failures', '0', '--concurrency', '1', ...fast] as const;
const refuseFirst = { faults: [{ name: '400', on: 'add', when: { nth: [1] } }] } as const;

function writeConfig(profiles: object): void {
  place.write('mypos-customers.json', JSON.stringify({ version: 1, defaultProfile: 'shop', profiles }));
}

describe('where a command writes to', () => {
  it('is the first thing that it says, with the profile, and is in its document', async () => {
    const api = await place.openApi();
    writeConfig({ shop: { username: api.username } });
    writeCustomers(place, 2);
    const line = `Account: ${api.baseUrl} as ${api.username} (profile "shop")`;
    const { stdout, stderr } = await place.run(['import', 'customers.csv', '--json', ...fast]);
    expect(stderr.split('\n')[0]).toBe(line);
    const target = { baseUrl: api.baseUrl, login: api.username, profile: 'shop' };
    const summary = JSON.parse(stdout);
    expect(summary.target).toEqual(target);
    for (const words of [
      ['undo', summary.run, '--yes'],
      ['delete', '0000001'],
    ])
      expect((await place.run([...words, ...fast])).stderr.split('\n')[0]).toBe(line);
    expect(JSON.parse((await place.run(['plan', 'customers.csv', '--json', ...fast])).stdout).target).toEqual(target);
    expect(JSON.parse((await place.run(['export', 'all.csv', '--json', ...fast])).stdout).target).toEqual(target);
  });

  it('is said of the sandbox, too', async () => {
    writeCustomers(place, 1);
    const { stderr } = await place.run(['import', 'customers.csv', '--sandbox']);
    expect(stderr.split('\n')[0]).toBe('Account: the sandbox on this machine');
  });
});

describe('resume without a run', () => {
  it('tells of unfinished runs of another account, with the command, and counts them', async () => {
    const api = await place.openApi(refuseFirst);
    writeConfig({ shop: { baseUrl: api.baseUrl, username: api.username } });
    writeCustomers(place, 3);
    expect((await place.run(['import', 'customers.csv', ...stopping])).exitCode).toBe(5);
    const { stdout, stderr, exitCode } = await place.run(['resume', '--sandbox', '--json']);
    expect([exitCode, JSON.parse(stdout)]).toEqual([0, { run: null, exitCode: 0, elsewhere: 1 }]);
    expect(stderr).toContain(`At ${api.baseUrl}, as ${api.username}, 1 run is not finished`);
    expect(stderr).toContain('mypos-customers resume --profile shop');
    const resumed = await place.run(['resume', '--profile', 'shop', ...fast, '--max-failures', '100%']);
    expect(resumed.stdout).toContain('2 created');
  });

  it('tells of unfinished runs in the sandbox', async () => {
    await place.openApi();
    writeCustomers(place, 3);
    const missing = { MYPOS_CONNECT_BASE_URL: 'http://127.0.0.1:9/' };
    // A row that the sandbox refuses: the code of another customer is none that a customer may have.
    place.write(
      'mappings.json',
      JSON.stringify({ version: 1, mode: 'update', fields: { customerCode: 'No' }, ignore: [] }),
    );
    await place.run(['import', 'customers.csv', '--sandbox', '--max-failures', '0']);
    const { stderr, exitCode } = await place.run(['resume'], { env: missing });
    expect(exitCode).toBe(0);
    expect(stderr).toContain('In the sandbox 1 run is not finished. To continue: mypos-customers resume --sandbox');
  });

  it('leaves out a run whose file was corrected and imported since', async () => {
    const api = await place.openApi(refuseFirst);
    writeCustomers(place, 3);
    expect((await place.run(['import', 'customers.csv', ...stopping])).exitCode).toBe(5);
    place.write('customers.csv', customerFile(customerLines(3).map((line) => line.replace('Customer', 'Shop'))));
    expect((await place.run(['import', 'customers.csv', ...fast])).exitCode).toBe(0);
    const { stdout, exitCode } = await place.run(['resume', ...fast]);
    expect([exitCode, stdout]).toEqual([0, 'There is no unfinished run.\n']);
    expect([api.customers().length, readStatuses(place.read('customers.results.csv'))]).toEqual([
      3,
      ['created', 'created', 'created'],
    ]);
  });

  it('is not what an import without a terminal does by itself', async () => {
    await place.openApi(refuseFirst);
    writeCustomers(place, 3);
    await place.run(['import', 'customers.csv', ...stopping]);
    const { exitCode, stderr } = await place.run(['import', 'customers.csv', ...fast]);
    expect(exitCode).toBe(8);
    expect(stderr).toMatch(/mypos-customers resume \d{8}-\d{6}-[0-9a-f]{4}/);
  });
});

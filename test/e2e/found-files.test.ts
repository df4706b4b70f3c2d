import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fast, keyedMapping, writeCustomers } from './customer-files.js';
import { useWorkplace } from './use-workplace.js';

const place = useWorkplace();

describe('a configuration file', () => {
  it('has paths that are relative to it, all of them', async () => {
    const api = await place.openApi();
    mkdirSync(place.path('elsewhere'));
    place.write('conf/password', `${api.password}\n`);
    place.write('conf/map.json', JSON.stringify(keyedMapping));
    const shop = { baseUrl: api.baseUrl, username: api.username, passwordFile: 'password', mapping: 'map.json' };
    place.write(
      'conf/mypos-customers.json',
      JSON.stringify({ defaultProfile: 'shop', profiles: { shop: { ...shop, stateDir: 'state' } } }),
    );
    writeCustomers(place, 1);
    place.write('mappings.json', '{}');
    const env = { MYPOS_CONNECT_BASE_URL: '', MYPOS_CONNECT_USERNAME: '', MYPOS_CONNECT_PASSWORD: '' };
    const { exitCode, stderr } = await place.run(
      ['import', 'customers.csv', '--config', 'conf/mypos-customers.json', ...fast],
      { env },
    );
    expect([exitCode, stderr]).toEqual([0, expect.stringContaining('(profile "shop")')]);
    expect(place.files().some((name) => name.startsWith(join('conf', 'state', 'tenants')))).toBe(true);
  });

  it('is named where a login is missing, with the places where it was looked for', async () => {
    writeCustomers(place, 1);
    const { exitCode, stderr } = await place.run(['import', 'customers.csv']);
    expect(exitCode).toBe(6);
    expect(stderr).toContain('mypos-customers login');
    expect(stderr).toContain(`${place.path('mypos-customers.json')} (not there)`);
    expect(stderr).toContain(join('.config', 'mypos-customers', 'mypos-customers.json'));
  });

  it('whose name is misspelt is proposed', async () => {
    place.write('shops.json', '{}');
    expect((await place.run(['doctor', '--config', 'shop.json'])).stdout).toContain('Did you mean "shops.json"?');
  });
});

describe('a mapping that is not named', () => {
  it('is looked for beside the input, then in the current folder', async () => {
    writeCustomers(place, 1);
    place.write('data/customers.csv', place.read('customers.csv'));
    place.write('data/mappings.json', JSON.stringify({ ...keyedMapping, key: { column: 'Beside' } }));
    expect((await place.run(['check', 'data/customers.csv'])).stderr).toContain('"Beside"');
    place.write('other/customers.csv', place.read('customers.csv'));
    expect((await place.run(['check', 'other/customers.csv'])).exitCode).toBe(0);
  });

  it('is missing in both, and both are named', async () => {
    place.write('data/customers.csv', 'A,B\n1,2\n');
    const { exitCode, stderr } = await place.run(['check', 'data/customers.csv']);
    expect(exitCode).toBe(2);
    for (const path of ['data/mappings.json', 'mappings.json']) expect(stderr).toContain(place.path(path));
  });
});

it('an input whose name is misspelt is proposed', async () => {
  writeCustomers(place, 1);
  const { exitCode, stderr } = await place.run(['check', 'custmers.csv']);
  expect([exitCode, stderr]).toEqual([3, expect.stringContaining('Did you mean "customers.csv"?')]);
});

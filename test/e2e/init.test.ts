import { statSync } from 'node:fs';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Sandbox } from '#src/sandbox/start-sandbox.js';
import { customerFile, customerLines } from './customer-files.js';
import { useWorkplace } from './use-workplace.js';

const place = useWorkplace();
let api: Sandbox;
const none = { MYPOS_CONNECT_BASE_URL: '', MYPOS_CONNECT_USERNAME: '', MYPOS_CONNECT_PASSWORD: '' };

beforeEach(async () => {
  api = await place.openApi({ password: 'hush hush' });
  place.write('customers.csv', customerFile(customerLines(8)));
  place.write('secret', 'hush hush\n');
});

const profile = () => JSON.parse(place.read('mypos-customers.json')).profiles.default;
const loginArgs = () => ['--base-url', api.baseUrl, '--username', api.username, '--password-file', 'secret'];
const init = (...args: readonly string[]) => place.run(['init', ...args, '--rate', 'unlimited'], { env: none });

describe('init without a terminal', () => {
  it('sets everything up from options alone, and sends nothing', async () => {
    const { exitCode, stdout, stderr } = await init('customers.csv', ...loginArgs());
    expect(stderr).toContain(`Profile "default" (${api.username} at ${api.baseUrl}) is in mypos-customers.json.`);
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: 'Next: mypos-customers check customers.csv\n' });
    expect(profile()).toEqual({ baseUrl: api.baseUrl, username: api.username, passwordFile: place.path('secret') });
    expect(api.customers()).toEqual([]);
    expect((await place.run(['doctor'], { env: none })).exitCode).toBe(0);
  });

  it('imports the first rows when an option asks for it', async () => {
    const { stdout } = await init('customers.csv', ...loginArgs(), '--pilot', 'account', '--first', '2', '--json');
    expect(JSON.parse(stdout)).toMatchObject({ command: 'init', exitCode: 0, pilot: { counts: { created: 2 } } });
    expect(api.customers()).toHaveLength(2);
  });

  it('keeps a password of the environment in a file of its own', async () => {
    const args = ['init', '--password-file', 'kept/password'];
    expect((await place.run(args)).exitCode).toBe(0);
    expect(profile().passwordFile).toBe(place.path('kept/password'));
    expect(place.read('kept/password')).toBe('hush hush\n');
    expect(statSync(place.path('kept/password')).mode & 0o777).toBe(0o600);
    expect(statSync(place.path('kept')).mode & 0o777).toBe(0o700);
  });

  it('takes the sandbox without any login', async () => {
    const { exitCode, stdout } = await init('customers.csv', '--sandbox', '--pilot', 'sandbox');
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/5 created[\s\S]*mypos-customers import customers\.csv --sandbox/);
    expect(api.requests()).toEqual([]);
  });

  it.each([
    ['nothing is given', [], 2, 'OPTIONS_MISSING'],
    ['the sandbox has no file', ['--sandbox'], 2, 'USAGE'],
    ['the file is standard input', ['-', '--sandbox'], 2, 'USAGE'],
    ['a pilot has no file', ['--pilot', 'account', 'LOGIN'], 2, 'USAGE'],
    ['the file is not there', ['missing.csv', 'LOGIN'], 3, 'FILE_NOT_FOUND'],
    ['the password is wrong', ['LOGIN', '--password-file', 'customers.csv'], 6, 'LOGIN_UNUSABLE'],
    ['the address cannot be reached', ['LOGIN', '--base-url', 'http://127.0.0.1:1'], 5, 'ADDRESS_UNUSABLE'],
    ['the address is not ours', ['LOGIN', '--base-url', 'http://example.com/'], 2, 'PLAIN_HTTP'],
    ['the number of rows is none', ['LOGIN', '--first', 'x'], 2, 'OPTION_VALUE'],
  ] as const)('writes nothing when %s', async (_what, words, code, error) => {
    const before = place.files();
    const args = words.flatMap((word) => (word === 'LOGIN' ? loginArgs() : [word]));
    const { exitCode, stdout, stderr } = await init(...args, '--json');
    expect({ exitCode, error: JSON.parse(stdout).error.code }).toEqual({ exitCode: code, error });
    expect(stderr).not.toContain('hush');
    expect(place.files()).toEqual(before);
  });

  it('replaces a profile only with --force, and keeps the rest of the configuration', async () => {
    place.write(
      'mypos-customers.json',
      JSON.stringify({
        defaultProfile: 'shop',
        profiles: { shop: { rate: 1 }, default: { rate: 2, accessTokenFile: 'x' } },
      }),
    );
    const refused = await init(...loginArgs(), '--json');
    expect(JSON.parse(refused.stdout).error.code).toBe('PROFILE_EXISTS');
    expect((await init(...loginArgs(), '--force')).stdout).toBe('Next: mypos-customers doctor --profile default\n');
    expect(JSON.parse(place.read('mypos-customers.json'))).toEqual({
      version: 1,
      defaultProfile: 'shop',
      profiles: {
        shop: { rate: 1 },
        default: { rate: 2, baseUrl: api.baseUrl, username: api.username, passwordFile: place.path('secret') },
      },
    });
  });

  it('leaves a mapping as it is, without --force', async () => {
    place.write('mappings.json', '{}');
    expect((await init('customers.csv', ...loginArgs())).stderr).toContain(
      'mappings.json already exists; it was not changed',
    );
    expect(place.read('mappings.json')).toBe('{}');
    expect((await init('customers.csv', ...loginArgs(), '--force')).exitCode).toBe(0);
    expect(JSON.parse(place.read('mappings.json')).fields).toMatchObject({ customerName: 'Name' });
  });

  it('says which variables of the environment take precedence over the profile', async () => {
    const env = { ...none, MYPOS_CONNECT_USERNAME: 'somebody@else.example' };
    const { stderr } = await place.run(['init', ...loginArgs()], { env });
    expect(stderr).toMatch(/MYPOS_CONNECT_USERNAME in your environment takes precedence over this profile/);
  });
});

import { statSync } from 'node:fs';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Sandbox } from '#src/sandbox/start-sandbox.js';
import { customerFile, customerLines } from '#test/e2e/customer-files.js';
import { useWorkplace } from '#test/e2e/use-workplace.js';
import { runInTerminal } from './run-in-terminal.js';

const place = useWorkplace();
let api: Sandbox;

beforeEach(async () => {
  api = await place.openApi({ password: 'hush hush' });
  place.write('customers.csv', customerFile(customerLines(8)));
});

type Answers = readonly (readonly [string, string])[];

const init = (args: readonly string[], answers: Answers) =>
  runInTerminal({
    args: ['init', ...args, '--rate', 'unlimited'],
    cwd: place.path('.'),
    env: { HOME: place.path('home') },
    answers,
    columns: 120,
  });

const atAddress = (): Answers => [['Address of the API', `${api.baseUrl}\r`]];
const login = (password = 'hush hush'): Answers => [
  ['E-mail address', `${api.username}\r`],
  ['Password (not shown', `${password}\r`],
];

/** The prompt of the mapping's own questions: the likeliest is taken. */
const likeliest: Answers = [['[Y/n', '\r']];
const files = () => place.files().filter((name) => !name.startsWith('home/.local'));

describe('init in a terminal', () => {
  it('asks, proves the login, writes profile, password and mapping, and tries the first rows in the account', async () => {
    const { text, exitCode } = await init(
      [],
      [
        ...atAddress(),
        ...login(),
        ['A file of your customers', 'customers.csv\r'],
        ...likeliest,
        ['default: none', 'account\r'],
      ],
    );
    expect(text).not.toContain('hush');
    expect(exitCode).toBe(0);
    expect(text).toMatch(/5 created/);
    expect(api.customers()).toHaveLength(5);
    const { profiles, defaultProfile } = JSON.parse(place.read('mypos-customers.json'));
    const { passwordFile } = profiles.default;
    expect({ profiles, defaultProfile }).toEqual({
      profiles: { default: { baseUrl: api.baseUrl, username: api.username, passwordFile } },
      defaultProfile: 'default',
    });
    expect(passwordFile).toMatch(/home\/\.config\/mypos-customers\/.+\.password$/);
    expect(statSync(passwordFile).mode & 0o777).toBe(0o600);
    expect(JSON.parse(place.read('mappings.json')).fields).toMatchObject({ customerName: 'Name' });

    // From here on nothing needs to be said any more; the five are known.
    expect((await place.run(['import', 'customers.csv'], { env: noLogin })).stdout).toMatch(
      /3 created[\s\S]*5 unchanged/,
    );
  });

  it('asks again for what does not work, and needs no more than what was wrong', async () => {
    const { text, exitCode } = await init(
      [],
      [
        ['Address of the API', 'example\r'],
        ['Address of the API', 'http://127.0.0.1:1/api/v2\r'],
        ...login('wrong'),
        ['Address of the API', `${api.baseUrl}\r`],
        ...login(),
        ['A file of your customers', 'missing.csv\r'],
        ['A file of your customers', '\r'],
      ],
    );
    expect(exitCode).toBe(0);
    expect(text).toMatch(/The base URL "example".* cannot be used/);
    expect(text).toMatch(/127\.0\.0\.1:1\S* cannot be reached/);
    expect(text).toMatch(/The API refused the login/);
    expect(text).toMatch(/missing\.csv/);
    expect(text).toMatch(/Next: mypos-customers doctor/);
    expect(files()).toHaveLength(3);
    expect(place.files()).toContain('mypos-customers.json');
  });

  it.each([
    ['at the address', [['Address of the API', '\u0003']]],
    [
      'at the password',
      [
        ['Address of the API', 'HERE\r'],
        ['E-mail address', 'me@example.com\r'],
        ['not shown', 'hu\u0003'],
      ],
    ],
    ['at Ctrl-D', [['Address of the API', '\u0004']]],
  ] as [string, Answers][])('leaves nothing behind after Ctrl-C %s', async (_where, answers) => {
    const before = files();
    const here = answers.map(([seen, typed]) => [seen, typed.replace('HERE', api.baseUrl)] as const);
    const { exitCode, text } = await init([], here);
    expect(exitCode).toBe(130);
    expect(text).toContain('before anything was changed');
    expect(files()).toEqual(before);
  });

  it('leaves nothing behind after Ctrl-C at a question about the mapping', async () => {
    const before = files();
    const { exitCode } = await init(['customers.csv'], [...atAddress(), ...login(), ['[Y/n', '\u0003']]);
    expect(exitCode).toBe(130);
    expect(files()).toEqual(before);
  });

  it('keeps what is done after Ctrl-C at the pilot, and sends nothing', async () => {
    const answers = [...atAddress(), ...login(), ...likeliest, ['default: none', '\u0003'] as const];
    const { exitCode, text } = await init(['customers.csv'], answers);
    expect(exitCode).toBe(130);
    expect(text).toMatch(/Next: mypos-customers check customers\.csv/);
    expect(api.customers()).toEqual([]);
    expect(place.files()).toEqual(expect.arrayContaining(['mappings.json', 'mypos-customers.json']));
  });

  it('replaces a profile and a mapping only when told to', async () => {
    place.write('mypos-customers.json', '{"version":1,"profiles":{"default":{"rate":2},"other":{"rate":1}}}');
    place.write('mappings.json', '{}');
    const no = await init(['customers.csv'], [['The profile "default" already exists', 'n\r']]);
    expect(no.exitCode).toBe(2);
    const answers = [
      ...atAddress(),
      ...login(),
      ['The mapping mappings.json already exists', '\r'] as const,
      ['default: none', '\r'] as const,
    ];
    const yes = await init(['customers.csv'], [['The profile "default" already exists', 'y\r'], ...answers]);
    expect(yes.exitCode).toBe(0);
    expect(place.read('mappings.json')).toBe('{}');
    expect(JSON.parse(place.read('mypos-customers.json')).profiles).toMatchObject({
      default: { rate: 2, username: api.username },
      other: { rate: 1 },
    });
  });

  it('needs no account for the sandbox', async () => {
    const answers: Answers = [
      ['Address of the API', 'sandbox\r'],
      ['A file of your customers', "'customers.csv'\r"],
      ...likeliest,
      ['into the sandbox', '\r'],
    ];
    const { text, exitCode } = await init([], answers);
    expect(exitCode).toBe(0);
    expect(text).toMatch(/5 created/);
    expect(text).toMatch(/then: mypos-customers import customers\.csv --sandbox/);
    expect(place.files()).not.toContain('mypos-customers.json');
    expect(api.requests()).toEqual([]);
  });
});

const noLogin = { MYPOS_CONNECT_BASE_URL: '', MYPOS_CONNECT_USERNAME: '', MYPOS_CONNECT_PASSWORD: '' };

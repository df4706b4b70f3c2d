import { mkdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Sandbox } from '#src/sandbox/start-sandbox.js';
import { customerFile, customerLines, keyedMapping, writeCustomers, writeMapping } from './customer-files.js';
import { useWorkplace } from './use-workplace.js';

const place = useWorkplace();

/** Adding is the one thing that must not have happened. */
function customersAdded(api: Sandbox): number {
  return api.requests().filter(({ method, path }) => method === 'POST' && path.endsWith('/customers')).length;
}

interface Mishap {
  readonly prepare?: () => void;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly exitCode: number;
  /** What the user reads, in order. */
  readonly says: readonly string[];
}

/** With a good file, a good mapping and an API that works, unless the case prepares otherwise. */
const mishaps: Readonly<Record<string, Mishap>> = {
  'no such file': {
    args: ['custmers.csv'],
    exitCode: 3,
    says: ['custmers.csv: there is no such file.', 'Did you mean "customers.csv"?'],
  },
  'a folder': {
    prepare: () => mkdirSync(place.path('exports')),
    args: ['exports'],
    exitCode: 3,
    says: ['exports: this is a folder, not a file.'],
  },
  'an empty file': {
    prepare: () => place.write('customers.csv', ''),
    exitCode: 3,
    says: ['customers.csv: the file is empty.', 'Export it again'],
  },
  'nothing on standard input': { args: ['-'], exitCode: 3, says: ['standard input: the file is empty.'] },
  'a header and no rows': {
    prepare: () => place.write('customers.csv', customerFile([])),
    exitCode: 3,
    says: ['customers.csv', 'no rows below it', 'Export the file again'],
  },
  'an encoding that the file does not have': {
    prepare: () => place.write('customers.csv', Buffer.from(customerFile(['1,Müller,0800,a@example.com,1']), 'latin1')),
    args: ['customers.csv', '--encoding', 'utf-8'],
    exitCode: 3,
    says: ['customers.csv, line 2', 'not valid in utf-8', '--encoding'],
  },
  'an encoding that does not exist': {
    args: ['customers.csv', '--encoding', 'klingon'],
    exitCode: 2,
    says: ['"klingon"', '--encoding utf-8'],
  },
  'a picture': {
    prepare: () => place.write('customers.csv', Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex')),
    exitCode: 3,
    says: ['customers.csv: this is not a text file.', 'CSV'],
  },
  'a missing column': {
    prepare: () => place.write('customers.csv', customerFile(customerLines(1)).replace('Post Code', 'Postcode')),
    exitCode: 2,
    says: ['mappings.json', 'fields.postalCode', 'no column "Post Code"', 'did you mean "Postcode"?'],
  },
  'a column that the mapping does not know, where that is an error': {
    prepare: () => writeMapping(place, { ...keyedMapping, fields: { customerName: 'Name' }, unmapped: 'error' }),
    exitCode: 2,
    says: ['Post Code', 'Email', 'Limit', 'ignore'],
  },
  'an unknown field in the mapping': {
    prepare: () => writeMapping(place, { ...keyedMapping, fields: { custmerName: 'Name' } }),
    exitCode: 2,
    says: ['fields.custmerName', 'did you mean "customerName"'],
  },
  'an unknown key in the mapping': {
    prepare: () => writeMapping(place, { ...keyedMapping, feilds: {} }),
    exitCode: 2,
    says: ['feilds', '"fields"'],
  },
  'a mapping that is no JSON': {
    prepare: () => place.write('mappings.json', '{\n  "version": 1,\n  "fields": {\n    "city" "Town"\n  }\n}\n'),
    exitCode: 2,
    says: ['mappings.json is not valid JSON', 'line 4, column 12', 'expected a colon'],
  },
  'an empty mapping': {
    prepare: () => place.write('mappings.json', ''),
    exitCode: 2,
    says: ['mappings.json is not valid JSON', 'line 1, column 1', 'the file ends'],
  },
  'no mapping': {
    args: ['customers.csv', '--mapping', 'ours.json'],
    exitCode: 2,
    says: ['ours.json cannot be read', 'there is no such file', '--mapping', 'mappings.example.json'],
  },
  'no login': {
    env: { MYPOS_CONNECT_USERNAME: '', MYPOS_CONNECT_PASSWORD: '' },
    exitCode: 6,
    says: ['no login', 'MYPOS_CONNECT_USERNAME', '--sandbox'],
  },
  'a login without a password': {
    env: { MYPOS_CONNECT_PASSWORD: '' },
    exitCode: 6,
    says: ['no password', 'MYPOS_CONNECT_PASSWORD'],
  },
  'a wrong password': {
    env: { MYPOS_CONNECT_PASSWORD: 'wrong' },
    exitCode: 6,
    says: ['refused the login', 'password is wrong', 'MYPOS_CONNECT_PASSWORD', 'mypos-customers login'],
  },
  'a host that is down': {
    env: { MYPOS_CONNECT_BASE_URL: 'http://127.0.0.1:1/api/v2' },
    exitCode: 5,
    says: ['http://127.0.0.1:1/api/v2 cannot be reached', 'No server is listening on that address', '--base-url'],
  },
  'an address that would send the login unencrypted': {
    env: { MYPOS_CONNECT_BASE_URL: 'http://api.example.com/api/v2' },
    exitCode: 2,
    says: ['unencrypted', 'https:'],
  },
  'an address that is none': {
    args: ['customers.csv', '--base-url', 'api.example.com'],
    exitCode: 2,
    says: ['api.example.com', '--base-url', 'https://'],
  },
  'an address that holds the login': {
    env: { MYPOS_CONNECT_BASE_URL: 'https://me:secret@api.example.com/api/v2' },
    exitCode: 2,
    says: ['contains a login', 'MYPOS_CONNECT_USERNAME'],
  },
  'a file in the place of the state folder': {
    prepare: () => place.write('state', ''),
    args: ['customers.csv', '--state-dir', 'state'],
    exitCode: 2,
    says: ['state folder', 'cannot be written', 'Nothing was sent', '--state-dir'],
  },
  'a results folder that is not there': {
    args: ['customers.csv', '--results', 'nowhere/results.csv'],
    exitCode: 2,
    says: ['nowhere/results.csv cannot be written', 'Nothing was sent', '--results'],
  },
  'an unknown option': {
    args: ['customers.csv', '--frist', '5'],
    exitCode: 2,
    says: ['Unknown option --frist: did you mean --first', 'mypos-customers import --help'],
  },
  'an option that is like no other': {
    args: ['customers.csv', '--qqqqqq', '5'],
    exitCode: 2,
    says: ['Unknown option --qqqqqq.', 'mypos-customers import --help'],
  },
  'several files of which one is not there': {
    args: ['customers.csv', 'more.csv'],
    exitCode: 3,
    says: ['more.csv: there is no such file. Nothing was imported.'],
  },
  'an option without its value': { args: ['customers.csv', '--first'], exitCode: 2, says: ['--first needs a value.'] },
  'a number that is none': {
    args: ['customers.csv', '--first', 'five'],
    exitCode: 2,
    says: ['--first "five"', '--first 5'],
  },
  'an unknown mode': {
    args: ['customers.csv', '--mode', 'replace'],
    exitCode: 2,
    says: ['--mode cannot be "replace"', '"add"'],
  },
  'an impossible rate': { args: ['customers.csv', '--rate', '0'], exitCode: 2, says: ['rate "0"', 'option --rate'] },
  'no file named': { args: [], exitCode: 2, says: ['No input file given.', 'mypos-customers import --help'] },
  'a password file that is not there': {
    env: { MYPOS_CONNECT_PASSWORD: '', MYPOS_CONNECT_PASSWORD_FILE: 'secret.txt' },
    exitCode: 2,
    says: ['secret.txt', 'MYPOS_CONNECT_PASSWORD_FILE', 'cannot be read'],
  },
  'a profile that is not there': {
    prepare: () => place.write('mypos-customers.json', '{"profiles":{"shop":{}}}'),
    args: ['customers.csv', '--profile', 'shpo'],
    exitCode: 2,
    says: ['no profile "shpo"', '"shop"'],
  },
  'a password in the configuration file': {
    prepare: () => place.write('mypos-customers.json', '{"profiles":{"shop":{"password":"x"}}}'),
    args: ['customers.csv', '--profile', 'shop'],
    exitCode: 2,
    says: ['profiles.shop.password', 'Secrets do not belong'],
  },
};

function inOrder(parts: readonly string[]): RegExp {
  return new RegExp(parts.map((part) => part.replaceAll(/[^\w\s]/g, '\\$&')).join('.*'), 's');
}

describe('an import is refused before anything is sent, and says why and what to do, when it meets', () => {
  it.each(Object.entries(mishaps))(
    '%s',
    async (_name, { prepare, args = ['customers.csv'], env = {}, exitCode, says }) => {
      const api = await place.openApi();
      writeCustomers(place, 2);
      prepare?.();
      const finished = await place.run(['import', ...args], { env });
      expect([finished.exitCode, finished.stdout]).toEqual([exitCode, '']);
      expect(finished.stderr).toMatch(inOrder(says));
      expect(finished.stderr).not.toMatch(/Bug in|at .*\.js:\d+/);
      expect(customersAdded(api)).toBe(0);
    },
  );
});

describe('a right that is missing', () => {
  it('to add customers stops an import with exit code 6 and nothing in doubt', async () => {
    await place.openApi({ rights: ['GET'] });
    writeCustomers(place, 3);
    const { exitCode, stdout } = await place.run(['import', 'customers.csv', '--concurrency', '1']);
    expect(exitCode).toBe(6);
    expect(stdout).toMatch(/does not allow.*403.*MYPOS Connect/s);
    expect(stdout).not.toContain('in doubt');
  });

  it('to read customers ends a list with exit code 6', async () => {
    await place.openApi({ rights: ['POST'] });
    const { exitCode, stderr } = await place.run(['list']);
    expect(exitCode).toBe(6);
    expect(stderr).toContain('missing permission');
  });
});

describe('the command line', () => {
  it.each([
    [['imprt', 'customers.csv'], 'Unknown command "imprt": did you mean "import"?'],
    [['frobnicate'], 'Unknown command "frobnicate"'],
    [['--verbose'], 'Specify a command'],
    [['list', 'customers'], 'customers'],
    [['delete'], 'Give either customer codes or --file'],
    [['delete', '1', '--file', 'x.csv'], 'Give either customer codes or --file'],
    [['get'], 'Missing argument. Usage: mypos-customers get <idOrCode..>'],
    [['runs', 'show'], 'Which run?'],
    [['runs', 'hide'], '"hide"'],
    [['runs', 'show', 'nothing', '--sandbox'], 'There is no run "nothing"'],
    [['list', '--sort', 'a b'], '--sort "a b"'],
    [['list', '--changed-since', 'yesterday'], '--changed-since "yesterday"'],
    [['list', '--page', '0'], '--page "0"'],
    [['sandbox', '--port', '99999'], '--port 99999 is not a port'],
    [['sandbox', '--fault', 'nonsense'], "there is no fault 'nonsense'"],
  ])('refuses %j with exit code 2', async (args, says) => {
    const { exitCode, stdout, stderr } = await place.run(args);
    expect([exitCode, stdout]).toEqual([2, '']);
    expect(stderr).toContain(says);
  });

  it('prints an error once for people and as one document for scripts with --json', async () => {
    const { exitCode, stdout, stderr } = await place.run(['check', 'nowhere.csv', '--json']);
    expect(exitCode).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({ exitCode: 2, error: { code: 'MAPPING_MISSING' } });
    expect(stderr.match(/Error:/g)).toHaveLength(1);
  });

  it.each(['import', 'check', 'list', 'get', 'delete', 'runs', 'login'])(
    'takes every common option for %s',
    async (command) => {
      await place.openApi();
      writeCustomers(place, 1);
      place.write('mypos-customers.json', '{"profiles":{"shop":{}}}');
      const common = '--mapping mappings.json --profile shop --config mypos-customers.json --state-dir state --sandbox';
      const operands = { import: 'customers.csv', check: 'customers.csv', get: '0000001', delete: '0000001' };
      const operand = command in operands ? [operands[command as keyof typeof operands]] : [];
      const { exitCode, stderr } = await place.run([
        ...[command, ...operand],
        ...`${common} --base-url http://127.0.0.1:9/ --rate 50 --concurrency 2 --json --quiet --verbose --yes`.split(
          ' ',
        ),
      ]);
      expect(stderr).not.toContain('Unknown option');
      expect([0, 4]).toContain(exitCode);
    },
  );

  it('leaves no copy of what a check read from standard input', async () => {
    writeMapping(place, keyedMapping);
    const temp = place.path('tmp');
    mkdirSync(temp);
    const { exitCode } = await place.run(['check', '-', '--state-dir', 'state'], {
      stdin: customerFile(customerLines(1)),
      env: { TMPDIR: temp },
    });
    expect(exitCode).toBe(0);
    expect(place.files()).toEqual(['mappings.json']);
  });
});

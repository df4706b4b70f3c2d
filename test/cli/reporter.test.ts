import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { fast, writeCustomers } from '#test/e2e/customer-files.js';
import { mainFile } from '#test/e2e/run-command-line.js';
import { useWorkplace } from '#test/e2e/use-workplace.js';

const place = useWorkplace();
const run = promisify(execFile);

/** Runs a line of bash, where `mypos-customers` is the compiled command line, and says how that ended. */
async function bash(line: string): Promise<string> {
  const script = `mypos-customers() { '${process.execPath}' '${mainFile}' "$@"; }\n${line}\necho "ended with \${PIPESTATUS[0]}"`;
  const { stdout } = await run('bash', ['-c', script], {
    cwd: place.path('.'),
    env: {
      PATH: process.env.PATH ?? '',
      ...place.environment(),
    },
  });
  return stdout;
}

async function office() {
  const api = await place.openApi();
  writeCustomers(place, 6);
  return api;
}

describe('when the reader of standard output has gone', () => {
  it.each([
    ['list --json', 0],
    ['runs', 0],
    ['check customers.csv', 0],
    ['doctor', 0],
    ['help', 0],
    ['import --help', 0],
    ['completion', 0],
    ['check missing.csv --json', 3],
  ])('%s ends without a word about it', async (command, code) => {
    await office();
    // `true` is gone long before anything is written.
    expect(await bash(`mypos-customers ${command} 2>stderr.txt | true`)).toBe(`ended with ${code}\n`);
    expect(place.read('stderr.txt')).not.toMatch(/EPIPE|Bug| at /);
  });

  it('an import goes on to its end, and so does everything that it writes', async () => {
    const api = await office();
    const line = `mypos-customers import customers.csv --json ${fast.join(' ')} 2>stderr.txt | true`;
    expect(await bash(line)).toBe('ended with 0\n');
    expect(place.read('stderr.txt')).not.toMatch(/EPIPE|Bug| at /);
    expect(api.customers()).toHaveLength(6);
    expect(place.read('customers.results.csv').match(/,created,/g)).toHaveLength(6);
    expect((await place.run(['runs'])).stdout).toMatch(/completed/);
  });

  it('an export to it says so, since its file is not whole', async () => {
    await office();
    await place.run(['import', ...fast, 'customers.csv']);
    const line = 'mypos-customers export - --format csv --fields all 2>stderr.txt | true';
    expect(await bash(line)).toBe('ended with 5\n');
    expect(place.read('stderr.txt')).toMatch(/^The program that reads standard output closed it before the end/m);
  });
});

it('an import goes on when the reader of standard error has gone', async () => {
  const api = await office();
  const line = `mypos-customers import customers.csv --mode upsert ${fast.join(' ')} 2>&1 >out.txt | true`;
  expect(await bash(line)).toBe('ended with 0\n');
  expect(place.read('out.txt')).toMatch(/6 created/);
  expect(api.customers()).toHaveLength(6);
});

it.runIf(process.platform === 'linux')(
  'a full disk under standard output is reported, and nothing is thrown',
  async () => {
    const api = await office();
    const line = `mypos-customers import customers.csv --json ${fast.join(' ')} 2>stderr.txt >/dev/full`;
    expect(await bash(line)).toBe('ended with 5\n');
    expect(place.read('stderr.txt')).toMatch(/Standard output cannot be written: the disk is full/);
    expect(api.customers()).toHaveLength(6);
  },
);

import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readResults } from '#test/e2e/customer-files.js';

const folder = mkdtempSync(join(tmpdir(), 'mypos-package-'));
const run = (file: string, args: readonly string[]) =>
  execFileSync(file, args, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

beforeAll(() => {
  // The build is there already (`npm run test:real` makes it); making it anew would pull it from under other tests.
  const packed = execFileSync('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', folder], {
    encoding: 'utf8',
  });
  writeFileSync(join(folder, 'package.json'), '{"private":true,"type":"module"}');
  run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', JSON.parse(packed)[0].filename]);
}, 300_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the package, installed into an empty folder', () => {
  it('says its version', () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
    expect(run('npx', ['mypos-customers', '--version']).trim()).toBe(version);
  });

  it('imports a file with the mapping that it brings along', () => {
    copyFileSync(resolve('fixtures/customers.csv'), join(folder, 'customers.csv'));
    const mapping = join('node_modules', 'mypos-customers', 'mappings.example.json');
    const args = ['import', 'customers.csv', '--mapping', mapping, '--sandbox', '--state-dir', 'state'];
    // Some rows of this file are bad on purpose, hence exit code 4.
    expect(() => run('npx', ['mypos-customers', ...args])).toThrow(expect.objectContaining({ status: 4 }));
    const rows = readResults(readFileSync(join(folder, 'customers.results.csv'), 'utf8'));
    expect(rows.filter((row) => row._status === 'created').length).toBeGreaterThan(30);
  });

  it('shares a rate limit when ioredis is there, and says what is missing when it is not', () => {
    const login = { MYPOS_CONNECT_USERNAME: 'a', MYPOS_CONNECT_PASSWORD: 'b' };
    const share = () => {
      const args = ['mypos-customers', 'login', '--state-dir', 'state', '--pace', 'redis://127.0.0.1:9'];
      return spawnSync('npx', args, { cwd: folder, encoding: 'utf8', env: { ...process.env, ...login } });
    };
    expect(share()).toMatchObject({ status: 5, stderr: expect.stringContaining('PACE_LOST') });
    rmSync(join(folder, 'node_modules/ioredis'), { recursive: true });
    expect(share()).toMatchObject({ status: 2, stderr: expect.stringContaining('npm install ioredis@5') });
  });

  it('is a library with types', () => {
    const { types, default: entry } = JSON.parse(
      readFileSync(join(folder, 'node_modules/mypos-customers/package.json'), 'utf8'),
    ).exports['.'];
    expect(readFileSync(join(folder, 'node_modules/mypos-customers', types), 'utf8')).toContain('importCustomers');
    writeFileSync(
      join(folder, 'use.js'),
      `import { startSandbox, resolveSettings, listCustomers } from 'mypos-customers';
const sandbox = await startSandbox({ dataFile: ':memory:' });
await sandbox.seed(3);
process.env.MYPOS_CONNECT_USERNAME = sandbox.username;
process.env.MYPOS_CONNECT_PASSWORD = sandbox.password;
const settings = resolveSettings({ baseUrl: sandbox.baseUrl, stateDir: 'library-state' });
const page = await listCustomers(settings, { page: 1, pageSize: 10 }, new AbortController().signal);
console.log(page.customers.length);
await sandbox.close();
`,
    );
    expect([entry, run('node', ['use.js']).trim()]).toEqual(['./dist/src/index.js', '3']);
  });
});

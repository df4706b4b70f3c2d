import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const run = promisify(execFile);
const launcher = 'bin/mypos-customers.cjs';

/** Runs the launcher as if this was another version of Node. */
async function runAs(version: string) {
  const script = `Object.defineProperty(process.versions, 'node', { value: '${version}' }); require('./${launcher}')`;
  const { stdout, stderr, code } = await run(process.execPath, ['-e', script, '--', '--version']).then(
    (done) => ({ ...done, code: 0 }),
    (error: { stdout: string; stderr: string; code: number }) => error,
  );
  return { stdout, stderr, code };
}

describe('the launcher', () => {
  it.each([
    ['0.12.18', '20.19'],
    ['14.21.3', '20.19'],
    ['18.19.1', '20.19'],
    ['20.10.0', '20.19'],
    ['21.7.3', '22.13'],
    ['22.12.0', '22.13'],
    ['23.1.0', '24'],
  ])('says what is needed instead of Node %s before anything else is loaded', async (version, needed) => {
    const stderr = `Needs Node ${needed} or later; this is ${version}\n`;
    expect(await runAs(version)).toEqual({ stdout: '', stderr, code: 2 });
  });

  it.each(['20.19.0', '22.13.0', '24.0.0', '26.1.0'])('starts with Node %s', async (version) => {
    expect((await runAs(version)).stderr).toBe('');
  });

  it('has no word that an old Node cannot read', () => {
    const code = readFileSync(launcher, 'utf8').replaceAll(/\/\/.*$/gm, '');
    expect(code).not.toMatch(/=>|`|\b(?:let|const|class|import|async|await)\b|\?\.|\?\?/);
  });

  it('is what the package installs', () => {
    const { bin, files } = JSON.parse(readFileSync('package.json', 'utf8'));
    expect([bin, files]).toEqual([{ 'mypos-customers': launcher }, expect.arrayContaining(['bin', 'dist'])]);
  });
});

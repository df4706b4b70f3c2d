import { execFile } from 'node:child_process';
import { copyFileSync, readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { readResults } from '#test/e2e/customer-files.js';
import { mainFile } from '#test/e2e/run-command-line.js';
import { useWorkplace } from '#test/e2e/use-workplace.js';

const place = useWorkplace();
const blocks = [...readFileSync('docs/how-duplicates-are-avoided.md', 'utf8').matchAll(/```sh\n(.*?)```/gs)].map(
  ([, commands = '']) => commands,
);

it('the commands of the page on duplicates work as they are written, one after the other', async () => {
  copyFileSync('fixtures/customers.csv', place.path('customers.csv'));
  copyFileSync('mappings.example.json', place.path('mappings.json'));
  const script = [`mypos-customers() { node "${mainFile}" "$@" --rate unlimited; }`, ...blocks].join('\n');
  const env = { PATH: process.env.PATH, HOME: place.path('home') };
  const { stderr } = await promisify(execFile)('bash', ['-c', script], { cwd: place.path('.'), env });
  expect(blocks).toHaveLength(3);
  expect(stderr).not.toMatch(/Error:|Bug in/);
  const undone = readResults(place.read('undone.csv'));
  expect(undone.length).toBeGreaterThan(20);
  expect(new Set(undone.map((row) => row._status))).toEqual(new Set(['deleted']));
});

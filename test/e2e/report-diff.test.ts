import { expect, it } from 'vitest';
import { customerFile, customerLines, fast, keyedMapping, writeMapping } from './customer-files.js';
import { useWorkplace } from './use-workplace.js';

const place = useWorkplace();

it('report diff says what two runs differ in', async () => {
  await place.openApi();
  writeMapping(place, keyedMapping);
  place.write('monday.csv', customerFile([...customerLines(3), 'C-8,Eight,0800,nobody,1']));
  place.write('tuesday.csv', customerFile([...customerLines(4), 'C-9,Nine,0800,nine@example.com,much']));
  const runs: string[] = [];
  for (const args of [['monday.csv'], ['tuesday.csv', '--verify']])
    runs.push(JSON.parse((await place.run(['import', ...fast, ...args, '--json'])).stdout).run);
  const { exitCode, stdout } = await place.run(['report', 'diff', ...runs]);
  expect(exitCode).toBe(0);
  expect(stdout).toContain('The input is different.\nThe mapping is the same.');
  expect(stdout).toMatch(/created │ 3 +│ 1 +│ -2/);
  expect(stdout).toMatch(/skipped │ 0 +│ 3 +│ \+3/);
  expect(stdout).toMatch(/\+1 \(0 → 1\) invalid: .*much.*\n\s+-1 \(1 → 0\) invalid: .*nobody/);
  expect(stdout).toContain('verify: false → true');
  const json = JSON.parse((await place.run(['report', 'diff', ...runs, '--json'])).stdout);
  expect(json).toMatchObject({ sameInput: false, before: { run: runs[0], rows: 4 }, after: { run: runs[1], rows: 5 } });
  const unknown = await place.run(['report', 'diff', runs[0]!, 'nosuch']);
  expect([unknown.exitCode, unknown.stderr]).toEqual([2, expect.stringContaining('RUN_UNKNOWN')]);
});

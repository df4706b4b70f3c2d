import { describe, expect, it } from 'vitest';
import { customerFile, customerLines, fast, keyedMapping, readResults, writeMapping } from './customer-files.js';
import { useWorkplace } from './use-workplace.js';

const place = useWorkplace();

function writeFiles(): void {
  const lines = customerLines(4);
  place.write('shop-a.csv', customerFile(lines.slice(0, 2)));
  place.write('shop-b.csv', customerFile([String(lines[2]), 'C-9,Nobody,0801,no address,1']));
  place.write('shop-a.results.csv', 'made by an earlier import');
  writeMapping(place, keyedMapping);
}

describe('an import of several files', () => {
  it('takes names and patterns, leaves out its own files, and ends with the exit code that says most', async () => {
    const api = await place.openApi();
    writeFiles();
    const { stdout, exitCode } = await place.run(['import', 'shop-*.csv', 'shop-a.csv', '--json', ...fast]);
    const { imports, ...rest } = JSON.parse(stdout);
    expect(rest).toEqual({ command: 'import', exitCode: 4 });
    expect(imports.map((each: { input: { file: string } }) => each.input.file)).toEqual(['shop-a.csv', 'shop-b.csv']);
    expect([exitCode, api.customers().length]).toEqual([4, 3]);
    expect(place.files()).toContain('shop-b.rejects.csv');
  });

  it('sends nothing when one of them is not there, and names the file that was meant', async () => {
    const api = await place.openApi();
    writeFiles();
    const { stderr, exitCode } = await place.run(['import', 'shop-a.csv', 'shop-c.csv', ...fast]);
    expect([exitCode, api.requests().length]).toEqual([3, 0]);
    expect(stderr).toMatch(/shop-c\.csv: there is no such file.*\n.*Did you mean "shop-/);
  });

  it('goes on after a file that cannot be read', async () => {
    const api = await place.openApi();
    writeFiles();
    place.write('shop-0.csv', '');
    const { stdout, exitCode } = await place.run(['import', 'shop-0.csv', 'shop-a.csv', '--json', ...fast]);
    expect([exitCode, api.customers().length]).toEqual([3, 2]);
    expect(JSON.parse(stdout).imports).toMatchObject([{ exitCode: 3, input: { file: 'shop-0.csv' } }, { exitCode: 0 }]);
  });

  it('refuses an option that names the file of one', async () => {
    writeFiles();
    const { stderr, exitCode } = await place.run(['import', 'shop-a.csv', 'shop-b.csv', '--results', 'all.csv']);
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining('--results is for one file')]);
  });

  it('is an ordinary import when a pattern finds one file, and reads standard input', async () => {
    const api = await place.openApi();
    writeFiles();
    expect(JSON.parse((await place.run(['import', '*-a.csv', '--json', ...fast])).stdout)).toMatchObject({
      command: 'import',
      exitCode: 0,
    });
    const { exitCode } = await place.run(['import', '-', ...fast], { stdin: customerFile(customerLines(4).slice(3)) });
    expect([exitCode, api.customers().length]).toEqual([0, 3]);
  });
});

describe('rejects', () => {
  it('of rejects keep one name, and the reasons in _error are apart', async () => {
    await place.openApi();
    writeMapping(place, keyedMapping);
    place.write('shop.csv', customerFile(['C-9,Nobody,0801,no address,much']));
    for (const file of ['shop.csv', 'shop.rejects.csv', 'shop.rejects.2.csv'])
      expect((await place.run(['import', file, ...fast])).exitCode).toBe(4);
    expect(place.files().filter((name) => name.includes('rejects') && !name.includes('results'))).toEqual([
      'shop.rejects.2.csv',
      'shop.rejects.3.csv',
      'shop.rejects.csv',
    ]);
    expect(readResults(place.read('shop.rejects.csv'))[0]?._error).toMatch(/much.* \| .*no address/);
  });
});

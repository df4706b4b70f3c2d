import { describe, expect, it } from 'vitest';
import { parseFaults } from '#src/sandbox/fault.js';
import { customerFile, customerLines, fast, keyedMapping, writeCustomers, writeMapping } from './customer-files.js';
import { useWorkplace } from './use-workplace.js';

const place = useWorkplace();

/** Ten rows; five have no e-mail address, and one of these no number either. */
function writeCustomersWithMistakes(): void {
  const lines = customerLines(10).map((line, index) =>
    index % 2 === 0 ? line.replace(/c\d+@example.com/, 'nobody') : line,
  );
  lines[4] = lines[4]!.replace(/,\d+$/, ',much');
  place.write('customers.csv', customerFile(lines));
  writeMapping(place, keyedMapping);
}

const lastLine = (text: string) => text.trimEnd().split('\n').at(-1) ?? '';

/** Types what a summary proposes, word by word; it never needs a shell's quoting here. */
function typed(line: string): readonly string[] {
  const command = /mypos-customers (.*?)(?: \(|, or |$)/.exec(line)?.[1];
  if (command === undefined) throw new Error(`There is no command in: ${line}`);
  return command.split(' ');
}

describe.each([['import'], ['check']])('what %s reports about rows with mistakes', (command) => {
  it('is grouped by reason, with a count and the first three rows', async () => {
    await place.openApi();
    writeCustomersWithMistakes();
    const { stdout } = await place.run([command, 'customers.csv']);
    expect(stdout).toMatch(/^ {8}5 × invalid, row 2, 4, 6 and 2 more: .*"nobody".*\n {8}1 × invalid, row 6: .*"much"/m);
  });

  it('is in the document of --json, too', async () => {
    await place.openApi();
    writeCustomersWithMistakes();
    const { problems } = JSON.parse((await place.run([command, 'customers.csv', '--json'])).stdout);
    expect(problems).toMatchObject([
      { status: 'invalid', columns: ['Email'], count: 5, rows: [2, 4, 6] },
      { status: 'invalid', columns: ['Limit'], count: 1, rows: [6] },
    ]);
  });
});

describe('what the API refused', () => {
  it('is grouped by what it said', async () => {
    await place.openApi({ faults: parseFaults(['400:add:nth=1,3', '409:add:nth=2']) });
    writeCustomers(place, 4);
    const { problems } = JSON.parse(
      (await place.run(['import', ...fast, '--concurrency', '1', 'customers.csv', '--json'])).stdout,
    );
    expect(
      problems.map(({ code, count, rows }: { code: string; count: number; rows: number[] }) => [code, count, rows]),
    ).toEqual([
      ['HTTP_400', 2, [2, 4]],
      ['HTTP_409', 1, [3]],
    ]);
  });
});

describe('the last line of a summary is the next command', () => {
  it('after a check: a pilot', async () => {
    await place.openApi();
    writeCustomers(place, 8);
    const next = lastLine((await place.run(['check', 'customers.csv'])).stdout);
    expect(next).toBe('Next: mypos-customers import customers.csv --first 5');
    expect((await place.run(typed(next))).stdout).toContain('5 created');
  });

  it('after a pilot: the whole file, with the same options', async () => {
    await place.openApi();
    writeCustomers(place, 8);
    place.write('other.json', place.read('mappings.json'));
    const next = lastLine(
      (await place.run(['import', 'customers.csv', '--first=5', ...fast, '--mapping', 'other.json'])).stdout,
    );
    expect(next).toBe(
      'Next: check the results, then: mypos-customers import customers.csv --rate unlimited --mapping other.json',
    );
    const whole = await place.run(typed(next));
    expect(whole.stdout).toMatch(/3 created\n.*5 skipped|5 unchanged/s);
  });

  it('after rejects: to import their file once it is fixed', async () => {
    const api = await place.openApi();
    writeCustomersWithMistakes();
    const next = lastLine((await place.run(['import', ...fast, 'customers.csv'])).stdout);
    place.write(
      'customers.rejects.csv',
      place.read('customers.rejects.csv').replaceAll('nobody', 'a@example.com').replaceAll(',much', ',1'),
    );
    expect((await place.run(typed(next.replace(/.*then: /, '')))).exitCode).toBe(0);
    expect(api.customers()).toHaveLength(10);
  });

  it('after a delete with rows to fix: to delete by their file', async () => {
    await place.openApi();
    place.write('leavers.csv', 'customerCode,Name\n,Ann\n0000001,Bob\n');
    const next = lastLine((await place.run(['delete', '--file', 'leavers.csv', '--yes', ...fast])).stdout);
    expect(next).toBe(
      'Next: fix leavers.rejects.csv, then: mypos-customers delete --file leavers.rejects.csv --yes --rate unlimited',
    );
  });

  it('after a stop: resume, with the options that name the account', async () => {
    writeCustomers(place, 5);
    place.write('customers.csv', place.read('customers.csv').replaceAll(/c000[123]@example.com/g, 'nobody'));
    const args = ['import', 'customers.csv', ...fast, '--sandbox', '--max-failures', '2', '--state-dir', 'state'];
    const { stdout, exitCode } = await place.run(args);
    expect(exitCode).toBe(5);
    expect(lastLine(stdout)).toMatch(/mypos-customers resume \S+ --sandbox --state-dir state --max-failures 100%$/);
    const resumed = await place.run(typed(lastLine(stdout)));
    expect(resumed.exitCode).toBe(4);
    expect(lastLine(resumed.stdout)).toMatch(
      /then: mypos-customers import customers\.rejects\.csv --sandbox --state-dir state .*--mode \w+$/,
    );
  });

  it('after a complete import: show the run again, or undo it', async () => {
    const api = await place.openApi();
    writeCustomers(place, 2);
    const next = lastLine((await place.run(['import', ...fast, 'customers.csv'])).stdout);
    expect((await place.run(typed(next))).stdout).toContain('2 created');
    expect((await place.run([...typed(next.replace(/.*, or undo it: /, '')), '--yes'])).exitCode).toBe(0);
    expect(api.customers()).toEqual([]);
  });
});

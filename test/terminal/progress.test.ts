import { describe, expect, it } from 'vitest';
import { writeCustomers } from '#test/e2e/customer-files.js';
import { useWorkplace } from '#test/e2e/use-workplace.js';
import { runInTerminal } from './run-in-terminal.js';

const place = useWorkplace();
// biome-ignore lint/suspicious/noControlCharactersInRegex: colours begin with an escape
const colours = /\u001b\[3\dm/;

async function importInTerminal(options: {
  readonly faults?: readonly string[];
  readonly columns?: number;
  readonly env?: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
  readonly answers?: readonly (readonly [string, string])[];
}) {
  const { parseFaults } = await import('#src/sandbox/fault.js');
  await place.openApi({ faults: parseFaults(options.faults ?? ['latency:add:ms=150']) });
  writeCustomers(place, 12);
  const shown = await runInTerminal({
    args: ['import', 'customers.csv', '--rate', '100', '--concurrency', '2', ...(options.args ?? [])],
    cwd: place.path('.'),
    env: {
      ...place.environment(),
      ...options.env,
    },
    ...(options.columns === undefined ? {} : { columns: options.columns }),
    ...(options.answers === undefined ? {} : { answers: options.answers }),
  });
  return shown;
}

describe('an import in a terminal', () => {
  it('shows how far it is, and leaves nothing of that behind', async () => {
    const { text, raw, exitCode } = await importInTerminal({});
    expect(text).toMatch(/[█░]+ \d+ of 12 rows, \d+%/);
    expect(text).toMatch(/of 100 requests\/s/);
    expect(exitCode).toBe(0);
    // Nothing has to be put back, which kill -9 would not do: the cursor is never hidden, and lines always wrap.
    expect(raw).not.toContain('\u001b[?25l');
    expect(raw).not.toContain('\u001b[?7l');
  });

  it('says that it waits because the API asked for it', async () => {
    const { text, exitCode } = await importInTerminal({ faults: ['429:add:nth=3:retry-after=1'] });
    expect(text).toMatch(/waiting until \d\d:\d\d:\d\d \(the API asked for it\)/);
    expect(exitCode).toBe(0);
  });

  it('uses colours for trouble', async () => {
    expect((await importInTerminal({ faults: ['latency:add:ms=150', '400:add:nth=1'] })).raw).toMatch(colours);
  });

  it('uses none with NO_COLOR', async () => {
    const faults = ['latency:add:ms=150', '400:add:nth=1'];
    const { raw, text } = await importInTerminal({ faults, env: { NO_COLOR: '1' } });
    expect(text).toContain('1 rejected');
    expect(raw).not.toMatch(colours);
  });

  it('draws nothing in place on a terminal that cannot', async () => {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what must not be there
    expect((await importInTerminal({ env: { TERM: 'dumb' } })).raw).not.toMatch(/\u001b/);
  });

  it('draws no line that is too long for a narrow window', async () => {
    const { raw } = await importInTerminal({ columns: 40 });
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control sequences take no room
    const written = raw.split(/(?:\u001b\[[\d;?]*[A-Za-z]|[\r\n])+/);
    const lines = written.filter((line) => /requests\/s|\d\/12|of 12 rows,/.test(line));
    expect(lines.length).toBeGreaterThan(0);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(40);
  });

  it('shows no progress with --quiet', async () => {
    const { text } = await importInTerminal({ args: ['--quiet'] });
    expect(text.trim()).toBe('');
  });
});

describe('an import without a terminal', () => {
  it('writes a line every ten seconds', async () => {
    const { parseFaults } = await import('#src/sandbox/fault.js');
    await place.openApi({ faults: parseFaults(['latency:add:nth=2:ms=11500']) });
    writeCustomers(place, 3);
    const { stderr } = await place.run(['import', 'customers.csv', '--rate', '100']);
    expect(stderr).toMatch(/^2 of 3 rows, 2 created, \d+\.\d of 100 requests\/s, .+ left$/m);
    expect(stderr).not.toMatch(/[█░]/);
  });
});

import { describe, expect, it } from 'vitest';
import { fast, writeCustomers } from '#test/e2e/customer-files.js';
import { useWorkplace } from '#test/e2e/use-workplace.js';
import { runInTerminal } from './run-in-terminal.js';

const place = useWorkplace();

const run = (args: readonly string[], answers: readonly (readonly [string, string])[] = []) =>
  runInTerminal({
    args: [...args, ...fast],
    cwd: place.path('.'),
    env: place.environment(),
    answers,
    columns: 200,
  });

describe('the first import of more than 100 rows into an account', () => {
  it('is asked about once on a terminal', async () => {
    const api = await place.openApi();
    writeCustomers(place, 101);
    const question = `Import 101 rows into ${api.baseUrl} as ${api.username}?`;
    expect((await run(['import', 'customers.csv', '--first', '1'])).text).not.toContain(question);
    const refused = await run(['import', 'customers.csv'], [[question, 'n\r']]);
    expect([refused.exitCode, refused.text]).toEqual([2, expect.stringContaining('IMPORT_NOT_CONFIRMED')]);
    expect(api.customers()).toHaveLength(1);
    expect((await run(['import', 'customers.csv'], [[question, 'y\r']])).exitCode).toBe(0);
    expect((await run(['import', 'customers.csv'])).text).not.toContain(question);
    expect(api.customers()).toHaveLength(101);
  });
});

describe('an import of a file whose run was interrupted', () => {
  it('offers on a terminal to resume it, and does so', async () => {
    const api = await place.openApi({ faults: [{ name: '400', on: 'add', when: { nth: [1] } }] });
    writeCustomers(place, 3);
    expect((await run(['import', 'customers.csv', '--max-failures', '0', '--concurrency', '1'])).exitCode).toBe(5);
    const declined = await run(['import', 'customers.csv'], [['Resume it? [Y/n]', 'n\r']]);
    expect([declined.exitCode, api.customers().length]).toEqual([8, 0]);
    const resumed = await run(['import', 'customers.csv', '--max-failures', '100%'], [['Resume it? [Y/n]', '\r']]);
    expect(resumed.text).toMatch(/import \d{8}-.*: completed/);
    expect(api.customers()).toHaveLength(2);
  });
});

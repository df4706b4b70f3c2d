import { expect, it } from 'vitest';
import { useWorkplace } from '#test/e2e/use-workplace.js';
import { runInTerminal } from './run-in-terminal.js';

const place = useWorkplace();

const run = (args: readonly string[], answers: readonly (readonly [string, string])[] = []) => {
  const { MYPOS_CONNECT_BASE_URL: _, ...env } = place.environment();
  return runInTerminal({ args, cwd: place.path('.'), env, answers, columns: 120 });
};

it('an address that a file in the current folder names is asked about once, before the login is sent there', async () => {
  const api = await place.openApi();
  place.write(
    'mypos-customers.json',
    JSON.stringify({
      defaultProfile: 'shop',
      profiles: { shop: { baseUrl: api.baseUrl, stateDir: place.path('planted') } },
    }),
  );
  const question = 'Is that right?';
  const refused = await run(['list'], [[question, 'n\r']]);
  expect([refused.exitCode, refused.text]).toEqual([2, expect.stringContaining('ACCOUNT_NOT_CONFIRMED')]);
  expect(refused.text).toContain(`sends the login ${api.username} to ${api.baseUrl}`);
  expect(api.requests()).toEqual([]);
  expect((await run(['list'], [[question, 'y\r']])).exitCode).toBe(0);
  const again = await run(['list']);
  expect([again.exitCode, again.text]).toEqual([0, expect.not.stringContaining(question)]);
});

import { mkdirSync, statSync } from 'node:fs';
import { expect, it } from 'vitest';
import { useWorkplace } from '#test/e2e/use-workplace.js';
import { runInTerminal } from './run-in-terminal.js';

const place = useWorkplace();

it('login asks for what is missing and stores it for commands in any folder', async () => {
  const api = await place.openApi();
  const env = { HOME: place.path('home') };
  const { text, exitCode } = await runInTerminal({
    args: ['login'],
    cwd: place.path('.'),
    env,
    columns: 200,
    answers: [
      ['Address of the API', `${api.baseUrl}\r`],
      ['E-mail address', `${api.username}\r`],
      ['Password', `${api.password}\r`],
    ],
  });
  expect([exitCode, text]).toEqual([0, expect.stringContaining(`Logged in to ${api.baseUrl} as ${api.username}`)]);
  expect(text).not.toContain(`${api.password}\n`);
  const stored = place.files().filter((name) => name.startsWith('home/.config/mypos-customers/'));
  expect(stored.map((name) => name.replace(/.*\//, ''))).toContain('mypos-customers.json');
  const [password = ''] = stored.filter((name) => name.endsWith('.password'));
  expect(statSync(place.path(password)).mode & 0o777).toBe(0o600);
  mkdirSync(place.path('far'));
  const elsewhere = await runInTerminal({ args: ['login'], cwd: place.path('far'), env, columns: 200 });
  expect([elsewhere.exitCode, elsewhere.text]).toEqual([0, expect.stringContaining('The token is valid')]);
});

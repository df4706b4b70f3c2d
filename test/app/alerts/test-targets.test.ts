import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { testNotifyTargets } from '#src/app/alerts/test-targets.js';
import { mailTarget, useReceivers } from '#test/alerts/receivers.js';

const receivers = useReceivers();
let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mypos-alerts-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function testTargets(notify: object | undefined, names?: readonly string[]) {
  const config = join(folder, 'config.json');
  writeFileSync(config, JSON.stringify({ notify }));
  writeFileSync(join(folder, 'mail-password'), 'wrong-secret\n');
  return testNotifyTargets({ config, stateDir: join(folder, 'state') }, names);
}

describe('a test of alerts', () => {
  it.each([
    ['a login that is refused', { login: { username: 'a', password: 'b' } }, {}, 'it refused the login (535)'],
    ['a receiver that is unknown', { unknown: 'it@example.com' }, {}, 'it refused a receiver: it@example.com'],
    ['no encryption', {}, { security: 'starttls' }, 'it offers no encryption (STARTTLS)'],
  ] as const)('says why a mail server did not take it: %s', async (_, options, more, expected) => {
    const server = await receivers.openMailServer(options);
    const login = 'login' in options ? { username: 'a', passwordFile: 'mail-password' } : {};
    const { exitCode, targets } = await testTargets({ office: mailTarget(server.port, { ...login, ...more }) });
    expect(exitCode).toBe(4);
    expect(targets[0]?.error).toContain(`The mail server localhost:${server.port} did not take the mail: ${expected}`);
    expect(targets[0]?.error).not.toContain('wrong-secret');
  });

  it('goes to the named targets only', async () => {
    const [a, b] = await Promise.all([receivers.openService(), receivers.openService()]);
    const notify = { a: { kind: 'slack', url: a.url }, b: { kind: 'teams', url: b.url } };
    expect(await testTargets(notify, ['b'])).toMatchObject({ exitCode: 0, targets: [{ name: 'b', error: null }] });
    expect([a.bodies.length, b.bodies.length]).toEqual([0, 1]);
    await expect(testTargets(notify, ['c'])).rejects.toThrow(/no target "c" under "notify".*a.*b/);
  });

  it('shows nothing of a file name as a link or a mention in Slack', async () => {
    const slack = await receivers.openService();
    await testTargets({ chat: { kind: 'slack', url: slack.url } });
    const [body] = slack.bodies as { readonly text: string; readonly blocks: object[] }[];
    expect(body?.text).not.toMatch(/[<>]/);
    expect(body?.blocks).toMatchObject([{ text: { type: 'plain_text' } }, { text: { type: 'plain_text' } }]);
  });

  it.each([
    ['no targets', undefined, 'has no "notify"'],
    ['a target without an address', { chat: { kind: 'slack' } }, 'notify.chat: Exactly one of "url" and "urlFile"'],
    ['one with two', { chat: { kind: 'slack', url: 'https://x', urlFile: 'y' } }, 'Exactly one of "url" and "urlFile"'],
    ['one of an unknown kind', { chat: { kind: 'slak', url: 'https://x' } }, 'notify.chat.kind'],
    ['one without a kind', { chat: { url: 'https://x' } }, '"kind" is missing'],
    ['an unknown key', { chat: { kind: 'slack', ur: 'https://x' } }, '"ur" is not a property'],
    ['nobody to write to', { m: { ...mailTarget(25), to: [] } }, 'The list is empty'],
    ['a login without a password', { m: mailTarget(25, { username: 'u' }) }, '"passwordFile"'],
    [
      'a password that would be sent unencrypted',
      { m: { ...mailTarget(25), host: 'mail.example.com', username: 'u', passwordFile: 'p' } },
      'unencrypted',
    ],
  ])('refuses a configuration with %s', async (_, notify, expected) => {
    await expect(testTargets(notify)).rejects.toThrow(expected);
  });
});

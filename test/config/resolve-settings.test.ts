import { chmodSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { listSettings } from '#src/app/connect.js';
import { resolveSettings } from '#src/config/resolve-settings.js';
import type { SettingOptions } from '#src/config/settings.js';
import { CustomersError } from '#src/errors.js';
import { useWorkplace } from '#test/e2e/use-workplace.js';

const place = useWorkplace();
const secret = 'open-sesame';

function refusal(pace: string): CustomersError {
  return refuse({ pace });
}

function refuse(options: SettingOptions): CustomersError {
  try {
    resolveSettings(options, {});
  } catch (error) {
    if (error instanceof CustomersError) return error;
  }
  throw new Error(`${JSON.stringify(options)} was taken.`);
}

describe('the address of a shared rate limit', () => {
  it.each([
    'http://127.0.0.1',
    'nonsense',
    'redis://',
    `http://:${secret}@127.0.0.1`,
    `redis//:${secret}@127.0.0.1:6379`,
    `redis:/:${secret}@127.0.0.1:6379`,
    `redis://:${secret}@127.0.0.1:port`,
    `redis//:a/b/${secret}@127.0.0.1`,
    `http://host?password=${secret}`,
  ])('%s is refused with an example, and without what may be a password', (pace) => {
    const { message, nextStep } = refusal(pace);
    expect(message).toContain('redis://host:6379');
    expect(`${message} ${nextStep}`).not.toContain(secret);
  });

  it.each([`redis://:${secret}@127.0.0.1:6379`, `rediss://user:${secret}@[::1]`, `redis://host/?password=${secret}`])(
    'with a password in it is refused and says where the password belongs',
    (pace) => {
      const { message, nextStep } = refusal(pace);
      expect([message, nextStep]).toEqual([
        expect.not.stringContaining(secret),
        expect.stringContaining('MYPOS_CONNECT_PACE_PASSWORD'),
      ]);
    },
  );

  it.each(['redis://127.0.0.1:6379', 'rediss://redis.example.com', 'redis://user@host:6379/2'])('may be %s', (pace) => {
    expect(resolveSettings({ pace }, {}).pace.value).toBe(pace);
  });

  it('and the file of its password may stand in the profile', () => {
    const pacePasswordFile = place.write('secret', `${secret}\n`);
    const profiles = { shop: { pace: 'redis://host', pacePasswordFile } };
    const config = place.write('mypos-customers.json', JSON.stringify({ defaultProfile: 'shop', profiles }));
    const { pace, pacePassword } = resolveSettings({ config }, {});
    expect([pace.value, pacePassword.value]).toEqual(['redis://host', secret]);
  });
});

describe('the password of a shared rate limit', () => {
  it('is shown to nobody', () => {
    const settings = resolveSettings({ pace: 'redis://host' }, { MYPOS_CONNECT_PACE_PASSWORD: secret });
    expect(settings.pacePassword.value).toBe(secret);
    expect(JSON.stringify(listSettings(settings))).not.toContain(secret);
  });

  it('in a file that others can read is something that the doctor tells of', async () => {
    await place.openApi();
    chmodSync(place.write('secret', secret), 0o644);
    const { stdout } = await place.run(['doctor', '--json'], {
      env: { MYPOS_CONNECT_PACE_PASSWORD_FILE: place.path('secret') },
    });
    const { findings } = JSON.parse(stdout) as { findings: { name: string; status: string }[] };
    expect(findings).toContainEqual(expect.objectContaining({ name: 'secret file', status: 'warn' }));
    expect(stdout).not.toContain(secret);
  });
});

describe('the doctor', () => {
  it('finds a shared rate limit whose Redis is away, and does not check the login', async () => {
    const api = await place.openApi();
    const { stdout, exitCode } = await place.run(['doctor', '--json', '--pace', 'redis://127.0.0.1:9']);
    const { findings } = JSON.parse(stdout) as { findings: { name: string; status: string; exitCode: number }[] };
    expect(findings.filter(({ status }) => status === 'fail')).toMatchObject([{ name: 'pace', exitCode: 5 }]);
    expect(exitCode).toBe(5);
    expect(api.requests().filter(({ path }) => path.includes('token'))).toEqual([]);
  });
});

describe('the next step after a run with a shared rate limit', () => {
  it('names the same Redis', async () => {
    const { addSettings } = await import('#src/cli/reporter.js');
    const command = 'mypos-customers resume 20260101-000000-abcd';
    expect(addSettings(command, ['import', 'a.csv', '--pace', 'redis://host'])).toBe(`${command} --pace redis://host`);
  });
});

describe('a base URL with a login in it', () => {
  it.each([
    'https://me:hunter2@api.example.com',
    'http://me:hunter2@api.example.com',
    'ftp://me:hunter2@host',
    'https://me:hunter2@ho st',
    'me:hunter2@host',
  ])('is refused, and never quoted: %s', (baseUrl) => {
    const { message, nextStep } = refuse({ baseUrl });
    expect(`${message} ${nextStep}`).not.toContain('hunter2');
  });
});

describe('the mode of files', () => {
  it.each([
    ['640', 0o640],
    ['0600', 0o600],
    ['666', 0o666],
  ])('%s is taken as octal digits', (fileMode, mode) => {
    expect(resolveSettings({ fileMode }, {}).fileMode.value).toBe(mode);
  });

  it.each(['64', 'rw-r--r--', '440', '755', '680', '-640', ''])('"%s" is refused with an example', (fileMode) => {
    expect(() => resolveSettings({ fileMode }, {})).toThrow('such as 640');
  });
});

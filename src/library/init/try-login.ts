import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { resolveSettings, withoutLogin } from '#src/config/resolve-settings.js';
import type { SettingOptions } from '#src/config/settings.js';
import { examineLogin } from '#src/library/doctor/examine-login.js';
import { examineWay } from '#src/library/doctor/examine-way.js';
import type { DoctorFinding } from '#src/library/doctor/finding.js';

export interface LoginGiven {
  readonly baseUrl: string;
  readonly username: string;
  readonly password: string;
}

/** What became of a first login. */
export interface LoginTried {
  readonly findings: readonly DoctorFinding[];
  /** What makes the profile useless: the address, or the login. A missing right does not: not everybody imports. */
  readonly obstacle: (DoctorFinding & { readonly about: 'address' | 'login' }) | undefined;
}

/**
 * Tries an address and a login as `doctor` does, with a fresh token: one that is kept would hide a wrong password.
 *
 * @throws UsageError for an address that cannot be one
 */
export async function tryLogin(given: LoginGiven, options: SettingOptions, signal: AbortSignal): Promise<LoginTried> {
  const { baseUrl, username, password } = given;
  const login = { MYPOS_CONNECT_USERNAME: username, MYPOS_CONNECT_PASSWORD: password };
  const stateDir = await mkdtemp(join(tmpdir(), 'mypos-customers-'));
  try {
    const environment = { ...withoutLogin(process.env), ...login };
    const settings = resolveSettings({ ...options, baseUrl, stateDir, sandbox: false }, environment);
    const way = await examineWay(settings);
    const noWay = way.find(({ status }) => status === 'fail');
    if (noWay !== undefined) return { findings: way, obstacle: { ...noWay, about: 'address' } };
    const found = await examineLogin(settings, signal);
    const noLogin = found.find(({ name, status }) => name === 'login' && status === 'fail');
    return {
      findings: [...way, ...found.filter(({ name }) => name === 'login' || name.startsWith('right '))],
      obstacle: noLogin === undefined ? undefined : { ...noLogin, about: 'login' },
    };
  } finally {
    await rm(stateDir, { recursive: true, force: true });
  }
}

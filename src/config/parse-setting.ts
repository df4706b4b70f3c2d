import { resolve } from 'node:path';
import { UsageError } from '#src/errors.js';

/** Where a setting's value came from, in words for `doctor` and for errors. */
type Origin = string;

export interface Setting<T> {
  readonly value: T;
  readonly origin: Origin;
}

/** For everybody who has not been given another address. */
export const defaultBaseUrl = 'https://api.myposconnect.com/api/v2';

export function readText({ value }: Setting<string>): string {
  return value;
}

export function readPath({ value }: Setting<string>): string {
  return resolve(value);
}

/** An address that a login may be sent to, without a slash at its end. @throws UsageError */
export function parseBaseUrl({ value, origin }: Setting<string>): string {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  const shown = { value: hideSecrets(value), origin };
  if (url === undefined) throw settingError(shown, 'base URL', `a full address such as ${defaultBaseUrl}`);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw settingError(shown, 'base URL', 'an https: address');
  if (url.username !== '' || url.password !== '')
    throw new UsageError(`The base URL (${origin}) contains a login.`, {
      code: 'SETTING_UNUSABLE',
      nextStep: 'Put the login into MYPOS_CONNECT_USERNAME and MYPOS_CONNECT_PASSWORD and remove it from the address.',
    });
  if (url.protocol === 'http:' && !isLoopback(url.hostname))
    throw new UsageError(`${shown.value} (${origin}) would send the login unencrypted.`, { code: 'PLAIN_HTTP' });
  // One account has one ledger, however its address is written.
  return `${url.protocol}//${url.host}${url.pathname.replace(/\/+$/, '')}${url.search}`;
}

/** @returns days */
export function parseRetention(setting: Setting<string>): number {
  if (setting.value === 'forever') return Number.POSITIVE_INFINITY;
  const days = parseDays(setting.value);
  if (days !== undefined) return days;
  throw settingError(setting, 'retention', 'a number of days such as "90d", or "forever"');
}

/** `90d`, or the number of days alone; `undefined` for anything else. */
export function parseDays(text: string): number | undefined {
  const days = /^(\d{1,5})\s*d?$/.exec(text.trim())?.[1];
  return days === undefined ? undefined : Number(days);
}

export function parseCountry(setting: Setting<string>): string {
  const code = setting.value.trim().toUpperCase();
  const names = new Intl.DisplayNames(['en'], { type: 'region', fallback: 'none' });
  if (!/^[A-Z]{2}$/.test(code) || names.of(code) === undefined)
    throw settingError(setting, 'country', 'the two letters of a country, such as AU');
  return code;
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname);
}

export function parseRate(setting: Setting<string>): number {
  if (setting.value === 'unlimited') return Number.POSITIVE_INFINITY;
  return parsePositive(setting, 'rate', 100_000, ', or "unlimited" (for a sandbox)');
}

export function parseConcurrency(setting: Setting<string>): number {
  const concurrency = parsePositive(setting, 'concurrency', 256);
  if (!Number.isInteger(concurrency)) throw settingError(setting, 'concurrency', 'a whole number');
  return concurrency;
}

export function parseTimeoutMs(setting: Setting<string>): number {
  return parsePositive(setting, 'timeout', 86_400) * 1000;
}

export function parseMegabytes(setting: Setting<string>): number {
  return Math.ceil(parsePositive(setting, 'number of megabytes', 1024) * 2 ** 20);
}

export function parsePace({ value, origin }: Setting<string>): string {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (url === undefined || !['redis:', 'rediss:'].includes(url.protocol) || url.host === '')
    throw settingError({ value: hideSecrets(value), origin }, 'pace', 'an address such as redis://host:6379');
  if (url.password !== '' || url.searchParams.has('password'))
    throw new UsageError(`The Redis address (${origin}) contains a password.`, {
      code: 'SETTING_UNUSABLE',
      nextStep: 'Put it into MYPOS_CONNECT_PACE_PASSWORD, or into a file that MYPOS_CONNECT_PACE_PASSWORD_FILE names.',
    });
  return value;
}

/** Even a text that is not an address may hold a password. */
function hideSecrets(address: string): string {
  return address.replace(/^(\w*:?\/*).*@/, '$1…@').replace(/\?.*/, '?…');
}

function parsePositive({ value, origin }: Setting<string>, name: string, max: number, or = ''): number {
  const number = /^\d+(\.\d+)?$/.test(value.trim()) ? Number(value) : Number.NaN;
  if (number > 0 && number <= max) return number;
  throw settingError({ value, origin }, name, `a number above 0 and up to ${max}${or}`);
}

function settingError({ value, origin }: Setting<string>, name: string, expected: string): UsageError {
  return new UsageError(`The ${name} "${value}" (${origin}) cannot be used; expected ${expected}.`, {
    code: 'SETTING_UNUSABLE',
    nextStep: 'Correct it there, or override it with the option of the same name.',
  });
}

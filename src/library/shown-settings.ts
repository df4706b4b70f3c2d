import type { Setting, Settings } from '#src/config/settings.js';

/** A setting as it may be shown: of a secret only whether there is one. */
export interface ShownSetting {
  readonly name: string;
  readonly value: string | number | boolean | null;
  readonly origin: string;
}

const secrets = ['password', 'accessToken', 'pacePassword'] as const satisfies readonly (keyof Settings)[];

/** Every setting with where it came from, and no secret. */
export function shownSettings(settings: Settings): readonly ShownSetting[] {
  return (Object.entries(settings) as [keyof Settings, Setting<SettingValue>][]).map(([name, { value, origin }]) => ({
    name,
    value: shown(name, value),
    origin,
  }));
}

type SettingValue = string | number | boolean | object | undefined;

function shown(name: keyof Settings, value: SettingValue): ShownSetting['value'] {
  if (value === undefined) return null;
  if (typeof value === 'object') return Object.keys(value).length === 0 ? null : JSON.stringify(value);
  if ((secrets as readonly string[]).includes(name)) return 'set (not shown)';
  if (value === Number.POSITIVE_INFINITY) return 'unlimited';
  return name === 'proxy' ? withoutLogin(String(value)) : value;
}

/** An address without the login that may be part of it. */
export function withoutLogin(address: string): string {
  const url = new URL(address);
  const login = url.username === '' && url.password === '' ? '' : '…@';
  return `${url.protocol}//${login}${url.host}`;
}

import { UsageError } from '#src/errors.js';
import type { Setting } from './settings.js';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The proxy that the environment names for an address, by the rules that curl and others follow: `HTTPS_PROXY`, else
 * `ALL_PROXY`, in lower case too; `NO_PROXY` lists hosts, `.domains`, `host:port` or `*`. Plain http is for this machine
 * only and never takes a proxy.
 *
 * @throws UsageError for a proxy that is no address
 */
export function proxyFor(baseUrl: string, environment: Environment): Setting<string | undefined> {
  const url = new URL(baseUrl);
  const name = ['https_proxy', 'HTTPS_PROXY', 'all_proxy', 'ALL_PROXY'].find((one) => (environment[one] ?? '') !== '');
  if (url.protocol !== 'https:' || name === undefined) return { value: undefined, origin: 'not set' };
  const excluded = exclusionOf(url, environment.no_proxy ?? environment.NO_PROXY ?? '');
  if (excluded !== undefined) return { value: undefined, origin: `NO_PROXY has "${excluded}"` };
  const value = environment[name] ?? '';
  return { value: checked(value.includes('://') ? value : `http://${value}`, name), origin: `environment ${name}` };
}

/** The entry of `NO_PROXY` that fits. */
function exclusionOf(url: URL, list: string): string | undefined {
  const port = url.port === '' ? '443' : url.port;
  const host = url.hostname.toLowerCase();
  const entries = list.split(/[\s,]+/).filter((entry) => entry !== '');
  return entries.find((entry) => {
    if (entry === '*') return true;
    const [, name = '', entryPort] = /^(.*?)(?::(\d+))?$/.exec(entry.toLowerCase()) ?? [];
    if (entryPort !== undefined && entryPort !== port) return false;
    const bare = name.replace(/^\*?\./, '');
    return host === bare || host.endsWith(`.${bare}`);
  });
}

function checked(value: string, name: string): string {
  if (URL.canParse(value) && /^https?:$/.test(new URL(value).protocol)) return value;
  throw new UsageError(`${name} is no address of an HTTP proxy.`, {
    code: 'PROXY_UNUSABLE',
    nextStep: 'Write it as http://host:port, or unset it.',
  });
}

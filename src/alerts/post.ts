import { readFileSync } from 'node:fs';
import { openHttp, TransportError } from '#src/api/http.js';
import { findProxy } from '#src/config/resolve-settings.js';

const timeoutMs = 15_000;

/** An address that something is posted to; a name for messages, such as "webhook". */
export interface PostAddress {
  readonly what: string;
  readonly url?: string | undefined;
  /** A file that holds the address. */
  readonly urlFile?: string | undefined;
}

/**
 * Posts a JSON document. The address may be a secret, so errors of the connection, which may quote it, are not passed on.
 *
 * @throws Error with a sentence that says what went wrong
 */
export async function postJson(target: PostAddress, document: unknown): Promise<void> {
  const { what } = target;
  const address = readAddress(target);
  const { status, code } = await post(address, JSON.stringify(document));
  if (status === undefined) throw new Error(`The ${what} at ${address.host} could not be reached (${code}).`);
  if (status < 200 || status > 299) throw new Error(`The ${what} at ${address.host} answered ${status}.`);
}

/** @returns the status, if one came. A redirect is not followed */
async function post(
  address: URL,
  body: string,
): Promise<{ readonly status: number | undefined; readonly code?: string }> {
  const { origin, pathname, search, username, password } = address;
  const login = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  const http = openHttp({
    baseUrl: origin,
    connections: 1,
    connectTimeoutMs: timeoutMs,
    requestTimeoutMs: timeoutMs,
    proxy: findProxy(origin, process.env).value,
  });
  try {
    const { status } = await http.send({
      method: 'POST',
      path: `${pathname}${search}`,
      headers: {
        'content-type': 'application/json',
        ...(username === '' ? {} : { authorization: `Basic ${Buffer.from(login).toString('base64')}` }),
      },
      body,
    });
    return { status };
  } catch (error) {
    if (!(error instanceof TransportError)) throw error;
    // The body of an answer says nothing that is needed here.
    return { status: error.status, code: error.code };
  } finally {
    await http.close();
  }
}

function readAddress({ what, url, urlFile }: PostAddress): URL {
  const text = url ?? readAddressFile(what, urlFile ?? '');
  const address = URL.canParse(text) ? new URL(text) : undefined;
  const isLocal = address !== undefined && /^(?:localhost|\[::1\]|127(?:\.\d{1,3}){3})$/.test(address.hostname);
  if (address?.protocol === 'https:' || (address?.protocol === 'http:' && isLocal)) return address;
  throw new Error(`The ${what} address must start with https: (http: is allowed only for this machine).`);
}

function readAddressFile(what: string, path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    throw new Error(`The file ${path} with the ${what} address cannot be read.`);
  }
}

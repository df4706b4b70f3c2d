import { randomUUID } from 'node:crypto';
import { isIP } from 'node:net';
import { connect } from 'node:tls';
import { CustomersError } from '#src/errors.js';
import { type HttpRequest, openHttp, TransportError } from './http.js';
import type { ExecuteRequest } from './retry.js';
import { readServerDate } from './traffic.js';

export type ServerProbe =
  | {
      readonly kind: 'answered';
      readonly status: number;
      /** The server's clock minus ours; `undefined` without a `Date`. Milliseconds. */
      readonly clockDifferenceMs: number | undefined;
      readonly isPage: boolean;
      readonly location: string | undefined;
    }
  | { readonly kind: 'unreachable'; readonly code: string };

interface ServerAddress {
  readonly baseUrl: string;
  readonly proxy: string | undefined;
  readonly trusted: readonly string[] | undefined;
  readonly timeoutMs: number;
}

/** Sends one request without a login, to see whether there is a server. It is expected to be refused. */
export async function probeServer({ baseUrl, proxy, trusted, timeoutMs }: ServerAddress): Promise<ServerProbe> {
  const http = openHttp({
    baseUrl,
    connections: 1,
    connectTimeoutMs: timeoutMs,
    requestTimeoutMs: timeoutMs,
    proxy,
    trusted,
  });
  try {
    const path = '/customers?liPage=1&liPageSize=1';
    const { status, headers, body } = await http.send({ method: 'GET', path, headers: { accept: 'application/json' } });
    const serverMs = readServerDate({ headers });
    return {
      kind: 'answered',
      status,
      clockDifferenceMs: serverMs === undefined ? undefined : serverMs - Date.now(),
      isPage: /^text\/html\b/i.test(String(headers['content-type'] ?? '')) || body.trimStart().startsWith('<'),
      location: headers.location === undefined ? undefined : String(headers.location),
    };
  } catch (error) {
    if (error instanceof TransportError) return { kind: 'unreachable', code: error.code };
    throw error;
  } finally {
    await http.close();
  }
}

export interface ServerCertificate {
  /** E.g. `TLSv1.3`. */
  readonly protocol: string;
  readonly issuer: string;
  readonly endsAt: Date;
}

/** The server's certificate, if this machine trusts it; `undefined` when no connection can be made. */
export function readCertificate({
  baseUrl,
  trusted,
  timeoutMs,
}: Omit<ServerAddress, 'proxy'>): Promise<ServerCertificate | undefined> {
  const { hostname, port } = new URL(baseUrl);
  return new Promise((resolve) => {
    const socket = connect({
      host: hostname.replace(/^\[(.*)\]$/, '$1'),
      port: Number(port === '' ? 443 : port),
      ...(isIP(hostname) === 0 ? { servername: hostname } : {}),
      ...(trusted === undefined ? {} : { ca: [...trusted] }),
      rejectUnauthorized: true,
      timeout: timeoutMs,
    });
    const end = (seen: ServerCertificate | undefined) => {
      socket.destroy();
      resolve(seen);
    };
    socket.on('error', () => end(undefined));
    socket.on('timeout', () => end(undefined));
    socket.on('secureConnect', () => {
      const { issuer, valid_to } = socket.getPeerCertificate();
      const names = [issuer?.O, issuer?.CN].flat().filter((name) => name !== undefined);
      end({
        protocol: socket.getProtocol() ?? '?',
        issuer: names[0] ?? 'an unnamed authority',
        endsAt: new Date(valid_to),
      });
    });
  });
}

/** What the API grants rights for, each separately [vendor]. */
export const rights = ['list', 'detail', 'add', 'update', 'delete'] as const;

export type Right = (typeof rights)[number];

export type RightProbe =
  /** `httpStatus`: what the API said instead of "forbidden". */
  | { readonly kind: 'granted'; readonly httpStatus: number }
  | { readonly kind: 'missing'; readonly message: string }
  /** The probe itself was executed, which should never happen. */
  | { readonly kind: 'obeyed'; readonly httpStatus: number }
  | { readonly kind: 'unclear'; readonly message: string };

const jsonHeaders = { 'content-type': 'application/json', accept: 'application/json' } as const;

/**
 * Requests that get a 403 without the right and something else with it, and that cannot change anything: they name a
 * customer that cannot exist, or carry plain text instead of JSON.
 */
function buildProbes(nobody: string): Readonly<Record<Right, HttpRequest>> {
  const path = `/customers/${nobody}`;
  return {
    list: { method: 'GET', path: '/customers?liPage=1&liPageSize=1&sFieldList=customerCode', headers: jsonHeaders },
    detail: { method: 'GET', path, headers: jsonHeaders },
    add: {
      method: 'POST',
      path: '/customers',
      headers: { ...jsonHeaders, 'content-type': 'text/plain' },
      body: 'A probe for the right to add, not a customer.',
    },
    update: { method: 'PUT', path, headers: jsonHeaders, body: '{}' },
    delete: { method: 'DELETE', path, headers: jsonHeaders },
  };
}

/** Only reading may succeed. */
const maySucceed: Readonly<Record<Right, boolean>> = {
  list: true,
  detail: true,
  add: false,
  update: false,
  delete: false,
};

/** Asks whether this login has a right. Never throws for what the API says. */
export async function probeRight(execute: ExecuteRequest, right: Right): Promise<RightProbe> {
  const request = buildProbes(`no-customer-${randomUUID()}`)[right];
  try {
    const result = await execute({ ...request, verb: right, accepts: () => true, hooks: {} });
    if (result.kind === 'in_doubt') return { kind: 'unclear', message: result.message };
    const httpStatus = result.response.status;
    const wasObeyed = result.kind === 'answered' && !maySucceed[right];
    return { kind: wasObeyed ? 'obeyed' : 'granted', httpStatus };
  } catch (error) {
    if (!(error instanceof CustomersError)) throw error;
    return { kind: error.code === 'RIGHT_MISSING' ? 'missing' : 'unclear', message: error.message };
  }
}

import { isIP } from 'node:net';
import { connect } from 'node:tls';
import { openHttp, TransportError } from './http.js';

export type ServerSeen =
  | {
      readonly kind: 'answered';
      readonly status: number;
      /** The server's clock minus ours; `undefined` without a `Date`. Milliseconds. */
      readonly clockDifferenceMs: number | undefined;
      readonly isPage: boolean;
      readonly location: string | undefined;
    }
  | { readonly kind: 'unreachable'; readonly code: string };

export interface WayThere {
  readonly baseUrl: string;
  readonly proxy: string | undefined;
  readonly trusted: readonly string[] | undefined;
  readonly timeoutMs: number;
}

/** Sends one request without a login: whoever answers is there, and that it is refused is as it should be. */
export async function lookAtServer({ baseUrl, proxy, trusted, timeoutMs }: WayThere): Promise<ServerSeen> {
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
    const at = Date.parse(String(headers.date));
    return {
      kind: 'answered',
      status,
      clockDifferenceMs: Number.isNaN(at) ? undefined : at - Date.now(),
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

export interface CertificateSeen {
  /** E.g. `TLSv1.3`. */
  readonly protocol: string;
  readonly issuer: string;
  readonly endsAt: Date;
}

/** The server's certificate, as far as this machine trusts it; `undefined` when no connection comes about. */
export function lookAtCertificate({
  baseUrl,
  trusted,
  timeoutMs,
}: Omit<WayThere, 'proxy'>): Promise<CertificateSeen | undefined> {
  const { hostname, port } = new URL(baseUrl);
  return new Promise((resolve) => {
    const socket = connect({
      host: hostname.replace(/^\[(.*)\]$/, '$1'),
      port: Number(port === '' ? 443 : port),
      ...(isIP(hostname) === 0 ? { servername: hostname } : {}),
      ...(trusted === undefined ? {} : { ca: [...trusted] }),
      timeout: timeoutMs,
    });
    const end = (seen: CertificateSeen | undefined) => {
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

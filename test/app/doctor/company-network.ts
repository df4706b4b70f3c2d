import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer as createTlsServer } from 'node:tls';
import { afterAll, afterEach, beforeAll } from 'vitest';

interface Authority {
  readonly folder: string;
  /** Path of the authority's own certificate. */
  readonly certificate: string;
}

/** An authority of our own, as companies have, and a certificate of it for `localhost`; made by openssl. */
export function useAuthority(): () => Authority {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'mypos-ca-'));
    const openssl = (...args: readonly string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
    const newKey = ['-newkey', 'rsa:2048', '-nodes'];
    openssl('req', '-x509', ...newKey, '-keyout', 'ca.key', '-out', 'ca.pem', '-days', '30', '-subj', '/O=Our Company');
    openssl('req', ...newKey, '-keyout', 'server.key', '-out', 'server.csr', '-subj', '/CN=localhost');
    execFileSync('sh', ['-c', 'printf subjectAltName=DNS:localhost > names'], { cwd: folder });
    const signedBy = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial'];
    openssl('x509', '-req', '-in', 'server.csr', ...signedBy, '-out', 'server.pem', '-days', '30', '-extfile', 'names');
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return () => ({ folder, certificate: join(folder, 'ca.pem') });
}

const opened: { close(): unknown }[] = [];

/** Closes what a test opened. */
export function closeAfterEach(): void {
  afterEach(() => {
    for (const server of opened.splice(0)) server.close();
  });
}

/** TLS in front of a server on this machine. @returns the port */
export async function wrapInTls(authority: Authority, port: number): Promise<number> {
  const server = createTlsServer(
    {
      key: readFileSync(join(authority.folder, 'server.key')),
      cert: readFileSync(join(authority.folder, 'server.pem')),
    },
    (socket) => pipeBothWays(socket, connect(port, '127.0.0.1')),
  );
  server.on('tlsClientError', () => undefined);
  return listen(server);
}

export interface Proxy {
  readonly port: number;
  /** Hosts and ports that tunnels were asked for. */
  readonly tunnels: readonly string[];
}

/** An HTTP proxy that makes tunnels; with a login, only for those who give it. */
export async function startProxy(login?: string): Promise<Proxy> {
  const tunnels: string[] = [];
  const server = createServer((_, response) => response.writeHead(405).end());
  server.on('connect', (request: IncomingMessage, client: Socket) => {
    const wanted = login === undefined ? undefined : `Basic ${Buffer.from(login).toString('base64')}`;
    if (wanted !== undefined && request.headers['proxy-authorization'] !== wanted) {
      client.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n');
      return;
    }
    tunnels.push(request.url ?? '');
    const [host, port] = (request.url ?? '').split(':');
    const target = connect(Number(port), host === 'localhost' ? '127.0.0.1' : String(host), () => {
      client.write('HTTP/1.1 200 Connection Established\r\n\r\n');
    });
    pipeBothWays(client, target);
  });
  return { port: await listen(server), tunnels };
}

function pipeBothWays(
  one: NodeJS.ReadWriteStream & { destroy(): void },
  other: NodeJS.ReadWriteStream & { destroy(): void },
): void {
  one.pipe(other).pipe(one);
  for (const end of [one, other])
    end
      .on('error', () => undefined)
      .on('close', () => {
        one.destroy();
        other.destroy();
      });
}

function listen(server: ReturnType<typeof createServer> | ReturnType<typeof createTlsServer>): Promise<number> {
  opened.push(server);
  return new Promise((done) => server.listen(0, '127.0.0.1', () => done((server.address() as AddressInfo).port)));
}

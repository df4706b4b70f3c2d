import { connect } from 'node:net';

/** What a client's socket sees of one request. */
export interface Seen {
  /** How the connection ended; `open` when nothing had happened by the deadline. */
  readonly end: 'fin' | 'reset' | 'open';
  readonly bytes: string;
}

/** Sends one request over a bare socket and watches the connection until it ends or `deadlineMs` is over. */
export function watch(
  url: string,
  { method, authorization, body = '' }: { method: string; authorization: string; body?: string },
  deadlineMs = 300,
): Promise<Seen> {
  const { hostname, port, pathname } = new URL(url);
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname);
    let bytes = '';
    const settle = (end: Seen['end']) => {
      clearTimeout(timer);
      socket.destroy();
      resolve({ end, bytes });
    };
    const timer = setTimeout(() => settle('open'), deadlineMs);
    socket.on('data', (chunk) => {
      bytes += chunk.toString('utf8');
    });
    socket.on('end', () => settle('fin'));
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNRESET') settle('reset');
    });
    socket.write(
      `${method} ${pathname} HTTP/1.1\r\nHost: ${hostname}\r\nAuthorization: ${authorization}\r\n` +
        `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    );
  });
}

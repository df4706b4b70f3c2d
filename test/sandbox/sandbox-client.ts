import { connect } from 'node:net';
import { request } from 'undici';
import { afterEach } from 'vitest';
import { type Sandbox, type SandboxOptions, startSandbox } from '#src/sandbox/start-sandbox.js';

/** What a client's socket sees of one request. */
interface Seen {
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

/** An answer as a test wants it: the body parsed when it is JSON. */
interface Answered {
  readonly status: number;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into bodies of every shape.
  readonly json: any;
}

const running: Sandbox[] = [];

afterEach(async () => {
  await Promise.all(running.splice(0).map((sandbox) => sandbox.close()));
});

/** Starts a sandbox that is closed after the test. */
export async function open(options: Partial<SandboxOptions> = {}): Promise<Sandbox> {
  const sandbox = await startSandbox({ dataFile: ':memory:', ...options });
  running.push(sandbox);
  return sandbox;
}

export function basic(sandbox: Pick<Sandbox, 'username' | 'password'>): string {
  return `Basic ${Buffer.from(`${sandbox.username}:${sandbox.password}`).toString('base64')}`;
}

export async function logIn(sandbox: Pick<Sandbox, 'baseUrl' | 'username' | 'password'>): Promise<string> {
  const { json } = await send(`${sandbox.baseUrl}/auth/token`, { method: 'POST', authorization: basic(sandbox) });
  return json.bearerToken;
}

interface Sent {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE' | 'PATCH';
  readonly authorization?: string;
  /** Objects are sent as JSON, texts as they are. */
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
}

export async function send(
  url: string,
  { method = 'GET', authorization, body, headers }: Sent = {},
): Promise<Answered> {
  const response = await request(url, {
    method,
    headers: {
      ...(authorization && { authorization }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.body.text();
  return { status: response.statusCode, headers: response.headers, text, json: parsed(text) };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function buildQuery(query: Record<string, string | number>): URLSearchParams {
  return new URLSearchParams(Object.entries(query).map(([name, value]): [string, string] => [name, String(value)]));
}

/** The methods of the API with a token at hand. */
export async function openClient(sandbox: Sandbox) {
  const authorization = `Bearer ${await logIn(sandbox)}`;
  const customers = `${sandbox.baseUrl}/customers`;
  return {
    authorization,
    list: (query: Record<string, string | number> = {}) => send(`${customers}?${buildQuery(query)}`, { authorization }),
    get: (idOrCode: string) => send(`${customers}/${idOrCode}`, { authorization }),
    add: (body: unknown) => send(customers, { method: 'POST', authorization, body }),
    update: (code: string, body: unknown) => send(`${customers}/${code}`, { method: 'PUT', authorization, body }),
    delete: (code: string) => send(`${customers}/${code}`, { method: 'DELETE', authorization }),
  };
}

import { createServer, type IncomingMessage, type OutgoingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach } from 'vitest';

/** One request as it reached the server. */
export interface ReceivedCall {
  readonly method: string;
  /** Raw, with its query and still encoded. */
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  /** Empty when the step did not read it. */
  readonly body: string;
  /** Arrival, in milliseconds of a clock that never runs backwards. */
  readonly at: number;
}

/** What the server does with one request. */
export type Step =
  | {
      readonly do: 'answer';
      readonly status: number;
      readonly headers: OutgoingHttpHeaders;
      readonly body: string | Buffer;
    }
  /** RST as soon as the head of the request is there; its body is not read. */
  | { readonly do: 'reset-unread' }
  /** RST once the whole request was read. */
  | { readonly do: 'reset' }
  /** FIN in place of an answer. */
  | { readonly do: 'hang-up' }
  /** Reads and never answers. */
  | { readonly do: 'hang' }
  /** Promises more than it sends, then FIN; without a length, a chunked body that never ends well. */
  | { readonly do: 'cut'; readonly status: number; readonly body: string; readonly chunked: boolean }
  /** A byte of a long body every `everyMs`. */
  | { readonly do: 'drip'; readonly everyMs: number }
  | { readonly do: 'after'; readonly delayMs: number; readonly then: Step };

/** A step, or a function that chooses one by looking at the request. */
export type Script = Step | ((call: ReceivedCall) => Step);

const jsonType = { 'content-type': 'application/json; charset=utf-8' };

export const json = (status: number, value: unknown, headers: OutgoingHttpHeaders = {}): Step => ({
  do: 'answer',
  status,
  headers: { ...jsonType, ...headers },
  body: JSON.stringify(value),
});

export const text = (status: number, body: string | Buffer, headers: OutgoingHttpHeaders = {}): Step => ({
  do: 'answer',
  status,
  headers,
  body,
});

/** What a proxy, a captive portal or a maintenance mode says. */
export const page = (status: number): Step =>
  text(status, '<!DOCTYPE html><html><body>Please wait.</body></html>', { 'content-type': 'text/html' });

export const redirect = (location: string): Step => text(302, '', { location });

export const cut = (status: number, chunked = false): Step => ({
  do: 'cut',
  status,
  body: '{"customerCode":"0000001","custom',
  chunked,
});

export const after = (delayMs: number, then: Step): Step => ({ do: 'after', delayMs, then });

export interface ScriptedServer {
  /** As the client wants it, with a path. */
  readonly baseUrl: string;
  readonly port: number;
  /** All requests but logins, in order of arrival. */
  readonly calls: readonly ReceivedCall[];
  readonly logins: readonly ReceivedCall[];
  /** Connections that were ever made. */
  readonly connections: number;
  /** Open connections at the busiest moment. */
  readonly mostConnections: number;
  /** Answers the next requests, logins excluded, one script each; the last one serves all that come after. */
  answer(...scripts: readonly [Script, ...Script[]]): void;
  /** The same for `POST …/auth/token`. @default a fresh token each: `token-1`, `token-2` … */
  answerLogins(...scripts: readonly [Script, ...Script[]]): void;
  close(): Promise<void>;
}

/** A server on loopback that does to each request what a list says, and remembers what came. */
async function startScriptedServer(): Promise<ScriptedServer> {
  const calls: ReceivedCall[] = [];
  const logins: ReceivedCall[] = [];
  const sockets = new Set<Socket>();
  let scripts: Script[] = [json(200, [])];
  let loginScripts: Script[] = [() => json(200, { failureDescription: null, bearerToken: `token-${logins.length}` })];
  const counts = { connections: 0, mostConnections: 0 };

  const server = createServer((request, response) => {
    const at = performance.now();
    void (async () => {
      const isLogin = request.url?.endsWith('/auth/token') === true;
      const queue = isLogin ? loginScripts : scripts;
      const script = (queue.length > 1 ? queue.shift() : queue[0]) ?? json(500, { message: 'no script' });
      const known = { method: request.method ?? '', path: request.url ?? '', headers: request.headers, at };
      const log = isLogin ? logins : calls;
      if (typeof script !== 'function' && script.do === 'reset-unread') {
        log.push({ ...known, body: '' });
        request.socket.resetAndDestroy();
        return;
      }
      const call = { ...known, body: await readBody(request) };
      log.push(call);
      await act(typeof script === 'function' ? script(call) : script, request, response);
    })().catch(() => request.socket.destroy());
  });
  server.keepAliveTimeout = 60_000;
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    // The client may reset what the server still writes to.
    socket.on('error', () => undefined);
    counts.connections += 1;
    counts.mostConnections = Math.max(counts.mostConnections, sockets.size);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    baseUrl: `http://127.0.0.1:${port}/api/v2`,
    port,
    calls,
    logins,
    get connections() {
      return counts.connections;
    },
    get mostConnections() {
      return counts.mostConnections;
    },
    answer: (...next) => {
      scripts = [...next];
    },
    answerLogins: (...next) => {
      loginScripts = [...next];
    },
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

/** Servers for one test file; each is closed after its test. */
export function useScriptedServers(): () => Promise<ScriptedServer> {
  const started: ScriptedServer[] = [];
  afterEach(async () => {
    await Promise.all(started.splice(0).map((server) => server.close()));
  });
  return async () => {
    const server = await startScriptedServer();
    started.push(server);
    return server;
  };
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

async function act(step: Step, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { socket } = request;
  switch (step.do) {
    case 'answer':
      response.writeHead(step.status, step.headers);
      response.end(step.body);
      return;
    case 'reset-unread':
    case 'reset':
      socket.resetAndDestroy();
      return;
    case 'hang-up':
      socket.destroySoon();
      return;
    case 'hang':
      return;
    case 'cut':
      response.writeHead(step.status, { ...jsonType, ...(step.chunked ? {} : { 'content-length': '1000' }) });
      response.write(step.body, () => socket.destroySoon());
      return;
    case 'drip':
      response.writeHead(200, { ...jsonType, 'content-length': '100000' });
      while (!socket.destroyed) {
        response.write(' ');
        await pause(step.everyMs);
      }
      return;
    case 'after':
      await pause(step.delayMs);
      await act(step.then, request, response);
      return;
  }
}

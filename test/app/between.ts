import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { request } from 'undici';
import { afterEach } from 'vitest';
import type { Sandbox } from '#src/sandbox/start-sandbox.js';

const running: Server[] = [];

afterEach(async () => {
  for (const server of running.splice(0)) await new Promise((closed) => server.close(closed));
});

/** The reply of the API behind, for the path and query of a list call. */
type AskApi = (pathAndQuery: string) => Promise<readonly Record<string, unknown>[]>;

/**
 * An API in front of another one, which answers list calls by itself and passes everything else on.
 *
 * @returns its base URL
 */
export async function answerLists(
  api: Sandbox,
  answerList: (url: URL, ask: AskApi) => Promise<readonly object[]>,
): Promise<string> {
  const target = new URL(api.baseUrl);
  const server = createServer((incoming, answer) => {
    const { authorization = '', 'content-type': type = 'application/json' } = incoming.headers;
    const pass = (path: string, body?: Buffer) =>
      request(`${target.origin}${path}`, {
        method: incoming.method as 'GET' | 'POST',
        headers: { authorization, 'content-type': type },
        ...(body === undefined || body.length === 0 ? {} : { body }),
      });
    const ask: AskApi = async (path) => (await pass(path)).body.json() as ReturnType<AskApi>;
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', async () => {
      const url = new URL(incoming.url ?? '', target);
      if (incoming.method === 'GET' && url.pathname.endsWith('/customers')) {
        const rows = await answerList(url, ask);
        answer.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(rows));
        return;
      }
      const reply = await pass(incoming.url ?? '', Buffer.concat(chunks));
      answer.writeHead(reply.statusCode, { 'content-type': 'application/json' }).end(await reply.body.text());
    });
  });
  running.push(server);
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}${target.pathname}`;
}

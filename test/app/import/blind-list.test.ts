import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { request } from 'undici';
import { afterEach, describe, expect, it } from 'vitest';
import { importFile } from '#src/app/import/import-file.js';
import { resumeRun } from '#src/app/resume/resume-run.js';
import type { Sandbox } from '#src/sandbox/start-sandbox.js';
import { useTestTenant } from '#test/app/use-test-tenant.js';
import { customerFile, customerLines, keyedMapping } from '#test/e2e/customer-files.js';

const place = useTestTenant();
const running: Server[] = [];

afterEach(async () => {
  for (const server of running.splice(0)) await new Promise((closed) => server.close(closed));
});

/** An account whose list shows nobody to this login, whoever is there. */
async function hideList(api: Sandbox): Promise<string> {
  const target = new URL(api.baseUrl);
  const server = createServer((incoming, answer) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', async () => {
      const isList = incoming.method === 'GET' && incoming.url?.includes('/customers?') === true;
      if (isList) {
        answer.writeHead(200, { 'content-type': 'application/json' }).end('[]');
        return;
      }
      const { authorization = '', 'content-type': type = 'application/json' } = incoming.headers;
      const reply = await request(`${target.origin}${incoming.url}`, {
        method: incoming.method as 'GET' | 'POST',
        headers: { authorization, 'content-type': type },
        ...(chunks.length === 0 ? {} : { body: Buffer.concat(chunks) }),
      });
      answer.writeHead(reply.statusCode, { 'content-type': 'application/json' }).end(await reply.body.text());
    });
  });
  running.push(server);
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}${target.pathname}`;
}

describe('an account that looks empty because its list shows nobody', () => {
  it.each(['add', 'upsert'] as const)('gets one customer at most, and no second one by a resume (%s)', async (mode) => {
    const api = await place.openApi();
    const baseUrl = { value: await hideList(api), origin: 'test' } as const;
    const settings = () => ({ ...place.settings(), baseUrl });
    place.mapping({ ...keyedMapping, mode });
    place.write('customers.csv', customerFile(customerLines(5)));
    const stopped = await importFile(settings(), { file: place.path('customers.csv') });
    expect([stopped.exitCode, stopped.stopped?.code]).toEqual([5, 'LIST_NOT_WHOLE']);
    expect(api.customers()).toHaveLength(1);
    const resumed = await resumeRun(settings(), { run: stopped.run ?? '' });
    expect([resumed?.exitCode, resumed?.stopped?.code]).toEqual([5, 'LIST_NOT_WHOLE']);
    expect(api.customers()).toHaveLength(1);
  });
});

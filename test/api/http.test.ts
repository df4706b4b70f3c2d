import { type AddressInfo, createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { type HttpOptions, openHttp, TransportError } from '#src/api/http.js';
import { after, cut, json, text, useScriptedServers } from './scripted-server.js';

const startServer = useScriptedServers();

const patient: Omit<HttpOptions, 'baseUrl'> = { connections: 4, connectTimeoutMs: 5000, requestTimeoutMs: 5000 };
const get = (path: string) => ({ method: 'GET', path, headers: { accept: 'application/json' } }) as const;

async function catchFailure(promise: Promise<unknown>): Promise<TransportError> {
  const error: unknown = await promise.then(
    () => new Error('It did not fail.'),
    (reason: unknown) => reason,
  );
  if (error instanceof TransportError) return error;
  throw error;
}

describe('openHttp', () => {
  it('sends method, path, headers and body below the base address', async () => {
    const server = await startServer();
    server.answer(json(202, { ok: true }, { 'x-one': '1' }));
    const http = openHttp({ baseUrl: `${server.baseUrl}/`, ...patient });
    const headers = { 'content-type': 'application/json' };
    const answer = await http.send({ method: 'POST', path: '/customers?a=%20', headers, body: '{"name":"Żółć 東"}' });
    expect(answer).toMatchObject({ status: 202, body: '{"ok":true}', headers: { 'x-one': '1' } });
    expect(server.calls[0]).toMatchObject({
      method: 'POST',
      path: '/api/v2/customers?a=%20',
      body: '{"name":"Żółć 東"}',
    });
    await http.close();
  });

  it('never has more connections than it was told, and one request on each', async () => {
    const server = await startServer();
    server.answer(after(20, json(200, [])));
    const http = openHttp({ baseUrl: server.baseUrl, ...patient, connections: 3 });
    await Promise.all(Array.from({ length: 30 }, () => http.send(get('/customers'))));
    expect(server.mostConnections).toBe(3);
    await http.close();
  });

  it('keeps its connections for later requests', async () => {
    const server = await startServer();
    const http = openHttp({ baseUrl: server.baseUrl, ...patient, connections: 1 });
    for (let turn = 0; turn < 20; turn += 1) await http.send(get('/customers'));
    expect(server.connections).toBe(1);
    await http.close();
  });

  it('goes on after an answer with an error status, on the same connection', async () => {
    const server = await startServer();
    server.answer(text(400, 'x'.repeat(100_000)), json(200, []));
    const http = openHttp({ baseUrl: server.baseUrl, ...patient, connections: 1 });
    expect((await http.send(get('/customers'))).body).toHaveLength(100_000);
    expect((await http.send(get('/customers'))).status).toBe(200);
    expect(server.connections).toBe(1);
    await http.close();
  });

  it('puts together characters that arrive in two pieces', async () => {
    const server = createServer((socket) => {
      socket.once('data', () => {
        const body = Buffer.from('"Zoë – 東京 😀"');
        socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n`);
        let at = 0;
        const timer = setInterval(() => {
          socket.write(body.subarray(at, at + 1));
          at += 1;
          if (at === body.length) clearInterval(timer);
        }, 2);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const http = openHttp({ baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, ...patient });
    expect((await http.send(get('/'))).body).toBe('"Zoë – 東京 😀"');
    await http.close();
    server.close();
  });
});

describe('a time limit', () => {
  const limit = 200;
  it.each([
    ['no answer', { do: 'hang' }],
    ['a body that drips without end', { do: 'drip', everyMs: 15 }],
  ] as const)('ends %s, counted from the request to the end of the answer', async (_name, step) => {
    const server = await startServer();
    server.answer(step);
    const http = openHttp({ baseUrl: server.baseUrl, ...patient, requestTimeoutMs: limit });
    const startedAt = performance.now();
    const error = await catchFailure(http.send(get('/customers')));
    const took = performance.now() - startedAt;
    expect(error).toMatchObject({ code: 'TIMEOUT', sent: true });
    expect(took).toBeGreaterThan(limit - 5);
    // Generous for a machine that is busy with other things; undici's own limits would take seconds.
    expect(took).toBeLessThan(limit + 1000);
    await http.close();
  });

  it('tells the status of an answer whose body did not come in time', async () => {
    const server = await startServer();
    server.answer({ do: 'drip', everyMs: 15 });
    const http = openHttp({ baseUrl: server.baseUrl, ...patient, requestTimeoutMs: limit });
    expect(await catchFailure(http.send(get('/customers')))).toMatchObject({ status: 200 });
    await http.close();
  });

  it('of a request that still waits for a connection says that it was not sent', async () => {
    const server = await startServer();
    server.answer({ do: 'hang' });
    const http = openHttp({ baseUrl: server.baseUrl, ...patient, connections: 1, requestTimeoutMs: limit });
    const [first, second] = await Promise.all([
      catchFailure(http.send(get('/first'))),
      catchFailure(http.send(get('/second'))),
    ]);
    expect(first).toMatchObject({ code: 'TIMEOUT', sent: true });
    expect(second).toMatchObject({ code: 'TIMEOUT', sent: false });
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(server.calls.map((call) => call.path)).toEqual(['/api/v2/first']);
    await http.close();
  });

  it('frees the connection for the next request', async () => {
    const server = await startServer();
    server.answer({ do: 'hang' }, json(200, []));
    const http = openHttp({ baseUrl: server.baseUrl, ...patient, connections: 1, requestTimeoutMs: limit });
    await catchFailure(http.send(get('/customers')));
    expect((await http.send(get('/customers'))).status).toBe(200);
    await http.close();
  });
});

describe('a failed request', () => {
  it('was not sent when nobody listens', async () => {
    const server = await startServer();
    await server.close();
    const http = openHttp({ baseUrl: server.baseUrl, ...patient });
    expect(await catchFailure(http.send(get('/')))).toMatchObject({ code: 'ECONNREFUSED', sent: false });
    await http.close();
  });

  it('was not sent when the server speaks no TLS', async () => {
    const server = await startServer();
    const http = openHttp({ baseUrl: server.baseUrl.replace('http:', 'https:'), ...patient });
    expect(await catchFailure(http.send(get('/')))).toMatchObject({ sent: false });
    expect(server.calls).toEqual([]);
    await http.close();
  });

  it('was not sent when a header cannot be written', async () => {
    const server = await startServer();
    const http = openHttp({ baseUrl: server.baseUrl, ...patient });
    const request = { ...get('/'), headers: { authorization: 'Bearer a\nb' } };
    expect(await catchFailure(http.send(request))).toMatchObject({ code: 'UND_ERR_INVALID_ARG', sent: false });
    await http.close();
  });

  it.each([
    ['reset-unread', { do: 'reset-unread' }],
    ['reset', { do: 'reset' }],
    ['hang-up', { do: 'hang-up' }],
  ] as const)('may have arrived when the connection broke (%s)', async (_name, step) => {
    const server = await startServer();
    server.answer(step);
    const http = openHttp({ baseUrl: server.baseUrl, ...patient });
    expect(await catchFailure(http.send(get('/')))).toMatchObject({ sent: true, status: undefined });
    await http.close();
  });

  it('may have arrived, and its status is known, when the body was cut', async () => {
    const server = await startServer();
    server.answer(cut(202));
    const http = openHttp({ baseUrl: server.baseUrl, ...patient });
    expect(await catchFailure(http.send(get('/')))).toMatchObject({ sent: true, status: 202 });
    await http.close();
  });

  it('may have arrived when the client was closed meanwhile', async () => {
    const server = await startServer();
    server.answer({ do: 'hang' });
    const http = openHttp({ baseUrl: server.baseUrl, ...patient });
    const failed = catchFailure(http.send(get('/')));
    setTimeout(() => void http.close(), 100);
    expect(await failed).toMatchObject({ sent: true });
  });
});

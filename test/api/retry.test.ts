import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { ClientOptions, CustomersClient } from '#src/api/client.js';
import type { Verb } from '#src/api/request.js';
import { CustomersError, RunStoppedError } from '#src/errors.js';
import { login, quickPolicy, readyToken, useClients } from './open-clients.js';
import {
  after,
  cut,
  json,
  page,
  type ReceivedCall,
  redirect,
  type Script,
  type ScriptedServer,
  text,
  useScriptedServers,
} from './scripted-server.js';

const startServer = useScriptedServers();
const { newClient } = useClients();

const noIntent = { beforeSend: () => Promise.resolve() };
const customer = { customerId: 'id-1', customerCode: '0000001', customerName: 'Ada' };

/** One call of each verb. */
const calls: Record<Verb, (client: CustomersClient) => Promise<unknown>> = {
  list: (client) => client.list({ page: 1, pageSize: 10 }),
  detail: (client) => client.get('0000001'),
  add: (client) => client.add({ customerName: 'Ada' }),
  update: (client) => client.update('0000001', customer),
  delete: (client) => client.delete('0000001'),
  login: (client) => client.login(),
};
const verbs = Object.keys(calls) as Verb[];

/** What the API answers when all is well. */
const success: Record<Verb, Script> = {
  list: json(200, [{ ...customer, liTotalCount: 1, customSortRowNumber: 1 }]),
  detail: json(200, customer),
  add: json(202, customer),
  update: json(200, customer),
  delete: text(204, ''),
  login: json(200, { failureDescription: null, bearerToken: 'good' }),
};

/** How a call ended, in a few words that a table can hold. */
async function describeEnd(promise: Promise<unknown>): Promise<string> {
  try {
    const answer = (await promise) as { kind?: string; errorCode?: string } | undefined;
    if (answer === undefined) return 'done';
    if (answer.kind === undefined) return 'page';
    return answer.errorCode === undefined ? answer.kind : `${answer.kind} ${answer.errorCode}`;
  } catch (error) {
    if (error instanceof CustomersError) return `${error.name} ${error.code}`;
    throw error;
  }
}

function script(server: ScriptedServer, verb: Verb, steps: readonly [Script, ...Script[]]): void {
  if (verb === 'login') server.answerLogins(...steps);
  else server.answer(...steps);
}

function countRequests(server: ScriptedServer, verb: Verb): number {
  return verb === 'login' ? server.logins.length : server.calls.length;
}

function clientFor(verb: Verb, baseUrl: string, options: Partial<ClientOptions> = {}): CustomersClient {
  return newClient(baseUrl, { credentials: verb === 'login' ? login : readyToken, ...options });
}

interface Expected {
  readonly requests: number;
  readonly end: string;
}

/** Nobody knows what became of the request: everything but an add is asked as often as the policy allows. */
function ambiguous(code: string): Record<Verb, Expected> {
  return {
    list: { requests: 3, end: 'RunStoppedError LIST_UNANSWERED' },
    detail: { requests: 3, end: `unanswered ${code}` },
    add: { requests: 1, end: `in_doubt ${code}` },
    update: { requests: 3, end: `in_doubt ${code}` },
    delete: { requests: 3, end: `in_doubt ${code}` },
    login: { requests: 3, end: 'RunStoppedError LOGIN_UNANSWERED' },
  };
}

function refused(code: string, special: Partial<Record<Verb, string>> = {}): Record<Verb, Expected> {
  const ends: Record<Verb, string> = {
    list: 'UsageError LIST_REFUSED',
    detail: `unanswered ${code}`,
    add: `refused ${code}`,
    update: `refused ${code}`,
    delete: `refused ${code}`,
    login: 'LoginError LOGIN_REFUSED',
    ...special,
  };
  return Object.fromEntries(verbs.map((verb) => [verb, { requests: 1, end: ends[verb] }])) as Record<Verb, Expected>;
}

function everywhere(requests: number, end: string, special: Partial<Record<Verb, Expected>> = {}) {
  const same = Object.fromEntries(verbs.map((verb) => [verb, { requests, end }])) as Record<Verb, Expected>;
  return { ...same, ...special };
}

interface Fault {
  readonly name: string;
  readonly steps: readonly [Script, ...Script[]];
  readonly ends: Record<Verb, Expected>;
  readonly options?: Partial<ClientOptions>;
}

const fieldErrors = json(400, { errors: [{ field: 'emailAddress', message: 'is no address' }] });
const soon = { requestTimeoutMs: 120 };

/** The table of the design: every failure class, in each form in which the network shows it, by verb. */
const faults: readonly Fault[] = [
  { name: '503', steps: [json(503, { message: 'busy' })], ends: ambiguous('HTTP_503') },
  { name: '500', steps: [text(500, '')], ends: ambiguous('HTTP_500') },
  { name: '502 with a page', steps: [page(502)], ends: ambiguous('HTTP_502') },
  { name: '408', steps: [text(408, '')], ends: ambiguous('HTTP_408') },
  { name: 'a reset before the request is read', steps: [{ do: 'reset-unread' }], ends: ambiguous('ECONNRESET') },
  { name: 'a reset after the request is read', steps: [{ do: 'reset' }], ends: ambiguous('ECONNRESET') },
  { name: 'a closed connection', steps: [{ do: 'hang-up' }], ends: ambiguous('UND_ERR_SOCKET') },
  { name: 'no answer in time', steps: [{ do: 'hang' }], ends: ambiguous('TIMEOUT'), options: soon },
  {
    name: 'a body that only drips',
    steps: [{ do: 'drip', everyMs: 20 }],
    ends: ambiguous('TIMEOUT'),
    options: soon,
  },
  { name: 'a cut body', steps: [cut(200)], ends: ambiguous('UND_ERR_SOCKET') },
  { name: 'a cut body after 202', steps: [cut(202)], ends: ambiguous('UND_ERR_SOCKET') },
  { name: 'a cut chunked body', steps: [cut(200, true)], ends: ambiguous('UND_ERR_SOCKET') },
  { name: 'a page with 200', steps: [page(200)], ends: ambiguous('UNREADABLE_ANSWER') },
  { name: 'a page with 202', steps: [page(202)], ends: ambiguous('UNREADABLE_ANSWER') },
  {
    name: '429 for ever',
    steps: [json(429, {}, { 'retry-after': '0' })],
    ends: everywhere(quickPolicy.rateLimitedAttempts, 'RunStoppedError RATE_LIMITED'),
  },
  {
    name: '429 for ever, without Retry-After',
    steps: [text(429, '')],
    ends: everywhere(quickPolicy.rateLimitedAttempts, 'RunStoppedError RATE_LIMITED'),
  },
  {
    name: '429 with a Retry-After of an hour',
    steps: [text(429, '', { 'retry-after': '3600' })],
    ends: everywhere(1, 'RunStoppedError LONG_PAUSE'),
  },
  {
    name: '401 for a token that cannot be renewed',
    steps: [text(401, '')],
    ends: everywhere(1, 'LoginError ACCESS_TOKEN_REFUSED', {
      login: { requests: 1, end: 'LoginError LOGIN_REFUSED' },
    }),
  },
  {
    name: '401 for every token',
    steps: [text(401, '')],
    options: { credentials: login },
    // The third asks whether the token is refused for this request alone.
    ends: everywhere(3, 'LoginError TOKEN_REFUSED', { login: { requests: 1, end: 'LoginError LOGIN_REFUSED' } }),
  },
  {
    name: '403',
    steps: [json(403, { message: 'no' })],
    ends: everywhere(1, 'LoginError RIGHT_MISSING', { login: { requests: 1, end: 'LoginError LOGIN_REFUSED' } }),
  },
  {
    name: '404',
    steps: [text(404, '')],
    ends: refused('HTTP_404', { list: 'UsageError NO_API_HERE', detail: 'absent', login: 'UsageError NO_API_HERE' }),
  },
  { name: '409', steps: [json(409, { message: 'The customer is in use.' })], ends: refused('HTTP_409') },
  {
    name: '409 that says "inactive"',
    steps: [json(409, { message: 'The customer has sales and has been set to inactive.' })],
    ends: refused('HTTP_409', { delete: 'deactivated' }),
  },
  { name: '400 with errors of fields', steps: [fieldErrors], ends: refused('HTTP_400') },
  { name: '422', steps: [json(422, { code: 'BAD' })], ends: refused('BAD') },
  {
    name: 'a redirect',
    steps: [redirect('/maintenance')],
    ends: everywhere(1, 'RunStoppedError REDIRECTED', { add: { requests: 1, end: 'in_doubt HTTP_302' } }),
  },
];

const cases = faults.flatMap((fault) => verbs.map((verb) => ({ fault, verb, expected: fault.ends[verb] })));

describe('a request that fails', () => {
  it.each(cases)(
    '$verb meets $fault.name: $expected.requests requests, $expected.end',
    async ({ fault, verb, expected }) => {
      const server = await startServer();
      script(server, verb, fault.steps);
      const client = clientFor(verb, server.baseUrl, fault.options);
      expect(await describeEnd(calls[verb](client))).toBe(expected.end);
      // On a busy machine the client may give up before the server has read what is already there.
      await vi.waitFor(() => expect(countRequests(server, verb)).toBe(expected.requests));
      expect(client.traffic.requests - (verb === 'login' ? 0 : server.logins.length)).toBe(expected.requests);
    },
  );
});

describe('a request that cannot leave', () => {
  it.each(verbs)('%s: a name that nobody knows ends the run as resumable', async (verb) => {
    const client = clientFor(verb, 'http://does-not-exist.invalid/api/v2');
    expect(await describeEnd(calls[verb](client))).toBe('RunStoppedError UNREACHABLE');
    expect(client.traffic.requests).toBe(quickPolicy.attempts);
  });

  it.each(verbs)('%s: a refused connection ends the run as resumable', async (verb) => {
    const server = await startServer();
    await server.close();
    const client = clientFor(verb, server.baseUrl);
    expect(await describeEnd(calls[verb](client))).toBe('RunStoppedError UNREACHABLE');
    expect(client.traffic.requests).toBe(quickPolicy.attempts);
  });

  it('says in the error why the server could not be reached', async () => {
    const client = newClient('http://does-not-exist.invalid/api/v2');
    await expect(client.get('1')).rejects.toThrow(/ENOTFOUND|EAI_AGAIN/);
  });
});

describe('a server that has answered before', () => {
  const page = [{ customerCode: '0000001', liTotalCount: 1 }];
  const answer = (_: IncomingMessage, response: ServerResponse) => response.end(JSON.stringify(page));
  const one = { page: 1, pageSize: 1 };
  const listen = (server: Server, port: number) =>
    new Promise<Server>((resolve) => server.listen(port, '127.0.0.1', () => resolve(server)));
  const servers: Server[] = [];
  const open = async (port = 0) => {
    const server = await listen(createServer(answer), port);
    servers.push(server);
    return server;
  };
  const close = (server: Server) =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  afterEach(() => Promise.all(servers.splice(0).map(close)));

  it('is waited for while it restarts, and told of once', async () => {
    const first = await open();
    const { port } = first.address() as AddressInfo;
    const outages: string[] = [];
    let noticed = () => {};
    const isNoticed = new Promise<void>((resolve) => {
      noticed = resolve;
    });
    const client = newClient(`http://127.0.0.1:${port}`, {
      outages: {
        ...{ patienceMs: 600_000, hasAnswered: false },
        noticed: (code) => {
          outages.push(code);
          noticed();
        },
      },
    });
    await client.list(one);
    await close(first);
    const pages = Promise.all([client.list(one), client.list(one), client.list(one)]);
    await isNoticed;
    await open(port);
    expect((await pages).map(({ total }) => total)).toEqual([1, 1, 1]);
    expect(outages).toHaveLength(1);
    expect(client.traffic.retries).toBe(0);
  });

  it('ends the run as resumable when it stays away', async () => {
    const server = await open();
    const { port } = server.address() as AddressInfo;
    await close(server);
    const outages = { patienceMs: 100, hasAnswered: true };
    const client = newClient(`http://127.0.0.1:${port}`, { outages });
    expect(await describeEnd(client.list(one))).toBe('RunStoppedError UNREACHABLE');
    expect(await describeEnd(client.add({}))).toBe('RunStoppedError UNREACHABLE');
    expect(client.traffic.requests).toBeGreaterThan(quickPolicy.attempts);
  });

  it('is not waited for when the address has never answered', async () => {
    const server = await open();
    const { port } = server.address() as AddressInfo;
    await close(server);
    const outages = { patienceMs: 600_000, hasAnswered: false };
    const client = newClient(`http://127.0.0.1:${port}`, { outages });
    expect(await describeEnd(client.list(one))).toBe('RunStoppedError UNREACHABLE');
    expect(client.traffic.requests).toBe(quickPolicy.attempts);
  });

  it('has the intent of a write recorded once more when the write can leave', async () => {
    const first = await open();
    const { port } = first.address() as AddressInfo;
    const client = newClient(`http://127.0.0.1:${port}`, { outages: { patienceMs: 600_000, hasAnswered: true } });
    await close(first);
    let intents = 0;
    const beforeSend = async () => {
      intents += 1;
      if (intents === 3) await open(port);
    };
    expect(await client.update('0000001', customer, { beforeSend })).toMatchObject({ kind: 'applied', attempts: 1 });
    expect(intents).toBeGreaterThanOrEqual(3);
  });
});

describe('HTTP 401 to one request alone', () => {
  const isWanted = ({ path }: ReceivedCall) => path.includes('0000009');
  const refusing: Script = (call) =>
    isWanted(call) ? json(401, { message: 'no' }) : call.path.includes('?') ? json(200, []) : json(200, customer);

  it('refuses that request, and takes no more than one new token, however many there are', async () => {
    const server = await startServer();
    server.answer(refusing);
    const client = newClient(server.baseUrl, { credentials: login });
    for (let row = 0; row < 5; row += 1) {
      expect(await describeEnd(client.get('0000001'))).toBe('found');
      expect(await describeEnd(client.get('0000009'))).toBe('unanswered HTTP_401');
      expect(await describeEnd(client.update('0000009', customer))).toBe('refused HTTP_401');
    }
    expect(server.logins.length).toBeLessThanOrEqual(2);
  });

  it('is told from a token that is not good any more', async () => {
    const server = await startServer();
    server.answer(({ headers }) =>
      headers.authorization === 'Bearer token-1' && server.calls.length > 1 ? text(401, '') : json(200, customer),
    );
    const client = newClient(server.baseUrl, { credentials: login });
    expect(await describeEnd(client.get('0000001'))).toBe('found');
    expect(await describeEnd(client.get('0000001'))).toBe('found');
    expect(server.logins).toHaveLength(2);
  });
});

describe('an add that is refused with 401, 403 or 429', () => {
  const refusals = [
    [401, 'refused HTTP_401'],
    [403, 'LoginError RIGHT_MISSING'],
    [429, 'applied'],
  ] as const;

  it.each(refusals)('%d: goes on as it would when it certainly had no effect', async (status, end) => {
    const server = await startServer();
    const refusal = json(status, { message: 'no' }, { 'retry-after': '0' });
    const adds = () => server.calls.filter(({ method }) => method === 'POST').length;
    server.answer(({ method }) =>
      method === 'POST' ? (status === 429 && adds() > 1 ? json(202, customer) : refusal) : json(200, []),
    );
    const hadNoEffect = () => Promise.resolve(true);
    const client = newClient(server.baseUrl, { credentials: login });
    expect(await describeEnd(client.add({}, { ...noIntent, hadNoEffect }))).toBe(end);
  });

  it.each(refusals)('%d: is in doubt and never sent again when it may have had one', async (status) => {
    const server = await startServer();
    server.answer(json(status, { message: 'no' }, { 'retry-after': '0' }));
    const hadNoEffect = () => Promise.resolve(false);
    const client = newClient(server.baseUrl, { credentials: login });
    expect(await describeEnd(client.add({}, { ...noIntent, hadNoEffect }))).toBe(`in_doubt HTTP_${status}`);
    expect(server.calls).toHaveLength(1);
  });

  it('is in doubt when the account cannot be asked, and that ends the run', async () => {
    const server = await startServer();
    server.answer(json(429, { message: 'no' }, { 'retry-after': '0' }));
    const hadNoEffect = () => Promise.reject(new RunStoppedError('It is silent.', { code: 'SERVER_SILENT' }));
    const client = newClient(server.baseUrl, { credentials: login });
    expect(await describeEnd(client.add({}, { ...noIntent, hadNoEffect }))).toBe('in_doubt HTTP_429');
    expect(await describeEnd(client.add({}))).toBe('RunStoppedError SERVER_SILENT');
  });
});

describe('a request that recovers', () => {
  const firstFailures: readonly (readonly [string, Script])[] = [
    ['503', text(503, '')],
    ['a reset', { do: 'reset' }],
    ['a cut body', cut(200)],
    ['a page', page(200)],
  ];
  const recovering = firstFailures.flatMap(([name, step]) =>
    verbs.filter((verb) => verb !== 'add').map((verb) => ({ name, step, verb })),
  );
  it.each(recovering)('$verb succeeds at the second attempt after $name', async ({ step, verb }) => {
    const server = await startServer();
    script(server, verb, [step, success[verb]]);
    const client = clientFor(verb, server.baseUrl);
    expect(await describeEnd(calls[verb](client))).toMatch(/^(page|found|applied|deleted|done)$/);
    expect(countRequests(server, verb)).toBe(2);
  });

  it('is sent again after a 429, whatever the verb, and not before Retry-After (seconds) is over', async () => {
    await Promise.all(
      verbs.map(async (verb) => {
        const server = await startServer();
        script(server, verb, [text(429, '', { 'retry-after': '1' }), success[verb]]);
        const end = await describeEnd(calls[verb](clientFor(verb, server.baseUrl)));
        expect(end, verb).toMatch(/^(page|found|applied|deleted|done)$/);
        const [first, second, ...more] = verb === 'login' ? server.logins : server.calls;
        expect(more).toEqual([]);
        expect(second!.at - first!.at, verb).toBeGreaterThan(990);
      }),
    );
  });

  it('reads a Retry-After date by the clock of the server', async () => {
    const server = await startServer();
    const serverNow = Date.parse('2031-05-01T10:00:00Z');
    const headers = {
      date: new Date(serverNow).toUTCString(),
      'retry-after': new Date(serverNow + 1000).toUTCString(),
    };
    server.answer(text(429, '', headers), success.list);
    const client = newClient(server.baseUrl);
    await client.list({ page: 1, pageSize: 1 });
    const [first, second] = server.calls;
    expect(second!.at - first!.at).toBeGreaterThan(990);
    expect(second!.at - first!.at).toBeLessThan(2500);
  });

  it.each(verbs.filter((verb) => verb !== 'login'))('%s is sent again with a new token after one 401', async (verb) => {
    const server = await startServer();
    server.answer(text(401, ''), success[verb]);
    const client = newClient(server.baseUrl, { credentials: login });
    expect(await describeEnd(calls[verb](client))).toMatch(/^(page|found|applied|deleted)$/);
    expect(server.calls.map((call) => call.headers.authorization)).toEqual(['Bearer token-1', 'Bearer token-2']);
    expect(server.logins).toHaveLength(2);
  });

  it('takes a 404 for the success of a delete whose first answer was lost', async () => {
    const server = await startServer();
    server.answer({ do: 'reset' }, text(404, ''));
    expect(await newClient(server.baseUrl).delete('1')).toEqual({ kind: 'deleted', httpStatus: 404, attempts: 2 });
  });
});

describe('an add', () => {
  const lost: readonly (readonly [string, Script])[] = [
    ['503', text(503, '')],
    ['503 with Retry-After', text(503, '', { 'retry-after': '0' })],
    ['500', text(500, '')],
    ['502', page(502)],
    ['504', text(504, '')],
    ['408', text(408, '')],
    ['a reset before reading', { do: 'reset-unread' }],
    ['a reset after reading', { do: 'reset' }],
    ['a FIN', { do: 'hang-up' }],
    ['silence', { do: 'hang' }],
    ['an answer that comes too late', after(400, json(202, customer))],
    ['a cut 202', cut(202)],
    ['a cut chunked 202', cut(202, true)],
    ['a dripping 202', { do: 'drip', everyMs: 10 }],
    ['a page with 202', page(202)],
    ['an empty 202', text(202, '')],
    ['a 202 that names no customer', json(202, { ok: true })],
    ['a redirect', redirect('/login')],
  ];
  it.each(lost)('is in doubt and never sent twice after %s', async (_name, step) => {
    const server = await startServer();
    server.answer(step, json(202, customer));
    const answer = await newClient(server.baseUrl, { requestTimeoutMs: 200 }).add({ customerName: 'Ada' });
    expect(answer).toMatchObject({ kind: 'in_doubt', attempts: 1 });
    // On a busy machine the client may give up before the server has read what is already there.
    await vi.waitFor(() => expect(server.calls).toHaveLength(1));
  });

  it('that was limited, then refused a token, and then lost is in doubt after three requests', async () => {
    const server = await startServer();
    server.answer(text(429, '', { 'retry-after': '0' }), text(401, ''), { do: 'reset' }, json(202, customer));
    const client = newClient(server.baseUrl, { credentials: login });
    expect(await client.add({})).toMatchObject({ kind: 'in_doubt', attempts: 3 });
    expect(server.calls).toHaveLength(3);
  });

  it('has its intent on disk before the first byte leaves, and once only', async () => {
    const server = await startServer();
    const order: string[] = [];
    server.answer(
      () => {
        order.push('request');
        return text(429, '', { 'retry-after': '0' });
      },
      () => {
        order.push('request');
        return json(202, customer);
      },
    );
    const beforeSend = async () => {
      await new Promise((resolve) => setTimeout(resolve, 30));
      order.push('intent');
    };
    await newClient(server.baseUrl).add({}, { beforeSend });
    expect(order).toEqual(['intent', 'request', 'request']);
  });

  it('is not sent when its intent cannot be written', async () => {
    const server = await startServer();
    const beforeSend = () => Promise.reject(new Error('disk full'));
    await expect(newClient(server.baseUrl).add({}, { beforeSend })).rejects.toThrow('disk full');
    expect(server.calls).toHaveLength(0);
  });
});

describe('a run', () => {
  it('ends at the next request after an add met a redirect, so that no second row comes into doubt', async () => {
    const server = await startServer();
    server.answer(redirect('https://portal.example/'));
    const client = newClient(server.baseUrl);
    expect(await describeEnd(client.add({}))).toBe('in_doubt HTTP_302');
    expect(await describeEnd(client.add({}))).toBe('RunStoppedError REDIRECTED');
    expect(server.calls).toHaveLength(1);
  });

  it('ends at the next request after an add met a 503 that asks for a pause of an hour', async () => {
    const server = await startServer();
    server.answer(text(503, '', { 'retry-after': '3600' }));
    const client = newClient(server.baseUrl);
    expect(await describeEnd(client.add({}))).toBe('in_doubt HTTP_503');
    expect(await describeEnd(client.get('1'))).toBe('RunStoppedError LONG_PAUSE');
    expect(server.calls).toHaveLength(1);
  });

  it('ends when a read meets a 503 that asks for a pause of an hour', async () => {
    const server = await startServer();
    server.answer(text(503, '', { 'retry-after': '3600' }));
    expect(await describeEnd(newClient(server.baseUrl).get('1'))).toBe('RunStoppedError LONG_PAUSE');
  });

  it('says what ends it, also when an earlier attempt of a read had no answer', async () => {
    const server = await startServer();
    server.answer(text(503, ''), json(403, { message: 'no' }));
    expect(await describeEnd(newClient(server.baseUrl).get('1'))).toBe('LoginError RIGHT_MISSING');
  });

  it('keeps a write in doubt when an attempt after the lost one is forbidden', async () => {
    const server = await startServer();
    server.answer(text(503, ''), text(403, ''));
    expect(await describeEnd(newClient(server.baseUrl).update('1', customer))).toBe('in_doubt HTTP_403');
  });

  it('ends after so many requests in a row without an answer', async () => {
    const server = await startServer();
    server.answer({ do: 'reset' });
    const client = newClient(server.baseUrl, { retryPolicy: { ...quickPolicy, unansweredInARow: 5 } });
    const ends: string[] = [];
    for (let row = 0; row < 7; row += 1) ends.push(await describeEnd(client.add({})));
    expect(ends).toEqual([
      ...Array.from({ length: 5 }, () => 'in_doubt ECONNRESET'),
      ...Array.from({ length: 2 }, () => 'RunStoppedError SERVER_SILENT'),
    ]);
    expect(server.calls).toHaveLength(5);
  });

  it('ends when its quota of retries is spent', async () => {
    const server = await startServer();
    let turn = 0;
    server.answer(() => {
      turn += 1;
      return turn % 2 === 1 ? text(503, '') : json(200, customer);
    });
    const client = newClient(server.baseUrl, { retryPolicy: { ...quickPolicy, quotaRetries: 3 } });
    const ends: string[] = [];
    for (let row = 0; row < 4; row += 1) ends.push(await describeEnd(client.get('0000001')));
    expect(ends).toEqual(['found', 'found', 'found', 'RunStoppedError RETRY_QUOTA']);
  });

  it('does not count a 429 or a renewed token as a retry of its quota', async () => {
    const server = await startServer();
    const limited = text(429, '', { 'retry-after': '0' });
    server.answer(limited, limited, limited, success.list, text(503, ''), success.list);
    const client = newClient(server.baseUrl, { retryPolicy: { ...quickPolicy, quotaRetries: 2, quotaShare: 0 } });
    await client.list({ page: 1, pageSize: 1 });
    expect(await describeEnd(client.list({ page: 1, pageSize: 1 }))).toBe('page');
  });

  it('sends nothing more once it is stopping', async () => {
    const server = await startServer();
    const stop = new AbortController();
    const client = newClient(server.baseUrl, { stopping: stop.signal });
    stop.abort(new Error('The run is stopping.'));
    await expect(client.add({})).rejects.toThrow('The run is stopping.');
    expect(server.calls).toHaveLength(0);
  });

  it('finishes a request that is under way when it is told to stop', async () => {
    const server = await startServer();
    const stop = new AbortController();
    server.answer(after(100, json(202, customer)));
    const client = newClient(server.baseUrl, { stopping: stop.signal });
    const added = client.add({});
    setTimeout(() => stop.abort(new Error('The run is stopping.')), 30);
    expect(await added).toMatchObject({ kind: 'applied', customer });
  });

  it('gives up the pause before a retry when it is told to stop; a write stays in doubt, a read is thrown', async () => {
    const server = await startServer();
    const stop = new AbortController();
    server.answer(text(503, ''));
    const slow = { ...quickPolicy, baseDelayMs: 60_000, maxDelayMs: 60_000 };
    const client = newClient(server.baseUrl, { stopping: stop.signal, retryPolicy: slow });
    const ends = [describeEnd(client.update('1', customer)), client.get('1').catch((error: Error) => error.message)];
    setTimeout(() => stop.abort(new Error('The run is stopping.')), 100);
    expect(await Promise.all(ends)).toEqual(['in_doubt HTTP_503', 'The run is stopping.']);
    expect(server.calls).toHaveLength(2);
  });
});

describe('the answer of the API', () => {
  it('tells the fields that it names', async () => {
    const server = await startServer();
    server.answer(fieldErrors);
    expect(await newClient(server.baseUrl).add({})).toMatchObject({
      kind: 'refused',
      httpStatus: 400,
      fields: ['emailAddress'],
      message: 'emailAddress: is no address',
    });
  });

  it.each([
    ['Customer 1 has transactions. It has been set to inactive.', 'deactivated'],
    ['The customer was deactivated.', 'deactivated'],
    ['Customer is now inactive', 'deactivated'],
    ['The customer has transactions and can only be made inactive.', 'refused'],
    ['Customers with sales cannot be deleted; they must be made inactive by an update.', 'refused'],
    ['The customer is in use.', 'refused'],
  ])('to a delete, 409 "%s" means %s', async (message, kind) => {
    const server = await startServer();
    server.answer(json(409, { message }));
    expect(await newClient(server.baseUrl).delete('1')).toMatchObject({ kind });
  });

  it('to a login, 200 with a reason and no token is a refusal and is not asked for again', async () => {
    const server = await startServer();
    server.answerLogins(json(200, { failureDescription: 'Unknown user', bearerToken: null }));
    const client = newClient(server.baseUrl, { credentials: login });
    await expect(client.login()).rejects.toThrow(/Unknown user/);
    expect(server.logins).toHaveLength(1);
  });

  it('to an update may be empty, text or JSON', async () => {
    const server = await startServer();
    const client = newClient(server.baseUrl);
    for (const step of [text(200, ''), text(204, ''), text(200, 'OK'), json(200, true), json(202, customer)]) {
      server.answer(step);
      expect(await client.update('0000001', customer)).toMatchObject({ kind: 'applied', attempts: 1 });
    }
  });

  it('gives the difference between its clock and ours', async () => {
    const server = await startServer();
    server.answer(json(200, customer, { date: 'Thu, 01 May 2031 10:00:05 GMT' }));
    const client = newClient(server.baseUrl, { now: () => Date.parse('2031-05-01T10:00:00Z') });
    await client.get('1');
    expect(client.traffic.clockDifferenceMs).toBe(5000);
  });
});

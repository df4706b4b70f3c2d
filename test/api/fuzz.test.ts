import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CustomersError } from '#src/errors.js';
import { quickPolicy, useClients } from './open-clients.js';

/** `npm run fuzz` makes it 10,000. */
const runs = Number(process.env.FUZZ_RUNS ?? 1000);
const firstSeed = Number(process.env.FUZZ_SEED ?? 1);

/** A small generator of numbers that a seed repeats (mulberry32). */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const customer = {
  ...{ customerId: 'A1-b2', customerCode: '0000007', customerName: 'Zoë Müller', creditLimit: 12.5, active: true },
  ...{ emailAddress: null, lastEditDateUTC: '2026-01-05T10:00:00.123', creationDateUTC: '2026-01-05T10:00:00.123' },
};

/** What an answer should be, from which the others are made. */
const regular: Readonly<Record<string, unknown>> = {
  GET: [{ ...customer, liTotalCount: 1 }],
  detail: customer,
  POST: customer,
  PUT: customer,
  DELETE: undefined,
};

const statuses = [200, 200, 200, 201, 202, 204, 206, 301, 302, 304, 400, 401, 403, 404, 405, 409, 410, 415, 422, 429];
const moreStatuses = [...statuses, 200, 202, 451, 499, 500, 501, 502, 503, 504, 520, 599, 600, 999];

/** Values in the place of others: of every kind, and such as have brought down programs. */
const oddValues: readonly unknown[] = [
  ...[
    null,
    true,
    false,
    0,
    -1,
    1e308,
    0.1,
    Number.MAX_SAFE_INTEGER,
    '',
    ' ',
    '0',
    'null',
    '\u0000',
    '\ud800',
    '\u202e',
  ],
  ...['a'.repeat(5000), [], [[]], {}, { toString: null }, { length: 1e9 }, ['x', null, 7], { 0: 'x' }, '0000007'],
  ...['2026-13-45T99:99:99', '\u001b[2J', { customerCode: { customerCode: 7 } }, JSON.parse('{"__proto__":{"x":1}}')],
];

const oddNames = [
  '',
  ' ',
  '__proto__',
  'constructor',
  'toString',
  'liTotalCount',
  'customerCode',
  '\u0000',
  'x'.repeat(5000),
];

const headers: readonly (readonly [string, string])[] = [
  ['content-type', 'application/json'],
  ['content-type', 'application/json; charset=utf-16'],
  ['content-type', 'application/json; charset=klingon'],
  ['content-type', 'text/html'],
  ['content-type', ''],
  ['content-encoding', 'gzip'],
  ['content-encoding', 'br, gzip'],
  ['retry-after', '0'],
  ['retry-after', '-5'],
  ['retry-after', 'Thu, 01 Jan 1970 00:00:00 GMT'],
  ['retry-after', 'soon'],
  ['date', 'yesterday'],
  ['location', 'http://127.0.0.1:9/elsewhere'],
  ['location', '\\\\'],
  ['x-ratelimit-remaining', 'NaN'],
  ['set-cookie', 'a=b; \u0001'.replace('\u0001', '')],
];

/** Answers of a server that is broken in the way that the seed says. */
function mutateAnswer(body: unknown, random: () => number) {
  const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(random() * items.length)] as Item;
  const spoil = (value: unknown, depth: number): unknown => {
    if (random() < 0.15) return pick(oddValues);
    if (Array.isArray(value)) {
      const items = value.map((item) => spoil(item, depth + 1));
      return random() < 0.2 ? [...items, ...items, pick(oddValues)] : items;
    }
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).flatMap(([name, inner]): (readonly [string, unknown])[] => {
        if (random() < 0.1) return [];
        return [[random() < 0.05 ? pick(oddNames) : name, spoil(inner, depth + 1)]];
      }),
    );
  };
  let text = JSON.stringify(spoil(body, 0)) ?? '';
  const way = random();
  if (way < 0.08) text = text.slice(0, Math.floor(random() * text.length));
  else if (way < 0.11) text = '['.repeat(100_000);
  else if (way < 0.14) text = `{"a":`.repeat(80_000);
  else if (way < 0.16) text = `<html>${text}`;
  else if (way < 0.18) text = `${text}${text}`;
  let bytes = Buffer.from(text);
  if (random() < 0.1 && bytes.length > 0) {
    bytes = Buffer.from(bytes);
    bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256);
  }
  return {
    status: random() < 0.6 ? 200 : pick(moreStatuses),
    headers: Object.fromEntries(random() < 0.5 ? [pick(headers)] : [pick(headers), pick(headers)]),
    bytes,
  };
}

let server: Server;
let random = createRandom(firstSeed);
beforeAll(async () => {
  server = createServer((request, response) => {
    request.resume();
    request.on('end', () => {
      const { method = 'GET', url = '' } = request;
      const kind = method === 'GET' && /\/customers\/[^?]/.test(url) ? 'detail' : method;
      const answer = mutateAnswer(regular[kind], random);
      response.on('error', () => response.destroy());
      try {
        response.writeHead(answer.status, answer.headers).end(answer.bytes);
      } catch {
        response.destroy();
      }
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const { newClient } = useClients();

/** What may come of a call: an answer, or an error that says what to do. Anything else is a fault of this program. */
async function settle(call: () => Promise<unknown>): Promise<unknown> {
  try {
    await call();
    return undefined;
  } catch (error) {
    return error instanceof CustomersError ? undefined : error;
  }
}

describe('an answer of any kind', () => {
  it(`is an answer or an error with a next step, for each verb (${runs} answers from seed ${firstSeed})`, async () => {
    const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/v2`;
    const open = () =>
      newClient(address, {
        retryPolicy: {
          ...{ ...quickPolicy, attempts: 1, quotaRetries: 0, rateLimitedAttempts: 1, maxWaitMs: 1 },
          unansweredInARow: Number.POSITIVE_INFINITY,
        },
      });
    let client = open();
    for (let run = 0; run < runs; run += 1) {
      const seed = firstSeed + run;
      random = createRandom(seed);
      // One that has given up answers nothing more.
      if (run % 20 === 19) {
        await client.close();
        client = open();
      }
      const calls: readonly (() => Promise<unknown>)[] = [
        () => client.list({ page: 1, pageSize: 10, sort: { field: 'customerCode', descending: false } }),
        () => client.get('0000007'),
        () => client.add({ customerName: 'Zoë' }),
        () => client.update('0000007', customer),
        () => client.delete('0000007'),
      ];
      const fault = await settle(calls[seed % calls.length] ?? (() => Promise.resolve()));
      expect(fault, `seed ${seed}, call ${seed % calls.length}`).toBe(undefined);
    }
  });
});

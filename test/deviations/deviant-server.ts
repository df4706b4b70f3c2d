import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach } from 'vitest';

/** A value of JSON, without the types of the program that is tested. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };
export type Fields = { readonly [name: string]: Json };

/** One request after the login. */
export interface Call {
  readonly verb: 'list' | 'detail' | 'add' | 'update' | 'delete';
  /** The code or id in the address. */
  readonly code: string;
  readonly query: URLSearchParams;
  readonly body: Fields;
  /** From 1, of all requests with this verb. */
  readonly count: number;
}

export interface Reply {
  /** 0: the connection is cut. */
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string | Buffer;
}

/** How the pages of a list are made. */
export interface ListRules {
  readonly select: (customers: readonly Fields[], call: Call) => readonly Fields[];
  readonly order: (customers: readonly Fields[], call: Call) => readonly Fields[];
  readonly cut: (customers: readonly Fields[], call: Call) => readonly Fields[];
  /** `liTotalCount`; left out when it is undefined. */
  readonly count: (selected: readonly Fields[], page: readonly Fields[], call: Call) => Json | undefined;
}

/** How an API differs from the documented one. `regular` does as documented, and is not called where it should not be. */
export interface Deviation {
  readonly rules?: Partial<ListRules>;
  readonly list?: (call: Call, account: Account, regular: () => Reply) => Reply;
  readonly detail?: (call: Call, account: Account, regular: () => Reply) => Reply;
  readonly add?: (call: Call, account: Account, regular: () => Reply) => Reply;
  readonly update?: (call: Call, account: Account, regular: () => Reply) => Reply;
  readonly delete?: (call: Call, account: Account, regular: () => Reply) => Reply;
}

export const reply = (
  status: number,
  body: Json | undefined = undefined,
  headers: Readonly<Record<string, string>> = {},
): Reply => ({
  status,
  headers: { 'content-type': 'application/json; charset=utf-8', ...headers },
  body: body === undefined ? '' : JSON.stringify(body),
});

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

/** `yyyy-MMM-dd HH:mm` in UTC. */
function readFilterDate(text: string | null): number | undefined {
  const parts = /^(\d{4})-([a-z]{3})-(\d\d) (\d\d):(\d\d)$/i.exec(text ?? '');
  if (parts === null) return undefined;
  const [, year, month = '', day, hour, minute] = parts;
  return Date.UTC(Number(year), months.indexOf(month.toLowerCase()), Number(day), Number(hour), Number(minute));
}

const editedAt = (customer: Fields) => Date.parse(`${String(customer.lastEditDateUTC)}Z`);

export const documented: ListRules = {
  select(customers, { query }) {
    const min = readFilterDate(query.get('filt_LastEditDateUTC_dt_min')) ?? Number.NEGATIVE_INFINITY;
    const max = (readFilterDate(query.get('filt_LastEditDateUTC_dt_max')) ?? Number.POSITIVE_INFINITY) + 60_000;
    return customers.filter((customer) => editedAt(customer) >= min && editedAt(customer) < max);
  },
  order(customers, { query }) {
    const [, field = 'customerCode', direction] = /^(.*?)(ASC|DESC)$/.exec(query.get('sSortKey') ?? '') ?? [];
    const sign = direction === 'DESC' ? -1 : 1;
    return customers.toSorted((a, b) => sign * String(a[field]).localeCompare(String(b[field])));
  },
  cut(customers, { query }) {
    const size = Number(query.get('liPageSize') ?? 10);
    const from = (Number(query.get('liPage') ?? 1) - 1) * size;
    return customers.slice(from, from + size);
  },
  count: (selected) => selected.length,
};

/** The customers of the server, and what the documented API does with them. */
export class Account {
  readonly customers = new Map<string, Fields>();
  #made = 0;

  constructor(initial: readonly Fields[]) {
    for (const fields of initial) this.create(fields);
  }

  create(fields: Fields): Fields {
    this.#made += 1;
    const customerCode = String(this.#made).padStart(7, '0');
    const now = new Date().toISOString().slice(0, -1);
    const customer = {
      ...{ ...fields, customerId: `0a1b2c3d-0000-4000-8000-${customerCode.padStart(12, '0')}`, customerCode },
      ...{ creationDateUTC: now, lastEditDateUTC: now },
    };
    this.customers.set(customerCode, customer);
    return customer;
  }

  replace(code: string, fields: Fields): Fields {
    const customer = { ...fields, lastEditDateUTC: new Date().toISOString().slice(0, -1) };
    this.customers.set(code, customer);
    return customer;
  }

  find(codeOrId: string): Fields | undefined {
    return (
      this.customers.get(codeOrId) ?? [...this.customers.values()].find(({ customerId }) => customerId === codeOrId)
    );
  }

  all(): readonly Fields[] {
    return [...this.customers.values()];
  }
}

function act(call: Call, account: Account, rules: ListRules): Reply {
  const { verb, code, body } = call;
  const found = account.find(code);
  switch (verb) {
    case 'list': {
      const selected = rules.order(rules.select(account.all(), call), call);
      const page = rules.cut(selected, call);
      const liTotalCount = rules.count(selected, page, call);
      const fields = call.query.get('sFieldList')?.split(',');
      return reply(
        200,
        page.map((customer) => ({
          ...Object.fromEntries(
            Object.entries(customer).filter(([name]) => fields?.includes(name) ?? name !== 'notes'),
          ),
          ...(liTotalCount === undefined ? {} : { liTotalCount }),
        })),
      );
    }
    case 'detail':
      return found === undefined ? reply(404, { message: `No customer ${code}.` }) : reply(200, found);
    case 'add':
      return reply(202, account.create(body));
    case 'update': {
      if (found === undefined) return reply(404, { message: `No customer ${code}.` });
      // Not every server insists on the identity in the body.
      return reply(200, account.replace(String(found.customerCode), body));
    }
    case 'delete':
      return account.customers.delete(code) ? reply(204) : reply(404);
  }
}

function readCall({ method, url }: IncomingMessage, text: string, counts: Map<string, number>): Call {
  const { pathname, searchParams } = new URL(url ?? '', 'http://localhost');
  const code = decodeURIComponent(/\/customers\/(.+)$/.exec(pathname)?.[1] ?? '');
  const verbs = { GET: code === '' ? 'list' : 'detail', POST: 'add', PUT: 'update', DELETE: 'delete' } as const;
  const verb = verbs[method as keyof typeof verbs];
  counts.set(verb, (counts.get(verb) ?? 0) + 1);
  return {
    ...{ verb, code, query: searchParams, count: counts.get(verb) ?? 0 },
    body: text === '' ? {} : (JSON.parse(text) as Fields),
  };
}

export interface DeviantServer {
  readonly baseUrl: string;
  readonly account: Account;
  readonly calls: readonly Call[];
  /** From now on it deviates in this way. */
  deviate(deviation: Deviation): void;
  /** Refuses connections from now on; requests in progress lose theirs. */
  stop(): void;
  /** Listens again at the same address. */
  restart(): Promise<void>;
}

/** Servers for one test file; each is closed after its test. They share no code with the program or its sandbox. */
export function useDeviantServers() {
  const open: (() => void)[] = [];
  afterEach(() => {
    for (const close of open.splice(0)) close();
  });
  return async (initial: readonly Fields[]): Promise<DeviantServer> => {
    const account = new Account(initial);
    const calls: Call[] = [];
    const counts = new Map<string, number>();
    let deviation: Deviation = {};
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const send = ({ status, headers = {}, body }: Reply) => {
          if (status === 0) return void request.socket.destroy();
          response.writeHead(status, headers);
          response.end(body);
        };
        if (request.url?.endsWith('/auth/token') === true) return send(reply(200, { bearerToken: 'good' }));
        const call = readCall(request, Buffer.concat(chunks).toString('utf8'), counts);
        calls.push(call);
        const regular = () => act(call, account, { ...documented, ...deviation.rules });
        const deviant = deviation[call.verb];
        send(deviant === undefined ? regular() : deviant(call, account, regular));
      });
    });
    const listen = (port: number) => new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    const stop = () => {
      server.close();
      server.closeAllConnections();
    };
    await listen(0);
    open.push(stop);
    const { port } = server.address() as AddressInfo;
    return {
      baseUrl: `http://127.0.0.1:${port}/api/v2`,
      account,
      calls,
      deviate: (next) => {
        deviation = next;
      },
      stop,
      restart: () => listen(port),
    };
  };
}

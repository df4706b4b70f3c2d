import { setMaxListeners } from 'node:events';
import type { Customer, JsonValue } from '#pipelines/customer.js';
import type {
  CustomerPage,
  CustomersApi,
  DeleteAnswer,
  DetailAnswer,
  WriteAnswer,
  WriteHooks,
} from '#pipelines/ports.js';
import { LoginError, RunStoppedError, UsageError } from '#src/errors.js';
import { fieldsNamed, objectIn, readRefusal } from './error-body.js';
import { type ApiTraffic, type Exchange, Exchanges } from './exchange.js';
import { type HttpAnswer, openHttp } from './http.js';
import { LatencyMeter } from './latency-meter.js';
import { listPath } from './list-path.js';
import { createPace, type Pace } from './pace.js';
import { probeRight, type Right, type RightFound } from './probe-right.js';
import { defaultRetryPolicy, type RetryPolicy } from './retry-policy.js';
import { fixedSession, loginSession, type Session } from './session.js';
import type { TokenStore } from './token-store.js';

/** How to prove who we are; a login is preferred, since a token of its own lasts two hours only. */
export type Credentials =
  | { readonly kind: 'login'; readonly username: string; readonly password: string }
  | { readonly kind: 'token'; readonly accessToken: string };

export interface ClientOptions {
  /** Of the API, e.g. `https://api.myposconnect.com/api/v2`. */
  readonly baseUrl: string;
  readonly credentials: Credentials;
  readonly tokenStore: TokenStore;
  /** Requests a second; `Infinity` for no limit. */
  readonly ratePerSecond: number;
  /** Shared with other processes, and so instead of a pace of our own. */
  readonly pace?: Pace;
  /** Requests in flight at most; one connection each. */
  readonly concurrency: number;
  /** @default 60000 */
  readonly requestTimeoutMs?: number;
  /** Fires when the run should end: nothing new is sent, what is under way is finished. */
  readonly stopping?: AbortSignal;
  readonly retryPolicy?: RetryPolicy;
  /** See {@link HttpOptions}. */
  readonly proxy?: string | undefined;
  readonly trusted?: readonly string[] | undefined;
  readonly now?: () => number;
  readonly random?: () => number;
}

/** The Customers API over HTTP. */
export interface CustomersClient extends CustomersApi {
  /** Gets a token (from the cache when there is a good one). @throws LoginError */
  login(): Promise<void>;
  /** Gets a new token even when there is a good one: the way to try a login. @throws LoginError */
  loginAnew(): Promise<void>;
  /** Finds out whether the login may do this, without changing anything. */
  probe(right: Right): Promise<RightFound>;
  readonly traffic: Readonly<ApiTraffic>;
  readonly tokensObtained: number;
  readonly pace: Pace;
  close(): Promise<void>;
}

const connectTimeoutMs = 10_000;
const defaultRequestTimeoutMs = 60_000;

/** Opens a client; nothing is sent before the first call. */
export function openCustomersClient(options: ClientOptions): CustomersClient {
  const { credentials, now = Date.now, random = Math.random } = options;
  const stopping = options.stopping ?? new AbortController().signal;
  // Every request that waits for its turn listens to it: many are no leak.
  setMaxListeners(Number.POSITIVE_INFINITY, stopping);
  const http = openHttp({
    baseUrl: options.baseUrl,
    connections: options.concurrency,
    connectTimeoutMs,
    requestTimeoutMs: options.requestTimeoutMs ?? defaultRequestTimeoutMs,
    proxy: options.proxy,
    trusted: options.trusted,
  });
  const pace = options.pace ?? createPace(options.ratePerSecond, now);
  const counts = { requests: 0, retries: 0, rateLimited: 0 };
  const traffic: ApiTraffic = { ...counts, clockDifferenceMs: undefined, latency: new LatencyMeter() };
  const exchanges = new Exchanges({
    http,
    pace,
    session: () => session,
    policy: options.retryPolicy ?? defaultRetryPolicy,
    traffic,
    stopping,
    baseUrl: options.baseUrl,
    now,
    random,
  });
  const session: Session =
    credentials.kind === 'token'
      ? fixedSession(credentials.accessToken)
      : loginSession({
          login: (beforeCall) => logIn(exchanges, credentials, beforeCall),
          store: options.tokenStore,
          stopping,
          now,
        });
  return {
    ...customersApi(exchanges, options.baseUrl),
    login: async () => {
      await session.bearer();
    },
    loginAnew: () => session.loginAnew(),
    probe: (right) => probeRight(exchanges, right),
    traffic,
    get tokensObtained() {
      return session.tokensObtained;
    },
    pace,
    close: () => http.close(),
  };
}

const json = { 'content-type': 'application/json', accept: 'application/json' } as const;

function customersApi(exchanges: Exchanges, baseUrl: string): CustomersApi {
  const at = (code: string) => `/customers/${encodeURIComponent(code.toWellFormed())}`;
  return {
    async list(query) {
      const path = listPath(query);
      const exchange = await exchanges.run('list', { method: 'GET', path, headers: json }, isCustomerList);
      if (exchange.kind !== 'answered') throw listFailed(exchange, baseUrl);
      return readPage(exchange.answer);
    },
    async get(idOrCode) {
      const exchange = await exchanges.run(
        'detail',
        { method: 'GET', path: at(idOrCode), headers: json },
        isJsonObject,
      );
      return readDetail(exchange);
    },
    async add(draft, hooks, text = JSON.stringify(draft)) {
      const request = { method: 'POST', path: '/customers', headers: json, body: text } as const;
      return readWrite(await exchanges.run('add', request, namesCustomer, hooks));
    },
    async update(customerCode, customer, hooks) {
      const request = { method: 'PUT', path: at(customerCode), headers: json, body: JSON.stringify(customer) } as const;
      const exchange = await exchanges.run('update', request, isNoPage, hooks);
      if (exchange.kind !== 'answered') return notApplied(exchange);
      const { status } = exchange.answer;
      // What an update answers with is not documented; where it is the customer, it says what the server made of it.
      const stored = namesCustomer(exchange.answer) ? (objectIn(exchange.answer) as Customer) : {};
      return { kind: 'applied', customer: { ...customer, ...stored }, httpStatus: status, attempts: exchange.attempts };
    },
    delete: (customerCode, hooks) => remove(exchanges, at(customerCode), hooks),
  };
}

async function remove(exchanges: Exchanges, path: string, hooks: WriteHooks | undefined): Promise<DeleteAnswer> {
  const exchange = await exchanges.run('delete', { method: 'DELETE', path, headers: json }, isNoPage, hooks);
  if (exchange.kind === 'in_doubt') return exchange;
  const { status, body } = exchange.answer;
  const { attempts } = exchange;
  if (exchange.kind === 'answered') return { kind: 'deleted', httpStatus: status, attempts };
  // Gone after an attempt whose answer was lost: that attempt did it.
  if (status === 404 && exchange.doubtful) return { kind: 'deleted', httpStatus: status, attempts };
  if (status === 409 && saysDeactivated(body)) return { kind: 'deactivated', httpStatus: status, attempts };
  return notApplied(exchange);
}

async function logIn(
  exchanges: Exchanges,
  login: { username: string; password: string },
  beforeCall: () => void,
): Promise<string> {
  const basic = Buffer.from(`${login.username}:${login.password}`, 'utf8').toString('base64');
  const request = {
    method: 'POST',
    path: '/auth/token',
    headers: { ...json, authorization: `Basic ${basic}` },
  } as const;
  const exchange = await exchanges.run('login', request, isLoginAnswer, { beforeEachAttempt: beforeCall });
  if (exchange.kind === 'in_doubt') throw loginUnanswered(exchange.message);
  const token = tokenIn(exchange.answer);
  if (exchange.kind === 'answered' && token !== undefined) return token;
  throw loginRefused(exchange.answer);
}

/** `bearerToken` is the best reading of the vendor's cut-off sample; the other names are [assumed]. */
function tokenIn(answer: HttpAnswer): string | undefined {
  const body = objectIn(answer);
  for (const name of ['bearerToken', 'token', 'access_token']) {
    const value = body?.[name];
    if (typeof value === 'string' && value !== '') return value;
  }
  return undefined;
}

/** Also a "no" with a success status: asking again would cost another of the day's tokens. */
function isLoginAnswer(answer: HttpAnswer): boolean {
  return tokenIn(answer) !== undefined || typeof objectIn(answer)?.failureDescription === 'string';
}

function loginRefused(answer: HttpAnswer): Error {
  if (answer.status === 404 || answer.status === 405)
    return new UsageError(`There is no login at this address (HTTP ${answer.status} for /auth/token).`, {
      code: 'NO_API_HERE',
      nextStep: 'Check the address with --base-url or MYPOS_CONNECT_BASE_URL; it usually ends in /api/v2.',
    });
  return new LoginError(`The API refused the login: ${readRefusal(answer).message}`, {
    code: 'LOGIN_REFUSED',
    nextStep:
      'Check MYPOS_CONNECT_USERNAME (the API user’s e-mail) and MYPOS_CONNECT_PASSWORD, then try `mypos-customers login`.',
  });
}

function loginUnanswered(message: string): RunStoppedError {
  return new RunStoppedError(`The login got no usable answer: ${message}`, {
    code: 'LOGIN_UNANSWERED',
    nextStep: 'Check the address and try again later.',
  });
}

function listFailed(exchange: Exclude<Exchange, { kind: 'answered' }>, baseUrl: string): Error {
  if (exchange.kind === 'in_doubt')
    return new RunStoppedError(`The list of customers could not be read: ${exchange.message}`, {
      code: 'LIST_UNANSWERED',
      nextStep: 'Try again later.',
    });
  const { status } = exchange.answer;
  if (status === 404)
    return new UsageError(`There is no list of customers at ${baseUrl} (HTTP 404).`, {
      code: 'NO_API_HERE',
      nextStep: 'Check the address with --base-url or MYPOS_CONNECT_BASE_URL; it usually ends in /api/v2.',
    });
  return new UsageError(`The API refused the list: ${readRefusal(exchange.answer).message}`, {
    code: 'LIST_REFUSED',
    nextStep: 'Check the names of fields in --sort and --fields, and the dates.',
  });
}

function isJsonObject(answer: HttpAnswer): boolean {
  return objectIn(answer) !== undefined;
}

/**
 * The body of a successful update or delete is not documented, so its status is the whole answer; but a page for people
 * comes from a proxy or a portal that stands in between, whatever its status.
 */
function isNoPage(answer: HttpAnswer): boolean {
  return (
    !/^text\/html\b/i.test(String(answer.headers['content-type'] ?? '')) && !answer.body.trimStart().startsWith('<')
  );
}

/** Whether the body says that it was done, not only that it could be done ("can only be made inactive"). */
function saysDeactivated(body: string): boolean {
  const onlyPossible = /\b(can|could|cannot|may|might|must|should|would)\b.*?(?=\bbut\b|\band\b|[.,;:]|$)/gis;
  return /\binactive\b|\bdeactivated\b/i.test(body.replaceAll(onlyPossible, ''));
}

function namesCustomer(answer: HttpAnswer): boolean {
  const code = objectIn(answer)?.customerCode;
  return typeof code === 'string' && code !== '';
}

function isCustomerList({ json }: HttpAnswer): boolean {
  return Array.isArray(json);
}

function readPage({ json }: HttpAnswer): CustomerPage {
  const customers = json as Customer[];
  const total = customers[0]?.liTotalCount;
  return { customers, total: typeof total === 'number' ? total : Number(total ?? 0) };
}

function readDetail(exchange: Exchange): DetailAnswer {
  if (exchange.kind === 'answered') return { kind: 'found', customer: objectIn(exchange.answer) as Customer };
  if (exchange.kind === 'in_doubt') return { ...exchange, kind: 'unanswered' };
  if (exchange.answer.status === 404) return { kind: 'absent' };
  const refusal = readRefusal(exchange.answer);
  return { kind: 'unanswered', attempts: exchange.attempts, ...refusal };
}

function readWrite(exchange: Exchange): WriteAnswer {
  if (exchange.kind !== 'answered') return notApplied(exchange);
  const customer = objectIn(exchange.answer) as Record<string, JsonValue>;
  return { kind: 'applied', customer, httpStatus: exchange.answer.status, attempts: exchange.attempts };
}

function notApplied(exchange: Exclude<Exchange, { kind: 'answered' }>): Exclude<WriteAnswer, { kind: 'applied' }> {
  if (exchange.kind === 'in_doubt') return exchange;
  return {
    kind: 'refused',
    attempts: exchange.attempts,
    ...readRefusal(exchange.answer),
    fields: fieldsNamed(exchange.answer),
  };
}

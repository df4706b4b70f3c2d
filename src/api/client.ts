import { setMaxListeners } from 'node:events';
import type { Customer, JsonValue } from '#pipelines/model.js';
import type {
  CustomerPage,
  CustomersApi,
  DeleteAnswer,
  DetailAnswer,
  ListQuery,
  WriteAnswer,
  WriteHooks,
} from '#pipelines/ports.js';
import { LoginError, RunStoppedError, UsageError } from '#src/errors.js';
import { readErrorFields, readJsonObject, readRefusal } from './error-body.js';
import { type HttpResponse, openHttp } from './http.js';
import { probeRight, type Right, type RightProbe } from './inspect.js';
import { createRateLimiter, type RateLimiter } from './rate-limit.js';
import { type ApiTraffic, LatencyMeter, RequestExecutor, type RequestResult } from './request.js';
import { defaultRetryPolicy, type RetryPolicy } from './retry.js';
import { fixedSession, loginSession, type Session } from './session.js';
import type { TokenStore } from './token-store.js';

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const minuteMs = 60_000;

/** The path and arguments of one list call [seed]. */
function buildListPath(query: ListQuery): string {
  const values = new Map<string, string>([
    ['liPage', String(query.page)],
    ['liPageSize', String(query.pageSize)],
  ]);
  if (query.sort !== undefined) values.set('sSortKey', query.sort.field + (query.sort.descending ? 'DESC' : 'ASC'));
  if (query.fields !== undefined) values.set('sFieldList', query.fields.join(','));
  if (query.changedSince !== undefined)
    values.set('filt_LastEditDateUTC_dt_min', formatFilterDate(Math.floor(query.changedSince.getTime() / minuteMs)));
  if (query.changedUntil !== undefined)
    values.set('filt_LastEditDateUTC_dt_max', formatFilterDate(Math.ceil(query.changedUntil.getTime() / minuteMs)));
  return `/customers?${[...values].map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&')}`;
}

/** `yyyy-MMM-dd HH:mm` in UTC with an English month, the only format that the filters take [seed]. */
function formatFilterDate(minutesSinceEpoch: number): string {
  const date = new Date(minutesSinceEpoch * minuteMs);
  const two = (value: number) => String(value).padStart(2, '0');
  const day = `${date.getUTCFullYear()}-${months[date.getUTCMonth()]}-${two(date.getUTCDate())}`;
  return `${day} ${two(date.getUTCHours())}:${two(date.getUTCMinutes())}`;
}

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
  readonly rateLimiter?: RateLimiter;
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
  forceLogin(): Promise<void>;
  /** Finds out whether the login may do this, without changing anything. */
  probe(right: Right): Promise<RightProbe>;
  readonly traffic: Readonly<ApiTraffic>;
  readonly tokensObtained: number;
  readonly rateLimiter: RateLimiter;
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
  const pace = options.rateLimiter ?? createRateLimiter(options.ratePerSecond, now);
  const counts = { requests: 0, retries: 0, rateLimited: 0 };
  const traffic: ApiTraffic = { ...counts, clockDifferenceMs: undefined, latency: new LatencyMeter() };
  const exchanges = new RequestExecutor({
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
      await session.getToken();
    },
    forceLogin: () => session.forceLogin(),
    probe: (right) => probeRight(exchanges, right),
    traffic,
    get tokensObtained() {
      return session.tokensObtained;
    },
    rateLimiter: pace,
    close: () => http.close(),
  };
}

const json = { 'content-type': 'application/json', accept: 'application/json' } as const;

function customersApi(exchanges: RequestExecutor, baseUrl: string): CustomersApi {
  const at = (code: string) => `/customers/${encodeURIComponent(code.toWellFormed())}`;
  return {
    async list(query) {
      const path = buildListPath(query);
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
      const exchange = await exchanges.run('update', request, isNotHtml, hooks);
      if (exchange.kind !== 'answered') return notApplied(exchange);
      const { status } = exchange.answer;
      // What an update answers with is not documented; where it is the customer, it says what the server made of it.
      const stored = namesCustomer(exchange.answer) ? (readJsonObject(exchange.answer) as Customer) : {};
      return { kind: 'applied', customer: { ...customer, ...stored }, httpStatus: status, attempts: exchange.attempts };
    },
    delete: (customerCode, hooks) => remove(exchanges, at(customerCode), hooks),
  };
}

async function remove(exchanges: RequestExecutor, path: string, hooks: WriteHooks | undefined): Promise<DeleteAnswer> {
  const exchange = await exchanges.run('delete', { method: 'DELETE', path, headers: json }, isNotHtml, hooks);
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
  exchanges: RequestExecutor,
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
function tokenIn(answer: HttpResponse): string | undefined {
  const body = readJsonObject(answer);
  for (const name of ['bearerToken', 'token', 'access_token']) {
    const value = body?.[name];
    if (typeof value === 'string' && value !== '') return value;
  }
  return undefined;
}

/** Also a "no" with a success status: asking again would cost another of the day's tokens. */
function isLoginAnswer(answer: HttpResponse): boolean {
  return tokenIn(answer) !== undefined || typeof readJsonObject(answer)?.failureDescription === 'string';
}

function loginRefused(answer: HttpResponse): Error {
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

function listFailed(exchange: Exclude<RequestResult, { kind: 'answered' }>, baseUrl: string): Error {
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

function isJsonObject(answer: HttpResponse): boolean {
  return readJsonObject(answer) !== undefined;
}

/**
 * The body of a successful update or delete is not documented, so its status is the whole answer; but a page for people
 * comes from a proxy or a portal that stands in between, whatever its status.
 */
function isNotHtml(answer: HttpResponse): boolean {
  return (
    !/^text\/html\b/i.test(String(answer.headers['content-type'] ?? '')) && !answer.body.trimStart().startsWith('<')
  );
}

/** Whether the body says that it was done, not only that it could be done ("can only be made inactive"). */
function saysDeactivated(body: string): boolean {
  const onlyPossible = /\b(can|could|cannot|may|might|must|should|would)\b.*?(?=\bbut\b|\band\b|[.,;:]|$)/gis;
  return /\binactive\b|\bdeactivated\b/i.test(body.replaceAll(onlyPossible, ''));
}

function namesCustomer(answer: HttpResponse): boolean {
  const code = readJsonObject(answer)?.customerCode;
  return typeof code === 'string' && code !== '';
}

function isCustomerList({ json }: HttpResponse): boolean {
  return Array.isArray(json);
}

function readPage({ json }: HttpResponse): CustomerPage {
  const customers = json as Customer[];
  const total = customers[0]?.liTotalCount;
  return { customers, total: typeof total === 'number' ? total : Number(total ?? 0) };
}

function readDetail(exchange: RequestResult): DetailAnswer {
  if (exchange.kind === 'answered') return { kind: 'found', customer: readJsonObject(exchange.answer) as Customer };
  if (exchange.kind === 'in_doubt') return { ...exchange, kind: 'unanswered' };
  if (exchange.answer.status === 404) return { kind: 'absent' };
  const refusal = readRefusal(exchange.answer);
  return { kind: 'unanswered', attempts: exchange.attempts, ...refusal };
}

function readWrite(exchange: RequestResult): WriteAnswer {
  if (exchange.kind !== 'answered') return notApplied(exchange);
  const customer = readJsonObject(exchange.answer) as Record<string, JsonValue>;
  return { kind: 'applied', customer, httpStatus: exchange.answer.status, attempts: exchange.attempts };
}

function notApplied(exchange: Exclude<RequestResult, { kind: 'answered' }>): Exclude<WriteAnswer, { kind: 'applied' }> {
  if (exchange.kind === 'in_doubt') return exchange;
  return {
    kind: 'refused',
    attempts: exchange.attempts,
    ...readRefusal(exchange.answer),
    fields: readErrorFields(exchange.answer),
  };
}

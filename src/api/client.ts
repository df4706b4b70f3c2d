import { setMaxListeners } from 'node:events';
import { stringifyExactJson } from '#pipelines/exact-json.js';
import { isSameCode } from '#pipelines/listing/customer-identity.js';
import type { Customer, Refusal } from '#pipelines/model.js';
import type {
  AppliedAnswer,
  CustomerPage,
  CustomersApi,
  DeleteAnswer,
  DetailAnswer,
  ListQuery,
  WriteAnswer,
  WriteHooks,
} from '#pipelines/ports.js';
import { LoginError, RunStoppedError, UsageError } from '#src/errors.js';
import { findWrongAnswer, showsCustomer } from './check-answer.js';
import { isJsonObject, readErrorFields, readJsonObject, readRefusal } from './error-body.js';
import { type HttpOptions, type HttpRequest, type HttpResponse, openHttp } from './http.js';
import { probeRight, type Right, type RightProbe } from './inspect.js';
import { createRateLimiter, limitRate, type RateLimiter } from './rate-limit.js';
import { type ApiRequest, sendOverHttp, type Verb } from './request.js';
import { defaultRetryPolicy, type ExecuteRequest, type RequestResult, type RetryPolicy, retry } from './retry.js';
import { authorize, fixedSession, loginSession, type Session } from './session.js';
import type { TokenStore } from './token-store.js';
import { type ApiTraffic, countTraffic, createTraffic } from './traffic.js';

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
  for (const [name, value] of Object.entries(query.filters ?? {})) values.set(`filt_${name}`, value);
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
  /** One that is shared with other processes. @default one of this client's own */
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
  readonly maxPageBytes?: number;
  readonly maxAnswerBytes?: number;
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
    ...chooseBounds(options),
  });
  const limiter = options.rateLimiter ?? createRateLimiter(options.ratePerSecond, now);
  const traffic = createTraffic();
  const sendOnce = limitRate(countTraffic(sendOverHttp(http), traffic, now), limiter, stopping);
  const execute = retry(
    authorize(sendOnce, () => session),
    {
      policy: options.retryPolicy ?? defaultRetryPolicy,
      limiter,
      renewToken: (token) => session.renew(token),
      traffic,
      stopping,
      baseUrl: options.baseUrl,
      now,
      random,
    },
  );
  const session: Session =
    credentials.kind === 'token'
      ? fixedSession(credentials.accessToken)
      : loginSession({
          login: (beforeEachAttempt) => logIn(execute, credentials, beforeEachAttempt),
          store: options.tokenStore,
          stopping,
          now,
        });
  return {
    ...createCustomersApi(execute, options.baseUrl),
    login: async () => {
      await session.getToken();
    },
    forceLogin: () => session.forceLogin(),
    probe: (right) => probeRight(execute, right),
    traffic,
    get tokensObtained() {
      return session.tokensObtained;
    },
    rateLimiter: limiter,
    close: () => http.close(),
  };
}

function chooseBounds({ maxPageBytes, maxAnswerBytes }: ClientOptions): Partial<HttpOptions> {
  return {
    ...(maxPageBytes === undefined ? {} : { maxPageBytes }),
    ...(maxAnswerBytes === undefined ? {} : { maxAnswerBytes }),
  };
}

const jsonHeaders = { 'content-type': 'application/json', accept: 'application/json' } as const;

function createCustomersApi(execute: ExecuteRequest, baseUrl: string): CustomersApi {
  const buildPath = (code: string) => `/customers/${encodeURIComponent(code.toWellFormed())}`;
  const call = (
    verb: Verb,
    method: HttpRequest['method'],
    path: string,
    accepts: ApiRequest['accepts'],
    more: { readonly body?: string; readonly hooks?: WriteHooks | undefined } = {},
  ) => {
    const { body, hooks = {} } = more;
    return execute({
      verb,
      method,
      path,
      headers: jsonHeaders,
      accepts,
      hooks,
      ...(body === undefined ? {} : { body }),
    });
  };
  return {
    async list(query) {
      const result = await call('list', 'GET', buildListPath(query), isPageOf(query));
      if (result.kind !== 'answered') throw describeListFailure(result, baseUrl);
      return readPage(result.response);
    },
    async get(idOrCode) {
      return readDetail(await call('detail', 'GET', buildPath(idOrCode), isObject), idOrCode);
    },
    async add(draft, hooks, text = JSON.stringify(draft)) {
      const result = await call('add', 'POST', '/customers', showsCustomer, { body: text, hooks });
      if (result.kind !== 'answered') return toWriteFailure(result);
      const customer = readJsonObject(result.response) as Customer;
      return toApplied(result, customer, { shown: customer });
    },
    async update(customerCode, customer, hooks) {
      const body = stringifyExactJson(customer);
      const result = await call('update', 'PUT', buildPath(customerCode), isNotHtml, { body, hooks });
      if (result.kind !== 'answered') return toWriteFailure(result);
      const { response, attempts } = result;
      // What an update answers with is not documented; where it is the customer, it shows what the server stored.
      if (!showsCustomer(response) || response.isDamaged)
        return toApplied(result, customer, { says: response.body.trim() });
      const wrong = findWrongAnswer(customerCode, response);
      if (wrong !== undefined) return { kind: 'in_doubt', attempts, ...wrong };
      const shown = readJsonObject(response) as Customer;
      return toApplied(result, { ...customer, ...shown }, { shown });
    },
    async delete(customerCode, hooks) {
      return readDeleted(await call('delete', 'DELETE', buildPath(customerCode), isNotHtml, { hooks }));
    },
  };
}

type AnsweredResult = Extract<RequestResult, { kind: 'answered' | 'refused' }>;

function toApplied(
  { response, attempts }: AnsweredResult,
  customer: Customer,
  proof: Pick<AppliedAnswer, 'shown' | 'says'>,
): WriteAnswer {
  return { kind: 'applied', customer, ...proof, httpStatus: response.status, attempts };
}

function readDeleted(result: RequestResult): DeleteAnswer {
  if (result.kind === 'in_doubt') return result;
  const { status, body } = result.response;
  const { attempts } = result;
  if (result.kind === 'answered') return { kind: 'deleted', httpStatus: status, attempts };
  // Gone after an attempt whose answer was lost: that attempt did it.
  if (status === 404 && result.isDoubtful) return { kind: 'deleted', httpStatus: status, attempts };
  if (status === 409 && saysDeactivated(body)) return { kind: 'deactivated', httpStatus: status, attempts };
  return toWriteFailure(result);
}

async function logIn(
  execute: ExecuteRequest,
  login: { readonly username: string; readonly password: string },
  beforeEachAttempt: () => void,
): Promise<string> {
  const basic = Buffer.from(`${login.username}:${login.password}`, 'utf8').toString('base64');
  const result = await execute({
    verb: 'login',
    method: 'POST',
    path: '/auth/token',
    headers: { ...jsonHeaders, authorization: `Basic ${basic}` },
    accepts: isLoginResponse,
    hooks: { atTurn: beforeEachAttempt },
  });
  if (result.kind === 'in_doubt') throw loginUnanswered(result.message);
  const token = readToken(result.response);
  if (result.kind === 'answered' && token !== undefined) return token;
  throw loginRefused(result.response);
}

/** `bearerToken` is the best reading of the vendor's cut-off sample; the other names are [assumed]. */
function readToken(response: HttpResponse): string | undefined {
  const body = readJsonObject(response);
  for (const name of ['bearerToken', 'token', 'access_token']) {
    const value = body?.[name];
    if (typeof value === 'string' && value !== '') return value;
  }
  return undefined;
}

/** Also a refusal with a success status: asking again would use another of the day's tokens. */
function isLoginResponse(response: HttpResponse): boolean {
  return readToken(response) !== undefined || typeof readJsonObject(response)?.failureDescription === 'string';
}

function loginRefused(response: HttpResponse): Error {
  if (response.status === 404 || response.status === 405)
    return new UsageError(`There is no login endpoint at this address (HTTP ${response.status} for /auth/token).`, {
      code: 'NO_API_HERE',
      nextStep: 'Check the address with --base-url or MYPOS_CONNECT_BASE_URL; it usually ends in /api/v2.',
    });
  return new LoginError(`The API refused the login: ${readRefusal(response).message}`, {
    code: 'LOGIN_REFUSED',
    nextStep:
      'Check MYPOS_CONNECT_USERNAME (the API user’s e-mail address) and MYPOS_CONNECT_PASSWORD, then try `mypos-customers login`.',
  });
}

function loginUnanswered(message: string): RunStoppedError {
  return new RunStoppedError(`The login request got no usable answer: ${message}`, {
    code: 'LOGIN_UNANSWERED',
    nextStep: 'Check the address and try again later.',
  });
}

function describeListFailure(result: RequestResult, baseUrl: string): Error {
  if (result.kind === 'in_doubt')
    return new RunStoppedError(`The list of customers could not be read: ${result.message}`, {
      code: 'LIST_UNANSWERED',
      nextStep: 'Try again later.',
    });
  const { status } = result.response;
  if (status === 404)
    return new UsageError(`There is no list of customers at ${baseUrl} (HTTP 404).`, {
      code: 'NO_API_HERE',
      nextStep: 'Check the address with --base-url or MYPOS_CONNECT_BASE_URL; it usually ends in /api/v2.',
    });
  return new UsageError(`The API refused the list: ${readRefusal(result.response).message}`, {
    code: 'LIST_REFUSED',
    nextStep: 'Check the field names in --sort and --fields, and the dates.',
  });
}

function isObject(response: HttpResponse): boolean {
  return readJsonObject(response) !== undefined;
}

/**
 * The body of a successful update or delete is not documented, so its status is the whole answer; but a page for people
 * comes from a proxy or a portal that stands in between, whatever its status.
 */
function isNotHtml({ headers, body }: HttpResponse): boolean {
  return !/^text\/html\b/i.test(String(headers['content-type'] ?? '')) && !body.trimStart().startsWith('<');
}

/** Whether the body says that it was done, not only that it could be done ("can only be made inactive"). */
function saysDeactivated(body: string): boolean {
  const onlyPossible = /\b(can|could|cannot|may|might|must|should|would)\b.*?(?=\bbut\b|\band\b|[.,;:]|$)/gis;
  return /\binactive\b|\bdeactivated\b/i.test(body.replaceAll(onlyPossible, ''));
}

/** Whether an answer is a page whose rows can be told apart: of each, the code is there if it was asked for. */
function isPageOf({ fields }: ListQuery): ApiRequest['accepts'] {
  const needsCode = fields === undefined || fields.some((field) => field.toLowerCase() === 'customercode');
  return ({ json }) =>
    Array.isArray(json) &&
    json.every((row: unknown) => isJsonObject(row) && (!needsCode || readCode(row as Customer) !== undefined));
}

/** A code as text, also where a server writes it as a number. */
function readCode({ customerCode }: Customer): string | undefined {
  if (typeof customerCode === 'number') return String(customerCode);
  return typeof customerCode === 'string' && customerCode !== '' ? customerCode : undefined;
}

function readPage({ json }: HttpResponse): CustomerPage {
  const customers = json as Customer[];
  // The count rides on each row; of some servers it is a text.
  const total = Number(customers[0]?.liTotalCount ?? 0);
  return {
    customers: customers.map((customer) =>
      typeof customer.customerCode === 'number'
        ? { ...customer, customerCode: String(customer.customerCode) }
        : customer,
    ),
    total: Number.isInteger(total) && total > 0 ? total : 0,
  };
}

function readDetail(result: RequestResult, asked: string): DetailAnswer {
  if (result.kind === 'answered') {
    const { response, attempts } = result;
    const wrong = response.isDamaged ? describeDamage(response) : findWrongAnswer(asked, response);
    if (wrong !== undefined) return { kind: 'unanswered', attempts, ...wrong };
    const customer = readJsonObject(response) as Customer;
    const { customerCode: code } = customer;
    if (typeof code !== 'number') return { kind: 'found', customer };
    return { kind: 'found', customer: { ...customer, customerCode: isSameCode(code, asked) ? asked : String(code) } };
  }
  if (result.kind === 'in_doubt') return { ...result, kind: 'unanswered' };
  if (result.response.status === 404) return { kind: 'absent' };
  return { kind: 'unanswered', attempts: result.attempts, ...readRefusal(result.response) };
}

/** A text that was not understood must not be written back. */
function describeDamage({ status, body }: HttpResponse): Refusal {
  return {
    httpStatus: status,
    errorCode: 'UNREADABLE_ANSWER',
    message:
      'The API’s answer is not valid UTF-8, and names no other encoding: texts that are written back would be damaged.',
    response: body,
  };
}

function toWriteFailure(result: RequestResult): Exclude<WriteAnswer, { kind: 'applied' }> {
  if (result.kind === 'in_doubt') return result;
  return {
    kind: 'refused',
    attempts: result.attempts,
    ...readRefusal(result.response),
    fields: readErrorFields(result.response),
  };
}

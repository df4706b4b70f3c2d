import { type Dispatcher, Pool } from 'undici';

/** One request to the API, relative to its base URL. */
export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Below the base URL, beginning with `/`, encoded. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** No whole answer came. `sent` is false only when it is certain that no request left this machine. */
export class TransportError extends Error {
  override readonly name = 'TransportError';
  constructor(
    readonly code: string,
    readonly sent: boolean,
    /** Set when the status line arrived and the body did not. */
    readonly status: number | undefined,
    cause: unknown,
  ) {
    super(`${code}${status === undefined ? '' : ` after HTTP ${status}`}`, { cause });
  }
}

export interface HttpOptions {
  readonly baseUrl: string;
  /** Open connections at most: one request at a time on each. */
  readonly connections: number;
  /** For the connection alone. */
  readonly connectTimeoutMs: number;
  /** From the request to the end of the answer. */
  readonly requestTimeoutMs: number;
}

/** The one door to undici: sends requests and says whether a failed one may have reached the server. */
export interface Http {
  send(request: HttpRequest): Promise<HttpAnswer>;
  close(): Promise<void>;
}

/** Failures before a connection stood: nothing can have arrived. */
const neverSentCodes: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENETDOWN',
  'EADDRNOTAVAIL',
  'UND_ERR_CONNECT_TIMEOUT',
  'CERT_HAS_EXPIRED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'ERR_SSL_WRONG_VERSION_NUMBER',
  'EPROTO',
]);

export function openHttp(options: HttpOptions): Http {
  const base = new URL(options.baseUrl);
  const prefix = base.pathname.replace(/\/+$/, '');
  const pool = new Pool(base.origin, {
    connections: options.connections,
    pipelining: 1,
    headersTimeout: options.requestTimeoutMs,
    bodyTimeout: options.requestTimeoutMs,
    connect: { timeout: options.connectTimeoutMs },
  });
  return {
    send: (request) => send(pool, prefix, request, options.requestTimeoutMs),
    close: () => pool.destroy(),
  };
}

async function send(pool: Pool, prefix: string, request: HttpRequest, timeoutMs: number): Promise<HttpAnswer> {
  let response: Dispatcher.ResponseData;
  // undici's own two timeouts each start anew with every chunk; this one ends a body that only drips.
  const deadline = AbortSignal.timeout(timeoutMs);
  try {
    response = await pool.request({
      method: request.method,
      path: prefix + request.path,
      headers: request.headers,
      body: request.body ?? null,
      signal: deadline,
    });
  } catch (error) {
    throw toTransportError(error, undefined);
  }
  try {
    return { status: response.statusCode, headers: response.headers, body: await response.body.text() };
  } catch (error) {
    throw toTransportError(error, response.statusCode);
  }
}

function toTransportError(error: unknown, status: number | undefined): TransportError {
  const code = codeOf(error);
  return new TransportError(code, status !== undefined || !neverSentCodes.has(code), status, error);
}

/** The most telling code on the chain of causes; a failed happy-eyeballs connect is a list of errors. */
function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'UNKNOWN';
  if (error.name === 'TimeoutError') return 'TIMEOUT';
  if (error instanceof AggregateError && error.errors.length > 0) return codeOf(error.errors[0]);
  if ('code' in error && typeof error.code === 'string') return error.code;
  return error.cause === undefined ? error.name : codeOf(error.cause);
}

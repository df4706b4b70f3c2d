import { isIP } from 'node:net';
import { type Dispatcher, Pool, ProxyAgent } from 'undici';
import { decodeBody, expandBody, parseBody } from './decode-body.js';

/** One request to the API, relative to its base URL. */
export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Below the base URL, beginning with `/`, encoded. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Whether a page of the list is asked for, which may be larger than other answers. @default false */
  readonly isPage?: boolean;
}

export interface HttpResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
  /** Some bytes of the body are no text, so that what is sent back would not be what the server has. */
  readonly isDamaged: boolean;
  /**
   * The body as JSON, parsed when first used; `undefined` when it is not JSON, nested too deeply, or of a shape that
   * cannot be shown. Numbers that JavaScript cannot hold are `ExactNumber`.
   */
  readonly json: unknown;
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
  /** Address of an HTTP proxy that makes a tunnel to the base URL; its login may be part of it. */
  readonly proxy?: string | undefined;
  /** PEM certificates to trust, instead of those that Node trusts. @default those that Node trusts */
  readonly trusted?: readonly string[] | undefined;
  /** Of a page of the list. @default 64 MiB */
  readonly maxPageBytes?: number;
  /** Of any other answer; of an error no more is read. @default 1 MiB */
  readonly maxAnswerBytes?: number;
}

/** What an answer may have at most, in bytes, expanded if it was compressed. */
const defaultAnswerBytes = { page: 64 << 20, other: 1 << 20 } as const;

/** The one door to undici: sends requests and says whether a failed one may have reached the server. */
export interface Http {
  send(request: HttpRequest): Promise<HttpResponse>;
  close(): Promise<void>;
}

export function openHttp(options: HttpOptions): Http {
  const base = new URL(options.baseUrl);
  const prefix = base.pathname.replace(/\/+$/, '');
  const dispatcher = openDispatcher(base, options);
  const { maxPageBytes = defaultAnswerBytes.page, maxAnswerBytes = defaultAnswerBytes.other } = options;
  return {
    send: (request) =>
      new Promise((resolve, reject) => {
        const bounds = {
          timeoutMs: options.requestTimeoutMs,
          maxBytes: request.isPage === true ? maxPageBytes : maxAnswerBytes,
          maxErrorBytes: maxAnswerBytes,
        };
        const reading = new ResponseReader(resolve, reject, bounds);
        const { method, path, headers, body } = request;
        dispatcher.dispatch({ origin: base.origin, method, path: prefix + path, headers, body: body ?? null }, reading);
      }),
    close: () => dispatcher.destroy(),
  };
}

function openDispatcher(base: URL, options: HttpOptions): Dispatcher {
  const { connections, connectTimeoutMs, proxy, trusted } = options;
  // undici's own two timeouts start again with every chunk; one deadline for the whole request replaces them.
  const bounds = { connections, pipelining: 1, headersTimeout: 0, bodyTimeout: 0 } as const;
  // Said aloud, because NODE_TLS_REJECT_UNAUTHORIZED would otherwise switch the check off.
  const tls = {
    timeout: connectTimeoutMs,
    rejectUnauthorized: true,
    ...(trusted === undefined ? {} : { ca: [...trusted] }),
  };
  if (proxy === undefined) return new Pool(base.origin, { ...bounds, connect: tls });
  const host = base.hostname;
  return new ProxyAgent({
    ...bounds,
    uri: proxy,
    proxyTls: tls,
    // Through a tunnel undici takes the name to check from here; an address is no name.
    requestTls: { ...tls, ...(isIP(host) === 0 ? { servername: host } : {}) },
  });
}

class WholeResponse implements HttpResponse {
  #json: { readonly value: unknown } | undefined;
  readonly body: string;
  readonly isDamaged: boolean;

  constructor(
    readonly status: number,
    readonly headers: HttpResponse['headers'],
    bytes: Buffer,
  ) {
    const { text, isDamaged } = decodeBody(bytes, headers);
    this.body = text;
    this.isDamaged = isDamaged;
  }

  get json(): unknown {
    this.#json ??= { value: parseBody(this.body) };
    return this.#json.value;
  }
}

interface ReadBounds {
  readonly timeoutMs: number;
  readonly maxBytes: number;
  readonly maxErrorBytes: number;
}

/**
 * Reads one answer. Whether the request left is not guessed from the kind of error: undici says when it begins to
 * write, and before that moment nothing can have arrived, whatever went wrong.
 */
class ResponseReader implements Dispatcher.DispatchHandler {
  readonly #deadline: NodeJS.Timeout;
  readonly #chunks: Buffer[] = [];
  #bytes = 0;
  #controller: Dispatcher.DispatchController | undefined;
  #status: number | undefined;
  #headers: HttpResponse['headers'] = {};
  #over = false;

  constructor(
    readonly resolve: (answer: HttpResponse) => void,
    readonly reject: (error: TransportError) => void,
    readonly bounds: ReadBounds,
  ) {
    this.#deadline = setTimeout(() => this.#giveUp(), bounds.timeoutMs);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    // A connection became free for a request that has already been given up.
    if (this.#over) controller.abort(new Error('The request timed out.'));
    else this.#controller = controller;
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: HttpResponse['headers']): void {
    // Informational responses come before the real one.
    if (status < 200) return;
    this.#status = status;
    this.#headers = headers;
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#over) return;
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    if (this.#bytes <= this.#maxBytes) return;
    if (this.#isError) this.#resolveWith(Buffer.concat(this.#chunks).subarray(0, this.#maxBytes));
    else this.#fail('ANSWER_TOO_LARGE', tooLarge(this.#maxBytes));
    controller.abort(new Error('No more of this answer is read.'));
  }

  onResponseEnd(): void {
    const [first] = this.#chunks;
    this.#resolveWith(this.#chunks.length === 1 && first !== undefined ? first : Buffer.concat(this.#chunks));
  }

  get #isError(): boolean {
    return this.#status !== undefined && this.#status >= 300;
  }

  /** The reason in an error is read as far as it goes; of what counts, all or nothing. */
  get #maxBytes(): number {
    return this.#isError ? this.bounds.maxErrorBytes : this.bounds.maxBytes;
  }

  #resolveWith(bytes: Buffer): void {
    try {
      const expanded = expandBody(bytes, this.#headers, this.#maxBytes);
      if (this.#end()) this.resolve(new WholeResponse(this.#status ?? 0, this.#headers, expanded));
    } catch (error) {
      if (error instanceof RangeError) this.#fail('ANSWER_TOO_LARGE', tooLarge(this.#maxBytes));
      else this.#fail('ANSWER_NOT_DECODED', error instanceof Error ? error : new Error(String(error)));
    }
  }

  onResponseError(_: Dispatcher.DispatchController | undefined, error: Error): void {
    this.#fail(findErrorCode(error), error);
  }

  #giveUp(): void {
    const error = new Error('No complete answer arrived in time.');
    this.#fail('TIMEOUT', error);
    this.#controller?.abort(error);
  }

  #fail(code: string, cause: Error): void {
    const sent = this.#controller !== undefined;
    if (this.#end()) this.reject(new TransportError(code, sent, this.#status, cause));
  }

  /** True for the first caller only. */
  #end(): boolean {
    if (this.#over) return false;
    this.#over = true;
    clearTimeout(this.#deadline);
    return true;
  }
}

function tooLarge(maxBytes: number): Error {
  return new Error(`The answer is larger than ${Math.round(maxBytes / (1 << 20))} MB.`);
}

/** The most telling code on the chain of causes; a failed happy-eyeballs connect is a list of errors. */
function findErrorCode(error: unknown): string {
  if (!(error instanceof Error)) return 'UNKNOWN';
  if (error instanceof AggregateError && error.errors.length > 0) return findErrorCode(error.errors[0]);
  // A proxy that refuses the tunnel; undici only gives the status in its message.
  const refusedByProxy = /^Proxy response \((\d+)\)/.exec(error.message);
  if (refusedByProxy !== null) return `PROXY_${refusedByProxy[1]}`;
  if ('code' in error && typeof error.code === 'string') return error.code;
  return error.cause === undefined ? error.name : findErrorCode(error.cause);
}

import type { Refusal } from '#pipelines/model.js';
import type { WriteHooks } from '#pipelines/ports.js';
import { readRefusal } from './error-body.js';
import { type Http, type HttpRequest, type HttpResponse, TransportError } from './http.js';

/** What a request wants of the API. */
export type Verb = 'login' | 'list' | 'detail' | 'add' | 'update' | 'delete';

/** What is known of an attempt that did not succeed. */
export type FailureClass =
  /** No request left this machine. */
  | 'not_sent'
  /** It left, and its outcome is not known: reset, timeout, 5xx, a cut or unreadable answer. */
  | 'ambiguous'
  /** The API understood and said no. */
  | 'refused'
  /** 401: the token is not (or no longer) good. */
  | 'unauthorized'
  /** 403: this user may not do this. */
  | 'forbidden'
  /** 429: not processed, to be sent again later. */
  | 'rate_limited'
  /** 3xx: somebody else answers at this address. */
  | 'misdirected';

/** A request to the API, however many attempts it takes. */
export interface ApiRequest extends HttpRequest {
  readonly verb: Verb;
  /** Whether an answer with a success status can be understood; one that cannot counts as ambiguous. */
  readonly accepts: (response: HttpResponse) => boolean;
  readonly hooks: Partial<WriteHooks>;
}

/** One attempt of a request. */
export interface AttemptRequest extends ApiRequest {
  /** From 1. */
  readonly attempt: number;
}

/** How one attempt ended. */
export type Attempt = (
  | { readonly failure?: undefined; readonly response: HttpResponse }
  | { readonly failure: FailureClass; readonly refusal: Refusal; readonly response?: HttpResponse | undefined }
) & {
  /** The token that the attempt was sent with, where there was one. */
  readonly token?: string;
};

export type FailedAttempt = Extract<Attempt, { failure: FailureClass }>;

/**
 * Sends a request once. Token, rate limit and counters are functions that wrap another one of this type; retries wrap
 * them all.
 */
export type SendAttempt = (request: AttemptRequest) => Promise<Attempt>;

/** The innermost one: sends over HTTP and says what the answer, or its absence, means. */
export function sendOverHttp(http: Http): SendAttempt {
  return async ({ verb, method, path, headers, body, accepts }) => {
    try {
      const isPage = verb === 'list';
      const response = await http.send({ method, path, headers, isPage, ...(body === undefined ? {} : { body }) });
      return classifyResponse(response, accepts);
    } catch (error) {
      if (error instanceof TransportError) return describeTransportFailure(error);
      throw error;
    }
  };
}

function classifyResponse(response: HttpResponse, accepts: ApiRequest['accepts']): Attempt {
  const { status } = response;
  if (status < 200 || status >= 300)
    return { failure: classifyStatus(status), refusal: readRefusal(response), response };
  if (accepts(response)) return { response };
  const refusal = {
    ...readRefusal(response),
    errorCode: 'UNREADABLE_ANSWER',
    message: `The API answered with HTTP ${status}, but not with the documented JSON.`,
  };
  return { failure: 'ambiguous', refusal, response };
}

function classifyStatus(status: number): FailureClass {
  if (status === 401) return 'unauthorized';
  if (status === 403) return 'forbidden';
  if (status === 429) return 'rate_limited';
  if (status >= 300 && status < 400) return 'misdirected';
  // 408: the server gave up reading or answering; whether it had begun to act is not known.
  if (status === 408 || status >= 500 || status < 200) return 'ambiguous';
  return 'refused';
}

function describeTransportFailure({ code, sent, status, cause }: TransportError): FailedAttempt {
  const isTooLarge = code === 'ANSWER_TOO_LARGE' && cause instanceof Error;
  const refusal = {
    errorCode: code,
    message: isTooLarge ? cause.message : describeConnectionError(code, sent, status),
    ...(status === undefined ? {} : { httpStatus: status }),
  };
  return { failure: sent ? 'ambiguous' : 'not_sent', refusal };
}

function describeConnectionError(code: string, sent: boolean, status: number | undefined): string {
  if (!sent) return `The server could not be reached (${code}).`;
  if (status === undefined) return `The connection was lost before an answer arrived (${code}).`;
  return `The answer (HTTP ${status}) was cut off (${code}).`;
}

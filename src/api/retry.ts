import type { Refusal } from '#pipelines/model.js';
import type { HttpResponse } from './http.js';
import type { RateLimiter } from './rate-limit.js';
import type { ApiRequest, Attempt, FailedAttempt, FailureClass, SendAttempt, Verb } from './request.js';
import { sleep } from './sleep.js';
import * as stop from './stop-reasons.js';
import { type ApiTraffic, readServerDate } from './traffic.js';

/** What to do about a failed attempt. */
type Reaction =
  /** Send again after a pause, as long as attempts and the run's quota last. */
  | 'retry'
  /** Wait until the pause that the API wants is over, then send again. */
  | 'wait'
  /** Get a new token, once for all who wait, then send again, once. */
  | 'renew_token'
  /** Never send again before reconciliation. */
  | 'in_doubt'
  /** It is the row's outcome. */
  | 'outcome'
  /** It would meet every other row too: end the run as resumable. */
  | 'stop';

const idempotent = { not_sent: 'retry', ambiguous: 'retry', refused: 'outcome', unauthorized: 'renew_token' } as const;
const always = { forbidden: 'stop', rate_limited: 'wait', misdirected: 'stop' } as const;

/**
 * Retry by verb and by failure class. A POST has no idempotency key, so what is ambiguous for it is never sent again;
 * GET, PUT (replaces the whole) and DELETE end the same however often they arrive.
 */
const reactions = {
  login: { ...idempotent, ...always, unauthorized: 'outcome', forbidden: 'outcome' },
  list: { ...idempotent, ...always },
  detail: { ...idempotent, ...always },
  add: { ...idempotent, ...always, ambiguous: 'in_doubt', misdirected: 'in_doubt' },
  update: { ...idempotent, ...always },
  delete: { ...idempotent, ...always },
} as const satisfies Record<Verb, Record<FailureClass, Reaction>>;

/** Refusals after which a request is sent again: at once, or by a later run. */
const repeatedRefusals: ReadonlySet<FailureClass> = new Set(['unauthorized', 'forbidden', 'rate_limited']);

/** Verbs whose lost answer leaves a customer in doubt; the others can simply be asked again. */
const changesCustomers = {
  login: false,
  list: false,
  detail: false,
  add: true,
  update: true,
  delete: true,
} as const satisfies Record<Verb, boolean>;

export interface RetryPolicy {
  /** Attempts of one request, the first included. */
  readonly attempts: number;
  /** Full jitter: a pause is a random share of `base × 2^retry`, at most `maxDelayMs`. */
  readonly baseDelayMs: number;
  readonly maxDelayMs: number;
  /** Retries that a whole run may spend: this many, or this share of its requests, whichever is more. */
  readonly quotaRetries: number;
  readonly quotaShare: number;
  /** A `Retry-After` beyond this ends the run as resumable instead of waiting. */
  readonly maxWaitMs: number;
  /** So many 429 in a row for one request end the run. */
  readonly rateLimitedAttempts: number;
  /** So many requests in a row without an understandable answer end the run. */
  readonly unansweredInARow: number;
  /** While no connection can be made to a server that has answered before, an attempt is made at least this often. */
  readonly outageDelayMs: number;
}

export const defaultRetryPolicy: RetryPolicy = {
  attempts: 3,
  baseDelayMs: 500,
  maxDelayMs: 20_000,
  quotaRetries: 100,
  quotaShare: 0.2,
  maxWaitMs: 15 * 60_000,
  rateLimitedAttempts: 20,
  unansweredInARow: 20,
  outageDelayMs: 5000,
};

/** No connection can be made now, as while a server restarts. Wrong certificates and logins of a proxy stay wrong. */
const outageCodes =
  /^(?:ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENOTFOUND|EPIPE|EAI_|EHOST|ENET|UND_ERR_CONNECT|UND_ERR_SOCKET|PROXY_50\d)/;

/** How a request ended, after as many attempts as the policy allows. */
export type RequestResult =
  | {
      readonly kind: 'answered' | 'refused';
      readonly response: HttpResponse;
      readonly attempts: number;
      /** An earlier attempt may have been applied as well. */
      readonly isDoubtful: boolean;
    }
  | ({ readonly kind: 'in_doubt'; readonly attempts: number } & Refusal);

/**
 * Sends a request until it is answered, refused or in doubt.
 *
 * @throws RunStoppedError, LoginError or the stop signal's reason; then the request was certainly not applied
 */
export type ExecuteRequest = (request: ApiRequest) => Promise<RequestResult>;

export interface RetryOptions {
  readonly policy: RetryPolicy;
  readonly limiter: Pick<RateLimiter, 'pauseUntil'>;
  readonly renewToken: (token: string) => Promise<void>;
  readonly traffic: Pick<ApiTraffic, 'requests'>;
  /** Fires when the run should end: nothing new is sent, what is under way is finished. */
  readonly stopping: AbortSignal;
  readonly baseUrl: string;
  readonly outages: OutageOptions;
  readonly now: () => number;
  readonly random: () => number;
}

/** What to do while no connection can be made. */
export interface OutageOptions {
  /** How long requests are tried again that certainly did not leave. Milliseconds. */
  readonly patienceMs: number;
  /** The address has answered earlier than this process: it is no wrong one. */
  readonly hasAnswered: boolean;
  /** Called once for each outage; requests are tried again until then (epoch milliseconds, our clock). */
  readonly noticed?: (code: string, untilMs: number) => void;
}

export const noOutagePatience: OutageOptions = { patienceMs: 0, hasAnswered: false };

/** Wraps single attempts into requests that are repeated by the table of reactions. */
export function retry(send: SendAttempt, options: RetryOptions): ExecuteRequest {
  const run = new RunState(send, options);
  return async (request) => {
    const state = new RequestState();
    try {
      for (;;) {
        run.assertGoingOn();
        const result = await send({ ...request, attempt: state.attempts + 1 });
        state.attempts += 1;
        run.note(result);
        if (await run.outlastOutage(result)) {
          // It did not leave: the next attempt is again the one before which the intent is recorded.
          state.attempts -= 1;
          continue;
        }
        if (result.failure === undefined)
          return {
            kind: 'answered',
            response: result.response,
            attempts: state.attempts,
            isDoubtful: state.isUnanswered,
          };
        const end =
          (await run.doubtRefusal(request, result, state)) ??
          (await run.react(reactions[request.verb][result.failure], result, state));
        if (end !== undefined) return end;
      }
    } catch (error) {
      if (!state.isUnanswered || !changesCustomers[request.verb]) throw error;
      // This one may have been applied, so it must not be taken for unsent; the next request ends the run instead.
      run.endWith(error);
      return state.toDoubt();
    }
  };
}

/** What is known of one request over its attempts. */
class RequestState {
  attempts = 0;
  retries = 0;
  rateLimited = 0;
  hasRenewedToken = false;
  /** Some attempt left, and its outcome is not known. */
  isUnanswered = false;
  lastRefusal: Refusal = { errorCode: 'UNKNOWN', message: 'No attempt was made.' };

  toDoubt(): RequestResult {
    return { kind: 'in_doubt', attempts: this.attempts, ...this.lastRefusal };
  }
}

/** What is known over all requests of a run. */
class RunState {
  readonly #send: SendAttempt;
  readonly #options: RetryOptions;
  #unansweredInARow = 0;
  #retriesSpent = 0;
  #hasAnswered: boolean;
  /** The token that the API took last. */
  #acceptedToken: string | undefined;
  /** Since when no connection can be made; epoch milliseconds, our clock. */
  #outageSinceMs: number | undefined;
  /** What one request found out and all later ones would meet as well. */
  #ending: unknown;

  constructor(send: SendAttempt, options: RetryOptions) {
    this.#send = send;
    this.#options = options;
    this.#hasAnswered = options.outages.hasAnswered;
  }

  assertGoingOn(): void {
    const { stopping, policy } = this.#options;
    stopping.throwIfAborted();
    if (this.#ending !== undefined) throw this.#ending;
    if (this.#unansweredInARow >= policy.unansweredInARow) throw stop.serverSilent(this.#unansweredInARow);
  }

  endWith(error: unknown): void {
    this.#ending ??= error;
  }

  note({ failure, token }: Attempt): void {
    if (failure === undefined) this.#acceptedToken = token ?? this.#acceptedToken;
    if (failure === 'ambiguous') this.#unansweredInARow += 1;
    else if (failure !== 'not_sent') this.#unansweredInARow = 0;
    if (failure === 'not_sent') return;
    this.#hasAnswered = true;
    this.#outageSinceMs = undefined;
  }

  /**
   * Waits where no connection can be made to a server that has answered before: it may be restarting.
   *
   * @returns whether to try again
   * @throws RunStoppedError when the outage lasts too long, for all requests of the run
   */
  async outlastOutage(attempt: Attempt): Promise<boolean> {
    const { outages, policy, now, random, stopping, baseUrl } = this.#options;
    if (attempt.failure !== 'not_sent' || !this.#hasAnswered || outages.patienceMs <= 0) return false;
    const { errorCode } = attempt.refusal;
    if (!outageCodes.test(errorCode)) return false;
    const isNew = this.#outageSinceMs === undefined;
    this.#outageSinceMs ??= now();
    const untilMs = this.#outageSinceMs + outages.patienceMs;
    if (now() >= untilMs) {
      this.endWith(stop.unreachable(baseUrl, errorCode));
      return true;
    }
    if (isNew) outages.noticed?.(errorCode, untilMs);
    // A short outage is noticed soon, and a long one costs few attempts.
    const pauseMs = Math.min(policy.outageDelayMs, policy.baseDelayMs + now() - this.#outageSinceMs);
    await sleep(Math.min((0.5 + random() / 2) * pauseMs, untilMs - now()), stopping);
    return true;
  }

  /**
   * Asks whether an add that was refused, and would be sent again, had no effect; one that may have had some is in doubt.
   *
   * @returns `undefined` when it had none
   */
  async doubtRefusal(
    { hooks }: ApiRequest,
    failed: FailedAttempt,
    state: RequestState,
  ): Promise<RequestResult | undefined> {
    const { failure, response, refusal } = failed;
    if (hooks.hadNoEffect === undefined || response === undefined || !repeatedRefusals.has(failure)) return undefined;
    // After a pause that ends the run, the next one compares the row with the account before it sends it.
    this.#pauseAsAsked(failed, state);
    const wasUnanswered = state.isUnanswered;
    // What ends the run while the account is asked leaves the row in doubt.
    state.isUnanswered = true;
    state.lastRefusal = refusal;
    if (await hooks.hadNoEffect(response.status)) {
      state.isUnanswered = wasUnanswered;
      return undefined;
    }
    if (failure === 'forbidden') this.endWith(this.#describeStop(failed));
    return state.toDoubt();
  }

  /** What to do after a failed attempt; `undefined` means another attempt. */
  async react(reaction: Reaction, failed: FailedAttempt, state: RequestState): Promise<RequestResult | undefined> {
    state.lastRefusal = failed.refusal;
    if (failed.failure === 'ambiguous') state.isUnanswered = true;
    this.#pauseAsAsked(failed, state);
    switch (reaction) {
      case 'outcome':
        return toOutcome(failed, state);
      case 'in_doubt':
        if (failed.failure === 'misdirected') this.endWith(this.#describeStop(failed));
        return state.toDoubt();
      case 'stop':
        throw this.#describeStop(failed);
      case 'renew_token':
        return this.#renewToken(failed, state);
      case 'wait':
        state.rateLimited += 1;
        if (state.rateLimited >= this.#options.policy.rateLimitedAttempts)
          throw stop.rateLimitedTooOften(state.rateLimited);
        return undefined;
      case 'retry':
        return this.#delayRetry(state, failed);
    }
  }

  /**
   * Gets a new token, once for a request. A token that the API takes for other requests is good: then this request is
   * refused, and neither the run nor the day's tokens are spent on it.
   */
  async #renewToken(failed: FailedAttempt, state: RequestState): Promise<RequestResult | undefined> {
    const { token = '' } = failed;
    if (state.hasRenewedToken || token === this.#acceptedToken) {
      // An earlier attempt without an answer may have done it all the same.
      if (await this.#takesToken()) return state.isUnanswered ? state.toDoubt() : toOutcome(failed, state);
      if (state.hasRenewedToken) throw stop.tokenRefused(failed.refusal);
    }
    state.hasRenewedToken = true;
    await this.#options.renewToken(token);
    return undefined;
  }

  /** Whether the API takes the token for the shortest of all requests; one that is forbidden is one of a known user. */
  async #takesToken(): Promise<boolean> {
    const { failure } = await this.#send({
      ...{ verb: 'list', method: 'GET', path: '/customers?liPage=1&liPageSize=1&sFieldList=customerCode' },
      ...{ headers: { accept: 'application/json' }, accepts: () => true, hooks: {}, attempt: 1 },
    });
    return failure === undefined || failure === 'forbidden';
  }

  async #delayRetry(state: RequestState, failed: FailedAttempt): Promise<RequestResult | undefined> {
    const { policy, traffic, random, stopping, baseUrl } = this.#options;
    state.retries += 1;
    if (state.retries >= policy.attempts) {
      if (state.isUnanswered) return state.toDoubt();
      throw stop.unreachable(baseUrl, failed.refusal.errorCode);
    }
    const quota = Math.max(policy.quotaRetries, policy.quotaShare * traffic.requests);
    if (this.#retriesSpent >= quota) throw stop.quotaSpent(this.#retriesSpent);
    this.#retriesSpent += 1;
    await sleep(computeRetryDelay(policy, state.retries, random), stopping);
    return undefined;
  }

  /** A 429 always pauses everybody; a 503 does when it says for how long. What was refused is not sent again. */
  #pauseAsAsked({ failure, response }: FailedAttempt, state: RequestState): void {
    if (response === undefined || (failure !== 'rate_limited' && failure !== 'ambiguous')) return;
    const { now, policy, limiter } = this.#options;
    const header = response.headers['retry-after'];
    // A date is the server's, so it is compared with the server's clock.
    const serverMs = readServerDate(response) ?? now();
    const askedMs = parseRetryAfter(Array.isArray(header) ? header[0] : header, serverMs);
    if (askedMs === undefined && failure === 'ambiguous') return;
    const waitMs = askedMs ?? Math.min(policy.maxDelayMs, policy.baseDelayMs * 2 ** (state.rateLimited + 1));
    if (waitMs > policy.maxWaitMs) throw stop.longPause(waitMs);
    limiter.pauseUntil(now() + waitMs);
  }

  #describeStop({ failure, refusal, response }: FailedAttempt): Error {
    if (failure === 'forbidden') return stop.rightMissing(refusal);
    const location = response?.headers.location ?? 'another address';
    return stop.redirected(this.#options.baseUrl, response?.status, String(location));
  }
}

/** The answer is how the request ended. */
function toOutcome({ response }: FailedAttempt, state: RequestState): RequestResult {
  if (response === undefined) return state.toDoubt();
  return { kind: 'refused', response, attempts: state.attempts, isDoubtful: state.isUnanswered };
}

/** The pause before retry number `retry` (from 1), in milliseconds. */
function computeRetryDelay(policy: RetryPolicy, retry: number, random: () => number): number {
  return random() * Math.min(policy.maxDelayMs, policy.baseDelayMs * 2 ** (retry - 1));
}

/** Reads `Retry-After`, seconds or an HTTP date, as milliseconds from `nowMs` (the server's clock); `undefined` when absent or unreadable. */
function parseRetryAfter(header: string | undefined, nowMs: number): number | undefined {
  if (header === undefined) return undefined;
  if (/^\s*\d+\s*$/.test(header)) return Number(header) * 1000;
  const at = Date.parse(header);
  return Number.isNaN(at) ? undefined : Math.max(0, at - nowMs);
}

import type { Refusal } from '#pipelines/model.js';
import type { HttpResponse } from './http.js';
import type { RateLimiter } from './rate-limit.js';
import type { ApiRequest, FailedAttempt, FailureClass, SendAttempt, Verb } from './request.js';
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
};

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
  readonly now: () => number;
  readonly random: () => number;
}

/** Wraps single attempts into requests that are repeated by the table of reactions. */
export function retry(send: SendAttempt, options: RetryOptions): ExecuteRequest {
  const run = new RunState(options);
  return async (request) => {
    const state = new RequestState();
    try {
      for (;;) {
        run.assertGoingOn();
        const result = await send({ ...request, attempt: state.attempts + 1 });
        state.attempts += 1;
        run.note(result.failure);
        if (result.failure === undefined)
          return {
            kind: 'answered',
            response: result.response,
            attempts: state.attempts,
            isDoubtful: state.isUnanswered,
          };
        const end = await run.react(reactions[request.verb][result.failure], result, state);
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
  readonly #options: RetryOptions;
  #unansweredInARow = 0;
  #retriesSpent = 0;
  /** What one request found out and all later ones would meet as well. */
  #ending: unknown;

  constructor(options: RetryOptions) {
    this.#options = options;
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

  note(failure: FailureClass | undefined): void {
    if (failure === 'ambiguous') this.#unansweredInARow += 1;
    else if (failure !== 'not_sent') this.#unansweredInARow = 0;
  }

  /** What to do after a failed attempt; `undefined` means another attempt. */
  async react(reaction: Reaction, failed: FailedAttempt, state: RequestState): Promise<RequestResult | undefined> {
    state.lastRefusal = failed.refusal;
    if (failed.failure === 'ambiguous') state.isUnanswered = true;
    this.#pauseAsAsked(failed, state);
    switch (reaction) {
      case 'outcome':
        if (failed.response === undefined) return state.toDoubt();
        return {
          kind: 'refused',
          response: failed.response,
          attempts: state.attempts,
          isDoubtful: state.isUnanswered,
        };
      case 'in_doubt':
        if (failed.failure === 'misdirected') this.endWith(this.#describeStop(failed));
        return state.toDoubt();
      case 'stop':
        throw this.#describeStop(failed);
      case 'renew_token':
        if (state.hasRenewedToken) throw stop.tokenRefused(failed.refusal);
        state.hasRenewedToken = true;
        await this.#options.renewToken(failed.token ?? '');
        return undefined;
      case 'wait':
        state.rateLimited += 1;
        if (state.rateLimited >= this.#options.policy.rateLimitedAttempts)
          throw stop.rateLimitedTooOften(state.rateLimited);
        return undefined;
      case 'retry':
        return this.#delayRetry(state, failed);
    }
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

import type { Refusal } from '#pipelines/model.js';
import type { WriteHooks } from '#pipelines/ports.js';
import { readRefusal } from './error-body.js';
import { type Http, type HttpRequest, type HttpResponse, TransportError } from './http.js';
import type { Permit, RateLimiter } from './rate-limit.js';
import {
  changesCustomers,
  computeRetryDelay,
  type FailureClass,
  parseRetryAfter,
  type Reaction,
  type RetryPolicy,
  reactions,
  type Verb,
} from './retry.js';
import type { Session } from './session.js';
import { sleep } from './sleep.js';
import * as stop from './stop-reasons.js';

/** How long answers took since the meter was last read. Milliseconds. */
interface LatencyReading {
  readonly answers: number;
  readonly medianMs: number;
  /** All but one in twenty were faster. */
  readonly p95Ms: number;
}

/** More than these say no more about the middle and the slow end, and would only cost memory. */
const maxKept = 2000;

/** Collects how long answers take, retries counted one by one and waiting for the pace left out. */
export class LatencyMeter {
  #kept: number[] = [];
  #answers = 0;

  record(ms: number): void {
    if (this.#kept.length < maxKept) this.#kept.push(ms);
    // Later ones take the place of earlier ones in turn, so that a long time is not judged by its beginning.
    else this.#kept[this.#answers % maxKept] = ms;
    this.#answers += 1;
  }

  /** Reads the meter and begins anew; `undefined` when nothing was answered. */
  take(): LatencyReading | undefined {
    if (this.#answers === 0) return undefined;
    const sorted = this.#kept.sort((one, other) => one - other);
    const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
    const reading = { answers: this.#answers, medianMs: at(0.5), p95Ms: at(0.95) };
    this.#kept = [];
    this.#answers = 0;
    return reading;
  }
}

/** Counters of one run's traffic. `requests` counts every attempt, logins included. */
export interface ApiTraffic {
  requests: number;
  retries: number;
  rateLimited: number;
  /** The server's clock minus ours, from its `Date` header; `undefined` before the first answer. Milliseconds. */
  clockDifferenceMs: number | undefined;
  /** How long answers took. */
  readonly latency: LatencyMeter;
}

/** How a request ended, after as many attempts as the policy allows. */
export type RequestResult =
  | { readonly kind: 'answered'; readonly answer: HttpResponse; readonly attempts: number; readonly doubtful: boolean }
  | { readonly kind: 'refused'; readonly answer: HttpResponse; readonly attempts: number; readonly doubtful: boolean }
  | ({ readonly kind: 'in_doubt'; readonly attempts: number } & Refusal);

interface RequestExecutorOptions {
  readonly http: Http;
  readonly pace: RateLimiter;
  readonly session: () => Session;
  readonly policy: RetryPolicy;
  readonly traffic: ApiTraffic;
  /** Fires when the run should end: nothing new is sent, what is under way is finished. */
  readonly stopping: AbortSignal;
  readonly baseUrl: string;
  readonly now: () => number;
  readonly random: () => number;
}

/** Whether an answer with a success status can be understood; an unreadable one counts as ambiguous. */
type AcceptsResponse = (answer: HttpResponse) => boolean;

/** Moments of a request that others act upon. */
interface SendHooks extends Partial<WriteHooks> {
  /** Called before every attempt, retries included, with nothing between it and the wire. */
  readonly beforeEachAttempt?: () => void;
}

interface Prepared {
  readonly token: string;
  readonly permit: Permit;
}

interface Failure {
  readonly failure: FailureClass;
  readonly refusal: Refusal;
  readonly answer?: HttpResponse;
}

/** Sends requests by the rules of pace, login and retry; what became of each comes back as data. */
export class RequestExecutor {
  #unansweredInARow = 0;
  #retriesSpent = 0;
  /** What one request found out and all later ones would meet as well. */
  #ending: unknown;
  #lastDate: { readonly text: HttpResponse['headers'][string]; readonly at: number | undefined } = {
    text: undefined,
    at: undefined,
  };

  constructor(readonly tools: RequestExecutorOptions) {}

  /**
   * Sends `request` until it is answered, refused or in doubt.
   *
   * @throws RunStoppedError, LoginError or the stop signal's reason; then the request was certainly not applied
   */
  async run(
    verb: Verb,
    request: HttpRequest,
    understands: AcceptsResponse,
    hooks: SendHooks = {},
  ): Promise<RequestResult> {
    const progress = new RequestProgress();
    try {
      for (;;) {
        const { token, permit } = await this.#prepare(verb, progress, hooks);
        const tried = await this.#attempt(progress, request, token, understands);
        // The first request of all makes the connection, which takes long: it may have arrived only now.
        if (verb === 'login') permit.arrived();
        if (!('failure' in tried)) return tried;
        const end = await this.#react(reactions[verb][tried.failure], tried, progress, token);
        if (end !== undefined) return end;
      }
    } catch (error) {
      if (!progress.unanswered || !changesCustomers[verb]) throw error;
      // This one may have been applied, so it must not be taken for unsent; the next request ends the run instead.
      this.#ending ??= error;
      return progress.doubt();
    }
  }

  /** Waits for a token, for the permit to send, and for the intent to be on disk. */
  async #prepare(verb: Verb, progress: RequestProgress, hooks: SendHooks): Promise<Prepared> {
    const { pace, stopping, session, policy } = this.tools;
    stopping.throwIfAborted();
    if (this.#ending !== undefined) throw this.#ending;
    if (this.#unansweredInARow >= policy.unansweredInARow) throw stop.serverSilent(this.#unansweredInARow);
    const token = verb === 'login' ? '' : await session().getToken();
    let permit = await pace.acquire(stopping);
    if (progress.attempts === 0) await hooks.beforeSend?.();
    await permit.leave(stopping);
    // Both take their time, and meanwhile the gate may have closed.
    while (pace.pausedUntil() > 0) {
      permit = await pace.acquire(stopping);
      await permit.leave(stopping);
    }
    hooks.beforeEachAttempt?.();
    return { token, permit };
  }

  async #attempt(
    progress: RequestProgress,
    request: HttpRequest,
    token: string,
    understands: AcceptsResponse,
  ): Promise<RequestResult | Failure> {
    const { http, traffic, now } = this.tools;
    traffic.requests += 1;
    if (progress.attempts > 0) traffic.retries += 1;
    progress.attempts += 1;
    const headers = token === '' ? request.headers : { ...request.headers, authorization: `Bearer ${token}` };
    let answer: HttpResponse;
    try {
      const sentAt = performance.now();
      answer = await http.send({ ...request, headers });
      traffic.latency.record(performance.now() - sentAt);
    } catch (error) {
      if (!(error instanceof TransportError)) throw error;
      return transportFailure(error);
    }
    this.#noteClock(answer, now());
    const failure = classify(answer, understands);
    if (failure !== undefined) return failure;
    this.#unansweredInARow = 0;
    return { kind: 'answered', answer, attempts: progress.attempts, doubtful: progress.unanswered };
  }

  /** What to do after a failure; `undefined` means another attempt. */
  async #react(
    reaction: Reaction,
    failed: Failure,
    progress: RequestProgress,
    token: string,
  ): Promise<RequestResult | undefined> {
    progress.note(failed);
    if (failed.failure === 'ambiguous') this.#unansweredInARow += 1;
    else if (failed.failure !== 'not_sent') this.#unansweredInARow = 0;
    this.#closeGate(failed, progress);
    switch (reaction) {
      case 'outcome':
        return this.#refused(failed, progress);
      case 'in_doubt':
        if (failed.failure === 'misdirected') this.#ending ??= this.#stopFor(failed);
        return progress.doubt();
      case 'stop':
        throw this.#stopFor(failed);
      case 'renew_token':
        return this.#renew(progress, token, failed);
      case 'wait':
        progress.rateLimited += 1;
        this.tools.traffic.rateLimited += 1;
        if (progress.rateLimited >= this.tools.policy.rateLimitedAttempts)
          throw stop.rateLimitedTooOften(progress.rateLimited);
        return undefined;
      case 'retry':
        return this.#pauseBeforeRetry(progress, failed);
    }
  }

  #refused(failed: Failure, progress: RequestProgress): RequestResult {
    if (failed.answer === undefined) return progress.doubt();
    return { kind: 'refused', answer: failed.answer, attempts: progress.attempts, doubtful: progress.unanswered };
  }

  async #renew(progress: RequestProgress, token: string, failed: Failure): Promise<undefined> {
    if (progress.renewed) throw stop.tokenRefused(failed.refusal);
    progress.renewed = true;
    await this.tools.session().renew(token);
  }

  async #pauseBeforeRetry(progress: RequestProgress, failed: Failure): Promise<RequestResult | undefined> {
    const { policy, traffic, random, stopping } = this.tools;
    progress.retries += 1;
    if (progress.retries >= policy.attempts) {
      if (progress.unanswered) return progress.doubt();
      throw stop.unreachable(this.tools.baseUrl, failed.refusal.errorCode);
    }
    const quota = Math.max(policy.quotaRetries, policy.quotaShare * traffic.requests);
    if (this.#retriesSpent >= quota) throw stop.quotaSpent(this.#retriesSpent);
    this.#retriesSpent += 1;
    await sleep(computeRetryDelay(policy, progress.retries, random), stopping);
    return undefined;
  }

  #closeGate(failed: Failure, progress: RequestProgress): void {
    const { answer, failure } = failed;
    // Also a 503 may ask for a pause; of what the API has refused, there is nothing to send again.
    if (answer === undefined || (failure !== 'rate_limited' && failure !== 'ambiguous')) return;
    const { now, policy, pace } = this.tools;
    const header = answer.headers['retry-after'];
    // A date is the server's, and so it is read by the server's clock.
    const told = parseRetryAfter(Array.isArray(header) ? header[0] : header, readServerDate(answer) ?? now());
    if (told === undefined && failure === 'ambiguous') return;
    const waitMs = told ?? Math.min(policy.maxDelayMs, policy.baseDelayMs * 2 ** (progress.rateLimited + 1));
    if (waitMs > policy.maxWaitMs) throw stop.longPause(waitMs);
    pace.pauseUntil(now() + waitMs);
  }

  #noteClock(answer: HttpResponse, nowMs: number): void {
    // The header knows whole seconds, so many answers say the same.
    if (answer.headers.date !== this.#lastDate.text)
      this.#lastDate = { text: answer.headers.date, at: readServerDate(answer) };
    if (this.#lastDate.at !== undefined) this.tools.traffic.clockDifferenceMs = this.#lastDate.at - nowMs;
  }

  #stopFor(failed: Failure): Error {
    if (failed.failure === 'forbidden') return stop.rightMissing(failed.refusal);
    const location = failed.answer?.headers.location ?? 'another address';
    return stop.redirected(this.tools.baseUrl, failed.answer?.status, String(location));
  }
}

/** What is known of one request over its attempts. */
class RequestProgress {
  attempts = 0;
  retries = 0;
  rateLimited = 0;
  renewed = false;
  /** Some attempt left and nobody knows what became of it. */
  unanswered = false;
  #last: Refusal = { errorCode: 'UNKNOWN', message: 'No attempt was made.' };

  note(failed: Failure): void {
    this.#last = failed.refusal;
    if (failed.failure === 'ambiguous') this.unanswered = true;
  }

  doubt(): RequestResult {
    return { kind: 'in_doubt', attempts: this.attempts, ...this.#last };
  }
}

/** When the server made this answer, by its own clock. */
function readServerDate(answer: HttpResponse): number | undefined {
  const { date } = answer.headers;
  const at = typeof date === 'string' ? Date.parse(date) : Number.NaN;
  return Number.isNaN(at) ? undefined : at;
}

function transportFailure(error: TransportError): Failure {
  const message = error.sent
    ? error.status === undefined
      ? `The connection broke before an answer came (${error.code}).`
      : `The answer (HTTP ${error.status}) was cut off (${error.code}).`
    : `The server could not be reached (${error.code}).`;
  const refusal = {
    errorCode: error.code,
    message,
    ...(error.status === undefined ? {} : { httpStatus: error.status }),
  };
  return { failure: error.sent ? 'ambiguous' : 'not_sent', refusal };
}

function classify(answer: HttpResponse, understands: AcceptsResponse): Failure | undefined {
  const { status } = answer;
  if (status >= 200 && status < 300) {
    if (understands(answer)) return undefined;
    const refusal = {
      ...readRefusal(answer),
      errorCode: 'UNREADABLE_ANSWER',
      message: `The API answered HTTP ${status}, but not with the JSON that it documents.`,
    };
    return { failure: 'ambiguous', refusal, answer };
  }
  return { failure: classifyStatus(status), refusal: readRefusal(answer), answer };
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

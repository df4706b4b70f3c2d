/** What a request wants of the API. */
export type Verb = 'login' | 'list' | 'detail' | 'add' | 'update' | 'delete';

/** What is known of a request that did not succeed. */
export type FailureClass =
  /** No request left this machine. */
  | 'not_sent'
  /** It left, and nobody knows what became of it: reset, timeout, 5xx, a cut or unreadable answer. */
  | 'ambiguous'
  /** The API understood and said no. */
  | 'refused'
  /** 401: the token is not (or no longer) good. */
  | 'unauthorized'
  /** 403: this user may not do this. */
  | 'forbidden'
  /** 429: not processed, come again later. */
  | 'rate_limited'
  /** 3xx: somebody else answers at this address. */
  | 'misdirected';

/** What to do about it. */
export type Reaction =
  /** Send again after a pause, as long as attempts and the run's quota last. */
  | 'retry'
  /** Wait until the gate opens, then send again. */
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
export const reactions = {
  login: { ...idempotent, ...always, unauthorized: 'outcome', forbidden: 'outcome' },
  list: { ...idempotent, ...always },
  detail: { ...idempotent, ...always },
  add: { ...idempotent, ...always, ambiguous: 'in_doubt', misdirected: 'in_doubt' },
  update: { ...idempotent, ...always },
  delete: { ...idempotent, ...always },
} as const satisfies Record<Verb, Record<FailureClass, Reaction>>;

/** Verbs whose lost answer leaves a customer in doubt; asking anew settles what the others wanted to know. */
export const changesCustomers = {
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
  /** Full jitter: a pause is a random share of `base × 2^retry`, at most `cap`. */
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

/** The pause before retry number `retry` (from 1), in milliseconds. */
export function computeRetryDelay(policy: RetryPolicy, retry: number, random: () => number): number {
  return random() * Math.min(policy.maxDelayMs, policy.baseDelayMs * 2 ** (retry - 1));
}

/** Reads `Retry-After`, seconds or an HTTP date, as milliseconds from `nowMs` (the server's clock); `undefined` when absent or unreadable. */
export function parseRetryAfter(header: string | undefined, nowMs: number): number | undefined {
  if (header === undefined) return undefined;
  if (/^\s*\d+\s*$/.test(header)) return Number(header) * 1000;
  const at = Date.parse(header);
  return Number.isNaN(at) ? undefined : Math.max(0, at - nowMs);
}

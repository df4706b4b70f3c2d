import type { HttpResponse } from './http.js';
import type { SendAttempt } from './request.js';

/** Counters of one run's traffic. `requests` counts every attempt, logins included. */
export interface ApiTraffic {
  requests: number;
  retries: number;
  /** Attempts that the API answered with 429. */
  rateLimited: number;
  /** The server's clock minus ours, from its `Date` header; `undefined` before the first answer. Milliseconds. */
  clockDifferenceMs: number | undefined;
  /** How long answers took. */
  readonly latency: LatencyMeter;
}

export function createTraffic(): ApiTraffic {
  return { requests: 0, retries: 0, rateLimited: 0, clockDifferenceMs: undefined, latency: new LatencyMeter() };
}

/** Counts every attempt and takes the server's time from every answer. */
export function countTraffic(send: SendAttempt, traffic: ApiTraffic, now: () => number): SendAttempt {
  const readDate = createDateReader();
  return async (request) => {
    traffic.requests += 1;
    if (request.attempt > 1) traffic.retries += 1;
    const sentAt = performance.now();
    const result = await send(request);
    if (result.response === undefined) return result;
    traffic.latency.record(performance.now() - sentAt);
    if (result.response.status === 429) traffic.rateLimited += 1;
    const serverMs = readDate(result.response);
    if (serverMs !== undefined) traffic.clockDifferenceMs = serverMs - now();
    return result;
  };
}

/** The header knows whole seconds, so many answers in a row say the same: it is parsed when it changes. */
function createDateReader(): (response: HttpResponse) => number | undefined {
  let last: { readonly header: unknown; readonly ms: number | undefined } = { header: undefined, ms: undefined };
  return (response) => {
    const header = response.headers.date;
    if (header !== last.header) last = { header, ms: readServerDate(response) };
    return last.ms;
  };
}

/** When the server made this answer, by its own clock; epoch milliseconds. */
export function readServerDate({ headers: { date } }: Pick<HttpResponse, 'headers'>): number | undefined {
  const ms = typeof date === 'string' ? Date.parse(date) : Number.NaN;
  return Number.isNaN(ms) ? undefined : ms;
}

/** How long answers took since the meter was last read. Milliseconds. */
export interface LatencyReading {
  readonly answers: number;
  readonly medianMs: number;
  /** The 95th percentile. */
  readonly p95Ms: number;
}

/** More samples would make the percentiles hardly better and only cost memory. */
const maxSamples = 2000;

/** Collects how long answers take: every attempt by itself, without the wait for its turn. */
export class LatencyMeter {
  #samples: number[] = [];
  #answers = 0;

  record(ms: number): void {
    // Later answers replace earlier ones in turn, so that a long period is not represented by its beginning.
    this.#samples[this.#answers % maxSamples] = ms;
    this.#answers += 1;
  }

  /** Reads the meter and starts again; `undefined` when nothing was answered. */
  take(): LatencyReading | undefined {
    if (this.#answers === 0) return undefined;
    const sorted = this.#samples.sort((a, b) => a - b);
    const percentile = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
    const reading = { answers: this.#answers, medianMs: percentile(0.5), p95Ms: percentile(0.95) };
    this.#samples = [];
    this.#answers = 0;
    return reading;
  }
}

import type { LedgerRow } from '#pipelines/ports.js';

/** How late a server may still act on a request whose answer was lost. */
const latenessMs = {
  /** Somebody on the way gave up waiting, and the server may be at work on it still. */
  slow: 15 * 60_000,
  /** The connection ended; what was under way then is done within seconds. */
  lost: 10_000,
} as const;

/** A gateway, or the server itself, gave up waiting. */
const slowStatuses: ReadonlySet<number> = new Set([408, 502, 503, 504]);
/** An answer that says that it was done, and cannot be read; or a doubt of which the first reason is not on record. */
const slowCodes: ReadonlySet<string> = new Set(['UNREADABLE_ANSWER', 'UNCLEAR']);
/** A request waits for its turn no longer than this: pauses of more than 15 minutes end the run. */
const maxTurnWaitMs = 20 * 60_000;

/**
 * When the account can first show that a request had no effect: the last moment at which it can have left, plus the
 * lateness of the server. Epoch milliseconds, our clock.
 *
 * @param firstLookMs - when this process first asked about the row: one that a killed process left is looked at twice
 * @param settleMs - can only lengthen the lateness
 */
export function findReadyMs(row: LedgerRow, firstLookMs: number, settleMs: number): number {
  if (row.state === 'in_doubt')
    return (row.doubtAtMs ?? row.intentAtMs ?? firstLookMs) + Math.max(findLateness(row), settleMs);
  const leftByMs = Math.min(firstLookMs, (row.intentAtMs ?? firstLookMs) + maxTurnWaitMs);
  return Math.max(leftByMs + settleMs, firstLookMs + latenessMs.lost);
}

function findLateness({ outcome, customerCode }: LedgerRow): number {
  // An update or a delete that is sent twice ends as if it were sent once.
  if (outcome?.status !== 'in_doubt' || customerCode !== undefined) return latenessMs.lost;
  const { errorCode, httpStatus = 0 } = outcome;
  const isSlow =
    /TIMEOUT|TIMEDOUT/.test(errorCode) ||
    slowCodes.has(errorCode) ||
    slowStatuses.has(httpStatus) ||
    (httpStatus >= 200 && httpStatus < 300);
  return isSlow ? latenessMs.slow : latenessMs.lost;
}

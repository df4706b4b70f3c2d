import type { Intent, RunLedger } from '../ports.js';
import type { Preparation } from './map-concurrently.js';

/** An intent may wait this long for its turn; then it is written anew, because a doubt is settled by its time. */
const longestWaitMs = 1000;
/** A killed process leaves up to so many rows in doubt that were never sent. */
const mostAhead = 500;
/** Somewhat more than what leaves while the disk is busy, so that there is always one to send. */
const reserve = 1.5;
/** The share of the newest reading in the running averages. */
const newestShare = 0.05;

/** Intents that are put on disk before the turn of their rows has come. */
export interface EarlyIntents<T> extends Preparation<T> {
  /** As the run's ledger, but an intent that is on disk already costs nothing more. */
  readonly ledger: RunLedger;
  /** Takes note of how long it takes to send a row, its intent included. */
  inTurn(item: T, send: () => Promise<void>): Promise<void>;
}

/**
 * Puts intents on disk early: as many as will be sent while the disk is busy with the next ones, so that no request
 * waits for the disk where the server is faster. Where the server or the pace is slow, that is none.
 *
 * @param concurrency - rows that are sent at once
 * @param intentOf - `undefined` where it takes a look at the customer to know what will be sent
 */
export function earlyIntents<T>(
  ledger: RunLedger,
  concurrency: number,
  intentOf: (item: T) => Intent | undefined,
  now: () => number,
): EarlyIntents<T> {
  const writtenAt = new Map<number, number>();
  let commitMs = 0;
  let turnMs = Number.POSITIVE_INFINITY;

  async function takeBack(item: T): Promise<void> {
    const index = intentOf(item)?.index;
    if (index !== undefined && writtenAt.delete(index)) await ledger.withdraw(index);
  }

  return {
    ahead: () => Math.min(mostAhead, Math.floor((reserve * concurrency * commitMs) / turnMs)),
    async prepare(item) {
      const intent = intentOf(item);
      if (intent === undefined) return;
      const start = performance.now();
      await ledger.intend(intent);
      writtenAt.set(intent.index, now());
      commitMs = averaged(commitMs, performance.now() - start);
    },
    takeBack,
    ledger: {
      ...ledger,
      intend(intent) {
        const at = writtenAt.get(intent.index);
        writtenAt.delete(intent.index);
        return at !== undefined && now() - at <= longestWaitMs ? Promise.resolve() : ledger.intend(intent);
      },
    },
    async inTurn(item, send) {
      const start = performance.now();
      try {
        await send();
      } finally {
        // It was not sent after all: the run is stopping, or the row's turn showed something else.
        await takeBack(item);
      }
      turnMs = averaged(turnMs, performance.now() - start);
    },
  };
}

function averaged(average: number, newest: number): number {
  return Number.isFinite(average) && average > 0 ? average + (newest - average) * newestShare : newest;
}

import type { Preparation } from '#pipelines/concurrency.js';
import type { OpenRow } from '#pipelines/import/import-row.js';
import { publishMilestone } from '#pipelines/milestones.js';
import type { Intent, RunLedger } from '#pipelines/ports.js';

/** An intent may wait this long for its turn; then it is written anew, because a doubt is settled by its time. */
const longestWaitMs = 1000;
/** A killed process leaves up to so many rows in doubt that were never sent. */
const mostAhead = 500;
/** Somewhat more than what leaves while the disk is busy, so that there is always one to send. */
const reserve = 1.5;
/** Before so many rows have been sent, nobody knows how fast the server is; a short file needs no haste. */
const turnsToTrust = 100;
/** The share of the newest reading in the running averages. */
const newestShare = 0.05;

/** Intents that are put on disk before the turn of their rows has come. */
export interface EarlyIntents extends Preparation<OpenRow> {
  /** As the run's ledger, but an intent that is on disk already costs nothing more. */
  readonly ledger: RunLedger;
  /** Takes note of how long it takes to send a row, its intent included. */
  inTurn(work: OpenRow, send: () => Promise<void>): Promise<void>;
}

/**
 * Puts intents on disk early: as many as will be sent while the disk is busy with the next ones, so that no request
 * waits for the disk where the server is faster. Where the server or the pace is slow, that is none.
 *
 * @param concurrency - rows that are sent at once
 * @param intentOf - `undefined` where it takes a look at the customer to know what will be sent
 */
export function earlyIntents(
  ledger: RunLedger,
  concurrency: number,
  intentOf: (work: OpenRow) => Intent | undefined,
  now: () => number,
): EarlyIntents {
  const writtenAt = new Map<number, number>();
  let [commitMs, turnMs, turns] = [0, 0, 0];

  function ahead(): number {
    if (turns < turnsToTrust) return 0;
    return Math.min(mostAhead, Math.floor((reserve * concurrency * commitMs) / turnMs));
  }

  async function intend(intent: Intent): Promise<void> {
    const start = performance.now();
    // With others waiting that are ready, there is time to let more of them share a commit.
    await (ahead() > 0 ? ledger.intendInCompany(intent) : ledger.recordIntent(intent));
    commitMs = averaged(commitMs, performance.now() - start);
  }

  async function takeBack(work: OpenRow): Promise<void> {
    const { index } = work.row;
    if (writtenAt.delete(index)) await ledger.withdrawIntent(index);
  }

  return {
    ahead,
    async prepare(work) {
      const intent = turns < turnsToTrust ? undefined : intentOf(work);
      if (intent === undefined) return;
      const at = now();
      publishMilestone('before-intent');
      await intend(intent);
      publishMilestone('after-intent');
      writtenAt.set(intent.index, at);
    },
    takeBack,
    ledger: {
      ...ledger,
      recordIntent(intent) {
        const at = writtenAt.get(intent.index);
        writtenAt.delete(intent.index);
        return at !== undefined && now() - at <= longestWaitMs ? Promise.resolve() : intend(intent);
      },
    },
    async inTurn(work, send) {
      const start = performance.now();
      try {
        await send();
      } finally {
        // It was not sent after all: the run is stopping, or the row's turn showed something else.
        await takeBack(work);
      }
      turns += 1;
      turnMs = averaged(turnMs, performance.now() - start);
    },
  };
}

function averaged(average: number, newest: number): number {
  return average > 0 ? average + (newest - average) * newestShare : newest;
}

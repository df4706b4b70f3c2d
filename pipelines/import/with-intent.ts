import { publishMilestone } from '#pipelines/milestones.js';
import type { Intent, RunLedger, WriteHooks } from '#pipelines/ports.js';

/**
 * Sends a write with its intent on disk first; an error means certainly not applied, so the intent is withdrawn.
 *
 * @param assertStill - called when the turn to send has come; what it throws takes everything back
 */
export async function withIntent<T>(
  ledger: RunLedger,
  intent: Intent,
  send: (hooks: WriteHooks) => Promise<T>,
  assertStill: () => void = () => undefined,
): Promise<T> {
  let isRecorded = false;
  const beforeSend = async () => {
    isRecorded = true;
    publishMilestone('before-intent');
    await ledger.recordIntent(intent);
    publishMilestone('after-intent');
  };
  // Only the first attempt can be called off: afterwards one may have arrived, and its intent must not be withdrawn.
  const atTurn = (attempt: number) => {
    if (attempt === 1) assertStill();
  };
  try {
    const answer = await send({ beforeSend, atTurn });
    publishMilestone('after-answer');
    return answer;
  } catch (error) {
    if (isRecorded) await ledger.withdrawIntent(intent.index);
    throw error;
  }
}

import { channel } from 'node:diagnostics_channel';

/**
 * Moments after which the disk or the server differ. They are published on a diagnostics channel, so that a test can kill
 * the process at exactly that moment; without a subscriber they cost nothing. For moments on the wire, undici has channels
 * of its own.
 */
export type Milestone =
  | 'before-intent'
  | 'after-intent'
  | 'after-answer'
  | 'during-outcome-commit'
  | 'during-commit'
  | 'during-result-file'
  | 'during-token-save'
  | 'after-claim-note'
  | 'after-claim'
  | 'before-archive'
  | 'during-archive'
  | 'after-archive';

const milestones = channel('mypos-customers:milestone');

/** Tells subscribers that this moment has come. */
export function publishMilestone(milestone: Milestone): void {
  if (milestones.hasSubscribers) milestones.publish(milestone);
}

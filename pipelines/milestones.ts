import { channel } from 'node:diagnostics_channel';

/**
 * Moments of a row's life after which the disk, the wire or the server differ (undici has its own channels for the
 * moments on the wire). Published on a diagnostics channel, so
 * that a test (or a curious operator) can act at exactly that moment; without a subscriber it costs nothing.
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

/** Tells whoever listens that this moment has come. */
export function publishMilestone(milestone: Milestone): void {
  if (milestones.hasSubscribers) milestones.publish(milestone);
}

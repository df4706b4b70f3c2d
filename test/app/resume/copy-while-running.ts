import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { cpSync } from 'node:fs';
import type { Milestone } from '#pipelines/milestones.js';

/**
 * Copies a state folder as `cp -a` does, at the n-th time that a moment of a run comes, while the run goes on: an older copy
 * of the ledger, as a backup of last night has it.
 */
export async function copyWhileRunning<T>(
  { from, to }: { readonly from: string; readonly to: string },
  moment: Milestone,
  nth: number,
  work: () => Promise<T>,
): Promise<T> {
  let seen = 0;
  const copy = (milestone: unknown) => {
    if (milestone !== moment) return;
    seen += 1;
    if (seen === nth) cpSync(from, to, { recursive: true });
  };
  subscribe('mypos-customers:milestone', copy);
  const done = await work().finally(() => unsubscribe('mypos-customers:milestone', copy));
  if (seen < nth) throw new Error(`The moment ${moment} came only ${seen} times.`);
  return done;
}

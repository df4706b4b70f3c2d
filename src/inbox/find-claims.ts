import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type ClaimRecord, readNote } from './claim-record.js';
import { type Claim, hasLock, holdClaim, lockClaim, owner, removeLock } from './hold-claim.js';
import { beginningPrefix, processingFolder } from './layout.js';
import type { Inbox } from './open-inbox.js';
import { exists } from './place-file.js';

/** What an earlier process has left, or another one holds. */
export type Found =
  | { readonly kind: 'ours'; readonly claim: Claim }
  | { readonly kind: 'live' }
  /** Only the machine that made it knows what was sent of it. */
  | { readonly kind: 'foreign'; readonly id: string; readonly record: ClaimRecord; readonly beat: number };

/** Goes through the claims in the folder and takes up those of this machine that nobody holds. */
export async function findClaims(inbox: Inbox): Promise<readonly Found[]> {
  const found: Found[] = [];
  for (const id of (await readdir(processingFolder(inbox.folder))).sort()) {
    if (id.startsWith(beginningPrefix)) await clearBeginning(inbox, id);
    else {
      const one = await takeUp(inbox, id);
      if (one !== undefined) found.push(one);
    }
  }
  return found;
}

async function takeUp(inbox: Inbox, id: string): Promise<Found | undefined> {
  const seen = await readNote(join(processingFolder(inbox.folder), id));
  if (seen === undefined) return undefined;
  if (seen.record.machine !== inbox.machine) return { kind: 'foreign', id, ...seen };
  const release = lockClaim(inbox, id);
  if (release === undefined) return { kind: 'live' };
  // It may have been finished between the two.
  const note = await readNote(join(processingFolder(inbox.folder), id));
  if (note === undefined) {
    release();
    return undefined;
  }
  const claim = holdClaim(inbox, id, note.record, release);
  if ((await exists(claim.path)) || note.record.plan !== undefined) {
    await claim.note({ ...owner(inbox), attempts: note.record.attempts + 1 });
    return { kind: 'ours', claim };
  }
  // Its process died before the file was in; a done-file may be.
  await claim.giveBack();
  return undefined;
}

async function clearBeginning(inbox: Inbox, name: string): Promise<void> {
  const id = name.slice(beginningPrefix.length);
  if (!(await hasLock(inbox, id))) return;
  const release = lockClaim(inbox, id);
  if (release === undefined) return;
  await rm(join(processingFolder(inbox.folder), name), { recursive: true, force: true });
  release();
  removeLock(inbox, id);
}

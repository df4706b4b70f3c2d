import { randomBytes } from 'node:crypto';
import { mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { reached } from '#pipelines/milestones.js';
import { type ClaimRecord, writeNote } from './claim-record.js';
import { type Claim, holdClaim, lockClaim, owner } from './hold-claim.js';
import { beginningPrefix, processingFolder } from './layout.js';
import { identityOf, type Sighting } from './look.js';
import type { Inbox } from './open-inbox.js';
import { systemCode } from './system-code.js';

export type Taken =
  | { readonly kind: 'taken'; readonly claim: Claim }
  /** Somebody else took it, or it was taken away. */
  | { readonly kind: 'gone' }
  | { readonly kind: 'not-yet'; readonly why: string };

/** Takes a file out of the drop folder by a rename, which only one of several can do. */
export async function takeFile(
  inbox: Inbox,
  seen: Sighting,
  facts: { readonly job: string; readonly firstSeenMs: number; readonly doneFile?: string },
): Promise<Taken> {
  const id = claimName(new Date());
  const release = lockClaim(inbox, id);
  // A name of our own that is made at random is free.
  if (release === undefined) return { kind: 'not-yet', why: 'its claim is held by another process' };
  const { job, firstSeenMs, doneFile } = facts;
  const record: ClaimRecord = {
    ...{ version: 1, file: seen.name, job, identity: seen.identity, firstSeenMs },
    ...(doneFile === undefined ? {} : { doneFile }),
    ...owner(inbox),
    claimedAt: new Date().toISOString(),
    attempts: 1,
  };
  const claim = await beginClaim(inbox, id, record, release);
  reached('after-claim-note');
  const taken = await moveIn(inbox, claim, doneFile).catch(async (error: unknown) => {
    await claim.giveBack();
    throw error;
  });
  if (taken.kind !== 'taken') await claim.giveBack();
  reached('after-claim');
  return taken;
}

async function moveIn(inbox: Inbox, claim: Claim, doneFile: string | undefined): Promise<Taken> {
  try {
    // The done-file first: left alone, it would vouch for the next file of this name.
    if (doneFile !== undefined) await rename(join(inbox.folder, doneFile), join(claim.folder, doneFile));
    await rename(join(inbox.folder, claim.record.file), claim.path);
  } catch (error) {
    const code = systemCode(error);
    if (code === 'ENOENT') return { kind: 'gone' };
    if (code === 'EXDEV')
      return { kind: 'not-yet', why: `${processingFolder(inbox.folder)} is on another disk, so it cannot be claimed` };
    if (notOurs.has(code))
      return { kind: 'not-yet', why: `it cannot be moved (${code}): another program may have it open` };
    throw error;
  }
  if ((await identityOf(claim.path)) === claim.record.identity) return { kind: 'taken', claim };
  return { kind: 'not-yet', why: 'it was changed at the last moment' };
}

const notOurs: ReadonlySet<string> = new Set(['EACCES', 'EPERM', 'EBUSY', 'ETXTBSY']);

/** The folder appears with its note in it, so that no claim is ever without one. */
async function beginClaim(inbox: Inbox, id: string, record: ClaimRecord, release: () => void): Promise<Claim> {
  const folder = join(processingFolder(inbox.folder), id);
  const beginning = join(processingFolder(inbox.folder), `${beginningPrefix}${id}`);
  try {
    await mkdir(beginning);
    await writeNote(beginning, record);
    await rename(beginning, folder);
  } catch (error) {
    release();
    throw error;
  }
  return holdClaim(inbox, id, record, release);
}

function claimName(now: Date): string {
  const [date = '', time = ''] = now.toISOString().replaceAll(/[-:]/g, '').split('T');
  return `${date}-${time.slice(0, 6)}-${randomBytes(4).toString('hex')}`;
}

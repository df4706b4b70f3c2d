import type { Inbox } from '#src/inbox/open-inbox.js';
import { explainFailure } from '#src/library/explain-failure.js';

/** Keeps what was seen for the next sweep. @throws RunStoppedError when the disk of the state folder does not let it */
export async function keepMemory(inbox: Inbox): Promise<void> {
  try {
    await inbox.remember();
  } catch (error) {
    throw explainFailure(error, 'The state folder cannot be written', 'Make room for the state folder.');
  }
}

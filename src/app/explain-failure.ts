import { CustomersError, type ExitCode, exitCodes, RunStoppedError, readSystemCode } from '#src/errors.js';
import { createDamagedLedgerError, isDamagedLedgerError } from '#src/ledger/damaged-ledger.js';

const diskFull = { fact: 'the disk is full', fix: 'Free some space on it.' } as const;
const diskFault = { fact: 'the disk reports an error', fix: 'Check the disk, or the network drive.' } as const;

const tooManyFiles = {
  fact: 'too many files are open',
  fix: 'Close other programs, or raise the limit of open files (ulimit -n).',
} as const;

/** Errors of the disk, as Node and SQLite name them, that users can fix. */
const diskErrors: Readonly<Record<string, { readonly fact: string; readonly fix: string }>> = {
  ENOSPC: diskFull,
  SQLITE_FULL: diskFull,
  EDQUOT: { fact: 'the disk quota is used up', fix: 'Delete files there, or ask for a larger quota.' },
  EROFS: { fact: 'the disk is read-only', fix: 'Make it writable again.' },
  SQLITE_READONLY: { fact: 'the file is read-only', fix: 'Make it writable again.' },
  EACCES: { fact: 'this user is not allowed to write there', fix: 'Give this user write permission there.' },
  // On Windows, of a file that is open in Excel.
  EBUSY: { fact: 'another program has the file open', fix: 'Close the file there.' },
  EPERM: {
    fact: 'the system does not allow it; perhaps another program has the file open',
    fix: 'Close the file in other programs, or give this user write permission.',
  },
  EIO: diskFault,
  SQLITE_IOERR: diskFault,
  EMFILE: tooManyFiles,
  ENFILE: tooManyFiles,
};

const folderGone = {
  fact: 'its folder is not there any more',
  fix: 'Put the folder back, or choose another one.',
} as const;
const nameTaken = { fact: 'a folder has its name', fix: 'Rename that folder, or choose another name.' } as const;

/** Errors of a file that could be written when the command began, and cannot at its end. */
const placeErrors: typeof diskErrors = { ENOENT: folderGone, ENOTDIR: folderGone, EISDIR: nameTaken };

/**
 * Turns an error of the disk into one that says what to do; all others stay as they are.
 *
 * @param afterwards - what happens, or is to be done, once the cause is fixed
 */
export function explainFailure(error: unknown, what: string, afterwards?: string): unknown {
  if (error instanceof CustomersError || !(error instanceof Error)) return error;
  if (isDamagedLedgerError(error)) return createDamagedLedgerError('in the state folder', error);
  const code = readSystemCode(error);
  const known = Object.keys(diskErrors).find((name) => code.startsWith(name));
  const full = /disk is full/i.test(error.message) ? diskFull : undefined;
  const cause = known === undefined ? full : diskErrors[known];
  if (cause === undefined) return error;
  const nextStep = afterwards === undefined ? cause.fix : `${cause.fix} ${afterwards}`;
  return new RunStoppedError(`${what}: ${cause.fact}.`, { code: 'DISK', nextStep, cause: error });
}

/**
 * Turns what kept a file from being written at the end of a run into an error that says so, and nothing about the rows:
 * these are in the ledger. A fault of this program stays as it is.
 *
 * @param afterwards - what to do once the cause is fixed
 */
export function explainNotWritten(error: unknown, what: string, afterwards: string): unknown {
  const isKnown = error instanceof CustomersError;
  const code = readSystemCode(isKnown ? error.cause : error);
  if (!isKnown && code === '') return error;
  const known = { ...placeErrors, ...diskErrors }[code];
  const { fact, fix } = known ?? {
    fact: error instanceof Error ? error.message.replace(/\.$/, '') : String(error),
    fix: isKnown ? error.nextStep : 'Check the disk.',
  };
  return new RunStoppedError(`${what}: ${fact}.`, {
    code: 'RESULTS_NOT_WRITTEN',
    nextStep: `${fix} ${afterwards}`,
    cause: error,
  });
}

/** Exit codes that say that nothing was sent. */
const refusalExits: ReadonlySet<ExitCode> = new Set([exitCodes.usage, exitCodes.unreadableInput, exitCodes.guard]);

/** What would have refused a run before its first request only ends it when rows were sent: it can be resumed. */
export function explainLateRefusal(error: unknown): unknown {
  if (!(error instanceof CustomersError) || !refusalExits.has(error.exitCode)) return error;
  const { message, code, nextStep } = error;
  return new RunStoppedError(message, { code, nextStep, cause: error });
}

import { CustomersError, RunStoppedError, readSystemCode } from '#src/errors.js';
import { createDamagedLedgerError, isDamagedLedgerError } from '#src/ledger/damaged-ledger.js';

/** Errors of the disk, as Node and SQLite name them, that users can fix. */
const diskErrors: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  SQLITE_FULL: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EROFS: 'the disk is read-only',
  SQLITE_READONLY: 'the file is read-only',
  EACCES: 'this user may not write there',
  // On Windows, of a file that is open in Excel.
  EBUSY: 'another program has the file open',
  EPERM: 'the system does not allow it; perhaps another program has the file open',
  EIO: 'the disk reports an error',
  SQLITE_IOERR: 'the disk reports an error',
  EMFILE: 'too many files are open',
};

/** Turns an error of the disk into one that says what to do; all others stay as they are. */
export function explainFailure(error: unknown, what: string, nextStep: string): unknown {
  if (error instanceof CustomersError || !(error instanceof Error)) return error;
  if (isDamagedLedgerError(error)) return createDamagedLedgerError('in the state folder', error);
  const code = readSystemCode(error);
  const known = Object.keys(diskErrors).find((name) => code.startsWith(name));
  const full = /disk is full/i.test(error.message) ? 'the disk is full' : undefined;
  const cause = known === undefined ? full : diskErrors[known];
  if (cause === undefined) return error;
  return new RunStoppedError(`${what}: ${cause}.`, { code: 'DISK', nextStep, cause: error });
}

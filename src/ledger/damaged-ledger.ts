import { GuardError } from '#src/errors.js';

/** What SQLite says of a file that was cut, or written over by something else. */
const damage = /malformed|not a database|corrupt/i;

export function isDamagedLedgerError(error: Error): boolean {
  return damage.test(`${error.message} ${'code' in error ? String(error.code) : ''}`);
}

/** Without its ledger the program does not know whom it has created, so it must not go on as if there were nobody. */
export function createDamagedLedgerError(where: string, cause: Error): GuardError {
  return new GuardError(`The ledger ${where} is damaged (${cause.message}).`, {
    code: 'LEDGER_DAMAGED',
    nextStep:
      'Do not import again before this is settled, or customers may be created twice: restore the state folder from a backup, or move it away and compare your last result file with the customers at the API.',
    cause,
  });
}

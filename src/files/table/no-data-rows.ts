import { InputError } from '#src/errors.js';
import { findHeader, type HeaderSearch } from './find-header.js';

/** The cells of a header, and of the rows above it. */
interface FoundTop {
  readonly header: readonly string[];
  readonly above: readonly (readonly string[])[];
}

/** The table has no rows: the file is whole and has nothing to do, or it is not the file that was meant. */
export class NoDataRowsError extends InputError {
  /** Whether there is a header with the columns that the mapping names. */
  readonly hasExpectedHeader: boolean;

  /** @param found - the header, and the rows above it; `undefined` when there is none */
  constructor(message: string, nextStep: string, found: FoundTop | undefined, search: HeaderSearch) {
    super(message, { code: 'NO_DATA_ROWS', nextStep });
    // Where a file was sorted with its header, all customers may be above it.
    const isOnTop = found?.above.every((cells) => cells.filter((cell) => cell.trim() !== '').length <= 1) === true;
    this.hasExpectedHeader = isOnTop && found !== undefined && findHeader([found.header], search).isMatched;
  }
}

import { InputError } from '#src/errors.js';
import { findHeader, type HeaderSearch } from './find-header.js';

/** The table has no rows: the file is whole and has nothing to do, or it is not the file that was meant. */
export class NoDataRowsError extends InputError {
  /** Whether there is a header with the columns that the mapping names. */
  readonly hasExpectedHeader: boolean;

  /** @param header - the cells of the header; `undefined` when there is none */
  constructor(message: string, nextStep: string, header: readonly string[] | undefined, search: HeaderSearch) {
    super(message, { code: 'NO_DATA_ROWS', nextStep });
    this.hasExpectedHeader = header !== undefined && findHeader([header], search).isMatched;
  }
}

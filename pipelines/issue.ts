import type { Code } from './codes.js';

/** `error`: it cannot be used so; `warning`: probably not as meant; `info`: worth knowing. */
export type Severity = 'error' | 'warning' | 'info';

/** Where something is. Only what applies is present. */
export interface Place {
  /** As the user named it. */
  readonly file?: string;
  readonly sheet?: string;
  /** The line or row number that an editor shows. */
  readonly row?: number;
  /** The source columns concerned. */
  readonly columns?: readonly string[];
  /** The customer field concerned. */
  readonly field?: string;
  /** The offending value as found, cut to a readable length. */
  readonly value?: string;
  /** In a JSON file: `fields.phoneNumber.transform[0]`; empty for the file as a whole. */
  readonly path?: string;
  /** In a text file, from 1. */
  readonly line?: number;
  /** In a text file, from 1. */
  readonly column?: number;
}

/**
 * Something that a person should know about their input, mapping or configuration. Flat, because this is also the form
 * in which `--json` prints it and the ledger keeps it. `Issue<string>` may have a code that the API made up.
 */
export interface Issue<C extends string = Code> extends Place {
  readonly severity: Severity;
  /** Stable, for scripts. */
  readonly code: C;
  /** A whole sentence: the fact, then the next step unless `nextStep` has it. Does not repeat file and row. */
  readonly message: string;
  /** A whole sentence. */
  readonly nextStep?: string;
}

import type { RowSource } from '../../pipelines/ports.js';

/** A file of rows as the readers give it: what the pipeline needs, and what the command line reports besides. */
export interface InputSource extends RowSource {
  /** Names that occur more than once in the header, as written there: a mapping that uses one is ambiguous. */
  readonly duplicateColumns: readonly string[];
  /** Tells two files of the same name apart, e.g. between a check and the import. */
  readonly fingerprint: { readonly sha256: string; readonly sizeBytes: number };
}

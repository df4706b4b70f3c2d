import type { Cell } from '#pipelines/row.js';
import type { Candidate } from './assign-columns.js';
import type { ColumnValues } from './column-values.js';
import type { KeyProposal } from './propose-key.js';
import type { MappingJson } from './suggestion.js';

/** The beginning of a file. */
export interface FileSample {
  readonly columns: readonly string[];
  /** Names that the file has more than once: no mapping can mean one of them. */
  readonly duplicateColumns: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
  /** What the mapping has to say about reading the file. */
  readonly source?: MappingJson['source'];
}

/** What a suggestion is put together from. */
export interface SuggestionParts {
  readonly all: readonly ColumnValues[];
  readonly taken: readonly Candidate[];
  readonly key: KeyProposal | undefined;
  readonly sample: FileSample;
}

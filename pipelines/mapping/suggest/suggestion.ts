import type { MatchRule } from '#pipelines/mapping/mapping.js';
import type { ContentKind, DateOrder } from './column-values.js';
import type { SuggestedField } from './synonyms.js';

/** Where a column goes. */
export type Target = SuggestedField | CustomColumn | 'customerCode' | 'customerId' | 'key';

/** The customer's free fields (cC_001 …), for columns that fit no other field. */
export type CustomColumn = `cC_${string}`;

/** From this confidence on, the user is not asked. */
export const minSureConfidence = 0.8;

/** The proposal for one column of the file. */
export interface ColumnProposal {
  readonly column: string;
  readonly samples: readonly string[];
  readonly look: ContentKind;
  readonly distinct: number;
  /** Absent when the column is left out. */
  readonly target?: Target;
  /** 0 to 1. */
  readonly confidence: number;
  /** Why, or why not, as a clause. */
  readonly why: string;
  /** Whole sentences, e.g. about values that will be refused. */
  readonly remarks: readonly string[];
}

/** A question that only the user can answer. */
export type Question =
  | { readonly kind: 'target'; readonly column: string; readonly target: Target; readonly samples: readonly string[] }
  | { readonly kind: 'key'; readonly column: string; readonly why: string; readonly samples: readonly string[] }
  | { readonly kind: 'dateOrder'; readonly columns: readonly string[]; readonly samples: readonly string[] }
  | { readonly kind: 'decimal'; readonly column: string; readonly samples: readonly string[] }
  | { readonly kind: 'customColumns'; readonly columns: readonly string[] };

/** The answers of the user so far. */
export interface Choices {
  /** By column; `leave` leaves it out. */
  readonly targets?: ReadonlyMap<string, Target | 'leave'>;
  /** The column of the key; `none` does without. */
  readonly key?: { readonly column: string } | 'none';
  readonly dateOrder?: DateOrder;
  readonly decimal?: '.' | ',';
  /** Map columns without a field of their own to cC_001 and so on. */
  readonly customColumns?: boolean;
  /** A field that no customer uses, to store the key in. */
  readonly stamp?: FreeFieldChoice;
}

/** A customer field that is blank in as many customers as were looked at. */
export interface FreeFieldChoice {
  readonly field: string;
  readonly customers: number;
}

export interface Suggestion {
  /** The mapping, ready to be written as JSON. */
  readonly mapping: MappingJson;
  /** In file order. */
  readonly columns: readonly ColumnProposal[];
  readonly questions: readonly Question[];
  /** About the mapping as a whole. */
  readonly remarks: readonly string[];
  readonly rows: number;
}

/** What a mapping says about how its files are read; only what is not detected. */
export interface SourceHints {
  readonly sheet?: string;
  readonly headerRow?: number;
  readonly noHeader?: true;
  readonly escape?: 'backslash';
  readonly skipInitialSpace?: true;
}

export type RuleJson = string | { readonly [property: string]: unknown };

export interface MappingJson {
  readonly $schema: string;
  readonly version: 1;
  readonly source?: SourceHints;
  readonly mode: 'add' | 'upsert';
  readonly key?: { readonly column: string; readonly stamp?: string };
  readonly match?: MatchRule | readonly string[];
  readonly fields: { readonly [field: string]: RuleJson };
  readonly ignore?: readonly string[];
  readonly blankTokens?: readonly string[];
}

import type { Guards } from '#pipelines/guards.js';
import type { ReadOptions } from '#pipelines/reading-options.js';
import type { BlankTokenRule } from './blank-tokens.js';
import type { CustomFields, FieldType, FieldValue } from './fields.js';
import type { PlaceholderRule } from './key.js';
import type { TransformStep } from './transforms/transforms.js';
import type { TypeRule } from './types/cell-types.js';

export const modes = ['add', 'update', 'upsert'] as const;

/** What an import does with a row's customer. */
export type Mode = (typeof modes)[number];

/** What becomes of several columns: all are joined, or the first that is not blank is used. */
export const takePolicies = ['all', 'first'] as const;

/** What happens to columns of the file that the mapping does not mention. */
export const unmappedPolicies = ['warn', 'error', 'ignore'] as const;

/** What a blank cell does on an update: leave the customer's value alone, or clear it. */
export const blankPolicies = ['keep', 'clear'] as const;

/**
 * When the value of a field is written to a customer that exists: whenever it differs, never (only to new customers), when
 * the customer has no value, or when the file's own value has changed since it was last sent.
 */
export const writePolicies = ['always', 'create', 'whenEmpty', 'whenChanged'] as const;

export type WritePolicy = (typeof writePolicies)[number];

/** Which value is kept where the file and the account have both changed a field since it was last sent. */
export const conflictPolicies = ['file', 'account', 'ask'] as const;

export type ConflictPolicy = (typeof conflictPolicies)[number];

/** What is done with customers that keys of the mapping stand for and that are in no row of a whole file. */
export const absentPolicies = ['report', 'deactivate'] as const;

/** Whether guards of other programs are taken off the texts of cells. */
export const cellTextPolicies = ['clean', 'asWritten'] as const;

/** What becomes of a row without any name, key, e-mail address and telephone number. */
export const namelessPolicies = ['error', 'allow'] as const;

/** When a field is written, as far as the mapping says. */
export interface WriteRule {
  readonly write?: WritePolicy;
  readonly conflict?: ConflictPolicy;
}

/** A valid mapping, with all defaults filled in. */
export interface Mapping extends WriteRule {
  /** How to read the file; `auto` is left out. */
  readonly source: ReadOptions;
  readonly mode?: Mode;
  readonly key?: KeyRule;
  /** Lists of fields by which a customer is found that neither code nor key tell; they are tried in turn. */
  readonly match: MatchRule;
  /** The column with the command of each row. */
  readonly command?: string;
  readonly guards: Guards;
  /** Given for files that are the whole truth. */
  readonly absent?: (typeof absentPolicies)[number];
  readonly fields: readonly FieldRule[];
  readonly customFields: CustomFields;
  readonly ignore: readonly string[];
  readonly unmapped: (typeof unmappedPolicies)[number];
  readonly blank: (typeof blankPolicies)[number];
  /** A cell with exactly this text clears the customer's field. */
  readonly nullToken?: string;
  /** Cells with one of these texts are blank. */
  readonly blankTokens: BlankTokenRule;
  readonly cellTexts: (typeof cellTextPolicies)[number];
  readonly nameless: (typeof namelessPolicies)[number];
  /** Of telephone numbers that neither the row nor a rule places; it comes from the profile, not from the file. */
  readonly homeCountry?: string;
}

/** Where text comes from: one column, or several. */
export interface ColumnSource {
  readonly columns: readonly string[];
  /** Between the texts of several columns. */
  readonly join: string;
  /** Of several columns, the first that is not blank, instead of all joined. */
  readonly takesFirst?: true;
}

/** Lists of fields that must all fit; where one is blank, the next list is tried. */
export type MatchRule = readonly (readonly string[])[];

export interface KeyRule extends ColumnSource {
  /** The system that the keys are of, where several have keys of their own: their number 1 is another customer. */
  readonly source?: string;
  readonly placeholders: PlaceholderRule;
  /** The customer's field that also stores the key. */
  readonly stamp?: string;
}

/** Where the value of one field comes from. */
export type FieldRule = ConstantRule | ColumnRule | ExpressionRule;

interface ConstantRule extends WriteRule {
  readonly kind: 'constant';
  readonly field: string;
  readonly value: FieldValue;
}

/** The steps from a text to the value of a field. */
export interface ValueRule extends WriteRule {
  readonly field: string;
  readonly fieldType: FieldType;
  readonly transforms: readonly TransformStep[];
  readonly lookup?: Lookup;
  readonly type: TypeRule;
  /** The value for a blank cell. */
  readonly default?: FieldValue;
  /** A value that does not fit is left out, instead of making its row invalid. */
  readonly otherwise?: 'blank';
}

export interface ColumnRule extends ValueRule, ColumnSource {
  readonly kind: 'columns';
}

/** A field that a formula computes from the whole row. */
export interface ExpressionRule extends ValueRule {
  readonly kind: 'expression';
  readonly expression: string;
  /** The columns that the formula names. */
  readonly columns: readonly string[];
}

export interface Lookup {
  readonly entries: readonly (readonly [from: string, to: FieldValue])[];
  readonly otherwise: LookupFallback;
}

/** The result for a text that the lookup does not list. */
export type LookupFallback = 'error' | 'keep' | 'blank' | { readonly value: FieldValue };

export const lookupFallbacks = ['error', 'keep', 'blank'] as const;

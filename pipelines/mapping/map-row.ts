import type { Code } from '#pipelines/codes.js';
import type { Issue } from '#pipelines/issue.js';
import {
  type Cell,
  type Command,
  cellToText,
  commands,
  type Draft,
  defaultCommand,
  isCommand,
  type JsonValue,
  type Row,
} from '#pipelines/model.js';
import type { DecisionWord } from '#pipelines/ports.js';
import { type CellFailure, formatCells, type GatheredCell, isFailure, shortenValue } from './cells.js';
import type { FieldOutcome } from './compile-field.js';
import { type FieldValue, secretFields } from './fields.js';
import { formatStamp, normaliseKey } from './key.js';
import { suggestNames } from './nearest-name.js';
import { trimText } from './normalise-name.js';

/** Makes the function that reads the command of a row. */
export function compileCommand(position: number): (cells: readonly Cell[]) => Command | CellFailure {
  return (cells) => {
    const text = trimText(cellToText(cells[position])).toUpperCase();
    if (text === '') return defaultCommand;
    return isCommand(text)
      ? text
      : { code: 'COMMAND_UNKNOWN', says: `is not a command; ${suggestNames(text, commands)}` };
  };
}

/** The content of a row, as the mapping reads it. */
export interface MappedRow {
  /** Only the fields that the row has values for; null clears. */
  readonly draft: Draft;
  /** Normalised; without its source. */
  readonly key?: string;
  /** The key without the number format of its cell, and the draft with it, where that is another key. */
  readonly unformatted?: { readonly key: string; readonly draft: Draft };
  readonly customerCode?: string;
  readonly customerId?: string;
  /** Only where the mapping names a column for it. */
  readonly command?: Command;
  /** Fields of the draft whose value is the mapping's `default`, because their cells are blank; absent when there are none. */
  readonly defaulted?: readonly string[];
  /** Only for a row of a review file. */
  readonly decision?: DecisionWord;
  /** Why the row is left out: it is no customer, or a review file says so. */
  readonly skip?: Issue;
  /** Why the row cannot be used; the fields affected are not in the draft. */
  readonly reasons: readonly Issue[];
  /** Notes for the user on a row that can be used. */
  readonly notes: readonly Issue[];
}

/** One value to read from a row: a field of the customer, the key (with the field that stores it), or the command. */
export interface RowTarget {
  readonly kind: 'field' | 'key' | 'command';
  readonly field: string | undefined;
  readonly positions: readonly number[];
  readonly columns: readonly string[];
  /** Of a key: the source that the mapping names. */
  readonly keySource?: string;
  /** Given where a value that does not fit is left out: what takes its place, if anything. */
  readonly whenUnfit?: { readonly default: FieldValue | undefined };
  read(cells: readonly Cell[], computed?: readonly GatheredCell[]): FieldOutcome;
  /** Of a key: see {@link MappedRow.unformatted}. */
  readUnformatted?(cells: readonly Cell[]): string | undefined;
}

/** Most rows are valid: they share one empty list. */
const noReasons: readonly Issue[] = [];

/**
 * Reads all targets of a row, and collects every reason.
 *
 * @param computed - the results of the mapping's expressions for the row
 */
export function mapRow(
  targets: readonly RowTarget[],
  { cells }: Row,
  computed: readonly GatheredCell[] = [],
): MappedRow {
  const draft: { [field: string]: JsonValue } = {};
  const identity: MappedIdentity = {};
  let reasons: Issue[] | undefined;
  let notes: Issue[] | undefined;
  let defaulted: string[] | undefined;
  let keyed: { readonly target: RowTarget; readonly bareKey: string } | undefined;

  for (const target of targets) {
    const outcome = target.read(cells, computed);
    let value = outcome;
    if (isFailure(outcome)) {
      const reason = buildReason(target, cells, outcome.code, outcome.says);
      if (target.whenUnfit === undefined || target.field === undefined) {
        reasons ??= [];
        reasons.push(reason);
        continue;
      }
      notes ??= [];
      notes.push(describeLeftOut(reason));
      value = target.whenUnfit.default;
      if (value !== undefined) {
        defaulted ??= [];
        defaulted.push(target.field);
        assignValue(target, value, draft, identity);
      }
      continue;
    }
    if (typeof outcome === 'object' && outcome !== null) {
      value = outcome.value;
      if ('note' in outcome) {
        notes ??= [];
        notes.push(buildReason(target, cells, outcome.code ?? 'TRUNCATED', outcome.note, 'info'));
      } else if (target.field !== undefined) {
        defaulted ??= [];
        defaulted.push(target.field);
      }
    }
    if (value !== undefined) assignValue(target, value as JsonValue, draft, identity);
    const bareKey = target.readUnformatted?.(cells);
    if (bareKey !== undefined) keyed = { target, bareKey };
  }
  return {
    draft,
    ...identity,
    ...(keyed !== undefined && { unformatted: withKey(keyed.target, keyed.bareKey, draft) }),
    ...(defaulted !== undefined && { defaulted }),
    reasons: reasons ?? noReasons,
    notes: notes ?? noReasons,
  };
}

function withKey(target: RowTarget, key: string, draft: Draft): { readonly key: string; readonly draft: Draft } {
  const changed = { ...draft };
  const identity: MappedIdentity = {};
  assignValue(target, key, changed, identity);
  return { key: identity.key ?? key, draft: changed };
}

interface MappedIdentity {
  key?: string;
  customerCode?: string;
  customerId?: string;
  command?: Command;
}

function assignValue(
  { kind, field, keySource }: RowTarget,
  value: JsonValue,
  draft: { [field: string]: JsonValue },
  identity: MappedIdentity,
): void {
  if (kind === 'command') identity.command = value as Command;
  if (kind === 'key') {
    const key = String(value);
    identity.key = normaliseKey(key);
    if (field !== undefined) draft[field] = formatStamp(keySource, key);
    return;
  }
  if (field === 'customerCode' || field === 'customerId') {
    // The identity of a customer cannot be cleared.
    if (value !== null) identity[field] = String(value);
  } else if (field !== undefined) draft[field] = value;
}

/** A value that does not fit its field, where the mapping leaves such values out. */
export function describeLeftOut(reason: Issue): Issue {
  return { ...reason, severity: 'warning', message: `${reason.message.replace(/\.$/, '')}. The value was left out.` };
}

function buildReason(
  target: RowTarget,
  cells: readonly Cell[],
  code: Code,
  says: string,
  severity: Issue['severity'] = 'error',
): Issue {
  const { field, columns, positions } = target;
  const isSecret = field !== undefined && secretFields.has(field);
  const value = isSecret ? '' : shortenValue(formatCells(cells, positions));
  const subject = columns.length === 0 ? (field ?? '') : columns.join(' + ');
  return {
    severity,
    code,
    message: value === '' ? `${subject} ${says}` : `${subject} "${value}" ${says}`,
    columns,
    ...(field !== undefined && { field }),
    ...(value !== '' && { value }),
  };
}

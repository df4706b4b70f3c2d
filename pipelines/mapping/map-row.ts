import type { Command } from '#pipelines/command.js';
import type { Draft, JsonValue } from '#pipelines/customer.js';
import type { Cell, Reason, Row } from '#pipelines/row.js';
import type { FieldOutcome } from './compile-field.js';
import { secretFields } from './customer-fields.js';
import { type Gathered, isFailure, shownCells } from './gather-cells.js';
import { type RowReasonCode, readable } from './row-reason.js';

/** What a row says about its customer. */
export interface MappedRow {
  /** Only the fields that the row says something about; null clears. */
  readonly draft: Draft;
  readonly key?: string;
  readonly customerCode?: string;
  readonly customerId?: string;
  /** What the row asks for; only where the mapping names a column for it. */
  readonly command?: Command;
  /** Why the row cannot be used; the fields concerned are not in the draft. */
  readonly reasons: readonly Reason[];
  /** What the user should know about a row that can. */
  readonly notes: readonly Reason[];
}

/** One thing that a row is read for: a field of the customer, the key with the field that carries it, or the command. */
export interface RowTarget {
  readonly kind: 'field' | 'key' | 'command';
  readonly field: string | undefined;
  readonly positions: readonly number[];
  readonly columns: readonly string[];
  read(cells: readonly Cell[], computed?: readonly Gathered[]): FieldOutcome;
}

/** Most rows are right: they share one empty list. */
const none: readonly Reason[] = [];

/**
 * Reads a row for all targets; every reason is collected.
 *
 * @param computed - what the expressions of the mapping gave for the row
 */
export function mapRow(targets: readonly RowTarget[], { cells }: Row, computed: readonly Gathered[] = []): MappedRow {
  const draft: { [field: string]: JsonValue } = {};
  const identity: Identity = {};
  let reasons: Reason[] | undefined;
  let notes: Reason[] | undefined;

  for (const target of targets) {
    const outcome = target.read(cells, computed);
    let value = outcome;
    if (isFailure(outcome)) {
      reasons ??= [];
      reasons.push(reasonFor(target, cells, outcome.code, outcome.says));
      continue;
    }
    if (typeof outcome === 'object' && outcome !== null) {
      notes ??= [];
      notes.push(reasonFor(target, cells, 'TRUNCATED', outcome.note));
      value = outcome.value;
    }
    if (value !== undefined) settle(target, value as JsonValue, draft, identity);
  }
  return { draft, ...identity, reasons: reasons ?? none, notes: notes ?? none };
}

interface Identity {
  key?: string;
  customerCode?: string;
  customerId?: string;
  command?: Command;
}

function settle(
  { kind, field }: RowTarget,
  value: JsonValue,
  draft: { [field: string]: JsonValue },
  identity: Identity,
): void {
  if (kind === 'command') identity.command = value as Command;
  if (kind === 'key') identity.key = String(value);
  if (field === 'customerCode' || field === 'customerId') {
    // Nobody can clear who a customer is.
    if (value !== null) identity[field] = String(value);
  } else if (field !== undefined) draft[field] = value;
}

function reasonFor(target: RowTarget, cells: readonly Cell[], code: RowReasonCode, says: string): Reason {
  const { field, columns, positions } = target;
  const isSecret = field !== undefined && secretFields.has(field);
  const value = isSecret ? '' : readable(shownCells(cells, positions));
  const subject = columns.length === 0 ? (field ?? '') : columns.join(' + ');
  return {
    code,
    message: value === '' ? `${subject} ${says}` : `${subject} "${value}" ${says}`,
    columns,
    ...(field !== undefined && { field }),
    ...(value !== '' && { value }),
  };
}

import type { ColumnFinder } from './column-finder.js';
import { compileField } from './compile-field.js';
import { compileExpression } from './expressions/compile-expression.js';
import type { PlacedExpression } from './expressions/compute-row.js';
import { gatherCells } from './gather-cells.js';
import { propertyPath } from './json-path.js';
import type { RowTarget } from './map-row.js';
import type { ColumnRule, ExpressionRule, Mapping } from './mapping.js';

/** The fields of a mapping, placed in one header, and the expressions among them. */
export interface FieldTargets {
  readonly targets: readonly RowTarget[];
  /** In the order in which the targets expect their results. */
  readonly expressions: readonly PlacedExpression[];
}

/** Places every field rule in the header of a file. */
export function fieldTargets(mapping: Mapping, finder: ColumnFinder, columns: readonly string[]): FieldTargets {
  const expressions: PlacedExpression[] = [];
  const targets = mapping.fields.map((rule): RowTarget => {
    if (rule.kind === 'constant')
      return { kind: 'field', field: rule.field, positions: [], columns: [], read: () => rule.value };
    return rule.kind === 'columns' ? columnTarget(rule) : expressionTarget(rule);
  });
  return { targets, expressions };

  function columnTarget(rule: ColumnRule): RowTarget {
    const positions = finder.positionsOf(rule.columns, propertyPath('fields', rule.field));
    const gather = gatherCells({ positions, join: rule.join, nullToken: mapping.nullToken });
    return { ...named(rule.field, positions), read: compileField(rule, gather, mapping) };
  }

  function expressionTarget(rule: ExpressionRule): RowTarget {
    const path = `${propertyPath('fields', rule.field)}.expression`;
    const placed = rule.columns.flatMap((name) => finder.positionsOf([name], path).map((at) => [name, at] as const));
    const compilation = compileExpression(rule.expression);
    if (!compilation.ok) throw new Error(`An expression was parsed and does not compile: ${compilation.faults[0]}`);
    const slot = expressions.push({ expression: compilation.expression, positions: new Map(placed) }) - 1;
    return {
      ...named(
        rule.field,
        placed.map(([, position]) => position),
      ),
      read: compileField(rule, (_cells, computed) => resultAt(computed, slot, rule.field), mapping),
    };
  }

  function named(field: string, positions: readonly number[]) {
    return { kind: 'field', field, positions, columns: positions.map((position) => columns[position] ?? '') } as const;
  }
}

function resultAt<Result>(computed: readonly Result[] | undefined, slot: number, field: string): Result | undefined {
  if (computed !== undefined && slot < computed.length) return computed[slot];
  throw new Error(`The expression of ${field} was not worked out: map rows with "mapAll"`);
}

import { type CompiledMapping, compileMapping } from '#pipelines/mapping/compile.js';
import type { MappedRow } from '#pipelines/mapping/map-row.js';
import type { Mapping } from '#pipelines/mapping/mapping.js';
import { parseMapping } from '#pipelines/mapping/parse-mapping.js';
import type { Cell } from '#pipelines/model.js';
import type { DocumentIssue } from '#pipelines/shape.js';

/** The problems of a mapping file; none when it is right. */
export function parseIssues(json: unknown): readonly DocumentIssue[] {
  const parsed = parseMapping(json);
  return parsed.ok ? [] : parsed.problems;
}

export function parsed(json: unknown): Mapping {
  const result = parseMapping(json);
  if (!result.ok) throw new Error(JSON.stringify(result.problems, null, 2));
  return result.mapping;
}

export function compiled(json: unknown, columns: readonly string[]): CompiledMapping {
  const result = compileMapping(parsed(json), columns);
  if (!result.ok) throw new Error(JSON.stringify(result.problems, null, 2));
  return result.compiled;
}

/** Maps one row of the columns that `cells` names. */
export function mapCells(json: unknown, cells: Readonly<Record<string, Cell>>): MappedRow {
  return compiled(json, Object.keys(cells)).map({ index: 0, number: 2, cells: Object.values(cells) });
}

/** Maps one cell by one rule for `field`, from a column called "Cell". */
export function mapCell(field: string, rule: object, cell: Cell, rest: object = {}): MappedRow {
  return mapCells({ fields: { [field]: { column: 'Cell', ...rule } }, ...rest }, { Cell: cell });
}

/** A mapping of one field by `rule`. */
export function withRule(rule: unknown, field = 'notes'): object {
  return { fields: { [field]: rule } };
}

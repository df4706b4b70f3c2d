import { unescapeFormula } from '#pipelines/formula-text.js';
import type { RowSource } from '#pipelines/ports.js';
import type { Row } from '#pipelines/row.js';
import { type ColumnFinder, columnFinder } from './column-finder.js';
import { compileCommand } from './compile-command.js';
import { compileKey } from './compile-key.js';
import { identityFields } from './customer-fields.js';
import { computeRow } from './expressions/compute-row.js';
import { type FieldTargets, fieldTargets } from './field-targets.js';
import { type MappedRow, mapRow, type RowTarget } from './map-row.js';
import type { Mapping, Mode } from './mapping.js';
import type { MappingProblem } from './mapping-problem.js';

/** A mapping made for one header. */
export interface CompiledMapping {
  readonly mode?: Mode;
  /** The fields that a draft can have, in the order of the mapping; the stamp last. */
  readonly fields: readonly string[];
  /** Empty without a key. */
  readonly keyColumns: readonly string[];
  /** The field that carries the key, too. */
  readonly stamp?: string;
  /** Fields to find a customer by when there is neither a key nor a code. */
  readonly match: readonly string[];
  /** Columns that nothing mentions, to be warned about; empty under `"unmapped": "ignore"`. */
  readonly unmappedColumns: readonly string[];
  /** The file's names of the columns that a field is made from; none for a fixed value. */
  columnsOf(field: string): readonly string[];
  /** Maps rows in their order; also those whose fields need an expression. */
  mapAll(rows: readonly Row[]): Promise<readonly MappedRow[]>;
  /** Maps a row of a mapping without expressions. */
  map(row: Row): MappedRow;
}

export type MappingCompilation =
  | { readonly ok: true; readonly compiled: CompiledMapping }
  | { readonly ok: false; readonly problems: readonly MappingProblem[] };

/**
 * Compiles a mapping against the header of a file; all problems at once.
 *
 * @param columns - the header, in file order
 * @param duplicateColumns - names that the file has more than once
 * @param format - in CSV, the apostrophe that an export puts before what looks like a formula is taken off again
 */
export function compileMapping(
  mapping: Mapping,
  columns: readonly string[],
  duplicateColumns: readonly string[] = [],
  format?: RowSource['format'],
): MappingCompilation {
  const problems: MappingProblem[] = [];
  const finder = columnFinder(columns, duplicateColumns, problems);
  const fields = fieldTargets(mapping, finder, columns);
  const targets = [
    ...fields.targets,
    ...keyTargets(mapping, finder, columns),
    ...commandTargets(mapping, finder, columns),
  ];
  mapping.ignore.forEach((name, index) => {
    finder.leaveOut(name, `ignore[${index}]`);
  });
  const unmapped = finder.unmentioned();
  if (mapping.unmapped === 'error') problems.push(...unmapped.map(unmappedProblem));
  if (problems.length > 0) return { ok: false, problems };
  const prepare = format === 'csv' ? withoutEscapes : (row: Row) => row;
  return { ok: true, compiled: assemble(mapping, columns, { ...fields, targets }, unmapped, prepare) };
}

function withoutEscapes(row: Row): Row {
  if (!mayBeEscaped(row)) return row;
  return { ...row, cells: row.cells.map((cell) => (typeof cell === 'string' ? unescapeFormula(cell) : cell)) };
}

/** Without a closure: it runs for every cell of the file. */
function mayBeEscaped({ cells }: Row): boolean {
  for (const cell of cells) if (typeof cell === 'string' && cell.charCodeAt(0) === apostrophe) return true;
  return false;
}

const apostrophe = 0x27;

function keyTargets(
  { key, nullToken }: Mapping,
  finder: ColumnFinder,
  columns: readonly string[],
): readonly RowTarget[] {
  if (key === undefined) return [];
  const positions = finder.positionsOf(key.columns, 'key');
  const names = positions.map((position) => columns[position] ?? '');
  return [
    { kind: 'key', field: key.stamp, positions, columns: names, read: compileKey(positions, key.join, nullToken) },
  ];
}

function commandTargets({ command }: Mapping, finder: ColumnFinder, columns: readonly string[]): readonly RowTarget[] {
  if (command === undefined) return [];
  const positions = finder.positionsOf([command], 'command');
  const names = positions.map((position) => columns[position] ?? '');
  return [{ kind: 'command', field: undefined, positions, columns: names, read: compileCommand(positions[0] ?? -1) }];
}

function unmappedProblem(column: string): MappingProblem {
  return {
    code: 'COLUMN_UNMAPPED',
    path: 'unmapped',
    message: `The mapping does not mention the column "${column}"; map it, or add it to "ignore"`,
  };
}

const identities: ReadonlySet<string | undefined> = new Set(identityFields);

function assemble(
  mapping: Mapping,
  columns: readonly string[],
  { targets, expressions }: FieldTargets,
  unmapped: readonly string[],
  prepare: (row: Row) => Row,
): CompiledMapping {
  const columnsByField = new Map(targets.map((target) => [target.field, target.columns]));
  return {
    ...(mapping.mode !== undefined && { mode: mapping.mode }),
    fields: targets.flatMap(({ field }) => (field === undefined || identities.has(field) ? [] : [field])),
    keyColumns: targets.find(({ kind }) => kind === 'key')?.columns ?? [],
    ...(mapping.key?.stamp !== undefined && { stamp: mapping.key.stamp }),
    match: mapping.match,
    unmappedColumns: mapping.unmapped === 'warn' ? unmapped : [],
    columnsOf: (field) => columnsByField.get(field) ?? [],
    map: (row) => mapRow(targets, prepare(row)),
    mapAll: async (given) => {
      const rows = given.map(prepare);
      if (expressions.length === 0) return rows.map((row) => mapRow(targets, row));
      const mapped: MappedRow[] = [];
      for (const row of rows)
        mapped.push(mapRow(targets, row, await computeRow(expressions, columns, row.cells, mapping.nullToken)));
      return mapped;
    },
  };
}

import type { MappingProblem } from './mapping-problem.js';
import { nearestNames, offerNames } from './nearest-name.js';
import { normaliseName } from './normalise-name.js';

/** Finds the columns that a mapping names in the header of one file, and remembers which were asked for. */
export interface ColumnFinder {
  /** Positions of the columns, in the order of `names`; a column that cannot be found is reported. */
  positionsOf(names: readonly string[], path: string): readonly number[];
  /**
   * Counts every column of this name as mentioned, however often the file has it. A file without it, such as an export
   * of what was imported, has nothing to leave out; but one with a column nearly of this name shows a slip of the pen.
   */
  leaveOut(name: string, path: string): void;
  /** Columns with a name that nothing has asked for yet. */
  unmentioned(): readonly string[];
}

/**
 * Exact names go first; then names that differ in case, spaces or compatibility forms only.
 *
 * @param duplicates - names that the file has more than once, even if the reader gave them different names
 * @param problems - where problems go
 */
export function columnFinder(
  columns: readonly string[],
  duplicates: readonly string[],
  problems: MappingProblem[],
): ColumnFinder {
  const mentioned = new Set<number>();
  const normalised = columns.map(normaliseName);
  const doubled = new Set(duplicates);

  function candidates(name: string): readonly number[] {
    const exact = positionsWhere(columns, name);
    return exact.length > 0 ? exact : positionsWhere(normalised, normaliseName(name));
  }

  function find(name: string, path: string): number | undefined {
    const found = candidates(name);
    for (const position of found) mentioned.add(position);
    const [position] = found;
    if (position === undefined) problems.push({ code: 'COLUMN_MISSING', path, message: missing(name, columns) });
    else if (found.length > 1 || doubled.has(columns[position] ?? ''))
      problems.push({ code: 'COLUMN_AMBIGUOUS', path, message: ambiguous(name, found, columns) });
    return position;
  }

  return {
    positionsOf: (names, path) =>
      names.flatMap((name, index) => find(name, names.length > 1 ? `${path}.columns[${index}]` : path) ?? []),
    leaveOut(name, path) {
      const found = candidates(name);
      for (const position of found) mentioned.add(position);
      const open = columns.filter((_, position) => !mentioned.has(position));
      if (found.length === 0 && (name.startsWith('_') || nearestNames(name, open).length > 0))
        problems.push({ code: 'COLUMN_MISSING', path, message: missing(name, open) });
    },
    unmentioned: () => columns.filter((name, position) => name.trim() !== '' && !mentioned.has(position)),
  };
}

function positionsWhere(names: readonly string[], wanted: string): readonly number[] {
  return names.flatMap((name, position) => (name === wanted ? [position] : []));
}

function missing(name: string, columns: readonly string[]): string {
  if (name.startsWith('_'))
    return `"${name}" is never read: columns that begin with "_" are results of an earlier run; map another column`;
  return `The file has no column "${name}"; ${offerNames(name, columns)}`;
}

function ambiguous(name: string, found: readonly number[], columns: readonly string[]): string {
  const names = found.map((position) => `"${columns[position]}" (column ${position + 1})`).join(', ');
  return `"${name}" means more than one column: ${names}; rename all but one in the file`;
}

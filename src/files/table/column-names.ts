import type { Notice } from '#pipelines/ports.js';

/** Spelling that counts when names are compared: compatibility forms, case and spaces do not. */
export function normalizedName(name: string): string {
  return name.normalize('NFKC').trim().toLowerCase().replace(/\s+/g, ' ');
}

/** The columns of a table, by their place in the file. */
export interface TableColumns {
  readonly columns: readonly string[];
  /** For each column its place in the file; `undefined` when all stand where they are. */
  readonly places: readonly number[] | undefined;
  /** Cells up to the last column that counts. */
  readonly width: number;
  readonly duplicateColumns: readonly string[];
  readonly notices: readonly Notice[];
}

/**
 * Names the columns of a table by its header.
 *
 * @param header - the header's cells as found
 * @param usedWidth - how many cells the first data rows use: columns behind the last name count only if one has a value
 * @param headerRow - 1-based line or row of the header, for the notices
 * @param keepsOurs - also columns that this program wrote into a result file
 */
export function nameColumns(
  header: readonly string[],
  usedWidth: number,
  headerRow: number,
  keepsOurs = false,
): TableColumns {
  const named = header.findLastIndex((name) => name.trim() !== '') + 1;
  const width = Math.min(header.length, Math.max(named, usedWidth));
  const { names, unnamed, renamed } = uniqueNames(header.slice(0, width));
  const places = names.flatMap((name, place) => (isOurs(name) && !keepsOurs ? [] : [place]));
  const columns = places.map((place) => names[place] ?? '');
  const notices: Notice[] = [];
  if (unnamed.length > 0) notices.push(unnamedNotice(unnamed, headerRow));
  if (renamed.length > 0) notices.push(renamedNotice(renamed, headerRow));
  if (header.length > width) notices.push(droppedNotice(header.length - width, headerRow));
  return {
    columns,
    places: columns.length === names.length ? undefined : places,
    width,
    duplicateColumns: duplicates(header.slice(0, width).filter((name) => name.trim() !== '' && !isOurs(name))),
    notices,
  };
}

/** Columns that this program wrote into a result file; the file can be mended and read again. */
function isOurs(name: string): boolean {
  return name.trimStart().startsWith('_');
}

function uniqueNames(header: readonly string[]) {
  const taken = new Set(header);
  const used = new Set<string>();
  const unnamed: string[] = [];
  const renamed: string[] = [];
  const names = header.map((name, place) => {
    const wanted = name.trim() === '' ? `Column ${place + 1}` : name;
    const isFree = !used.has(wanted) && (wanted === name || !taken.has(wanted));
    const unique = isFree ? wanted : firstFree(wanted, (candidate) => taken.has(candidate) || used.has(candidate));
    used.add(unique);
    if (wanted !== name) unnamed.push(unique);
    else if (unique !== name) renamed.push(unique);
    return unique;
  });
  return { names, unnamed, renamed };
}

function firstFree(name: string, isTaken: (candidate: string) => boolean): string {
  let count = 2;
  while (isTaken(`${name} (${count})`)) count += 1;
  return `${name} (${count})`;
}

function duplicates(names: readonly string[]): string[] {
  const first = new Map<string, string>();
  const twice = new Map<string, string>();
  for (const name of names) {
    const key = normalizedName(name);
    const earlier = first.get(key);
    if (earlier === undefined) first.set(key, name);
    else twice.set(key, earlier);
  }
  return [...twice.values()];
}

function unnamedNotice(columns: readonly string[], row: number): Notice {
  return {
    code: 'UNNAMED_COLUMNS',
    message: `Columns without a name in the header are called ${listed(columns)}.`,
    row,
    columns,
  };
}

function renamedNotice(columns: readonly string[], row: number): Notice {
  return {
    code: 'DUPLICATE_COLUMNS',
    message: `Several columns bear the same name; the later ones are called ${listed(columns)}.`,
    row,
    columns,
  };
}

function droppedNotice(count: number, row: number): Notice {
  return {
    code: 'EMPTY_COLUMNS_DROPPED',
    message: `${count} empty ${count === 1 ? 'column' : 'columns'} without a name at the right end ${count === 1 ? 'was' : 'were'} left out.`,
    row,
  };
}

const maxListed = 5;

function listed(names: readonly string[]): string {
  const shown = names
    .slice(0, maxListed)
    .map((name) => `"${name}"`)
    .join(', ');
  return names.length > maxListed ? `${shown} and ${names.length - maxListed} more` : shown;
}

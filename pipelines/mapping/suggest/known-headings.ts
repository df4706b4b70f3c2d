import { bareName, readHeading } from './read-heading.js';

const fewestKnown = 2;

/** Whether a row looks like the names of columns: at least two, and half of all, are ones that customer files have. */
export function lookLikeHeadings(names: readonly string[]): boolean {
  const filled = names.filter((name) => name.trim() !== '');
  const known = filled.filter((name) => bareName(name) !== undefined || readHeading(name).length > 0);
  return known.length >= fewestKnown && known.length * 2 >= filled.length;
}

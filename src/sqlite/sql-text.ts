/**
 * A value as SQL spells it, for scripts, which cannot have values bound to them. Comes out of the database as it would
 * have been bound; text may hold anything, also NUL, at which SQLite would take the script to be
 * over. `undefined` counts as nothing, too.
 */
export function literal(value: string | number | null | undefined): string {
  if (value === null || value === undefined) return 'NULL';
  if (typeof value === 'number') return String(value);
  const quoted = value.includes("'") ? value.replaceAll("'", "''") : value;
  return quoted.includes('\0') ? `'${quoted.replaceAll('\0', "'||char(0)||'")}'` : `'${quoted}'`;
}

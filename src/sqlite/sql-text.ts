/**
 * A value as SQL spells it, for scripts, which cannot have values bound to them. Comes out of the database as it would
 * have been bound, whatever characters a text has. `undefined` counts as nothing, too.
 */
export function literal(value: string | number | null | undefined): string {
  if (value === null || value === undefined) return 'NULL';
  if (typeof value === 'number') return String(value);
  // SQLite would take the script to be over at the NUL.
  if (value.includes('\0')) return `CAST(x'${Buffer.from(value, 'utf8').toString('hex')}' AS TEXT)`;
  return value.includes("'") ? `'${value.replaceAll("'", "''")}'` : `'${value}'`;
}

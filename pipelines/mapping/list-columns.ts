const maxListed = 5;

/** Columns in a sentence: `the column "A"`, `the columns "A" and "B"`, of many the first and how many there are. */
export function listColumns(names: readonly string[]): string {
  if (names.length === 1) return `the column ${quoteColumns(names)}`;
  if (names.length <= maxListed) return `the columns ${quoteColumns(names)}`;
  return `${names.length.toLocaleString('en')} columns: ${quoteColumns(names)}`;
}

/** The names alone, of many the first ones: `"A", "B" and 7 more`. */
export function quoteColumns(names: readonly string[]): string {
  const shown = names.slice(0, maxListed).map((name) => `"${name}"`);
  const rest = names.length - shown.length;
  if (rest > 0) return `${shown.join(', ')} and ${rest} more`;
  const last = shown.pop() ?? '';
  return shown.length === 0 ? last : `${shown.join(', ')} and ${last}`;
}

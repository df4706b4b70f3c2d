/**
 * A number with its noun in the form that agrees: `1 row`, `2 rows`.
 *
 * @param plural - where it is not the singular with an "s": `entries`
 */
export function formatCount(count: number, singular: string, plural = `${singular}s`): string {
  return `${count} ${count === 1 ? singular : plural}`;
}

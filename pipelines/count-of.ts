/**
 * A number with its noun: `1 row`, `1,234 rows`, `2 retries`.
 *
 * @param noun - in the singular
 */
export function countOf(count: number, noun: string): string {
  const plural = /[^aeiou]y$/.test(noun) ? `${noun.slice(0, -1)}ies` : `${noun}s`;
  return `${count.toLocaleString('en')} ${count === 1 ? noun : plural}`;
}

const emailAddress = /^[^\s@]+@[^\s@]+\.[^\s@]+$/;

/** Digits with what stands between them in numbers, dates and telephone numbers. */
const numberLike = /^[+(]?\d[\d\s.,:()/+-]*%?$/;

/** From so many cells that are numbers, and from this share of the filled ones, a row is no header. */
const numbers = { min: 2, minShare: 1 / 3 } as const;

/** Whether a row holds values rather than the names of columns: an e-mail address, or several numbers. */
export function looksLikeData(cells: readonly string[]): boolean {
  const filled = cells.map((cell) => cell.trim()).filter((cell) => cell !== '');
  if (filled.some((cell) => emailAddress.test(cell))) return true;
  const count = filled.filter((cell) => numberLike.test(cell)).length;
  return count >= numbers.min && count >= filled.length * numbers.minShare;
}

/** The most moments in any window of this length, wherever it begins; all in milliseconds. */
export function maxWithin(windowMs: number, moments: readonly number[]): number {
  const inOrder = [...moments].sort((a, b) => a - b);
  let [first, max] = [0, 0];
  for (const [last, at] of inOrder.entries()) {
    while (at - (inOrder[first] ?? at) >= windowMs) first += 1;
    max = Math.max(max, last - first + 1);
  }
  return max;
}

export function busiestSecond(moments: readonly number[]): number {
  return maxWithin(1000, moments);
}

/**
 * Splits moments where nothing happened for `stallMs` or more. The first of each part is left out: it may be late, and
 * then it is nearer to the next one than it should be.
 */
export function splitAtStalls(stallMs: number, moments: readonly number[]): readonly (readonly number[])[] {
  const parts: number[][] = [];
  let previous = Number.NEGATIVE_INFINITY;
  for (const at of [...moments].sort((a, b) => a - b)) {
    if (at - previous >= stallMs) parts.push([]);
    else parts.at(-1)?.push(at);
    previous = at;
  }
  return parts;
}

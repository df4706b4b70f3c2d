/** The most moments in any window of this length, wherever it begins; all in milliseconds. */
export function mostWithin(windowMs: number, moments: readonly number[]): number {
  const inOrder = [...moments].sort((a, b) => a - b);
  let [first, most] = [0, 0];
  for (const [last, at] of inOrder.entries()) {
    while (at - (inOrder[first] ?? at) >= windowMs) first += 1;
    most = Math.max(most, last - first + 1);
  }
  return most;
}

export function busiestSecond(moments: readonly number[]): number {
  return mostWithin(1000, moments);
}

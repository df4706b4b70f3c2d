import type { FailureLimit } from '#pipelines/run-control.js';

/** Where a share of the rows begins to say something. */
const shareFromRow = 300;

/** Reads `n` rows or `p%` of them. @returns `undefined` when it is neither */
export function parseFailureLimit(text: string): FailureLimit | undefined {
  const parts = /^(\d+(?:\.\d+)?)(%?)$/.exec(text);
  const amount = Number(parts?.[1]);
  if (parts === null || (parts[2] === '%' ? amount > 100 : !Number.isInteger(amount))) return undefined;
  if (parts[2] !== '%') return { kind: 'count', most: amount };
  return { kind: 'share', most: amount / 100, from: shareFromRow };
}

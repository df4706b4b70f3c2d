import { expect, it } from 'vitest';
import { makeHeldOutSet } from '#bench/duplicates/make-held-out-set.js';
import { makeLabelledSet } from '#bench/duplicates/make-set.js';
import { measureAccuracy } from '#bench/duplicates/measure-accuracy.js';

/** `npm run bench -- duplicates-accuracy` measures three seeds, and the held-out sets beside them. */
const seed = 21;

it('finds the planted duplicates among 10,000 rows, and takes few others for duplicates', async () => {
  const set = makeLabelledSet(seed);
  expect(set.rows).toHaveLength(10_000);
  expect(set.truePairs).toBe(500);
  const { precision, recall, recallWithReview, reviewsPerThousand } = await measureAccuracy(set);
  expect(precision).toBeGreaterThanOrEqual(0.99);
  expect(recall).toBeGreaterThanOrEqual(0.9);
  expect(recallWithReview).toBeGreaterThanOrEqual(0.98);
  expect(reviewsPerThousand).toBeLessThanOrEqual(20);
}, 120_000);

it('makes the same set of the same seed, and another one of another', () => {
  const size = { rows: 300, duplicates: 30, nearMisses: 30 };
  for (const make of [makeLabelledSet, makeHeldOutSet]) {
    expect(make(1, size)).toEqual(make(1, size));
    expect(make(1, size)).not.toEqual(make(2, size));
  }
});

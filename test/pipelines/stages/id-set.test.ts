import { describe, expect, it } from 'vitest';
import { IdSet } from '#pipelines/stages/id-set.js';

describe('IdSet', () => {
  it('knows 200,000 ids that differ in few digits from each other', () => {
    const ids = Array.from(
      { length: 200_000 },
      (_, index) => `41deea20-39ab-48f3-bcbf-${String(index).padStart(12, '0')}`,
    );
    const set = new IdSet();
    expect(ids.every((id) => set.add(id))).toBe(true);
    expect(ids.some((id) => set.add(id))).toBe(false);
    expect(set.size).toBe(200_000);
  });

  it('tells short codes apart', () => {
    const set = new IdSet();
    const codes = Array.from({ length: 10_000 }, (_, index) => String(index));
    expect(codes.filter((code) => set.add(code))).toHaveLength(10_000);
  });
});

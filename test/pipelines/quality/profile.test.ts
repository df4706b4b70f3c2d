import { describe, expect, it } from 'vitest';
import type { Cell } from '#pipelines/model.js';
import { ColumnProfiler, DistinctCounter, FrequentValues } from '#pipelines/quality/profile.js';

function profileCells(cells: readonly (Cell | undefined)[], isSecret = false) {
  const profiler = new ColumnProfiler('A', isSecret);
  for (const cell of cells) profiler.add(cell);
  return profiler.result;
}

describe('the profile of a column', () => {
  it('has the completeness, the number of values, the most frequent ones, their length and kind', () => {
    expect(profileCells(['NSW', ' NSW ', 'VIC', '', undefined, '0810', 'a@x.example'])).toEqual({
      column: 'A',
      rows: 7,
      filled: 5,
      distinct: { count: 4, isEstimate: false },
      top: [
        { value: 'NSW', count: 2 },
        { value: 'VIC', count: 1 },
        { value: '0810', count: 1 },
        { value: 'a@x.example', count: 1 },
      ],
      longest: 11,
      kinds: { text: 3, digits: 1, 'e-mail': 1 },
    });
  });

  it.each<[cell: Cell, kind: string]>([
    ['-1.250,50', 'number'],
    ['31/12/2024', 'date'],
    ['2024-12-31 10:00', 'date'],
    ['Yes', 'yes/no'],
    ['https://x.example', 'web address'],
    ['0458-665-290', 'text'],
    [{ kind: 'number', text: '5', value: 5 }, 'number'],
    [{ kind: 'date', text: '2024-12-31' }, 'date'],
    [{ kind: 'boolean', text: 'TRUE', value: true }, 'yes/no'],
    [{ kind: 'error', text: '#REF!', reason: 'a lost reference' }, 'error'],
  ])('calls %j %s', (cell, kind) => {
    expect(profileCells([cell]).kinds).toEqual({ [kind]: 1 });
  });

  it('shows no values of personal data', () => {
    expect(profileCells(['123', '123'], true)).toMatchObject({ distinct: { count: 1 }, top: [] });
  });

  it('keeps only the beginning of a long text', () => {
    const { longest, top } = profileCells(['x'.repeat(100_000)]);
    expect(longest).toBe(100_000);
    expect(top[0]?.value.length).toBeLessThanOrEqual(80);
  });
});

describe('counting different values', () => {
  it.each([5, 5000])('is exact for %d', (count) => {
    const counter = new DistinctCounter();
    for (let round = 0; round < 2; round++) for (let index = 0; index < count; index++) counter.add(`value ${index}`);
    expect(counter.result).toEqual({ count, isEstimate: false });
  });

  it.each([20_000, 300_000])('is near for %d, and says so', (count) => {
    const counter = new DistinctCounter();
    for (let index = 0; index < count; index++) counter.add(`customer${index}@example.com`);
    const { count: estimate, isEstimate } = counter.result;
    expect(isEstimate).toBe(true);
    expect(Math.abs(estimate / count - 1)).toBeLessThan(0.1);
  });
});

describe('the most frequent values', () => {
  it('are found among many others, and never counted too often', () => {
    const values = new FrequentValues();
    for (let index = 0; index < 100_000; index++) {
      values.add(`rare ${index}`);
      if (index % 10 === 0) values.add('Sydney');
      if (index % 50 === 0) values.add('Perth');
    }
    const top = values.top(2);
    expect(top.map(({ value }) => value)).toEqual(['Sydney', 'Perth']);
    expect(top[0]?.count).toBeLessThanOrEqual(10_000);
    expect(top[1]?.count).toBeLessThanOrEqual(2000);
  });
});

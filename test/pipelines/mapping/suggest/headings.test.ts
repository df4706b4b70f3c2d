import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseMapping } from '#pipelines/mapping/parse-mapping.js';
import { suggestMapping } from '#pipelines/mapping/suggest/suggest-mapping.js';
import type { ColumnProposal } from '#pipelines/mapping/suggest/suggestion.js';

/** The columns of one program's customer file, with the field that a person gives each. */
interface HeaderStyle {
  readonly style: string;
  readonly source: string;
  readonly columns: Readonly<Record<string, string | null>>;
}

function read(set: string): readonly HeaderStyle[] {
  return JSON.parse(readFileSync(`fixtures/header-styles/${set}.json`, 'utf8'));
}

function proposals({ columns }: HeaderStyle): readonly ColumnProposal[] {
  return suggestMapping({ columns: Object.keys(columns), rows: [] }).columns;
}

/** Of all proposals, how many are right; of all columns that have a field, how many are found. By names alone. */
function score(styles: readonly HeaderStyle[]) {
  const count = { right: 0, proposed: 0, wanted: 0 };
  for (const style of styles)
    for (const { column, target } of proposals(style)) {
      const wanted = style.columns[column];
      if (target !== undefined) count.proposed += 1;
      if (wanted !== null) count.wanted += 1;
      if (target !== undefined && target === wanted) count.right += 1;
    }
  return { precision: count.right / count.proposed, recall: count.right / count.wanted };
}

const tuned = read('tuned');
const heldOut = read('held-out');

describe('a mapping proposed from headings alone', () => {
  it('is tried on the files of at least 30 programs, each with its source', () => {
    expect(tuned.length).toBeGreaterThanOrEqual(30);
    expect([...tuned, ...heldOut].every(({ source }) => source !== '')).toBe(true);
  });

  it.each([
    ['tuned', tuned, { precision: 0.96, recall: 0.97 }],
    ['held-out', heldOut, { precision: 0.96, recall: 0.87 }],
  ])('is right as often as docs/mapping-commands.md says, on the %s set', (_name, styles, least) => {
    const { precision, recall } = score(styles);
    expect(precision).toBeGreaterThanOrEqual(least.precision);
    expect(recall).toBeGreaterThanOrEqual(least.recall);
  });

  it.each([...tuned, ...heldOut])('can be read by the parser: $style', ({ columns }) => {
    const { mapping } = suggestMapping({ columns: Object.keys(columns), rows: [] });
    expect(parseMapping(mapping)).toMatchObject({ ok: true });
  });

  it.each(tuned)('gives no field two columns, but for the address: $style', (style) => {
    const targets = proposals(style).flatMap(({ target }) =>
      target === undefined || target === 'address' ? [] : [target],
    );
    expect(new Set(targets).size).toBe(targets.length);
  });
});

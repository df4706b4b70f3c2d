import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseMapping } from '#pipelines/mapping/parse-mapping.js';
import { suggestMapping } from '#pipelines/mapping/suggest/suggest-mapping.js';
import { type LayoutAnswer, renderScores, scoreLayout, sumScores } from './score-layout.js';

/** The layout of one program's customer file, with invented rows. */
interface ExportLayout extends LayoutAnswer {
  readonly style: string;
  readonly source: string;
  readonly rows: readonly (readonly string[])[];
}

const layouts: readonly ExportLayout[] = JSON.parse(readFileSync('fixtures/header-styles/exports.json', 'utf8'));

function propose({ columns, rows }: ExportLayout) {
  return suggestMapping({ columns: Object.keys(columns), rows }).mapping;
}

const scores = new Map(layouts.map((layout) => [layout.style, scoreLayout(layout, propose(layout))]));

/** Held out: these layouts are only for measuring. What is read here must not go into the table of headings. */
describe('a mapping proposed for the files of programs that the table was not made with', () => {
  it('is as often right as docs/mapping-commands.md says', () => {
    if (process.env.SHOW_SCORES) process.stdout.write(renderScores(scores));
    const { precision, recall } = sumScores([...scores.values()]);
    if (process.env.SHOW_SCORES) process.stdout.write(`precision ${precision}, recall ${recall}\n`);
    expect(layouts.length).toBeGreaterThanOrEqual(15);
    expect(precision).toBeGreaterThanOrEqual(0.99);
    expect(recall).toBeGreaterThanOrEqual(0.9);
  });

  it.each(layouts)('can be read by the parser: $style', (layout) => {
    expect(layout.source).not.toBe('');
    expect(parseMapping(propose(layout))).toMatchObject({ ok: true });
  });
});

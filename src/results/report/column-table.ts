import type { ColumnProfile } from '#pipelines/profile/column-profile.js';
import { type Html, html } from './html.js';
import { number, percent, section } from './parts.js';
import type { ReportContent } from './report-data.js';

const shownValues = 3;

/** What each column of the file holds, as `check --columns` tells it. */
export function columnTable(content: ReportContent): Html | undefined {
  if (content.kind === 'unknown') return undefined;
  return section(
    'What the columns hold',
    html`<p class="soft">Of the file, before the mapping. Values are shown only where at least five rows share them.</p>
<div class="scroll" tabindex="0" role="region" aria-label="Columns"><table class="wide"><thead><tr><th scope="col">Column</th><th scope="col" class="number">Filled</th>
<th scope="col" class="number">Different</th><th scope="col" class="number">Longest</th><th scope="col">Kinds</th><th scope="col">Most frequent</th></tr></thead>
<tbody>${content.columns.map(row)}</tbody></table></div>`,
  );
}

function row({ column, rows, filled, distinct, longest, kinds, top }: ColumnProfile): Html {
  const different = `${distinct.isEstimate ? 'about ' : ''}${number(distinct.count)}`;
  const told = Object.entries(kinds).map(([kind, count]) => (count === filled ? kind : `${kind} ${number(count)}`));
  const isAllDifferent = distinct.count === filled && filled > 0 && !distinct.isEstimate;
  const values = top.slice(0, shownValues).map(({ value, count }) => `${value} (${number(count)})`);
  return html`<tr><th scope="row">${column}</th><td class="number">${percent(filled, rows)}</td><td class="number">${different}</td>
<td class="number">${number(longest)}</td><td>${told.join(', ')}</td><td>${isAllDifferent ? 'all different' : values.join(', ')}</td></tr>`;
}

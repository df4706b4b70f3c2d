import { type RowStatus, rowStatuses } from '#pipelines/model.js';
import type { ColumnProfile } from '#pipelines/quality/profile.js';
import { type Curve, formatDuration, renderDonut, renderTimeChart, type Slice } from './charts.js';
import { formatNumber, formatPercent, formatTimes, Html, html, renderSection, reportStyle } from './html.js';
import type { ReportContent, ReportData, RunInterval } from './report-data.js';

const shownValues = 3;

/** What each column of the file holds, as `check --columns` tells it. */
function renderColumns(content: ReportContent): Html | undefined {
  if (content.kind === 'unknown') return undefined;
  return renderSection(
    'What the columns hold',
    html`<p class="soft">Of the file, before the mapping. Values are shown only where at least five rows share them.</p>
<div class="scroll" tabindex="0" role="region" aria-label="Columns"><table class="wide"><thead><tr><th scope="col">Column</th><th scope="col" class="number">Filled</th>
<th scope="col" class="number">Different</th><th scope="col" class="number">Longest</th><th scope="col">Kinds</th><th scope="col">Most frequent</th></tr></thead>
<tbody>${content.columns.map(renderColumnRow)}</tbody></table></div>`,
  );
}

function renderColumnRow({ column, rows, filled, distinct, longest, kinds, top }: ColumnProfile): Html {
  const different = `${distinct.isEstimate ? 'about ' : ''}${formatNumber(distinct.count)}`;
  const told = Object.entries(kinds).map(([kind, count]) =>
    count === filled ? kind : `${kind} ${formatNumber(count)}`,
  );
  const isAllDifferent = distinct.count === filled && filled > 0 && !distinct.isEstimate;
  const values = top.slice(0, shownValues).map(({ value, count }) => `${value} (${formatNumber(count)})`);
  return html`<tr><th scope="row">${column}</th><td class="number">${formatPercent(filled, rows)}</td><td class="number">${different}</td>
<td class="number">${formatNumber(longest)}</td><td>${told.join(', ')}</td><td>${isAllDifferent ? 'all different' : values.join(', ')}</td></tr>`;
}

const words = {
  created: ['created', 'good'],
  updated: ['updated', 'good'],
  unchanged: ['unchanged', 'same'],
  deleted: ['deleted', 'good'],
  deactivated: ['made inactive', 'good'],
  invalid: ['invalid: never sent', 'fix'],
  rejected: ['rejected by the API', 'fix'],
  failed: ['failed: may be sent again', 'fix'],
  in_doubt: ['in doubt', 'wait'],
  skipped: ['skipped', 'same'],
} as const satisfies Record<RowStatus, readonly [string, string]>;

/** One HTML page that needs nothing from anywhere: no script, no font, no picture, no network. */
export function renderReport(data: ReportData): string {
  const title = `${data.command}${data.mode === null ? '' : ` (${data.mode})`}: ${data.input?.file ?? data.run}`;
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${title}</title>
<style>${new Html(reportStyle)}</style>
</head>
<body>
<header>
<h1>${title}</h1>
<p class="soft">Run ${data.run} · ${data.status} · ${formatTimeSpan(data)}</p>
${data.stopReason === null ? undefined : html`<p class="note">${data.stopReason}</p>`}
</header>
<main>
${renderOutcomes(data)}
${renderIssues(data)}
${renderTraffic(data.intervals)}
${renderFields(data.content)}
${renderColumns(data.content)}
${renderFiles(data)}
${renderSettings(data)}
</main>
<footer><p class="soft">mypos-customers ${data.version}. Times are UTC.</p></footer>
</body>
</html>
`;
  return page.text;
}

function formatTimeSpan({ startedAt, endedAt }: ReportData): string {
  const shown = (at: Date) => at.toISOString().slice(0, 19).replace('T', ' ');
  if (endedAt === null) return `since ${shown(startedAt)}`;
  return `${shown(startedAt)} to ${shown(endedAt)}`;
}

function renderOutcomes({ counts }: ReportData): Html {
  const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
  const slices: Slice[] = rowStatuses
    .filter((status) => counts[status] > 0)
    .map((status) => ({ name: words[status][0], tone: words[status][1], count: counts[status] }));
  const rows = slices.map(
    ({ name, tone, count }) => html`<tr><th scope="row"><span class="key ${tone}"></span>${name}</th>
<td class="number">${formatNumber(count)}</td><td class="number">${formatPercent(count, total)}</td></tr>`,
  );
  const told = slices.map(({ name, count }) => `${formatNumber(count)} ${name}`).join(', ');
  return renderSection(
    'What became of the rows',
    html`<div class="side">${renderDonut(slices, `Of ${formatNumber(total)} rows: ${told}.`)}
<table><thead><tr><th scope="col">Outcome</th><th scope="col" class="number">Rows</th><th scope="col" class="number">Share</th></tr></thead>
<tbody>${rows}</tbody></table></div>`,
  );
}

const maxIssuesShown = 50;

function renderIssues({ issues: found }: ReportData): Html {
  if (found.length === 0)
    return renderSection('Why rows were not done', html`<p>Nothing to tell: every row was done.</p>`);
  const rows = found.slice(0, maxIssuesShown).map(
    ({ status, count, message, code, rows: first }) => html`<tr><td class="number">${formatNumber(count)}</td>
<td>${status.replace('_', ' ')}</td><td>${message} <span class="soft">[${code}]</span></td>
<td>${first.join(', ')}${count > first.length ? ' …' : ''}</td></tr>`,
  );
  const more =
    found.length > maxIssuesShown
      ? html`<p class="soft">And ${found.length - maxIssuesShown} more reasons, in the result file.</p>`
      : undefined;
  return renderSection(
    'Why rows were not done',
    html`<div class="scroll" tabindex="0" role="region" aria-label="Reasons"><table><thead><tr><th scope="col" class="number">Rows</th><th scope="col">Status</th>
<th scope="col">Reason, by the first of them</th><th scope="col">For example row</th></tr></thead><tbody>${rows}</tbody></table></div>${more}`,
  );
}

/** More points than this cannot be told apart in a chart. */
const maxChartPoints = 150;
const minTailMs = 800;

function renderTraffic(stretches: readonly RunInterval[]): Html {
  const merged = mergeIntervals(stretches);
  const sum = (of: (stretch: RunInterval) => number) => stretches.reduce((total, stretch) => total + of(stretch), 0);
  const requests = sum((one) => one.requests);
  const told = `${formatNumber(requests)} requests in ${formatDuration(sum((one) => one.durationMs) / 1000)}, repeated ${formatTimes(sum((one) => one.retries))}, asked to wait ${formatTimes(sum((one) => one.rateLimited))}.`;
  if (merged.length < 2) return renderSection('The API', html`<p>${told} Too short for a chart.</p>`);
  const perSecond = (what: 'rows' | 'requests') =>
    merged.map(({ endsAt, stretch }) => [endsAt, (stretch[what] * 1000) / Math.max(1, stretch.durationMs)] as const);
  const speed: readonly Curve[] = [
    { name: 'requests a second', tone: 'first', points: perSecond('requests') },
    { name: 'rows a second', tone: 'second', points: perSecond('rows') },
  ];
  const latency: readonly Curve[] = [
    {
      name: 'half of the answers were faster',
      tone: 'first',
      points: merged.map(({ endsAt, stretch }) => [endsAt, stretch.medianMs]),
    },
    {
      name: '19 of 20 were faster',
      tone: 'second',
      points: merged.map(({ endsAt, stretch }) => [endsAt, stretch.slowMs]),
    },
  ];
  return renderSection(
    'The API',
    html`<p>${told}</p><div class="pair">${renderFigure('Throughput', speed, 'per second')}${renderFigure('Time to answer', latency, 'milliseconds')}</div>
${renderNumbers(merged)}`,
  );
}

function renderFigure(title: string, curves: readonly Curve[], unit: string): Html {
  const legend = curves.map(({ name, tone }) => html`<span class="swatch ${tone}"></span>${name} &nbsp; `);
  return html`<figure style="margin:1rem 0"><figcaption>${title}<br><span class="soft">${legend}</span></figcaption>
${renderTimeChart(curves, `${title} over the time of the run; the numbers are in the table below.`, unit)}</figure>`;
}

interface ChartPoint {
  /** Seconds into the run. */
  readonly endsAt: number;
  readonly stretch: RunInterval;
}

function renderNumbers(points: readonly ChartPoint[]): Html {
  const rows = points.map(
    ({
      endsAt,
      stretch,
    }) => html`<tr><th scope="row">${formatDuration(endsAt)}</th><td class="number">${formatNumber(stretch.rows)}</td><td class="number">${formatNumber(stretch.requests)}</td>
<td class="number">${stretch.medianMs === undefined ? '–' : Math.round(stretch.medianMs)}</td><td class="number">${stretch.slowMs === undefined ? '–' : Math.round(stretch.slowMs)}</td></tr>`,
  );
  return html`<details class="screen"><summary>The numbers of both charts</summary><div class="scroll" tabindex="0" role="region" aria-label="Numbers of the charts"><table>
<thead><tr><th scope="col">Until</th><th scope="col" class="number">Rows</th><th scope="col" class="number">Requests</th><th scope="col" class="number">Median, ms</th>
<th scope="col" class="number">95 %, ms</th></tr></thead><tbody>${rows}</tbody></table></div></details>`;
}

/** Joins neighbouring stretches until a chart can show them; of times to answer, the worst of each is kept. */
function mergeIntervals(all: readonly RunInterval[]): readonly ChartPoint[] {
  const stretches = withoutTail(all);
  const each = Math.ceil(stretches.length / maxChartPoints);
  const points: ChartPoint[] = [];
  let endsAt = 0;
  for (let from = 0; from < stretches.length; from += each) {
    const group = stretches.slice(from, from + each);
    const stretch = group.reduce(joinIntervals);
    endsAt += stretch.durationMs / 1000;
    points.push({ endsAt, stretch });
  }
  return points;
}

/** What is left over at the end is too short to measure a speed by. */
function withoutTail(stretches: readonly RunInterval[]): readonly RunInterval[] {
  const [before, last] = stretches.slice(-2);
  if (before === undefined || last === undefined || last.durationMs >= minTailMs) return stretches;
  return [...stretches.slice(0, -2), joinIntervals(before, last)];
}

function joinIntervals(one: RunInterval, other: RunInterval): RunInterval {
  const medianMs = maxOf(one.medianMs, other.medianMs);
  const slowMs = maxOf(one.slowMs, other.slowMs);
  return {
    durationMs: one.durationMs + other.durationMs,
    rows: one.rows + other.rows,
    requests: one.requests + other.requests,
    retries: one.retries + other.retries,
    rateLimited: one.rateLimited + other.rateLimited,
    ...(medianMs === undefined ? {} : { medianMs }),
    ...(slowMs === undefined ? {} : { slowMs }),
  };
}

function maxOf(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined || other === undefined ? (one ?? other) : Math.max(one, other);
}

function renderFields(fill: ReportContent): Html {
  if (fill.kind === 'unknown') return renderSection('How full the fields are', html`<p>${fill.why}</p>`);
  const rows = fill.fields.map(
    ({
      field,
      filled,
    }) => html`<tr><th scope="row">${field}</th><td><meter min="0" max="${Math.max(1, fill.rows)}" value="${filled}" aria-label="${field}">${formatPercent(filled, fill.rows)}</meter></td>
<td class="number">${formatPercent(filled, fill.rows)}</td><td class="number">${formatNumber(filled)}</td></tr>`,
  );
  return renderSection(
    'How full the fields are',
    html`<table><caption>Of ${formatNumber(fill.rows)} rows, after the mapping.</caption><thead><tr><th scope="col">Field</th><th scope="col">Filled</th>
<th scope="col" class="number">Share</th><th scope="col" class="number">Rows</th></tr></thead><tbody>${rows}</tbody></table>`,
  );
}

function renderFiles({ files, input }: ReportData): Html {
  const links = files.map(({ name, path, link }) => html`<li>${name}: <a href="${link}">${path}</a></li>`);
  const source = input === null ? undefined : html`<li>Input: ${input.file}, SHA-256 ${input.sha256}</li>`;
  return renderSection('Files', html`<ul>${source}${links}</ul>`);
}

function renderSettings({ settings }: ReportData): Html {
  const rows = settings.map(
    ({ name, value, origin }) =>
      html`<tr><th scope="row">${name}</th><td>${value}</td><td class="soft">${origin}</td></tr>`,
  );
  return renderSection(
    'Settings',
    html`<div class="scroll" tabindex="0" role="region" aria-label="Settings"><table><thead><tr><th scope="col">Setting</th><th scope="col">Value</th><th scope="col">From</th></tr></thead><tbody>${rows}</tbody></table></div>`,
  );
}

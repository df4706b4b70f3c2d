import { formatCount } from '#pipelines/format-count.js';
import { type RowStatus, rowStatuses } from '#pipelines/model.js';
import type { ColumnProfile } from '#pipelines/quality/profile.js';
import { type Curve, formatDuration, renderDonut, renderTimeChart, type Slice } from './charts.js';
import { formatNumber, formatPercent, Html, html, renderSection, reportStyle } from './html.js';
import type { ReportContent, ReportData, RunInterval } from './report-data.js';

const maxValuesShown = 3;

/** The profile of each column of the file, as `check --columns` shows it. */
function renderColumns(content: ReportContent): Html | undefined {
  if (content.kind === 'unknown') return undefined;
  return renderSection(
    'Columns',
    html`<p class="soft">Columns of the file, before mapping. Only values that occur in at least five rows are shown.</p>
<div class="scroll" tabindex="0" role="region" aria-label="Columns"><table class="wide"><thead><tr><th scope="col">Column</th><th scope="col" class="number">Filled</th>
<th scope="col" class="number">Distinct</th><th scope="col" class="number">Longest</th><th scope="col">Kinds</th><th scope="col">Most frequent</th></tr></thead>
<tbody>${content.columns.map(renderColumnRow)}</tbody></table></div>`,
  );
}

function renderColumnRow({ column, rows, filled, distinct, longest, kinds, top }: ColumnProfile): Html {
  const distinctCount = `${distinct.isEstimate ? 'about ' : ''}${formatNumber(distinct.count)}`;
  const kindTexts = Object.entries(kinds).map(([kind, count]) =>
    count === filled ? kind : `${kind} ${formatNumber(count)}`,
  );
  const isAllDistinct = distinct.count === filled && filled > 0 && !distinct.isEstimate;
  const values = top.slice(0, maxValuesShown).map(({ value, count }) => `${value} (${formatNumber(count)})`);
  return html`<tr><th scope="row">${column}</th><td class="number">${formatPercent(filled, rows)}</td><td class="number">${distinctCount}</td>
<td class="number">${formatNumber(longest)}</td><td>${kindTexts.join(', ')}</td><td>${isAllDistinct ? 'all different' : values.join(', ')}</td></tr>`;
}

/** How a status is called, and the class of its colour. */
const statusLabels = {
  created: ['created', 'good'],
  updated: ['updated', 'good'],
  unchanged: ['unchanged', 'same'],
  deleted: ['deleted', 'good'],
  deactivated: ['deactivated', 'good'],
  invalid: ['invalid: never sent', 'fix'],
  rejected: ['rejected by the API', 'fix'],
  failed: ['failed: can be sent again', 'fix'],
  in_doubt: ['in doubt', 'wait'],
  skipped: ['skipped', 'same'],
  pending: ['pending: not reached', 'wait'],
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
${renderSummary(data)}
</header>
<main>
${renderOutcomes(data)}
${renderIssues(data)}
${renderDecisions(data)}
${renderWarnings(data)}
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

/** What a reader needs first: whose customers, how it ended, and what to do. */
function renderSummary({ account, profile, result, stopReason, nextSteps }: ReportData): Html {
  const steps = nextSteps.map(
    ({ text, command }) =>
      html`<li>${text}${command === undefined ? undefined : html`<br><code>${command}</code>`}</li>`,
  );
  const next = steps.length === 0 ? html`<p>There is nothing to do.</p>` : html`<p>What to do:</p><ol>${steps}</ol>`;
  return html`<p>Account <strong>${account.login}</strong> at <strong>${account.baseUrl}</strong>${
    profile === null ? undefined : html` (profile ${profile})`
  }</p>
<div class="result ${result.tone}-edge"><p><strong>${result.text}</strong></p>${
    stopReason === null ? undefined : html`<p>${stopReason}</p>`
  }${next}</div>`;
}

/** Which rows wait, or have waited, for somebody to say whom they mean. */
function renderDecisions({ waiting }: ReportData): Html | undefined {
  if (waiting.length === 0) return undefined;
  const rows = waiting.slice(0, maxIssuesShown).map(
    ({ row, reason, message, candidates, isDone }) => html`<tr><th scope="row" class="number">${row}</th>
<td>${isDone ? 'done as decided' : 'waits for a decision'}</td><td>${message} <span class="soft">[${reason}]</span></td><td>${candidates.join(', ')}</td></tr>`,
  );
  const more =
    waiting.length > maxIssuesShown
      ? html`<p class="soft">And ${formatCount(waiting.length - maxIssuesShown, 'more row')} in the review file.</p>`
      : undefined;
  return renderSection(
    'Decisions about identity',
    html`<div class="scroll" tabindex="0" role="region" aria-label="Decisions about identity"><table><thead><tr><th scope="col" class="number">Row</th>
<th scope="col">Decision</th><th scope="col">Reason</th><th scope="col">Customers</th></tr></thead><tbody>${rows}</tbody></table></div>${more}`,
  );
}

/** What was noticed in the input. */
function renderWarnings({ warnings }: ReportData): Html | undefined {
  if (warnings.length === 0) return undefined;
  const rows = warnings.slice(0, maxIssuesShown).map(
    ({
      columns,
      count,
      rows: first,
      message,
      code,
    }) => html`<tr><th scope="row">${columns.join(' + ') || 'the file'}</th>
<td>${message} <span class="soft">[${code}]</span></td><td class="number">${first.length === 0 ? '–' : formatNumber(count)}</td>
<td>${first.join(', ')}${first.length > 0 && count > first.length ? ' …' : ''}</td></tr>`,
  );
  return renderSection(
    'Warnings about the input',
    html`<div class="scroll" tabindex="0" role="region" aria-label="Warnings about the input"><table><thead><tr><th scope="col">Column</th>
<th scope="col">Warning</th><th scope="col" class="number">Cells</th><th scope="col">First rows</th></tr></thead><tbody>${rows}</tbody></table></div>`,
  );
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
    .map((status) => ({ name: statusLabels[status][0], tone: statusLabels[status][1], count: counts[status] }));
  const rows = slices.map(
    ({ name, tone, count }) => html`<tr><th scope="row"><span class="key ${tone}"></span>${name}</th>
<td class="number">${formatNumber(count)}</td><td class="number">${formatPercent(count, total)}</td></tr>`,
  );
  const summary = slices.map(({ name, count }) => `${formatNumber(count)} ${name}`).join(', ');
  return renderSection(
    'Results',
    html`<div class="side">${renderDonut(slices, `Of ${formatNumber(total)} rows: ${summary}.`)}
<table><thead><tr><th scope="col">Outcome</th><th scope="col" class="number">Rows</th><th scope="col" class="number">Share</th></tr></thead>
<tbody>${rows}</tbody></table></div>`,
  );
}

const maxIssuesShown = 50;

function renderIssues({ issues }: ReportData): Html {
  if (issues.length === 0) return renderSection('Issues', html`<p>None.</p>`);
  const rows = issues.slice(0, maxIssuesShown).map(
    ({ status, count, message, code, rows: first }) => html`<tr><td class="number">${formatNumber(count)}</td>
<td>${status.replace('_', ' ')}</td><td>${message} <span class="soft">[${code}]</span></td>
<td>${first.join(', ')}${count > first.length ? ' …' : ''}</td></tr>`,
  );
  const more =
    issues.length > maxIssuesShown
      ? html`<p class="soft">And ${formatCount(issues.length - maxIssuesShown, 'more reason')} in the result file.</p>`
      : undefined;
  return renderSection(
    'Issues',
    html`<div class="scroll" tabindex="0" role="region" aria-label="Issues"><table><thead><tr><th scope="col" class="number">Rows</th><th scope="col">Status</th>
<th scope="col">Reason (first row)</th><th scope="col">First rows</th></tr></thead><tbody>${rows}</tbody></table></div>${more}`,
  );
}

/** Beyond this, the points of a chart cannot be distinguished. */
const maxChartPoints = 150;
const minTailMs = 800;

function renderTraffic(intervals: readonly RunInterval[]): Html {
  const sum = (pick: (interval: RunInterval) => number) =>
    intervals.reduce((total, interval) => total + pick(interval), 0);
  const requests = formatCount(
    sum(({ requests }) => requests),
    'request',
  );
  const retries = sum(({ retries }) => retries);
  const rateLimited = sum(({ rateLimited }) => rateLimited);
  const summary = [
    `${requests} in ${formatDuration(sum(({ durationMs }) => durationMs) / 1000)}`,
    retries === 0 ? 'no retries' : formatCount(retries, 'retry', 'retries'),
    rateLimited === 0 ? 'not rate-limited' : `rate-limited ${formatCount(rateLimited, 'time')}`,
  ].join(', ');
  const points = mergeIntervals(intervals);
  if (points.length < 2) return renderSection('API', html`<p>${summary}. The run was too short for a chart.</p>`);
  const perSecond = (count: 'rows' | 'requests') =>
    points.map(
      ({ endsAt, interval }) => [endsAt, (interval[count] * 1000) / Math.max(1, interval.durationMs)] as const,
    );
  const throughput: readonly Curve[] = [
    { name: 'requests per second', tone: 'first', points: perSecond('requests') },
    { name: 'rows per second', tone: 'second', points: perSecond('rows') },
  ];
  const latency: readonly Curve[] = [
    { name: 'median', tone: 'first', points: points.map(({ endsAt, interval }) => [endsAt, interval.medianMs]) },
    { name: '95th percentile', tone: 'second', points: points.map(({ endsAt, interval }) => [endsAt, interval.p95Ms]) },
  ];
  return renderSection(
    'API',
    html`<p>${summary}.</p><div class="pair">${renderFigure('Throughput', throughput, 'per second')}${renderFigure('Response time', latency, 'milliseconds')}</div>
${renderNumbers(points)}`,
  );
}

function renderFigure(title: string, curves: readonly Curve[], unit: string): Html {
  const legend = curves.map(({ name, tone }) => html`<span class="swatch ${tone}"></span>${name} &nbsp; `);
  return html`<figure style="margin:1rem 0"><figcaption>${title}<br><span class="soft">${legend}</span></figcaption>
${renderTimeChart(curves, `${title} during the run; the table below has the data.`, unit)}</figure>`;
}

interface ChartPoint {
  /** Seconds into the run. */
  readonly endsAt: number;
  readonly interval: RunInterval;
}

function renderNumbers(points: readonly ChartPoint[]): Html {
  const rows = points.map(
    ({ endsAt, interval: { rows, requests, medianMs, p95Ms } }) =>
      html`<tr><th scope="row">${formatDuration(endsAt)}</th><td class="number">${formatNumber(rows)}</td><td class="number">${formatNumber(requests)}</td>
<td class="number">${formatMs(medianMs)}</td><td class="number">${formatMs(p95Ms)}</td></tr>`,
  );
  return html`<details class="screen"><summary>Chart data</summary><div class="scroll" tabindex="0" role="region" aria-label="Chart data"><table>
<thead><tr><th scope="col">Until</th><th scope="col" class="number">Rows</th><th scope="col" class="number">Requests</th><th scope="col" class="number">Median, ms</th>
<th scope="col" class="number">95th percentile, ms</th></tr></thead><tbody>${rows}</tbody></table></div></details>`;
}

/** Joins neighbouring intervals until a chart can show them; of the response times, the slowest is kept. */
function mergeIntervals(all: readonly RunInterval[]): readonly ChartPoint[] {
  const intervals = joinShortTail(all);
  const perPoint = Math.ceil(intervals.length / maxChartPoints);
  const points: ChartPoint[] = [];
  let endsAt = 0;
  for (let from = 0; from < intervals.length; from += perPoint) {
    const interval = intervals.slice(from, from + perPoint).reduce(joinIntervals);
    endsAt += interval.durationMs / 1000;
    points.push({ endsAt, interval });
  }
  return points;
}

/** A very short last interval says nothing about the speed, so it is joined to the one before. */
function joinShortTail(intervals: readonly RunInterval[]): readonly RunInterval[] {
  const [before, last] = intervals.slice(-2);
  if (before === undefined || last === undefined || last.durationMs >= minTailMs) return intervals;
  return [...intervals.slice(0, -2), joinIntervals(before, last)];
}

function joinIntervals(a: RunInterval, b: RunInterval): RunInterval {
  const medianMs = findMax(a.medianMs, b.medianMs);
  const p95Ms = findMax(a.p95Ms, b.p95Ms);
  return {
    durationMs: a.durationMs + b.durationMs,
    rows: a.rows + b.rows,
    requests: a.requests + b.requests,
    retries: a.retries + b.retries,
    rateLimited: a.rateLimited + b.rateLimited,
    ...(medianMs === undefined ? {} : { medianMs }),
    ...(p95Ms === undefined ? {} : { p95Ms }),
  };
}

function formatMs(ms: number | undefined): string {
  return ms === undefined ? '–' : String(Math.round(ms));
}

function findMax(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.max(a, b);
}

function renderFields(content: ReportContent): Html {
  if (content.kind === 'unknown') return renderSection('Field completeness', html`<p>${content.why}</p>`);
  const rows = content.fields.map(
    ({
      field,
      filled,
    }) => html`<tr><th scope="row">${field}</th><td><meter min="0" max="${Math.max(1, content.rows)}" value="${filled}" aria-label="${field}">${formatPercent(filled, content.rows)}</meter></td>
<td class="number">${formatPercent(filled, content.rows)}</td><td class="number">${formatNumber(filled)}</td></tr>`,
  );
  return renderSection(
    'Field completeness',
    html`<table><caption>Of ${formatNumber(content.rows)} rows, after the mapping.</caption><thead><tr><th scope="col">Field</th><th scope="col">Filled</th>
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
    html`<div class="scroll" tabindex="0" role="region" aria-label="Settings"><table><thead><tr><th scope="col">Setting</th><th scope="col">Value</th><th scope="col">Origin</th></tr></thead><tbody>${rows}</tbody></table></div>`,
  );
}

import { scaleLinear } from 'd3-scale';
import { arc, line, pie } from 'd3-shape';
import { type Html, html } from './html.js';

export interface Slice {
  readonly name: string;
  readonly count: number;
  /** CSS class of its colour. */
  readonly tone: string;
}

const donutSize = 200;
/** In radians; a thinner slice cannot be seen. */
const minAngle = 0.02;

/** Shares of a whole as a ring. The table beside it has the numbers, so a screen reader reads only a summary. */
export function renderDonut(slices: readonly Slice[], title: string): Html {
  const radius = donutSize / 2;
  const total = slices.reduce((sum, { count }) => sum + count, 0);
  const angles = pie<Slice>()
    .sort(null)
    .value(({ count }) => Math.max(count, total * (minAngle / (2 * Math.PI))))([...slices]);
  const ring = arc<(typeof angles)[number]>()
    .innerRadius(radius * 0.6)
    .outerRadius(radius - 2)
    .padAngle(0.012);
  const paths = angles.map((angle) => html`<path class="slice ${angle.data.tone}" d="${ring(angle) ?? ''}"></path>`);
  return html`<svg class="donut" viewBox="${-radius} ${-radius} ${donutSize} ${donutSize}" role="img" aria-label="${title}">
${paths}
<text class="whole" text-anchor="middle" y="4">${total.toLocaleString('en')}</text>
<text class="unit" text-anchor="middle" y="24">rows</text>
</svg>`;
}

export interface Curve {
  readonly name: string;
  /** CSS class of its stroke; each has its own dash pattern, for people who do not see colours. */
  readonly tone: string;
  /** Seconds into the run and the value at that time; `undefined` is a gap. */
  readonly points: readonly (readonly [x: number, y: number | undefined])[];
}

const width = 420;
const height = 200;
const margin = { top: 10, right: 12, bottom: 34, left: 48 } as const;

/** A line chart of values over the time of the run. */
export function renderTimeChart(curves: readonly Curve[], title: string, unit: string): Html {
  const all = curves.flatMap(({ points }) => points);
  const x = scaleLinear([0, Math.max(1, ...all.map(([at]) => at))], [margin.left, width - margin.right]);
  const y = scaleLinear(
    [0, Math.max(1, ...all.map(([, value]) => value ?? 0))],
    [height - margin.bottom, margin.top],
  ).nice(4);
  const path = line<readonly [number, number | undefined]>()
    .defined(([, value]) => value !== undefined)
    .x(([at]) => x(at))
    .y(([, value]) => y(value ?? 0));
  const rows = y.ticks(4).map(
    (
      tick,
    ) => html`<line class="grid" x1="${margin.left}" x2="${width - margin.right}" y1="${y(tick)}" y2="${y(tick)}"></line>
<text class="tick" x="${margin.left - 6}" y="${y(tick) + 4}" text-anchor="end">${tick.toLocaleString('en')}</text>`,
  );
  const columns = x
    .ticks(4)
    .map(
      (tick) =>
        html`<text class="tick" x="${x(tick)}" y="${height - margin.bottom + 16}" text-anchor="middle">${formatDuration(tick)}</text>`,
    );
  const lines = curves.map(
    ({ points, tone }) => html`<path class="curve ${tone}" d="${path([...points]) ?? ''}"></path>`,
  );
  return html`<svg class="chart" viewBox="0 0 ${width} ${height}" role="img" aria-label="${title}">
${rows}
${columns}
<text class="tick" x="${margin.left}" y="${height - 4}">run time; ${unit}</text>
${lines}
</svg>`;
}

/** A duration such as `12 s`, `3:05 min`, `1:02 h`. */
export function formatDuration(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')} min`;
  return `${Math.floor(whole / 3600)}:${String(Math.floor((whole % 3600) / 60)).padStart(2, '0')} h`;
}

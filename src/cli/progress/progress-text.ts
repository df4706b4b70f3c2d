import { type RowStatus, rowStatuses } from '#pipelines/outcome.js';
import type { ProgressNow } from '#src/library/observer.js';
import type { PaceReading } from './pace-meter.js';

/** Gives a text a colour where the terminal takes one. */
export type Paint = (colour: 'red' | 'yellow' | 'dim', text: string) => string;

export interface ProgressView {
  readonly state: ProgressNow;
  readonly pace: PaceReading;
  readonly nowMs: number;
}

const longestBar = 30;
const shortestBar = 8;
/** The statuses that somebody will have to look at. */
const troubled: ReadonlySet<RowStatus> = new Set(['invalid', 'rejected', 'failed', 'in_doubt']);

/** How far it is, in one line of at most `width` columns. */
export function headLine(view: ProgressView, width: number, paint: Paint): string {
  const { done, total } = view.state;
  const share = total === 0 ? 1 : Math.min(1, done / total);
  const long = `${number(done)} of ${number(total)} rows, ${Math.floor(share * 100)}%`;
  const short = `${number(done)}/${number(total)}`;
  const timing = timeLeft(view);
  const text =
    long.length + timing.length + 2 <= width - 1 ? `${long}, ${timing}` : joinWithin([short, timing], width, ' ');
  const room = Math.min(longestBar, width - text.length - 2);
  const shown = pausedFor(view) > 0 ? text.replace(timing, paint('yellow', timing)) : text;
  return room < shortestBar ? shown : `${bar(share, room)} ${shown}`;
}

/** What became of the rows, and how fast it goes, in one line of at most `width` columns. */
export function detailLine(view: ProgressView, width: number, paint: Paint): string {
  const parts = [rate(view), ...countParts(view.state)];
  const line = joinWithin(parts, width, ' · ');
  const trouble = /\d[\d,]* (?:invalid|rejected|failed|in doubt)/g;
  return line.replaceAll(trouble, (text) => paint('red', text));
}

/** All of it in one line, for a file or a pipe. */
export function plainLine(view: ProgressView): string {
  const { done, total } = view.state;
  return [`${done} of ${total} rows`, ...countParts(view.state), rate(view), timeLeft(view)].join(', ');
}

function countParts(state: ProgressNow): string[] {
  const told = rowStatuses.filter((status) => state.counts[status] > 0);
  const calm = told.filter((status) => !troubled.has(status));
  const rest = told.filter((status) => troubled.has(status));
  return [...rest, ...calm].map((status) => `${number(state.counts[status])} ${status.replace('_', ' ')}`);
}

function rate({ state, pace }: ProgressView): string {
  const { ratePerSecond } = state;
  const measured = pace.requestsPerSecond?.toFixed(1) ?? '…';
  return Number.isFinite(ratePerSecond) ? `${measured} of ${ratePerSecond} requests/s` : `${measured} requests/s`;
}

function timeLeft(view: ProgressView): string {
  const { state, pace } = view;
  if (pausedFor(view) > 0) {
    const until = new Date(state.pausedUntilMs).toTimeString().slice(0, 8);
    return `waiting until ${until} (the API asked for it)`;
  }
  if (state.done >= state.total) return 'finishing';
  return pace.secondsLeft === undefined ? 'time left unknown' : `${duration(pace.secondsLeft)} left`;
}

function pausedFor({ state, nowMs }: ProgressView): number {
  return Math.max(0, state.pausedUntilMs - nowMs);
}

/** Whole parts only, as many as there is room for; of a single part too long, its beginning. */
function joinWithin(parts: readonly string[], width: number, between: string): string {
  let line = '';
  for (const part of parts) {
    const longer = line === '' ? part : `${line}${between}${part}`;
    if (longer.length > width - 1) break;
    line = longer;
  }
  return line === '' ? (parts[0] ?? '').slice(0, Math.max(0, width - 1)) : line;
}

function bar(share: number, size: number): string {
  const full = Math.round(share * size);
  return '█'.repeat(full) + '░'.repeat(size - full);
}

/** Coarser the longer it is: nobody needs the seconds of an hour, and they would never stand still. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 600) return `${Math.floor(whole / 60)} min ${Math.floor((whole % 60) / 10) * 10} s`;
  if (whole < 3600) return `${Math.round(whole / 60)} min`;
  return `${Math.floor(whole / 3600)} h ${Math.round((whole % 3600) / 60)} min`;
}

function number(value: number): string {
  return value.toLocaleString('en');
}

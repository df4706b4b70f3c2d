import { createRequire } from 'node:module';
import type * as progressBars from 'cli-progress';
import { type RowStatus, rowStatuses } from '#pipelines/model.js';
import { showLine } from '#pipelines/visible-text.js';
import type { ProgressNow, RunObserver } from '#src/app/run-summary.js';
import { renderDetection, renderIssueGroup } from './render/summary.js';
import { renderTarget } from './render/target.js';
import type { Reporter } from './reporter.js';

/** How fast a run goes, and how long it will still take. */
interface SpeedReading {
  /** Over the last while; retries, reads and logins count too. */
  readonly requestsPerSecond: number | undefined;
  /** Includes a pause that the API asked for. `undefined` while it cannot be known. */
  readonly secondsLeft: number | undefined;
}

/** Rows: long enough to average out short pauses. Requests: short enough to show that the rate limit is kept. */
const rowWindowMs = 60_000;
const requestWindowMs = 10_000;
/** A rate of less than this says nothing yet. */
const minMeasuredMs = 2000;

interface Sample {
  readonly at: number;
  readonly done: number;
  readonly requests: number;
}

/** Makes a meter; to be read at even intervals, since every reading is also a measurement. */
export function createSpeedMeter(now: () => number): (state: ProgressNow) => SpeedReading {
  const samples: Sample[] = [];
  return (state) => {
    const at = now();
    const pauseMs = Math.max(0, state.pausedUntilMs - at);
    // During a pause the measured rate stands still: it is what will go on afterwards.
    if (pauseMs === 0 || samples.length === 0) samples.push({ at, done: state.done, requests: state.requests });
    while ((samples[1]?.at ?? at) < at - rowWindowMs) samples.shift();
    // From the last reading before that time on: readings may be further apart than it is long.
    const recent = samples.slice(
      Math.max(
        0,
        samples.findLastIndex((sample) => sample.at <= at - requestWindowMs),
      ),
    );
    const requestsPerSecond = pauseMs > 0 ? 0 : measureRate(recent, 'requests');
    const rowsPerSecond = estimateRowRate(samples, state);
    const secondsLeft =
      rowsPerSecond === undefined ? undefined : pauseMs / 1000 + (state.total - state.done) / rowsPerSecond;
    return { requestsPerSecond, secondsLeft };
  };
}

/**
 * Rows a second to expect: what was measured, but never more than the allowed rate lets through at the number of
 * requests that a row has needed so far. Before anything was measured, a request a row.
 */
function estimateRowRate(samples: readonly Sample[], state: ProgressNow): number | undefined {
  const { done, requests, ratePerSecond } = state;
  const allowed = done > 0 && requests > 0 ? (ratePerSecond * done) / requests : ratePerSecond;
  const expected = Math.min(measureRate(samples, 'done') ?? allowed, allowed);
  return Number.isFinite(expected) && expected > 0 ? expected : undefined;
}

function measureRate(samples: readonly Sample[], what: 'done' | 'requests'): number | undefined {
  const [first, last] = [samples[0], samples.at(-1)];
  if (first === undefined || last === undefined || last.at - first.at < minMeasuredMs) return undefined;
  return ((last[what] - first[what]) * 1000) / (last.at - first.at);
}

/** Gives a text a colour where the terminal takes one. */
type Paint = (colour: 'red' | 'yellow' | 'dim', text: string) => string;

interface ProgressView {
  readonly state: ProgressNow;
  readonly pace: SpeedReading;
  readonly nowMs: number;
}

const maxBarWidth = 30;
const minBarWidth = 8;
/** The statuses that somebody will have to look at. */
const problemStatuses: ReadonlySet<RowStatus> = new Set(['invalid', 'rejected', 'failed', 'in_doubt']);

/** How far it is, in one line of at most `width` columns. */
export function renderHeadLine(view: ProgressView, width: number, paint: Paint): string {
  const { done, total } = view.state;
  const share = total === 0 ? 0 : Math.min(1, done / total);
  const long = `${formatNumber(done)} of ${formatNumber(total)} rows, ${Math.floor(share * 100)}%`;
  const short = `${formatNumber(done)}/${formatNumber(total)}`;
  const timing = renderTimeLeft(view);
  const text =
    long.length + timing.length + 2 <= width - 1 ? `${long}, ${timing}` : joinWithin([short, timing], width, ' ');
  const room = Math.min(maxBarWidth, width - text.length - 2);
  const shown = measurePause(view) > 0 ? text.replace(timing, paint('yellow', timing)) : text;
  return room < minBarWidth ? shown : `${renderBar(share, room)} ${shown}`;
}

/** The outcomes of the rows and the rate, in one line of at most `width` columns. */
export function renderDetailLine(view: ProgressView, width: number, paint: Paint): string {
  const parts = [renderRate(view), ...renderCounts(view.state)];
  const line = joinWithin(parts, width, ' · ');
  const problems = /\d[\d,]* (?:invalid|rejected|failed|in doubt)/g;
  return line.replaceAll(problems, (text) => paint('red', text));
}

/** All of it in one line, for a file or a pipe. */
export function renderPlainLine(view: ProgressView): string {
  const { done, total } = view.state;
  return [`${done} of ${total} rows`, ...renderCounts(view.state), renderRate(view), renderTimeLeft(view)].join(', ');
}

function renderCounts(state: ProgressNow): string[] {
  const found = rowStatuses.filter((status) => state.counts[status] > 0);
  const problems = found.filter((status) => problemStatuses.has(status));
  const others = found.filter((status) => !problemStatuses.has(status));
  return [...problems, ...others].map((status) => `${formatNumber(state.counts[status])} ${status.replace('_', ' ')}`);
}

function renderRate({ state, pace }: ProgressView): string {
  const { ratePerSecond } = state;
  const measured = pace.requestsPerSecond?.toFixed(1) ?? '…';
  return Number.isFinite(ratePerSecond) ? `${measured} of ${ratePerSecond} requests/s` : `${measured} requests/s`;
}

function renderTimeLeft(view: ProgressView): string {
  const { state, pace } = view;
  if (measurePause(view) > 0) {
    const until = new Date(state.pausedUntilMs).toTimeString().slice(0, 8);
    return `waiting until ${until} (the API asked for it)`;
  }
  // How many there are is not known yet.
  if (state.total === 0) return 'time left unknown';
  if (state.done >= state.total) return 'finishing';
  return pace.secondsLeft === undefined ? 'time left unknown' : `${formatDuration(pace.secondsLeft)} left`;
}

function measurePause({ state, nowMs }: ProgressView): number {
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

function renderBar(share: number, size: number): string {
  const full = Math.round(share * size);
  return '█'.repeat(full) + '░'.repeat(size - full);
}

/** Coarser the longer it is: nobody needs the seconds of an hour, and they would never stand still. */
export function formatDuration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 600) return `${Math.floor(whole / 60)} min ${Math.floor((whole % 60) / 10) * 10} s`;
  if (whole < 3600) return `${Math.round(whole / 60)} min`;
  return `${Math.floor(whole / 3600)} h ${Math.round((whole % 3600) / 60)} min`;
}

function formatNumber(value: number): string {
  return value.toLocaleString('en');
}

const redrawMs = 250;
const lineEveryMs = 10_000;
const defaultWidth = 80;
const clearBelow = '\u001b[J';

/** Shows a run's progress: two lines in place on a terminal, else a line every ten seconds; nothing with `--quiet`. */
function progressObserver(reporter: Reporter, now: () => number = Date.now): RunObserver {
  let timer: NodeJS.Timeout | undefined;
  let close = () => {};
  return {
    started(_run, progress) {
      if (reporter.quiet) return;
      const view = createViewer(progress, now);
      // The first reading begins the measurement.
      view();
      const show = reporter.live ? drawInPlace(view, reporter) : writeLines(view, reporter);
      timer = setInterval(show.draw, reporter.live ? redrawMs : lineEveryMs);
      close = show.close;
    },
    ended() {
      clearInterval(timer);
      close();
    },
  };
}

function createViewer(progress: () => ProgressNow, now: () => number): () => ProgressView {
  const meter = createSpeedMeter(now);
  return () => {
    const current = progress();
    // A copy, since the counts change while they are shown: both lines must be of one moment.
    const state = { ...current, counts: { ...current.counts } };
    return { state, pace: meter(state), nowMs: now() };
  };
}

const require = createRequire(import.meta.url);

/**
 * A terminal on which long lines always wrap: the library would turn that off for as long as it draws, which nobody turns on again
 * after kill -9. It is not told to leave it on, since it would then count colours as letters and cut lines that have room.
 */
function withoutWrapSwitch(terminal: NodeJS.WriteStream): NodeJS.WriteStream {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the switch begins with an escape
  const write = (text: string) => terminal.write(text.replaceAll(/\u001b\[\?7[hl]/g, ''));
  return Object.create(terminal, { write: { value: write } }) as NodeJS.WriteStream;
}

function drawInPlace(view: () => ProgressView, reporter: Reporter) {
  // Loaded when there is something to draw: it takes time to start.
  const { MultiBar } = require('cli-progress') as typeof progressBars;
  let latest = view();
  const bars = new MultiBar({
    stream: withoutWrapSwitch(process.stderr),
    // After kill -9 nothing could be put back: the cursor stays visible.
    hideCursor: false,
    clearOnComplete: true,
    // Ctrl-C is ours: it ends the run well.
    gracefulExit: false,
    // A line printed above moves both, so both must be drawn again.
    forceRedraw: true,
  });
  const width = () => process.stderr.columns || defaultWidth;
  bars.create(1, 0, {}, { format: () => renderHeadLine(latest, width(), reporter.paint) });
  bars.create(1, 0, {}, { format: () => renderDetailLine(latest, width(), reporter.paint) });
  reporter.redirect((line) => bars.log(`${line}${clearBelow}\n`));
  return {
    draw: () => {
      latest = view();
    },
    close: () => {
      bars.update();
      bars.stop();
      reporter.redirect(undefined);
    },
  };
}

function writeLines(view: () => ProgressView, reporter: Reporter) {
  return { draw: () => reporter.info(renderPlainLine(view())), close: () => {} };
}

/** A file with more kinds of damage than these is better looked at than read about. */
const maxIssuesShown = 12;

/** Reports a run's input, issues and progress. */
export function createRunObserver(reporter: Reporter): RunObserver {
  let findings = 0;
  return {
    ...progressObserver(reporter),
    account: (target, isSandbox) => reporter.info(`Account: ${renderTarget(target, isSandbox)}`),
    opened: ({ file, detected, rows }) => reporter.info(renderDetection(file, detected, rows)),
    notice: ({ severity, message }) =>
      severity === 'info' ? reporter.info(showLine(message)) : reporter.warn(showLine(message)),
    finding: (finding) => {
      findings += 1;
      if (findings <= maxIssuesShown) reporter.warn(renderIssueGroup(finding));
      else if (findings === maxIssuesShown + 1)
        reporter.warn('There are more columns with damaged cells; --json lists all of them.');
    },
  };
}

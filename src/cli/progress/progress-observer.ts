import { createRequire } from 'node:module';
import type * as progressBars from 'cli-progress';
import type { Reporter } from '#src/cli/reporter.js';
import type { ProgressNow, RunObserver } from '#src/library/observer.js';
import { paceMeter } from './pace-meter.js';
import { detailLine, headLine, type ProgressView, plainLine } from './progress-text.js';

const redrawMs = 250;
const lineEveryMs = 10_000;
const usualWidth = 80;
/** What the drawing takes from the terminal: its cursor, and the wrapping of long lines. */
const wrapLines = '\u001b[?7h';
const cutLines = '\u001b[?7l';
const giveBack = `\u001b[?25h${wrapLines}`;
const clearBelow = '\u001b[J';

/** Shows a run's progress: two lines in place on a terminal, else a line every ten seconds; nothing with `--quiet`. */
export function progressObserver(reporter: Reporter, now: () => number = Date.now): RunObserver {
  let timer: NodeJS.Timeout | undefined;
  let close = () => {};
  return {
    started(_run, progress) {
      if (reporter.quiet) return;
      const view = viewer(progress, now);
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

function viewer(progress: () => ProgressNow, now: () => number): () => ProgressView {
  const meter = paceMeter(now);
  return () => {
    const told = progress();
    // The counts go on while they are shown; both lines must tell of one moment.
    const state = { ...told, counts: { ...told.counts } };
    return { state, pace: meter(state), nowMs: now() };
  };
}

const require = createRequire(import.meta.url);

function drawInPlace(view: () => ProgressView, reporter: Reporter) {
  // Loaded when there is something to draw: it takes time to start.
  const { MultiBar } = require('cli-progress') as typeof progressBars;
  let latest = view();
  const bars = new MultiBar({
    stream: process.stderr,
    hideCursor: true,
    clearOnComplete: true,
    // Ctrl-C is ours: it ends the run well.
    gracefulExit: false,
    // A line printed above moves both, so both must be drawn again.
    forceRedraw: true,
  });
  const width = () => process.stderr.columns || usualWidth;
  bars.create(1, 0, {}, { format: () => headLine(latest, width(), reporter.paint) });
  bars.create(1, 0, {}, { format: () => detailLine(latest, width(), reporter.paint) });
  reporter.drawing((line) => bars.log(`${wrapLines}${line}${clearBelow}\n${cutLines}`));
  const onExit = () => process.stderr.write(giveBack);
  process.once('exit', onExit);
  return {
    draw: () => {
      latest = view();
    },
    close: () => {
      bars.update();
      bars.stop();
      reporter.drawing(undefined);
      process.off('exit', onExit);
    },
  };
}

function writeLines(view: () => ProgressView, reporter: Reporter) {
  return { draw: () => reporter.remark(plainLine(view())), close: () => {} };
}

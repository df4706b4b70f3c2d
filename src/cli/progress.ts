import { MultiBar } from 'cli-progress';
import type { ProgressNow, RunObserver } from '../library/observer.js';
import { duration } from './duration.js';
import type { Reporter } from './reporter.js';

const redrawMs = 200;
const lineEveryMs = 10_000;
/** The rate shown is of this long: short enough to follow the pace, long enough to be calm. */
const rateOverMs = 10_000;

/** Shows a run's progress: a bar on a terminal, else a line every ten seconds; nothing with `--quiet`. */
export function progressObserver(reporter: Reporter, now: () => number = Date.now): RunObserver {
  let timer: NodeJS.Timeout | undefined;
  let close = () => {};
  return {
    started(_run, progress) {
      if (reporter.quiet) return;
      const rate = rateMeter(now);
      const show = reporter.live ? liveBar(progress, rate, now, reporter) : lines(progress, rate, now, reporter);
      timer = setInterval(show.draw, reporter.live ? redrawMs : lineEveryMs);
      close = show.close;
    },
    ended() {
      clearInterval(timer);
      close();
    },
  };
}

type RateMeter = (done: number) => number;

function rateMeter(now: () => number): RateMeter {
  const seen: { readonly at: number; readonly done: number }[] = [{ at: now(), done: 0 }];
  return (done) => {
    const at = now();
    seen.push({ at, done });
    while (seen.length > 2 && (seen[0]?.at ?? 0) < at - rateOverMs) seen.shift();
    const oldest = seen[0] ?? { at, done };
    return at === oldest.at ? 0 : ((done - oldest.done) * 1000) / (at - oldest.at);
  };
}

function liveBar(progress: () => ProgressNow, rate: RateMeter, now: () => number, reporter: Reporter) {
  // The one of several bars can print lines above itself; it must leave Ctrl-C to us.
  const bars = new MultiBar({
    format: '{bar} {value}/{total} rows | {perSecond}/s | {left}{counts}',
    stream: process.stderr,
    hideCursor: true,
    clearOnComplete: true,
    gracefulExit: false,
    barsize: 20,
    barCompleteChar: '█',
    barIncompleteChar: '░',
  });
  const payload = () => {
    const state = progress();
    const perSecond = rate(state.done);
    return {
      state,
      fields: { perSecond: perSecond.toFixed(1), left: timeLeft(state, perSecond, now()), counts: short(state) },
    };
  };
  const first = payload();
  const bar = bars.create(first.state.total, first.state.done, first.fields);
  reporter.drawing((line) => bars.log(`${line}\n`));
  return {
    draw: () => {
      const { state, fields } = payload();
      bar.update(state.done, fields);
    },
    close: () => {
      bars.update();
      bars.stop();
      reporter.drawing(undefined);
    },
  };
}

function lines(progress: () => ProgressNow, rate: RateMeter, now: () => number, reporter: Reporter) {
  return {
    draw: () => {
      const state = progress();
      const perSecond = rate(state.done);
      reporter.remark(
        `${state.done} of ${state.total} rows, ${perSecond.toFixed(1)}/s, ${timeLeft(state, perSecond, now())}${short(state)}`,
      );
    },
    close: () => {},
  };
}

function timeLeft(state: ProgressNow, perSecond: number, nowMs: number): string {
  if (state.pausedUntilMs > 0) return `the API asks for a pause of ${duration((state.pausedUntilMs - nowMs) / 1000)}`;
  if (perSecond <= 0) return 'time left unknown';
  return `${duration((state.total - state.done) / perSecond)} left`;
}

/** Only what is not as it should be: a calm line has few numbers. */
function short(state: ProgressNow): string {
  const { invalid, rejected, failed, in_doubt } = state.counts;
  const parts = Object.entries({ invalid, rejected, failed, 'in doubt': in_doubt }).filter(([, count]) => count > 0);
  return parts.map(([name, count]) => ` | ${count} ${name}`).join('');
}

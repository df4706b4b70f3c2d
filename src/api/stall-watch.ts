const tickMs = 20;
/** More than the timers of a busy machine are late; less than what the shared pace allows for. */
const stallMs = 70;

/** Tells whether this process has been held up just now, so that what it does now was due earlier. */
export function watchForStalls(now: () => number = () => performance.now()): {
  isSmooth(): boolean;
  stop(): void;
} {
  let lastTick = now();
  let stalledAt = Number.NEGATIVE_INFINITY;
  const look = () => {
    const at = now();
    if (at - lastTick > stallMs) stalledAt = at;
    lastTick = at;
  };
  const timer = setInterval(look, tickMs).unref();
  return {
    isSmooth() {
      look();
      return now() - stalledAt > tickMs;
    },
    stop: () => clearInterval(timer),
  };
}

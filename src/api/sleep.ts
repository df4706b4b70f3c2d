/** Waits until a moment that may be put off meanwhile. Rejects with the signal's reason when it fires. */
export async function sleepUntil(untilMs: () => number, now: () => number, stopping: AbortSignal): Promise<void> {
  stopping.throwIfAborted();
  while (now() < untilMs()) {
    // Short steps, so that a clock set back or a laptop that slept does not hold everybody for hours.
    await sleep(Math.min(untilMs() - now(), 1000), stopping);
  }
}

/** Waits; rejects with the signal's reason when it fires. Keeps the process alive meanwhile. */
export function sleep(delayMs: number, stopping: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (stopping.aborted) {
      reject(stopping.reason);
      return;
    }
    const timer = setTimeout(() => {
      stopping.removeEventListener('abort', giveUp);
      resolve();
    }, delayMs);
    function giveUp(): void {
      clearTimeout(timer);
      reject(stopping.reason);
    }
    stopping.addEventListener('abort', giveUp, { once: true });
  });
}

// Lets a process that waits until a row in doubt can be settled go on at once, and its clock forward by as much: those
// waits take up to a quarter of an hour. All other waits are shorter and stay what they are.
const minWaitMs = 6000;
const { setTimeout: realSetTimeout, Date: RealDate } = globalThis;
let skippedMs = 0;

const realNow = RealDate.now;
RealDate.now = () => realNow() + skippedMs;

/** Only what `pipelines/import/reconcile.ts` waits for: a time limit must not end at once. */
const isToSettle = () => /[/\\]import[/\\]reconcile\.[jt]s/.test(new Error().stack ?? '');

globalThis.setTimeout = Object.assign((callback, delayMs, ...args) => {
  if (!(delayMs >= minWaitMs) || !isToSettle()) return realSetTimeout(callback, delayMs, ...args);
  return realSetTimeout(() => {
    skippedMs += delayMs;
    callback(...args);
  }, 0);
}, realSetTimeout);

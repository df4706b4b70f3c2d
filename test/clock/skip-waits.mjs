// Lets a process that waits until a row in doubt can be settled go on at once, and its clock forward by as much: those
// waits take up to a quarter of an hour. All other waits are shorter and stay what they are.
const minWaitMs = 6000;
const { setTimeout: realSetTimeout, Date: RealDate } = globalThis;
let skippedMs = 0;

const realNow = RealDate.now;
RealDate.now = () => realNow() + skippedMs;

/** Only what `pipelines/import/reconcile.ts` sleeps for: the time limit of a request that it sends must not end at once. */
function isToSettle() {
  const { stack = '' } = new Error();
  return /[/\\]api[/\\]sleep\.[jt]s/.test(stack) && /[/\\]import[/\\]reconcile\.[jt]s/.test(stack);
}

globalThis.setTimeout = Object.assign((callback, delayMs, ...args) => {
  if (!(delayMs >= minWaitMs) || !isToSettle()) return realSetTimeout(callback, delayMs, ...args);
  return realSetTimeout(() => {
    skippedMs += delayMs;
    callback(...args);
  }, 0);
}, realSetTimeout);

import { exitCodes } from '#src/errors.js';
import type { Reporter } from './reporter.js';

/**
 * Turns the first Ctrl-C (or SIGTERM) into a request to end well; the second ends the process at once, which the
 * ledger survives.
 */
export function stopOnSignals(reporter: Reporter): { readonly signal: AbortSignal; readonly release: () => void } {
  const controller = new AbortController();
  const onSignal = (name: 'SIGINT' | 'SIGTERM') => {
    if (controller.signal.aborted) process.exit(name === 'SIGINT' ? exitCodes.sigint : exitCodes.sigterm);
    reporter.remark(`${name}: finishing what is under way. Once more to end at once.`);
    controller.abort(name);
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  return {
    signal: controller.signal,
    release: () => {
      process.off('SIGINT', onSignal);
      process.off('SIGTERM', onSignal);
    },
  };
}

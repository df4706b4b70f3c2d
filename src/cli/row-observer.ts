import type { RunObserver } from '../library/observer.js';
import { progressObserver } from './progress/progress-observer.js';
import { renderDetection } from './render-summary.js';
import type { Reporter } from './reporter.js';

/** Tells of a run's input, remarks and progress. */
export function rowObserver(reporter: Reporter): RunObserver {
  return {
    ...progressObserver(reporter),
    opened: ({ file, detected, rows }) => reporter.remark(renderDetection(file, detected, rows)),
    notice: ({ message }) => reporter.warn(message),
  };
}

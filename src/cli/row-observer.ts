import type { RunObserver } from '#src/library/observer.js';
import { progressObserver } from './progress/progress-observer.js';
import { renderFinding } from './render-finding.js';
import { renderDetection } from './render-summary.js';
import type { Reporter } from './reporter.js';

/** A file with more kinds of damage than these is better looked at than read about. */
const mostFindings = 12;

/** Tells of a run's input, remarks and progress. */
export function rowObserver(reporter: Reporter): RunObserver {
  let findings = 0;
  return {
    ...progressObserver(reporter),
    opened: ({ file, detected, rows }) => reporter.remark(renderDetection(file, detected, rows)),
    notice: ({ message }) => reporter.warn(message),
    finding: (finding) => {
      findings += 1;
      if (findings <= mostFindings) reporter.warn(renderFinding(finding));
      else if (findings === mostFindings + 1) reporter.warn('There are more columns with damage; --json lists all.');
    },
  };
}

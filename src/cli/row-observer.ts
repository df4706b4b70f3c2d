import type { Reason } from '../../pipelines/row.js';
import type { RunObserver } from '../library/observer.js';
import { progressObserver } from './progress.js';
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

const rowsNamed = 3;

/** Collects what is wrong with rows and tells it grouped: a thousand rows with one mistake are one mistake. */
export function reasonGroups() {
  const groups = new Map<string, { readonly example: string; readonly rows: number[]; count: number }>();
  return {
    add(row: number, reasons: readonly Reason[]): void {
      for (const reason of reasons) {
        const name = `${reason.code} ${(reason.columns ?? []).join('+')}`;
        const group = groups.get(name) ?? { example: reason.message, rows: [], count: 0 };
        group.count += 1;
        if (group.rows.length < rowsNamed) group.rows.push(row);
        groups.set(name, group);
      }
    },
    lines(): readonly string[] {
      return [...groups.values()]
        .sort((one, other) => other.count - one.count)
        .map(({ example, rows, count }) => {
          const more = count > rows.length ? `, and ${count - rows.length} more` : '';
          return `  ${String(count).padStart(5)} × row ${rows.join(', ')}${more}: ${example}`;
        });
    },
  };
}

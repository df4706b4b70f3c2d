import type { Issue } from '#pipelines/issue.js';
import type { RowOutcome, RowStatus } from '#pipelines/model.js';

/** Rows that were not done for the same reason: a thousand rows with one mistake are one mistake. */
export interface IssueGroup {
  readonly status: RowStatus;
  readonly code: string;
  /** Source columns concerned. */
  readonly columns: readonly string[];
  /** What was said of the first of them. */
  readonly message: string;
  readonly count: number;
  /** The first of them, by the line or row number that an editor shows. */
  readonly rows: readonly number[];
}

const maxRowsNamed = 3;
/** Beyond so many kinds the messages are no longer told apart: memory must not grow with the file. */
const maxGroups = 500;

/** Groups rows by what was wrong with them, as they come. */
export class IssueGroups {
  readonly #groups = new Map<string, { group: Omit<IssueGroup, 'count' | 'rows'>; count: number; rows: number[] }>();

  /** Rows that are done are not counted. */
  add(row: number, outcome: RowOutcome): void {
    this.addIssues(row, outcome.status, listReasons(outcome));
  }

  addIssues(row: number, status: RowStatus, issues: readonly Issue<string>[]): void {
    for (const issue of issues) this.#count(row, status, issue);
  }

  /** The largest group first. */
  list(): readonly IssueGroup[] {
    return [...this.#groups.values()]
      .sort((one, other) => other.count - one.count)
      .map(({ group, count, rows }) => ({ ...group, count, rows }));
  }

  #count(row: number, status: RowStatus, reason: Issue<string>): void {
    const { code, message, columns = [] } = reason;
    const rough = [status, code, ...columns].join('\n');
    const fine = `${rough}\n${toMessagePattern(message)}`;
    const name = this.#groups.has(fine) || this.#groups.size < maxGroups ? fine : rough;
    const found = this.#groups.get(name) ?? { group: { status, code, columns, message }, count: 0, rows: [] };
    found.count += 1;
    if (found.rows.length < maxRowsNamed) found.rows.push(row);
    this.#groups.set(name, found);
  }
}

function listReasons(outcome: RowOutcome): readonly Issue<string>[] {
  switch (outcome.status) {
    case 'invalid':
      return outcome.reasons;
    case 'rejected':
    case 'failed':
    case 'in_doubt': {
      const { errorCode, message, columns = [] } = outcome;
      return [{ severity: 'error', code: errorCode, message, columns }];
    }
    case 'skipped':
      return [outcome.reason];
    default:
      return [];
  }
}

/** The message without what differs from row to row: quoted values and numbers. */
function toMessagePattern(message: string): string {
  return message.replaceAll(/"[^"]*"|“[^”]*”|'[^']*'/g, '"…"').replaceAll(/\d+/g, '#');
}

import type { Issue } from '#pipelines/issue.js';
import type { RowOutcome, RowStatus } from '#pipelines/model.js';

/** Rows that were not processed for the same reason: one mistake in a thousand rows is one entry. */
export interface IssueGroup {
  readonly status: RowStatus;
  readonly code: string;
  /** Source columns concerned. */
  readonly columns: readonly string[];
  /** The message of the first row. */
  readonly message: string;
  readonly count: number;
  /** The first rows, by the line or row number that an editor shows. */
  readonly rows: readonly number[];
}

const maxRowsPerGroup = 3;
/** Beyond this, messages are no longer distinguished, so that memory does not grow with the file. */
const maxGroups = 500;

/** Groups rows by their reasons, one row at a time. */
export class IssueGroups {
  readonly #groups = new Map<string, { group: Omit<IssueGroup, 'count' | 'rows'>; count: number; rows: number[] }>();

  /** Counts a row under each of its reasons; a row that was processed has none. */
  add(row: number, outcome: RowOutcome): void {
    this.addIssues(row, outcome.status, listReasons(outcome));
  }

  addIssues(row: number, status: RowStatus, issues: readonly Issue<string>[]): void {
    for (const issue of issues) this.#count(row, status, issue);
  }

  /** The largest group first. */
  list(): readonly IssueGroup[] {
    return [...this.#groups.values()]
      .sort((a, b) => b.count - a.count)
      .map(({ group, count, rows }) => ({ ...group, count, rows }));
  }

  #count(row: number, status: RowStatus, reason: Issue<string>): void {
    const { code, message, columns = [] } = reason;
    const byColumns = [status, code, ...columns].join('\n');
    const byMessage = `${byColumns}\n${toMessagePattern(message)}`;
    const key = this.#groups.has(byMessage) || this.#groups.size < maxGroups ? byMessage : byColumns;
    const group = this.#groups.get(key) ?? { group: { status, code, columns, message }, count: 0, rows: [] };
    group.count += 1;
    if (group.rows.length < maxRowsPerGroup) group.rows.push(row);
    this.#groups.set(key, group);
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

/** The message without the parts that differ from row to row: quoted values and numbers. */
function toMessagePattern(message: string): string {
  return message.replaceAll(/"[^"]*"|“[^”]*”|'[^']*'/g, '"…"').replaceAll(/\d+/g, '#');
}

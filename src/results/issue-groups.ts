import type { Issue } from '#pipelines/issue.js';
import type { RowOutcome, RowStatus } from '#pipelines/model.js';

/** Rows that were not processed for the same reason: one mistake in a thousand rows is one entry. */
export interface IssueGroup {
  readonly status: RowStatus;
  readonly code: string;
  /** Source columns concerned. */
  readonly columns: readonly string[];
  /** The message of the first row; of values that differ, the first few. */
  readonly message: string;
  readonly count: number;
  /** The first rows, by the line or row number that an editor shows. */
  readonly rows: readonly number[];
  /** The same rows as a spreadsheet program shows them; absent where that is the same. */
  readonly sheetRows?: readonly number[];
}

const maxRowsPerGroup = 3;
/** Beyond this, messages are no longer distinguished, so that memory does not grow with the file. */
const maxGroups = 500;

/** Groups rows by their reasons, one row at a time. */
export class IssueGroups {
  readonly #groups = new Map<
    string,
    { group: Omit<IssueGroup, 'count' | 'rows' | 'message'>; count: number; rows: number[]; messages: string[] }
  >();

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
      .map(({ group, count, rows, messages }) => ({ ...group, message: mergeMessages(messages), count, rows }));
  }

  #count(row: number, status: RowStatus, reason: Issue<string>): void {
    const { code, message, columns = [] } = reason;
    const byColumns = [status, code, ...columns].join('\n');
    const byMessage = `${byColumns}\n${toMessagePattern(message)}`;
    const key = this.#groups.has(byMessage) || this.#groups.size < maxGroups ? byMessage : byColumns;
    const group = this.#groups.get(key) ?? { group: { status, code, columns }, count: 0, rows: [], messages: [] };
    group.count += 1;
    if (group.rows.length < maxRowsPerGroup) group.rows.push(row);
    // One more than is shown tells that there are more.
    if (group.messages.length <= maxRowsPerGroup && !group.messages.includes(message)) group.messages.push(message);
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
    case 'pending':
      return [outcome.reason];
    default:
      return [];
  }
}

/** The message without the parts that differ from row to row: quoted values and numbers. */
function toMessagePattern(message: string): string {
  return message.replaceAll(variablePart, (part) => (/^\d/.test(part) ? '#' : '"…"'));
}

const variablePart = /"[^"]*"|“[^”]*”|'[^']*'|\d+/g;

/** One message of several: where they differ, the values of the first few stand behind each other. */
function mergeMessages(messages: readonly string[]): string {
  const [first = ''] = messages;
  const parts = messages.map((message) => message.match(variablePart) ?? []);
  // Beyond the limit of groups, messages of other kinds are counted with the first one.
  if (parts.some(({ length }) => length !== parts[0]?.length)) return first;
  let place = -1;
  return first.replaceAll(variablePart, () => {
    place += 1;
    const values = [...new Set(parts.map((found) => found[place] ?? ''))];
    const shown = values.slice(0, maxRowsPerGroup).join(', ');
    return values.length > maxRowsPerGroup ? `${shown}, …` : shown;
  });
}

import type { RowOutcome, RowStatus } from '#pipelines/outcome.js';
import type { Reason } from '#pipelines/row.js';

/** Rows that were not done for the same reason: a thousand rows with one mistake are one mistake. */
export interface ProblemGroup {
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

const rowsNamed = 3;
/** Beyond so many kinds the messages are no longer told apart: memory must not grow with the file. */
const mostKinds = 500;

/** Groups rows by what was wrong with them, as they come. */
export class ProblemGroups {
  readonly #groups = new Map<string, { group: Omit<ProblemGroup, 'count' | 'rows'>; count: number; rows: number[] }>();

  /** Rows that are done are not counted. */
  add(row: number, outcome: RowOutcome): void {
    for (const reason of reasonsOf(outcome)) this.#count(row, outcome.status, reason);
  }

  /** The largest group first. */
  list(): readonly ProblemGroup[] {
    return [...this.#groups.values()]
      .sort((one, other) => other.count - one.count)
      .map(({ group, count, rows }) => ({ ...group, count, rows }));
  }

  #count(row: number, status: RowStatus, reason: Reason): void {
    const { code, message, columns = [] } = reason;
    const rough = [status, code, ...columns].join('\n');
    const fine = `${rough}\n${shapeOf(message)}`;
    const name = this.#groups.has(fine) || this.#groups.size < mostKinds ? fine : rough;
    const found = this.#groups.get(name) ?? { group: { status, code, columns, message }, count: 0, rows: [] };
    found.count += 1;
    if (found.rows.length < rowsNamed) found.rows.push(row);
    this.#groups.set(name, found);
  }
}

function reasonsOf(outcome: RowOutcome): readonly Reason[] {
  switch (outcome.status) {
    case 'invalid':
      return outcome.reasons;
    case 'rejected':
    case 'failed':
    case 'in_doubt': {
      const { errorCode, message, columns = [] } = outcome;
      return [{ code: errorCode, message, columns }];
    }
    case 'skipped':
      return [outcome.reason];
    default:
      return [];
  }
}

/** The message without what differs from row to row: quoted values and numbers. */
function shapeOf(message: string): string {
  return message.replaceAll(/"[^"]*"|“[^”]*”|'[^']*'/g, '"…"').replaceAll(/\d+/g, '#');
}

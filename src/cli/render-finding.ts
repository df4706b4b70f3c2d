import type { FindingGroup } from '#pipelines/damage/finding.js';

/** Cells that cannot be right, in one line: which and where, what is wrong, and what to do. */
export function renderFinding({ columns, count, rows, message, suggestion, value }: FindingGroup): string {
  if (columns.length === 0) return `${message} ${suggestion}`;
  const first = value === undefined ? '' : ` "${oneLine(value)}"`;
  return `${columns.join(' + ')}${first}${placeOf(count, rows)}: ${message} ${suggestion}`;
}

function placeOf(count: number, rows: readonly number[]): string {
  if (count === 1) return ` (row ${rows[0]})`;
  const more = count > rows.length ? ', …' : '';
  return ` and ${count - 1} more (${rows.length === 1 ? 'row' : 'rows'} ${rows.join(', ')}${more})`;
}

function oneLine(text: string): string {
  return text.replaceAll(/[\r\n]+/g, '⏎');
}

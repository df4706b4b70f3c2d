import type { ColumnProfile } from '#pipelines/profile/column-profile.js';
import { plainTable } from './plain-table.js';

const longestTop = 24;

/** What each column of a file holds, as a table. */
export function renderProfile(columns: readonly ColumnProfile[]): string {
  const head = ['column', 'filled', 'different', 'longest', 'kinds', 'most frequent'];
  return plainTable(head, columns.map(rowFor));
}

function rowFor({ column, rows, filled, distinct, longest, kinds, top }: ColumnProfile): string[] {
  const percent = rows === 0 ? 0 : Math.floor((filled / rows) * 1000) / 10;
  return [
    column,
    `${percent}%`,
    `${distinct.isEstimate ? 'about ' : ''}${distinct.count}`,
    String(longest),
    Object.entries(kinds)
      .map(([kind, count]) => (count === filled ? kind : `${kind} ${count}`))
      .join(', '),
    distinct.count === filled && filled > 0 && !distinct.isEstimate ? 'all different' : topValues(top),
  ];
}

function topValues(top: ColumnProfile['top']): string {
  return top
    .slice(0, 3)
    .map(({ value, count }) => `${value.length > longestTop ? `${value.slice(0, longestTop - 1)}…` : value} (${count})`)
    .join(', ');
}

import { formatCount } from '#pipelines/format-count.js';
import type { CompareSummary, Difference } from '#src/app/compare/compare-file.js';
import { renderTable } from './format.js';
import { renderTraffic } from './summary.js';

/** Differences shown one by one; the rest is in the file. */
export const maxDifferencesShown = 20;

const maxValueLength = 40;

/** A comparison for people: the counts, the first differences as a table, and where the others are. */
export function renderComparison(summary: CompareSummary): string {
  const { counts, customers, input, fields, differences, notCompared, output } = summary;
  const all = counts.onlyInFile + counts.onlyInAccount + counts.differing + counts.unreadable;
  const lines = [
    [counts.same, 'the same in file and account'],
    [counts.differing, `with different values${fields.length === 0 ? '' : `: ${listCounts(fields)}`}`],
    [counts.onlyInFile, 'only in the file'],
    [counts.onlyInAccount, 'only in the account'],
    [counts.unreadable, 'cannot be read'],
  ] as const;
  const more = all - differences.length;
  return [
    `compare: ${input.file}, ${formatCount(input.rows, 'row')}; account, ${formatCount(customers, 'customer')}`,
    ...lines
      .filter(([count], at) => count > 0 || (at > 0 && at < 4))
      .map(([count, what]) => `  ${String(count).padStart(7)} ${what}`),
    ...(differences.length === 0 ? [] : [renderTable(head, differences.flatMap(toRows))]),
    ...(more > 0 ? [`… and ${formatCount(more, 'more difference')}: see --output or --json`] : []),
    ...notCompared.map(({ field, why, rows }) => `Not compared: ${field} ${explain(why, rows)}`),
    renderTraffic(summary.api),
    ...(output === null ? [] : [`Differences: ${output}`]),
  ].join('\n');
}

const head = ['', 'row', 'customer', 'key', 'name', 'field', 'file', 'account'];

function listCounts(fields: CompareSummary['fields']): string {
  return fields.map(({ field, count }) => `${field} ${count}`).join(', ');
}

function explain(why: CompareSummary['notCompared'][number]['why'], rows: number): string {
  return why === 'no_column'
    ? '(the file has no column for it)'
    : `of ${formatCount(rows, 'row')} (the list of customers does not show it; --full reads the details)`;
}

const kindLabels = {
  only_in_file: 'only in file',
  only_in_account: 'only in account',
  differs: 'differs',
  unreadable: 'cannot be read',
} as const satisfies Record<Difference['kind'], string>;

function toRows(difference: Difference): readonly (readonly string[])[] {
  const { kind, name } = difference;
  const who = [
    kindLabels[kind],
    'row' in difference ? String(difference.row) : '',
    'customerCode' in difference ? difference.customerCode : '',
    ('key' in difference ? difference.key : undefined) ?? '',
    shorten(name),
  ];
  if (kind === 'differs')
    return difference.fields.map(({ field, file, account }) => [...who, field, show(file), show(account)]);
  return [[...who, '', kind === 'unreadable' ? shorten(difference.reasons[0]?.message ?? '') : '', '']];
}

function show(value: unknown): string {
  if (value === null || value === undefined || value === '') return 'blank';
  return shorten(typeof value === 'string' ? value : JSON.stringify(value));
}

function shorten(text: string): string {
  const oneLine = text.replaceAll(/[\r\n]+/g, '⏎');
  return oneLine.length <= maxValueLength ? oneLine : `${oneLine.slice(0, maxValueLength - 1)}…`;
}

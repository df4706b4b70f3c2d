import { formatCount } from '#pipelines/format-count.js';
import type { DuplicatePair, DuplicateRecord, DuplicatesResult } from '#src/app/duplicates/duplicate-finder.js';
import type { DuplicatesSummary } from '#src/app/duplicates/find-duplicates.js';
import { renderTable } from './format.js';

/** Pairs and groups of a kind that are shown one by one; the rest is in the file. */
const maxShown = 10;

/** Who is there twice, for people. */
export function renderDuplicates(summary: DuplicatesSummary): string {
  const { input, account, counts, files } = summary;
  const isClean = Object.values(counts).every((count) => count === 0);
  const compared =
    account === null ? '' : ` and ${formatCount(account.customers, 'customer')} of the account${renderKnown(summary)}`;
  return [
    `duplicates: ${input.file}, ${formatCount(input.rows, 'row')}${compared}`,
    ...(isClean ? ['  nobody is there twice'] : renderFound(summary)),
    ...renderShared(summary),
    ...(files.review === null ? [] : [`Review: ${files.review}`]),
    ...(isClean || files.review !== null ? [] : ['Next: add --results <file.xlsx> to get all of them side by side']),
  ].join('\n');
}

function renderKnown({ account }: DuplicatesSummary): string {
  if (account === null || account.knownRows === 0) return '';
  return ` (${formatCount(account.knownRows, 'row')} with a known key: compared within the file only)`;
}

/** What a check found. */
export function renderRowDuplicates({ groups, reviews }: Pick<DuplicatesResult, 'groups' | 'reviews'>): string[] {
  if (groups.length + reviews.length === 0) return ['No row looks like another one.'];
  return renderFound({ groups, reviews, matches: [], accountGroups: [] });
}

/** The first of each kind, with how many there are. */
function renderFound({ groups, matches, accountGroups, reviews }: DuplicatesResult): string[] {
  const rows = groups.reduce((sum, { records }) => sum + records.length, 0);
  return [
    ...renderKind(groups, `${formatCount(rows, 'row')} of the file are ${formatCount(groups.length, 'customer')}`),
    ...renderKind(
      matches,
      `${formatCount(matches.length, 'row')} of the file ${matches.length === 1 ? 'is a customer' : 'are customers'} of the account already`,
    ),
    ...renderKind(
      accountGroups,
      `${formatCount(accountGroups.length, 'customer')} ${accountGroups.length === 1 ? 'is' : 'are'} in the account several times`,
    ),
    ...renderKind(reviews, `${formatCount(reviews.length, 'pair')} for a person to decide`),
  ];
}

function renderKind(
  found: readonly { readonly records: readonly DuplicateRecord[]; readonly reasons: DuplicatePair['reasons'] }[],
  what: string,
): string[] {
  if (found.length === 0) return [];
  const rows = found
    .slice(0, maxShown)
    .map(({ records, reasons }) => [records.map(renderRecord).join('\n'), reasons.join('\n')]);
  const more = found.length > maxShown ? [`  … and ${found.length - maxShown} more`] : [];
  return [`${what}:`, renderTable(['who', 'why'], rows), ...more];
}

function renderRecord({ row, key, customerCode, name }: DuplicateRecord): string {
  const place = row === null ? `customer ${customerCode}` : `row ${row}${key === null ? '' : ` (${key})`}`;
  return `${place}: ${name}`;
}

function renderShared({ sharedValues, uncomparedValues }: DuplicatesSummary): string[] {
  return [
    ...(sharedValues === 0
      ? []
      : [`${formatCount(sharedValues, 'value')} held by more than 200: only those with like names were compared`]),
    ...(uncomparedValues === 0
      ? []
      : [`${formatCount(uncomparedValues, 'value')} held by too many like names: not all of these were compared`]),
  ];
}

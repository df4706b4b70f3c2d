import { formatCount } from '#pipelines/format-count.js';
import type { DuplicatePair, DuplicateRecord, DuplicatesResult } from '#src/app/duplicates/duplicate-finder.js';
import type { DuplicateCounts, DuplicatesSummary } from '#src/app/duplicates/find-duplicates.js';
import { quoteArgument } from '#src/app/quote-argument.js';
import { renderTable } from './format.js';

/** Pairs and groups of a kind that are shown one by one; the rest is in the file. */
export const maxShown = 10;

/** Who is there twice, for people. */
export function renderDuplicates(summary: DuplicatesSummary): string {
  const { input, account, counts, files } = summary;
  const isClean = Object.values(counts).every((count) => count === 0);
  const compared =
    account === null ? '' : ` and ${formatCount(account.customers, 'customer')} of the account${renderKnown(summary)}`;
  return [
    `duplicates: ${input.file}, ${formatCount(input.rows, 'row')}${compared}`,
    ...(isClean ? ['  nobody is there twice'] : renderFound(summary, counts)),
    ...renderShared(summary),
    ...(files.review === null ? [] : [`Review: ${files.review}`]),
    ...(files.review === null || account === null
      ? []
      : [
          `Next: write same, new or skip into its column "decision", then: mypos-customers import ${quoteArgument(files.review)}`,
        ]),
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
  const rowsInGroups = groups.reduce((sum, { records }) => sum + records.length, 0);
  const counts = { groups: groups.length, rowsInGroups, matches: 0, accountGroups: 0, reviews: reviews.length };
  return renderFound({ groups, reviews, matches: [], accountGroups: [] }, counts);
}

/** The first of each kind, with how many there are. */
function renderFound(found: DuplicatesResult, counts: DuplicateCounts): string[] {
  const { groups, rowsInGroups, matches, accountGroups, reviews } = counts;
  const isOrAre = (count: number, what: string) => (count === 1 ? `is a ${what}` : `are ${what}s`);
  return [
    ...renderKind(
      found.groups,
      groups,
      `${formatCount(rowsInGroups, 'row')} of the file are ${formatCount(groups, 'customer')}`,
    ),
    ...renderKind(
      found.matches,
      matches,
      `${formatCount(matches, 'row')} of the file ${isOrAre(matches, 'customer')} of the account already`,
    ),
    ...renderKind(
      found.accountGroups,
      accountGroups,
      `${formatCount(accountGroups, 'customer')} ${accountGroups === 1 ? 'is' : 'are'} in the account several times`,
    ),
    ...renderKind(found.reviews, reviews, `${formatCount(reviews, 'pair')} for a person to decide`),
  ];
}

/** @param found - at least the first ones */
function renderKind(
  found: readonly { readonly records: readonly DuplicateRecord[]; readonly reasons: DuplicatePair['reasons'] }[],
  count: number,
  what: string,
): string[] {
  if (count === 0) return [];
  const rows = found
    .slice(0, maxShown)
    .map(({ records, reasons }) => [records.map(renderRecord).join('\n'), reasons.join('\n')]);
  const more = count > rows.length ? [`  … and ${count - rows.length} more`] : [];
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

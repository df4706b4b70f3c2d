import type { KeptKeyReason, KeysForgotten } from '#src/library/forget-keys.js';

/** What the crosswalk was told and what it made of it. */
export interface CrosswalkSummary {
  readonly added: number;
  readonly replaced: number;
  readonly same: number;
  readonly conflicts: readonly { readonly key: string; readonly customerCode: string; readonly knownAs: string }[];
  readonly ambiguous?: readonly { readonly key: string; readonly customerCodes: readonly string[] }[];
}

const mostShown = 10;

/** The same, for people. */
export function renderLinked({ added, replaced, same, conflicts, ambiguous = [] }: CrosswalkSummary): string {
  const more = (count: number) => (count > mostShown ? [`  … and ${count - mostShown} more`] : []);
  return [
    `crosswalk: ${added} added, ${replaced} replaced, ${same} known already`,
    ...ambiguous
      .slice(0, mostShown)
      .map(({ key, customerCodes }) => `  "${key}" is on ${customerCodes.join(', ')}: left out`),
    ...more(ambiguous.length),
    ...conflicts
      .slice(0, mostShown)
      .map(({ key, customerCode, knownAs }) => `  "${key}" would become ${customerCode}, but is known as ${knownAs}`),
    ...more(conflicts.length),
    ...(conflicts.length > 0 ? ['Nothing was taken. If the new is right, add --replace.'] : []),
  ].join('\n');
}

const reasons: Readonly<Record<KeptKeyReason, string>> = {
  'still there': 'kept: that customer is still there. To delete it: mypos-customers delete',
  'no answer': 'kept: the API did not say whether that customer is still there. Try again',
  'unknown key': 'stands for nobody: there is nothing to forget',
};

/** Which keys stand for nobody any more, and why others do. */
export function renderForgotten({ forgotten, kept }: Pick<KeysForgotten, 'forgotten' | 'kept'>): string {
  return [
    `crosswalk: ${forgotten.length} forgotten, ${kept.length} kept`,
    ...kept.map(
      ({ key, customerCode, why }) => `  "${key}"${customerCode === null ? '' : ` (${customerCode})`} ${reasons[why]}`,
    ),
    ...(forgotten.length === 0 ? [] : ['Next: import the file again; these customers are added anew.']),
  ].join('\n');
}

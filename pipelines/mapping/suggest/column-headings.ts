import { readHeading } from './headings.js';

/**
 * What the headings of a table say, each given its neighbours: programs write what several columns are about once, or leave
 * it out. In the order of the columns.
 */
export function readColumnHeadings(columns: readonly string[]): readonly string[] {
  return nameCardColumns(nameBankColumns(markSecondAddress(removeSharedPrefix(continueGroups(columns)))));
}

/** "Addr 1 - Line 1", "- Line 2", "- City": a heading that begins with a dash goes on with the group before it. */
function continueGroups(columns: readonly string[]): readonly string[] {
  let group: string | undefined;
  return columns.map((column) => {
    const name = column.trim();
    if (!/^-\s/.test(name)) {
      const [before = '', ...after] = name.split(' - ');
      if (after.length > 0) group = before;
      return column;
    }
    // The reader numbers equal names: the "(2)" is not in the file.
    const bare = name.replace(/\s\(\d+\)$/, '');
    return group === undefined ? name.slice(1) : `${group} ${bare}`;
  });
}

const minColumnsOfPrefix = 4;
const minShareOfPrefix = 0.6;
const prefixPattern = /^([\p{L}\p{N}]+)[._:](?=.)/u;

/** The table or the record that most columns name before their own: tblKunden.Vorname, contact_email. */
function removeSharedPrefix(headings: readonly string[]): readonly string[] {
  const counts = new Map<string, number>();
  for (const heading of headings) {
    const prefix = prefixPattern.exec(heading)?.[1];
    if (prefix !== undefined) counts.set(prefix, (counts.get(prefix) ?? 0) + 1);
  }
  const [shared, count = 0] = [...counts].sort(([, a], [, b]) => b - a)[0] ?? [];
  if (shared === undefined || count < minColumnsOfPrefix || count < headings.length * minShareOfPrefix) return headings;
  return headings.map((heading) =>
    prefixPattern.exec(heading)?.[1] === shared ? heading.slice(shared.length + 1).trim() : heading,
  );
}

const postalPart = /^postal(?=[\s_-]+(?:address|street|suburb|city|town|state|region|country|post|zip))/i;

/** Beside a physical address, the postal one is the second; alone, it is the address. */
function markSecondAddress(headings: readonly string[]): readonly string[] {
  if (!headings.some((heading) => /^physical(?![a-z])/i.test(heading))) return headings;
  return headings.map((heading) => heading.replace(postalPart, 'secondary'));
}

/** How many columns after that of the bank's code belong to the bank. */
const bankColumns = 2;
const accountOfBank = /^(?:account|acct|acc)[\s_]*(?=(?:name|no|number|nr)\b)/i;

/** "BSB", "Account Number", "Account Name": the account is the bank's, not the customer's. */
function nameBankColumns(headings: readonly string[]): readonly string[] {
  const isBankCode = headings.map((heading) => readHeading(heading)[0]?.target === 'bankSortCode');
  return headings.map((heading, at) =>
    isBankCode.slice(Math.max(0, at - bankColumns), at).includes(true)
      ? heading.replace(accountOfBank, 'bank account ')
      : heading,
  );
}

/** SAP Business One calls its customers cards; a card that has no code is one to pay with. */
function nameCardColumns(headings: readonly string[]): readonly string[] {
  if (!headings.some((heading) => /^card[\s_]*code$/i.test(heading.trim()))) return headings;
  return headings.map((heading) => heading.replace(/^card[\s_]*(?=(?:name|type)\b)/i, 'customer '));
}

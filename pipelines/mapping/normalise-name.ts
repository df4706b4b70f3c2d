/** Signs without width that web pages and byte order marks leave at the ends of cells; soft hyphens too. */
const invisible = new Set([0x00ad, 0x180e, 0x200b, 0x200c, 0x200d, 0x2060, 0xfeff]);
const firstBeyondAscii = 0x80;

/** Takes Unicode spaces and invisible signs off both ends; those inside stay (emoji are joined by one of them). */
export function trimText(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isTrimmed(text, start)) start++;
  while (end > start && isTrimmed(text, end - 1)) end--;
  return start === 0 && end === text.length ? text : text.slice(start, end);
}

function isTrimmed(text: string, position: number): boolean {
  const code = text.charCodeAt(position);
  if (code < firstBeyondAscii) return code === 0x20 || (code >= 0x09 && code <= 0x0d);
  return invisible.has(code) || /\s/.test(text.charAt(position));
}

const invisibleAnywhere = /[\u00ad\u180e\u200b-\u200d\u2060\ufeff]/g;

/**
 * The form in which two names count as the same: without invisible signs, compatibility forms folded (NFKC), no case, no
 * spaces at the ends, single spaces inside (a line break in a heading counts as a space).
 */
export function normaliseName(name: string): string {
  return trimText(name.normalize('NFKC').replaceAll(invisibleAnywhere, '')).replaceAll(/\s+/g, ' ').toLowerCase();
}

import { trimText } from './trim-text.js';

/**
 * The form in which two names count as the same: compatibility forms folded (NFKC), no case, no spaces at the ends,
 * single spaces inside (a line break in a heading counts as a space).
 */
export function normaliseName(name: string): string {
  return trimText(name.normalize('NFKC')).replaceAll(/\s+/g, ' ').toLowerCase();
}

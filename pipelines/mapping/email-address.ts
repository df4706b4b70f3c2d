import { trimText } from './normalise-name.js';

/** Most addresses have nothing to clean: one test spares them the others. */
const plainAddress = /^[\w.+-]+@[a-z0-9.-]+(?<!\.)$/;

/** Whether a text is an address that needs no cleaning. */
export function isPlainAddress(text: string): boolean {
  return plainAddress.test(text);
}

const zeroWidth = /[\u00AD\u180E\u200B-\u200D\u2060\uFEFF]/g;
const mailLink = /^(?:mailto:\s*)+/i;

/** The part before the @ keeps its case: some servers tell "Ann" and "ann" apart. */
export function cleanEmail(text: string): string {
  if (isPlainAddress(text)) return text;
  const bare = trimText(trimText(text.replaceAll(zeroWidth, '')).replace(mailLink, ''));
  const at = bare.lastIndexOf('@');
  return at === -1 ? bare : bare.slice(0, at) + bare.slice(at).toLowerCase();
}

/** What stands between addresses in one cell, from what no name contains to what names contain, too. */
const separators = [/:::|[;|\r\n]/, /,/, /[\s/]+/];

const address = String.raw`[^\s@<>()\[\],;:"]+@[^\s@<>()\[\],;:"]+\.[^\s@<>()\[\],;:".]+`;
const addressAlone = new RegExp(`^(?:mailto:)?(${address})$`, 'i');
/** `Bob Ray <bob@example.com>`, `Bob Ray (bob@example.com)` and `bob@example.com (Bob Ray)`. */
const addressWithName = [
  new RegExp(String.raw`^[^<>@]*<\s*(?:mailto:)?(${address})\s*>$`, 'i'),
  new RegExp(String.raw`^[^()@]*\(\s*(?:mailto:)?(${address})\s*\)$`, 'i'),
  new RegExp(String.raw`^(${address})\s*\([^()@]*\)$`),
];

/** A longer text is no address. */
const maxLength = 2000;

/** An address that was taken out of a text, and what is to be said about it. */
export interface TakenAddress {
  readonly text: string;
  readonly note?: string;
}

/**
 * Takes the address out of a text that has a name beside it, and the first of several addresses. A text with anything
 * else in it is not an address, and stays as it is.
 *
 * @returns `undefined` when there is nothing to take out
 */
export function takeEmailAddress(text: string): TakenAddress | undefined {
  if (isPlainAddress(text) || text.length > maxLength || !text.includes('@')) return undefined;
  const bare = trimText(text);
  const named = readAddress(bare);
  if (named !== undefined)
    return named === bare ? undefined : { text: named, note: `has more than an address in it; ${named} was taken` };
  // The end of a sentence.
  const ended = readAddress(bare.replace(/\.+$/, ''));
  if (ended !== undefined) return { text: ended, note: `ends with a full stop; ${ended} was taken` };
  for (const separator of separators) {
    const parts = bare
      .split(separator)
      .map(trimText)
      .filter((part) => part !== '');
    const addresses = parts.map(readAddress);
    const [first] = addresses;
    if (first === undefined || addresses.includes(undefined)) continue;
    if (addresses.length === 1) return { text: first };
    return { text: first, note: `has ${addresses.length} addresses in it; the first, ${first}, was taken` };
  }
  return undefined;
}

function readAddress(text: string): string | undefined {
  const alone = addressAlone.exec(text)?.[1];
  if (alone !== undefined) return alone;
  for (const pattern of addressWithName) {
    const found = pattern.exec(text)?.[1];
    if (found !== undefined) return found;
  }
  return undefined;
}

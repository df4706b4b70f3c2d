/** A heading taken apart, so that "POAddressLine1", "Billing Address: Street" and "E-mail 1 - Value" can be read. */
export interface HeadingWords {
  /** In small letters, without accents and signs; numbers are apart. */
  readonly words: readonly string[];
  /** A number at the end: "Address 2". */
  readonly trailing?: number;
  /** A number before something: "Address 2 - City". */
  readonly inner?: number;
}

/** Words that programs write as two or as one. */
const joined: Readonly<Record<string, string>> = { 'e mail': 'email', 'web site': 'website', 'opt in': 'opt in' };

/** Takes a heading apart. */
export function headingWords(heading: string): HeadingWords {
  const plain = heading
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .replaceAll('ß', 'ss')
    .replaceAll(/([\p{Ll}\d])(\p{Lu})/gu, '$1 $2')
    .replaceAll(/(\p{Lu})(\p{Lu}\p{Ll})/gu, '$1 $2')
    .replaceAll(/(\p{L})(\d)/gu, '$1 $2')
    .replaceAll(/(\d)(\p{L})/gu, '$1 $2')
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]+/gu, ' ')
    .trim();
  const together = Object.entries(joined).reduce((text, [apart, one]) => text.replaceAll(apart, one), plain);
  const parts = together.split(' ').filter((part) => part !== '');
  const trailing = numberIn(parts.slice(-1));
  const inner = numberIn(parts.slice(0, -1));
  return {
    words: parts.filter((part) => !/^\d+$/.test(part)),
    ...(trailing !== undefined && { trailing }),
    ...(inner !== undefined && { inner }),
  };
}

function numberIn(parts: readonly string[]): number | undefined {
  const found = parts.find((part) => /^\d{1,3}$/.test(part));
  return found === undefined ? undefined : Number(found);
}

/** The form in which two headings count as the same: "post code" is "postcode". */
export function squashed(words: readonly string[]): string {
  return words.join('');
}

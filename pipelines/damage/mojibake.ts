/** The characters that windows-1252 has in place of the controls 0x80 to 0x9f; a space where it has none. */
const upperControls = '€ ‚ƒ„…†‡ˆ‰Š‹Œ Ž  ‘’“”•–—˜™š›œ žŸ';

const byteOf = new Map<string, number>(
  [...upperControls].flatMap((character, place) => (character === ' ' ? [] : [[character, 0x80 + place] as const])),
);

/** Lead bytes of utf-8 as windows-1252 shows them, each before something that may follow it. */
const typical = /Ã[\u0080-\u00aa\u00ac-\u00b6\u00b8-\u00ba\u00bc-\u00bf]|Â[\u0080-\u00a9\u00ac-\u00b6]|â€|ï»¿|ðŸ/;

/** A lead byte of utf-8 before something that may follow it; without one, there is nothing to try. */
const leadAndFollower = new RegExp(`[\\u00c2-\\u00f4][\\u0080-\\u00bf${upperControls.replaceAll(' ', '')}]`);

const strictUtf8 = new TextDecoder('utf-8', { fatal: true });

/** Whether the text looks like utf-8 that was read as windows-1252. */
export function isMojibake(text: string): boolean {
  return typical.test(text) || repairMojibake(text) !== undefined;
}

/**
 * The text as it was before its utf-8 bytes were taken for windows-1252; `undefined` when it was not. Text that was
 * written so on purpose is never valid utf-8 by chance, save for a few letters in a row that no language has.
 */
export function repairMojibake(text: string): string | undefined {
  if (!leadAndFollower.test(text)) return undefined;
  const bytes: number[] = [];
  for (const character of text) {
    const byte = byteOf.get(character) ?? character.codePointAt(0) ?? 0;
    if (byte > 0xff) return undefined;
    bytes.push(byte);
  }
  try {
    const repaired = strictUtf8.decode(Uint8Array.from(bytes));
    return repaired === text ? undefined : repaired;
  } catch {
    return undefined;
  }
}

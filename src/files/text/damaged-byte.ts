import iconv from 'iconv-lite';
import type { Issue } from '#pipelines/issue.js';

const maxShownBytes = 3;
const maxShownCharacters = 80;

/**
 * Says which bytes of a row in UTF-8 are no characters, and what they most probably were.
 *
 * @param text - the cell or line of the first of them, with U+FFFD for each
 */
export function createDamagedByteIssue(
  damage: readonly { readonly byte: number; readonly line: number }[],
  text: string,
): Issue {
  const shown = damage.slice(0, maxShownBytes).map(({ byte, line }) => `0x${toHex(byte)} in line ${line}`);
  const more = damage.length > maxShownBytes ? ` and ${damage.length - maxShownBytes} more` : '';
  const isOne = damage.length === 1;
  return {
    severity: 'error',
    code: 'DAMAGED_BYTE',
    message:
      `${isOne ? 'This byte is' : 'These bytes are'} not UTF-8, as the rest of the file is: ${shown.join(', ')}${more}. ` +
      `${guessMeaning(damage[0]?.byte)}Type the text again, and save the file as UTF-8.`,
    value: text.length > maxShownCharacters ? `${text.slice(0, maxShownCharacters)}…` : text,
  };
}

function toHex(byte: number): string {
  return byte.toString(16).toUpperCase().padStart(2, '0');
}

/** A program that adds a row to a file in UTF-8 is mostly one of Western Windows. */
function guessMeaning(byte = 0): string {
  const character = iconv.decode(Buffer.from([byte]), 'windows-1252');
  return /^[\p{L}\p{P}\p{Sc}]$/u.test(character) ? `In windows-1252 it would be "${character}". ` : '';
}

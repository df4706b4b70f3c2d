import { isUtf8 } from 'node:buffer';

/** The length of the UTF-8 character that begins at `at`; 0 where there is none. */
export function measureUtf8Character(bytes: Buffer, at: number): number {
  const first = bytes[at] ?? 0xff;
  if (first < 0x80) return 1;
  const length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  return at + length <= bytes.length && isUtf8(bytes.subarray(at, at + length)) ? length : 0;
}

/** The bytes without a character that their end cuts in two. */
export function dropIncompleteCharacter(bytes: Buffer): Buffer {
  for (let back = 1; back <= Math.min(3, bytes.length); back += 1) {
    const byte = bytes[bytes.length - back] ?? 0;
    if (byte < 0x80) return bytes;
    if (byte >= 0xc0) {
      const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
      return length > back ? bytes.subarray(0, bytes.length - back) : bytes;
    }
  }
  return bytes;
}

// Unicode keeps 32 values from U+FDD0 for the inside of programs; no text has them. Two of them carry a byte.
const highDigits = 0xfdd0;
const lowDigits = 0xfde0;
const damagePattern = /([\uFDD0-\uFDDF])([\uFDE0-\uFDEF])/g;

/** A byte that is no character, as a text that no file contains otherwise. */
export function encodeDamagedByte(byte: number): Buffer {
  return Buffer.from(String.fromCharCode(highDigits + (byte >> 4), lowDigits + (byte & 0x0f)));
}

/** What stands for a byte that is no character, for people and in the files that are written. */
const replacementCharacter = '\uFFFD';

/** The text with U+FFFD for each damaged byte. */
export function replaceDamagedBytes(text: string): string {
  return text.replace(damagePattern, replacementCharacter);
}

/** A byte in a text that is no character of its encoding. */
export interface DamagedByte {
  readonly byte: number;
  /** Where it stands in the text. */
  readonly at: number;
}

/** The damaged bytes of a text, in their order. */
export function findDamagedBytes(text: string): readonly DamagedByte[] {
  return [...text.matchAll(damagePattern)].map(({ 1: high = '', 2: low = '', index }) => ({
    byte: ((high.charCodeAt(0) - highDigits) << 4) | (low.charCodeAt(0) - lowDigits),
    at: index,
  }));
}

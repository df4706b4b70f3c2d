import { isUtf8 } from 'node:buffer';
import iconv from 'iconv-lite';
import type { ChosenEncoding } from './choose-encoding.js';
import { dropIncompleteCharacter, encodeDamagedByte, measureUtf8Character } from './utf8.js';

/** Text as utf-8, up to the first byte that is no character. */
export interface Decoded {
  readonly text: Buffer;
  /** Where in `text` the first impossible byte stood; the text behind it is not to be used. */
  readonly badAt?: number;
}

/** Turns bytes of one encoding into utf-8, whatever the size of the pieces. */
export interface ChunkDecoder {
  write(bytes: Buffer): Decoded;
  end(): Decoded;
}

const noBytes: Buffer = Buffer.alloc(0);

/** A decoder for the encoding; the byte order mark must be gone already. */
export function createDecoder({ name, isDamaged = false }: Pick<ChosenEncoding, 'name' | 'isDamaged'>): ChunkDecoder {
  if (name !== 'utf-8') return createIconvDecoder(name);
  return isDamaged ? createDamagedUtf8Decoder() : createUtf8Decoder();
}

function createUtf8Decoder(): ChunkDecoder {
  return decodeWholeCharacters(
    (text) => (isUtf8(text) ? { text } : { text, badAt: firstInvalidUtf8(text) }),
    (rest) => (rest.length === 0 ? { text: noBytes } : { text: rest, badAt: 0 }),
  );
}

/** Every byte that is no character becomes a text that stands for it; rows with a damaged byte are recognised by it. */
function createDamagedUtf8Decoder(): ChunkDecoder {
  return decodeWholeCharacters(
    (text) => ({ text: isUtf8(text) ? text : markDamagedBytes(text) }),
    (rest) => ({ text: markDamagedBytes(rest) }),
  );
}

/** Holds back the bytes of a character that a chunk cuts, until the next one brings the rest of it. */
function decodeWholeCharacters(
  decode: (text: Buffer) => Decoded,
  decodeRest: (bytes: Buffer) => Decoded,
): ChunkDecoder {
  let held: Buffer = noBytes;
  return {
    write(bytes) {
      const all = held.length === 0 ? bytes : Buffer.concat([held, bytes]);
      const text = dropIncompleteCharacter(all);
      held = all.subarray(text.length);
      return decode(text);
    },
    end: () => decodeRest(held),
  };
}

function markDamagedBytes(bytes: Buffer): Buffer {
  const pieces: Buffer[] = [];
  let from = 0;
  for (let at = 0; at < bytes.length; ) {
    const length = measureUtf8Character(bytes, at);
    if (length === 0) {
      pieces.push(bytes.subarray(from, at), encodeDamagedByte(bytes[at] ?? 0));
      from = at + 1;
    }
    at += Math.max(1, length);
  }
  return Buffer.concat([...pieces, bytes.subarray(from)]);
}

/** Validity of a prefix never comes back once lost, so halving finds the place. */
function firstInvalidUtf8(bytes: Buffer): number {
  let good = 0;
  let bad = bytes.length;
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    if (isUtf8(dropIncompleteCharacter(bytes.subarray(0, middle)))) good = middle;
    else bad = middle;
  }
  return good;
}

function createIconvDecoder(encoding: string): ChunkDecoder {
  const decoder = iconv.getDecoder(encoding as Parameters<typeof iconv.getDecoder>[0], { stripBOM: false });
  const isUtf16 = encoding.startsWith('utf-16');
  // U+FFFD in a utf-16 file was written there by somebody; elsewhere it is what iconv makes of an impossible byte.
  const impossible = isUtf16 ? /\p{Surrogate}/u : /[\uFFFD\p{Surrogate}]/u;
  const pieces = /^(utf-?16|utf-?32|ucs)/.test(encoding) ? createPassThrough() : createLineSplitter();
  let oddByte = false;
  let highSurrogate = '';
  const checked = (text: string): Decoded => {
    const badAt = text.search(impossible);
    if (badAt < 0) return { text: Buffer.from(text) };
    return { text: Buffer.from(text), badAt: Buffer.byteLength(text.slice(0, badAt)) };
  };
  return {
    write(bytes) {
      oddByte = oddByte !== (bytes.length % 2 === 1);
      const text = highSurrogate + decoder.write(pieces.take(bytes));
      const cut = /[\uD800-\uDBFF]$/.test(text) ? 1 : 0;
      highSurrogate = text.slice(text.length - cut);
      return checked(text.slice(0, text.length - cut));
    },
    end() {
      const text = highSurrogate + decoder.write(pieces.rest()) + (decoder.end() ?? '');
      return isUtf16 && oddByte ? { text: Buffer.from(text), badAt: 0 } : checked(text);
    },
  };
}

/** How bytes are dealt out to a decoder of iconv-lite. */
interface ChunkSplitter {
  take(bytes: Buffer): Buffer;
  rest(): Buffer;
}

function createPassThrough(): ChunkSplitter {
  return { take: (bytes) => bytes, rest: () => noBytes };
}

/** Longer lines are refused by every reader, so that they may as well be spoilt. */
const maxHeldBytes = 4 * 1024 * 1024;

/**
 * Pieces that end with a line: iconv-lite 0.7.3 reserves too little room when a four-byte character of gb18030 ends in
 * the first byte of a piece, and then loses the last character of that piece.
 */
function createLineSplitter(): ChunkSplitter {
  let held: Buffer = noBytes;
  return {
    take(bytes) {
      const all = held.length === 0 ? bytes : Buffer.concat([held, bytes]);
      const lineEnd = Math.max(all.lastIndexOf(0x0a), all.lastIndexOf(0x0d)) + 1;
      const end = all.length - lineEnd > maxHeldBytes ? all.length : lineEnd;
      held = all.subarray(end);
      return all.subarray(0, end);
    },
    rest: () => held,
  };
}

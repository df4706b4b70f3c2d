import { isUtf8 } from 'node:buffer';
import { dropIncompleteCharacter, measureUtf8Character } from './utf8.js';

/** A line with bytes beyond ASCII, as it is in the file. */
export interface ForeignLine {
  /** From 1. */
  readonly line: number;
  readonly bytes: Buffer;
}

/** What all bytes of a text say about its encoding. */
export interface ByteSurvey {
  /** Characters of UTF-8 beyond ASCII. */
  readonly characters: number;
  /** Bytes that are no part of a character of UTF-8. */
  readonly damagedBytes: number;
  /** Some of the lines with bytes beyond ASCII, from the whole text. */
  readonly lines: readonly ForeignLine[];
  /** Different words with bytes beyond ASCII, as latin-1. */
  readonly words: readonly string[];
}

const maxWords = 5000;
const maxLines = 400;
const maxLineBytes = 400;

/** Reads a text that is not wholly UTF-8 from end to end. */
export async function surveyBytes(chunks: AsyncIterable<Buffer>): Promise<ByteSurvey> {
  const words = new Set<string>();
  const lines = createLineSample();
  let characters = 0;
  let damagedBytes = 0;
  let line = 1;
  let rest: Buffer = Buffer.alloc(0);
  const count = (bytes: Buffer) => {
    if (isUtf8(bytes)) {
      // What continues a character has 10 as its first bits.
      for (const byte of bytes) if (byte >= 0xc0) characters += 1;
      return;
    }
    for (let at = 0; at < bytes.length; ) {
      const length = measureUtf8Character(bytes, at);
      if (length > 1) characters += 1;
      if (length === 0) damagedBytes += 1;
      at += Math.max(1, length);
    }
  };
  const take = (bytes: Buffer) => {
    count(bytes);
    const text = bytes.toString('latin1');
    if (words.size < maxWords) for (const [word] of text.matchAll(foreignWord)) words.add(word);
    for (const piece of text.split(lineEnd)) {
      if (beyondAscii.test(piece)) lines.add({ line, bytes: Buffer.from(piece.slice(0, maxLineBytes), 'latin1') });
      line += 1;
    }
    line -= 1;
  };
  for await (const chunk of chunks) {
    const bytes = Buffer.concat([rest, chunk]);
    const end = Math.max(bytes.lastIndexOf(0x0a), bytes.lastIndexOf(0x0d, bytes.length - 2)) + 1;
    const whole = end > 0 || bytes.length < maxHeldBytes ? bytes.subarray(0, end) : dropIncompleteCharacter(bytes);
    rest = bytes.subarray(whole.length);
    take(whole);
  }
  take(rest);
  return { characters, damagedBytes, lines: lines.list(), words: [...words].slice(0, maxWords) };
}

/** Without a line end for so long, the text is no table. */
const maxHeldBytes = 4 * 1024 * 1024;

const lineEnd = /\r\n|\n|\r/;
const beyondAscii = /[\x80-\xff]/;
/** Letters, bytes beyond ASCII and apostrophes that stand together. */
const foreignWord = /[A-Za-z'\x80-\xff]*[\x80-\xff][A-Za-z'\x80-\xff]*/g;

/** Keeps lines evenly from a text of unknown length: each time that there are too many, every other one goes. */
function createLineSample() {
  let kept: ForeignLine[] = [];
  let step = 1;
  let seen = 0;
  return {
    add(line: ForeignLine) {
      if (seen % step === 0) kept.push(line);
      seen += 1;
      if (kept.length < maxLines) return;
      kept = kept.filter((_, place) => place % 2 === 0);
      step *= 2;
    },
    list: () => kept,
  };
}

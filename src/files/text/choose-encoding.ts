import iconv from 'iconv-lite';
import { UsageError } from '#src/errors.js';
import { createInputError } from '#src/files/input-file.js';

/** An encoding and how it was found. */
export interface ChosenEncoding {
  /** `utf-8`, `utf-16le`, `utf-16be`, `utf-32le`, `utf-32be`, one that was detected, or the name that the user gave. */
  readonly name: string;
  /** Length of the byte order mark. */
  readonly bomBytes: number;
  readonly origin: 'option' | 'mark' | 'guess';
  /** Set for a text in UTF-8 with bytes that are no character: the rows that have one cannot be used. */
  readonly isDamaged?: boolean;
}

// The longer marks first: the mark of utf-32le begins with that of utf-16le.
const marks: readonly { readonly name: string; readonly bytes: Buffer }[] = [
  { name: 'utf-32le', bytes: Buffer.from([0xff, 0xfe, 0, 0]) },
  { name: 'utf-32be', bytes: Buffer.from([0, 0, 0xfe, 0xff]) },
  { name: 'utf-8', bytes: Buffer.from([0xef, 0xbb, 0xbf]) },
  { name: 'utf-16le', bytes: Buffer.from([0xff, 0xfe]) },
  { name: 'utf-16be', bytes: Buffer.from([0xfe, 0xff]) },
];

const encodingAliases: Readonly<Record<string, string>> = {
  utf8: 'utf-8',
  utf16le: 'utf-16le',
  utf16be: 'utf-16be',
  ucs2: 'utf-16le',
  windows1252: 'windows-1252',
  win1252: 'windows-1252',
  cp1252: 'windows-1252',
  // As browsers do: the 32 bytes in which the two differ are control characters that no file means.
  latin1: 'windows-1252',
  iso88591: 'windows-1252',
  ansi: 'windows-1252',
};

/** Transport codings that iconv-lite knows under the same roof; no text file is written in one. */
const notCharacterSets: ReadonlySet<string> = new Set(['base64', 'hex', 'binary']);

/** Share of two-byte units that look like ASCII in utf-16; text in any script has that many spaces and line ends. */
const utf16MinShare = 0.02;

/** Share of four-byte units in utf-32 whose third byte is zero: all but emojis and rare ideographs. */
const utf32MinShare = 0.9;

/**
 * The encoding of a text: as asked, as marked, or as the sample looks. Whether a guess of utf-8 holds, only the whole
 * file can tell.
 *
 * @throws UsageError `UNKNOWN_ENCODING`
 */
export function chooseEncoding(sample: Buffer, asked: string): ChosenEncoding {
  const mark = marks.find(({ bytes }) => sample.subarray(0, bytes.length).equals(bytes));
  if (asked !== 'auto') {
    const name = resolveByteOrder(asked, sample, mark?.name) ?? resolveEncodingName(asked);
    return { name, bomBytes: mark?.name === name ? mark.bytes.length : 0, origin: 'option' };
  }
  if (mark !== undefined) return { name: mark.name, bomBytes: mark.bytes.length, origin: 'mark' };
  return { name: guessUtf32(sample) ?? guessUtf16(sample) ?? 'utf-8', bomBytes: 0, origin: 'guess' };
}

/** Whether the sample begins with the mark of another encoding than the one given. */
export function findContradictingMark(sample: Buffer, name: string): string | undefined {
  const mark = marks.find(({ bytes }) => sample.subarray(0, bytes.length).equals(bytes));
  return mark === undefined || mark.name === name ? undefined : mark.name;
}

/** "utf-16" says nothing about the order of bytes: the mark does, or the look of it. */
function resolveByteOrder(asked: string, sample: Buffer, marked: string | undefined): string | undefined {
  const width = /^utf-?(16|32)$/i.exec(asked)?.[1];
  if (width === undefined) return undefined;
  if (marked?.startsWith(`utf-${width}`)) return marked;
  return (width === '16' ? guessUtf16(sample) : guessUtf32(sample)) ?? `utf-${width}le`;
}

function resolveEncodingName(asked: string): string {
  const key = asked.toLowerCase().replace(/[^a-z0-9]/g, '');
  const familiar = encodingAliases[key];
  if (familiar !== undefined) return familiar;
  if (key !== '' && !notCharacterSets.has(key) && iconv.encodingExists(asked)) return asked.toLowerCase();
  throw new UsageError(`"${asked}" is not a known encoding.`, {
    code: 'UNKNOWN_ENCODING',
    nextStep: 'Use e.g. --encoding utf-8, windows-1252, utf-16le, iso-8859-15, shift_jis, or leave it out.',
  });
}

/** No character is above U+10FFFF, so that the highest of four bytes is always zero, and in a table the next one nearly always. */
function guessUtf32(sample: Buffer): 'utf-32le' | 'utf-32be' | undefined {
  const units = sample.length >> 2;
  const zeros = [0, 0, 0, 0];
  for (let at = 0; at < units * 4; at += 1) if (sample[at] === 0) zeros[at % 4] = (zeros[at % 4] ?? 0) + 1;
  const [first = 0, second = 0, third = 0, fourth = 0] = zeros;
  const enough = Math.max(2, units * utf32MinShare);
  if (fourth === units && third >= enough && first < third) return 'utf-32le';
  if (first === units && second >= enough && fourth < second) return 'utf-32be';
  return undefined;
}

function guessUtf16(sample: Buffer): 'utf-16le' | 'utf-16be' | undefined {
  let littleEndian = 0;
  let bigEndian = 0;
  const units = sample.length >> 1;
  for (let at = 0; at < units * 2; at += 2) {
    const [first, second] = [sample[at], sample[at + 1]];
    if (first !== 0 && second === 0) littleEndian += 1;
    else if (first === 0 && second !== 0) bigEndian += 1;
  }
  const enough = Math.max(2, units * utf16MinShare);
  if (littleEndian >= enough && bigEndian * 10 < littleEndian) return 'utf-16le';
  if (bigEndian >= enough && littleEndian * 10 < bigEndian) return 'utf-16be';
  return undefined;
}

/** Text has hardly any control characters; compressed or compiled data has some eight in a hundred bytes. */
const maxControlShare = 0.02;

/** @throws InputError `BINARY_FILE` when the bytes are no text in any one-byte or utf-8 encoding. */
export function refuseBinary(sample: Buffer, encoding: string, file: string): void {
  if (/^(utf-16|utf-32|ucs)/.test(encoding)) return;
  const text = stripPadding(sample);
  let controls = 0;
  for (const byte of text) if (isControl(byte)) controls += 1;
  if (controls <= Math.max(2, text.length * maxControlShare)) return;
  throw createInputError({
    code: 'BINARY_FILE',
    file,
    fact: 'this is not a text file.',
    nextStep: 'Save the data as CSV (UTF-8) or as an Excel workbook (.xlsx).',
  });
}

/** Zero bytes at the end are another fault, with a message of its own; Ctrl-Z there ends the text. */
function stripPadding(bytes: Buffer): Buffer {
  let length = bytes.length;
  while (length > 0 && (bytes[length - 1] === 0 || bytes[length - 1] === controlZ)) length -= 1;
  return bytes.subarray(0, length);
}

/** Old programs end a text with it, or fill up its last block. */
const controlZ = 0x1a;

function isControl(byte: number): boolean {
  const escapeByte = 0x1b;
  return byte < 0x09 || (byte > 0x0d && byte < 0x20 && byte !== escapeByte);
}

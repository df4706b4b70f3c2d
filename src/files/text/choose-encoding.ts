import iconv from 'iconv-lite';
import { UsageError } from '#src/errors.js';
import { createInputError } from '#src/files/input-file.js';

/** An encoding and how it was found. */
export interface ChosenEncoding {
  /** `utf-8`, `utf-16le`, `utf-16be`, `windows-1252`, or the name that the user gave. */
  readonly name: string;
  /** Length of the byte order mark. */
  readonly bomBytes: number;
  readonly origin: 'option' | 'mark' | 'guess';
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

/**
 * The encoding of a text: as asked, as marked, or as the sample looks. Whether a guess of utf-8 holds, only the whole
 * file can tell.
 *
 * @throws UsageError `UNKNOWN_ENCODING`
 */
export function chooseEncoding(sample: Buffer, asked: string): ChosenEncoding {
  const mark = marks.find(({ bytes }) => sample.subarray(0, bytes.length).equals(bytes));
  if (asked !== 'auto') {
    // "utf-16" says nothing about the order of bytes: the mark does, or the look of it.
    const name = /^utf-?16$/i.test(asked) ? chooseUtf16Order(sample, mark?.name) : resolveEncodingName(asked);
    return { name, bomBytes: mark?.name === name ? mark.bytes.length : 0, origin: 'option' };
  }
  if (mark !== undefined) return { name: mark.name, bomBytes: mark.bytes.length, origin: 'mark' };
  return { name: guessUtf16(sample) ?? 'utf-8', bomBytes: 0, origin: 'guess' };
}

/** Whether the sample begins with the mark of another encoding than the one given. */
export function findContradictingMark(sample: Buffer, name: string): string | undefined {
  const mark = marks.find(({ bytes }) => sample.subarray(0, bytes.length).equals(bytes));
  return mark === undefined || mark.name === name ? undefined : mark.name;
}

function chooseUtf16Order(sample: Buffer, marked: string | undefined): string {
  return marked?.startsWith('utf-16') ? marked : (guessUtf16(sample) ?? 'utf-16le');
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
  const text = stripTrailingNuls(sample);
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

/** Zero bytes at the end are another fault, with a message of its own. */
function stripTrailingNuls(bytes: Buffer): Buffer {
  let length = bytes.length;
  while (length > 0 && bytes[length - 1] === 0) length -= 1;
  return bytes.subarray(0, length);
}

function isControl(byte: number): boolean {
  const escapeByte = 0x1b;
  return byte < 0x09 || (byte > 0x0d && byte < 0x20 && byte !== escapeByte);
}

import { inputFailure } from '#src/files/input-failure.js';

/** Text has hardly any control characters; compressed or compiled data has some eight in a hundred bytes. */
const maxControlShare = 0.02;

/** @throws InputError `BINARY_FILE` when the bytes are no text in any one-byte or utf-8 encoding. */
export function refuseBinary(sample: Buffer, encoding: string, file: string): void {
  if (/^(utf-16|utf-32|ucs)/.test(encoding)) return;
  const text = withoutTrailingNuls(sample);
  let controls = 0;
  for (const byte of text) if (isControl(byte)) controls += 1;
  if (controls <= Math.max(2, text.length * maxControlShare)) return;
  throw inputFailure({
    code: 'BINARY_FILE',
    file,
    fact: 'this is no text file.',
    nextStep: 'Save the data as CSV (UTF-8) or as an Excel workbook (.xlsx).',
  });
}

/** Zero bytes at the end are another fault, with a message of its own. */
function withoutTrailingNuls(bytes: Buffer): Buffer {
  let length = bytes.length;
  while (length > 0 && bytes[length - 1] === 0) length -= 1;
  return bytes.subarray(0, length);
}

function isControl(byte: number): boolean {
  const escapeByte = 0x1b;
  return byte < 0x09 || (byte > 0x0d && byte < 0x20 && byte !== escapeByte);
}

import { pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import type { InputError } from '#src/errors.js';
import { inputFailure } from './input-failure.js';

/** What a compressed file may expand to: a guard against files made to fill memory and disk. */
export interface GzipLimits {
  readonly maxBytes: number;
  /** Expanded bytes per compressed byte; not looked at below 64 MiB. */
  readonly maxRatio: number;
}

const defaultGzipLimits: GzipLimits = { maxBytes: 16 * 1024 ** 3, maxRatio: 200 };

const ratioMattersFromBytes = 64 * 1024 ** 2;
const expandedChunkBytes = 128 * 1024;

/**
 * Decompresses gzip data as it comes.
 *
 * @throws InputError `GZIP_CUT`, `GZIP_DAMAGED` or `GZIP_TOO_LARGE`, and whatever `compressed` throws
 */
export async function* gunzip(
  compressed: AsyncIterable<Buffer>,
  file: string,
  limits: GzipLimits = defaultGzipLimits,
): AsyncGenerator<Buffer> {
  const expander = createGunzip({ chunkSize: expandedChunkBytes });
  // pipe() forwards no errors; pipeline destroys the expander with them, so that the loop below rejects.
  pipeline(Readable.from(compressed), expander, () => {});
  let expandedBytes = 0;
  try {
    for await (const chunk of expander as AsyncIterable<Buffer>) {
      expandedBytes += chunk.length;
      if (exceeds(limits, expandedBytes, expander.bytesWritten)) throw tooLarge(file);
      yield chunk;
    }
  } catch (error) {
    throw asInputError(error, file);
  }
}

function exceeds(limits: GzipLimits, expandedBytes: number, compressedBytes: number): boolean {
  if (expandedBytes > limits.maxBytes) return true;
  return expandedBytes > ratioMattersFromBytes && expandedBytes > compressedBytes * limits.maxRatio;
}

function tooLarge(file: string): InputError {
  return inputFailure({
    code: 'GZIP_TOO_LARGE',
    file,
    fact: 'it expands to far more data than a customer file holds.',
    nextStep: 'If the file is good, decompress it yourself and import the result.',
  });
}

const zlibFailures: Readonly<Record<string, { code: string; fact: string }>> = {
  Z_BUF_ERROR: { code: 'GZIP_CUT', fact: 'the compressed data stops in the middle: the file was cut.' },
  Z_DATA_ERROR: { code: 'GZIP_DAMAGED', fact: 'the compressed data is damaged.' },
};

function asInputError(error: unknown, file: string): unknown {
  const known = error instanceof Error && 'code' in error ? zlibFailures[String(error.code)] : undefined;
  if (known === undefined) return error;
  return inputFailure({ file, nextStep: 'Copy or download the file again.', cause: error, ...known });
}

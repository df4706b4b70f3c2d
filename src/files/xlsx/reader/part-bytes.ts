import type { FileHandle } from 'node:fs/promises';
import { pipeline } from 'node:stream';
import { crc32, createInflateRaw } from 'node:zlib';
import { InputError } from '#src/errors.js';
import type { WorkbookLimits } from './limits.js';
import { type Place, refusal } from './refusal.js';

const packedBytesPerRead = 64 * 1024;
/** One hop to the thread pool per step: larger steps cost memory, smaller ones time. */
const inflatedBytesPerStep = 128 * 1024;

/** Where a part lies in the file, as the central directory says. */
export interface PartLocation {
  readonly start: number;
  readonly isDeflated: boolean;
  readonly compressedSize: number;
  readonly uncompressedSize: number;
  readonly crc32: number;
}

export interface PartReading {
  readonly place: Place;
  readonly limits: WorkbookLimits;
  /** Inflated bytes of all parts of this pass. */
  readonly total: { bytes: number };
}

/** Inflates a part step by step; the caps are checked on what comes out, never on what the directory claims. */
export async function* readPartBytes(
  handle: FileHandle,
  location: PartLocation,
  reading: PartReading,
): AsyncGenerator<Buffer> {
  let bytes = 0;
  let checksum = 0;
  for await (const chunk of inflatedBytes(handle, location, reading.place)) {
    bytes += chunk.length;
    reading.total.bytes += chunk.length;
    refuseTooMuch(bytes, location, reading);
    checksum = crc32(chunk, checksum);
    yield chunk;
  }
  if (bytes !== location.uncompressedSize || checksum !== location.crc32)
    throw refusal('FILE_DAMAGED', reading.place, 'this part does not match its checksum: bytes were lost or changed.');
}

function refuseTooMuch(bytes: number, location: PartLocation, { place, limits, total }: PartReading): void {
  if (bytes > limits.maxPartBytes)
    throw refusal('PART_TOO_LARGE', place, `this part unpacks to more than ${limits.maxPartBytes} bytes.`);
  if (total.bytes > limits.maxTotalBytes)
    throw refusal('WORKBOOK_TOO_LARGE', place, `the workbook unpacks to more than ${limits.maxTotalBytes} bytes.`);
  if (bytes > limits.ratioCheckedFromBytes && bytes > location.compressedSize * limits.maxInflateRatio)
    throw refusal(
      'PACKED_TOO_TIGHTLY',
      place,
      `this part unpacks to more than ${limits.maxInflateRatio} times its size, as only a “zip bomb” does.`,
    );
  if (bytes > location.uncompressedSize)
    throw refusal('FILE_DAMAGED', place, 'this part is longer than the package says.');
}

async function* inflatedBytes(handle: FileHandle, location: PartLocation, place: Place): AsyncGenerator<Buffer> {
  if (!location.isDeflated) {
    yield* packedBytes(handle, location, place);
    return;
  }
  const inflate = createInflateRaw({ chunkSize: inflatedBytesPerStep });
  // The callback only keeps `pipeline` from throwing; the error itself arrives in the loop below.
  pipeline(packedBytes(handle, location, place), inflate, () => {});
  try {
    for await (const chunk of inflate) yield chunk;
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw refusal('FILE_DAMAGED', place, 'this part cannot be unpacked: bytes were lost or changed.', error);
  }
}

async function* packedBytes(handle: FileHandle, location: PartLocation, place: Place): AsyncGenerator<Buffer> {
  const end = location.start + location.compressedSize;
  for (let position = location.start; position < end; ) {
    const length = Math.min(packedBytesPerRead, end - position);
    const { buffer, bytesRead } = await handle.read(Buffer.allocUnsafe(length), 0, length, position);
    if (bytesRead === 0) throw refusal('FILE_CUT', place, 'the file ends inside this part.');
    position += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

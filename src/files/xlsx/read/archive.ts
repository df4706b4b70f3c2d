import { constants, type Stats } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { pipeline } from 'node:stream';
import { crc32, createInflateRaw } from 'node:zlib';
import { type Entry, fromBuffer, fromFd, type ZipFile } from 'yauzl';
import { InputError } from '#src/errors.js';
import { type InputLocation, type ReadableBytes, rejectOtherFileTypes, workbookError } from './workbook-error.js';

const kibibyte = 1024;
const mebibyte = 1024 * kibibyte;
const gibibyte = 1024 * mebibyte;

/** Limits against hostile files. Each is far above what Excel writes for a full sheet of customers. */
export interface WorkbookLimits {
  readonly maxParts: number;
  /** Sheets and shared strings, inflated. */
  readonly maxPartBytes: number;
  /** Relationships, workbook and styles: parts that are held in memory. */
  readonly maxIndexPartBytes: number;
  /** All parts read for one pass, inflated. */
  readonly maxTotalBytes: number;
  /** Inflated to packed. Deflate itself ends at 1032; Excel's own sheets stay below 100. */
  readonly maxInflateRatio: number;
  /** Below this, the ratio is not checked. */
  readonly ratioCheckedFromBytes: number;
  /** Of a cell as it is stored, where a line break may take seven characters. */
  readonly maxCellCharacters: number;
  /** Of a cell as it is shown. Excel stops at 32,767. */
  readonly maxTextCharacters: number;
  /** Of all texts of a sheet: a shared text is stored once, and counts for every cell that refers to it. */
  readonly maxSheetCharacters: number;
  /** Longer markup without a tag or a text is an attack on memory. */
  readonly maxCharactersBetweenTags: number;
  readonly maxXmlDepth: number;
  /** Above this, shared strings go to a temporary file. */
  readonly sharedStringBytesInMemory: number;
}

/** The limits in use; tests lower them. */
export const workbookLimits: WorkbookLimits = {
  maxParts: 10_000,
  maxPartBytes: 4 * gibibyte,
  maxIndexPartBytes: 64 * mebibyte,
  maxTotalBytes: 8 * gibibyte,
  maxInflateRatio: 400,
  ratioCheckedFromBytes: 32 * mebibyte,
  maxCellCharacters: 8 * 32_767,
  maxTextCharacters: 32_767,
  maxSheetCharacters: 2 * gibibyte,
  maxCharactersBetweenTags: 8 * mebibyte,
  maxXmlDepth: 128,
  sharedStringBytesInMemory: 16 * mebibyte,
};

/** A workbook on disk, and its content when that is held in memory. */
export interface WorkbookFile {
  readonly path: string;
  readonly bytes?: Buffer | undefined;
}

/** The bytes of a workbook, in an open file or in memory. */
interface WorkbookBytes extends ReadableBytes {
  close(): Promise<void>;
}

/** Opens a workbook, which must be a file; its version tells whether it is still the same. */
async function openBytes(
  { path, bytes }: WorkbookFile,
  place: InputLocation,
): Promise<{ readonly handle: WorkbookBytes; readonly zipSource: Buffer | number; readonly version: string }> {
  const handle = bytes === undefined ? await openOrThrow(path, place) : undefined;
  const stats = handle === undefined ? await statOrThrow(path, place) : await handle.stat();
  const version = `${stats.size} ${stats.mtimeMs}`;
  if (handle === undefined || bytes !== undefined)
    return { handle: holdInMemory(bytes ?? Buffer.alloc(0)), zipSource: bytes ?? Buffer.alloc(0), version };
  if (stats.isFile()) return { handle, zipSource: handle.fd, version };
  await handle.close();
  throw stats.isDirectory()
    ? workbookError('IS_A_FOLDER', place, 'this is a folder, not a file.')
    : workbookError('NOT_A_FILE', place, 'this is a pipe or a device, not a file.');
}

function holdInMemory(bytes: Buffer): WorkbookBytes {
  return {
    read(buffer, offset, length, position) {
      const bytesRead = bytes.copy(buffer, offset, position, position + length);
      return Promise.resolve({ bytesRead, buffer });
    },
    close: () => Promise.resolve(),
  };
}

async function openOrThrow(path: string, place: InputLocation): Promise<FileHandle> {
  try {
    // A pipe would hang until somebody writes to it; with O_NONBLOCK it opens and is turned away above.
    return await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  } catch (error) {
    throw toWorkbookError(error, place);
  }
}

async function statOrThrow(path: string, place: InputLocation): Promise<Stats> {
  try {
    return await stat(path);
  } catch (error) {
    throw toWorkbookError(error, place);
  }
}

function toWorkbookError(error: unknown, place: InputLocation): InputError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return code === 'ENOENT' || code === 'ENOTDIR'
    ? workbookError('FILE_NOT_FOUND', place, 'there is no such file.', error)
    : workbookError('FILE_NOT_READABLE', place, `the file cannot be opened (${code}).`, error);
}

const packedBytesPerRead = 64 * 1024;
/** One hop to the thread pool per step: larger steps cost memory, smaller ones time. */
const inflatedBytesPerStep = 128 * 1024;

/** Where a part lies in the file, as the central directory says. */
interface PartLocation {
  readonly start: number;
  readonly isDeflated: boolean;
  readonly compressedSize: number;
  readonly uncompressedSize: number;
  readonly crc32: number;
}

interface PartReading {
  readonly place: InputLocation;
  readonly limits: WorkbookLimits;
  /** Inflated bytes of all parts of this pass. */
  readonly total: { bytes: number };
}

/** Inflates a part step by step; the caps are checked on what comes out, never on what the directory claims. */
async function* readPartBytes(
  handle: WorkbookBytes,
  location: PartLocation,
  reading: PartReading,
): AsyncGenerator<Buffer> {
  let bytes = 0;
  let checksum = 0;
  for await (const chunk of inflatePart(handle, location, reading.place)) {
    bytes += chunk.length;
    reading.total.bytes += chunk.length;
    checkLimits(bytes, location, reading);
    checksum = crc32(chunk, checksum);
    yield chunk;
  }
  if (bytes !== location.uncompressedSize || checksum !== location.crc32)
    throw workbookError(
      'FILE_DAMAGED',
      reading.place,
      'this part does not match its checksum: bytes were lost or changed.',
    );
}

function checkLimits(bytes: number, location: PartLocation, { place, limits, total }: PartReading): void {
  if (bytes > limits.maxPartBytes)
    throw workbookError('PART_TOO_LARGE', place, `this part unpacks to more than ${limits.maxPartBytes} bytes.`);
  if (total.bytes > limits.maxTotalBytes)
    throw workbookError(
      'WORKBOOK_TOO_LARGE',
      place,
      `the workbook unpacks to more than ${limits.maxTotalBytes} bytes.`,
    );
  if (bytes > limits.ratioCheckedFromBytes && bytes > location.compressedSize * limits.maxInflateRatio)
    throw workbookError(
      'PACKED_TOO_TIGHTLY',
      place,
      `this part unpacks to more than ${limits.maxInflateRatio} times its size, like a “zip bomb”.`,
    );
  if (bytes > location.uncompressedSize)
    throw workbookError('FILE_DAMAGED', place, 'this part is longer than the package says.');
}

async function* inflatePart(
  handle: WorkbookBytes,
  location: PartLocation,
  place: InputLocation,
): AsyncGenerator<Buffer> {
  if (!location.isDeflated) {
    yield* readPackedBytes(handle, location, place);
    return;
  }
  const inflate = createInflateRaw({ chunkSize: inflatedBytesPerStep });
  // The callback only keeps `pipeline` from throwing; the error itself arrives in the loop below.
  pipeline(readPackedBytes(handle, location, place), inflate, () => {});
  try {
    for await (const chunk of inflate) yield chunk;
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw workbookError('FILE_DAMAGED', place, 'this part cannot be unpacked: bytes were lost or changed.', error);
  }
}

async function* readPackedBytes(
  handle: WorkbookBytes,
  location: PartLocation,
  place: InputLocation,
): AsyncGenerator<Buffer> {
  const end = location.start + location.compressedSize;
  for (let position = location.start; position < end; ) {
    const length = Math.min(packedBytesPerRead, end - position);
    const { buffer, bytesRead } = await handle.read(Buffer.allocUnsafe(length), 0, length, position);
    if (bytesRead === 0) throw workbookError('FILE_CUT', place, 'the file ends inside this part.');
    position += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

/** The parts of a workbook's zip package, found by its central directory. */
export interface Archive {
  readonly place: InputLocation;
  readonly limits: WorkbookLimits;
  /** Size and time of change, to notice that the file was replaced between two readings. */
  readonly version: string;
  /** The names of all entries, folders among them. */
  readonly names: readonly string[];
  has(part: string): boolean;
  /**
   * The inflated bytes of a part, checked against the caps, its size and its checksum.
   *
   * @throws InputError `XLSX_PART_MISSING` when there is none, `FILE_DAMAGED` …
   */
  read(part: string, maxBytes?: number): AsyncGenerator<Buffer>;
  close(): Promise<void>;
}

/**
 * Opens the package; whatever is no zip package is refused by its content.
 *
 * @param knownVersion - the file's `version` at an earlier opening: another one is refused
 */
export async function openArchive(
  file: WorkbookFile,
  place: InputLocation,
  limits: WorkbookLimits,
  knownVersion?: string,
): Promise<Archive> {
  const { handle, zipSource, version } = await openBytes(file, place);
  try {
    if (version !== (knownVersion ?? version))
      throw workbookError('FILE_CHANGED', place, 'the file was changed while it was being read.');
    await rejectOtherFileTypes(handle, place);
    const zip = await openZip(zipSource, place);
    if (zip.entryCount > limits.maxParts)
      throw workbookError(
        'TOO_MANY_PARTS',
        place,
        `the package has ${zip.entryCount} parts; ${limits.maxParts} are allowed.`,
      );
    const entries = await readDirectory(zip, place);
    const names = entries.map(readEntryName);
    return { ...partReader(zip, handle, indexParts(entries), place, limits), names, version };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

function partReader(
  zip: ZipFile,
  handle: WorkbookBytes,
  parts: ReadonlyMap<string, Entry | 'twice'>,
  place: InputLocation,
  limits: WorkbookLimits,
): Omit<Archive, 'version' | 'names'> {
  const total = { bytes: 0 };
  return {
    place,
    limits,
    has: (part) => parts.has(normalizePartName(part)),
    async *read(part, maxBytes = limits.maxPartBytes) {
      const entry = parts.get(normalizePartName(part));
      const partPlace = { ...place, part };
      if (entry === undefined)
        throw workbookError('XLSX_PART_MISSING', partPlace, 'this part of the workbook is missing.');
      if (entry === 'twice') throw workbookError('FILE_DAMAGED', partPlace, 'the package contains this part twice.');
      yield* readPartBytes(handle, await locatePart(zip, entry, partPlace), {
        place: partPlace,
        limits: { ...limits, maxPartBytes: maxBytes },
        total,
      });
    },
    close: () => handle.close(),
  };
}

/** @param source - the bytes, or the descriptor of a file that yauzl leaves open */
function openZip(source: Buffer | number, place: InputLocation): Promise<ZipFile> {
  const options = { lazyEntries: true, autoClose: false, decodeStrings: false, validateEntrySizes: true };
  return new Promise((resolve, reject) => {
    const opened = (error: Error | null, zip: ZipFile) => {
      if (error) reject(zipError(error, place));
      else resolve(zip);
    };
    if (typeof source === 'number') fromFd(source, options, opened);
    else fromBuffer(source, options, opened);
  });
}

function zipError(error: Error, place: InputLocation): Error {
  if (/strong encryption/i.test(error.message))
    return workbookError('WORKBOOK_ENCRYPTED', place, 'the package is protected by a password.', error);
  return /End of central directory|unexpected EOF|overflows file/i.test(error.message)
    ? workbookError('FILE_CUT', place, 'the file is incomplete: it was not copied or downloaded completely.', error)
    : workbookError('FILE_DAMAGED', place, `the package is damaged (${error.message}).`, error);
}

function readDirectory(zip: ZipFile, place: InputLocation): Promise<Entry[]> {
  const entries: Entry[] = [];
  return new Promise((resolve, reject) => {
    zip.on('error', (error: Error) => reject(zipError(error, place)));
    zip.on('end', () => resolve(entries));
    zip.on('entry', (entry: Entry) => {
      entries.push(entry);
      zip.readEntry();
    });
    zip.readEntry();
  });
}

function indexParts(entries: readonly Entry[]): Map<string, Entry | 'twice'> {
  const parts = new Map<string, Entry | 'twice'>();
  for (const entry of entries) {
    const name = normalizePartName(readEntryName(entry));
    parts.set(name, parts.has(name) ? 'twice' : entry);
  }
  return parts;
}

function readEntryName({ fileNameRaw }: Entry): string {
  return fileNameRaw.toString('utf8');
}

/** Part names compare without case; some programs write them with backslashes or a leading slash. */
function normalizePartName(part: string): string {
  return part.replaceAll('\\', '/').replace(/^\/+/, '').toLowerCase();
}

async function locatePart(zip: ZipFile, entry: Entry, place: InputLocation): Promise<PartLocation> {
  if (entry.isEncrypted()) throw workbookError('WORKBOOK_ENCRYPTED', place, 'the package is protected by a password.');
  const { compressionMethod, compressedSize, uncompressedSize, crc32 } = entry;
  if (compressionMethod !== 0 && compressionMethod !== 8)
    throw workbookError(
      'FILE_DAMAGED',
      place,
      `this part uses a compression method (${compressionMethod}) that workbooks never use.`,
    );
  try {
    const { fileDataStart } = await zip.readLocalFileHeaderPromise(entry, { minimal: true });
    return { start: fileDataStart, isDeflated: compressionMethod === 8, compressedSize, uncompressedSize, crc32 };
  } catch (error) {
    throw error instanceof Error ? zipError(error, place) : error;
  }
}

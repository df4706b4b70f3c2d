import type { FileHandle } from 'node:fs/promises';
import { type Entry, fromFd, type ZipFile } from 'yauzl';
import type { WorkbookLimits } from './limits.js';
import { openInputFile } from './open-input-file.js';
import { type PartLocation, readPartBytes } from './part-bytes.js';
import { type Place, refusal } from './refusal.js';
import { refuseOtherKinds } from './refuse-other-kinds.js';

/** The parts of a workbook's zip package, found by its central directory. */
export interface Archive {
  readonly place: Place;
  readonly limits: WorkbookLimits;
  readonly handle: FileHandle;
  /** Size and time of change, to notice that the file was replaced between two readings. */
  readonly version: string;
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
  file: string,
  place: Place,
  limits: WorkbookLimits,
  knownVersion?: string,
): Promise<Archive> {
  const handle = await openInputFile(file, place);
  try {
    const { size, mtimeMs } = await handle.stat();
    const version = `${size} ${mtimeMs}`;
    if (version !== (knownVersion ?? version))
      throw refusal('FILE_CHANGED', place, 'the file was changed while it was being read.');
    await refuseOtherKinds(handle, place);
    const zip = await openZip(handle, place);
    if (zip.entryCount > limits.maxParts)
      throw refusal(
        'TOO_MANY_PARTS',
        place,
        `the package has ${zip.entryCount} parts; ${limits.maxParts} are allowed.`,
      );
    const parts = indexParts(await readDirectory(zip, place));
    return { ...partReader(zip, handle, parts, place, limits), version };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

function partReader(
  zip: ZipFile,
  handle: FileHandle,
  parts: ReadonlyMap<string, Entry | 'twice'>,
  place: Place,
  limits: WorkbookLimits,
): Omit<Archive, 'version'> {
  const total = { bytes: 0 };
  return {
    place,
    limits,
    handle,
    has: (part) => parts.has(comparable(part)),
    async *read(part, maxBytes = limits.maxPartBytes) {
      const entry = parts.get(comparable(part));
      const partPlace = { ...place, part };
      if (entry === undefined) throw refusal('XLSX_PART_MISSING', partPlace, 'the workbook lacks this part.');
      if (entry === 'twice') throw refusal('FILE_DAMAGED', partPlace, 'the package holds this part twice.');
      yield* readPartBytes(handle, await locate(zip, entry, partPlace), {
        place: partPlace,
        limits: { ...limits, maxPartBytes: maxBytes },
        total,
      });
    },
    close: () => handle.close(),
  };
}

/** The handle stays ours: yauzl never closes it, so one `close` ends everything. */
function openZip(handle: FileHandle, place: Place): Promise<ZipFile> {
  return new Promise((resolve, reject) => {
    fromFd(
      handle.fd,
      { lazyEntries: true, autoClose: false, decodeStrings: false, validateEntrySizes: true },
      (error, zip) => {
        if (error) reject(zipRefusal(error, place));
        else resolve(zip);
      },
    );
  });
}

function zipRefusal(error: Error, place: Place): Error {
  if (/strong encryption/i.test(error.message))
    return refusal('WORKBOOK_ENCRYPTED', place, 'the package is protected by a password.', error);
  return /End of central directory|unexpected EOF|overflows file/i.test(error.message)
    ? refusal('FILE_CUT', place, 'the file ends too early: it was not copied or downloaded to its end.', error)
    : refusal('FILE_DAMAGED', place, `the package is damaged (${error.message}).`, error);
}

function readDirectory(zip: ZipFile, place: Place): Promise<Entry[]> {
  const entries: Entry[] = [];
  return new Promise((resolve, reject) => {
    zip.on('error', (error: Error) => reject(zipRefusal(error, place)));
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
    const name = comparable(entry.fileNameRaw.toString('utf8'));
    parts.set(name, parts.has(name) ? 'twice' : entry);
  }
  return parts;
}

/** Part names compare without case; some programs write them with backslashes or a leading slash. */
function comparable(part: string): string {
  return part.replaceAll('\\', '/').replace(/^\/+/, '').toLowerCase();
}

async function locate(zip: ZipFile, entry: Entry, place: Place): Promise<PartLocation> {
  if (entry.isEncrypted()) throw refusal('WORKBOOK_ENCRYPTED', place, 'the package is protected by a password.');
  const { compressionMethod, compressedSize, uncompressedSize, crc32 } = entry;
  if (compressionMethod !== 0 && compressionMethod !== 8)
    throw refusal(
      'FILE_DAMAGED',
      place,
      `this part is packed in a way (${compressionMethod}) that workbooks never use.`,
    );
  try {
    const { fileDataStart } = await zip.readLocalFileHeaderPromise(entry, { minimal: true });
    return { start: fileDataStart, isDeflated: compressionMethod === 8, compressedSize, uncompressedSize, crc32 };
  } catch (error) {
    throw error instanceof Error ? zipRefusal(error, place) : error;
  }
}

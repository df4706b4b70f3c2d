import { randomUUID } from 'node:crypto';
import { closeSync, openSync, readSync, unlinkSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Archive } from './archive.js';
import { FastParser, type MarkupCursor } from './fast-parser.js';
import { type InputLocation, workbookError } from './workbook-error.js';
import { decodeEscapes, decodePart, type XmlHandler, XmlParser } from './xml-parser.js';

/** A temporary file for what does not fit in memory; readable by its owner only, removed by `close`. */
interface SpillFile {
  append(bytes: Buffer): void;
  /** Fills `target` from `position`; what lies past the end stays as it was. */
  read(target: Buffer, position: number): void;
  close(): void;
}

/** Calls are synchronous: texts are looked up once per cell, where a promise would cost more than the disk. */
function openSpillFile(place: InputLocation): SpillFile {
  const path = join(tmpdir(), `mypos-customers-${process.pid}-${randomUUID()}.spill`);
  const descriptor = attempt(place, () => openSync(path, 'wx+', 0o600));
  const isUnlinked = tryUnlink(path);
  let end = 0;
  return {
    append: (bytes) => {
      attempt(place, () => writeAll(descriptor, bytes, end));
      end += bytes.length;
    },
    read: (target, position) => {
      attempt(place, () => readSync(descriptor, target, 0, target.length, position));
    },
    close: () => {
      closeSync(descriptor);
      if (!isUnlinked) tryUnlink(path);
    },
  };
}

/** An open file without a name leaves nothing behind, not even after `kill -9`. Windows may not allow it. */
function tryUnlink(path: string): boolean {
  try {
    unlinkSync(path);
    return true;
  } catch {
    return false;
  }
}

function writeAll(descriptor: number, bytes: Buffer, position: number): void {
  for (let written = 0; written < bytes.length; )
    written += writeSync(descriptor, bytes, written, bytes.length - written, position + written);
}

function attempt<T>(place: InputLocation, work: () => T): T {
  try {
    return work();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw workbookError(
      'SPILL_FAILED',
      place,
      `the shared strings of this workbook need a temporary file (${reason}).`,
      error,
    );
  }
}

const pageBytes = 64 * 1024;
const cachedPages = 128;
/** Decoded texts that are looked up again and again: country names, yes and no. A power of two. */
const cachedTexts = 16_384;
const offsetsPerBlock = 65_536;

/**
 * A long list of texts as UTF-8 pages: in memory up to a size, in a temporary file above it. What grows with the
 * number of texts is one offset (8 bytes) each.
 */
class StringStore {
  length = 0;
  readonly #place: InputLocation;
  readonly #maxPagesInMemory: number;
  readonly #offsets: Float64Array[] = [];
  #pages: Buffer[] = [];
  #spill: SpillFile | undefined;
  #spilledPages = 0;
  #page = Buffer.allocUnsafe(pageBytes);
  #used = 0;
  readonly #cachedPageNumbers = new Int32Array(cachedPages).fill(-1);
  readonly #cachedPages: (Buffer | undefined)[] = new Array(cachedPages).fill(undefined);
  readonly #cachedIndexes = new Int32Array(cachedTexts).fill(-1);
  readonly #cachedTexts: string[] = new Array(cachedTexts).fill('');

  constructor(place: InputLocation, maxBytesInMemory: number) {
    this.#place = place;
    this.#maxPagesInMemory = Math.floor(maxBytesInMemory / pageBytes);
  }

  add(text: string): void {
    this.#setOffset(this.length++, this.#end);
    // UTF-16 to UTF-8 grows a text to three times its length at most.
    if (text.length * 3 <= pageBytes - this.#used) this.#used += this.#page.write(text, this.#used);
    else this.#addBytes(Buffer.from(text));
  }

  /** `undefined` when there is no such text. */
  at(index: number): string | undefined {
    if (!(index >= 0 && index < this.length)) return undefined;
    const slot = index & (cachedTexts - 1);
    if (this.#cachedIndexes[slot] === index) return this.#cachedTexts[slot];
    const text = this.#decode(this.#offset(index), index + 1 < this.length ? this.#offset(index + 1) : this.#end);
    this.#cachedIndexes[slot] = index;
    this.#cachedTexts[slot] = text;
    return text;
  }

  close(): void {
    this.#spill?.close();
    this.#spill = undefined;
    this.#pages = [];
  }

  get #fullPages(): number {
    return this.#spilledPages + this.#pages.length;
  }

  get #end(): number {
    return this.#fullPages * pageBytes + this.#used;
  }

  #addBytes(bytes: Buffer): void {
    for (let done = 0; done < bytes.length; ) {
      if (this.#used === pageBytes) this.#turnPage();
      const copied = bytes.copy(this.#page, this.#used, done);
      done += copied;
      this.#used += copied;
    }
  }

  #turnPage(): void {
    if (this.#spill === undefined && this.#pages.length < this.#maxPagesInMemory) {
      this.#pages.push(this.#page);
      this.#page = Buffer.allocUnsafe(pageBytes);
    } else {
      this.#spill ??= openSpillFile(this.#place);
      for (const page of [...this.#pages, this.#page]) {
        this.#spill.append(page);
        this.#spilledPages++;
      }
      this.#pages = [];
    }
    this.#used = 0;
  }

  #setOffset(index: number, offset: number): void {
    const block = Math.floor(index / offsetsPerBlock);
    this.#offsets[block] ??= new Float64Array(offsetsPerBlock);
    const offsets = this.#offsets[block];
    if (offsets !== undefined) offsets[index % offsetsPerBlock] = offset;
  }

  #offset(index: number): number {
    return this.#offsets[Math.floor(index / offsetsPerBlock)]?.[index % offsetsPerBlock] ?? 0;
  }

  #decode(start: number, end: number): string {
    if (start === end) return '';
    const first = Math.floor(start / pageBytes);
    const from = start - first * pageBytes;
    if (from + (end - start) <= pageBytes) return this.#pageAt(first).toString('utf8', from, from + (end - start));
    const parts: Buffer[] = [];
    for (let position = start; position < end; ) {
      const number = Math.floor(position / pageBytes);
      const stop = Math.min(end, (number + 1) * pageBytes);
      // Copied, since the cache may give the page's room to the next one.
      parts.push(Buffer.from(this.#pageAt(number).subarray(position - number * pageBytes, stop - number * pageBytes)));
      position = stop;
    }
    return Buffer.concat(parts).toString('utf8');
  }

  #pageAt(number: number): Buffer {
    if (number === this.#fullPages) return this.#page;
    const inMemory = this.#pages[number - this.#spilledPages];
    if (inMemory !== undefined) return inMemory;
    const slot = number % cachedPages;
    const page = this.#cachedPages[slot] ?? Buffer.allocUnsafe(pageBytes);
    if (this.#cachedPageNumbers[slot] !== number) {
      this.#spill?.read(page, number * pageBytes);
      this.#cachedPages[slot] = page;
      this.#cachedPageNumbers[slot] = number;
    }
    return page;
  }
}

/** The texts that cells refer to by index. */
export interface SharedStrings {
  readonly length: number;
  at(index: number): string | undefined;
  close(): void;
}

/**
 * Reads the shared strings. Memory stays flat: large tables go to a temporary file, which `close` removes.
 *
 * @param wanted - reads only as far as these indexes; the others are absent then
 */
export async function loadSharedStrings(
  archive: Archive,
  part: string | undefined,
  wanted?: ReadonlySet<number>,
): Promise<SharedStrings> {
  if (part === undefined || wanted?.size === 0) return { length: 0, at: () => undefined, close: () => {} };
  // Some programs name the part without writing it. It is missed when a cell refers to it, and only then.
  if (!archive.has(part)) return { length: 0, at: () => missPart(archive, part), close: () => {} };
  const place = { ...archive.place, part };
  const store =
    wanted === undefined
      ? new StringStore(place, archive.limits.sharedStringBytesInMemory)
      : new SelectedStrings(wanted);
  const { maxCellCharacters, maxTextCharacters } = archive.limits;
  const checkLength = (text: string, maxCharacters = maxCellCharacters) => {
    if (text.length > maxCharacters)
      throw workbookError('CELL_TOO_LONG', place, `shared string ${store.length} is longer than a cell may be.`);
  };
  const add = (text: string) => {
    checkLength(text);
    const shown = decodeEscapes(text);
    checkLength(shown, maxTextCharacters);
    store.add(shown);
  };
  const parser = new FastParser(
    new XmlParser(new SharedStringHandler(add, checkLength), place, archive.limits),
    { container: 'sst', depth: 1, item: 'si', createReader: (prefix) => createPlainStringReader(prefix, add) },
    archive.limits.maxCharactersBetweenTags,
  );
  const last = wanted === undefined ? Number.POSITIVE_INFINITY : Math.max(...wanted);
  try {
    for await (const text of decodePart(archive.read(part), place)) {
      parser.write(text);
      if (store.length > last) return store;
    }
    parser.end();
    return store;
  } catch (error) {
    store.close();
    throw error;
  }
}

function missPart(archive: Archive, part: string): never {
  throw workbookError('XLSX_PART_MISSING', { ...archive.place, part }, 'this part of the workbook is missing.');
}

/** Keeps only the strings that the first rows refer to. */
class SelectedStrings implements SharedStrings {
  length = 0;
  readonly #wanted: ReadonlySet<number>;
  readonly #texts = new Map<number, string>();

  constructor(wanted: ReadonlySet<number>) {
    this.#wanted = wanted;
  }

  add(text: string): void {
    if (this.#wanted.has(this.length)) this.#texts.set(this.length, text);
    this.length++;
  }

  at(index: number): string | undefined {
    return this.#texts.get(index);
  }

  close(): void {
    this.#texts.clear();
  }
}

/** Entries of one run, as nearly all are: `<si><t>…</t></si>`. */
function createPlainStringReader(prefix: string, add: (text: string) => void): (cursor: MarkupCursor) => boolean {
  const tags = {
    item: `<${prefix}si>`,
    itemEnd: `</${prefix}si>`,
    text: `<${prefix}t`,
    textEnd: `</${prefix}t>`,
  };
  return (cursor) => {
    if (!cursor.take(tags.item)) return false;
    cursor.skipSpace();
    let text = '';
    if (cursor.take(tags.text)) {
      cursor.skipAttributes();
      if (!cursor.isStrange && !cursor.isSelfClosed) {
        text = cursor.readText();
        if (!cursor.take(tags.textEnd)) return false;
      }
      cursor.skipSpace();
    }
    if (cursor.isStrange || !cursor.take(tags.itemEnd)) return false;
    add(text);
    return true;
  };
}

/** The full grammar of an entry: runs are joined, phonetic readings (`rPh`) left out. */
class SharedStringHandler implements XmlHandler {
  readonly #add: (text: string) => void;
  readonly #checkLength: (text: string) => void;
  #text: string | undefined;
  #isInText = false;
  #isInReading = false;

  constructor(add: (text: string) => void, checkLength: (text: string) => void) {
    this.#add = add;
    this.#checkLength = checkLength;
  }

  open(name: string): void {
    if (name === 'si') this.#text = '';
    else if (name === 'rPh') this.#isInReading = true;
    else if (name === 't') this.#isInText = !this.#isInReading;
  }

  text(text: string): void {
    if (!this.#isInText || this.#text === undefined) return;
    this.#text += text;
    this.#checkLength(this.#text);
  }

  close(name: string): void {
    if (name === 't') this.#isInText = false;
    else if (name === 'rPh') this.#isInReading = false;
    else if (name === 'si' && this.#text !== undefined) {
      this.#add(this.#text);
      this.#text = undefined;
    }
  }
}

import type { Place } from './refusal.js';
import { openSpillFile, type SpillFile } from './spill-file.js';

const pageBytes = 64 * 1024;
const cachedPages = 128;
/** Decoded texts that are looked up again and again: country names, yes and no. A power of two. */
const cachedTexts = 16_384;
const offsetsPerBlock = 65_536;

/**
 * A long list of texts as UTF-8 pages: in memory up to a size, in a temporary file above it. What grows with the
 * number of texts is one offset (8 bytes) each.
 */
export class TextStore {
  length = 0;
  readonly #place: Place;
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

  constructor(place: Place, maxBytesInMemory: number) {
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

import type { Archive } from './archive.js';
import { decodeEscapes } from './cell-escapes.js';
import { decodePart } from './decode-part.js';
import { FastParser } from './fast-parser.js';
import type { MarkupCursor } from './markup-cursor.js';
import { refusal } from './refusal.js';
import { TextStore } from './text-store.js';
import { type XmlHandler, XmlParser } from './xml-parser.js';

/** The texts that cells refer to by index. */
export interface SharedTexts {
  readonly length: number;
  at(index: number): string | undefined;
  close(): void;
}

/**
 * Reads the shared strings. Memory stays flat: large tables go to a temporary file, which `close` removes.
 *
 * @param wanted - reads only as far as these indexes; the others are absent then
 */
export async function loadSharedTexts(
  archive: Archive,
  part: string | undefined,
  wanted?: ReadonlySet<number>,
): Promise<SharedTexts> {
  if (part === undefined || wanted?.size === 0) return { length: 0, at: () => undefined, close: () => {} };
  const place = { ...archive.place, part };
  const store =
    wanted === undefined ? new TextStore(place, archive.limits.sharedTextBytesInMemory) : new FewTexts(wanted);
  const checkLength = (text: string) => {
    if (text.length > archive.limits.maxCellCharacters)
      throw refusal('CELL_TOO_LONG', place, `shared text ${store.length} is longer than any cell may be.`);
  };
  const add = (text: string) => {
    checkLength(text);
    store.add(decodeEscapes(text));
  };
  const parser = new FastParser(
    new XmlParser(new SharedTextHandler(add, checkLength), place, archive.limits),
    { container: 'sst', depth: 1, item: 'si', makeReader: (prefix) => makePlainTextReader(prefix, add) },
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

/** Keeps only what is wanted, for a look at the first rows. */
class FewTexts implements SharedTexts {
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
function makePlainTextReader(prefix: string, add: (text: string) => void): (cursor: MarkupCursor) => boolean {
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

/** The whole grammar of an entry: runs are joined, readings (`rPh`) left out. */
class SharedTextHandler implements XmlHandler {
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

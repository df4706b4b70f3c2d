import { MarkupCursor } from './markup-cursor.js';
import type { XmlParser } from './xml-parser.js';

/** A part that is one long list of items: the rows of a sheet, the entries of the shared strings. */
export interface ListPart {
  /** The element that holds the list, and how deep it lies: the root has depth 1. */
  readonly container: string;
  readonly depth: number;
  readonly item: string;
  /**
   * Makes the reader of plain items for the namespace prefix that the part uses (`''` or `x:`). It returns false
   * when the item is not plain; the parser then gets the same item from its start.
   */
  makeReader(prefix: string): (cursor: MarkupCursor) => boolean;
}

/** Characters that XML forbids: only the parser can say where. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const forbidden = /[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/;

/**
 * Reads a long part: plain items by a cursor, everything around them and every item that is not plain by the XML
 * parser. What the cursor takes is whole and balanced, so that the parser sees a shorter, equally sound document.
 */
export class FastParser {
  readonly #parser: XmlParser;
  readonly #list: ListPart;
  readonly #maxItemCharacters: number;
  readonly #cursor = new MarkupCursor();
  #state: 'before' | 'inside' | 'strict' = 'before';
  #rest = '';
  #itemStart = '';
  #itemEnd = '';
  #readItem: (cursor: MarkupCursor) => boolean = () => false;

  constructor(parser: XmlParser, list: ListPart, maxItemCharacters: number) {
    this.#parser = parser;
    this.#list = list;
    this.#maxItemCharacters = maxItemCharacters;
  }

  write(text: string): void {
    if (this.#state !== 'strict' && forbidden.test(text)) this.#state = 'strict';
    this.#rest += text;
    if (this.#state === 'before') this.#findContainer();
    if (this.#state === 'inside') this.#readItems();
    if (this.#rest.length > this.#maxItemCharacters) this.#state = 'strict';
    if (this.#state === 'strict') this.#flush();
  }

  end(): void {
    this.#flush();
    this.#parser.end();
  }

  #flush(): void {
    this.#parser.write(this.#rest);
    this.#rest = '';
  }

  #findContainer(): void {
    const { container, depth, item } = this.#list;
    for (;;) {
      const name = this.#rest.indexOf(container);
      const end = name < 0 ? -1 : this.#rest.indexOf('>', name);
      if (end < 0) {
        if (name < 0) this.#feed(Math.max(0, this.#rest.length - container.length));
        return;
      }
      this.#feed(end + 1);
      const opened = this.#parser.lastOpened;
      if (this.#parser.depth !== depth || !this.#parser.isRightAfterTag || opened?.name !== container) continue;
      const prefix = opened.prefix === '' ? '' : `${opened.prefix}:`;
      this.#itemStart = `<${prefix}${item}`;
      this.#itemEnd = `</${prefix}${item}>`;
      this.#readItem = this.#list.makeReader(prefix);
      this.#state = 'inside';
      return;
    }
  }

  #feed(end: number): void {
    this.#parser.write(this.#rest.slice(0, end));
    this.#rest = this.#rest.slice(end);
  }

  #readItems(): void {
    const cursor = this.#cursor;
    cursor.load(this.#rest);
    const wholeItemsEnd = this.#rest.lastIndexOf(this.#itemEnd) + this.#itemEnd.length;
    if (wholeItemsEnd < this.#itemEnd.length) return;
    let skippedFrom = 0;
    for (;;) {
      cursor.skipSpace();
      if (cursor.at >= wholeItemsEnd) break;
      const start = cursor.at;
      if (this.#readItem(cursor)) continue;
      this.#countLines(skippedFrom, start);
      cursor.at = this.#readStrictly(start);
      cursor.isStrange = false;
      skippedFrom = cursor.at;
      if (this.#state === 'strict') break;
    }
    this.#countLines(skippedFrom, cursor.at);
    this.#rest = this.#rest.slice(cursor.at);
  }

  /** Gives one item to the parser, and stays with the parser unless that was one item and nothing else. */
  #readStrictly(start: number): number {
    let at = start;
    if (this.#rest.startsWith(this.#itemStart, start))
      for (let end = 0; end >= 0; ) {
        end = this.#rest.indexOf(this.#itemEnd, at);
        if (end < 0) break;
        this.#parser.write(this.#rest.slice(at, end + this.#itemEnd.length));
        at = end + this.#itemEnd.length;
        if (this.#parser.depth === this.#list.depth && this.#parser.isRightAfterTag) return at;
      }
    this.#state = 'strict';
    return at;
  }

  #countLines(from: number, to: number): void {
    for (let at = this.#rest.indexOf('\n', from); at >= 0 && at < to; at = this.#rest.indexOf('\n', at + 1))
      this.#parser.skippedLines++;
  }
}

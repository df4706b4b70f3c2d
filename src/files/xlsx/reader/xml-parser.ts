import { type SaxesAttributeNS, SaxesParser, type SaxesTagNS } from 'saxes';
import { InputError } from '#src/errors.js';
import type { WorkbookLimits } from './limits.js';
import { type Place, refusal } from './refusal.js';

/** Attributes of an element, by the name as written. */
export type XmlAttributes = Readonly<Record<string, SaxesAttributeNS>>;

/** What a part does with its markup. Elements of foreign namespaces come under the name `foreign`. */
export interface XmlHandler {
  open?(name: string, attributes: XmlAttributes): void;
  text?(text: string): void;
  close?(name: string): void;
}

/** Transitional and strict documents, relationships, and writers that forget the namespace. */
const knownNamespaces: ReadonlySet<string> = new Set([
  '',
  'http://schemas.openxmlformats.org/spreadsheetml/2006/main',
  'http://purl.oclc.org/ooxml/spreadsheetml/main',
  'http://schemas.openxmlformats.org/package/2006/relationships',
]);

const readableEncodings = /^(?:utf-?8|utf-?16(?:le|be)?|us-ascii|ascii)$/i;

/** A strict XML parser for one part: any fault is an InputError with the part's name and the line. */
export class XmlParser {
  /** How many elements are open. */
  depth = 0;
  /** The element that was opened last. */
  lastOpened: { readonly name: string; readonly prefix: string; readonly isSelfClosing: boolean } | undefined;
  /** Lines that were read past this parser. */
  skippedLines = 0;
  #charactersSinceTag = 0;
  #written = 0;
  #lastTagEnd = -1;
  readonly #saxes: SaxesParser<{ xmlns: true; position: false }>;
  readonly #place: Place;
  readonly #limits: WorkbookLimits;

  constructor(handler: XmlHandler, place: Place, limits: WorkbookLimits) {
    this.#saxes = new SaxesParser({ xmlns: true, position: false });
    this.#place = place;
    this.#limits = limits;
    this.#listen(handler);
  }

  /** Whether the text written so far ends with a tag: not with a text, and not inside a comment. */
  get isRightAfterTag(): boolean {
    return this.#lastTagEnd === this.#written;
  }

  write(text: string): void {
    if (text === '') return;
    this.#written += text.length;
    this.#charactersSinceTag += text.length;
    this.#guarded(() => this.#saxes.write(text));
    if (this.#charactersSinceTag > this.#limits.maxCharactersBetweenTags)
      throw this.#fault('CELL_TOO_LONG', 'a single text or tag goes on without end.');
  }

  end(): void {
    this.#guarded(() => this.#saxes.close());
  }

  #listen(handler: XmlHandler): void {
    const saxes = this.#saxes;
    saxes.on('error', (error) => {
      throw error;
    });
    saxes.on('doctype', () => {
      throw this.#fault('XML_DOCTYPE', 'this part declares a DOCTYPE, which workbooks never do and attacks do.');
    });
    saxes.on('xmldecl', ({ encoding = 'UTF-8' }) => {
      if (!readableEncodings.test(encoding))
        throw this.#fault('XML_ENCODING', `this part is written in “${encoding}”; workbooks use UTF-8.`);
    });
    saxes.on('opentag', (tag) => this.#open(handler, tag));
    saxes.on('closetag', (tag) => {
      this.depth--;
      this.#charactersSinceTag = 0;
      this.#lastTagEnd = saxes.position;
      handler.close?.(nameOf(tag));
    });
    saxes.on('text', (text) => handler.text?.(text));
    saxes.on('cdata', (text) => handler.text?.(text));
  }

  #open(handler: XmlHandler, tag: SaxesTagNS): void {
    this.#charactersSinceTag = 0;
    this.#lastTagEnd = this.#saxes.position;
    if (++this.depth > this.#limits.maxXmlDepth)
      throw this.#fault('XML_MALFORMED', 'elements are nested deeper than in any workbook.');
    const name = nameOf(tag);
    this.lastOpened = { name, prefix: tag.prefix, isSelfClosing: tag.isSelfClosing };
    handler.open?.(name, tag.attributes);
  }

  #guarded(parse: () => void): void {
    try {
      parse();
    } catch (error) {
      if (error instanceof InputError || !(error instanceof Error)) throw error;
      throw this.#fault('XML_MALFORMED', `the XML is broken (${error.message.replace(/\.$/, '')}).`, error);
    }
  }

  #fault(code: 'XML_MALFORMED' | 'XML_DOCTYPE' | 'XML_ENCODING' | 'CELL_TOO_LONG', fact: string, cause?: Error): Error {
    return refusal(code, { ...this.#place, line: this.#saxes.line + this.skippedLines }, fact, cause);
  }
}

function nameOf(tag: SaxesTagNS): string {
  return knownNamespaces.has(tag.uri) ? tag.local : 'foreign';
}

/** A flag of the format: `1`, `true` or `on`. */
export function isOn(attribute: SaxesAttributeNS | undefined): boolean {
  return attribute !== undefined && /^\s*(?:1|true|on)\s*$/i.test(attribute.value);
}

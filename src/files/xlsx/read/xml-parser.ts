import { isAscii, isUtf8 } from 'node:buffer';
import { type SaxesAttributeNS, SaxesParser, type SaxesTagNS } from 'saxes';
import { InputError } from '#src/errors.js';
import type { Archive, WorkbookLimits } from './archive.js';
import { type InputLocation, workbookError } from './workbook-error.js';

const escapedUnit = /_x([0-9A-Fa-f]{4})_/g;

/** Undoes the format's own escape of characters that XML cannot hold: `_x000D_`, and `_x005F_` for `_` itself. */
export function decodeEscapes(text: string): string {
  if (!text.includes('_x')) return text;
  const plain = text.replace(escapedUnit, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  // Half a surrogate pair is no character and would not survive any file: such text was never an escape.
  return loneSurrogate.test(plain) ? text : plain;
}

const loneSurrogate = /\p{Surrogate}/u;

/** Turns the bytes of a part into text: UTF-8, or UTF-16 where its first bytes say so. Never loses a character. */
export async function* decodePart(chunks: AsyncIterable<Buffer>, place: InputLocation): AsyncGenerator<string> {
  let decode: ((chunk: Buffer, isLast: boolean) => string) | undefined;
  let head = Buffer.alloc(0);
  for await (const chunk of chunks) {
    if (decode !== undefined) {
      yield decode(chunk, false);
      continue;
    }
    head = Buffer.concat([head, chunk]);
    if (head.length < 4) continue;
    decode = decoderFor(head, place);
    yield decode(head, false);
  }
  yield decode === undefined ? decoderFor(head, place)(head, true) : decode(Buffer.alloc(0), true);
}

function decoderFor(head: Buffer, place: InputLocation): (chunk: Buffer, isLast: boolean) => string {
  const [first, second] = head;
  if ((first === 0xff && second === 0xfe) || (first === 0x3c && second === 0)) return utf16Decoder('utf-16le', place);
  if ((first === 0xfe && second === 0xff) || (first === 0 && second === 0x3c)) return utf16Decoder('utf-16be', place);
  return utf8Decoder(place);
}

function utf16Decoder(encoding: string, place: InputLocation): (chunk: Buffer, isLast: boolean) => string {
  const decoder = new TextDecoder(encoding, { fatal: true });
  return (chunk, isLast) => {
    try {
      return decoder.decode(chunk, { stream: !isLast });
    } catch (error) {
      throw workbookError('XML_ENCODING', place, 'this part has bytes that are not UTF-16 text.', error);
    }
  };
}

/**
 * A fatal streaming UTF-8 decoder. `TextDecoder` does the same at a fifth of the speed on Node 20: here whole
 * characters are checked and decoded at once, and a character cut by the border waits for its rest.
 */
function utf8Decoder(place: InputLocation): (chunk: Buffer, isLast: boolean) => string {
  let rest = Buffer.alloc(0);
  let isStart = true;
  return (chunk, isLast) => {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const end = isLast ? bytes.length : wholeCharactersEnd(bytes);
    rest = Buffer.from(bytes.subarray(end));
    const whole = bytes.subarray(0, end);
    if (!isUtf8(whole)) throw workbookError('XML_ENCODING', place, 'this part has bytes that are not UTF-8 text.');
    const text = isAscii(whole) ? whole.toString('latin1') : whole.toString('utf8');
    const skip = isStart && text.startsWith('\uFEFF') ? 1 : 0;
    if (end > 0) isStart = false;
    return skip === 0 ? text : text.slice(skip);
  };
}

/** The length without an incomplete last character. */
function wholeCharactersEnd(bytes: Buffer): number {
  for (let back = 1; back <= 3 && back <= bytes.length; back++) {
    const byte = bytes[bytes.length - back] ?? 0;
    if (byte < 0x80) return bytes.length;
    if (byte < 0xc0) continue;
    const needed = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
    return needed > back ? bytes.length - back : bytes.length;
  }
  return bytes.length;
}

/** Attributes of an element, by the name as written. */
export type XmlAttributes = Readonly<Record<string, SaxesAttributeNS>>;

/** Receives the markup of a part. Elements of unknown namespaces have the name `foreign`. */
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

/** A strict XML parser for one part: any error is an InputError with the part's name and the line. */
export class XmlParser {
  /** How many elements are open. */
  depth = 0;
  /** The element that was opened last. */
  lastOpened: { readonly name: string; readonly prefix: string; readonly isSelfClosing: boolean } | undefined;
  /** Lines that were read without this parser. */
  skippedLines = 0;
  #charactersSinceTag = 0;
  #written = 0;
  #lastTagEnd = -1;
  readonly #saxes: SaxesParser<{ xmlns: true; position: false }>;
  readonly #place: InputLocation;
  readonly #limits: WorkbookLimits;

  constructor(handler: XmlHandler, place: InputLocation, limits: WorkbookLimits) {
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
      throw this.#fault('CELL_TOO_LONG', 'a text or tag has no end.');
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
      throw this.#fault('XML_DOCTYPE', 'this part declares a DOCTYPE, which workbooks never do but attackers do.');
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
      handler.close?.(elementName(tag));
    });
    saxes.on('text', (text) => handler.text?.(text));
    saxes.on('cdata', (text) => handler.text?.(text));
  }

  #open(handler: XmlHandler, tag: SaxesTagNS): void {
    this.#charactersSinceTag = 0;
    this.#lastTagEnd = this.#saxes.position;
    if (++this.depth > this.#limits.maxXmlDepth) throw this.#fault('XML_MALFORMED', 'elements are nested too deeply.');
    const name = elementName(tag);
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
    return workbookError(code, { ...this.#place, line: this.#saxes.line + this.skippedLines }, fact, cause);
  }
}

function elementName(tag: SaxesTagNS): string {
  return knownNamespaces.has(tag.uri) ? tag.local : 'foreign';
}

/** A flag of the format: `1`, `true` or `on`. */
export function isOn(attribute: SaxesAttributeNS | undefined): boolean {
  return attribute !== undefined && /^\s*(?:1|true|on)\s*$/i.test(attribute.value);
}

/** Parses a part that is small enough to be held in memory: relationships, workbook, styles. */
export async function readIndexPart(archive: Archive, part: string, handler: XmlHandler): Promise<void> {
  const place = { ...archive.place, part };
  const parser = new XmlParser(handler, place, archive.limits);
  for await (const text of decodePart(archive.read(part, archive.limits.maxIndexPartBytes), place)) parser.write(text);
  parser.end();
}

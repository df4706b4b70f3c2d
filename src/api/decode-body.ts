import { brotliDecompressSync, gunzipSync, inflateSync } from 'node:zlib';
import { parseExactJson } from '#pipelines/exact-json.js';

/** The body of an answer as text. */
export interface DecodedBody {
  readonly text: string;
  /** Some bytes are no text in the encoding of the rest: what was decoded is not what the server has. */
  readonly isDamaged: boolean;
}

type Headers = Readonly<Record<string, string | string[] | undefined>>;

const expanders: Readonly<Record<string, (bytes: Buffer, options: { readonly maxOutputLength: number }) => Buffer>> = {
  gzip: gunzipSync,
  'x-gzip': gunzipSync,
  deflate: inflateSync,
  br: brotliDecompressSync,
};

/**
 * Undoes the compression of a body. Nothing asks for one, but proxies may compress all the same.
 *
 * @throws RangeError when it expands to more than `maxBytes`; errors of zlib when it is not what the header says
 */
export function expandBody(bytes: Buffer, headers: Headers, maxBytes: number): Buffer {
  const expand = expanders[String(headers['content-encoding'] ?? '').toLowerCase()];
  return expand === undefined ? bytes : expand(bytes, { maxOutputLength: maxBytes });
}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true });
const lenientUtf8 = new TextDecoder('utf-8');
/** A whole character of two to four bytes: in a text of one byte per character, hardly ever found by chance. */
const utf8Sequence =
  /[\u00c2-\u00df][\u0080-\u00bf]|[\u00e0-\u00ef][\u0080-\u00bf]{2}|[\u00f0-\u00f4][\u0080-\u00bf]{3}/;

/**
 * JSON is UTF-8 [RFC 8259], and is read as that where it can be. Otherwise the charset that the answer names counts; where
 * it names none, a body without a single character of UTF-8 is read as Windows-1252, which contains ISO 8859-1.
 */
export function decodeBody(bytes: Buffer, headers: Headers): DecodedBody {
  const charset = /charset\s*=\s*"?([\w.:-]+)/i.exec(String(headers['content-type'] ?? ''))?.[1]?.toLowerCase();
  // Its bytes are valid UTF-8, too, with zeros between them.
  const wide = charset?.startsWith('utf-16') === true ? decodeAs(bytes, charset) : undefined;
  if (wide !== undefined) return { text: wide, isDamaged: false };
  try {
    return { text: strictUtf8.decode(bytes), isDamaged: false };
  } catch {
    const named = charset === undefined || isUtf8(charset) ? undefined : decodeAs(bytes, charset);
    if (named !== undefined) return { text: named, isDamaged: false };
    if (!utf8Sequence.test(bytes.toString('latin1'))) return { text: decodeWindows1252(bytes), isDamaged: false };
    return { text: lenientUtf8.decode(bytes), isDamaged: true };
  }
}

function isUtf8(charset: string): boolean {
  return charset === 'utf-8' || charset === 'utf8';
}

const windows1252: ReadonlySet<string> = new Set([
  'iso-8859-1',
  'latin1',
  'windows-1252',
  'cp1252',
  'us-ascii',
  'ascii',
]);

function decodeAs(bytes: Buffer, charset: string): string | undefined {
  if (windows1252.has(charset)) return decodeWindows1252(bytes);
  try {
    return new TextDecoder(charset, { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** What Windows-1252 has in the place of the control characters U+0080 to U+009F. TextDecoder of Node.js 20 does not know them. */
const signs = '€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ';

function decodeWindows1252(bytes: Buffer): string {
  return bytes
    .toString('latin1')
    .replace(/[\u0080-\u009f]/g, (control) => signs[control.charCodeAt(0) - 0x80] ?? control);
}

/** Deeper than any customer: what is nested so deep is no answer of the API. */
const maxDepth = 64;

/** The JSON of a body; `undefined` when it is none, or none that can be worked with. */
export function parseBody(text: string): unknown {
  try {
    const value = parseExactJson(text);
    return isUsable(value, maxDepth) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** An object whose `toString` is no function cannot be shown to anybody. */
function isUsable(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  if (depth === 0 || typeof value.toString !== 'function') return false;
  if (Array.isArray(value)) return value.every((item) => isUsable(item, depth - 1));
  for (const name in value) if (!isUsable(value[name as keyof typeof value], depth - 1)) return false;
  return true;
}

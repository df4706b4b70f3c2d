import type { Dialect } from './dialect.js';

const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const quote = 0x22;
const backslash = 0x5c;
const space = 0x20;
const tab = 0x09;
const equalsSign = 0x3d;

/** Which kinds of line end a text uses, as bits. */
export const lineEndBits = { none: 0, lf: 1, crlf: 2, cr: 4 } as const;

/**
 * - `whole`: the record ends at `contentEnd`, and the next begins at `next`
 * - `cut`: more bytes are needed to tell
 * - `openQuote`: a quotation mark opens and is never closed
 * - `strayQuote`: a quotation mark stands where none may be
 * - `swallowedRows`: it is well formed, and yet several rows that a quotation mark too many has made one
 */
export type ScanStatus = 'whole' | 'cut' | 'openQuote' | 'strayQuote' | 'swallowedRows';

/** What was found out about one record; written anew by every scan. */
export interface RecordScan {
  status: ScanStatus;
  contentEnd: number;
  next: number;
  /** Physical lines that the record spans. */
  lineCount: number;
  hasQuotes: boolean;
  /** Whether a cell is a text that is written as a formula, `="0801"`, without quotation marks around all of it. */
  hasFormulaText: boolean;
  /** All its bytes, or'ed: below 0x80 each of them is a character. */
  bits: number;
  /** The one bit of {@link lineEndBits} that ends it. */
  lineEnd: number;
}

export function createRecordScan(): RecordScan {
  return {
    status: 'cut',
    contentEnd: 0,
    next: 0,
    lineCount: 1,
    hasQuotes: false,
    hasFormulaText: false,
    bits: 0,
    lineEnd: lineEndBits.none,
  };
}

/** What the scanner needs to know, in bytes. */
export interface ScanRules {
  readonly delimiter: Buffer;
  readonly returnEndsRow: boolean;
  readonly lenientQuotes: boolean;
  readonly backslashEscapes: boolean;
  readonly skipInitialSpace: boolean;
}

export function createScanRules(dialect: Dialect): ScanRules {
  return { ...dialect, delimiter: Buffer.from(dialect.delimiter) };
}

/**
 * Finds the end of the record that begins at `start`, by the same rules as the parser behind it: a quotation mark
 * opens only at the start of a cell, is doubled inside, and closes only before a delimiter or a line end.
 */
export function scanRecord(
  bytes: Buffer,
  start: number,
  isLast: boolean,
  rules: ScanRules,
  scan: RecordScan,
): ScanStatus {
  scan.lineCount = 1;
  scan.hasQuotes = false;
  scan.hasFormulaText = false;
  scan.bits = 0;
  const { length } = bytes;
  let bits = 0;
  for (let at = start; at < length; at += 1) {
    const byte = bytes[at] as number;
    bits |= byte;
    // Line ends and the quotation mark are all below: most bytes cost one comparison.
    if (byte > quote) continue;
    if (byte === lineFeed) return endRecord(scan, at, at + 1, lineEndBits.lf, bits);
    if (byte === carriageReturn) {
      if (at + 1 === length && !isLast) return stop(scan, 'cut');
      if (bytes[at + 1] === lineFeed) return endRecord(scan, at, at + 2, lineEndBits.crlf, bits);
      if (rules.returnEndsRow) return endRecord(scan, at, at + 1, lineEndBits.cr, bits);
    } else if (byte === quote) {
      if (beginsCell(bytes, start, at, rules)) {
        scan.hasQuotes = true;
        const close = findClosingQuote(bytes, at + 1, isLast, rules, scan);
        if (close < 0) return scan.status;
        at = close;
      } else if (isFormulaText(bytes, start, at, rules.delimiter)) {
        const close = findFormulaEnd(bytes, at + 1, isLast, rules, scan);
        if (close < 0) return scan.status;
        scan.hasFormulaText = true;
        at = close;
      } else if (!rules.lenientQuotes) return stop(scan, 'strayQuote');
      else scan.hasQuotes = true;
    }
  }
  return isLast ? endRecord(scan, length, length, lineEndBits.none, bits) : stop(scan, 'cut');
}

function endRecord(scan: RecordScan, contentEnd: number, next: number, lineEnd: number, bits: number): ScanStatus {
  scan.bits |= bits;
  scan.status = 'whole';
  scan.contentEnd = contentEnd;
  scan.next = next;
  scan.lineEnd = lineEnd;
  return scan.status;
}

function stop(scan: RecordScan, status: ScanStatus): ScanStatus {
  scan.status = status;
  return status;
}

/** The place of the closing mark; -1 when there is none, with the reason in `scan`. */
function findClosingQuote(bytes: Buffer, from: number, isLast: boolean, rules: ScanRules, scan: RecordScan): number {
  const { length } = bytes;
  for (let at = from; at < length; at += 1) {
    const byte = bytes[at] as number;
    scan.bits |= byte;
    if (byte > quote) {
      if (byte !== backslash || !rules.backslashEscapes) continue;
      const escaped = bytes[at + 1];
      if (escaped === undefined && !isLast) break;
      if (escaped === quote || escaped === backslash) at += 1;
      continue;
    }
    if (byte === lineFeed) scan.lineCount += 1;
    else if (byte === carriageReturn) {
      if (rules.returnEndsRow && bytes[at + 1] !== lineFeed) scan.lineCount += 1;
    } else if (byte === quote) {
      if (bytes[at + 1] !== quote || rules.backslashEscapes) return checkClosingQuote(bytes, at, isLast, rules, scan);
      at += 1;
    }
  }
  stop(scan, isLast ? 'openQuote' : 'cut');
  return -1;
}

/** Whether a mark follows an equals sign that begins a cell. */
function isFormulaText(bytes: Buffer, start: number, at: number, delimiter: Buffer): boolean {
  const sign = at - 1;
  return bytes[sign] === equalsSign && (sign === start || followsDelimiter(bytes, start, sign, delimiter));
}

/** The place of the mark that ends such a text, which holds neither delimiter nor line end; else as {@link findClosingQuote}. */
function findFormulaEnd(bytes: Buffer, from: number, isLast: boolean, rules: ScanRules, scan: RecordScan): number {
  for (let at = from; at < bytes.length; at += 1) {
    const byte = bytes[at] as number;
    scan.bits |= byte;
    if (byte === quote) return checkClosingQuote(bytes, at, isLast, rules, scan);
    if (byte === lineFeed || byte === carriageReturn || startsWith(bytes, at, rules.delimiter)) break;
    if (at === bytes.length - 1 && !isLast) {
      stop(scan, 'cut');
      return -1;
    }
  }
  stop(scan, !isLast && from >= bytes.length ? 'cut' : 'strayQuote');
  return -1;
}

function checkClosingQuote(bytes: Buffer, at: number, isLast: boolean, rules: ScanRules, scan: RecordScan): number {
  const { delimiter } = rules;
  const after = at + 1;
  if (after + Math.max(2, delimiter.length) > bytes.length && !isLast) {
    stop(scan, 'cut');
    return -1;
  }
  const byte = bytes[after];
  const endsRow =
    byte === undefined ||
    byte === lineFeed ||
    (byte === carriageReturn && (rules.returnEndsRow || bytes[after + 1] === lineFeed));
  if (endsRow || startsWith(bytes, after, delimiter)) return at;
  if (rules.lenientQuotes) return at;
  // On its own line the mark is out of place; lines further down, it is the first mark that a missing one ran into.
  stop(scan, scan.lineCount > 1 ? 'openQuote' : 'strayQuote');
  return -1;
}

/** Whether a quotation mark at `at` opens a cell. */
function beginsCell(bytes: Buffer, start: number, at: number, rules: ScanRules): boolean {
  for (let from = at; ; from -= 1) {
    if (from === start || followsDelimiter(bytes, start, from, rules.delimiter)) return true;
    const before = bytes[from - 1];
    if (!rules.skipInitialSpace || (before !== space && before !== tab)) return false;
  }
}

function followsDelimiter(bytes: Buffer, start: number, at: number, delimiter: Buffer): boolean {
  const from = at - delimiter.length;
  return from >= start && startsWith(bytes, from, delimiter);
}

function startsWith(bytes: Buffer, at: number, wanted: Buffer): boolean {
  for (let offset = 0; offset < wanted.length; offset += 1) if (bytes[at + offset] !== wanted[offset]) return false;
  return true;
}

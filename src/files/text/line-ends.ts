import type { SourceDetection } from '#pipelines/ports.js';

const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const quote = 0x22;

/** How often each line end occurs. */
export interface LineEnds {
  readonly lf: number;
  readonly crlf: number;
  /** Carriage returns that no line feed follows. */
  readonly cr: number;
}

/** What one pass over the whole text counts. */
export interface LineEndCounter {
  add(text: Buffer): void;
  /** Line ends outside quotation marks; those of the whole text when there is none outside. */
  lineEnds(): LineEnds;
  /** The number of the line in which the counted text ends. */
  currentLine(): number;
}

/** Counts line ends in utf-8 text that comes in pieces. */
export function createLineEndCounter(): LineEndCounter {
  // Two counters a kind: outside quotation marks at 0, inside at 1.
  const lf = [0, 0];
  const crlf = [0, 0];
  const cr = [0, 0];
  let inside = 0;
  let afterReturn = false;

  const count = (kind: number[]) => {
    kind[inside] = (kind[inside] ?? 0) + 1;
  };
  const seen = (where: 'outside' | 'anywhere'): LineEnds => {
    const total = ([outside = 0, quoted = 0]: readonly number[]) => outside + (where === 'anywhere' ? quoted : 0);
    const pending = afterReturn && (where === 'anywhere' || inside === 0) ? 1 : 0;
    return { lf: total(lf), crlf: total(crlf), cr: total(cr) + pending };
  };
  return {
    add(text) {
      let at = 0;
      if (afterReturn && text.length > 0) {
        count(text[0] === lineFeed ? crlf : cr);
        if (text[0] === lineFeed) at = 1;
        afterReturn = false;
      }
      for (; at < text.length; at += 1) {
        const byte = text[at] as number;
        // What counts is below: most bytes cost one comparison.
        if (byte > quote) continue;
        if (byte === lineFeed) count(lf);
        else if (byte === quote) inside = 1 - inside;
        else if (byte === carriageReturn) {
          afterReturn = at + 1 === text.length;
          const isBeforeFeed = text[at + 1] === lineFeed;
          if (isBeforeFeed) at += 1;
          if (!afterReturn) count(isBeforeFeed ? crlf : cr);
        }
      }
    },
    lineEnds() {
      const outside = seen('outside');
      return outside.lf + outside.crlf + outside.cr > 0 ? outside : seen('anywhere');
    },
    currentLine() {
      const { lf, crlf, cr } = seen('anywhere');
      return 1 + (lf + crlf > 0 ? lf + crlf : cr);
    },
  };
}

/** The name for a text's line ends; none when it is a single line. */
export function nameLineEnd({ lf, crlf, cr }: LineEnds): SourceDetection['lineEnd'] | undefined {
  const kinds = [lf > 0 && 'LF', crlf > 0 && 'CRLF', cr > 0 && 'CR'] as const;
  const present = kinds.filter((kind) => kind !== false);
  return present.length > 1 ? 'mixed' : present[0];
}

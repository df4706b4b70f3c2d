const escapedUnit = /_x([0-9A-Fa-f]{4})_/g;

/** Undoes the format's own escape of characters that XML cannot hold: `_x000D_`, and `_x005F_` for `_` itself. */
export function decodeEscapes(text: string): string {
  if (!text.includes('_x')) return text;
  const plain = text.replace(escapedUnit, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  // Half a surrogate pair is no character and would not survive any file: such text was never an escape.
  return loneSurrogate.test(plain) ? text : plain;
}

const loneSurrogate = /\p{Surrogate}/u;

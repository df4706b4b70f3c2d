/** JavaScript's `\s`. RE2's means only the blanks of ASCII, and cells have no-break spaces. */
const space = String.raw`\t\n\x0b\f\r \x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}\x{feff}`;
const notSpace = String.raw`\x00-\x08\x0e-\x1f\x21-\x{9f}\x{a1}-\x{167f}\x{1681}-\x{1fff}\x{200b}-\x{2027}\x{202a}-\x{202e}\x{2030}-\x{205e}\x{2060}-\x{2fff}\x{3001}-\x{fefe}\x{ff00}-\x{10ffff}`;

/** What a pattern of JavaScript may have and a linear-time engine cannot: what it says, by how the construct begins. */
const unsupported: readonly (readonly [start: RegExp, says: string])[] = [
  [/^\(\?=/, 'looks ahead with (?=…)'],
  [/^\(\?!/, 'looks ahead with (?!…)'],
  [/^\(\?<=/, 'looks behind with (?<=…)'],
  [/^\(\?<!/, 'looks behind with (?<!…)'],
  [/^\\[1-9]/, 'refers back to a group with \\1'],
  [/^\\k/, 'refers back to a group with \\k'],
];

/** A construct that has another spelling in RE2, at the start of the rest of a pattern. */
type Spelling = readonly [start: RegExp, write: (...match: string[]) => string];

const escapes: readonly Spelling[] = [
  // Two surrogates are one character.
  [
    /^\\u([dD][89abAB][\da-fA-F]{2})\\u([dD][c-fC-F][\da-fA-F]{2})/,
    (_, high = '', low = '') => writeCode(0x10000 + ((parseHex(high) - 0xd800) << 10) + (parseHex(low) - 0xdc00)),
  ],
  [/^\\u\{([\da-fA-F]+)\}/, (_, hex = '') => writeCode(parseHex(hex))],
  [/^\\u([\da-fA-F]{4})/, (_, hex = '') => writeCode(parseHex(hex))],
  [/^\\x([\da-fA-F]{2})/, (_, hex = '') => writeCode(parseHex(hex))],
  [/^\\c([a-zA-Z])/, (_, letter = '') => writeCode(letter.charCodeAt(0) % 32)],
  [/^\\0/, () => writeCode(0)],
  [/^\\v/, () => writeCode(11)],
  [/^\\[tnrfdDwW]/, (same) => same ?? ''],
  [/^\\[pP]\{(?:General_Category|gc|Script|sc)=([^}]*)\}/, (match = '', name = '') => writeProperty(match, name)],
  [/^\\[pP]\{([^}]*)\}/, (match = '', name = '') => writeProperty(match, name)],
];

const outsideClass: readonly Spelling[] = [
  ...escapes,
  [/^\\s/, () => `[${space}]`],
  [/^\\S/, () => `[^${space}]`],
  [/^\\[bB]/, (same) => same ?? ''],
  [/^\\(.)/su, (_, character = '') => writeLiteral(character)],
  // A group, plain, without a number, with a name, or with flags of its own.
  [/^\(\?<([^>]*)>/, (_, name = '') => `(?P<${name}>`],
  [/^\((?:\?[a-z-]*:)?/, (same) => same ?? ''],
  [/^\[\]/, () => String.raw`[^\x00-\x{10ffff}]`],
  [/^\[\^\]/, () => String.raw`[\x00-\x{10ffff}]`],
  [/^\{\d+(?:,\d*)?\}/, (same) => same ?? ''],
  [/^[)|^$*+?]/, (same) => same ?? ''],
  [/^[^[]/u, (character = '') => writeLiteral(character)],
];

const insideClass: readonly Spelling[] = [
  // Beside a class of its own, and at the end, a hyphen is a hyphen.
  [/^-(?=\]|\\[dDwWsSpP])/, () => writeCode(45)],
  ...escapes,
  [/^\\s/, () => space],
  [/^\\S/, () => notSpace],
  [/^\\b/, () => writeCode(8)],
  [/^\\(.)/su, (_, character = '') => writeLiteral(character)],
  [/^-/, (same) => same ?? ''],
  [/^./su, (character = '') => writeLiteral(character)],
];

/** RE2 knows categories by their short names only. */
const categories: Readonly<Record<string, string>> = {
  Letter: 'L',
  Uppercase_Letter: 'Lu',
  Lowercase_Letter: 'Ll',
  Titlecase_Letter: 'Lt',
  Modifier_Letter: 'Lm',
  Other_Letter: 'Lo',
  Mark: 'M',
  Number: 'N',
  Decimal_Number: 'Nd',
  Letter_Number: 'Nl',
  Other_Number: 'No',
  Punctuation: 'P',
  Symbol: 'S',
  Currency_Symbol: 'Sc',
  Separator: 'Z',
  Space_Separator: 'Zs',
  Other: 'C',
  Control: 'Cc',
};

type Translation =
  | { readonly ok: true; readonly source: string }
  /** What the pattern does that is not supported, as the end of a sentence: "looks ahead with (?=…)". */
  | { readonly ok: false; readonly says: string };

/**
 * Rewrites a pattern that JavaScript has accepted in the syntax of RE2 (https://github.com/google/re2/wiki/Syntax), with the
 * meaning that it has in JavaScript.
 *
 * @param isDotAll - Whether `.` also means line breaks.
 */
export function translatePattern(pattern: string, isDotAll: boolean): Translation {
  let source = '';
  let isInClass = false;
  let rest = pattern;
  let followsClass = false;
  while (rest !== '') {
    const refused = isInClass ? undefined : unsupported.find(([start]) => start.test(rest));
    if (refused !== undefined) return { ok: false, says: refused[1] };
    const [taken, written] = takeNext(rest);
    followsClass = /^\\[dDwWsSpP]/.test(taken);
    source += written;
    rest = rest.slice(taken.length);
  }
  return { ok: true, source };

  function takeNext(text: string): readonly [taken: string, written: string] {
    if (isInClass && text.startsWith(']')) {
      isInClass = false;
      return [']', ']'];
    }
    if (!isInClass && text.startsWith('.')) return ['.', isDotAll ? '(?s:.)' : String.raw`[^\n\r\x{2028}\x{2029}]`];
    if (isInClass && followsClass && text.startsWith('-')) return ['-', writeCode(45)];
    for (const [start, write] of isInClass ? insideClass : outsideClass) {
      const match = start.exec(text);
      if (match !== null) return [match[0], write(...match)];
    }
    const opening = text.startsWith('[^') ? '[^' : '[';
    isInClass = true;
    return [opening, opening];
  }
}

function parseHex(digits: string): number {
  return Number.parseInt(digits, 16);
}

function writeCode(code: number): string {
  return `\\x{${code.toString(16)}}`;
}

function writeLiteral(character: string): string {
  return /^[A-Za-z0-9]$/.test(character) ? character : writeCode(character.codePointAt(0) ?? 0);
}

function writeProperty(match: string, name: string): string {
  return `${match.slice(0, 2)}{${categories[name] ?? name}}`;
}

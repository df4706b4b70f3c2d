import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { format } from 'numfmt';
import type { Archive } from './archive.js';
import { readIndexPart } from './xml-parser.js';

/**
 * Formats that files name by number only (ECMA-376 part 1, 18.8.30). For the numbers whose meaning depends on the
 * language (27–36, 50–58: East Asia; 67–81: Thai) a code of the same kind stands in.
 */
export const builtinFormats: Readonly<Record<number, string>> = {
  0: 'General',
  1: '0',
  2: '0.00',
  3: '#,##0',
  4: '#,##0.00',
  5: '"$"#,##0_);\\("$"#,##0\\)',
  6: '"$"#,##0_);[Red]\\("$"#,##0\\)',
  7: '"$"#,##0.00_);\\("$"#,##0.00\\)',
  8: '"$"#,##0.00_);[Red]\\("$"#,##0.00\\)',
  9: '0%',
  10: '0.00%',
  11: '0.00E+00',
  12: '# ?/?',
  13: '# ??/??',
  14: 'mm-dd-yy',
  15: 'd-mmm-yy',
  16: 'd-mmm',
  17: 'mmm-yy',
  18: 'h:mm AM/PM',
  19: 'h:mm:ss AM/PM',
  20: 'h:mm',
  21: 'h:mm:ss',
  22: 'm/d/yy h:mm',
  ...repeatFormat('yyyy"年"m"月"d"日"', [27, 28, 29, 30, 31, 34, 35, 36, 50, 51, 52, 53, 54, 55, 56, 57, 58]),
  32: 'h"時"mm"分"',
  33: 'h"時"mm"分"ss"秒"',
  37: '#,##0_);\\(#,##0\\)',
  38: '#,##0_);[Red]\\(#,##0\\)',
  39: '#,##0.00_);\\(#,##0.00\\)',
  40: '#,##0.00_);[Red]\\(#,##0.00\\)',
  41: '_(* #,##0_);_(* \\(#,##0\\);_(* "-"_);_(@_)',
  42: '_("$"* #,##0_);_("$"* \\(#,##0\\);_("$"* "-"_);_(@_)',
  43: '_(* #,##0.00_);_(* \\(#,##0.00\\);_(* "-"??_);_(@_)',
  44: '_("$"* #,##0.00_);_("$"* \\(#,##0.00\\);_("$"* "-"??_);_(@_)',
  45: 'mm:ss',
  46: '[h]:mm:ss',
  47: 'mmss.0',
  48: '##0.0E+0',
  49: '@',
  59: '0',
  60: '0.00',
  61: '#,##0',
  62: '#,##0.00',
  67: '0%',
  68: '0.00%',
  69: '# ?/?',
  70: '# ??/??',
  ...repeatFormat('d/m/yyyy', [71, 72, 73, 74, 81]),
  75: 'h:mm',
  76: 'h:mm:ss',
  77: 'd/m/yyyy h:mm',
  78: 'mm:ss',
  79: '[h]:mm:ss',
  80: 'mm:ss.0',
};

function repeatFormat(code: string, ids: readonly number[]): Record<number, string> {
  return Object.fromEntries(ids.map((id) => [id, code]));
}

/** How a number format shows a number. */
export type NumberFormat =
  | { readonly kind: 'general' }
  /** Digits only: a fixed count of decimals, padded with zeros to a fixed count of digits before them. */
  | { readonly kind: 'digits'; readonly code: string; readonly integerDigits: number; readonly decimals: number }
  /** Shown as General, but declared as text. */
  | { readonly kind: 'text'; readonly code: string }
  | {
      readonly kind: 'date';
      readonly code: string;
      readonly shows: DateParts;
      /** Given where it depends on the number, as in `[=0]"";dd/mm/yyyy`: `undefined` for one that is shown as no date. */
      readonly sectionFor?: (value: number) => DateParts | undefined;
    }
  | { readonly kind: 'other'; readonly code: string };

/** `elapsed` is a time that may pass 24 hours: `[h]:mm`. */
export type DateParts = 'date' | 'time' | 'datetime' | 'elapsed';

/** `General` under the names that localised programs write for it. */
const generalNames: ReadonlySet<string> = new Set(['', 'general', 'standard', 'standaard', 'estándar', 'geral']);

/** Any day of our time: what a date format shows for it is what it is for. */
const someDay = 45_000;

/** Reads a format code: is the number an amount, a text, a date, a time? Only sections for numbers count that are not negative. */
export function classifyFormat(code: string): NumberFormat {
  const sections = splitSections(code).map((section) => section.trim());
  const [first = ''] = sections;
  if (generalNames.has(first.toLowerCase())) return { kind: 'general' };
  const digits = /^(0+)(?:\.(0+))?$/.exec(code.trim());
  if (digits !== null)
    return { kind: 'digits', code, integerDigits: digits[1]?.length ?? 1, decimals: digits[2]?.length ?? 0 };
  if (stripLiterals(first) === '@') return { kind: 'text', code };
  const findSection = chooseSection(sections);
  const parts = sections.map((section) => findDateParts(stripLiterals(section)));
  const shows = parts[findSection(someDay)];
  if (shows === undefined) return { kind: 'other', code };
  if (sections.length === 1) return { kind: 'date', code, shows };
  const sectionFor = (value: number) => parts[findSection(value)];
  return sectionFor(0) === shows && !first.startsWith('[')
    ? { kind: 'date', code, shows }
    : { kind: 'date', code, shows, sectionFor };
}

/** What stands for itself: `"…"`, `\x`, the padding `_x` and `*x`. */
const literals = /"[^"]*(?:"|$)|\\[\s\S]?|[_*][\s\S]?/g;

/** The sections for numbers: up to three, for positive, negative and zero, or by their conditions. */
function splitSections(code: string): readonly string[] {
  const separator = /"[^"]*(?:"|$)|\\[\s\S]?|[_*][\s\S]?|\[[^\]]*\]|;/g;
  const sections: string[] = [];
  let start = 0;
  for (const match of code.matchAll(separator))
    if (match[0] === ';') {
      sections.push(code.slice(start, match.index));
      start = match.index + 1;
    }
  const rest = code.slice(start);
  // The last section is that of texts when it is the fourth, or has their sign.
  const isForTexts = sections.length === 3 || (sections.length > 0 && stripLiterals(rest).includes('@'));
  return isForTexts ? sections : [...sections, rest];
}

type Test = (value: number) => boolean;

const comparisons: Readonly<Record<string, (limit: number) => Test>> = {
  '=': (limit) => (value) => value === limit,
  '<>': (limit) => (value) => value !== limit,
  '<': (limit) => (value) => value < limit,
  '<=': (limit) => (value) => value <= limit,
  '>': (limit) => (value) => value > limit,
  '>=': (limit) => (value) => value >= limit,
};

/** Makes the function that finds the section of a number; the last section takes what no other does. */
function chooseSection(sections: readonly string[]): (value: number) => number {
  const last = sections.length - 1;
  const tests = sections.map((section, at): Test => {
    const condition = /\[(=|<>|<=|>=|<|>)(-?[\d.]+)\]/.exec(section.replace(literals, ''));
    const stated = comparisons[condition?.[1] ?? '']?.(Number(condition?.[2]));
    if (stated !== undefined) return stated;
    if (at === last) return () => true;
    return at === 0 ? (value) => (last === 1 ? value >= 0 : value > 0) : (value) => value < 0;
  });
  return (value) => {
    const found = tests.findIndex((test) => test(value));
    return found < 0 ? last : found;
  };
}

/** The section without literals, colours, conditions and languages; `[h]`, `[mm]`, `[s]` stay. */
function stripLiterals(section: string): string {
  return section
    .replace(literals, ' ')
    .replace(/\[(?!(?:h+|m+|s+)\])[^\]]*\]/gi, '')
    .trim();
}

/** A language would decide about decimal signs; in Excel, they are those of the computer. */
const languages = /\[\$([^\]-]*)-[^\]]*\]/g;
/** Formats are full of blanks that people cannot tell from others. */
const oddBlanks = /[\u00a0\u2000-\u200a\u202f]/g;
const scientific = /E[+-]/i;

let formatter: typeof format | undefined;

/**
 * Loads the formatter for the first number whose text is wanted: that takes as long as to read ten thousand cells. What
 * the package offers to `require` is a file that it lacks, so the file is found as `import` finds it.
 */
function loadFormatter(): typeof format {
  formatter ??= createRequire(import.meta.url)(fileURLToPath(import.meta.resolve('numfmt'))).format as typeof format;
  return formatter;
}

/** The last texts of one format: the checks of a row ask for the same one several times. */
interface RecentTexts {
  /** As the formatter takes it; `undefined` for a format that shows less than the number. */
  readonly code: string | undefined;
  readonly values: Float64Array;
  readonly texts: (string | undefined)[];
}

/** A power of two, and more than a batch has rows. */
const recentTexts = 1024;
const maxFormatsKept = 64;
const recentByFormat = new Map<string, RecentTexts>();

function findRecentTexts(code: string): RecentTexts {
  let recent = recentByFormat.get(code);
  if (recent === undefined) {
    const plain = code.replaceAll(languages, (_, sign) => (sign === '' ? '' : `[$${sign}]`));
    recent = {
      code: scientific.test(stripLiterals(code)) ? undefined : plain,
      values: new Float64Array(recentTexts).fill(Number.NaN),
      texts: new Array<string | undefined>(recentTexts).fill(undefined),
    };
    if (recentByFormat.size >= maxFormatsKept) recentByFormat.clear();
    recentByFormat.set(code, recent);
  }
  return recent;
}

/**
 * The text of a number in any format; `undefined` when it shows less than the number: with an exponent, digits are lost.
 * Blanks around it are left out, since they only align it.
 */
export function showNumber(value: number, format: string): string | undefined {
  const { code, values, texts } = findRecentTexts(format);
  if (code === undefined) return undefined;
  const slot = Math.trunc(value) & (recentTexts - 1);
  if (values[slot] !== value) {
    values[slot] = value;
    texts[slot] = formatNumber(value, code);
  }
  return texts[slot];
}

function formatNumber(value: number, code: string): string | undefined {
  const show = loadFormatter();
  try {
    return show(code, value).replaceAll(oddBlanks, ' ').trim();
  } catch {
    // A code that is none: Excel calls such a file damaged, other programs show the number.
    return undefined;
  }
}

const dateMark = /\[(?:h+|m+|s+)\]|am\/pm|a\/p|y+|m+|d+|h+|s+(?:[.,]0+)?|g+|e+|b+|a{3,4}|./gis;

function findDateParts(marks: string): DateParts | undefined {
  const tokens = (marks.toLowerCase().match(dateMark) ?? []).filter((token) => /^[[a-z0#?@]/.test(token));
  // A place for a digit, or a letter that no date has, means an amount: `0 km`, `0.00E+00`.
  if (tokens.length === 0 || tokens.some((token) => !/^(?:\[[hms]|am|a\/p|aaa|[ymdhsgeb])/.test(token)))
    return undefined;
  if (tokens.some((token) => token.startsWith('[')))
    return tokens.some((token) => /^[yd]/.test(token)) ? 'datetime' : 'elapsed';
  const hasTime = tokens.some((token) => /^(?:h|s|am|a\/p)/.test(token));
  const hasDate = tokens.some((token, at) => /^(?:[ydgeb]|aaa)/.test(token) || isMonth(tokens, at));
  if (hasDate) return hasTime ? 'datetime' : 'date';
  return hasTime ? 'time' : undefined;
}

/** `m` is a minute right after an hour or right before a second, and a month anywhere else. */
function isMonth(tokens: readonly string[], at: number): boolean {
  const token = tokens[at] ?? '';
  if (!token.startsWith('m')) return false;
  if (token.length > 2) return true;
  return !(tokens[at - 1] ?? '').startsWith('h') && !(tokens[at + 1] ?? '').startsWith('s');
}

/** The number format of each cell style, by the index that cells carry in `s`. */
export type CellFormats = readonly NumberFormat[];

/** Reads the number formats of all cell styles; everything else about styles is skipped. */
export async function readCellFormats(archive: Archive, part: string | undefined): Promise<CellFormats> {
  // Some programs name the part without writing it.
  if (part === undefined || !archive.has(part)) return [];
  const codes = new Map<number, string>();
  const formatIds: number[] = [];
  const open: string[] = [];
  await readIndexPart(archive, part, {
    open(name, attributes) {
      const parent = open.at(-1);
      open.push(name);
      // `numFmt` and `xf` mean other things elsewhere in this part.
      if (name === 'numFmt' && parent === 'numFmts')
        codes.set(Number(attributes.numFmtId?.value), attributes.formatCode?.value ?? 'General');
      if (name === 'xf' && parent === 'cellXfs') formatIds.push(Number(attributes.numFmtId?.value ?? 0));
    },
    close: () => open.pop(),
  });
  const formats = new Map<number, NumberFormat>();
  return formatIds.map((id) => {
    const known = formats.get(id) ?? classifyFormat(codes.get(id) ?? builtinFormats[id] ?? 'General');
    formats.set(id, known);
    return known;
  });
}

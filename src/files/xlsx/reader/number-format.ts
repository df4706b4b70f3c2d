/** What a number format makes of a number. */
export type NumberFormat =
  | { readonly kind: 'general' }
  /** Digits only: a fixed count of decimals, padded with zeros to a fixed count of digits before them. */
  | { readonly kind: 'digits'; readonly code: string; readonly integerDigits: number; readonly decimals: number }
  /** Shown as General, but declared as text. */
  | { readonly kind: 'text'; readonly code: string }
  | { readonly kind: 'date'; readonly code: string; readonly shows: DateParts }
  | { readonly kind: 'other'; readonly code: string };

/** `elapsed` is a time that may pass 24 hours: `[h]:mm`. */
export type DateParts = 'date' | 'time' | 'datetime' | 'elapsed';

/** `General` under the names that localised programs write for it. */
const generalNames: ReadonlySet<string> = new Set(['', 'general', 'standard', 'standaard', 'estándar', 'geral']);

/** Reads a format code: is the number an amount, a text, a date, a time? Only the section for positive numbers counts. */
export function classifyFormat(code: string): NumberFormat {
  const section = firstSection(code).trim();
  if (generalNames.has(section.toLowerCase())) return { kind: 'general' };
  const digits = /^(0+)(?:\.(0+))?$/.exec(code.trim());
  if (digits !== null)
    return { kind: 'digits', code, integerDigits: digits[1]?.length ?? 1, decimals: digits[2]?.length ?? 0 };
  const marks = bareMarks(section);
  if (marks === '@') return { kind: 'text', code };
  const shows = dateParts(marks);
  return shows === undefined ? { kind: 'other', code } : { kind: 'date', code, shows };
}

/** What stands for itself: `"…"`, `\x`, the padding `_x` and `*x`. */
const literals = /"[^"]*(?:"|$)|\\[\s\S]?|[_*][\s\S]?/g;

function firstSection(code: string): string {
  const separator = /"[^"]*(?:"|$)|\\[\s\S]?|[_*][\s\S]?|\[[^\]]*\]|;/g;
  for (const match of code.matchAll(separator)) if (match[0] === ';') return code.slice(0, match.index);
  return code;
}

/** The section without literals, colours, conditions and languages; `[h]`, `[mm]`, `[s]` stay. */
function bareMarks(section: string): string {
  return section
    .replace(literals, ' ')
    .replace(/\[(?!(?:h+|m+|s+)\])[^\]]*\]/gi, '')
    .trim();
}

const dateMark = /\[(?:h+|m+|s+)\]|am\/pm|a\/p|y+|m+|d+|h+|s+(?:[.,]0+)?|g+|e+|b+|a{3,4}|./gis;

function dateParts(marks: string): DateParts | undefined {
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

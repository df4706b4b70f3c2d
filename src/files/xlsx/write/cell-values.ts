/** Excel's limit on the text of one cell, in UTF-16 units. */
const maxCellLength = 32_767;

/**
 * Text as a workbook can hold it: characters that XML forbids are dropped, what would be read as an `_x0041_` escape
 * is escaped itself, and what exceeds a cell is cut with an ellipsis.
 */
export function toExcelText(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what XML 1.0 cannot hold
  const legal = text.replace(/[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]/g, '').toWellFormed();
  const escaped = legal.replace(/_x(?=[0-9A-Fa-f]{4}_)/g, '_x005F_x');
  return escaped.length > maxCellLength ? `${escaped.slice(0, maxCellLength - 1)}…` : escaped;
}

/** A civil `YYYY-MM-DD[THH:mm:ss]` as the UTC date that exceljs turns into its serial; none before 1900-03-01. */
export function toExcelDate(text: string): Date | undefined {
  if (!/^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,3})?)?)?$/.test(text)) return undefined;
  const date = new Date(text.includes('T') ? `${text}Z` : `${text}T00:00:00Z`);
  // Excel believes in a 29 February 1900, so its serials before that are a day off from everybody else's.
  return Number.isNaN(date.getTime()) || date.getTime() < Date.UTC(1900, 2, 1) ? undefined : date;
}

/** `HH:mm[:ss]` as the share of a day that Excel stores. */
export function toExcelTimeOfDay(text: string): number | undefined {
  const parts = /^(\d\d):(\d\d)(?::(\d\d))?$/.exec(text);
  if (parts === null) return undefined;
  const [, hours, minutes, seconds] = parts;
  return (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds ?? 0)) / 86_400;
}

/** Excel's limit on the text of one cell, in UTF-16 units. */
export const longestCell = 32_767;

/** What stands at the end of a text that was cut to the limit. */
const cutMark = '…';

/** Anything that is not written as it stands. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what this is about
const remarkable = /[\u0000-\u0008\u000B-\u001F&<>\uD800-\uDFFF\uFFFE\uFFFF]|_x[0-9A-Fa-f]{4}_/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: XML cannot hold them, the format's own escape can
const controls = /[\u0001-\u0008\u000B-\u001F]/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: no workbook can hold these at all
const impossible = /[\u0000\uFFFE\uFFFF]/g;
const looksEscaped = /_x(?=[0-9A-Fa-f]{4}_)/g;
const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };

/** What a workbook could not take as it was. */
export type TextDamage = 'cut' | 'characters_lost';

/**
 * A text as the XML of a sheet. Control characters and carriage returns, which XML would lose, are written as the format's
 * own escapes; what no workbook can hold is left out, and what exceeds a cell is cut; both are told.
 */
export function cellText(text: string, damaged: (damage: TextDamage) => void): string {
  let kept = text;
  if (kept.length > longestCell) {
    kept = `${kept.slice(0, longestCell - cutMark.length).replace(/[\uD800-\uDBFF]$/, cutMark)}${cutMark}`;
    damaged('cut');
  }
  if (!remarkable.test(kept)) return kept;
  const possible = kept.replace(impossible, '').toWellFormed();
  if (possible !== kept) damaged('characters_lost');
  return possible
    .replace(looksEscaped, '_x005F_x')
    .replace(controls, (control) => `_x${control.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}_`)
    .replace(/[&<>]/g, (sign) => entities[sign] ?? sign);
}

/** Excel's limit on the text of one cell, in UTF-16 units. */
const longestText = 32_767;

/**
 * Text as a workbook can hold it: characters that XML forbids are dropped, what would be read as an `_x0041_` escape
 * is escaped itself, and what exceeds a cell is cut with an ellipsis.
 */
export function excelText(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what XML 1.0 cannot hold
  const legal = text.replace(/[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]/g, '').toWellFormed();
  const escaped = legal.replace(/_x(?=[0-9A-Fa-f]{4}_)/g, '_x005F_x');
  return escaped.length > longestText ? `${escaped.slice(0, longestText - 1)}…` : escaped;
}

/** A civil `YYYY-MM-DD[THH:mm:ss]` as the UTC date that exceljs turns into its serial; none before 1900-03-01. */
export function excelDay(text: string): Date | undefined {
  if (!/^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,3})?)?)?$/.test(text)) return undefined;
  const date = new Date(text.includes('T') ? `${text}Z` : `${text}T00:00:00Z`);
  // Excel believes in a 29 February 1900, so its serials before that are a day off from everybody else's.
  return Number.isNaN(date.getTime()) || date.getTime() < Date.UTC(1900, 2, 1) ? undefined : date;
}

/** `HH:mm[:ss]` as the share of a day that Excel stores. */
export function excelTimeOfDay(text: string): number | undefined {
  const parts = /^(\d\d):(\d\d)(?::(\d\d))?$/.exec(text);
  if (parts === null) return undefined;
  const [, hours, minutes, seconds] = parts;
  return (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds ?? 0)) / 86_400;
}

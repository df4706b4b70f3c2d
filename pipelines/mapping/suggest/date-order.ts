import { dateText } from '#pipelines/mapping/cell-types/date-text.js';

/** Which comes first in a date of numbers. */
export type DateOrder = 'day' | 'month';

const separators = ['/', '.', '-', ' '] as const;
const times = ['', ' HH:mm', ' HH:mm:ss', 'THH:mm:ss', 'THH:mm'] as const;

/** Without a doubt about day and month. */
const plainForms = [
  'YYYY-MM-DD',
  'YYYY/MM/DD',
  'YYYY.MM.DD',
  'YYYYMMDD',
  'D MMM YYYY',
  'D-MMM-YYYY',
  'D MMM YY',
  'D-MMM-YY',
];

export type DateForm =
  | { readonly kind: 'certain'; readonly format: string }
  /** Every text could be read both ways. */
  | { readonly kind: 'ambiguous'; readonly formats: { readonly [order in DateOrder]: string } };

/** The form that all dates of a column have; `undefined` when they have none in common. */
export function dateFormOf(texts: readonly string[]): DateForm | undefined {
  if (texts.length === 0) return undefined;
  const plain = plainForms.flatMap((date) => times.map((time) => date + time)).find((format) => fitsAll(format, texts));
  if (plain !== undefined) return { kind: 'certain', format: plain };
  for (const separator of separators)
    for (const year of ['YYYY', 'YY'])
      for (const time of times) {
        const day = `D${separator}M${separator}${year}${time}`;
        const month = `M${separator}D${separator}${year}${time}`;
        const [isDay, isMonth] = [fitsAll(day, texts), fitsAll(month, texts)];
        if (isDay && isMonth) return { kind: 'ambiguous', formats: { day, month } };
        if (isDay || isMonth) return { kind: 'certain', format: isDay ? day : month };
      }
  return undefined;
}

/** The order that a certain form of numbers shows; a file has one order, whatever the column. */
export function orderIn(form: DateForm): DateOrder | undefined {
  if (form.kind === 'ambiguous') return undefined;
  if (/^D\W/.test(form.format) && !form.format.includes('MMM')) return 'day';
  return /^M\W/.test(form.format) ? 'month' : undefined;
}

function fitsAll(format: string, texts: readonly string[]): boolean {
  const { read } = dateText(format);
  return texts.every((text) => typeof read(text) === 'object');
}

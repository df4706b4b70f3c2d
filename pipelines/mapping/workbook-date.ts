import type { JsonValue } from '#pipelines/customer.js';
import type { TypedCell } from '#pipelines/row.js';
import { type DateTokenName, readDateFormat } from './cell-types/date-format.js';

/** Makes a workbook's date of a civil one; nothing of what a workbook cannot count or the text does not say whole. */
export type ToDateCell = (value: JsonValue) => TypedCell | undefined;

const civil = /^(\d{4})-\d\d-\d\d(?:T\d\d:\d\d:\d\d(?:\.\d{1,3})?)?$/;

/** Programs count the days before differently, because one of them believes in a 29 February 1900. */
const firstSafeDay = '1900-03-01';

/** Whether all spreadsheet programs know this civil date by the same number. */
function isWorkbookDate(text: string): boolean {
  const parts = civil.exec(text);
  return parts !== null && text >= firstSafeDay && Number(parts[1]) <= 9999;
}

/** Dates in the first of the declared formats, with a time where there is one. */
export function dateCell(formats: readonly string[]): ToDateCell {
  const declared = workbookFormat(formats[0] ?? 'YYYY-MM-DD');
  const withTime = /h/.test(declared) ? declared : `${declared} hh:mm:ss`;
  return (value) => {
    if (typeof value !== 'string' || !isWorkbookDate(value)) return undefined;
    return { kind: 'date', text: value, format: value.includes('T') ? withTime : declared };
  };
}

const workbookTokens = {
  YYYY: 'yyyy',
  YY: 'yy',
  MMM: 'mmm',
  MM: 'mm',
  M: 'm',
  DD: 'dd',
  D: 'd',
  HH: 'hh',
  mm: 'mm',
  ss: 'ss',
} as const satisfies Record<DateTokenName, string>;

/** A format of ours as workbooks write it; signs that mean something there are marked as text. */
function workbookFormat(format: string): string {
  const pieces = readDateFormat(format) ?? [];
  return pieces
    .map((piece) => {
      if ('token' in piece) return workbookTokens[piece.token];
      return /^[-/.,: ]$/.test(piece.literal) ? piece.literal : `\\${piece.literal}`;
    })
    .join('');
}

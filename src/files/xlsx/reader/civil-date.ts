import type { DateParts } from './number-format.js';

/** A civil date or time as text, or why the number is none. */
export type CivilDate = { readonly text: string } | { readonly reason: string };

const secondsPerDay = 86_400;
/** 31 December 9999, the last day that Excel knows. */
const lastDay = { from1900: 2_958_465, from1904: 2_957_003 } as const;
/** Days from 1970-01-01 back to the day that has the number 0. */
const dayZero = { from1900: 25_569, from1904: 24_107 } as const;

/**
 * A serial number as the civil date that Excel shows, with no zone anywhere. Seconds are rounded, as Excel's are.
 * A time of day that the format hides is kept: it is in the file. The year 1900 follows Excel, whose calendar has a
 * 29 February 1900 (number 60) that never was.
 */
export function civilFromSerial(serial: number, shows: DateParts, isDate1904: boolean): CivilDate {
  const seconds = Math.round(serial * secondsPerDay);
  if (seconds < 0) return { reason: 'is shown as a date, but is below zero' };
  if (shows === 'elapsed') return { text: timeText(seconds) };
  const day = Math.floor(seconds / secondsPerDay);
  const secondOfDay = seconds - day * secondsPerDay;
  const time = timeText(secondOfDay);
  if (day === 0 && (shows === 'time' || (secondOfDay > 0 && !isDate1904))) return { text: time };
  const date = isDate1904 ? dateFrom1904(day) : dateFrom1900(day);
  if ('reason' in date) return date;
  return { text: secondOfDay > 0 || shows === 'datetime' ? `${date.text}T${time}` : date.text };
}

function dateFrom1904(day: number): CivilDate {
  if (day > lastDay.from1904) return { reason: 'is shown as a date, but lies past the year 9999' };
  return { text: dateText(day - dayZero.from1904) };
}

function dateFrom1900(day: number): CivilDate {
  if (day === 0) return { reason: 'is shown as a date, but is 0, which is no day' };
  if (day === 60) return { reason: 'is shown as 29 February 1900, a day that never was' };
  if (day > lastDay.from1900) return { reason: 'is shown as a date, but lies past the year 9999' };
  return { text: dateText(day - dayZero.from1900 + (day < 60 ? 1 : 0)) };
}

function timeText(seconds: number): string {
  const hours = Math.floor(seconds / 3600);
  return `${two(hours)}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
}

/** Days since 1970-01-01 as a date of the Gregorian calendar, counted in eras of 400 years that start in March. */
function dateText(daysSince1970: number): string {
  const days = daysSince1970 + 719_468;
  const era = Math.floor(days / 146_097);
  const dayOfEra = days - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const monthFromMarch = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * monthFromMarch + 2) / 5) + 1;
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  return `${String(year).padStart(4, '0')}-${two(month)}-${two(day)}`;
}

function two(number: number): string {
  return number < 10 ? `0${number}` : String(number);
}

const isoDate = /^\s*(?:(\d{4})-(\d\d)-(\d\d))?(?:T?(\d\d):(\d\d)(?::(\d\d)(?:[.,]\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?\s*$/;
/** The day that some programs write in front of a pure time. */
const emptyDay = '1899-12-30';

/** A date that the file states as text (`t="d"`); a zone is dropped, since a cell knows no zone. */
export function civilFromIso(text: string, shows: DateParts | undefined): CivilDate {
  const match = isoDate.exec(text);
  const reason = 'is no date that can be read';
  if (match === null || text.trim() === '') return { reason };
  const [, year, month = '', day = '', hour, minute = '00', second = '00'] = match;
  const time = hour === undefined ? undefined : `${hour}:${minute}:${second}`;
  if (time !== undefined && (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59)) return { reason };
  if (year === undefined) return time === undefined ? { reason } : { text: time };
  const date = `${year}-${month}-${day}`;
  if (new Date(`${date}T00:00:00Z`).toJSON()?.slice(0, 10) !== date) return { reason };
  if (date === emptyDay && time !== undefined) return { text: time };
  const hasTime = time !== undefined && (time !== '00:00:00' || shows === 'datetime');
  return { text: hasTime ? `${date}T${time}` : date };
}

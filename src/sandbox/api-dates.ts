const monthNames = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const filterPattern = /^(\d{4})-([a-z]{3})-(\d{2}) (\d{2}):(\d{2})$/i;

/** The shop keeps ten hours ahead of UTC, so that a client that takes `lastEditDate` for UTC is found out. */
const shopAheadOfUtcMs = 10 * 60 * 60 * 1000;

/** An instant as the API writes it: UTC, milliseconds, no zone. */
export function toApiDate(instant: Date): string {
  return instant.toISOString().slice(0, 23);
}

/** The shop's wall clock, as in `creationDate` and `lastEditDate`. */
export function toShopDate(instant: Date): string {
  return toApiDate(new Date(instant.getTime() + shopAheadOfUtcMs));
}

/** Reads back what {@link toApiDate} wrote. */
export function fromApiDate(text: string): Date {
  return new Date(`${text}Z`);
}

/**
 * A filter's date (`2020-oct-06 11:10`, UTC) as the first instant of that minute in the API's own notation.
 *
 * @returns `undefined` for anything else, a day that the month does not have included
 */
export function readFilterDate(text: string): string | undefined {
  const [, year, monthName, day, hour, minute] = filterPattern.exec(text) ?? [];
  const month = monthNames.indexOf((monthName ?? '').toLowerCase()) + 1;
  if (month === 0) return undefined;
  const iso = `${year}-${String(month).padStart(2, '0')}-${day}T${hour}:${minute}:00.000`;
  const instant = fromApiDate(iso);
  // Date rolls the 30th of February over to March; what does not come back as written was not a date.
  if (Number.isNaN(instant.getTime()) || toApiDate(instant) !== iso) return undefined;
  return iso;
}

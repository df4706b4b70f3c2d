const monthNames = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const filterPattern = /^(\d{4})-([a-z]{3})-(\d{2}) (\d{2}):(\d{2})$/i;

/** The shop keeps ten hours ahead of UTC, so that a client that takes `lastEditDate` for UTC is found out. */
const shopAheadOfUtcMs = 10 * 60 * 60 * 1000;

/** An instant as the API writes it: UTC, milliseconds, no zone. */
export function formatApiDate(instant: Date): string {
  return instant.toISOString().slice(0, 23);
}

/** The shop's wall clock, as in `creationDate` and `lastEditDate`. */
export function formatShopDate(instant: Date): string {
  return formatApiDate(new Date(instant.getTime() + shopAheadOfUtcMs));
}

/** Reads back what {@link formatApiDate} wrote. */
export function parseApiDate(text: string): Date {
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
  const instant = parseApiDate(iso);
  // Date rolls the 30th of February over to March; what does not come back as written was not a date.
  if (Number.isNaN(instant.getTime()) || formatApiDate(instant) !== iso) return undefined;
  return iso;
}

/** The server's own idea of time, which a skew may set apart from the client's. */
export interface ServerClock {
  now(): Date;
  /** For the `Date` header. */
  httpDate(): string;
}

/** @param skewMs - how far the server's clock runs ahead of `now`; negative for behind */
export function createServerClock(now: () => Date, skewMs: number): ServerClock {
  let second = Number.NaN;
  let text = '';
  const read = () => new Date(now().getTime() + skewMs);
  return {
    now: read,
    httpDate() {
      const date = read();
      const currentSecond = Math.floor(date.getTime() / 1000);
      // Every answer carries the header: formatting it once a second is what Node does for its own.
      if (currentSecond !== second) {
        second = currentSecond;
        text = date.toUTCString();
      }
      return text;
    },
  };
}

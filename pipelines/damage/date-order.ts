import type { Notice } from '../ports.js';
import { addTo, type ColumnWatch, createTally, namedRows, type Tally } from './column-watch.js';

const months = 12;
const numericDate = /^(\d{1,2})([/.-])(\d{1,2})\2(?:\d{4}|\d{2})(?:\D|$)/;

/** Dates such as 05/04/2024 in a column where no date tells whether the day or the month comes first. */
export function watchDateOrder(column: string): ColumnWatch {
  const either = createTally();
  const dayFirst = createTally();
  const monthFirst = createTally();
  return {
    see(text, row) {
      const [, first, , second] = numericDate.exec(text) ?? [];
      if (first === undefined || second === undefined) return;
      if (Number(first) > months) addTo(dayFirst, row);
      else if (Number(second) > months) addTo(monthFirst, row);
      // 05/05 says the same both ways.
      else if (Number(first) !== Number(second)) addTo(either, row);
    },
    finish() {
      if (dayFirst.count > 0 && monthFirst.count > 0) return [mixed(column, dayFirst, monthFirst)];
      if (either.count > 0 && dayFirst.count + monthFirst.count === 0) return [ambiguous(column, either)];
      return [];
    },
  };
}

function mixed(column: string, dayFirst: Tally, monthFirst: Tally): Notice {
  return {
    code: 'MIXED_DATE_ORDER',
    message:
      `Some dates can only begin with the day (${namedRows(dayFirst.rows, dayFirst.count)}), others only with the month ` +
      `(${namedRows(monthFirst.rows, monthFirst.count)}). Write all of them as yyyy-mm-dd.`,
    columns: [column],
    row: Math.min(...dayFirst.rows, ...monthFirst.rows),
  };
}

function ambiguous(column: string, { count, rows }: Tally): Notice {
  return {
    code: 'AMBIGUOUS_DATES',
    message:
      `${count} ${count === 1 ? 'date' : 'dates'} could begin with the day or with the month, and no other date tells ` +
      `(${namedRows(rows, count)}). Name the order in the mapping, or write them as yyyy-mm-dd.`,
    columns: [column],
    row: Math.min(...rows),
  };
}

import { isDigitAt, leadingDigits } from '#pipelines/digits.js';
import { addTo, type ColumnVerdict, type ColumnWatch, createTally, type Tally, together } from './column-watch.js';

const months = 12;
const numericDate = /^(\d{1,2})([/.-])(\d{1,2})\2(?:\d{4}|\d{2})(?:\D|$)/;

/** A column of a few dates among other texts says nothing about dates. */
const minShareOfDates = 0.8;

type Order = 'either' | 'same' | 'dayFirst' | 'monthFirst';

/** Dates such as 05/04/2024 in a column where no date tells whether the day or the month comes first. */
export function watchDateOrder(column: string): ColumnWatch {
  const tallies = { either: createTally(), same: createTally(), dayFirst: createTally(), monthFirst: createTally() };
  let values = 0;
  return {
    see(text, row) {
      values += 1;
      const order = orderOf(text);
      if (order !== undefined) addTo(tallies[order], row, text);
    },
    finish() {
      const { either, same, dayFirst, monthFirst } = tallies;
      if (together(Object.values(tallies)).count < values * minShareOfDates) return [];
      if (dayFirst.count > 0 && monthFirst.count > 0) return [mixed(column, together([dayFirst, monthFirst, either]))];
      if (either.count > 0 && dayFirst.count + monthFirst.count === 0 && same.count < values)
        return [ambiguous(column, either)];
      return [];
    },
  };
}

export function orderOf(text: string): Order | undefined {
  // Most cells are words, and most others are house numbers: a pattern would cost them ten times as much.
  const digits = leadingDigits(text, 3);
  if (digits === 0 || digits > 2 || !isDigitAt(text, digits + 1)) return undefined;
  const [, first, , second] = numericDate.exec(text) ?? [];
  if (first === undefined || second === undefined) return undefined;
  if (Number(first) > months) return 'dayFirst';
  if (Number(second) > months) return 'monthFirst';
  // 05/05 says the same both ways.
  return Number(first) === Number(second) ? 'same' : 'either';
}

const nameTheOrder =
  'Name the order in the mapping ("type": "date", "format": "DD/MM/YYYY"), or write the dates as yyyy-mm-dd.';

function mixed(column: string, { count, rows, value }: Tally): ColumnVerdict {
  return {
    code: 'MIXED_DATE_ORDER',
    columns: [column],
    count,
    rows,
    message: 'Some dates of the column can only begin with the day, others only with the month.',
    suggestion: 'Find out which program wrote which, and write all of them as yyyy-mm-dd.',
    ...(value === undefined ? {} : { value }),
  };
}

function ambiguous(column: string, { count, rows, value }: Tally): ColumnVerdict {
  return {
    code: 'AMBIGUOUS_DATES',
    columns: [column],
    count,
    rows,
    message: 'The date could begin with the day or with the month, and no other date of the column tells.',
    suggestion: nameTheOrder,
    ...(value === undefined ? {} : { value }),
  };
}

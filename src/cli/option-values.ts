import type { FailureLimit } from '#pipelines/run-control.js';
import { UsageError } from '#src/errors.js';
import { parseIsoTime, parseSortOrder, type SortOrder } from '#src/library/export-words.js';
import { parseFailureLimit } from '#src/library/failure-limit.js';
import type { ReadOptions } from '#src/library/input.js';
import { present } from './common-options.js';

/** A whole number above zero. @throws UsageError naming the option */
export function wholeNumber(option: string, value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  if (/^[1-9]\d{0,9}$/.test(value)) return Number(value);
  throw bad(option, value, 'a whole number above 0', '5');
}

/** `n` rows, or `p%` of them. @throws UsageError */
export function failureLimit(value: string | undefined): FailureLimit | undefined {
  if (value === undefined) return undefined;
  const limit = parseFailureLimit(value);
  if (limit === undefined) throw bad('max-failures', value, 'a number of rows or a percentage', '50 or 10%');
  return limit;
}

/** Seconds, as milliseconds. @throws UsageError */
export function seconds(option: string, value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  if (/^\d+(\.\d+)?$/.test(value)) return Number(value) * 1000;
  throw bad(option, value, 'a number of seconds', '10');
}

/** An ISO time; a day alone is its start, UTC. @throws UsageError */
export function isoTime(option: string, value: string | undefined): Date | undefined {
  if (value === undefined) return undefined;
  const at = parseIsoTime(value);
  if (at === undefined) throw bad(option, value, 'an ISO time with its zone', '2026-11-24T09:00:00Z');
  return at;
}

/** `field` or `field:desc`. @throws UsageError */
export function sortOrder(value: string | undefined): SortOrder | undefined {
  if (value === undefined) return undefined;
  const order = parseSortOrder(value);
  if (order === undefined) throw bad('sort', value, 'a field, with :desc for the reverse', 'customerName:desc');
  return order;
}

/** As yargs hands them over. */
export interface ReadArguments {
  readonly sheet?: string | undefined;
  readonly headerRow?: string | undefined;
  readonly encoding?: string | undefined;
  readonly delimiter?: string | undefined;
  readonly lenientQuotes?: boolean | undefined;
  readonly skipHidden?: boolean | undefined;
}

/** How to read the file, as far as the command line says it. */
export function toReadOptions(args: ReadArguments): ReadOptions {
  const { sheet, encoding, delimiter, lenientQuotes, skipHidden } = args;
  const headerRow = wholeNumber('header-row', args.headerRow);
  return present({ sheet, encoding, delimiter, lenientQuotes, skipHidden, headerRow });
}

function bad(option: string, value: string, expected: string, example: string): UsageError {
  return new UsageError(`--${option} "${value}" is not ${expected}.`, {
    code: 'OPTION_VALUE',
    nextStep: `For example: --${option} ${example}`,
  });
}

import { suggestNames } from '#pipelines/mapping/nearest-name.js';
import { findDateFormatFault } from '#pipelines/mapping/types/date.js';
import type { JsonNode } from '#pipelines/shape.js';
import { loadPhoneLibrary } from './phone.js';
import type { OptionKind, TransformOption } from './transform.js';

const maxPatternLength = 200;

/** A repeated group that repeats inside, e.g. (a+)+: the classic shape that takes for ever on some texts. */
const nestedRepeat = /\((?:[^()\\]|\\.)*[+*}](?:[^()\\]|\\.)*\)[+*{]/;

/** Why a regular expression is not to be tried on a million cells, as a sentence; `undefined` when it may be. */
export function findPatternFault(pattern: string): string | undefined {
  if (pattern.length > maxPatternLength) return `The pattern is longer than ${maxPatternLength} signs; make it simpler`;
  if (nestedRepeat.test(pattern)) return 'The pattern repeats a repetition and could take for ever; make it simpler';
  return undefined;
}

type OptionReader = (place: JsonNode, option: TransformOption) => string | number | undefined;

/** How an option of each kind is read and checked. */
export const optionReaders = {
  count: (place) => place.asWholeNumber(1),
  index: (place) => place.asWholeNumber(Number.NEGATIVE_INFINITY),
  text: (place, option) => {
    const text = place.asAnyText();
    if (text !== '' || option.default === '') return text;
    return place.report('WRONG_KIND', 'The text is empty; fill it in');
  },
  character: (place) => {
    const text = place.asAnyText();
    if (text === undefined || text.length === 1) return text;
    return place.report('WRONG_KIND', `Expected one sign, found ${JSON.stringify(text)}`);
  },
  pattern: readPattern,
  choice: (place, option) => place.asChoice(option.choices ?? []),
  country: readCountry,
  dateFormat: readDateFormat,
} as const satisfies Record<OptionKind, OptionReader>;

function readPattern(place: JsonNode): string | undefined {
  const pattern = place.asText();
  if (pattern === undefined) return undefined;
  const fault = findPatternFault(pattern);
  if (fault !== undefined) return place.report('PATTERN_INVALID', fault);
  try {
    new RegExp(pattern, 'u');
    return pattern;
  } catch (error) {
    return place.report('PATTERN_INVALID', `The pattern is not right: ${(error as Error).message}; correct it`);
  }
}

function readCountry(place: JsonNode): string | undefined {
  const country = place.asText();
  if (country === undefined) return undefined;
  const { getCountries, isSupportedCountry } = loadPhoneLibrary();
  if (isSupportedCountry(country)) return country;
  const known: readonly string[] = getCountries();
  const hint = known.includes(country.toUpperCase())
    ? `write "${country.toUpperCase()}"`
    : suggestCountry(country, known);
  return place.report('CHOICE_UNKNOWN', `"${country}" is no country's two letters; ${hint}`);
}

/** People write the name of the country, or the letters that a car or a flag has. */
function suggestCountry(text: string, known: readonly string[]): string {
  const nameOf = new Intl.DisplayNames(['en'], { type: 'region' });
  const byName = known.find((code) => nameOf.of(code)?.toLowerCase() === text.trim().toLowerCase());
  return byName === undefined
    ? suggestNames(text, ['AU', 'NZ', 'GB', 'IE', 'US', 'DE', 'FR', 'ES'])
    : `write "${byName}"`;
}

function readDateFormat(place: JsonNode): string | undefined {
  const format = place.asText();
  const fault = format === undefined ? undefined : findDateFormatFault(format);
  if (fault === undefined) return format;
  return place.report('DATE_FORMAT_INVALID', `The format "${format}" ${fault}`);
}

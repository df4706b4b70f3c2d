import { dateFormatFault } from '#pipelines/mapping/cell-types/date-format.js';
import { offerNames } from '#pipelines/mapping/nearest-name.js';
import { patternFault } from '#pipelines/mapping/pattern-fault.js';
import { loadPhoneLibrary } from '#pipelines/mapping/transforms/load-phone-library.js';
import type { OptionKind, TransformOption } from '#pipelines/mapping/transforms/transform.js';
import type { Place } from './place.js';

type OptionReader = (place: Place, option: TransformOption) => string | number | undefined;

/** How an option of each kind is read and checked. */
export const optionReaders = {
  count: (place) => place.asWholeNumber(1),
  index: (place) => place.asWholeNumber(Number.NEGATIVE_INFINITY),
  text: (place, option) => {
    const text = place.asAnyText();
    if (text !== '' || option.default === '') return text;
    return place.problem('WRONG_KIND', 'The text is empty; fill it in');
  },
  character: (place) => {
    const text = place.asAnyText();
    if (text === undefined || text.length === 1) return text;
    return place.problem('WRONG_KIND', `Expected one sign, found ${JSON.stringify(text)}`);
  },
  pattern: readPattern,
  choice: (place, option) => place.asChoice(option.choices ?? []),
  country: readCountry,
  dateFormat: readDateFormat,
} as const satisfies Record<OptionKind, OptionReader>;

function readPattern(place: Place): string | undefined {
  const pattern = place.asText();
  if (pattern === undefined) return undefined;
  const fault = patternFault(pattern);
  if (fault !== undefined) return place.problem('PATTERN_INVALID', fault);
  try {
    new RegExp(pattern, 'u');
    return pattern;
  } catch (error) {
    return place.problem('PATTERN_INVALID', `The pattern is not right: ${(error as Error).message}; correct it`);
  }
}

function readCountry(place: Place): string | undefined {
  const country = place.asText();
  if (country === undefined) return undefined;
  const { getCountries, isSupportedCountry } = loadPhoneLibrary();
  if (isSupportedCountry(country)) return country;
  const known: readonly string[] = getCountries();
  const hint = known.includes(country.toUpperCase())
    ? `write "${country.toUpperCase()}"`
    : offerCountry(country, known);
  return place.problem('CHOICE_UNKNOWN', `"${country}" is no country's two letters; ${hint}`);
}

/** People write the name of the country, or the letters that a car or a flag has. */
function offerCountry(text: string, known: readonly string[]): string {
  const nameOf = new Intl.DisplayNames(['en'], { type: 'region' });
  const byName = known.find((code) => nameOf.of(code)?.toLowerCase() === text.trim().toLowerCase());
  return byName === undefined
    ? offerNames(text, ['AU', 'NZ', 'GB', 'IE', 'US', 'DE', 'FR', 'ES'])
    : `write "${byName}"`;
}

function readDateFormat(place: Place): string | undefined {
  const format = place.asText();
  const fault = format === undefined ? undefined : dateFormatFault(format);
  if (fault === undefined) return format;
  return place.problem('DATE_FORMAT_INVALID', `The format "${format}" ${fault}`);
}

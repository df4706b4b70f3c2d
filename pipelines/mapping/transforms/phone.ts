import { createRequire } from 'node:module';
import type * as phoneLibrary from 'libphonenumber-js/min';
import type { CountryCode, PhoneNumber } from 'libphonenumber-js/min';
import { suggestNames } from '#pipelines/mapping/nearest-name.js';
import { trimText } from '#pipelines/mapping/normalise-name.js';
import { choice, refine, required, type Shape, text, withDefault } from '#pipelines/shape.js';
import { defineTransform, keepText, type Transform, type TransformResult } from './transform.js';

const require = createRequire(import.meta.url);

/** Loads the numbering plans of the world when the first mapping needs them: loading takes time. */
function loadPhoneLibrary(): typeof phoneLibrary {
  return require('libphonenumber-js/min') as typeof phoneLibrary;
}

/** Numbers of other countries keep their country code: as they are written at home, they cannot be dialled. */
const writers = {
  'E.164': (number) => number.number,
  international: (number) => number.formatInternational(),
  national: (number, home) => (number.country === home ? number.formatNational() : number.formatInternational()),
} as const satisfies Record<string, (number: PhoneNumber, home: string) => string>;

const whenInvalid = ['error', 'blank', 'keep'] as const;

/** Writes telephone numbers in one form. */
export const phoneTransform = {
  phone: defineTransform({
    description: 'Formats phone numbers consistently; an extension is kept at the end, as "ext. 12".',
    options: {
      country: required(country(), 'The country of numbers without a country code, as two letters, e.g. AU.'),
      format: withDefault(
        choice(Object.keys(writers) as (keyof typeof writers)[]),
        'E.164',
        'E.164 (+61255501201), international (+61 2 5550 1201) or national ((02) 5550 1201).',
      ),
      otherwise: withDefault(choice(whenInvalid), 'error', 'The result for a text that is not a valid phone number.'),
    },
    apply: ({ country, format, otherwise }) => {
      const write = writers[format];
      return (text) => {
        const written = formatPhone(trimText(text), country, write);
        return written ?? handleInvalidPhone(text, country, otherwise);
      };
    },
    inverse: keepText,
  }),
} as const satisfies Record<string, Transform>;

/** A country by its two letters, as the numbering plans know it. */
function country(): Shape<CountryCode> {
  return refine(
    text(),
    (code, node) => {
      const { getCountries, isSupportedCountry } = loadPhoneLibrary();
      if (isSupportedCountry(code)) return code;
      const known = getCountries();
      const upper = known.find((candidate) => candidate === code.toUpperCase());
      const hint = upper === undefined ? suggestCountry(code, known) : `write "${upper}"`;
      return node.report('CHOICE_UNKNOWN', `"${code}" is not a two-letter country code; ${hint}`);
    },
    { pattern: '^[A-Z]{2}$' },
  );
}

/** People write the name of the country, or the letters on its cars. */
function suggestCountry(name: string, known: readonly string[]): string {
  const names = new Intl.DisplayNames(['en'], { type: 'region' });
  const byName = known.find((code) => names.of(code)?.toLowerCase() === name.trim().toLowerCase());
  return byName === undefined
    ? suggestNames(name, ['AU', 'NZ', 'GB', 'IE', 'US', 'DE', 'FR', 'ES'])
    : `write "${byName}"`;
}

function formatPhone(text: string, home: CountryCode, write: (number: PhoneNumber, home: string) => string) {
  if (text === '') return '';
  const number = parsePhone(text, home);
  if (number === undefined) return undefined;
  const forms = [appendExtension(write(number, home), number), appendExtension(number.number, number)];
  // Some numbering plans have forms that would be read as another number.
  return forms.find((form) => isSameNumber(parsePhone(form, home), number));
}

/** With its extension and words around it. Reading a text of a cell's full length takes seconds. */
const maxPhoneLength = 250;

/**
 * A number of a possible length; `undefined` for anything else.
 *
 * @param home - the country of numbers without a country code; without one, they are not understood
 */
export function parsePhone(text: string, home: CountryCode | undefined): PhoneNumber | undefined {
  if (text.length > maxPhoneLength) return undefined;
  const number = parseAsWritten(text, home);
  if (number?.isValid() === true) return number;
  // Most of the world dials 00 before a country code, and writes it, too; in other plans it could be a number of its own.
  const dialled = dialledAbroad.test(text) ? parseAsWritten(text.replace(dialledAbroad, '+'), undefined) : undefined;
  if (dialled?.isValid() === true) return dialled;
  return number?.isPossible() === true ? number : undefined;
}

const dialledAbroad = /^\s*\(?00[\s).-]*(?=[1-9])/;

function parseAsWritten(text: string, home: CountryCode | undefined): PhoneNumber | undefined {
  const { parsePhoneNumberFromString } = loadPhoneLibrary();
  return parsePhoneNumberFromString(text, {
    extract: false,
    ...(home === undefined ? {} : { defaultCountry: home }),
  });
}

/** A country whose numbers are known, by its two letters. */
export type PhoneCountry = CountryCode;

export function listPhoneCountries(): readonly PhoneCountry[] {
  return loadPhoneLibrary().getCountries();
}

/** The library writes extensions as each country does; here they have one form, which can be read back. */
function appendExtension(written: string, { ext }: PhoneNumber): string {
  if (ext === undefined) return written;
  const bare = written.endsWith(ext) ? written.replace(/\D*\d+$/, '') : written;
  return `${bare === '' || bare === written ? written : bare} ext. ${ext}`;
}

function isSameNumber(a: PhoneNumber | undefined, b: PhoneNumber): boolean {
  return a?.number === b.number && a.ext === b.ext;
}

function handleInvalidPhone(text: string, country: string, otherwise: string): TransformResult {
  if (otherwise === 'blank') return '';
  if (otherwise === 'keep') return text;
  return {
    code: 'PHONE_INVALID',
    says: `is not a valid phone number in ${country}; correct it, or set "otherwise" in the "phone" transform`,
  };
}

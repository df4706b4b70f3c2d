import type { CountryCode, PhoneNumber } from 'libphonenumber-js/min';
import { trimText } from '#pipelines/mapping/trim-text.js';
import { loadPhoneLibrary } from './load-phone-library.js';
import { type Applied, asItIs, type Transform, transform } from './transform.js';

/** Numbers of other countries cannot be dialled as they are written at home, so that they keep their country code. */
const writers = {
  'E.164': (number) => number.number,
  international: (number) => number.formatInternational(),
  national: (number, home) => (number.country === home ? number.formatNational() : number.formatInternational()),
} as const satisfies Record<string, (number: PhoneNumber, home: string) => string>;

/** Writes telephone numbers in one form. */
export const phoneTransform = {
  phone: transform({
    about: 'Writes a telephone number in one form; an extension stays behind it, as "ext. 12".',
    options: {
      country: { kind: 'country', about: 'Where numbers without a country code belong, two letters, e.g. AU.' },
      format: {
        kind: 'choice',
        about: 'E.164 (+61255501201), international (+61 2 5550 1201) or national ((02) 5550 1201).',
        choices: Object.keys(writers),
        default: 'E.164',
      },
      otherwise: {
        kind: 'choice',
        about: 'What becomes of a text that is no possible telephone number.',
        choices: ['error', 'blank', 'keep'],
        default: 'error',
      },
    },
    apply: ({ country, format, otherwise }) => {
      const write = writers[format as keyof typeof writers];
      return (text) => {
        const written = rewrite(trimText(text), country as CountryCode, write);
        return written ?? noNumber(text, country, otherwise);
      };
    },
    inverse: asItIs,
  }),
} as const satisfies Record<string, Transform>;

function rewrite(text: string, home: CountryCode, write: (number: PhoneNumber, home: string) => string) {
  if (text === '') return '';
  const number = parse(text, home);
  if (number === undefined) return undefined;
  const forms = [withExtension(write(number, home), number), withExtension(number.number, number)];
  // A form that would be read as another number is none to write; some plans have such.
  return forms.find((form) => sameNumber(parse(form, home), number));
}

function parse(text: string, home: CountryCode): PhoneNumber | undefined {
  const { parsePhoneNumberFromString } = loadPhoneLibrary();
  const number = parsePhoneNumberFromString(text, { defaultCountry: home, extract: false });
  return number?.isPossible() === true ? number : undefined;
}

/** The library writes extensions as each country does; one form for all is found again. */
function withExtension(written: string, { ext }: PhoneNumber): string {
  if (ext === undefined) return written;
  const bare = written.endsWith(ext) ? written.replace(/\D*\d+$/, '') : written;
  return `${bare === '' || bare === written ? written : bare} ext. ${ext}`;
}

function sameNumber(one: PhoneNumber | undefined, other: PhoneNumber): boolean {
  return one?.number === other.number && one.ext === other.ext;
}

function noNumber(text: string, country: string, otherwise: string): Applied {
  if (otherwise === 'blank') return '';
  if (otherwise === 'keep') return text;
  return {
    code: 'PHONE_INVALID',
    says: `is no telephone number of ${country}; correct it, or give "phone" an "otherwise"`,
  };
}

import { createRequire } from 'node:module';
import type * as phoneLibrary from 'libphonenumber-js/min';
import type { CountryCode, PhoneNumber } from 'libphonenumber-js/min';
import { trimText } from '#pipelines/mapping/normalise-name.js';
import { defineTransform, keepText, type Transform, type TransformResult } from './transform.js';

const require = createRequire(import.meta.url);

/** Loads the world's numbering plans when the first mapping asks for them: they take time to start. */
export function loadPhoneLibrary(): typeof phoneLibrary {
  return require('libphonenumber-js/min') as typeof phoneLibrary;
}

/** Numbers of other countries cannot be dialled as they are written at home, so that they keep their country code. */
const writers = {
  'E.164': (number) => number.number,
  international: (number) => number.formatInternational(),
  national: (number, home) => (number.country === home ? number.formatNational() : number.formatInternational()),
} as const satisfies Record<string, (number: PhoneNumber, home: string) => string>;

/** Writes telephone numbers in one form. */
export const phoneTransform = {
  phone: defineTransform({
    description: 'Writes a telephone number in one form; an extension stays behind it, as "ext. 12".',
    options: {
      country: { kind: 'country', description: 'Where numbers without a country code belong, two letters, e.g. AU.' },
      format: {
        kind: 'choice',
        description: 'E.164 (+61255501201), international (+61 2 5550 1201) or national ((02) 5550 1201).',
        choices: Object.keys(writers),
        default: 'E.164',
      },
      otherwise: {
        kind: 'choice',
        description: 'What becomes of a text that is no possible telephone number.',
        choices: ['error', 'blank', 'keep'],
        default: 'error',
      },
    },
    apply: ({ country, format, otherwise }) => {
      const write = writers[format as keyof typeof writers];
      return (text) => {
        const written = formatPhone(trimText(text), country as CountryCode, write);
        return written ?? handleInvalidPhone(text, country, otherwise);
      };
    },
    inverse: keepText,
  }),
} as const satisfies Record<string, Transform>;

function formatPhone(text: string, home: CountryCode, write: (number: PhoneNumber, home: string) => string) {
  if (text === '') return '';
  const number = parsePhone(text, home);
  if (number === undefined) return undefined;
  const forms = [appendExtension(write(number, home), number), appendExtension(number.number, number)];
  // A form that would be read as another number is none to write; some plans have such.
  return forms.find((form) => isSameNumber(parsePhone(form, home), number));
}

function parsePhone(text: string, home: CountryCode): PhoneNumber | undefined {
  const { parsePhoneNumberFromString } = loadPhoneLibrary();
  const number = parsePhoneNumberFromString(text, { defaultCountry: home, extract: false });
  return number?.isPossible() === true ? number : undefined;
}

/** The library writes extensions as each country does; one form for all is found again. */
function appendExtension(written: string, { ext }: PhoneNumber): string {
  if (ext === undefined) return written;
  const bare = written.endsWith(ext) ? written.replace(/\D*\d+$/, '') : written;
  return `${bare === '' || bare === written ? written : bare} ext. ${ext}`;
}

function isSameNumber(one: PhoneNumber | undefined, other: PhoneNumber): boolean {
  return one?.number === other.number && one.ext === other.ext;
}

function handleInvalidPhone(text: string, country: string, otherwise: string): TransformResult {
  if (otherwise === 'blank') return '';
  if (otherwise === 'keep') return text;
  return {
    code: 'PHONE_INVALID',
    says: `is no telephone number of ${country}; correct it, or give "phone" an "otherwise"`,
  };
}

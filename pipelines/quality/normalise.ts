import { findFieldType } from '#pipelines/mapping/fields.js';
import { emailUser } from '#pipelines/mapping/filler-address.js';
import { trimText } from '#pipelines/mapping/normalise-name.js';
import { listPhoneCountries, type PhoneCountry, parsePhone } from '#pipelines/mapping/transforms/phone.js';
import type { JsonValue } from '#pipelines/model.js';

/**
 * Values as they are compared, whoever wrote them: both sides go through the same functions, whatever transforms a mapping
 * has. A value that is blank, or that says nothing, has no normalised form: what is missing equals nothing.
 */

const beyondAscii = /[^\u0020-\u007e]/;
const marks = /\p{M}/gu;
/** Letters that have no decomposition, as they are written without their sign. */
const plainLetters: Readonly<Record<string, string>> = {
  ...{ ß: 'ss', ø: 'o', Ø: 'o', ł: 'l', Ł: 'l', đ: 'd', Đ: 'd', ð: 'd', Ð: 'd', þ: 'th', Þ: 'th' },
  ...{ æ: 'ae', Æ: 'ae', œ: 'oe', Œ: 'oe', ı: 'i', ħ: 'h', Ħ: 'h', ŧ: 't', Ŧ: 't' },
};
const lettersToReplace = new RegExp(`[${Object.keys(plainLetters).join('')}]`, 'g');
/** Signs that belong to a name and are left out as often as not: O'Brien, O’Brien, OBrien. */
const apostrophes = /['’‘`´ʼ]/g;
const separators = /[^\p{L}\p{N}]+/gu;
const asciiSeparators = /[^a-z0-9]+/g;

/** Words without case, accents and punctuation, with single spaces between them. */
export function foldWords(text: string): string {
  if (!beyondAscii.test(text)) return text.toLowerCase().replace(apostrophes, '').replace(asciiSeparators, ' ').trim();
  return text
    .normalize('NFKD')
    .replace(marks, '')
    .replace(lettersToReplace, (letter) => plainLetters[letter] ?? letter)
    .toLowerCase()
    .replace(apostrophes, '')
    .replace(separators, ' ')
    .trim();
}

/** The name of a person: words without case, accents and punctuation. */
export function normalisePersonName(text: string): string | undefined {
  return blankToUndefined(foldWords(text));
}

/**
 * Legal forms, as words without punctuation. Only at the end of a name; `spa` is left out, because it also is a word.
 *
 * Source: the abbreviations in common use in the countries of the platform's customers and in Europe.
 */
const legalForms: readonly string[] = [
  ...['pty ltd', 'pty limited', 'proprietary limited', 'proprietary ltd', 'p l', 'pte ltd', 'pvt ltd', 'sdn bhd'],
  ...['ltd', 'limited', 'inc', 'incorporated', 'llc', 'l l c', 'llp', 'lp', 'plc', 'corp', 'corporation', 'co'],
  ...['gmbh', 'mbh', 'ag', 'kg', 'kgaa', 'ohg', 'ug', 'e k', 'ek', 'e v', 'ev', 'gbr', 'gesmbh', 'ges m b h'],
  ...['bv', 'b v', 'nv', 'n v', 'vof', 'sa', 's a', 'sarl', 's a r l', 'sas', 's a s', 'srl', 's r l', 's p a'],
  ...['sl', 's l', 'slu', 'lda', 'ltda', 'ab', 'as', 'a s', 'aps', 'oy', 'oyj', 'sp z o o', 'kft', 'doo', 'd o o'],
  'pty',
].toSorted((a, b) => b.length - a.length);

const connecting: ReadonlySet<string> = new Set(['and', 'und', 'et', 'the']);

/** The name of a firm without its legal form, leading article and "and": `The Smith & Co. Pty Ltd` → `smith`. */
export function normaliseCompanyName(text: string): string | undefined {
  let name = foldWords(text);
  for (let before = ''; before !== name; ) {
    before = name;
    const form = findLegalForm(name);
    if (form !== undefined) name = name.slice(0, -form.length - 1);
  }
  const words = name.split(' ');
  const telling = words.filter((word) => !connecting.has(word));
  return blankToUndefined((telling.length === 0 ? words : telling).join(' '));
}

/** Legal forms that are family names, too: João Sá is no company. */
const familyNames: ReadonlySet<string> = new Set(['sa', 'ag', 'ab', 'as', 'kg', 'sl', 'ug', 'ek', 'oy', 'pty']);

function findLegalForm(folded: string): string | undefined {
  return legalForms.find(
    (words) =>
      folded.endsWith(` ${words}`) &&
      (!familyNames.has(words) || folded.indexOf(' ') < folded.length - words.length - 1),
  );
}

/** Whether words as {@link foldWords} gives them end with a legal form, so that they are certainly not a person's name. */
export function hasLegalForm(folded: string): boolean {
  return findLegalForm(folded) !== undefined;
}

/** Words are looked through one by one: a pattern with the @ in its middle begins again at each character. */
const addressWord = /[^\s<>()"',;:[\]]+/gu;

/** The address within `Bob <bob@x.example>`, without case; `undefined` when there is none. */
export function normaliseEmail(text: string): string | undefined {
  if (!text.includes('@')) return undefined;
  const found = text.match(addressWord)?.find((word) => {
    const at = word.indexOf('@', 1);
    return at > 0 && at < word.length - 1;
  });
  return found === undefined ? undefined : found.normalize('NFC').toLowerCase().replace(/\.+$/, '');
}

const minPhoneDigits = 5;

/**
 * A telephone number as E.164, with its extension if it has one; where that cannot be told, its digits without leading
 * zeros. Numbers that nobody has (all the same digit) are missing.
 *
 * @param country - two letters or a name: of the number when it does not say its country
 */
export function normalisePhone(text: string, country?: string): string | undefined {
  const digits = text.replace(/\D/g, '');
  if (digits.length < minPhoneDigits || isFillerNumber(digits)) return undefined;
  const home = country === undefined ? undefined : findCountryCode(country);
  const trimmed = trimText(text);
  const number =
    // Dialled from abroad, as most countries do it, whatever the home country does.
    (digits.startsWith('00') ? parsePhone(`+${digits.slice(2)}`, undefined) : undefined) ??
    parsePhone(trimmed, home) ??
    // With words around it.
    (/[^\d\s()+./-]/.test(trimmed) ? parsePhone(digits, home) : undefined);
  if (number === undefined) return digits.replace(/^0+/, '');
  return number.ext === undefined ? number.number : `${number.number} ext. ${number.ext}`;
}

/** `0000000000`, `11111`, `1234567890`. */
function isFillerNumber(digits: string): boolean {
  return /^(\d)\1*$/.test(digits.replace(/^0(?=.)/, '')) || '12345678901234567890'.startsWith(digits);
}

const countryCodes = new Map<string, PhoneCountry | undefined>();

/** Names of countries that are in use beside the one that the standard library knows. */
const countryAliases: Readonly<Record<string, PhoneCountry>> = {
  ...{ aus: 'AU', aust: 'AU', uk: 'GB', england: 'GB', scotland: 'GB', wales: 'GB', 'great britain': 'GB' },
  ...{ usa: 'US', 'united states of america': 'US', nzl: 'NZ', deutschland: 'DE', osterreich: 'AT', schweiz: 'CH' },
  ...{ nederland: 'NL', holland: 'NL', espana: 'ES', italia: 'IT', eire: 'IE' },
};

/** The two letters of a country that is given by its name or by these letters; `undefined` for an unknown one. */
export function findCountryCode(country: string): PhoneCountry | undefined {
  if (countryCodes.size === 0) {
    const names = new Intl.DisplayNames(['en'], { type: 'region' });
    for (const code of listPhoneCountries()) {
      countryCodes.set(code.toLowerCase(), code);
      countryCodes.set(foldWords(names.of(code) ?? code), code);
    }
    for (const [name, code] of Object.entries(countryAliases)) countryCodes.set(name, code);
  }
  return countryCodes.get(foldWords(country));
}

/** A post code without blanks and case. */
export function normalisePostCode(text: string): string | undefined {
  return blankToUndefined(
    text
      .normalize('NFKC')
      .replace(/[\s\u200b-\u200d\ufeff]/g, '')
      .toUpperCase(),
  );
}

/** A number by its value, so that `1.50` is `1.5`; `undefined` for a text that is no number. */
function normaliseNumber(value: string | number): string | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : undefined;
  const text = trimText(value);
  const number = text === '' ? Number.NaN : Number(text);
  return Number.isFinite(number) ? String(number) : undefined;
}

type NormaliseText = (text: string, country: string | undefined) => string | undefined;

const byField: Readonly<Record<string, NormaliseText>> = {
  emailaddress: normaliseEmail,
  phonenumber: normalisePhone,
  faxnumber: normalisePhone,
  customername: normaliseCompanyName,
  firstname: normalisePersonName,
  lastname: normalisePersonName,
  address: (text) => blankToUndefined(foldWords(text)),
  city: (text) => blankToUndefined(foldWords(text)),
  region: (text) => blankToUndefined(foldWords(text)),
  country: (text) => findCountryCode(text) ?? blankToUndefined(foldWords(text)),
  postalcode: normalisePostCode,
};

/**
 * The value of a customer's field as it is compared; `undefined` when it is blank or says nothing. Fields without a rule
 * of their own are codes and remarks of somebody's own: compared as they are, without outer blanks.
 *
 * @param field - in any case: the API does not tell `PhoneNumber` from `phoneNumber`
 * @param country - of telephone numbers that do not say theirs: of the mapping, the row or the account
 */
export function normaliseValue(field: string, value: JsonValue | undefined, country?: string): string | undefined {
  if (value === undefined || value === null) return undefined;
  const rule = byField[field.toLowerCase()];
  if (rule !== undefined) return rule(String(value), country);
  const type = findFieldType(field);
  if ((type === 'number' || type === 'integer') && (typeof value === 'string' || typeof value === 'number'))
    return normaliseNumber(value) ?? blankToUndefined(trimText(String(value)));
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value);
  return blankToUndefined(trimText(text).normalize('NFC'));
}

/** Mailboxes that belong to a firm's desk, not to a person. */
const roleUsers: ReadonlySet<string> = new Set(
  'info office sales admin accounts account orders order hello contact enquiries enquiry inquiries support service services reception shop store mail email team billing invoices invoice purchasing bookings booking manager hr jobs marketing help post kontakt buero verkauf'.split(
    ' ',
  ),
);

/** Whether many people may share an address: `info@…`, `sales@…`. */
export function isRoleEmail(email: string): boolean {
  return roleUsers.has(emailUser(email).replace(/\d+$/, ''));
}

function blankToUndefined(text: string): string | undefined {
  return text === '' ? undefined : text;
}

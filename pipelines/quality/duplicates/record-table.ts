import { readField } from '#pipelines/compare-customers.js';
import { FingerprintIndex } from '#pipelines/fingerprints.js';
import { emailUser, isFillerEmail } from '#pipelines/mapping/filler-address.js';
import type { Customer, JsonValue } from '#pipelines/model.js';
import {
  findCountryCode,
  foldWords,
  isRoleEmail,
  normaliseEmail,
  normalisePhone,
  normalisePostCode,
} from '#pipelines/quality/normalise.js';
import { soundOf } from './likeness.js';
import { parseAddress } from './parse-address.js';
import { parseName } from './parse-name.js';
import { hashNumbers, hashText, IntColumn, TextPool } from './pool.js';

/** Where a record comes from: values are counted apart, since a customer of the account may rightly be in the file. */
export type Side = 'file' | 'account';

/** What a record holds, each value as a number: of a text in a pool, or of a fingerprint. 0 is no value. */
export const columnNames = [
  'first',
  'second',
  'last',
  'suffix',
  'company',
  'email',
  'emailUser',
  'phone',
  'postCode',
  'street',
  'house',
  'unit',
  'city',
  /** Post code, street and house number: who lives together. */
  'home',
  'flags',
] as const;

export type ColumnName = (typeof columnNames)[number];

const isGuess = 1;
const isRole = 2;

/** The values of one record. */
type RecordValues = Record<ColumnName, number>;

/** The fields that are compared, and what tells whether a list of customers shows them. */
export const comparedFields = [
  'customerName',
  'firstName',
  'lastName',
  'emailAddress',
  'phoneNumber',
  'address',
  'city',
  'postalCode',
] as const;

const shortestEmailUser = 5;

/**
 * Rows and customers as columns of numbers, some 60 bytes each. Each value is normalised once; of e-mail addresses and
 * telephone numbers not even the text is kept.
 */
export class RecordTable {
  /** Names of people, first and last, since they are swapped at times. */
  readonly names = new TextPool();
  readonly companies = new TextPool();
  readonly streets = new TextPool();
  readonly #columns = Object.fromEntries(columnNames.map((name) => [name, new IntColumn()])) as Record<
    ColumnName,
    IntColumn
  >;
  readonly #cities = new TextPool();
  readonly #postCodes = new TextPool();
  /** House numbers and units. */
  readonly #numbers = new TextPool();
  readonly #emails = new FingerprintIndex();
  readonly #emailUsers = new FingerprintIndex();
  readonly #phones = new FingerprintIndex();
  readonly #homes = new FingerprintIndex();
  readonly #sounds: number[] = [0];
  readonly #companySounds: number[] = [0];
  readonly #streetSounds: number[] = [0];
  readonly #suffixes = new TextPool();
  readonly #counts: Readonly<Record<Side, Readonly<Record<'email' | 'phone' | 'home', IntColumn>>>> = {
    file: { email: new IntColumn(), phone: new IntColumn(), home: new IntColumn() },
    account: { email: new IntColumn(), phone: new IntColumn(), home: new IntColumn() },
  };
  readonly #nameCounts = { first: new IntColumn(), last: new IntColumn(), company: new IntColumn() };
  readonly #cityWords = new Set<string>();
  readonly #country: string | undefined;
  #size = 0;
  #counted = 0;

  /** @param country - of telephone numbers that do not say theirs, where the record does not say one either */
  constructor(country: string | undefined) {
    this.#country = country;
  }

  get size(): number {
    return this.#size;
  }

  /** All records whose values were counted. */
  get counted(): number {
    return this.#counted;
  }

  /** @returns the number of the record, from 0 */
  add(customer: Customer, side: Side): number {
    const at = this.#size;
    this.#size += 1;
    this.put(at, customer);
    this.#count(at, side);
    return at;
  }

  /** A place for a record that is only asked about. */
  reserve(): number {
    this.#size += 1;
    return this.#size - 1;
  }

  /** Puts a record in a place, without counting its values. */
  put(at: number, customer: Customer): void {
    const values = this.#read(customer);
    for (const name of columnNames) this.#columns[name].set(at, values[name]);
  }

  /** Counts the values of a record that is not kept: `place` is used for it. */
  countOnly(place: number, customer: Customer, side: Side): void {
    this.put(place, customer);
    this.#count(place, side);
  }

  get(column: ColumnName, at: number): number {
    return this.#columns[column].get(at);
  }

  /** Whether it cannot be told if the record is a person or a company. */
  isGuess(at: number): boolean {
    return (this.get('flags', at) & isGuess) !== 0;
  }

  hasRoleEmail(at: number): boolean {
    return (this.get('flags', at) & isRole) !== 0;
  }

  /** How many records of one side have this value, the side that has more. */
  holders(column: 'email' | 'phone' | 'home', value: number): number {
    const { file, account } = this.#counts;
    return Math.max(file[column].get(value), account[column].get(value));
  }

  nameHolders(kind: 'first' | 'last' | 'company', name: number): number {
    return this.#nameCounts[kind].get(name);
  }

  /** Whether a word is part of the name of a place that some record is in. */
  isPlace(word: string): boolean {
    return this.#cityWords.has(word);
  }

  /** How a name sounds, as a number. */
  sound(name: number): number {
    let sound = this.#sounds[name];
    if (sound === undefined) {
      sound = hashText(soundOf(this.names.text(name).replaceAll(' ', '')), 1);
      this.#sounds[name] = sound;
    }
    return sound;
  }

  /** How a street sounds, its kind left out. */
  streetSound(street: number): number {
    let sound = this.#streetSounds[street];
    if (sound === undefined) {
      sound = hashText(soundOf(this.streets.text(street).split(' ')[0] ?? ''), 1);
      this.#streetSounds[street] = sound;
    }
    return sound;
  }

  /** How the longest word of a company's name sounds. */
  companySound(company: number): number {
    let sound = this.#companySounds[company];
    if (sound === undefined) {
      const words = this.companies.text(company).split(' ');
      const longest = words.reduce((a, b) => (b.length > a.length ? b : a), '');
      sound = hashText(soundOf(longest), 1);
      this.#companySounds[company] = sound;
    }
    return sound;
  }

  #count(at: number, side: Side): void {
    this.#counted += 1;
    const counts = this.#counts[side];
    for (const name of ['email', 'phone', 'home'] as const) {
      const value = this.get(name, at);
      if (value !== 0) counts[name].add(value, 1);
    }
    const guess = this.isGuess(at);
    if (!guess) this.#nameCounts.first.add(this.get('first', at), 1);
    this.#nameCounts.last.add(this.get('last', at), 1);
    this.#nameCounts.company.add(this.get('company', at), 1);
  }

  #read(customer: Customer): RecordValues {
    const text = (field: string) => toText(readField(customer, field));
    const name = parseName({
      customerName: text('customerName'),
      firstName: text('firstName'),
      lastName: text('lastName'),
    });
    const place = parseAddress(text('address'));
    const city = foldWords(text('city'));
    for (const word of city.split(' ')) if (word.length > 2) this.#cityWords.add(word);
    const email = normaliseEmail(text('emailAddress'));
    const isOwn = email !== undefined && !isFillerEmail(email);
    const role = isOwn && isRoleEmail(email);
    const user = isOwn && !role ? emailUser(email) : '';
    const phone = normalisePhone(text('phoneNumber'), findCountryCode(text('country')) ?? this.#country);
    const postCode = this.#postCodes.intern((normalisePostCode(text('postalCode')) ?? '').replace(/^0+/, ''));
    const street = this.streets.intern(place.street);
    const house = this.#numbers.intern(place.house);
    const home = street !== 0 && house !== 0 ? String(hashNumbers(postCode, street, house)) : '';
    return {
      first: this.names.intern(name.first),
      second: this.names.intern(name.second),
      last: this.names.intern(name.last),
      suffix: this.#suffixes.intern(name.suffix),
      company: this.companies.intern(name.company),
      email: isOwn ? this.#emails.number(email) + 1 : 0,
      emailUser: user.length >= shortestEmailUser ? this.#emailUsers.number(user) + 1 : 0,
      phone: phone === undefined ? 0 : this.#phones.number(endOfPhone(phone)) + 1,
      postCode,
      street,
      house,
      unit: this.#numbers.intern(place.unit),
      city: this.#cities.intern(city),
      home: home === '' ? 0 : this.#homes.number(home) + 1,
      flags: (name.isGuess ? isGuess : 0) | (role ? isRole : 0),
    };
  }

  /** A post code that differs from another one in a digit. */
  postCodeText(id: number): string {
    return this.#postCodes.text(id);
  }
}

/** Digits that are the same with and without a country code. */
const comparedPhoneDigits = 9;

/** Where nothing tells the country of a number, it still ends as the same number with a country code does. */
function endOfPhone(phone: string): string {
  const [number = '', extension = ''] = phone.split(' ext. ');
  return `${number.replace('+', '').slice(-comparedPhoneDigits)} ${extension}`;
}

function toText(value: JsonValue | undefined): string {
  if (value === undefined || value === null || typeof value === 'object') return '';
  return String(value);
}

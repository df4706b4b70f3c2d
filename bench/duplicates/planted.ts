import type { Draft } from '#pipelines/model.js';
import { firstNames, legalForms, mailProviders, shortForms } from './names.js';
import {
  makeStyle,
  type Person,
  type Population,
  phoneNotations,
  plainStyle,
  type RowStyle,
  toRow,
} from './population.js';
import type { Chance, Shares } from './random.js';

/** What may happen to a customer who is entered a second time, and how often, in percent. */
export const duplicateShares = {
  'other notation': 10,
  'phone in another notation': 10,
  'typing error in a name': 12,
  'short first name': 8,
  'initial only': 5,
  'first and last name swapped': 6,
  'last name first, in one cell': 6,
  'no e-mail, typing error in the street': 6,
  'no phone, no post code': 6,
  'another e-mail': 8,
  'another phone': 6,
  'married name': 4,
  'moved person': 5,
  'moved company': 3,
  'other legal form or order of words': 5,
  'typing error in a company': 3,
  sparse: 5,
  'several at once': 2,
} as const satisfies Shares<string>;

export type DuplicateKind = keyof typeof duplicateShares;

const forCompanies: ReadonlySet<DuplicateKind> = new Set([
  'moved company',
  'other legal form or order of words',
  'typing error in a company',
]);

const forPersons: ReadonlySet<DuplicateKind> = new Set([
  'typing error in a name',
  'short first name',
  'initial only',
  'first and last name swapped',
  'last name first, in one cell',
  'married name',
  'moved person',
]);

export interface Tools {
  readonly chance: Chance;
  readonly population: Population;
}

/** Whom the kind can happen to, with what the kind needs. */
export function makeOriginal(kind: DuplicateKind, { chance, population }: Tools): Person {
  if (forCompanies.has(kind)) return withContact(population.company(), population);
  const person = forPersons.has(kind) || chance.happens(0.7) ? population.person() : population.company();
  if (kind === 'short first name') {
    const first = chance.pick(Object.keys(shortForms));
    return withContact({ ...person, first }, population);
  }
  return withContact(person, population);
}

/** A customer of whom neither phone nor e-mail nor street is known cannot be told from a namesake, by anybody. */
function withContact(person: Person, population: Population): Person {
  const phone = person.phone ?? population.phone();
  const email = person.email ?? population.personalEmail(person.first ?? 'office', person.last ?? person.company ?? '');
  return { ...person, phone, email };
}

/** The second row of the same customer. */
export function makeDuplicate(kind: DuplicateKind, original: Person, tools: Tools): Draft {
  const { chance } = tools;
  const style = makeStyle(chance);
  if (kind === 'several at once') {
    const [one, two] = chance.shuffle<DuplicateKind>(['another phone', 'no phone, no post code', 'another e-mail']);
    const first = change(one ?? 'another phone', original, tools);
    const second = original.kind === 'person' ? change('typing error in a name', first, tools) : first;
    return toRow(two === undefined || chance.happens(0.5) ? second : { ...second, city: undefined }, style);
  }
  const changed = change(kind, original, tools);
  return toRow(changed, { ...style, ...styleOf(kind, chance) });
}

function styleOf(kind: DuplicateKind, chance: Chance): Partial<RowStyle> {
  if (kind === 'last name first, in one cell') return { name: 'lastFirst' };
  if (kind === 'first and last name swapped') return { name: chance.pick(['both', 'parts']) };
  if (kind === 'phone in another notation') return { phone: chance.pick(phoneNotations.slice(2)) };
  if (kind === 'short first name' || kind === 'initial only') return { name: 'both' };
  return kind === 'other notation' ? {} : { upper: false };
}

function change(kind: DuplicateKind, person: Person, { chance, population }: Tools): Person {
  const { first = '', last = '', company = '' } = person;
  switch (kind) {
    case 'other notation':
    case 'phone in another notation':
    case 'last name first, in one cell':
    case 'several at once':
      return person;
    case 'typing error in a name':
      return chance.happens(0.5)
        ? { ...person, first: addTypingError(first, chance) }
        : { ...person, last: addTypingError(last, chance) };
    case 'short first name':
      return { ...person, first: chance.pick(shortForms[first] ?? [first]) };
    case 'initial only':
      return { ...person, first: `${first.charAt(0)}${chance.happens(0.5) ? '.' : ''}` };
    case 'first and last name swapped':
      return { ...person, first: last, last: first };
    case 'no e-mail, typing error in the street':
      return { ...person, email: undefined, street: addTypingError(person.street ?? '', chance) };
    case 'no phone, no post code':
      return { ...person, phone: undefined, postalCode: undefined };
    case 'another e-mail':
      return { ...person, email: otherEmail(person, population, chance) };
    case 'another phone':
      return { ...person, phone: population.phone() };
    case 'married name':
      return { ...person, last: population.lastName() };
    case 'moved person':
    case 'moved company': {
      const keepsPhone = chance.happens(0.5);
      const moved = { ...person, unit: undefined, ...population.address() };
      if (keepsPhone) return { ...moved, email: chance.happens(0.5) ? undefined : person.email };
      return { ...moved, phone: chance.happens(0.5) ? undefined : population.phone() };
    }
    case 'other legal form or order of words':
      return { ...person, company: changeCompany(company, chance) };
    case 'typing error in a company':
      return { ...person, company: addTypingError(company, chance) };
    case 'sparse': {
      const { kind: what, phone, email } = person;
      const name = person.kind === 'company' ? { company } : { first, last };
      return { kind: what, ...name, ...(chance.happens(0.5) ? { phone } : { email }) };
    }
  }
}

function otherEmail({ kind, first = '', last = '', email }: Person, population: Population, chance: Chance): string {
  if (kind === 'person') return population.personalEmail(first, last);
  const domain = email?.split('@')[1] ?? chance.pick(mailProviders);
  return population.unique((attempt) => `${chance.pick(['sales', 'admin', 'hello'])}${attempt || ''}@${domain}`);
}

function changeCompany(name: string, chance: Chance): string {
  const bare = legalForms.reduce(
    (text: string, form) => text.replace(new RegExp(` ${escapePattern(form)}$`), ''),
    name,
  );
  const words = bare.split(' ');
  if (words.length === 2 && chance.happens(0.3)) return `${words[1]}, ${words[0]}`;
  if (bare !== name && chance.happens(0.5)) return bare;
  if (bare.includes(' & ')) return bare.replace(' & ', ' and ');
  return `${bare} ${chance.pick(legalForms)}`;
}

function escapePattern(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

/** One wrong, missing, doubled or swapped letter, not the first one. */
function addTypingError(text: string, chance: Chance): string {
  if (text.length < 3) return text;
  const at = chance.between(1, text.length - 2);
  const [before, letter, after] = [text.slice(0, at), text.charAt(at), text.slice(at + 1)];
  const letters = 'abcdefghijklmnopqrstuvwxyz';
  const made = chance.pick([
    `${before}${after}`,
    `${before}${letter}${letter}${after}`,
    `${before}${chance.pick([...letters])}${after}`,
    `${before}${after.charAt(0)}${letter}${after.slice(1)}`,
  ]);
  return made === text ? `${before}${after}` : made;
}

/** How different customers may look alike, and how often, in percent. Their names are real names, never typing errors. */
export const nearMissShares = {
  'father and son, Jr and Sr': 8,
  'father and son, other first names': 10,
  'spouses with one e-mail': 8,
  'twins with one initial': 6,
  'names that differ by a letter or two': 4,
  'house of 40 with one phone': 16,
  'namesakes in one town': 10,
  'branches of one name': 6,
  'branches with a place in the name': 6,
  'firms that differ by a number': 4,
  'person and firm of one name': 3,
  'clinic with one switchboard': 8,
  'neighbours of one name': 4,
  'phone passed on': 4,
  'e-mail addresses that differ by a digit': 3,
} as const satisfies Shares<string>;

export type NearMissKind = keyof typeof nearMissShares;

/** Kinds that are made in groups, all of whom are different customers. */
const groupSizes: Partial<Readonly<Record<NearMissKind, number>>> = {
  'house of 40 with one phone': 40,
  'clinic with one switchboard': 20,
  'branches with a place in the name': 5,
  'branches of one name': 3,
};

/** Pairs of real names that are nearly the same; different people all the same. */
const nearNames: readonly (readonly [string, string])[] = [
  ['Mario', 'Maria'],
  ['Jean', 'Joan'],
  ['Daniel', 'Daniela'],
  ['Christine', 'Christian'],
  ['Paul', 'Paula'],
  ['Eric', 'Erica'],
  ['Robert', 'Roberta'],
  ['Julia', 'Julian'],
  ['Alan', 'Alana'],
  ['Patrick', 'Patricia'],
];

/** Customers who look alike and are not; the kind decides how many, two at least and about `most` at most. */
export function makeNearMisses(kind: NearMissKind, most: number, tools: Tools): Draft[] {
  const people = makeGroup(kind, Math.min(most, groupSizes[kind] ?? 2), tools);
  return people.map((person, at) => toRow(person, at === 0 ? plainStyle : makeStyle(tools.chance)));
}

function makeGroup(kind: NearMissKind, size: number, { chance, population }: Tools): Person[] {
  const base = withContact(population.person(), population);
  const { first = '', last = '' } = base;
  const own = (name: string) => ({ email: population.personalEmail(name, last) });
  switch (kind) {
    case 'father and son, Jr and Sr': {
      const suffix = chance.pick(['Jr', 'Jr.', 'Junior', 'II', 'III']);
      const elder = chance.happens(0.4) ? { ...base, last: `${last} Sr` } : base;
      const email = chance.happens(0.5) ? undefined : population.personalEmail(first, last);
      return [elder, { ...base, last: `${last} ${suffix}`, email }];
    }
    case 'father and son, other first names': {
      const other = population.otherFirstName(first);
      return [base, { ...base, first: other, ...(chance.happens(0.5) ? own(other) : { email: undefined }) }];
    }
    case 'spouses with one e-mail':
      return [base, { ...base, first: population.otherFirstName(first) }];
    case 'twins with one initial': {
      // Some initials have one name only.
      const others = firstNames.filter((name) => name.charAt(0) === first.charAt(0) && !areNear(name, first));
      const other = others.length === 0 ? population.otherFirstName(first) : chance.pick(others);
      return [
        { ...base, email: undefined },
        { ...base, first: other, email: undefined },
      ];
    }
    case 'names that differ by a letter or two': {
      const [one, other] = chance.pick(nearNames);
      return [
        { ...base, first: one, ...own(one) },
        { ...base, first: other, ...own(other) },
      ];
    }
    case 'house of 40 with one phone':
      return Array.from({ length: size }, () => {
        const person = population.person();
        const { unit: _, ...home } = { ...base };
        const email = chance.happens(0.5) ? base.email : person.email;
        return { ...home, first: person.first, last: person.last, email };
      });
    case 'namesakes in one town': {
      const { city, region, postalCode } = base;
      const town = { city: city ?? '', region: region ?? '', postalCode: postalCode ?? '' };
      const other = withContact(population.person(), population);
      return [base, { ...other, first, last, ...population.address(town), email: own(first).email }];
    }
    case 'branches of one name': {
      const firm = withContact(population.company(), population);
      return Array.from({ length: size }, (_, at) => (at === 0 ? firm : { ...firm, ...population.address() }));
    }
    case 'branches with a place in the name': {
      const firm = withContact(population.company(), population);
      return Array.from({ length: size }, () => {
        const address = population.address();
        return { ...firm, company: `${firm.company} ${address.city}`, ...address };
      });
    }
    case 'firms that differ by a number': {
      const firm = withContact(population.company(), population);
      return [1, 2].map((number) => ({ ...firm, company: `${firm.company} ${number}`, ...population.address() }));
    }
    case 'person and firm of one name': {
      const firm: Person = { ...base, kind: 'company', company: `${first} ${last}`, first: undefined, last: undefined };
      return [base, { ...firm, ...population.address(), phone: population.phone(), email: undefined }];
    }
    case 'clinic with one switchboard': {
      const clinic = withContact(population.company(), population);
      return Array.from({ length: size }, () => {
        const { phone, email, ...home } = { ...clinic, kind: 'person' as const, company: undefined };
        return { ...home, first: population.firstName(), last: population.lastName(), phone, email };
      });
    }
    case 'neighbours of one name': {
      const house = String(Number(base.house) + 2);
      const other = population.otherFirstName(first);
      return [base, { ...base, first: other, house, phone: population.phone(), ...own(other) }];
    }
    case 'phone passed on': {
      const other = withContact(population.person(), population);
      return [base, { ...other, phone: base.phone }];
    }
    case 'e-mail addresses that differ by a digit': {
      const [user = '', domain = ''] = (base.email ?? '').split('@');
      const other = withContact(population.person(), population);
      const [one, two] = [1, 2].map((digit) => population.unique((again) => `${user}${again || ''}${digit}@${domain}`));
      return [
        { ...base, email: one },
        { ...other, first, last, email: two },
      ];
    }
  }
}

/** Too near to be sure that two people are meant: one edit, or the same to the ear. */
function areNear(one: string, other: string): boolean {
  return one.startsWith(other.slice(0, 3)) || other.startsWith(one.slice(0, 3));
}

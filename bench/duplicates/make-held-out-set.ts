import type { Draft } from '#pipelines/model.js';
import { defaultSetSize, type LabelledSet, SetBuilder, type SetSize } from './make-set.js';
import { makeStyle, type Person, Population, plainStyle, toRow } from './population.js';
import { allot, Chance } from './random.js';

/**
 * A set by other rules than those that the weights were chosen for: other languages, other errors. Nothing may be tuned by
 * it; its figures are reported beside the promised ones.
 */

const firstNames =
  'Jürgen Günther Björn Käthe Zoë René François Léa Chloé Amélie José María Iñigo Begoña João Conceição Łukasz Małgorzata Agnieszka Zdeněk Jiří Šárka Åsa Søren Jørgen Ørjan Gülsüm Çağla Emine Mehmet Nguyễn Thị Jeroen Maarten Sanne Femke Pieter Annelies Wolfgang Uwe Heike Ute Giuseppe Nicolò Francesca Dimitrios Eleni Siobhán Seán Niamh'.split(
    ' ',
  );
const lastNames = [
  ...'Müller Schröder Weiß Groß Böhm Jäger Köhler Lefèvre Gauthier Núñez Ibáñez Gonçalves Magalhães Wójcik Dąbrowski Dvořák Novák Åkesson Sørensen Jørgensen Öztürk Yıldız Çelik Nguyễn Trần Bianchi D’Angelo O’Shea Ó’Brien Papadopoulos Kowalski Meyer Schmitz'.split(
    ' ',
  ),
  ...['van der Berg', 'van den Heuvel', 'de la Cruz', 'von Hagen', 'dos Santos', 'ter Horst', 'Mac Donald', 'St. John'],
];

const shares = {
  'umlauts written out': 14,
  'accents dropped': 10,
  'particle of the name': 8,
  'key beside the right one': 16,
  'read by a scanner': 12,
  'unit and house number swapped': 10,
  'columns shifted by one': 12,
  'cells merged': 8,
  'two letters at once': 10,
} as const;

type HeldOutKind = keyof typeof shares;

/** The keys beside each one, on an English keyboard. */
const neighbours: Readonly<Record<string, string>> = {
  ...{ a: 'sqz', b: 'vn', c: 'xv', d: 'sf', e: 'wr', f: 'dg', g: 'fh', h: 'gj', i: 'uo', j: 'hk', k: 'jl', l: 'k' },
  ...{ m: 'n', n: 'bm', o: 'ip', p: 'o', q: 'w', r: 'et', s: 'ad', t: 'ry', u: 'yi', v: 'cb', w: 'qe', x: 'zc' },
  ...{ y: 'tu', z: 'x', 0: '9', 1: '2', 2: '13', 3: '24', 4: '35', 5: '46', 6: '57', 7: '68', 8: '79', 9: '80' },
};

/** What a scanner takes for something else. */
const misread: readonly (readonly [string, string])[] = [
  ['rn', 'm'],
  ['m', 'rn'],
  ['l', '1'],
  ['o', '0'],
  ['cl', 'd'],
  ['e', 'c'],
  ['h', 'b'],
  ['5', 'S'],
  ['0', 'O'],
];

const writtenOut: Readonly<Record<string, string>> = {
  ...{ ä: 'ae', ö: 'oe', ü: 'ue', Ä: 'Ae', Ö: 'Oe', Ü: 'Ue', ß: 'ss' },
  ...{ ø: 'oe', Ø: 'Oe', å: 'aa', Å: 'Aa', æ: 'ae' },
};

export function makeHeldOutSet(seed: number, size: SetSize = defaultSetSize): LabelledSet {
  const chance = new Chance(seed);
  const population = new ForeignPopulation(chance);
  const set = new SetBuilder();
  for (const kind of allot(shares, size.duplicates)) {
    const original = makeOriginal(kind, population, chance);
    set.addTwice(kind, toRow(original, plainStyle), makeDuplicate(kind, original, population, chance));
  }
  const end = set.size + 2 * size.nearMisses;
  while (set.size < end) {
    const base = population.person();
    const other = population.otherFirstName(base.first);
    // People of one household, and namesakes elsewhere.
    const person = chance.happens(0.5)
      ? { ...base, first: other, email: population.personalEmail(other, base.last ?? '') }
      : { ...population.person(), first: base.first, last: base.last };
    set.add('base', toRow(base, plainStyle));
    set.add('near-miss', toRow(person, makeStyle(chance)));
  }
  while (set.size < size.rows) set.add('base', toRow(population.make(), makeStyle(chance)));
  return set.finish(chance);
}

class ForeignPopulation extends Population {
  readonly #chance: Chance;

  constructor(chance: Chance) {
    super(chance);
    this.#chance = chance;
  }

  // A third have names of other languages.
  override firstName(): string {
    return this.#chance.happens(0.33) ? this.#chance.pick(firstNames) : super.firstName();
  }

  override lastName(): string {
    return this.#chance.happens(0.33) ? this.#chance.pick(lastNames) : super.lastName();
  }
}

function makeOriginal(kind: HeldOutKind, population: Population, chance: Chance): Person {
  const person = population.person();
  const phone = person.phone ?? population.phone();
  const isForeign = kind === 'umlauts written out' || kind === 'accents dropped';
  const withUmlaut = (names: readonly string[]) => chance.pick(names.filter((name) => /[äöüßøåÄÖÜØÅ]/.test(name)));
  if (kind === 'particle of the name') return { ...person, phone, last: chance.pick(lastNames.slice(-8)) };
  if (kind === 'unit and house number swapped') return { ...person, phone, unit: String(chance.between(2, 90)) };
  return isForeign ? { ...person, phone, last: withUmlaut(lastNames) } : { ...person, phone };
}

function makeDuplicate(kind: HeldOutKind, person: Person, population: Population, chance: Chance): Draft {
  const { first = '', last = '' } = person;
  // Whoever writes a customer down again seldom knows all of the first time.
  const known: Person = {
    ...person,
    ...(chance.happens(0.4) ? { email: undefined } : {}),
    ...(chance.happens(0.15) ? { phone: population.phone() } : {}),
  };
  const style = { ...makeStyle(chance), upper: false };
  switch (kind) {
    case 'umlauts written out':
      return toRow({ ...known, first: writeOut(first), last: writeOut(last) }, style);
    case 'accents dropped':
      return toRow({ ...known, first: dropAccents(first), last: dropAccents(last) }, style);
    case 'particle of the name':
      return toRow({ ...known, last: chance.pick([last.replaceAll(' ', ''), last.split(' ').at(-1) ?? last]) }, style);
    case 'key beside the right one': {
      const wrong = toRow(known, style);
      const fields = ['firstName', 'lastName', 'customerName', 'address', 'phoneNumber', 'city'] as const;
      const field = chance.pick(fields.filter((name) => typeof wrong[name] === 'string'));
      return { ...wrong, [field]: hitNeighbour(String(wrong[field]), chance) };
    }
    case 'read by a scanner': {
      const row = toRow(known, style);
      return Object.fromEntries(
        Object.entries(row).map(([name, value]) => [
          name,
          chance.happens(0.4) ? misreadOnce(String(value), chance) : value,
        ]),
      );
    }
    case 'unit and house number swapped':
      return toRow(
        { ...known, unit: person.house, house: person.unit },
        { ...style, unit: (unit, house) => `${unit}/${house}` },
      );
    case 'columns shifted by one':
      return shiftColumns(toRow(known, { ...style, name: 'parts' }), chance);
    case 'cells merged': {
      const { address, city, region, postalCode, ...rest } = toRow(known, style);
      return { ...rest, address: [address, city, region, postalCode].filter(Boolean).join(', ') };
    }
    case 'two letters at once':
      return toRow({ ...known, first: swapLetters(first, chance), last: swapLetters(last, chance) }, style);
  }
}

function writeOut(text: string): string {
  return dropAccents([...text].map((letter) => writtenOut[letter] ?? letter).join(''));
}

function dropAccents(text: string): string {
  return text
    .normalize('NFD')
    .replaceAll(/\p{M}/gu, '')
    .replaceAll(/[łŁøØıß]/g, (letter) => ({ ł: 'l', Ł: 'L', ø: 'o', Ø: 'O', ı: 'i', ß: 'ss' })[letter] ?? letter);
}

function hitNeighbour(text: string, chance: Chance): string {
  const at = chance.below(text.length);
  const beside = neighbours[text.charAt(at).toLowerCase()];
  return beside === undefined ? text : `${text.slice(0, at)}${chance.pick([...beside])}${text.slice(at + 1)}`;
}

function misreadOnce(text: string, chance: Chance): string {
  const [from, to] = chance.pick(misread);
  return text.replace(from, to);
}

function swapLetters(text: string, chance: Chance): string {
  if (text.length < 4) return text;
  const at = chance.between(1, text.length - 3);
  return `${text.slice(0, at)}${text.charAt(at + 1)}${text.charAt(at)}${text.slice(at + 2)}`;
}

const columns = [
  'customerName',
  'firstName',
  'lastName',
  'address',
  'city',
  'region',
  'postalCode',
  'country',
  'phoneNumber',
  'emailAddress',
] as const;

/** From a column on, every cell stands in the next one, as after a comma too many. */
function shiftColumns(row: Draft, chance: Chance): Draft {
  const from = chance.between(1, 5);
  const shifted = columns.flatMap((name, at) => {
    const source = at < from ? name : columns[at - 1];
    const value = at === from || source === undefined ? undefined : row[source];
    return value === undefined ? [] : [[name, value] as const];
  });
  return Object.fromEntries(shifted);
}

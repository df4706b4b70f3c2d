import { areFormsOfOneName, isCommonFirstName } from './first-names.js';
import { isOneEdit, jaroWinkler } from './likeness.js';
import type { PairEvidence } from './pair-evidence.js';
import type { RecordTable } from './record-table.js';
import { limits, maxNameBits, nameFrequencyPrior, type Reason, weights } from './weights.js';

/** Compares who two records are called: as people, as companies, or as one and the other. */
export function compareNames(table: RecordTable, a: number, b: number, pair: PairEvidence): void {
  const isPersonA = isPerson(table, a);
  const isPersonB = isPerson(table, b);
  const isCompanyA = table.get('company', a) !== 0;
  const isCompanyB = table.get('company', b) !== 0;
  const isGuessA = table.isGuess(a);
  const isGuessB = table.isGuess(b);
  if (isCompanyA && isCompanyB && !(isGuessA && isGuessB && areLikelyPeople(table, a, b))) {
    compareCompanies(table, a, b, pair);
    // The people whom a company names may change; where it is another company, too, they are two customers.
    if (pair.areNamesAlike || !isPersonA || !isPersonB || isGuessA || isGuessB) return;
    comparePeople(table, a, b, pair);
    pair.isDoubtful = true;
    return;
  }
  if (isPersonA && isPersonB && (isGuessA || isGuessB || (!isCompanyA && !isCompanyB))) {
    comparePeople(table, a, b, pair);
    return;
  }
  if (isCompanyA !== isCompanyB && (isPersonA || isPersonB)) comparePersonWithCompany(table, a, b, pair);
}

function isPerson(table: RecordTable, at: number): boolean {
  return table.get('first', at) !== 0 || table.get('last', at) !== 0;
}

function areLikelyPeople(table: RecordTable, a: number, b: number): boolean {
  return [a, b].every((at) => {
    const first = table.get('first', at);
    return isCommonFirstName(table.names.text(first)) || table.nameHolders('first', first) > 0;
  });
}

/** How two words of a name are to each other. */
type WordRelation = 'missing' | 'same' | 'initial' | 'form' | 'close' | 'part' | 'gender' | 'unclear' | 'other';

interface NameComparison {
  readonly first: WordRelation;
  readonly last: WordRelation;
  readonly bits: number;
}

function comparePeople(table: RecordTable, a: number, b: number, pair: PairEvidence): void {
  const straight = compareInOrder(table, a, b, false);
  let chosen = straight;
  let isSwapped = false;
  if (straight.first !== 'same' || straight.last !== 'same') {
    const swapped = maySwapNames(table, a, b) ? compareInOrder(table, a, b, true) : straight;
    isSwapped = swapped.bits + weights.namesSwapped > straight.bits && isAlike(swapped.first) && isAlike(swapped.last);
    if (isSwapped) chosen = swapped;
  }
  const { first, last } = chosen;
  addReason(
    firstNameReasons,
    first,
    firstNameBits(table, first, isSwapped ? lastOf(table, b) : firstOf(table, b)),
    pair,
  );
  addReason(lastNameReasons, last, lastNameBits(table, last, isSwapped ? firstOf(table, b) : lastOf(table, b)), pair);
  if (isSwapped) pair.add('swapped', weights.namesSwapped);
  const isFirstAlike = isAlike(first) || first === 'missing' || first === 'initial';
  pair.areNamesAlike =
    isFirstAlike && (isAlike(last) || last === 'missing') && !(first === 'missing' && last === 'missing');
  pair.isNameWhole = pair.areNamesAlike && first !== 'missing' && last !== 'missing';
  pair.hasSameName = first === 'same' && last === 'same';
  if (last === 'other' && first === 'same') {
    pair.hasOtherLastName = true;
    pair.areNamesAlike = true;
  }
  if (first === 'other') pair.contradict('otherPerson');
  if (first === 'gender') pair.doubt('genderForms');
  if (first === 'unclear') pair.isDoubtful = true;
  compareSuffixes(table, a, b, pair);
}

/** At least one name must sound as the other's other one, so that both are only compared where that may help. */
function maySwapNames(table: RecordTable, a: number, b: number): boolean {
  const [firstA, lastA, firstB, lastB] = [firstOf(table, a), lastOf(table, a), firstOf(table, b), lastOf(table, b)];
  if (firstA === 0 || lastA === 0 || firstB === 0 || lastB === 0) return false;
  return table.sound(firstA) === table.sound(lastB) || table.sound(lastA) === table.sound(firstB);
}

function firstOf(table: RecordTable, at: number): number {
  return table.get('first', at);
}

function lastOf(table: RecordTable, at: number): number {
  return table.get('last', at);
}

function compareInOrder(table: RecordTable, a: number, b: number, isSwapped: boolean): NameComparison {
  const [firstB, lastB] = isSwapped ? [lastOf(table, b), firstOf(table, b)] : [firstOf(table, b), lastOf(table, b)];
  const first = compareFirstNames(table, a, firstB, isSwapped ? 0 : table.get('second', b));
  const last = compareLastNames(table, lastOf(table, a), lastB);
  return { first, last, bits: firstNameBits(table, first, firstB) + lastNameBits(table, last, lastB) };
}

function compareFirstNames(table: RecordTable, a: number, idB: number, secondB: number): WordRelation {
  const idA = firstOf(table, a);
  if (idA === 0 || idB === 0) return 'missing';
  const secondA = table.get('second', a);
  if (idA === idB) {
    if (secondA === secondB) return 'same';
    if (secondA === 0 || secondB === 0) return 'part';
    const [nameA, nameB] = [table.names.text(secondA), table.names.text(secondB)];
    if (nameA.charAt(0) === nameB.charAt(0) && (nameA.length === 1 || nameB.length === 1)) return 'part';
    return isOneEdit(nameA, nameB) ? 'close' : 'unclear';
  }
  const [nameA, nameB] = [table.names.text(idA), table.names.text(idB)];
  if (nameA.length === 1 || nameB.length === 1) return nameA.charAt(0) === nameB.charAt(0) ? 'initial' : 'other';
  if (areFormsOfOneName(nameA, nameB)) return 'form';
  // Mary Ann as Maryann, and the second first name alone.
  const [wholeA, wholeB] = [nameA + table.names.text(secondA), nameB + table.names.text(secondB)];
  if (wholeA === wholeB) return 'same';
  if (secondA === idB || secondB === idA) return 'part';
  const areKnown = isKnownFirstName(table, idA, nameA) && isKnownFirstName(table, idB, nameB);
  if (areKnown) return 'other';
  if (areGenderForms(nameA, nameB)) return 'gender';
  // Of short words, another letter makes another name: Ada and Ida.
  const isLong = Math.min(nameA.length, nameB.length) >= limits.minMisspelled;
  if (isLong && areSpelledAlike(nameA, nameB)) return 'close';
  return jaroWinkler(nameA, nameB) < limits.farWord ? 'other' : 'unclear';
}

/** A name that occurs once may be a typing error; one that many have is a name. */
function isKnownFirstName(table: RecordTable, id: number, name: string): boolean {
  if (isCommonFirstName(name)) return true;
  const enough = Math.max(limits.minKnownName, table.counted / limits.customersPerKnownName);
  return table.nameHolders('first', id) >= enough;
}

/** Mario and Maria, Paul and Paula, Daniel and Danielle: hardly a typing error. */
function areGenderForms(a: string, b: string): boolean {
  const stem = (name: string) => name.replace(/(?:[oaei]|lle|na|ne|tta|ette)$/, '');
  return stem(a) === stem(b);
}

function compareLastNames(table: RecordTable, idA: number, idB: number): WordRelation {
  if (idA === 0 || idB === 0) return 'missing';
  if (idA === idB) return 'same';
  const [nameA, nameB] = [table.names.text(idA), table.names.text(idB)];
  const gluedA = nameA.includes(' ') ? nameA.replaceAll(' ', '') : nameA;
  const gluedB = nameB.includes(' ') ? nameB.replaceAll(' ', '') : nameB;
  if (gluedA === gluedB) return 'same';
  if (nameA.length === 1 || nameB.length === 1) return nameA.charAt(0) === nameB.charAt(0) ? 'initial' : 'other';
  if (isPartOf(nameA, nameB) || isPartOf(nameB, nameA)) return 'part';
  return areSpelledAlike(gluedA, gluedB) ? 'close' : 'other';
}

/** Whether one may be a misspelling of the other. Most pairs differ too much in length, which is seen at once. */
function areSpelledAlike(a: string, b: string): boolean {
  if (Math.abs(a.length - b.length) > limits.maxLengthDifference) return false;
  return isOneEdit(a, b) || jaroWinkler(a, b) >= limits.closeWord;
}

function isPartOf(part: string, whole: string): boolean {
  return whole.length > part.length && ` ${whole} `.includes(` ${part} `);
}

function isAlike(relation: WordRelation): boolean {
  return relation === 'same' || relation === 'form' || relation === 'close' || relation === 'part';
}

const firstNameReasons: Readonly<Record<WordRelation, Reason | undefined>> = {
  missing: undefined,
  same: 'sameFirstName',
  initial: 'initial',
  form: 'firstNameForm',
  close: 'firstNameClose',
  part: 'firstNamePart',
  gender: 'otherFirstName',
  unclear: 'otherFirstName',
  other: 'otherFirstName',
};

const lastNameReasons: Readonly<Record<WordRelation, Reason | undefined>> = {
  missing: undefined,
  same: 'sameLastName',
  initial: 'initial',
  form: 'lastNameClose',
  close: 'lastNameClose',
  part: 'lastNamePart',
  gender: 'otherLastName',
  unclear: 'otherLastName',
  other: 'otherLastName',
};

function addReason(
  reasons: Readonly<Record<WordRelation, Reason | undefined>>,
  relation: WordRelation,
  bits: number,
  pair: PairEvidence,
): void {
  const reason = reasons[relation];
  if (reason !== undefined) pair.add(reason, bits);
}

function firstNameBits(table: RecordTable, relation: WordRelation, name: number): number {
  switch (relation) {
    case 'missing':
      return 0;
    case 'same':
      return rarity(table, 'first', name);
    case 'initial':
      return weights.firstNameInitial;
    case 'form':
      return weights.firstNameForm;
    case 'close':
      return weights.firstNameClose;
    case 'part':
      return weights.firstNamePart;
    case 'gender':
    case 'unclear':
      return weights.firstNameOther / 2;
    case 'other':
      return weights.firstNameOther;
  }
}

function lastNameBits(table: RecordTable, relation: WordRelation, name: number): number {
  switch (relation) {
    case 'missing':
      return 0;
    case 'same':
      return rarity(table, 'last', name);
    case 'initial':
      return weights.firstNameInitial;
    case 'part':
      return weights.lastNamePart;
    case 'close':
    case 'form':
      return weights.lastNameClose;
    case 'gender':
    case 'unclear':
    case 'other':
      return weights.lastNameOther;
  }
}

/** The fewer have a name, the more it says that two have the same. */
function rarity(table: RecordTable, kind: keyof typeof maxNameBits, name: number): number {
  const holders = table.nameHolders(kind, name) + nameFrequencyPrior.holders;
  const customers = table.counted + nameFrequencyPrior.customers;
  return Math.min(maxNameBits[kind], Math.log2(customers / holders));
}

function compareSuffixes(table: RecordTable, a: number, b: number, pair: PairEvidence): void {
  const [suffixA, suffixB] = [table.get('suffix', a), table.get('suffix', b)];
  if (suffixA === suffixB) return;
  if (suffixA !== 0 && suffixB !== 0) pair.contradict('otherGeneration');
  else pair.doubt('otherGeneration');
}

function compareCompanies(table: RecordTable, a: number, b: number, pair: PairEvidence): void {
  pair.areFirms = true;
  const [idA, idB] = [table.get('company', a), table.get('company', b)];
  if (idA === idB) {
    pair.add('sameCompany', rarity(table, 'company', idA));
    pair.areNamesAlike = true;
    pair.isNameWhole = true;
    pair.hasSameName = true;
    return;
  }
  const [nameA, nameB] = [table.companies.text(idA), table.companies.text(idB)];
  const [onlyA, onlyB] = removeCommon(nameA.split(' '), nameB.split(' '));
  const [restA, restB] = [onlyA.join(''), onlyB.join('')];
  const hasCommon = onlyA.length < nameA.split(' ').length;
  pair.isNameCut = isCut(nameA, nameB);
  const isClose = pair.isNameCut || (restA !== '' && restB !== '' && areWordsAlike(restA, restB));
  if (isClose && !haveOtherNumbers(onlyA, onlyB)) {
    pair.add('companyClose', weights.companyClose);
    pair.areNamesAlike = true;
    pair.isNameWhole = true;
    return;
  }
  if (hasCommon && [...onlyA, ...onlyB].some((word) => isPlaceOrNumber(table, word))) {
    pair.add('companyPart', 0);
    pair.areNamesAlike = true;
    markOtherPlace(table, a, b, pair);
    return;
  }
  if (hasCommon && (restA === '' || restB === '')) {
    pair.add('companyPart', weights.companyPart);
    pair.areNamesAlike = true;
    return;
  }
  pair.add('otherCompany', weights.companyOther);
}

/** Names that differ by a place or number, at different places, are branches; at one place somebody has to look. */
function markOtherPlace(table: RecordTable, a: number, b: number, pair: PairEvidence): void {
  const isElsewhere = (['home', 'postCode'] as const).some((column) => {
    const [placeA, placeB] = [table.get(column, a), table.get(column, b)];
    return placeA !== 0 && placeB !== 0 && placeA !== placeB;
  });
  if (isElsewhere) pair.contradict('otherPlaceInName');
  else pair.doubt('otherPlaceInName');
}

function removeCommon(a: readonly string[], b: readonly string[]): readonly [readonly string[], readonly string[]] {
  return [a.filter((word) => !b.includes(word)), b.filter((word) => !a.includes(word))];
}

function areWordsAlike(a: string, b: string): boolean {
  return a === b || isOneEdit(a, b) || (a.length > 5 && b.length > 5 && areSpelledAlike(a, b));
}

/** Whether one ends in the middle of a word of the other, as where a server keeps only so many letters. */
function isCut(a: string, b: string): boolean {
  const [short, long] = a.length < b.length ? [a, b] : [b, a];
  return short.length >= limits.minCutName && long.startsWith(short) && long.charAt(short.length) !== ' ';
}

function haveOtherNumbers(a: readonly string[], b: readonly string[]): boolean {
  return [...a, ...b].some((word) => /\d/.test(word));
}

const directions: ReadonlySet<string> = new Set(
  'north south east west central city cbd airport upper lower inner outer one two three first second third i ii iii iv'.split(
    ' ',
  ),
);

function isPlaceOrNumber(table: RecordTable, word: string): boolean {
  return /^\d/.test(word) || directions.has(word) || table.isPlace(word);
}

function comparePersonWithCompany(table: RecordTable, a: number, b: number, pair: PairEvidence): void {
  const [person, firm] = table.get('company', a) === 0 ? [a, b] : [b, a];
  const words = table.companies.text(table.get('company', firm)).split(' ');
  const last = table.names.text(table.get('last', person)).split(' ');
  const first = table.names.text(table.get('first', person));
  // A company's own contact is that person.
  const isContact =
    table.get('last', firm) !== 0 &&
    table.get('last', firm) === table.get('last', person) &&
    table.get('first', firm) === table.get('first', person);
  const isNamedAfter = last.some((word) => word.length > 2 && words.includes(word)) || words.includes(first);
  if (!isContact && !isNamedAfter) {
    pair.add('otherCompany', weights.companyOther);
    return;
  }
  pair.add('personAndCompany', weights.personAndCompany);
  pair.areNamesAlike = true;
  pair.isDoubtful = true;
}

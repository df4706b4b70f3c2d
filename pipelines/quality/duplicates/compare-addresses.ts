import { isOneEdit, jaroWinkler } from './likeness.js';
import type { PairEvidence } from './pair-evidence.js';
import type { RecordTable } from './record-table.js';
import { limits, weights } from './weights.js';

/** What two homes are to each other. */
export interface HomeComparison {
  /** Street and number agree, and so does the unit where both have one. */
  readonly isSame: boolean;
  /** Many live there. */
  readonly isShared: boolean;
  /** Street or number differ. */
  readonly isOther: boolean;
  readonly isSamePostCode: boolean;
  readonly isOtherPostCode: boolean;
}

export function compareAddresses(table: RecordTable, a: number, b: number, pair: PairEvidence): HomeComparison {
  const postCode = comparePlaces(table, a, b, pair);
  const street = compareStreets(table, a, b, pair);
  return { ...postCode, ...street };
}

function comparePlaces(table: RecordTable, a: number, b: number, pair: PairEvidence) {
  const [codeA, codeB] = [table.get('postCode', a), table.get('postCode', b)];
  const [cityA, cityB] = [table.get('city', a), table.get('city', b)];
  const hasCities = cityA !== 0 && cityB !== 0;
  if (codeA === 0 || codeB === 0) {
    if (hasCities)
      pair.add(cityA === cityB ? 'sameCity' : 'otherCity', cityA === cityB ? weights.city : weights.cityOther);
    return { isSamePostCode: false, isOtherPostCode: false };
  }
  if (codeA === codeB) {
    pair.add('samePostCode', weights.postCode);
    return { isSamePostCode: true, isOtherPostCode: false };
  }
  // A digit may be wrong, but not where the cities differ, too.
  const isClose = isOneEdit(table.postCodeText(codeA), table.postCodeText(codeB)) && !(hasCities && cityA !== cityB);
  pair.add(isClose ? 'closePostCode' : 'otherPostCode', isClose ? weights.postCodeClose : weights.postCodeOther);
  return { isSamePostCode: false, isOtherPostCode: !isClose };
}

function compareStreets(table: RecordTable, a: number, b: number, pair: PairEvidence) {
  const [streetA, streetB] = [table.get('street', a), table.get('street', b)];
  const nowhere = { isSame: false, isShared: false, isOther: false };
  if (streetA === 0 || streetB === 0) return nowhere;
  const isSameStreet = streetA === streetB;
  if (!isSameStreet && !areStreetsAlike(table.streets.text(streetA), table.streets.text(streetB))) {
    pair.add('otherStreet', weights.streetOther);
    return { ...nowhere, isOther: true };
  }
  const [houseA, houseB] = [table.get('house', a), table.get('house', b)];
  const [unitA, unitB] = [table.get('unit', a), table.get('unit', b)];
  if (houseA === 0 || houseB === 0) {
    pair.add('streetOnly', weights.street);
    return nowhere;
  }
  // Which number comes first is written in both ways.
  const isSwapped = houseA === unitB && unitA === houseB;
  if (houseA !== houseB && !isSwapped && houseA !== unitB && unitA !== houseB) {
    pair.add('otherHouse', weights.houseNumberOther);
    return { ...nowhere, isOther: true };
  }
  const isOtherUnit = !isSwapped && unitA !== 0 && unitB !== 0 && unitA !== unitB;
  const isShared = table.holders('home', table.get('home', a)) > limits.maxHousehold && (unitA === 0 || isOtherUnit);
  if (isShared) pair.add('sharedStreet', pair.areNamesAlike ? weights.sharedValue : 0);
  else if (isSameStreet && houseA === houseB) pair.add('sameStreet', weights.streetAndNumber);
  else pair.add('closeStreet', weights.streetAndNumberClose);
  if (isOtherUnit) pair.add('otherUnit', weights.unitOther);
  else if (unitA !== 0 && unitA === unitB) pair.add('sameUnit', weights.unit);
  return { isSame: !isOtherUnit, isShared, isOther: isOtherUnit };
}

/** Spelled alike, or one with more words, as where the city stands behind it. */
function areStreetsAlike(a: string, b: string): boolean {
  if (jaroWinkler(a, b) >= limits.closeWord && !haveOtherWord(a, b)) return true;
  return `${a} `.startsWith(`${b} `) || `${b} `.startsWith(`${a} `);
}

/** High St and High Rd are two streets, spelled alike or not. */
function haveOtherWord(a: string, b: string): boolean {
  const [wordsA, wordsB] = [a.split(' '), b.split(' ')];
  if (wordsA.length !== wordsB.length || wordsA.length < 2) return false;
  return wordsA.some((word, at) => {
    const other = wordsB[at] ?? '';
    return word !== other && !isOneEdit(word, other) && jaroWinkler(word, other) < limits.closeWord;
  });
}

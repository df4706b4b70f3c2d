import { compareAddresses } from './compare-addresses.js';
import { compareNames } from './compare-names.js';
import { type Evidence, PairEvidence } from './pair-evidence.js';
import type { RecordTable } from './record-table.js';
import { limits, reasonTexts, weights } from './weights.js';

/** What two records are to each other. */
export type Tier =
  /** One customer. */
  | 'same'
  /** For a person to decide. */
  | 'review'
  /** Two customers. */
  | 'other';

/** How likely two records are one customer, and why. */
export interface PairScore {
  readonly bits: number;
  readonly tier: Tier;
  /** Reason enough to ask before the customer is added again. */
  readonly isStrong: boolean;
  /** The names, or the places of a firm, contradict each other. */
  readonly isContradicted: boolean;
  /**
   * Two customers by their names: another first name, another generation, or another place in a firm's name. Whoever is
   * called something else altogether may have changed the name: a firm, or a person with a new last name. Unless little else
   * agrees, see {@link isSomebodyElse}.
   */
  readonly hasOtherName: boolean;
  readonly evidence: readonly Evidence[];
}

export interface PairScorer {
  /** All that speaks for and against. */
  explain(a: number, b: number): PairScore;
  /** The same without the evidence, and without what does not matter any more: there are millions of pairs. */
  rank(a: number, b: number): Pick<PairScore, 'bits' | 'tier'>;
}

const twoCustomers = { bits: 0, tier: 'other' } as const;

/** Compares two records of a table, each value that both have: what is missing neither agrees nor differs. */
export function createPairScorer(table: RecordTable): PairScorer {
  const pair = new PairEvidence();

  function compareRest(a: number, b: number): PairScore {
    const areNamesOther = !pair.areNamesAlike && pair.bits < 0;
    const contact = compareContacts(table, a, b, pair);
    const home = compareAddresses(table, a, b, pair);
    // A whole name may be a firm's, too: Warren Leadership.
    const mayBeFirms = pair.areFirms || (table.isGuess(a) && table.isGuess(b));
    if (mayBeFirms && pair.areNamesAlike && (home.isOther || home.isOtherPostCode)) pair.doubt('otherBranch');
    const hasOtherName = pair.isContradicted || (areNamesOther && isSomebodyElse(contact, home));
    return {
      bits: pair.bits,
      tier: chooseTier(pair, contact, home),
      isStrong: isStrongEvidence(pair, contact, home),
      isContradicted: hasOtherName || pair.isDoubtful,
      hasOtherName,
      evidence: pair.evidence,
    };
  }

  return {
    explain(a, b) {
      pair.clear(true);
      compareNames(table, a, b, pair);
      return compareRest(a, b);
    },
    rank(a, b) {
      pair.clear(false);
      compareNames(table, a, b, pair);
      if (pair.isContradicted || !(pair.areNamesAlike || pair.isDoubtful)) return twoCustomers;
      if (pair.hasOtherLastName && !haveCommonContact(table, a, b)) return twoCustomers;
      return compareRest(a, b);
    },
  };
}

function haveCommonContact(table: RecordTable, a: number, b: number): boolean {
  return (
    isSameValue(table.get('email', a), table.get('email', b)) ||
    isSameValue(table.get('phone', a), table.get('phone', b)) ||
    isSameValue(table.get('street', a), table.get('street', b)) ||
    isSameValue(table.get('house', a), table.get('house', b))
  );
}

function isSameValue(a: number, b: number): boolean {
  return a !== 0 && a === b;
}

/** What agreed besides the name. */
interface ContactResult {
  readonly isSameEmail: boolean;
  /** It is of a desk, or many have it. */
  readonly isWeakEmail: boolean;
  readonly isSamePhone: boolean;
  /** Many have it. */
  readonly isWeakPhone: boolean;
  readonly isOtherPhone: boolean;
  readonly isOtherEmail: boolean;
}

function compareContacts(table: RecordTable, a: number, b: number, pair: PairEvidence): ContactResult {
  const [emailA, emailB] = [table.get('email', a), table.get('email', b)];
  const [phoneA, phoneB] = [table.get('phone', a), table.get('phone', b)];
  const isSameEmail = emailA !== 0 && emailA === emailB;
  const isSamePhone = phoneA !== 0 && phoneA === phoneB;
  const emailHolders = isSameEmail ? table.holders('email', emailA) : 0;
  const phoneHolders = isSamePhone ? table.holders('phone', phoneA) : 0;
  const isRole = table.hasRoleEmail(a);
  if (isSameEmail && emailHolders > limits.maxHolders)
    pair.add('sharedEmail', pair.areNamesAlike ? weights.sharedValue : 0);
  else if (isSameEmail)
    pair.add(isRole ? 'sameRoleEmail' : 'sameEmail', share(isRole ? weights.emailOfRole : weights.email, emailHolders));
  else if (emailA !== 0 && emailB !== 0) {
    const userA = table.get('emailUser', a);
    const isSameUser = userA !== 0 && userA === table.get('emailUser', b);
    pair.add(isSameUser ? 'sameEmailUser' : 'otherEmail', isSameUser ? weights.emailUser : weights.emailOther);
  }
  if (isSamePhone && phoneHolders > limits.maxHolders)
    pair.add('sharedPhone', pair.areNamesAlike ? weights.sharedValue : 0);
  else if (isSamePhone) pair.add('samePhone', share(weights.phone, phoneHolders));
  else if (phoneA !== 0 && phoneB !== 0) pair.add('otherPhone', weights.phoneOther);
  return {
    isSameEmail,
    isWeakEmail: isRole || emailHolders > limits.maxHolders,
    isSamePhone,
    isWeakPhone: phoneHolders > limits.maxHolders,
    isOtherPhone: !isSamePhone && phoneA !== 0 && phoneB !== 0,
    isOtherEmail: !isSameEmail && emailA !== 0 && emailB !== 0,
  };
}

/** A value is worth less the more have it; two have to, if they are one customer. */
function share(bits: number, holders: number): number {
  return bits - 2 * Math.log2(Math.max(2, holders) - 1);
}

type HomeResult = ReturnType<typeof compareAddresses>;

function chooseTier(pair: PairEvidence, contact: ContactResult, home: HomeResult): Tier {
  if (pair.isContradicted || pair.bits < limits.review) return 'other';
  const hasContact = contact.isSameEmail || contact.isSamePhone || home.isSame;
  if (!hasContact) {
    // Namesakes: somebody who has moved keeps a number or an address, as a rule.
    const differing = [contact.isOtherEmail, contact.isOtherPhone, home.isOther].filter(Boolean).length;
    return pair.areNamesAlike && !pair.hasOtherLastName && differing < 2 ? 'review' : 'other';
  }
  if (!pair.areNamesAlike) return pair.bits >= limits.same && pair.isDoubtful ? 'review' : 'other';
  if (pair.isDoubtful || pair.bits < limits.same) return 'review';
  const agreeing = [
    contact.isSameEmail && !contact.isWeakEmail,
    contact.isSamePhone && !contact.isWeakPhone,
    home.isSame && !home.isShared,
  ].filter(Boolean).length;
  if (pair.hasOtherLastName) return agreeing >= 2 && contact.isSameEmail && !contact.isWeakEmail ? 'same' : 'review';
  // What many share does not tell a misspelling from a neighbour.
  if (agreeing === 0 && !pair.hasSameName) return 'review';
  if (!pair.isNameWhole) return agreeing >= 2 ? 'same' : 'review';
  return 'same';
}

function isStrongEvidence(pair: PairEvidence, contact: ContactResult, home: HomeResult): boolean {
  if (contact.isSameEmail && !contact.isWeakEmail) return true;
  if (contact.isSamePhone && pair.areNamesAlike) return true;
  // A server may keep only so many letters of a name.
  return (pair.hasSameName || pair.isNameCut) && home.isSamePostCode;
}

/**
 * Whether names that have nothing in common are two customers: no more than one other value agrees, and one differs, or the
 * one that agrees is the mailbox of a desk. One difference alone is an edit: the name has changed.
 */
function isSomebodyElse(contact: ContactResult, home: HomeResult): boolean {
  const agreeing = [contact.isSameEmail, contact.isSamePhone, home.isSame, home.isSamePostCode].filter(Boolean).length;
  if (agreeing > 1) return false;
  const isDesk = contact.isSameEmail && contact.isWeakEmail;
  return isDesk || contact.isOtherEmail || contact.isOtherPhone || home.isOther || home.isOtherPostCode;
}

/** Evidence in words, what speaks for it first. */
export function describeEvidence(evidence: readonly Evidence[]): readonly string[] {
  const order = [...evidence].sort((a, b) => b.bits - a.bits);
  return order.map(({ reason }) => reasonTexts[reason]);
}

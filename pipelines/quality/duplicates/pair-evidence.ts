import type { Reason } from './weights.js';

/** A piece of evidence with its weight in bits, which is below zero when it speaks against. */
export interface Evidence {
  readonly reason: Reason;
  readonly bits: number;
}

/** The evidence of one pair, while it is collected. One object serves for all pairs: there are millions. */
export class PairEvidence {
  bits = 0;
  /** Reasons are collected; else only their sum. */
  isExplained = false;
  evidence: Evidence[] = [];
  /** The names may belong to one customer. */
  areNamesAlike = false;
  /** First and last name, or the company's, are the same. */
  hasSameName = false;
  /** One is the beginning of the other, and ends in the middle of a word. */
  isNameCut = false;
  /** First and last name, or the company's, are there on both sides and alike. */
  isNameWhole = false;
  /** They were compared as companies. */
  areFirms = false;
  /** Last names have nothing in common, as after a marriage. */
  hasOtherLastName = false;
  /** Speaks against one customer, whatever else agrees: for a person to decide. */
  isDoubtful = false;
  /** Certainly two customers. */
  isContradicted = false;

  clear(isExplained: boolean): void {
    this.bits = 0;
    this.isExplained = isExplained;
    if (isExplained) this.evidence = [];
    this.areNamesAlike = false;
    this.hasSameName = false;
    this.isNameCut = false;
    this.isNameWhole = false;
    this.areFirms = false;
    this.hasOtherLastName = false;
    this.isDoubtful = false;
    this.isContradicted = false;
  }

  add(reason: Reason, bits: number): void {
    this.bits += bits;
    if (this.isExplained) this.evidence.push({ reason, bits });
  }

  doubt(reason: Reason): void {
    this.isDoubtful = true;
    this.add(reason, 0);
  }

  contradict(reason: Reason): void {
    this.isContradicted = true;
    this.add(reason, 0);
  }
}

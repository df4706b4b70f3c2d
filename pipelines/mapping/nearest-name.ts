import { distance } from 'fastest-levenshtein';
import { normaliseName } from './normalise-name.js';

const maxNamesListed = 8;
const maxNamesSuggested = 3;

/** A name inside another one is a weaker hint than a typing error. */
const partialMatchScore = 0.95;

/**
 * The candidates that the writer of `name` may have meant, best first.
 *
 * A candidate is near when at most a third of its letters differ (two always may), or when one name contains the other.
 */
export function nearestNames(name: string, candidates: readonly string[]): readonly string[] {
  const wanted = keepLetters(name);
  const scored = candidates.map((candidate) => ({ candidate, score: scoreDifference(wanted, keepLetters(candidate)) }));
  return scored
    .filter(({ score }) => score < 1)
    .sort((a, b) => a.score - b.score)
    .slice(0, maxNamesSuggested)
    .map(({ candidate }) => candidate);
}

/** Ends a sentence about an unknown name: the nearest names, or all of them when they are few. */
export function suggestNames(name: string, candidates: readonly string[]): string {
  const nearest = nearestNames(name, candidates);
  if (nearest.length > 0) return `did you mean ${nearest.map(quote).join(' or ')}?`;
  if (candidates.length === 0) return 'there are none';
  const rest = candidates.length - maxNamesListed;
  const listed = candidates.slice(0, maxNamesListed).map(quote).join(', ');
  return `use one of ${listed}${rest > 0 ? ` (and ${rest} more)` : ''}`;
}

function quote(name: string): string {
  return `"${name}"`;
}

function keepLetters(name: string): string {
  return normaliseName(name).replaceAll(/[^\p{L}\p{N}]/gu, '');
}

/** 0 for the same letters, 1 or more for unrelated names. */
function scoreDifference(wanted: string, candidate: string): number {
  if (wanted === candidate) return 0;
  const edits = distance(wanted, candidate);
  const allowed = Math.max(2, Math.max(wanted.length, candidate.length) / 3);
  const shorter = wanted.length < candidate.length ? wanted : candidate;
  const isContained = shorter.length >= 4 && (wanted.includes(candidate) || candidate.includes(wanted));
  if (edits <= allowed && edits < shorter.length) return edits / (allowed + 1);
  return isContained ? partialMatchScore : 1;
}

import { distance } from 'fastest-levenshtein';
import { normaliseName } from './normalise-name.js';

const mostNamesListed = 8;
const mostNamesOffered = 3;

/** A name inside another is a weaker hint than a slip of the pen. */
const unlikenessOfPart = 0.95;

/**
 * The candidates that someone who wrote `name` may have meant, best first.
 *
 * Near means: a third of the letters differ at most (but two may always), or one name contains the other.
 */
export function nearestNames(name: string, candidates: readonly string[]): readonly string[] {
  const wanted = lettersOf(name);
  const scored = candidates.map((candidate) => ({ candidate, score: unlikeness(wanted, lettersOf(candidate)) }));
  return scored
    .filter(({ score }) => score < 1)
    .sort((one, other) => one.score - other.score)
    .slice(0, mostNamesOffered)
    .map(({ candidate }) => candidate);
}

/** Ends a sentence about an unknown name: the nearest names, or all of them when they are few. */
export function offerNames(name: string, candidates: readonly string[]): string {
  const nearest = nearestNames(name, candidates);
  if (nearest.length > 0) return `did you mean ${nearest.map(quoted).join(' or ')}?`;
  if (candidates.length === 0) return 'there are none';
  const rest = candidates.length - mostNamesListed;
  const listed = candidates.slice(0, mostNamesListed).map(quoted).join(', ');
  return `use one of ${listed}${rest > 0 ? ` (and ${rest} more)` : ''}`;
}

function quoted(name: string): string {
  return `"${name}"`;
}

function lettersOf(name: string): string {
  return normaliseName(name).replaceAll(/[^\p{L}\p{N}]/gu, '');
}

/** 0 for the same letters, 1 or more for names that have nothing to do with each other. */
function unlikeness(wanted: string, candidate: string): number {
  if (wanted === candidate) return 0;
  const edits = distance(wanted, candidate);
  const allowed = Math.max(2, Math.max(wanted.length, candidate.length) / 3);
  const shorter = wanted.length < candidate.length ? wanted : candidate;
  const isContained = shorter.length >= 4 && (wanted.includes(candidate) || candidate.includes(wanted));
  if (edits <= allowed && edits < shorter.length) return edits / (allowed + 1);
  return isContained ? unlikenessOfPart : 1;
}

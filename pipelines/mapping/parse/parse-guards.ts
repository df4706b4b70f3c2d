import { type GuardName, type Guards, guardNames, guardProblem } from '#pipelines/guards.js';
import type { Place } from './place.js';

/** Reads what may make an import refuse to begin. */
export function parseGuards(place: Place): Guards {
  if (!place.isObjectOf(guardNames)) return {};
  for (const name of guardNames) {
    const at = place.at(name);
    const problem = at.isAbsent ? undefined : guardProblem(name as GuardName, at.value);
    if (problem !== undefined) at.problem('GUARD_INVALID', problem);
  }
  return place.value as Guards;
}

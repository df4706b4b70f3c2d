import type { Call } from '#src/sandbox/api/call.js';
import { readListQuery } from '#src/sandbox/api/read-list-query.js';
import { checkFault } from './check-fault.js';
import { type Fault, type FaultTiming, faultRuleOf, kindsOf } from './fault.js';
import { seededRandom } from './seeded-random.js';

/** What strikes one request: delays add up, of the rest the first in the list wins. */
export interface Strike {
  readonly delayBeforeMs: number;
  readonly delayAfterMs: number;
  readonly fault: Fault | undefined;
  /** Names of all that struck, for the log. */
  readonly names: string;
}

/** Decides, request by request, which faults strike. */
export interface FaultPlan {
  strike(call: Call): Strike | undefined;
}

const defaultLatencyMs = 1000;

/**
 * Every fault counts the requests that match it on its own, those that another fault struck included, and draws
 * from its own random numbers: adding a fault to a list does not move the others.
 *
 * @throws {UsageError} a fault makes no sense
 */
export function faultPlan(faults: readonly Fault[], seed: number): FaultPlan {
  const armed = faults.map((fault, index) => arm(checkFault(fault), seed + index));
  return {
    strike(call) {
      if (armed.length === 0) return undefined;
      const due = armed.filter((isDue) => isDue.for(call)).map(({ fault }) => fault);
      return due.length === 0 ? undefined : combine(due);
    },
  };
}

function arm(fault: Fault, seed: number): { fault: Fault; for(call: Call): boolean } {
  const kinds = kindsOf(fault);
  const random = seededRandom(seed);
  let seen = 0;
  return {
    fault,
    for(call) {
      if (!kinds.includes(call.kind)) return false;
      if (fault.bodyContains !== undefined && !call.bodyText.includes(fault.bodyContains)) return false;
      if (fault.page !== undefined && pageOf(call) !== fault.page) return false;
      seen += 1;
      return isDue(fault.when, seen, random);
    },
  };
}

function pageOf(call: Call): number | undefined {
  return call.kind === 'list' ? readListQuery(call.query).selection.page : undefined;
}

function isDue(when: FaultTiming | undefined, seen: number, random: () => number): boolean {
  if (when === undefined) return true;
  if ('percent' in when) return random() * 100 < when.percent;
  if ('every' in when) return seen % when.every === 0;
  if ('nth' in when) return when.nth.includes(seen);
  return seen <= when.first;
}

function combine(due: readonly Fault[]): Strike {
  const isDelay = (fault: Fault) => faultRuleOf(fault.name).effect === 'delay';
  const delayMs = (moment: 'before' | 'after') =>
    due
      .filter((fault) => isDelay(fault) && faultRuleOf(fault.name).moment === moment)
      .reduce((sum, fault) => sum + (fault.ms ?? defaultLatencyMs), 0);
  const fault = due.find((candidate) => !isDelay(candidate));
  const struck = due.filter((candidate) => isDelay(candidate) || candidate === fault);
  return {
    delayBeforeMs: delayMs('before'),
    delayAfterMs: delayMs('after'),
    fault,
    names: struck.map(({ name }) => name).join('+'),
  };
}

import { UsageError } from '#src/errors.js';
import { callKinds } from '#src/sandbox/api/call.js';
import { type Fault, type FaultName, faultRuleOf, faultRules, kindsOf } from './fault.js';
import { nearestName } from './nearest-name.js';

export const faultNames = Object.keys(faultRules) as FaultName[];

const example = '503:add:nth=3';

/** Settings that are numbers, and the smallest that makes sense. */
const smallest = { page: 1, ms: 0, retryAfterSeconds: 0, insert: 0, delete: 0, edit: 0 } as const;

/** A complaint about one fault, as its user wrote it. */
export function faultError(written: string, complaint: string): UsageError {
  return new UsageError(`Fault '${written}': ${complaint}`, {
    code: 'SANDBOX_FAULT',
    nextStep: `Write a fault like ${example}; the sandbox's page lists them all.`,
  });
}

/**
 * Checks a fault from outside, where types do not reach.
 *
 * @throws {UsageError} names what is wrong and the nearest right name
 */
export function checkFault(fault: unknown, written = JSON.stringify(fault)): Fault {
  if (typeof fault !== 'object' || fault === null) throw faultError(written, 'it must be a text or an object.');
  const candidate = fault as Fault;
  const fail = (complaint: string): never => {
    throw faultError(written, complaint);
  };
  if (!faultNames.includes(candidate.name))
    fail(`there is no fault '${candidate.name}'. Did you mean '${nearestName(String(candidate.name), faultNames)}'?`);
  const on = candidate.on ?? 'any';
  const kinds = ['any', ...callKinds];
  if (!kinds.includes(on)) fail(`there is no kind of call '${on}'. Did you mean '${nearestName(String(on), kinds)}'?`);
  if (kindsOf(candidate).length === 0)
    fail(`'${candidate.name}' can strike ${faultRuleOf(candidate.name).on.join(', ')} only.`);
  for (const [setting, least] of Object.entries(smallest)) {
    const value = candidate[setting as keyof typeof smallest];
    if (value !== undefined && !isCount(value, least)) fail(`${setting} must be an integer from ${least}.`);
  }
  checkTiming(candidate, fail);
  return candidate;
}

function checkTiming({ when }: Fault, fail: (complaint: string) => never): void {
  if (when === undefined) return;
  const [timing, ...others] = Object.keys(when);
  if (others.length > 0) fail('say one of percent, every, nth and first.');
  if ('percent' in when) {
    if (!(when.percent >= 0 && when.percent <= 100)) fail('percent must be from 0 to 100.');
  } else if ('every' in when) {
    if (!isCount(when.every, 1)) fail('every must be an integer from 1.');
  } else if ('first' in when) {
    if (!isCount(when.first, 1)) fail('first must be an integer from 1.');
  } else if (!('nth' in when)) fail(`there is no timing '${timing}': say one of percent, every, nth and first.`);
  else if (!Array.isArray(when.nth) || !when.nth.every((nth) => isCount(nth, 1)))
    fail('nth must be integers from 1, separated by commas.');
}

function isCount(value: unknown, least: number): boolean {
  return Number.isSafeInteger(value) && Number(value) >= least;
}

import { UsageError } from '#src/errors.js';
import { type CallKind, callKinds } from './call.js';

/** What a fault does to a request; `after` means once the API has durably done what was asked. */
interface FaultRule {
  readonly effect:
    | 'delay'
    | 'status'
    | 'html'
    | 'redirect'
    | 'expire'
    | 'reset'
    | 'close'
    | 'hang'
    | 'cut'
    | 'non-json'
    | 'page-change';
  readonly moment: 'before' | 'after';
  readonly on: readonly CallKind[];
  readonly status?: number;
}

const any = callKinds;
/** A login carries no token that could expire. */
const withToken = callKinds.filter((kind) => kind !== 'login');

/** Every fault there is. */
const faultRules = {
  latency: { effect: 'delay', moment: 'before', on: any },
  'latency-after-commit': { effect: 'delay', moment: 'after', on: any },
  '400': { effect: 'status', moment: 'before', on: any, status: 400 },
  '403': { effect: 'status', moment: 'before', on: any, status: 403 },
  '404': { effect: 'status', moment: 'before', on: any, status: 404 },
  '409': { effect: 'status', moment: 'before', on: any, status: 409 },
  '429': { effect: 'status', moment: 'before', on: any, status: 429 },
  '500': { effect: 'status', moment: 'before', on: any, status: 500 },
  '502': { effect: 'status', moment: 'before', on: any, status: 502 },
  '503': { effect: 'status', moment: 'before', on: any, status: 503 },
  '500-after-commit': { effect: 'status', moment: 'after', on: any, status: 500 },
  '502-after-commit': { effect: 'status', moment: 'after', on: any, status: 502 },
  '503-after-commit': { effect: 'status', moment: 'after', on: any, status: 503 },
  reset: { effect: 'reset', moment: 'before', on: any },
  'reset-after-commit': { effect: 'reset', moment: 'after', on: any },
  close: { effect: 'close', moment: 'before', on: any },
  'close-after-commit': { effect: 'close', moment: 'after', on: any },
  hang: { effect: 'hang', moment: 'before', on: any },
  'hang-after-commit': { effect: 'hang', moment: 'after', on: any },
  cut: { effect: 'cut', moment: 'after', on: any },
  'non-json': { effect: 'non-json', moment: 'after', on: any },
  'html-error': { effect: 'html', moment: 'before', on: any, status: 502 },
  redirect: { effect: 'redirect', moment: 'before', on: any },
  expire: { effect: 'expire', moment: 'before', on: withToken },
  'page-change': { effect: 'page-change', moment: 'after', on: ['list'] },
} as const satisfies Record<string, FaultRule>;

type FaultName = keyof typeof faultRules;

export type FaultEffect = FaultRule['effect'];

/** Which of the matching requests a fault affects, counted from 1. */
export type FaultTiming =
  | { readonly percent: number }
  | { readonly every: number }
  | { readonly nth: readonly number[] }
  | { readonly first: number };

/** Something that goes wrong on purpose: what, for which requests, and when. */
export interface Fault {
  readonly name: FaultName;
  /** @default 'any' - every kind that the fault can affect */
  readonly on?: CallKind | 'any';
  /** Affects only requests whose body contains this text. */
  readonly bodyContains?: string;
  /** Affects only requests for this page of a list. */
  readonly page?: number;
  /** @default every matching request */
  readonly when?: FaultTiming;
  /** How long a `latency` lasts, in milliseconds. @default 1000 */
  readonly ms?: number;
  /** Sent as `Retry-After` with a status. @default no such header */
  readonly retryAfterSeconds?: number;
  /** @default 'seconds' */
  readonly retryAfterAs?: 'seconds' | 'date';
  /** How many customers `page-change` adds. With none of the three given, each is 1. */
  readonly insert?: number;
  /** How many customers `page-change` deletes, from the front of the list. */
  readonly delete?: number;
  /** How many customers `page-change` edits, from the front of the list. */
  readonly edit?: number;
}

export function getFaultRule(name: FaultName): FaultRule {
  return faultRules[name];
}

/** Kinds of calls that this fault may affect. */
export function listTargetKinds(fault: Fault): readonly CallKind[] {
  const possible = getFaultRule(fault.name).on;
  return fault.on === undefined || fault.on === 'any' ? possible : possible.filter((kind) => kind === fault.on);
}

/** The candidate that needs the fewest single-letter changes to become what was written. */
function findNearestName(written: string, candidates: readonly string[]): string {
  let [nearest = '', ...others] = candidates;
  let minChanges = distance(written, nearest);
  for (const candidate of others) {
    const changes = distance(written, candidate);
    if (changes < minChanges) [nearest, minChanges] = [candidate, changes];
  }
  return nearest;
}

function distance(left: string, right: string): number {
  let above = Array.from({ length: right.length + 1 }, (_, column) => column);
  for (const [row, letter] of [...left].entries()) {
    const current = [row + 1];
    for (const [column, otherLetter] of [...right].entries()) {
      const replaced = (above[column] ?? 0) + (letter === otherLetter ? 0 : 1);
      current.push(Math.min(replaced, (above[column + 1] ?? 0) + 1, (current[column] ?? 0) + 1));
    }
    above = current;
  }
  return above.at(-1) ?? 0;
}

export const faultNames = Object.keys(faultRules) as FaultName[];

const example = '503:add:nth=3';

/** Numeric settings and their minimum. */
const minValues = { page: 1, ms: 0, retryAfterSeconds: 0, insert: 0, delete: 0, edit: 0 } as const;

/** The error for one fault, quoted as its user wrote it. */
function faultError(written: string, problem: string): UsageError {
  return new UsageError(`Fault '${written}': ${problem}`, {
    code: 'SANDBOX_FAULT',
    nextStep: `Write a fault like ${example}; the README of the sandbox lists all faults.`,
  });
}

/**
 * Checks a fault from outside, where types do not reach.
 *
 * @throws {UsageError} names what is wrong and the nearest valid name
 */
export function checkFault(fault: unknown, written = JSON.stringify(fault)): Fault {
  if (typeof fault !== 'object' || fault === null) throw faultError(written, 'it must be a string or an object.');
  const candidate = fault as Fault;
  const fail = (problem: string): never => {
    throw faultError(written, problem);
  };
  if (!faultNames.includes(candidate.name))
    fail(
      `there is no fault '${candidate.name}'. Did you mean '${findNearestName(String(candidate.name), faultNames)}'?`,
    );
  const on = candidate.on ?? 'any';
  const kinds = ['any', ...callKinds];
  if (!kinds.includes(on))
    fail(`there is no kind of call '${on}'. Did you mean '${findNearestName(String(on), kinds)}'?`);
  if (listTargetKinds(candidate).length === 0)
    fail(`'${candidate.name}' can only affect ${getFaultRule(candidate.name).on.join(', ')}.`);
  for (const [setting, min] of Object.entries(minValues)) {
    const value = candidate[setting as keyof typeof minValues];
    if (value !== undefined && !isCount(value, min)) fail(`${setting} must be an integer from ${min}.`);
  }
  checkTiming(candidate, fail);
  return candidate;
}

function checkTiming({ when }: Fault, fail: (problem: string) => never): void {
  if (when === undefined) return;
  const [timing, ...others] = Object.keys(when);
  if (others.length > 0) fail('use one of percent, every, nth and first.');
  if ('percent' in when) {
    if (!(when.percent >= 0 && when.percent <= 100)) fail('percent must be from 0 to 100.');
  } else if ('every' in when) {
    if (!isCount(when.every, 1)) fail('every must be an integer from 1.');
  } else if ('first' in when) {
    if (!isCount(when.first, 1)) fail('first must be an integer from 1.');
  } else if (!('nth' in when)) fail(`there is no timing '${timing}': use one of percent, every, nth and first.`);
  else if (!Array.isArray(when.nth) || !when.nth.every((nth) => isCount(nth, 1)))
    fail('nth must be integers from 1, separated by commas.');
}

function isCount(value: unknown, min: number): boolean {
  return Number.isSafeInteger(value) && Number(value) >= min;
}

/** What each `key=value` sets. A wrong number becomes NaN here and is refused by the check. */
const settings = {
  every: (value) => ({ when: { every: parseInteger(value) } }),
  nth: (value) => ({ when: { nth: value.split(',').map(parseInteger) } }),
  first: (value) => ({ when: { first: parseInteger(value) } }),
  ms: (value) => ({ ms: parseInteger(value) }),
  'retry-after': (value) => ({ retryAfterSeconds: parseInteger(value) }),
  'retry-after-date': (value) => ({ retryAfterSeconds: parseInteger(value), retryAfterAs: 'date' }),
  page: (value) => ({ page: parseInteger(value) }),
  insert: (value) => ({ insert: parseInteger(value) }),
  delete: (value) => ({ delete: parseInteger(value) }),
  edit: (value) => ({ edit: parseInteger(value) }),
} as const satisfies Record<string, (value: string) => Partial<Fault>>;

const kindWords: readonly string[] = ['any', ...callKinds];
const knownParts = [...kindWords, ...Object.keys(settings).map((key) => `${key}=`), '10%'];

/**
 * Reads faults as a command line has them: `name:kind:setting…`, e.g. `429:any:every=7:retry-after=2`.
 *
 * @throws {UsageError} names the nearest valid word and an example
 */
export function parseFaults(texts: readonly string[]): Fault[] {
  return texts.map(parseFault);
}

function parseFault(text: string): Fault {
  const [name = '', ...parts] = text.split(':').map((part) => part.trim());
  if (!isFaultName(name))
    throw faultError(text, `there is no fault '${name}'. Did you mean '${findNearestName(name, faultNames)}'?`);
  let fault: Fault = { name };
  for (const part of parts) {
    const found = parsePart(part);
    if (found === undefined)
      throw faultError(text, `'${part}' is not understood. Did you mean '${findNearestName(part, knownParts)}'?`);
    for (const setting of Object.keys(found))
      if (setting in fault) throw faultError(text, `'${part}' repeats an earlier part.`);
    fault = { ...fault, ...found };
  }
  return checkFault(fault, text);
}

function parsePart(part: string): Partial<Fault> | undefined {
  if (kindWords.includes(part)) return { on: part as NonNullable<Fault['on']> };
  const percent = /^(\d+(?:\.\d+)?)%$/.exec(part)?.[1];
  if (percent !== undefined) return { when: { percent: Number(percent) } };
  const [key = '', value] = part.split('=');
  return value !== undefined && key in settings ? settings[key as keyof typeof settings](value) : undefined;
}

function isFaultName(name: string): name is FaultName {
  return (faultNames as readonly string[]).includes(name);
}

function parseInteger(text: string): number {
  return /^\d+$/.test(text) ? Number(text) : Number.NaN;
}

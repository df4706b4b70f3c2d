import { type CallKind, callKinds } from '#src/sandbox/api/call.js';

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
export const faultRules = {
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

export type FaultName = keyof typeof faultRules;

export type FaultEffect = FaultRule['effect'];

/** Which of the matching requests a fault strikes, counted from 1. */
export type FaultTiming =
  | { readonly percent: number }
  | { readonly every: number }
  | { readonly nth: readonly number[] }
  | { readonly first: number };

/** Something that goes wrong on purpose: what, for which requests, and when. */
export interface Fault {
  readonly name: FaultName;
  /** @default 'any' - every kind that the fault can strike */
  readonly on?: CallKind | 'any';
  /** Strikes only requests whose body holds this text. */
  readonly bodyContains?: string;
  /** Strikes only requests for this page of a list. */
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

export function faultRuleOf(name: FaultName): FaultRule {
  return faultRules[name];
}

/** Kinds of calls that this fault may strike. */
export function kindsOf(fault: Fault): readonly CallKind[] {
  const possible = faultRuleOf(fault.name).on;
  return fault.on === undefined || fault.on === 'any' ? possible : possible.filter((kind) => kind === fault.on);
}

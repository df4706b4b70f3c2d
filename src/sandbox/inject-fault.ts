import { type ApiResponse, type Call, errorResponse, htmlContentType } from './call.js';
import { amendedCustomer, newCustomer } from './compose-customer.js';
import { type ApiParts, handleCall, readBearerToken, unauthorized } from './customers-api.js';
import { checkFault, type Fault, type FaultEffect, type FaultTiming, getFaultRule, listTargetKinds } from './fault.js';
import { type ListSelection, readListQuery } from './list-customers.js';

/** Numbers in [0, 1) that look random and are the same for the same seed (a 32-bit xorshift). */
export function seededRandom(seed: number): () => number {
  // Neighbouring seeds must not give neighbouring numbers, and an xorshift never leaves zero.
  let state = Math.imul(seed + 1, 0x9e3779b1) ^ 0x5bd1e995 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

/** The faults that affect one request: delays add up; of the others, the first in the list wins. */
export interface TriggeredFaults {
  readonly delayBeforeMs: number;
  readonly delayAfterMs: number;
  readonly fault: Fault | undefined;
  /** Names of all faults that were triggered, for the log. */
  readonly names: string;
}

/** Decides, request by request, which faults are triggered. */
export interface FaultPlan {
  trigger(call: Call): TriggeredFaults | undefined;
}

const defaultLatencyMs = 1000;

/**
 * Every fault counts the requests that match it on its own, including those that another fault affected, and draws
 * from its own random numbers: adding a fault to a list does not move the others.
 *
 * @throws {UsageError} a fault makes no sense
 */
export function createFaultPlan(faults: readonly Fault[], seed: number): FaultPlan {
  const armed = faults.map((fault, index) => arm(checkFault(fault), seed + index));
  return {
    trigger(call) {
      if (armed.length === 0) return undefined;
      const due = armed.filter((isDue) => isDue.for(call)).map(({ fault }) => fault);
      return due.length === 0 ? undefined : combine(due);
    },
  };
}

function arm(fault: Fault, seed: number): { fault: Fault; for(call: Call): boolean } {
  const kinds = listTargetKinds(fault);
  const random = seededRandom(seed);
  let seen = 0;
  return {
    fault,
    for(call) {
      if (!kinds.includes(call.kind)) return false;
      if (fault.bodyContains !== undefined && !call.bodyText.includes(fault.bodyContains)) return false;
      if (fault.page !== undefined && readPage(call) !== fault.page) return false;
      seen += 1;
      return isDue(fault.when, seen, random);
    },
  };
}

function readPage(call: Call): number | undefined {
  return call.kind === 'list' ? readListQuery(call.query).selection.page : undefined;
}

function isDue(when: FaultTiming | undefined, seen: number, random: () => number): boolean {
  if (when === undefined) return true;
  if ('percent' in when) return random() * 100 < when.percent;
  if ('every' in when) return seen % when.every === 0;
  if ('nth' in when) return when.nth.includes(seen);
  return seen <= when.first;
}

function combine(due: readonly Fault[]): TriggeredFaults {
  const isDelay = (fault: Fault) => getFaultRule(fault.name).effect === 'delay';
  const delayMs = (moment: 'before' | 'after') =>
    due
      .filter((fault) => isDelay(fault) && getFaultRule(fault.name).moment === moment)
      .reduce((sum, fault) => sum + (fault.ms ?? defaultLatencyMs), 0);
  const fault = due.find((candidate) => !isDelay(candidate));
  const triggered = due.filter((candidate) => isDelay(candidate) || candidate === fault);
  return {
    delayBeforeMs: delayMs('before'),
    delayAfterMs: delayMs('after'),
    fault,
    names: triggered.map(({ name }) => name).join('+'),
  };
}

/** Somebody else at work while a client reads pages. */
const otherUser = 'colleague@example.com';

/**
 * Deletes and edits customers from the front of the list that is being read, and adds new ones, so that the rows of
 * all later pages move. Customers with transactions stay.
 */
function shiftPages(fault: Fault, selection: ListSelection, { store, list, clock }: ApiParts): void {
  const { insert, edit, delete: remove } = readCounts(fault);
  const edited = () => ({ at: clock.now(), user: otherUser });
  const codes = list.firstCodes(selection, remove + edit);
  for (const code of codes.slice(0, remove)) {
    const stored = store.forChange(code);
    if (stored !== undefined && !stored.hasTransactions) store.remove(stored.number);
  }
  for (const code of codes.slice(remove)) {
    const stored = store.forChange(code);
    if (stored === undefined) continue;
    store.replace(stored.number, amendedCustomer(stored.customer, { notes: 'Edited while pages were read' }, edited()));
  }
  // The exclamation mark sorts before letters: sorted by name, the new ones too push every later row along.
  const sent = new Map([['customerName', '! Added while pages were read']]);
  for (let added = 0; added < insert; added += 1) store.add((identity) => newCustomer(sent, identity, edited()));
}

function readCounts(fault: Fault): { insert: number; edit: number; delete: number } {
  const isSilent = fault.insert === undefined && fault.edit === undefined && fault.delete === undefined;
  const absent = isSilent ? 1 : 0;
  return { insert: fault.insert ?? absent, edit: fault.edit ?? absent, delete: fault.delete ?? absent };
}

/** What the web server does with the client's connection. */
export type WireAction =
  | { readonly do: 'send' | 'cut'; readonly response: ApiResponse }
  | { readonly do: 'reset' | 'close' | 'hang' };

interface FaultContext {
  readonly fault: Fault;
  readonly call: Call;
  readonly parts: ApiParts;
  /** What the API responded, for faults after the commit. */
  readonly response: ApiResponse;
}

/** The page of a proxy or firewall that speaks for a server which is not there. */
const gatewayPage = '<!DOCTYPE html><html><head><title>502 Bad Gateway</title></head><body><h1>502</h1></body></html>';

/** The page that a captive portal or a maintenance mode puts in place of the answer. */
const portalPage = '<!DOCTYPE html><html><head><title>Welcome</title></head><body><p>Please wait.</p></body></html>';

const statusTexts: Readonly<Record<number, string>> = {
  400: 'The request was refused.',
  403: 'This user has no right to do this.',
  404: 'There is no such customer.',
  409: 'The customer is in use.',
  429: 'Too many requests.',
  500: 'Something went wrong. Please report this to the helpdesk.',
  502: 'The server behind the gateway sent no valid response.',
  503: 'The service is not available at the moment.',
};

const effects = {
  delay: ({ response }) => send(response),
  status: statusAction,
  html: () => send({ status: 502, body: gatewayPage, headers: { 'content-type': htmlContentType } }),
  redirect: () =>
    send({ status: 302, body: '', headers: { location: '/maintenance', 'content-type': htmlContentType } }),
  expire({ call, parts }) {
    const token = readBearerToken(call.authorization);
    if (token !== undefined) parts.tokens.revoke(token);
    return send(unauthorized());
  },
  reset: () => ({ do: 'reset' }),
  close: () => ({ do: 'close' }),
  hang: () => ({ do: 'hang' }),
  cut: ({ response }) => ({ do: 'cut', response }),
  'non-json': ({ response }) =>
    // A 204 has no body to spoil: such a page comes with a 200.
    send({
      status: response.status === 204 ? 200 : response.status,
      body: portalPage,
      headers: { 'content-type': htmlContentType },
    }),
  'page-change'({ fault, call, parts, response }) {
    const { selection, errors } = readListQuery(call.query);
    if (errors.length === 0) shiftPages(fault, selection, parts);
    return send(response);
  },
} as const satisfies Record<FaultEffect, (blow: FaultContext) => WireAction>;

/** Answers a call as the fault wants it. */
export function injectFault(fault: Fault, call: Call, parts: ApiParts): WireAction {
  const rule = getFaultRule(fault.name);
  const response = rule.moment === 'after' ? handleCall(call, parts) : errorResponse(500, 'There is no answer.');
  return effects[rule.effect]({ fault, call, parts, response });
}

function send(response: ApiResponse): WireAction {
  return { do: 'send', response };
}

function statusAction({ fault, parts }: FaultContext): WireAction {
  const status = getFaultRule(fault.name).status ?? 500;
  const { retryAfterSeconds: seconds, retryAfterAs } = fault;
  const response = errorResponse(status, statusTexts[status] ?? 'The request failed.');
  if (seconds === undefined) return send(response);
  // The date is the server's: a client whose clock differs has to read it against the Date header.
  const toDate = () => new Date(parts.clock.now().getTime() + seconds * 1000).toUTCString();
  return send({ ...response, headers: { 'retry-after': retryAfterAs === 'date' ? toDate() : String(seconds) } });
}

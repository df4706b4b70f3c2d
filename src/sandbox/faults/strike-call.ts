import { type Answer, htmlContentType, refusal } from '#src/sandbox/api/answer.js';
import type { Call } from '#src/sandbox/api/call.js';
import { type ApiParts, answerCall, bearerOf, tokenRefusal } from '#src/sandbox/api/customers-api.js';
import { readListQuery } from '#src/sandbox/api/read-list-query.js';
import { type Fault, type FaultEffect, faultRuleOf } from './fault.js';
import { shiftPages } from './shift-pages.js';

/** What the web server does with the client's connection. */
export type WireAction =
  | { readonly do: 'send' | 'cut'; readonly answer: Answer }
  | { readonly do: 'reset' | 'close' | 'hang' };

interface Blow {
  readonly fault: Fault;
  readonly call: Call;
  readonly parts: ApiParts;
  /** What the API answered, for faults after the commit. */
  readonly answered: Answer;
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
  502: 'The server behind the gateway gave no valid answer.',
  503: 'The service is not available at the moment.',
};

const effects = {
  delay: ({ answered }) => send(answered),
  status: statusAction,
  html: () => send({ status: 502, body: gatewayPage, headers: { 'content-type': htmlContentType } }),
  redirect: () =>
    send({ status: 302, body: '', headers: { location: '/maintenance', 'content-type': htmlContentType } }),
  expire({ call, parts }) {
    const token = bearerOf(call.authorization);
    if (token !== undefined) parts.tokens.revoke(token);
    return send(tokenRefusal());
  },
  reset: () => ({ do: 'reset' }),
  close: () => ({ do: 'close' }),
  hang: () => ({ do: 'hang' }),
  cut: ({ answered }) => ({ do: 'cut', answer: answered }),
  'non-json': ({ answered }) =>
    // A 204 has no body to spoil: such a page comes with a 200.
    send({
      status: answered.status === 204 ? 200 : answered.status,
      body: portalPage,
      headers: { 'content-type': htmlContentType },
    }),
  'page-change'({ fault, call, parts, answered }) {
    const { selection, errors } = readListQuery(call.query);
    if (errors.length === 0) shiftPages(fault, selection, parts);
    return send(answered);
  },
} as const satisfies Record<FaultEffect, (blow: Blow) => WireAction>;

/** Answers a call as the fault wants it. */
export function strikeCall(fault: Fault, call: Call, parts: ApiParts): WireAction {
  const rule = faultRuleOf(fault.name);
  const answered = rule.moment === 'after' ? answerCall(call, parts) : refusal(500, 'No answer was made.');
  return effects[rule.effect]({ fault, call, parts, answered });
}

function send(answer: Answer): WireAction {
  return { do: 'send', answer };
}

function statusAction({ fault, parts }: Blow): WireAction {
  const status = faultRuleOf(fault.name).status ?? 500;
  const { retryAfterSeconds: seconds, retryAfterAs } = fault;
  const answer = refusal(status, statusTexts[status] ?? 'The request failed.');
  if (seconds === undefined) return send(answer);
  // The date is the server's: a client whose clock differs has to read it against the Date header.
  const inDate = () => new Date(parts.clock.now().getTime() + seconds * 1000).toUTCString();
  return send({ ...answer, headers: { 'retry-after': retryAfterAs === 'date' ? inDate() : String(seconds) } });
}

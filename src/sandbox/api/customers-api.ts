import type { Customer } from '#pipelines/customer.js';
import {
  amendedCustomer,
  type Identity,
  newCustomer,
  replacedCustomer,
  type SentFields,
} from '#src/sandbox/customers/compose-customer.js';
import { ruleOf } from '#src/sandbox/customers/customer-fields.js';
import type { CustomerList } from '#src/sandbox/customers/customer-list.js';
import type { CustomerStore } from '#src/sandbox/customers/customer-store.js';
import { joinViews } from '#src/sandbox/customers/customer-views.js';
import { jsonMember, jsonObject } from '#src/sandbox/customers/json-text.js';
import type { ServerClock } from '#src/sandbox/server-clock.js';
import type { TokenOffice } from '#src/sandbox/token-office.js';
import { type Answer, badRequest, type FieldError, refusal } from './answer.js';
import { type Call, type CallKind, type Verb, verbOf } from './call.js';
import { type Credentials, logIn } from './log-in.js';
import { isAnswer, readCustomerBody } from './read-customer-body.js';
import { readListQuery } from './read-list-query.js';

/** What the API works on. */
export interface ApiParts {
  readonly store: CustomerStore;
  readonly list: CustomerList;
  readonly tokens: TokenOffice;
  readonly clock: ServerClock;
  readonly credentials: Credentials;
  readonly rights: readonly Verb[];
}

type Method = (call: Call, parts: ApiParts) => Answer;

const methods = {
  login: (call, { credentials, tokens }) => logIn(call, credentials, tokens),
  list: listCustomers,
  detail: getCustomer,
  add: addCustomer,
  update: updateCustomer,
  delete: deleteCustomer,
} as const satisfies Record<CallKind, Method>;

/** Answers one call; whatever it changed is durable when it returns. */
export function answerCall(call: Call, parts: ApiParts): Answer {
  return refuseEntry(call, parts) ?? methods[call.kind](call, parts);
}

/** The bearer token that a call carries, dead or alive. */
export function bearerOf(authorization: string | undefined): string | undefined {
  return /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1];
}

/** The same words for a missing, an unknown and an expired token: the API does not tell them apart. */
export function tokenRefusal(): Answer {
  const answer = refusal(401, 'The bearer token is missing, unknown or expired.');
  return { ...answer, headers: { 'www-authenticate': 'Bearer' } };
}

function refuseEntry({ kind, authorization }: Call, { tokens, rights }: ApiParts): Answer | undefined {
  if (kind === 'login') return undefined;
  const token = bearerOf(authorization);
  if (token === undefined || !tokens.isLive(token)) return tokenRefusal();
  if (rights.includes(verbOf[kind])) return undefined;
  return refusal(403, `This user has no right to ${verbOf[kind]} customers.`);
}

function listCustomers(call: Call, { list }: ApiParts): Answer {
  const { selection, errors } = readListQuery(call.query);
  return errors.length > 0 ? badRequest(errors) : { status: 200, body: list.page(selection) };
}

function getCustomer(call: Call, { store }: ApiParts): Answer {
  const body = store.textOf(call.identifier);
  return body === undefined ? unknownCustomer(call) : { status: 200, body };
}

function addCustomer(call: Call, parts: ApiParts): Answer {
  const sent = readCustomerBody(call);
  if (isAnswer(sent)) return sent;
  const identity = parts.store.add((made) => newCustomer(sent, made, editOf(parts)));
  return { status: 202, body: copyOf(sent, identity) };
}

/** "A copy of your JSON object" with the id and the code filled in: nothing else of what the server made. */
function copyOf(sent: SentFields, { customerId, customerCode }: Identity): string {
  let members = jsonMember('customerId', customerId) + jsonMember('customerCode', customerCode);
  for (const [name, value] of sent) if (ruleOf(name)?.keeper !== 'server') members += jsonMember(name, value);
  return jsonObject(members);
}

function updateCustomer(call: Call, parts: ApiParts): Answer {
  const stored = parts.store.forChange(call.identifier);
  if (stored === undefined) return unknownCustomer(call);
  const sent = readCustomerBody(call);
  if (isAnswer(sent)) return sent;
  const errors = identityErrors(sent, stored.customer);
  if (errors.length > 0) return badRequest(errors);
  const customer = replacedCustomer(sent, stored.customer, editOf(parts));
  parts.store.replace(stored.number, customer);
  return { status: 200, body: joinViews(customer) };
}

function identityErrors(sent: SentFields, stored: Customer): FieldError[] {
  return ['customerId', 'customerCode']
    .filter((field) => sent.get(field) !== stored[field])
    .map((field) => ({
      field,
      message: sent.has(field)
        ? `${field} is not that of the customer in the address.`
        : `${field} is missing: an update must carry it.`,
    }));
}

function deleteCustomer(call: Call, parts: ApiParts): Answer {
  const stored = parts.store.forChange(call.identifier);
  if (stored === undefined) return unknownCustomer(call);
  if (!stored.hasTransactions) {
    parts.store.remove(stored.number);
    return { status: 204 };
  }
  if (stored.customer.active !== false)
    parts.store.replace(stored.number, amendedCustomer(stored.customer, { active: false }, editOf(parts)));
  return refusal(
    409,
    `Customer ${call.identifier} has transactions and cannot be deleted. The customer has been set to inactive.`,
  );
}

function unknownCustomer({ identifier }: Call): Answer {
  return refusal(404, `There is no customer ${identifier}.`);
}

function editOf({ clock, credentials }: ApiParts): { at: Date; user: string } {
  return { at: clock.now(), user: credentials.username };
}

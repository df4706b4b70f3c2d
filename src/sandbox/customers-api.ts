import { timingSafeEqual } from 'node:crypto';
import type { Customer, JsonValue } from '#pipelines/model.js';
import {
  type ApiResponse,
  badRequest,
  type Call,
  type CallKind,
  errorResponse,
  type FieldError,
  type Verb,
  verbByKind,
} from './call.js';
import {
  type AssignedIdentity,
  amendedCustomer,
  joinViews,
  jsonMember,
  jsonObject,
  newCustomer,
  replacedCustomer,
  type SentFields,
} from './compose-customer.js';
import { type FieldType, findCanonicalName, findFieldRule } from './customer-fields.js';
import type { CustomerStore } from './customer-store.js';
import { type CustomerList, readListQuery } from './list-customers.js';
import { formatApiDate, type ServerClock } from './server-clock.js';
import type { TokenIssuer } from './token-issuer.js';

interface Credentials {
  readonly username: string;
  readonly password: string;
}

/** `POST /auth/token`: Basic credentials against a bearer token. */
function logIn(call: Call, credentials: Credentials, tokens: TokenIssuer): ApiResponse {
  const expected = `${credentials.username}:${credentials.password}`;
  const sent = readBasic(call.authorization);
  if (sent === undefined) return failed('The request carries no Basic credentials.');
  if (!isSame(sent, expected)) return failed('The user name or the password is wrong.');
  const issued = tokens.issue();
  if (issued === undefined)
    return failed('This user has used all tokens of the day; the count starts again at midnight UTC.');
  return {
    status: 200,
    body: JSON.stringify({
      failureDescription: null,
      bearerToken: issued.token,
      tokenType: 'Bearer',
      expiryDateUTC: formatApiDate(issued.expiresAt),
    }),
  };
}

/** The token node is there on failure too, as in the vendor's answers. */
function failed(failureDescription: string): ApiResponse {
  return { status: 400, body: JSON.stringify({ failureDescription, errors: [], bearerToken: null }) };
}

function readBasic(authorization: string | undefined): string | undefined {
  const encoded = /^Basic +(\S+)$/i.exec(authorization ?? '')?.[1];
  return encoded === undefined ? undefined : Buffer.from(encoded, 'base64').toString('utf8');
}

function isSame(sent: string, expected: string): boolean {
  const [left, right] = [Buffer.from(sent), Buffer.from(expected)];
  return left.length === right.length && timingSafeEqual(left, right);
}

const article = { string: 'a string', number: 'a number', integer: 'an integer', boolean: 'true or false' } as const;

/** Rows of a list carry these; a client that sends such a row back does not mean them as fields. */
const fieldsOfListRows = new Set(['customSortRowNumber', 'liTotalCount']);

/** The server's own too, but an update must name them. */
const identityFields = new Set(['customerId', 'customerCode']);

/** The fields in a POST or PUT under the server's own names, or the 4xx that says what is wrong with them. */
function readCustomerBody({ bodyText, contentType }: Call): SentFields | ApiResponse {
  if (!/^application\/([\w.-]+\+)?json\b/i.test(contentType ?? ''))
    return errorResponse(415, 'The body must be sent with the content type application/json.');
  const body = parse(bodyText);
  if (typeof body === 'string') return badRequest([{ field: 'body', message: body }]);
  const fields = new Map<string, JsonValue>();
  const errors: FieldError[] = [];
  for (const [sentName, value] of Object.entries(body)) {
    const field = findCanonicalName(sentName) ?? sentName;
    const rule = findFieldRule(field);
    if (fieldsOfListRows.has(field) || (rule?.keeper === 'server' && !identityFields.has(field))) continue;
    fields.set(field, value);
    if (rule?.keeper === 'client' && !fits(value, rule.type)) errors.push(wrongType(field, rule.type, value));
  }
  return errors.length > 0 ? badRequest(errors) : fields;
}

function isResponse(read: SentFields | ApiResponse): read is ApiResponse {
  return 'status' in read;
}

function parse(bodyText: string): Readonly<Record<string, JsonValue>> | string {
  try {
    const body: JsonValue = JSON.parse(bodyText);
    if (typeof body === 'object' && body !== null && !Array.isArray(body))
      return body as Readonly<Record<string, JsonValue>>;
    return `The body must be a JSON object, but was ${nameType(body)}.`;
  } catch (error) {
    return `The body is not valid JSON: ${error instanceof Error ? error.message : String(error)}.`;
  }
}

/** Null is accepted for every field: the vendor's samples contain nulls, and nothing says where they are not allowed. */
function fits(value: JsonValue, type: FieldType): boolean {
  if (value === null) return true;
  if (type === 'integer') return Number.isInteger(value);
  return typeof value === type;
}

/** Names the types only: values may be personal data, and error bodies end in result files and logs. */
function wrongType(field: string, type: FieldType, value: JsonValue): FieldError {
  const wanted = type === 'date' ? article.string : article[type];
  return { field, message: `${field} must be ${wanted}, but was ${nameType(value)}.` };
}

function nameType(value: JsonValue): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

/** What the API works on. */
export interface ApiParts {
  readonly store: CustomerStore;
  readonly list: CustomerList;
  readonly tokens: TokenIssuer;
  readonly clock: ServerClock;
  readonly credentials: Credentials;
  readonly rights: readonly Verb[];
}

type Method = (call: Call, parts: ApiParts) => ApiResponse;

const methods = {
  login: (call, { credentials, tokens }) => logIn(call, credentials, tokens),
  list: listCustomers,
  detail: getCustomer,
  add: addCustomer,
  update: updateCustomer,
  delete: deleteCustomer,
} as const satisfies Record<CallKind, Method>;

/** Answers one call; whatever it changed is durable when it returns. */
export function handleCall(call: Call, parts: ApiParts): ApiResponse {
  return refuseEntry(call, parts) ?? methods[call.kind](call, parts);
}

/** The bearer token that a call carries, dead or alive. */
export function readBearerToken(authorization: string | undefined): string | undefined {
  return /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1];
}

/** The same words for a missing, an unknown and an expired token: the API does not tell them apart. */
export function unauthorized(): ApiResponse {
  const answer = errorResponse(401, 'The bearer token is missing, unknown or expired.');
  return { ...answer, headers: { 'www-authenticate': 'Bearer' } };
}

function refuseEntry({ kind, authorization }: Call, { tokens, rights }: ApiParts): ApiResponse | undefined {
  if (kind === 'login') return undefined;
  const token = readBearerToken(authorization);
  if (token === undefined || !tokens.isLive(token)) return unauthorized();
  if (rights.includes(verbByKind[kind])) return undefined;
  return errorResponse(403, `This user has no right to ${verbByKind[kind]} customers.`);
}

function listCustomers(call: Call, { list }: ApiParts): ApiResponse {
  const { selection, errors } = readListQuery(call.query);
  return errors.length > 0 ? badRequest(errors) : { status: 200, body: list.page(selection) };
}

function getCustomer(call: Call, { store }: ApiParts): ApiResponse {
  const body = store.findText(call.identifier);
  return body === undefined ? notFound(call) : { status: 200, body };
}

function addCustomer(call: Call, parts: ApiParts): ApiResponse {
  const sent = readCustomerBody(call);
  if (isResponse(sent)) return sent;
  const identity = parts.store.add((assigned) => newCustomer(sent, assigned, currentEdit(parts)));
  return { status: 202, body: echoSent(sent, identity) };
}

/** "A copy of your JSON object" with the id and the code filled in: nothing else of what the server made. */
function echoSent(sent: SentFields, { customerId, customerCode }: AssignedIdentity): string {
  let members = jsonMember('customerId', customerId) + jsonMember('customerCode', customerCode);
  for (const [name, value] of sent) if (findFieldRule(name)?.keeper !== 'server') members += jsonMember(name, value);
  return jsonObject(members);
}

function updateCustomer(call: Call, parts: ApiParts): ApiResponse {
  const stored = parts.store.forChange(call.identifier);
  if (stored === undefined) return notFound(call);
  const sent = readCustomerBody(call);
  if (isResponse(sent)) return sent;
  const errors = identityErrors(sent, stored.customer);
  if (errors.length > 0) return badRequest(errors);
  const customer = replacedCustomer(sent, stored.customer, currentEdit(parts));
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

function deleteCustomer(call: Call, parts: ApiParts): ApiResponse {
  const stored = parts.store.forChange(call.identifier);
  if (stored === undefined) return notFound(call);
  if (!stored.hasTransactions) {
    parts.store.remove(stored.number);
    return { status: 204 };
  }
  if (stored.customer.active !== false)
    parts.store.replace(stored.number, amendedCustomer(stored.customer, { active: false }, currentEdit(parts)));
  return errorResponse(
    409,
    `Customer ${call.identifier} has transactions and cannot be deleted. The customer has been set to inactive.`,
  );
}

function notFound({ identifier }: Call): ApiResponse {
  return errorResponse(404, `There is no customer ${identifier}.`);
}

function currentEdit({ clock, credentials }: ApiParts): { at: Date; user: string } {
  return { at: clock.now(), user: credentials.username };
}

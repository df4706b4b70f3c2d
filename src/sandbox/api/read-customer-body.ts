import type { JsonValue } from '#pipelines/customer.js';
import type { SentFields } from '#src/sandbox/customers/compose-customer.js';
import { canonicalName, type FieldType, ruleOf } from '#src/sandbox/customers/customer-fields.js';
import { type Answer, badRequest, type FieldError, refusal } from './answer.js';
import type { Call } from './call.js';

const article = { string: 'a string', number: 'a number', integer: 'an integer', boolean: 'true or false' } as const;

/** Rows of a list carry these; a client that sends such a row back does not mean them as fields. */
const fieldsOfListRows = new Set(['customSortRowNumber', 'liTotalCount']);

/** The server's own too, but an update must name them. */
const identityFields = new Set(['customerId', 'customerCode']);

/** The fields in a POST or PUT under the server's own names, or the 4xx that says what is wrong with them. */
export function readCustomerBody({ bodyText, contentType }: Call): SentFields | Answer {
  if (!/^application\/([\w.-]+\+)?json\b/i.test(contentType ?? ''))
    return refusal(415, 'The body must be sent with the content type application/json.');
  const body = parse(bodyText);
  if (typeof body === 'string') return badRequest([{ field: 'body', message: body }]);
  const fields = new Map<string, JsonValue>();
  const errors: FieldError[] = [];
  for (const [sentName, value] of Object.entries(body)) {
    const field = canonicalName(sentName) ?? sentName;
    const rule = ruleOf(field);
    if (fieldsOfListRows.has(field) || (rule?.keeper === 'server' && !identityFields.has(field))) continue;
    fields.set(field, value);
    if (rule?.keeper === 'client' && !fits(value, rule.type)) errors.push(wrongType(field, rule.type, value));
  }
  return errors.length > 0 ? badRequest(errors) : fields;
}

export function isAnswer(read: SentFields | Answer): read is Answer {
  return 'status' in read;
}

function parse(bodyText: string): Readonly<Record<string, JsonValue>> | string {
  try {
    const body: JsonValue = JSON.parse(bodyText);
    if (typeof body === 'object' && body !== null && !Array.isArray(body))
      return body as Readonly<Record<string, JsonValue>>;
    return `The body must be a JSON object, but was ${nameOf(body)}.`;
  } catch (error) {
    return `The body is not valid JSON: ${error instanceof Error ? error.message : String(error)}.`;
  }
}

/** Null is taken for every field: the vendor's samples hold nulls, and nothing says where they may not be. */
function fits(value: JsonValue, type: FieldType): boolean {
  if (value === null) return true;
  if (type === 'integer') return Number.isInteger(value);
  return typeof value === type;
}

/** Names the types only: values may be personal data, and error bodies end in result files and logs. */
function wrongType(field: string, type: FieldType, value: JsonValue): FieldError {
  const wanted = type === 'date' ? article.string : article[type];
  return { field, message: `${field} must be ${wanted}, but was ${nameOf(value)}.` };
}

function nameOf(value: JsonValue): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

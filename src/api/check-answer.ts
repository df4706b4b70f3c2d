import { readField } from '#pipelines/compare-customers.js';
import { isSameCode, isSameId } from '#pipelines/listing/customer-identity.js';
import type { Customer, JsonValue, Refusal } from '#pipelines/model.js';
import { readJsonObject, readRefusal } from './error-body.js';
import type { HttpResponse } from './http.js';

/** Whether a value can be a code or an id: text, or a number where a server writes its codes as numbers. */
function isName(value: JsonValue | undefined): boolean {
  return (typeof value === 'string' && value !== '') || typeof value === 'number';
}

/** Whether an answer shows a customer: an object with a code or an id. */
export function showsCustomer(response: HttpResponse): boolean {
  const body = readJsonObject(response) as Customer | undefined;
  return body !== undefined && (isName(readField(body, 'customerCode')) || isName(readField(body, 'customerId')));
}

/**
 * Whether an answer is about another customer than the one that was asked for, or shows none: then nothing of it may be
 * used, least of all its code.
 *
 * @param asked - an id or a code
 * @returns what is wrong, or `undefined` when it is the right customer
 */
export function findWrongAnswer(asked: string, response: HttpResponse): Refusal | undefined {
  const customer = readJsonObject(response) as Customer;
  const code = readField(customer, 'customerCode');
  const id = readField(customer, 'customerId');
  // Found by its id, a customer may have any code.
  if (isName(code) ? isSameCode(code, asked) || isSameId(id, asked) : isSameId(id, asked)) return undefined;
  const { message, ...refusal } = readRefusal(response);
  const wrong = { ...refusal, errorCode: 'WRONG_CUSTOMER' };
  if (isName(code))
    return {
      ...wrong,
      message: `The API was asked for customer ${asked} and answered with ${String(code)}. Look at both: mypos-customers get ${asked} ${String(code)}`,
    };
  return {
    ...wrong,
    message: `The API was asked for customer ${asked} and answered with HTTP ${response.status}, but with no customer. ${message}`,
  };
}

import { randomUUID } from 'node:crypto';

const codeDigits = 7;
/** All groups of a GUID but the last. */
const randomLength = 24;
const codePattern = /^\d{7,15}$/;
const guidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-([0-9a-f]{12})$/;

/** The customer's place in the sandbox's own count, as its code: `0001234`. */
export function codeOf(number: number): string {
  return String(number).padStart(codeDigits, '0');
}

/** @returns `undefined` when no customer can have that code (`1234` is not `0001234`) */
export function numberOfCode(code: string): number | undefined {
  if (!codePattern.test(code)) return undefined;
  const number = Number(code);
  return codeOf(number) === code ? number : undefined;
}

/**
 * A fresh GUID. Its last group is the customer's number: ids then need no index of their own, which would cost as
 * much as the rest of an insert. The other groups stay random.
 */
export function newCustomerId(number: number): string {
  return `${randomUUID().slice(0, randomLength)}${number.toString(16).padStart(12, '0')}`;
}

/** The number that an id claims; whether the rest of the id is right is for the caller to compare. */
export function numberOfId(customerId: string): number | undefined {
  const tail = guidPattern.exec(customerId.toLowerCase())?.[1];
  return tail === undefined ? undefined : Number.parseInt(tail, 16);
}

import { randomBytes } from 'node:crypto';

const codeDigits = 7;
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
 * much as the rest of an insert. The other 76 random bits keep it unguessable.
 */
export function newCustomerId(number: number): string {
  const random = randomBytes(10).toString('hex');
  const tail = number.toString(16).padStart(12, '0');
  return `${random.slice(0, 8)}-${random.slice(8, 12)}-4${random.slice(13, 16)}-8${random.slice(17, 20)}-${tail}`;
}

/** The number that an id claims; whether the rest of the id is right is for the caller to compare. */
export function numberOfId(customerId: string): number | undefined {
  const tail = guidPattern.exec(customerId.toLowerCase())?.[1];
  return tail === undefined ? undefined : Number.parseInt(tail, 16);
}

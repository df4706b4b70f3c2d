import { setTimeout } from 'node:timers/promises';
import { parse } from 'csv-parse/sync';
import type { Customer } from '#pipelines/model.js';
import type { Sandbox } from '#src/sandbox/start-sandbox.js';
import { openClient } from '#test/sandbox/sandbox-client.js';
import type { Workplace } from './use-workplace.js';

/** The customer of this name as the API holds it; the first, where there are several. */
export function findByName(api: Sandbox, name: string): Customer {
  return api.customers().find((customer) => customer.customerName === name) ?? {};
}

/** Another program of the shop changes a customer. */
export async function editElsewhere(api: Sandbox, name: string, changes: Customer): Promise<void> {
  const current = findByName(api, name);
  const { status, text } = await (await openClient(api)).update(String(current.customerCode), {
    ...current,
    ...changes,
  });
  if (status !== 200) throw new Error(`HTTP ${status}: ${text}`);
}

/** The shop goes on working: a customer is saved, later than all requests before by a clock that knows whole seconds. */
export async function saveLater(api: Sandbox): Promise<void> {
  await setTimeout(1100);
  const client = await openClient(api);
  const [somebody] = api.customers();
  if (somebody !== undefined) await client.update(String(somebody.customerCode), somebody);
}

/** What people have put into a customer: nothing that the server keeps by itself. */
export function pickEditable(customer: Customer): Customer {
  return Object.fromEntries(Object.entries(customer).filter(([field]) => !/^(lastEdit|creation)/.test(field)));
}

/** For tests that are not about the rate limit: against an API on this machine. */
export const fast = ['--rate', 'unlimited'] as const;

/** The list of customers answers until an import has looked who is there, and then no more. */
export const listFailsFrom = (call: number) =>
  ({ name: '503', on: 'list', when: { nth: Array.from({ length: 200 }, (_, at) => call + at) } }) as const;

/** A small mapping whose key is the old system's number. */
export const keyedMapping = {
  version: 1,
  mode: 'add',
  key: { column: 'No' },
  fields: {
    customerName: 'Name',
    postalCode: 'Post Code',
    emailAddress: { column: 'Email', transform: ['email'] },
    creditLimit: { column: 'Limit', type: 'number' },
  },
} as const;

const { key: _key, ...withoutKey } = keyedMapping;

/** The same for files whose rows have no number of their own. */
export const keylessMapping = { ...withoutKey, ignore: ['No'] };

export const header = 'No,Name,Post Code,Email,Limit';

/** `count` good rows, each of another customer, as the lines of a file. */
export function customerLines(count: number): string[] {
  return Array.from({ length: count }, (_, index) => {
    const number = String(index + 1).padStart(4, '0');
    return `C-${number},Customer ${number},0${800 + (index % 100)},c${number}@example.com,${100 + index}`;
  });
}

export function customerFile(lines: readonly string[]): string {
  return `${[header, ...lines].join('\n')}\n`;
}

/** Puts a file of `count` good customers and its mapping, under the default name, into the folder. */
export function writeCustomers(place: Workplace, count: number, mapping: object = keyedMapping): void {
  place.write('customers.csv', customerFile(customerLines(count)));
  writeMapping(place, mapping);
}

export function writeMapping(place: Workplace, mapping: object): void {
  place.write('mappings.json', JSON.stringify(mapping, null, 2));
}

/** The rows of a result or rejects file by column; every line must have all columns. */
export function readResults(text: string): Record<string, string>[] {
  return parse(text, { columns: true, bom: true });
}

export function readStatuses(text: string): string[] {
  return readResults(text).map((row) => row._status ?? '');
}

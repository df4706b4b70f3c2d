import type { Customer } from '#pipelines/customer.js';
import type { Sandbox } from '#src/sandbox/start-sandbox.js';
import { clientOf } from '#test/sandbox/sandbox-client.js';

/** The customer of this name as the API holds it; the first, where there are several. */
export function named(api: Sandbox, name: string): Customer {
  return api.customers().find((one) => one.customerName === name) ?? {};
}

/** Another program of the shop changes a customer. */
export async function editElsewhere(api: Sandbox, name: string, changes: Customer): Promise<void> {
  const current = named(api, name);
  const { status, text } = await (await clientOf(api)).update(String(current.customerCode), { ...current, ...changes });
  if (status !== 200) throw new Error(`HTTP ${status}: ${text}`);
}

/** What people have put into a customer: nothing that the server keeps by itself. */
export function contentOf(customer: Customer): Customer {
  return Object.fromEntries(Object.entries(customer).filter(([field]) => !/^(lastEdit|creation)/.test(field)));
}

import { readField } from '#pipelines/compare-customers.js';
import { readIdentity } from '#pipelines/listing/customer-identity.js';
import { customerFields, identityFields, readOnlyFields } from '#pipelines/mapping/fields.js';
import { suggestNames } from '#pipelines/mapping/nearest-name.js';
import type { Customer } from '#pipelines/model.js';
import type { CustomerPage, CustomersApi, ListQuery } from '#pipelines/ports.js';
import { tokensPerDay } from '#src/api/token-store.js';
import type { Settings } from '#src/config/settings.js';
import { RunStoppedError, UsageError } from '#src/errors.js';
import type { DetailCache } from '#src/ledger/exports.js';
import { connect } from './connect.js';

/**
 * Reads the whole customer behind a row of the list: from the details that an interrupted export has cached, unless the
 * customer has been edited since, else from the API.
 */
export function createDetailReader(api: CustomersApi, cache: DetailCache) {
  return async (listed: Customer): Promise<Customer | undefined> => {
    const id = readIdentity(listed);
    const lastEdit = readField(listed, 'lastEditDateUTC');
    const stamp = typeof lastEdit === 'string' ? lastEdit : undefined;
    const known = stamp === undefined ? undefined : cache.find(id, stamp);
    if (known !== undefined) return known;
    const code = String(readField(listed, 'customerCode') ?? id);
    const detail = await readDetail(api, code);
    if (stamp !== undefined && detail !== undefined) await cache.save(id, stamp, detail);
    return detail;
  };
}

/** The whole customer; `undefined` when there is none. @throws RunStoppedError when the API does not answer */
export async function readDetail(api: CustomersApi, code: string): Promise<Customer | undefined> {
  const answer = await api.get(code);
  if (answer.kind === 'found') return answer.customer;
  if (answer.kind === 'absent') return undefined;
  throw new RunStoppedError(`The details of customer ${code} could not be read: ${answer.message}`, {
    code: 'CUSTOMER_UNANSWERED',
    nextStep: 'Try again later.',
  });
}

/** One page of the API's list. @throws LoginError, RunStoppedError, UsageError */
export async function listCustomers(settings: Settings, query: ListQuery, signal: AbortSignal): Promise<CustomerPage> {
  const { fields: wanted = [], ...rest } = query;
  // A list without a field that was misspelt would look as if nobody had a value in it.
  const doubtful = wanted.filter((field) => !isKnownField(field));
  // A single page shows what the API gives.
  const connection = await connect(settings, signal, { patienceMs: 0, triesFilter: true });
  try {
    if (doubtful.length === 0) return await connection.client.list(query);
    const page = await connection.client.list(rest);
    refuseUnknownFields(doubtful, page.customers);
    return { ...page, customers: page.customers.map((customer) => pickFields(customer, wanted)) };
  } finally {
    await connection.close();
  }
}

const knownFields = [...identityFields, ...readOnlyFields, ...Object.keys(customerFields)];

function isKnownField(field: string): boolean {
  return knownFields.some((known) => known.toLowerCase() === field.toLowerCase());
}

function pickFields(customer: Customer, wanted: readonly string[]): Customer {
  const names = new Set(wanted.map((field) => field.toLowerCase()));
  return Object.fromEntries(Object.entries(customer).filter(([name]) => names.has(name.toLowerCase())));
}

/** @throws UsageError for a field that no customer of the page has */
function refuseUnknownFields(fields: readonly string[], customers: readonly Customer[]): void {
  const available = [...new Set([...knownFields, ...customers.flatMap((customer) => Object.keys(customer))])];
  for (const field of fields) {
    if (customers.some((customer) => readField(customer, field) !== undefined)) continue;
    if (customers.length === 0 && /^cC_\d+$/i.test(field)) continue;
    throw new UsageError(`Customers in the list have no field "${field}": ${suggestNames(field, available)}`, {
      code: 'FIELD_UNKNOWN',
      nextStep: 'Correct --fields. Fields that are only in the details of a customer: mypos-customers get <code>',
    });
  }
}

export interface FoundCustomers {
  readonly customers: readonly Customer[];
  /** Ids or codes that the API does not know. */
  readonly absent: readonly string[];
}

/** Whole customers by id or code, in the order of the arguments. @throws LoginError, RunStoppedError */
export async function getCustomers(
  settings: Settings,
  idsOrCodes: readonly string[],
  signal: AbortSignal,
): Promise<FoundCustomers> {
  const connection = await connect(settings, signal);
  try {
    const answers = await Promise.all(
      idsOrCodes.map(async (wanted) => ({ wanted, answer: await connection.client.get(wanted) })),
    );
    const customers: Customer[] = [];
    const absent: string[] = [];
    for (const { wanted, answer } of answers) {
      if (answer.kind === 'found') customers.push(answer.customer);
      else if (answer.kind === 'absent') absent.push(wanted);
      else
        throw new RunStoppedError(`The customer ${wanted} could not be read: ${answer.message}`, {
          code: 'CUSTOMER_UNANSWERED',
          nextStep: 'Try again later.',
        });
    }
    return { customers, absent };
  } finally {
    await connection.close();
  }
}

export interface LoginDone {
  readonly baseUrl: string;
  readonly login: string;
  /** Of this UTC day, all processes that share the state folder together. */
  readonly tokensToday: number;
  readonly tokensPerDay: number;
  /** An access token is configured, so there was no need to log in. */
  readonly tokenGiven: boolean;
}

/** Logs in even when there is a valid token, and caches the new one. @throws LoginError, RunStoppedError */
export async function login(settings: Settings, signal: AbortSignal): Promise<LoginDone> {
  const connection = await connect(settings, signal);
  try {
    await connection.client.forceLogin();
    return {
      ...connection.tenant,
      tokensToday: connection.ledger.tokens.usedToday(Date.now()),
      tokensPerDay: tokensPerDay.hard,
      tokenGiven: !settings.sandbox.value && settings.accessToken.value !== undefined,
    };
  } finally {
    await connection.close();
  }
}

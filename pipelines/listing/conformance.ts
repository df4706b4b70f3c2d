import { isBlank, readField } from '#pipelines/compare-customers.js';
import type { Customer, JsonValue } from '#pipelines/model.js';
import type { CustomersApi, ListQuery } from '#pipelines/ports.js';
import { isSameCode, isSameId, parseApiTime, readIdentity } from './customer-identity.js';
import { listCustomers } from './list-customers.js';

/** What this program assumes of the API, and what it does where that is not so. */
export const assumptions = {
  list: {
    assumes: 'The list shows every customer, and counts them.',
    otherwise: 'Rows are only added, exported and refreshed when the list is whole; updates by code go on.',
  },
  page_size: {
    assumes: 'A page holds as many customers as are asked for.',
    otherwise: 'The list is read in smaller pages.',
  },
  page_number: {
    assumes: 'Each page shows other customers than the one before.',
    otherwise: 'The list counts as not whole.',
  },
  order: {
    assumes: 'The list comes in the order that is asked for.',
    otherwise: 'The list is read once more and compared.',
  },
  filter: {
    assumes: 'The filter by the last edit selects by UTC.',
    otherwise: 'The filter is not used: the whole list is read, and what was edited is selected here.',
  },
  list_fields: {
    assumes: 'The list shows names, e-mail addresses, telephone numbers and the dates of customers.',
    otherwise: 'Rows are compared by what the list shows, and by keys and details.',
  },
  unknown_code: {
    assumes: 'A read of an unknown code is answered with 404.',
    otherwise: 'A row whose customer is gone is failed, not rejected.',
  },
  codes: {
    assumes: 'A customer of the list is read by its code, and by its id.',
    otherwise: 'Rows about such customers fail, and nothing is written to them.',
  },
  add: {
    assumes: 'An add is answered with the new customer.',
    otherwise: 'Each added customer is looked for in the list.',
  },
  fresh: {
    assumes: 'A new customer is in the list at once.',
    otherwise: 'Lost adds are settled later by as much.',
  },
  dates: {
    assumes: 'Dates of customers are UTC, by the clock of the server.',
    otherwise: 'Lost adds are looked for in a wider range.',
  },
  update: { assumes: 'An update is kept as it was sent.', otherwise: 'The differences are reported row by row.' },
  delete: {
    assumes: 'A customer without sales can be deleted.',
    otherwise: 'An undo makes customers inactive, or leaves them.',
  },
} as const satisfies Readonly<Record<string, { readonly assumes: string; readonly otherwise: string }>>;

/** The name of one assumption. */
export type Assumption = keyof typeof assumptions;

/** What was found of one assumption. */
export interface Conformity {
  readonly assumption: Assumption;
  /** `unknown`: the account does not show it, e.g. because it has too few customers. */
  readonly status: 'as_assumed' | 'otherwise' | 'unknown';
  /** What was seen, for people. */
  readonly found: string;
  /** How long a new customer took to be listed, where it was not at once. Milliseconds. */
  readonly lagMs?: number;
}

export interface ConformancePorts {
  readonly api: CustomersApi;
  /** Epoch milliseconds, our clock. */
  readonly now: () => number;
  /** The server's clock minus ours, in milliseconds. */
  readonly clockDifferenceMs: () => number | undefined;
  readonly sleep: (delayMs: number) => Promise<void>;
  /** A text that no code of a customer is. */
  readonly unknownCode: string;
  /** Called with a field that a customer has, and whether the list shows it. */
  readonly fieldSeen?: (field: string, isShown: boolean) => void;
}

const minuteMs = 60_000;
const maxPageSize = 20_000;
const samplePageSize = 100;
const dates = ['creationDateUTC', 'lastEditDateUTC'] as const;
const listed = ['customerId', 'customerCode', ...dates] as const;
/** Without these, who is in the account can hardly be recognised. */
const neededFields = ['customerName', 'emailAddress', 'phoneNumber', ...dates] as const;

const isAsAssumed = (assumption: Assumption, isSo: boolean, found: string): Conformity => ({
  assumption,
  status: isSo ? 'as_assumed' : 'otherwise',
  found,
});
const isUnknown = (assumption: Assumption, found: string): Conformity => ({ assumption, status: 'unknown', found });

const readEdit = (customer: Customer) => parseApiTime(String(readField(customer, 'lastEditDateUTC') ?? ''));

/** Tries what can be tried by reading alone; the whole list is read once. */
export async function checkByReading(ports: ConformancePorts): Promise<readonly Conformity[]> {
  const { api } = ports;
  let newest: Customer | undefined;
  const listing = listCustomers(api, { pageSize: 1000, fields: listed });
  for await (const page of listing.pages)
    for (const customer of page) {
      const edit = readEdit(customer);
      if (!Number.isNaN(edit) && (newest === undefined || edit > readEdit(newest))) newest = customer;
    }
  const { seen, complete, reason = 'The list was not read to the end.' } = listing.proof();
  if (seen === 0)
    return [
      isUnknown('list', 'The list shows nobody: the account is empty, or this login may not see customers.'),
      await checkUnknownCode(ports),
    ];
  return [
    isAsAssumed('list', complete, complete ? `${seen} customers were read` : reason),
    await checkPageSize(api, seen),
    await checkPageNumber(api, seen),
    await checkOrder(api, seen),
    await checkFilter(api, newest),
    ...(await checkFieldsAndCodes(ports)),
    await checkUnknownCode(ports),
  ];
}

const readPage = async (api: CustomersApi, query: Partial<ListQuery>): Promise<readonly Customer[]> =>
  (await api.list({ page: 1, pageSize: samplePageSize, fields: listed, ...query })).customers;

async function checkPageSize(api: CustomersApi, seen: number): Promise<Conformity> {
  const { length } = await readPage(api, { pageSize: maxPageSize });
  return isAsAssumed('page_size', length >= Math.min(seen, maxPageSize), `a page of ${maxPageSize} has ${length}`);
}

async function checkPageNumber(api: CustomersApi, seen: number): Promise<Conformity> {
  if (seen < 2) return isUnknown('page_number', 'there is one customer only');
  const [[first], [second]] = [await readPage(api, { pageSize: 1 }), await readPage(api, { page: 2, pageSize: 1 })];
  const isOther = first !== undefined && second !== undefined && readIdentity(first) !== readIdentity(second);
  return isAsAssumed('page_number', isOther, isOther ? 'page 2 differs from page 1' : 'page 2 is page 1 again');
}

async function checkOrder(api: CustomersApi, seen: number): Promise<Conformity> {
  if (seen < 3) return isUnknown('order', 'there are too few customers');
  const isSorted = async (field: string, descending: boolean) => {
    const values = (await readPage(api, { sort: { field, descending } })).map((customer) =>
      String(readField(customer, field) ?? ''),
    );
    const sign = descending ? -1 : 1;
    return values.every((value, at) => at === 0 || sign * compareValues(values[at - 1] ?? '', value) <= 0);
  };
  const wrong: string[] = [];
  for (const [field, descending] of [
    ['customerCode', false],
    ['customerCode', true],
    ['lastEditDateUTC', true],
  ] as const)
    if (!(await isSorted(field, descending))) wrong.push(`${field}${descending ? ' descending' : ''}`);
  return isAsAssumed('order', wrong.length === 0, wrong.length === 0 ? 'as asked for' : `not by ${wrong.join(', ')}`);
}

/** Codes may be ordered as texts or as numbers. */
function compareValues(a: string, b: string): number {
  const [x, y] = [Number(a), Number(b)];
  return Number.isNaN(x) || Number.isNaN(y) ? a.toLowerCase().localeCompare(b.toLowerCase()) : x - y;
}

/** From the minute of the newest edit on, that customer must be selected; from two minutes later on, nobody edited before. */
async function checkFilter(api: CustomersApi, newest: Customer | undefined): Promise<Conformity> {
  if (newest === undefined) return isUnknown('filter', 'the list shows no dates of edits');
  const editMs = readEdit(newest);
  const from = await readPage(api, { changedSince: new Date(editMs) });
  const later = new Date(editMs + 2 * minuteMs);
  const after = await readPage(api, { changedSince: later });
  const isSelected = from.some((customer) => readIdentity(customer) === readIdentity(newest));
  const wrong = after.filter((customer) => readEdit(customer) < later.getTime() - minuteMs).length;
  if (isSelected && wrong === 0) return isAsAssumed('filter', true, 'it selects the newest edit and none before');
  const found = isSelected ? `it also selects ${wrong} edited before` : 'it leaves out the newest edit';
  return isAsAssumed('filter', false, found);
}

async function checkFieldsAndCodes({ api, fieldSeen }: ConformancePorts): Promise<readonly Conformity[]> {
  const [first] = (await api.list({ page: 1, pageSize: 1 })).customers;
  const code = String(first === undefined ? '' : readField(first, 'customerCode'));
  const answer = await api.get(code);
  if (answer.kind !== 'found')
    return [isAsAssumed('codes', false, `customer ${code} is listed and cannot be read by its code`)];
  const { customer } = answer;
  const names = Object.keys(customer).filter((name) => !isBlank(readField(customer, name)));
  const [row] = await readPage(api, { pageSize: 1, fields: names });
  const isSame = row !== undefined && isSameCode(readField(row, 'customerCode'), code);
  const hidden = isSame ? names.filter((name) => readField(row, name) === undefined) : [];
  if (isSame) for (const name of names) fieldSeen?.(name, !hidden.includes(name));
  const ids = await checkId(api, readField(customer, 'customerId'));
  const missing = neededFields.filter((name) => hidden.includes(name));
  return [
    isSame
      ? isAsAssumed(
          'list_fields',
          missing.length === 0,
          hidden.length === 0 ? 'it shows all' : `not ${hidden.join(', ')}`,
        )
      : isUnknown('list_fields', 'the list came in another order'),
    ids,
  ];
}

async function checkId(api: CustomersApi, id: JsonValue | undefined): Promise<Conformity> {
  if (typeof id !== 'string') return isAsAssumed('codes', true, 'read by its code; it has no id');
  const isFound = async (asked: string) => {
    const answer = await api.get(asked);
    return answer.kind === 'found' && isSameId(readField(answer.customer, 'customerId'), id);
  };
  if (!(await isFound(id))) return isAsAssumed('codes', false, 'read by its code, and not by its id');
  const anyCase = (await isFound(swapCase(id))) ? 'in any case' : 'in this case only';
  return isAsAssumed('codes', true, `read by its code, and by its id ${anyCase}`);
}

function swapCase(id: string): string {
  return id === id.toUpperCase() ? id.toLowerCase() : id.toUpperCase();
}

async function checkUnknownCode({ api, unknownCode }: ConformancePorts): Promise<Conformity> {
  const answer = await api.get(unknownCode);
  if (answer.kind === 'absent') return isAsAssumed('unknown_code', true, 'HTTP 404');
  return isAsAssumed('unknown_code', false, answer.kind === 'found' ? 'a customer was given' : answer.message);
}

/** How long a new customer may take until it is listed. */
const maxLagMs = 15_000;
const pollMs = 1000;

/** Adds a customer, changes it, and removes it again. */
export async function checkByWriting(ports: ConformancePorts): Promise<readonly Conformity[]> {
  const { api, unknownCode } = ports;
  const added = await api.add({ customerName: `Test, to be deleted (${unknownCode})` });
  if (added.kind !== 'applied') return [isAsAssumed('add', false, added.message)];
  const shown = added.shown === undefined ? undefined : readField(added.shown, 'customerCode');
  if (shown === undefined || shown === null)
    return [isAsAssumed('add', false, `the answer has no code; look for "${unknownCode}" and delete it by hand`)];
  const code = String(shown);
  const results: Conformity[] = [isAsAssumed('add', true, `HTTP ${added.httpStatus}`)];
  try {
    results.push(await checkFresh(code, ports), ...(await checkWritten(code, ports)));
  } finally {
    results.push(await checkDelete(code, ports));
  }
  return results;
}

async function checkFresh(code: string, { api, now, sleep }: ConformancePorts): Promise<Conformity> {
  const startedAtMs = now();
  for (let isFirst = true; ; isFirst = false) {
    const page = await readPage(api, { sort: { field: 'lastEditDateUTC', descending: true } });
    const lagMs = now() - startedAtMs;
    if (page.some((customer) => isSameCode(readField(customer, 'customerCode'), code)))
      return isFirst
        ? isAsAssumed('fresh', true, 'at once')
        : { ...isAsAssumed('fresh', false, `after ${Math.ceil(lagMs / 1000)} s`), lagMs };
    if (lagMs >= maxLagMs) return { ...isAsAssumed('fresh', false, `not within ${maxLagMs / 1000} s`), lagMs };
    await sleep(pollMs);
  }
}

async function checkWritten(code: string, ports: ConformancePorts): Promise<readonly Conformity[]> {
  const { api, now, clockDifferenceMs } = ports;
  const read = await api.get(code);
  if (read.kind !== 'found') return [isAsAssumed('codes', false, 'the new customer cannot be read by its code')];
  const serverMs = now() + (clockDifferenceMs() ?? 0);
  const offMs = parseApiTime(String(readField(read.customer, 'creationDateUTC') ?? '')) - serverMs;
  const offMinutes = Math.round(offMs / minuteMs);
  const changed = { ...read.customer, customerName: `${String(readField(read.customer, 'customerName'))}, changed` };
  const written = await api.update(code, changed);
  const again = await api.get(code);
  const isKept = again.kind === 'found' && readField(again.customer, 'customerName') === changed.customerName;
  return [
    Number.isNaN(offMs)
      ? isUnknown('dates', 'a new customer has no date')
      : isAsAssumed('dates', Math.abs(offMinutes) <= 2, `${offMinutes} minutes from the clock of the server`),
    ...(again.kind === 'found' ? [await checkFilter(api, again.customer)] : []),
    isAsAssumed('update', isKept, isKept ? 'read back as it was sent' : `not kept (${written.kind})`),
  ];
}

async function checkDelete(code: string, { api }: ConformancePorts): Promise<Conformity> {
  const answer = await api.delete(code);
  const left = await api.get(code);
  if (left.kind === 'absent') return isAsAssumed('delete', true, 'the test customer is gone');
  const byHand = `delete customer ${code} by hand`;
  const isInactive = left.kind === 'found' && readField(left.customer, 'active') === false;
  return isAsAssumed('delete', false, isInactive ? `it was made inactive; ${byHand}` : `${answer.kind}; ${byHand}`);
}

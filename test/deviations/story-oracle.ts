import { readResults } from '#test/e2e/customer-files.js';
import type { Account, Fields } from './deviant-server.js';
import type { Identity, Story } from './draw-story.js';

const people = [
  'Ann Abernathy',
  'Bruno Castellani',
  'Chidi Okonkwo',
  'Dagny Ibsen',
  'Emre Yildiz',
  'Farah Haddad',
] as const;

/** Customers that are there before. Only the first three are in the file. */
export const customersBefore: readonly Fields[] = Array.from({ length: 12 }, (_, index) => ({
  ...{ customerName: `Zoë Present ${index}`, emailAddress: `present${index}@shop.example`, city: 'Darwin' },
  ...{ phoneNumber: `08 8981 ${1000 + index}`, notes: 'keep', creditLimit: 250.5, isOld: true },
}));

const present = [0, 1, 2].map((at) => customerCode(at));

function customerCode(at: number): string {
  return String(at + 1).padStart(7, '0');
}

const header = 'No,Code,Name,Email,Phone,Post,City,Limit';

/** Each of the new ones can be recognised by another mark: an address, a number, or a name and its post code. */
const newRows = people.map((name, at) => {
  const email = at % 3 === 0 ? `new${at}@home.example` : '';
  const phone = at % 3 === 1 ? `0412 345 6${at}0` : '';
  return `N${at},,${name},${email},${phone},0${820 + at},Parap,${101 + at}`;
});

const knownRows = present.map(
  (code, at) => `P${at},${code},Zoë Present ${at},present${at}@shop.example,,,Alice Springs,${901 + at}`,
);

/** The lines of the file that a story is about. */
export function lines(identity: Identity): readonly string[] {
  return identity === 'code' ? [header, ...knownRows] : [header, ...newRows, ...knownRows];
}

const fields = {
  ...{ customerName: 'Name', emailAddress: 'Email', postalCode: 'Post', city: 'City' },
  phoneNumber: { column: 'Phone', transform: [{ phone: { country: 'AU' } }] },
  creditLimit: { column: 'Limit', type: 'number' },
};
const match = [['emailAddress'], ['phoneNumber'], ['customerName', 'postalCode']];

export const mappings: Readonly<Record<Identity, object>> = {
  add: { version: 1, mode: 'add', key: { column: 'No' }, fields, ignore: ['Code'] },
  'add stamped': { version: 1, mode: 'add', key: { column: 'No', stamp: 'cC_001' }, fields, ignore: ['Code'] },
  'add without key': { version: 1, mode: 'add', fields, ignore: ['Code', 'No'] },
  upsert: { version: 1, mode: 'upsert', key: { column: 'No' }, fields, ignore: ['Code'] },
  'upsert stamped': { version: 1, mode: 'upsert', key: { column: 'No', stamp: 'cC_001' }, fields, ignore: ['Code'] },
  match: { version: 1, mode: 'upsert', match, fields, ignore: ['Code', 'No'] },
  code: { version: 1, mode: 'update', fields: { ...fields, customerCode: 'Code' }, ignore: ['No'] },
};

/** Judges by the server alone what a story did to its customers. */
export interface Oracle {
  readonly violations: string[];
  note(violation: string): void;
  beginAct(): void;
  /** People edit somebody who was there before, and somebody who is new, where there is one. */
  letStaffEdit(): void;
  checkEnd(exitCode: number, results: string | undefined, command: string): void;
  /** A command that was refused sends nothing. */
  checkRefusal(exitCode: number): void;
}

/** Nobody else makes customers of this server; from now on it is known of which row each is made. */
export function watchAccount(account: Account, { identity, deviations }: Story): Oracle {
  const violations: string[] = [];
  const made = new Map<number, string[]>();
  const expected = new Map(account.all().map((customer) => [String(customer.customerCode), customer]));
  const changesStored = deviations.some((deviation) => deviation.changesStored);
  let [edits, writes] = [0, 0];
  const note = (violation: string) => violations.push(violation);

  const create = account.create.bind(account);
  account.create = (sent) => {
    const customer = create(sent);
    writes += 1;
    const limit = Number(sent.creditLimit);
    const codes = [...(made.get(limit) ?? []), String(customer.customerCode)];
    made.set(limit, codes);
    if (codes.length > 1) note(`the customer with limit ${limit} was made twice: ${codes.join()}`);
    if (limit > 900) note(`the customer with limit ${limit} was there already, and was made as ${codes.join()}`);
    return customer;
  };
  const replace = account.replace.bind(account);
  account.replace = (code, sent) => {
    writes += 1;
    const before = account.find(code) ?? {};
    if (!mayChange(code)) note(`${code} was changed, and is in no row`);
    for (const [field, value] of Object.entries(before))
      if (!isMapped(field) && JSON.stringify(sent[field]) !== JSON.stringify(value) && !changesStored)
        note(`${field} of ${code} became ${JSON.stringify(sent[field])}`);
    return replace(code, sent);
  };

  function mayChange(code: string): boolean {
    return present.includes(code) || [...made.values()].flat().includes(code);
  }

  function checkBystanders(): void {
    for (const [code, before] of expected) {
      const now = account.customers.get(code);
      if (now === undefined) note(`${code} is gone`);
      else if (!present.includes(code) && JSON.stringify(now) !== JSON.stringify(before))
        note(`${code} is not as before`);
    }
  }

  /** Whether a row's customer is there once, and has what the row says. */
  function isDone(row: Record<string, string>): boolean {
    const limit = Number(row.Limit);
    if (limit <= 900) return made.get(limit)?.length === 1;
    const customer = account.customers.get(row.Code ?? '') ?? {};
    return (
      identity.startsWith('add') || changesStored || (customer.creditLimit === limit && customer.city === row.City)
    );
  }

  return {
    violations,
    note,
    beginAct: () => {
      writes = 0;
    },
    letStaffEdit() {
      edits += 1;
      const code = customerCode(3 + (edits % 9));
      const edited = { ...(account.find(code) ?? {}), notes: `seen ${edits}` };
      // Their clock is ahead by so much that it shows in whole seconds.
      const lastEditDateUTC = new Date(Date.now() + 1500).toISOString().slice(0, -1);
      const customer = { ...edited, lastEditDateUTC };
      account.customers.set(code, customer);
      expected.set(code, customer);
      const [fresh] = [...made.values()].flat();
      const own = fresh === undefined ? undefined : account.find(fresh);
      if (fresh !== undefined && own !== undefined)
        account.customers.set(fresh, { ...own, notes: `met ${edits}`, lastEditDateUTC });
    },
    checkEnd(exitCode, results, command) {
      checkBystanders();
      if (exitCode === 1) note('it ended with exit code 1');
      if (results === undefined) return void note(`${command} wrote no results (exit code ${exitCode})`);
      const rows = readResults(results);
      const wanted = lines(identity)
        .slice(1)
        .map((line) => line.split(',')[0]);
      if (String(rows.map(({ No }) => No)) !== String(wanted))
        note(`the rows of the results are ${rows.map(({ No }) => No)}`);
      for (const row of rows) {
        const what = `${row.No} is ${row._status} ${row._errorCode} with exit code ${exitCode}`;
        const saysDone = /^(created|updated|unchanged)$/.test(row._status ?? '');
        if ((exitCode === 0 || saysDone) && !isDone(row)) note(`${what}, and is not done`);
        const codes = made.get(Number(row.Limit)) ?? [];
        // Where codes come as numbers, they have lost their zeros.
        if (row._status === 'created' && !codes.map(Number).includes(Number(row._customerCode)))
          note(`${what}, as ${row._customerCode}`);
      }
    },
    checkRefusal(exitCode) {
      checkBystanders();
      if (exitCode === 1) note('it ended with exit code 1');
      if ([2, 3, 8].includes(exitCode) && writes > 0) note(`exit code ${exitCode} after ${writes} writes`);
    },
  };
}

const mapped = new Set([...Object.keys(fields), 'cC_001', 'lastEditDateUTC']);
const isMapped = (field: string) => mapped.has(field);

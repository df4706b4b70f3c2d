import type { Customer, JsonValue } from '../../../pipelines/customer.js';
import { fromApiDate, toApiDate, toShopDate } from '../api-dates.js';
import { knownFields, ruleOf } from './customer-fields.js';

/** Fields by the server's spelling of their names; a client's own fields by the client's. */
export type SentFields = ReadonlyMap<string, JsonValue>;

/** Who changes a customer, and when. */
export interface Edit {
  readonly at: Date;
  readonly user: string;
}

interface Identity {
  readonly customerId: string;
  readonly customerCode: string;
}

const device = 'API';

/** A customer as it is on its first day. */
export function newCustomer(sent: SentFields, identity: Identity, edit: Edit): Customer {
  return compose(sent, {
    ...identity,
    creationDate: toShopDate(edit.at),
    creationDateUTC: toApiDate(edit.at),
    creationUser: edit.user,
    creationDevice: device,
    ...editFields(edit.at, edit.user),
  });
}

/** The customer after a PUT: nothing of the old one is left but what the server keeps. */
export function replacedCustomer(sent: SentFields, previous: Customer, edit: Edit): Customer {
  return compose(sent, { ...previous, ...editFields(laterThan(previous, edit.at), edit.user) });
}

/** The customer with a few fields changed by the server itself. */
export function amendedCustomer(previous: Customer, changes: Customer, edit: Edit): Customer {
  return { ...previous, ...changes, ...editFields(laterThan(previous, edit.at), edit.user) };
}

function compose(sent: SentFields, kept: Customer): Customer {
  const entries: [string, JsonValue][] = [];
  for (const [name, rule] of knownFields) {
    const value = rule.keeper === 'server' ? kept[name] : sent.get(name);
    entries.push([name, value === undefined ? rule.absent : value]);
  }
  for (const [name, value] of sent) if (ruleOf(name) === undefined) entries.push([name, value]);
  return Object.fromEntries(entries);
}

function editFields(at: Date, user: string): Customer {
  return {
    lastEditDate: toShopDate(at),
    lastEditDateUTC: toApiDate(at),
    lastEditUser: user,
    lastEditDevice: device,
  };
}

/** Two changes within a millisecond, or a clock set back, must still move the date that clients filter by. */
function laterThan(previous: Customer, at: Date): Date {
  const last = fromApiDate(String(previous.lastEditDateUTC)).getTime();
  return at.getTime() > last ? at : new Date(last + 1);
}

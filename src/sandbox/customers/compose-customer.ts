import type { Customer, JsonValue } from '#pipelines/customer.js';
import { fromApiDate, toApiDate, toShopDate } from '#src/sandbox/api-dates.js';
import { knownFields, ruleOf } from './customer-fields.js';
import type { CustomerViews } from './customer-views.js';
import { jsonMember, jsonObject } from './json-text.js';

/** What a client sent and may set: fields of the API's under the server's spelling, the client's own as sent. */
export type SentFields = ReadonlyMap<string, JsonValue>;

/** Who changes a customer, and when. */
export interface Edit {
  readonly at: Date;
  readonly user: string;
}

export interface Identity {
  readonly customerId: string;
  readonly customerCode: string;
}

/** A customer ready to be stored. */
export interface ComposedCustomer extends CustomerViews {
  readonly lastEditDateUTC: string;
}

const device = 'API';

interface Piece {
  readonly name: string;
  readonly isServers: boolean;
  readonly absentText: string;
}

/** Ready-made JSON: every add and update comes through here, and most fields of most customers are absent. */
const flatPieces = piecesOf('flat');
const deepPieces = piecesOf('deep');

/** A customer as it is on its first day. */
export function newCustomer(sent: SentFields, identity: Identity, edit: Edit): ComposedCustomer {
  const edited = editFields(edit.at, edit.user);
  // Written out, since spreading it together takes longer than all the rest.
  return compose(sent, {
    customerId: identity.customerId,
    customerCode: identity.customerCode,
    creationDate: edited.lastEditDate,
    creationDateUTC: edited.lastEditDateUTC,
    creationUser: edit.user,
    creationDevice: device,
    lastEditDate: edited.lastEditDate,
    lastEditDateUTC: edited.lastEditDateUTC,
    lastEditUser: edited.lastEditUser,
    lastEditDevice: device,
  });
}

/** The customer after a PUT: nothing of the old one is left but what the server keeps. */
export function replacedCustomer(sent: SentFields, previous: Customer, edit: Edit): ComposedCustomer {
  return compose(sent, { ...previous, ...editFields(laterThan(previous, edit.at), edit.user) });
}

/** The customer with a few fields changed by the server itself. */
export function amendedCustomer(previous: Customer, changes: Customer, edit: Edit): ComposedCustomer {
  const customer = { ...previous, ...changes, ...editFields(laterThan(previous, edit.at), edit.user) };
  return compose(new Map(Object.entries(customer)), customer);
}

function compose(sent: SentFields, kept: Customer & ServerEdit): ComposedCustomer {
  let ownMembers = '';
  for (const [name, value] of sent) if (ruleOf(name) === undefined) ownMembers += jsonMember(name, value);
  return {
    flat: jsonObject(membersOf(flatPieces, sent, kept)),
    deep: jsonObject(membersOf(deepPieces, sent, kept) + ownMembers),
    lastEditDateUTC: kept.lastEditDateUTC,
  };
}

function membersOf(pieces: readonly Piece[], sent: SentFields, kept: Customer): string {
  let members = '';
  for (const { name, isServers, absentText } of pieces) {
    const value = isServers ? kept[name] : sent.get(name);
    members += value === undefined ? absentText : jsonMember(name, value);
  }
  return members;
}

function piecesOf(view: 'flat' | 'deep'): Piece[] {
  return knownFields
    .filter(([, rule]) => rule.view === view)
    .map(([name, { keeper, absent }]) => ({
      name,
      isServers: keeper === 'server',
      absentText: jsonMember(name, absent),
    }));
}

type ServerEdit = Readonly<Record<'lastEditDate' | 'lastEditDateUTC' | 'lastEditUser' | 'lastEditDevice', string>>;

function editFields(at: Date, user: string): ServerEdit {
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

import type { Customer, JsonValue } from '#pipelines/model.js';
import { findFieldRule, knownFields } from './customer-fields.js';
import { formatApiDate, formatShopDate, parseApiDate } from './server-clock.js';

/** Anything but plain text: quotes, backslashes, control characters, halves of characters outside the basic plane. */
const needsEscape = /[^ !#-[\]-\ud7ff\ue000-\uffff]/;

/** `JSON.stringify` for short values: four times as fast on plain text, and every write needs some twenty of them. */
function jsonText(value: JsonValue): string {
  return typeof value === 'string' && !needsEscape.test(value) ? `"${value}"` : JSON.stringify(value);
}

/** `"name":value` with a comma before it. */
export function jsonMember(name: string, value: JsonValue): string {
  return `,${jsonText(name)}:${jsonText(value)}`;
}

/** Members with their commas, as an object. */
export function jsonObject(members: string): string {
  return `{${members.slice(1)}}`;
}

/** A customer as two JSON texts, so that a list needs no parsing and the detail no second copy. */
interface CustomerViews {
  readonly flat: string;
  readonly deep: string;
}

/** The whole customer as JSON. Neither view is ever empty: both hold fields that every customer has. */
export function joinViews({ flat, deep }: CustomerViews): string {
  return `${flat.slice(0, -1)},${deep.slice(1)}`;
}

/** A list's row: the flat view and the two fields that ride on every row. */
export function listRow(flat: string, rowNumber: number, total: number): string {
  return `${flat.slice(0, -1)},"customSortRowNumber":${rowNumber},"liTotalCount":${total}}`;
}

/** What a client sent and may set: fields of the API's under the server's spelling, the client's own as sent. */
export type SentFields = ReadonlyMap<string, JsonValue>;

/** Who changes a customer, and when. */
interface Edit {
  readonly at: Date;
  readonly user: string;
}

export interface AssignedIdentity {
  readonly customerId: string;
  readonly customerCode: string;
}

/** A customer ready to be stored. */
export interface ComposedCustomer extends CustomerViews {
  readonly lastEditDateUTC: string;
}

const device = 'API';

interface FieldTemplate {
  readonly name: string;
  readonly isServers: boolean;
  readonly absentText: string;
}

/** Ready-made JSON: every add and update comes through here, and most fields of most customers are absent. */
const flatTemplates = buildTemplates('flat');
const deepTemplates = buildTemplates('deep');

/** A customer as it is on its first day. */
export function newCustomer(sent: SentFields, identity: AssignedIdentity, edit: Edit): ComposedCustomer {
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
  return compose(sent, { ...previous, ...editFields(ensureLater(previous, edit.at), edit.user) });
}

/** The customer with a few fields changed by the server itself. */
export function amendedCustomer(previous: Customer, changes: Customer, edit: Edit): ComposedCustomer {
  const customer = { ...previous, ...changes, ...editFields(ensureLater(previous, edit.at), edit.user) };
  return compose(new Map(Object.entries(customer)), customer);
}

function compose(sent: SentFields, kept: Customer & ServerEdit): ComposedCustomer {
  let ownMembers = '';
  for (const [name, value] of sent) if (findFieldRule(name) === undefined) ownMembers += jsonMember(name, value);
  return {
    flat: jsonObject(joinMembers(flatTemplates, sent, kept)),
    deep: jsonObject(joinMembers(deepTemplates, sent, kept) + ownMembers),
    lastEditDateUTC: kept.lastEditDateUTC,
  };
}

function joinMembers(pieces: readonly FieldTemplate[], sent: SentFields, kept: Customer): string {
  let members = '';
  for (const { name, isServers, absentText } of pieces) {
    const value = isServers ? kept[name] : sent.get(name);
    members += value === undefined ? absentText : jsonMember(name, value);
  }
  return members;
}

function buildTemplates(view: 'flat' | 'deep'): FieldTemplate[] {
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
    lastEditDate: formatShopDate(at),
    lastEditDateUTC: formatApiDate(at),
    lastEditUser: user,
    lastEditDevice: device,
  };
}

/** Two changes within a millisecond, or a clock set back, must still move the date that clients filter by. */
function ensureLater(previous: Customer, at: Date): Date {
  const last = parseApiDate(String(previous.lastEditDateUTC)).getTime();
  return at.getTime() > last ? at : new Date(last + 1);
}

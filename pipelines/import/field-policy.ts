import {
  editableContent,
  findChanges,
  findFieldName,
  isBlank,
  isSameValue,
  readField,
} from '#pipelines/compare-customers.js';
import type { Issue } from '#pipelines/issue.js';
import { knowsField, type MirroredCustomer } from '#pipelines/listing/mirror.js';
import { secretFields } from '#pipelines/mapping/fields.js';
import type { FieldPolicy } from '#pipelines/mapping/write-policies.js';
import type { Customer, Draft, JsonValue } from '#pipelines/model.js';
import type { SentValue, SentValues } from '#pipelines/ports.js';
import { endAsWaiting } from './decisions.js';
import { keepZeros } from './keep-zeros.js';
import { readStamp, splitKey } from './keys.js';
import { type LastSent, openLastSent, type PolicyPorts } from './last-sent.js';
import type { EndedRow, KeptField, OpenRow } from './map.js';

/** A field that file and account have both changed since it was last sent. */
export interface FieldConflict {
  readonly field: string;
  readonly file: SideOfConflict;
  readonly account: SideOfConflict;
  readonly settledFor: FieldPolicy['conflict'];
}

interface SideOfConflict {
  readonly before: JsonValue;
  readonly now: JsonValue;
}

/** What a row may write to a customer. */
export interface ResolvedWrite {
  /** The fields that are to have the row's value, whether they have it already or not. */
  readonly draft: Draft;
  /** Fields of which it depends on their value, which is not known here, whether they are written. */
  readonly undecided: readonly string[];
  /** Fields that differ and stay as they are. */
  readonly kept: readonly KeptField[];
  readonly conflicts: readonly FieldConflict[];
  /** What the ledger is to keep of the values of file and account, once the row is settled. */
  readonly sentValues?: SentValues;
}

/** Fields that a REPLACE does not clear when the row does not set them: who the customer is, and whether it is active. */
const keptByReplace: ReadonlySet<string> = new Set(['customerid', 'customercode', 'active']);

/**
 * What a row writes to a customer that exists, field by field, by the mapping's policies.
 *
 * @param current - the customer as it was just read, or as the mirror knows it
 * @param mirrored - what the mirror knows besides, when the customer is from there
 */
export function resolveWrite(
  row: OpenRow,
  current: Customer,
  ports: PolicyPorts,
  mirrored?: MirroredCustomer,
): ResolvedWrite {
  const draftWithZeros = keepZeros(row.draft, current, ports.mapper.wholeNumberFields);
  const wanted = row.command === 'REPLACE' ? addClears(draftWithZeros, current) : draftWithZeros;
  const { policies } = ports.mapper;
  const lastSent = openLastSent(row, current, ports, mirrored);
  if (policies === undefined || (policies.isAlways && !policies.reactivates && policies.stamp === undefined))
    return { ...leaveOutChanged(wanted, current, lastSent), undecided: [], conflicts: [] };
  const draft: Record<string, JsonValue> = {};
  const undecided: string[] = [];
  const kept: KeptField[] = [];
  const conflicts: FieldConflict[] = [];
  const sentValues: Record<string, SentValue> = {};
  for (const [field, file] of Object.entries(wanted)) {
    const policy = policies.find(field, row.defaulted?.includes(field) === true);
    const isKnown = mirrored === undefined || knowsField(mirrored, field);
    const account = isKnown ? (readField(current, field) ?? null) : undefined;
    const decision =
      field === policies.stamp
        ? decideStamp(row, account, current, ports)
        : decideField(policy, file, account, lastSent, row.decision);
    if (decision.kind === 'undecided') undecided.push(field);
    if (decision.kind === 'write') draft[field] = file;
    if (decision.kind === 'keep' && account !== undefined && !isSameValue(account, file))
      kept.push({ field, account, file, why: decision.why });
    if (decision.conflict !== undefined) conflicts.push(decision.conflict);
    if (decision.sent !== undefined) sentValues[policy.field] = decision.sent;
  }
  if (policies.reactivates && wasMadeInactive(lastSent.find('active'))) {
    // To be in no row was its value in the file, and that has changed.
    draft.active = true;
    sentValues.active = [true, true];
  }
  return {
    ...{ draft, undecided, kept, conflicts },
    ...(Object.keys(sentValues).length === 0 ? {} : { sentValues }),
  };
}

/** Leaves out values that the account has made into others before, and still has: to send them again would change nothing. */
function leaveOutChanged(wanted: Draft, current: Customer, lastSent: LastSent): Pick<ResolvedWrite, 'draft' | 'kept'> {
  const kept = findChanges(current, wanted).flatMap(({ field, from: account, to: file }): KeptField[] =>
    isSameSent(lastSent.find(field), [file, account ?? null]) ? [{ field, account, file, why: 'server_changes' }] : [],
  );
  if (kept.length === 0) return { draft: wanted, kept };
  const fields = new Set(kept.map(({ field }) => field));
  return { draft: Object.fromEntries(Object.entries(wanted).filter(([field]) => !fields.has(field))), kept };
}

/** Whether a customer was last made inactive because it was in no row of the file. */
export function wasMadeInactive(active: SentValue | undefined): boolean {
  return active?.[0] === false;
}

/** A REPLACE also clears the fields that the row does not set. A flag cannot be empty, and an empty amount is 0. */
function addClears(draft: Draft, current: Customer): Draft {
  const wanted: Record<string, JsonValue> = {};
  for (const [name, value] of Object.entries(editableContent(current)))
    if (!keptByReplace.has(name.toLowerCase()) && value !== 0 && value !== false)
      wanted[name] = typeof value === 'boolean' ? false : null;
  for (const [name, value] of Object.entries(draft)) wanted[findFieldName(current, name)] = value;
  return wanted;
}

/** What becomes of a field, what the ledger is to keep of it, and whether both sides have changed it. */
type FieldDecision = { readonly sent?: SentValue; readonly conflict?: FieldConflict } & (
  | { readonly kind: 'write' | 'undecided' }
  | { readonly kind: 'keep'; readonly why: KeptField['why'] }
);

/**
 * A key is stored where there is none, and follows a key that is renamed. What the shop or another system keeps in the field
 * stays: two sources with one field for their keys would otherwise overwrite each other every night.
 */
function decideStamp(
  { key, customerCode }: OpenRow,
  account: JsonValue | undefined,
  current: Customer,
  { ledger }: PolicyPorts,
): FieldDecision {
  if (account === undefined) return { kind: 'undecided' };
  if (isBlank(account) || key === undefined) return { kind: 'write' };
  const { source } = splitKey(key);
  const stored = readStamp(account, source);
  if (stored === undefined) return { kind: 'keep', why: 'not_our_key' };
  const code = customerCode ?? String(readField(current, 'customerCode') ?? '');
  // With a source, the text itself says that it is a key of it.
  const isOurs = stored === key || source !== undefined || ledger.hasHadKey(code, stored);
  return isOurs ? { kind: 'write' } : { kind: 'keep', why: 'not_our_key' };
}

/** @param account - `undefined` when it is not known */
function decideField(
  policy: FieldPolicy,
  file: JsonValue,
  account: JsonValue | undefined,
  lastSent: LastSent,
  decision: OpenRow['decision'],
): FieldDecision {
  switch (policy.write) {
    case 'always':
      if (account === undefined || isSameValue(file, account)) return { kind: 'write' };
      return isSameSent(lastSent.find(policy.field), [file, account])
        ? { kind: 'keep', why: 'server_changes' }
        : { kind: 'write' };
    case 'create':
      return { kind: 'keep', why: 'exists' };
    case 'whenEmpty':
      if (account === undefined) return { kind: 'undecided' };
      return isBlank(account) ? { kind: 'write' } : { kind: 'keep', why: 'has_value' };
    case 'whenChanged':
      return decideByLastSent(policy, file, account, lastSent, decision);
  }
}

/** The three-way rule: what was sent last, what the file says now, what the account has now. */
function decideByLastSent(
  { field, conflict }: FieldPolicy,
  file: JsonValue,
  account: JsonValue | undefined,
  lastSent: LastSent,
  decision: OpenRow['decision'],
): FieldDecision {
  const before = lastSent.find(field);
  // Decided without the account's value, which may cost a call.
  if (before !== undefined && account === undefined && isSameValue(file, before[0]))
    return { kind: 'keep', why: 'file_unchanged' };
  if (account === undefined) return { kind: 'undecided' };
  const sent = [file, account] as const;
  if (isSameValue(file, account)) return { kind: 'write', ...(isSameSent(before, sent) ? {} : { sent }) };
  const written = { kind: 'write', sent: [file, file] } as const;
  if (before === undefined) {
    if (isBlank(account) || lastSent.isAsWritten()) return written;
    return { kind: 'keep', why: 'first_seen', sent };
  }
  const [fileBefore, accountBefore] = before;
  if (isSameValue(file, fileBefore)) return { kind: 'keep', why: 'file_unchanged' };
  if (isSameValue(account, accountBefore) || lastSent.isUnedited()) return written;
  const settledFor = settleConflict(conflict, decision);
  const found = {
    field,
    settledFor,
    file: { before: fileBefore, now: file },
    account: { before: accountBefore, now: account },
  };
  if (settledFor === 'file') return { ...written, conflict: found };
  return { kind: 'keep', why: 'conflict', conflict: found, ...(settledFor === 'account' ? { sent } : {}) };
}

function isSameSent(before: SentValue | undefined, sent: SentValue): boolean {
  return before !== undefined && isSameValue(before[0], sent[0]) && isSameValue(before[1], sent[1]);
}

/** A person who was asked has decided for the row as a whole: `same` writes it, `skip` leaves the account's values. */
function settleConflict(conflict: FieldPolicy['conflict'], decision: OpenRow['decision']): FieldPolicy['conflict'] {
  if (conflict !== 'ask' || decision === undefined) return conflict;
  return decision === 'skip' ? 'account' : 'file';
}

/** What the ledger is to keep of a customer that now has all of the row's values. */
export function collectSentValues(
  row: OpenRow,
  customer: Customer,
  { mapper, ledger }: Pick<PolicyPorts, 'mapper' | 'ledger'>,
): SentValues | undefined {
  const { policies } = mapper;
  if (policies?.usesLastSent !== true) return undefined;
  const known = row.customerCode === undefined ? undefined : ledger.findSentValues(row.customerCode, row.key);
  const values: Record<string, SentValue> = {};
  for (const [name, file] of Object.entries(row.draft)) {
    const { field, write } = policies.find(name, row.defaulted?.includes(name) === true);
    if (write !== 'whenChanged' || (known !== undefined && Object.hasOwn(known, field))) continue;
    values[field] = [file, readField(customer, field) ?? file];
  }
  return Object.keys(values).length === 0 ? undefined : values;
}

/** What was written, as the answer shows that the API holds it. */
export function confirmSentValues(
  values: SentValues | undefined,
  draft: Draft,
  customer: Customer,
): SentValues | undefined {
  if (values === undefined) return undefined;
  const written = new Set(Object.keys(draft).map((name) => name.toLowerCase()));
  return Object.fromEntries(
    Object.entries(values).map(([field, value]): [string, SentValue] => [
      field,
      written.has(field.toLowerCase()) ? [value[0], readField(customer, field) ?? value[0]] : value,
    ]),
  );
}

/** Tells a row under these policies from the same row under others. */
export function hashUnderPolicies(row: OpenRow, { policies }: PolicyPorts['mapper']): string {
  if (policies === undefined || policies.isAlways) return row.contentHash;
  const defaulted = row.defaulted === undefined ? '' : ` ${row.defaulted.join()}`;
  return `${row.contentHash} ${policies.fingerprint}${defaulted}`;
}

/** Whether the row waits for a person who says which values count. */
export function isUnsettled({ conflicts }: ResolvedWrite): boolean {
  return conflicts.some(({ settledFor }) => settledFor === 'ask');
}

/** What the user should know of a row whose fields were settled. */
export function describeKept(
  { kept, conflicts }: Pick<ResolvedWrite, 'kept' | 'conflicts'>,
  { findColumns }: PolicyPorts['mapper'],
): readonly Issue[] {
  return [
    ...conflicts.map((conflict) => describeConflict(conflict, 'warning', findColumns(conflict.field))),
    ...kept.flatMap((keptField) => {
      const issue = describeKeptField(keptField);
      return issue === undefined ? [] : [{ ...issue, field: keptField.field, columns: findColumns(keptField.field) }];
    }),
  ];
}

function describeKeptField({ field, account, file, why }: KeptField): Issue | undefined {
  const [there, wanted] = [quote(field, account ?? null), quote(field, file)];
  switch (why) {
    case 'first_seen':
      return {
        severity: 'info',
        code: 'FIELD_KEPT',
        message: `${field}: the account has ${there} and the file ${wanted}. It is not known what was sent before, so the account's value stays until the file changes.`,
      };
    case 'not_our_key':
      return {
        severity: 'warning',
        code: 'STAMP_KEPT',
        message: `${field}: the account has ${there}, which is no key of this file that was stored there before, so the key ${wanted} was not stored. The key stands for the customer all the same.`,
      };
    default:
      return undefined;
  }
}

/** The end of a row that waits for a person who says which values count. */
export function endAsUnsettled(
  row: OpenRow,
  current: Customer,
  { conflicts }: ResolvedWrite,
  { findColumns }: PolicyPorts['mapper'],
): EndedRow {
  const asked = conflicts.filter(({ settledFor }) => settledFor === 'ask');
  const reasons = asked.map((conflict) => describeConflict(conflict, 'error', findColumns(conflict.field)));
  const [first] = reasons;
  if (first === undefined) throw new Error('No field of the row waits for a decision.');
  const customerCode = row.customerCode ?? String(readField(current, 'customerCode'));
  const evidence = asked.map(({ field }) => `${field} was changed in the file and in the account`);
  const ended = endAsWaiting(row, first, [{ customerCode, evidence }], () => current);
  return ended.outcome.status === 'invalid' ? { ...ended, outcome: { ...ended.outcome, reasons } } : ended;
}

/** Why a field keeps its value, for people. */
export const keptBecause = {
  server_changes: 'the API made that of the same value before',
  exists: 'only new customers get it ("write": "create")',
  has_value: 'the customer has a value ("write": "whenEmpty")',
  file_unchanged: 'the file says what it said when it was last sent ("write": "whenChanged")',
  first_seen: 'it is not known what was sent before ("write": "whenChanged")',
  conflict: 'file and account have both changed it ("conflict": "account")',
  not_our_key: 'it holds something else than a key of this file ("stamp")',
} as const satisfies Record<KeptField['why'], string>;

const endings = {
  file: "The file's value is written.",
  account: "The account's value stays.",
  ask: 'Decide in the review file: "same" writes the file\'s values, "skip" keeps those of the account.',
} as const satisfies Record<FieldPolicy['conflict'], string>;

function describeConflict(
  { field, file, account, settledFor }: FieldConflict,
  severity: Issue['severity'],
  columns: readonly string[],
): Issue {
  const show = ({ before, now }: SideOfConflict) => `from ${quote(field, before)} to ${quote(field, now)}`;
  return {
    severity,
    code: 'FIELD_CONFLICT',
    message: `${field}: changed in the file ${show(file)}, and in the account ${show(account)}. ${endings[settledFor]}`,
    field,
    columns,
  };
}

function quote(field: string, value: JsonValue): string {
  if (isBlank(value)) return 'blank';
  return secretFields.has(field) ? '(not shown)' : JSON.stringify(value);
}

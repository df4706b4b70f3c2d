import { editableContent, findChanges, mergeDraft, readField } from '#pipelines/compare-customers.js';
import type { Extent, WrittenCustomer } from '#pipelines/listing/mirror.js';
import { publishMilestone } from '#pipelines/milestones.js';
import type { Customer, Draft, Issue, JsonValue, RowOutcome } from '#pipelines/model.js';
import type { CustomersApi, Intent, RunLedger, WriteAnswer, WriteHooks } from '#pipelines/ports.js';
import { changedSincePlan, customerMatchesPlan, type PlannedWrite, resolveDraft } from './decide.js';
import { contentHash, describeUnknownCustomer, type OpenRow } from './import-row.js';
import type { RowMapper } from './map.js';

/** Tells which columns of the input a field comes from. */
export type ColumnLookup = Pick<RowMapper, 'findColumns'>;

/** Reads a written customer back and says, field by field, what the server made of what it was sent. */
export async function verifyWritten(
  api: CustomersApi,
  customerCode: string,
  draft: Draft,
  mapper: ColumnLookup,
): Promise<readonly Issue[]> {
  // What ends the run here ends it at the next row too; this row is written, whatever happens now.
  const answer = await api.get(customerCode).catch(() => ({ kind: 'unanswered' }) as const);
  if (answer.kind !== 'found')
    return [{ code: 'NOT_VERIFIED', message: 'Written, but the customer could not be read back to compare.' }];
  return findChanges(answer.customer, draft).map(({ field, from: stored, to: sent }) => ({
    code: isTruncated(stored, sent) ? 'SERVER_TRUNCATED' : 'SERVER_CHANGED',
    message: `${field}: sent ${displayValue(sent)}, but the API now holds ${displayValue(stored)}.`,
    field,
    columns: mapper.findColumns(field),
  }));
}

function isTruncated(stored: JsonValue | undefined, sent: JsonValue): boolean {
  return typeof stored === 'string' && typeof sent === 'string' && stored !== '' && sent.startsWith(stored);
}

function displayValue(value: JsonValue | undefined): string {
  return value === undefined ? 'nothing' : JSON.stringify(value);
}

export interface WritePorts {
  readonly api: CustomersApi;
  readonly ledger: RunLedger;
  readonly mapper: Pick<RowMapper, 'findColumns'>;
  /** Read every written customer back and compare. */
  readonly verify: boolean;
  readonly now: () => number;
}

/** An outcome with what an undo needs to see whether the customer has changed since. */
export interface WriteResult {
  readonly outcome: RowOutcome;
  readonly writtenHash?: string;
  readonly written?: WrittenCustomer;
}

/** What the ledger keeps of a row whose request is about to leave. */
function buildIntent(work: OpenRow, payload: string): Intent {
  const { row, key } = work;
  const base = { index: row.index, number: row.number, payload, payloadHash: work.contentHash };
  return { ...base, ...(key === undefined ? {} : { key }) };
}

/**
 * Sends a write with its intent on disk first; an error means certainly not applied, so the intent is taken back.
 *
 * @param assertStill - called when the turn to send has come; what it throws takes everything back
 */
export async function withIntent<T>(
  ledger: RunLedger,
  intent: Intent,
  send: (hooks: WriteHooks) => Promise<T>,
  assertStill: () => void = () => undefined,
): Promise<T> {
  let intended = false;
  const beforeSend = async () => {
    intended = true;
    publishMilestone('before-intent');
    await ledger.recordIntent(intent);
    publishMilestone('after-intent');
  };
  const atTurn = (attempt: number) => {
    if (attempt === 1) assertStill();
  };
  try {
    const answer = await send({ beforeSend, atTurn });
    publishMilestone('after-answer');
    return answer;
  } catch (error) {
    if (intended) await ledger.withdrawIntent(intent.index);
    throw error;
  }
}

/** What the mirror is told of a customer that now says what the row says. */
function describeWritten(work: OpenRow, customer: Customer, extent: Extent): WrittenCustomer {
  const edited = readField(customer, 'lastEditDateUTC');
  return { customer, extent, sentHash: work.contentHash, ...(typeof edited === 'string' ? { edited } : {}) };
}

const statusByKind = { refused: 'rejected', not_applied: 'failed', in_doubt: 'in_doubt' } as const;

/** The outcome of a write that the API did not confirm. */
export function describeNotApplied(
  answer: Exclude<WriteAnswer, { kind: 'applied' }>,
  mapper: Pick<RowMapper, 'findColumns'>,
): Extract<RowOutcome, { status: 'rejected' | 'failed' | 'in_doubt' }> {
  const { kind, ...refusal } = answer;
  const columns = (refusal.fields ?? []).flatMap((field) => mapper.findColumns(field));
  return { ...refusal, status: statusByKind[kind], ...(columns.length === 0 ? {} : { columns }) };
}

export function withNotes(notes: readonly Issue[]): { readonly notes?: readonly Issue[] } {
  return notes.length === 0 ? {} : { notes };
}

/** Adds one customer: the intent is on disk before the request leaves, the outcome is the caller's to settle. */
export async function addRow(work: OpenRow, ports: WritePorts): Promise<WriteResult> {
  const { api, ledger, mapper } = ports;
  const { payload, text } = work.addPayload;
  const answer = await withIntent(ledger, buildIntent(work, text), (hooks) => api.add(payload, hooks, text));
  if (answer.kind !== 'applied') return { outcome: describeNotApplied(answer, mapper) };
  const { customerId } = answer.customer;
  const customerCode = String(answer.customer.customerCode);
  const notes = ports.verify ? await verifyWritten(api, customerCode, payload, mapper) : [];
  return {
    outcome: {
      status: 'created',
      customerCode,
      ...(typeof customerId === 'string' ? { customerId } : {}),
      httpStatus: answer.httpStatus,
      attempts: answer.attempts,
      ...withNotes(notes),
    },
    // The fingerprint of the draft is that of what was sent, but for what was left out of it.
    writtenHash: payload === work.draft && work.command === undefined ? work.contentHash : contentHash(payload),
    written: describeWritten(work, withSentFields(answer.customer, payload), 'sent'),
  };
}

/** The answer is a copy of what was sent, so that there is rarely anything to add to it. */
function withSentFields(stored: Customer, sent: Draft): Customer {
  for (const field in sent) if (!Object.hasOwn(stored, field)) return { ...sent, ...stored };
  return stored;
}

/** The API says so when the customer is no longer as it was read; then it is read and merged once more. */
const changedMeanwhile: ReadonlySet<number | undefined> = new Set([409, 412]);
const maxTries = 2;
/**
 * The API has no conditional update, so whoever edits between our reading and our writing is overwritten. A reading that
 * had to wait this long for its turn to write (a pause that the API asked for, a slow pace) is made anew.
 */
const freshMs = 3000;

class ReadTooLongAgo extends Error {}

/** A plan's word on the row: the customer must still be as it was then. */
interface PlanTerms {
  readonly plan: string;
  /** Absent for a row that was to stay as it is. */
  readonly write: PlannedWrite | undefined;
}

/** Changes one customer: reads it, puts in the row's fields, and writes it back only when something differs. */
export async function updateRow(
  work: OpenRow,
  customerCode: string,
  ports: WritePorts,
  agreed?: PlanTerms,
): Promise<WriteResult> {
  for (let tries = 1; ; tries += 1) {
    const readAt = ports.now();
    const found = await ports.api.get(customerCode);
    if (found.kind === 'absent') return { outcome: describeUnknownCustomer(customerCode, ports.mapper, work.key) };
    if (found.kind === 'unanswered') {
      const { kind: _, ...refusal } = found;
      return { outcome: { ...refusal, status: 'failed', customerCode } };
    }
    const current = found.customer;
    const draft = resolveDraft(work, current);
    const identity = readIdentity(current, customerCode);
    const changes = findChanges(current, draft);
    if (changes.length === 0)
      return {
        outcome: { status: 'unchanged', attempts: 0, ...identity },
        writtenHash: contentHash(editableContent(current)),
        written: describeWritten(work, current, 'whole'),
      };
    if (agreed !== undefined && !customerMatchesPlan(current, changes, agreed.write))
      return { outcome: changedSincePlan(agreed.plan, customerCode) };
    const assertFresh = () => {
      if (tries < maxTries && ports.now() - readAt > freshMs) throw new ReadTooLongAgo();
    };
    const end = await putMerged(work, draft, current, identity, ports, assertFresh);
    if (end === undefined) continue;
    const { outcome } = end;
    if (outcome.status !== 'rejected' || !changedMeanwhile.has(outcome.httpStatus)) return end;
    if (tries === maxTries) return { outcome: { ...outcome, status: 'failed' } };
  }
}

/** @returns `undefined` when nothing was sent because the reading is too old */
async function putMerged(
  work: OpenRow,
  draft: Draft,
  current: Customer,
  identity: Identity,
  ports: WritePorts,
  assertFresh: () => void,
): Promise<WriteResult | undefined> {
  const { api, ledger, mapper } = ports;
  const { customerCode } = identity;
  const merged = { ...mergeDraft(current, draft), ...identity };
  const intent = { ...buildIntent(work, JSON.stringify(draft)), customerCode, preImage: current };
  const answer = await withIntent(
    ledger,
    intent,
    (hooks) => api.update(customerCode, merged, hooks),
    assertFresh,
  ).catch((error: unknown) => {
    if (error instanceof ReadTooLongAgo) return undefined;
    throw error;
  });
  if (answer === undefined) return undefined;
  if (answer.kind !== 'applied') return { outcome: { ...describeNotApplied(answer, mapper), ...identity } };
  const { httpStatus, attempts } = answer;
  const notes = ports.verify ? await verifyWritten(api, customerCode, draft, mapper) : [];
  return {
    outcome: { status: 'updated', httpStatus, attempts, ...identity, ...withNotes(notes) },
    writtenHash: contentHash(editableContent(answer.customer)),
    // An answer that does not tell the new date leaves the old one, so that the next refresh reads the customer again.
    written: describeWritten(work, answer.customer, 'whole'),
  };
}

type Identity = { readonly customerCode: string; readonly customerId?: string };

/** Both must be in the body of a PUT and right [seed], whatever the row says. */
function readIdentity(current: Customer, customerCode: string): Identity {
  const code = readField(current, 'customerCode');
  const id = readField(current, 'customerId');
  return {
    customerCode: typeof code === 'string' && code !== '' ? code : customerCode,
    ...(typeof id === 'string' ? { customerId: id } : {}),
  };
}

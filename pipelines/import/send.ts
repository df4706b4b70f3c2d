import {
  contentHash,
  editableContent,
  findChanges,
  mergeDraft,
  readField,
  withoutNulls,
} from '#pipelines/compare-customers.js';
import type { Issue } from '#pipelines/issue.js';
import type { CustomerMirror, Extent, WrittenCustomer } from '#pipelines/listing/mirror.js';
import {
  type Customer,
  type CustomerIdentity,
  type Draft,
  isWaiting,
  type Row,
  type RowOutcome,
} from '#pipelines/model.js';
import type {
  AppliedAnswer,
  CustomersApi,
  DeleteAnswer,
  Intent,
  RunLedger,
  SentValues,
  Settlement,
  WriteAnswer,
  WriteHooks,
} from '#pipelines/ports.js';
import type { RunControl } from '#pipelines/run-control.js';
import type { AnswerProof } from './answer-proof.js';
import { endIfChangedSince } from './changed-since-run.js';
import { addDifferences, compareWritten, describeDifferences, describeReadBack, readBack } from './compare-written.js';
import { checkContradiction } from './contradiction.js';
import {
  type AgreedPlan,
  changedSincePlan,
  chooseAction,
  customerMatchesPlan,
  endAsUnknown,
  type PlannedWrite,
  rowMatchesPlan,
} from './decide.js';
import { endAsWaiting } from './decisions.js';
import {
  collectSentValues,
  confirmSentValues,
  describeKept,
  endAsUnsettled,
  hashUnderPolicies,
  isUnsettled,
  type ResolvedWrite,
  resolveWrite,
} from './field-policy.js';
import type { ImportMode } from './identify.js';
import { describeUnknownCustomer, endAsSkipped, type OpenRow, type RowMapper } from './map.js';
import { withIntent } from './with-intent.js';

/** Tells which columns of the input a field comes from. */
export type ColumnLookup = Pick<RowMapper, 'findColumns' | 'policies'>;

export interface SendPorts {
  readonly api: CustomersApi;
  readonly ledger: RunLedger;
  readonly mapper: ColumnLookup & Pick<RowMapper, 'country' | 'keyColumns'>;
  readonly mirror?: CustomerMirror | undefined;
  /** An earlier process has begun the run. */
  readonly isResumed?: boolean | undefined;
  /** The local copy, also where it serves only to find out who is there. */
  readonly whoIsThere?: CustomerMirror | undefined;
  /** Of the run: what its answers have shown so far. */
  readonly proof: AnswerProof;
  /** Only what it says is sent. */
  readonly plan?: AgreedPlan | undefined;
  readonly now: () => number;
}

export interface SendOptions {
  /** Read every written customer back and compare. */
  readonly verify: boolean;
  /** An update adds nobody, also where somebody has decided that a row is none of the customers that are there. */
  readonly mode: ImportMode;
}

/** An outcome, with what an undo needs to see whether the customer has changed since, and the mirror to know it. */
export type SendResult = Pick<Settlement, 'outcome' | 'writtenHash' | 'written' | 'sentValues' | 'waiting'> & {
  /** Whether the customer, as the API shows it, was compared with what it was sent. */
  readonly isCompared?: boolean;
};

/** Sends a decided row: its intent is on disk before the request leaves; the outcome is the caller's to settle. */
export async function sendRow(row: OpenRow, ports: SendPorts, options: SendOptions): Promise<SendResult> {
  const { customerCode } = row;
  const action = chooseAction(row);
  const { plan, mirror } = ports;
  const planned = plan?.writeFor(row.row.index);
  // An update that was not planned may turn out to change nothing: without a mirror, only the customer can tell.
  const mayBeUnchanged = planned === undefined && action === 'update';
  if (plan !== undefined && !mayBeUnchanged && !rowMatchesPlan(row, planned, mirror))
    return { outcome: changedSincePlan(plan.name, customerCode) };
  if (customerCode === undefined) return addRow(row, ports, options);
  if (action === 'delete') return { outcome: await deleteCustomer(row.row, customerCode, ports) };
  return updateRow(row, customerCode, ports, options, plan && { plan: plan.name, write: planned });
}

/** Puts a row's outcome on disk. It counts at once: when too many rows have failed, nothing more may leave. */
export async function settleRow(
  settlement: Settlement,
  { ledger, control }: { readonly ledger: RunLedger; readonly control: RunControl },
): Promise<void> {
  const settled = ledger.settle([settlement]);
  control.count(settlement.outcome.status, isWaiting(settlement.outcome));
  await settled;
}

async function addRow(row: OpenRow, ports: SendPorts, { verify }: SendOptions): Promise<SendResult> {
  const { api, ledger, mapper, proof } = ports;
  const payload = withoutNulls(row.draft);
  const text = JSON.stringify(payload);
  const sentValues = collectSentValues(row, payload, { mapper, ledger });
  const intent = buildIntent(row, text, sentValues);
  const { index, number } = row.row;
  const hadNoEffect = (status: number) => proof.hadNoEffect(status, { index, number, payload }, { api, ledger });
  const answer = await withIntent(ledger, intent, (hooks) => api.add(payload, { ...hooks, hadNoEffect }, text));
  if (answer.kind !== 'applied') return { outcome: describeNotApplied(answer, mapper) };
  const { httpStatus, attempts } = answer;
  const added = await proof.findAdded(answer, payload, { api, ledger, mirror: ports.whoIsThere }, mapper.country);
  if (added === undefined) return { outcome: describeWrongAdd(answer) };
  const customerCode = String(added.customerCode);
  const { customerId } = added;
  const read = verify ? await readBack(api, customerCode, payload, payload, mapper.country) : undefined;
  const comparison = read?.comparison ?? compareWritten(payload, payload, added, mapper.country);
  return {
    outcome: {
      status: 'created',
      customerCode,
      ...(typeof customerId === 'string' ? { customerId } : {}),
      httpStatus,
      attempts,
      ...withNotes(read === undefined ? describeDifferences(comparison, mapper) : describeReadBack(read, mapper)),
    },
    isCompared: read === undefined ? showsContent(added, payload) : read.customer !== undefined,
    // The fingerprint of the draft is that of what was sent, unless something was left out of it.
    writtenHash: payload === row.draft && row.command === undefined ? row.contentHash : contentHash(payload),
    written: describeWritten({ ...payload, ...added }, 'sent', row.contentHash),
    ...describeSent(addDifferences(confirmSentValues(sentValues, payload, added), comparison)),
  };
}

/** Some APIs answer an add with the new code alone. */
function showsContent(customer: Customer, payload: Draft): boolean {
  return Object.keys(payload).some((field) => readField(customer, field) !== undefined);
}

/** The outcome of an add whose answer cannot be about it: reconciliation looks for the customer at the end of the run. */
function describeWrongAdd({ shown = {}, httpStatus, attempts }: AppliedAnswer): RowOutcome {
  const code = readField(shown, 'customerCode');
  return {
    ...{ status: 'in_doubt', errorCode: 'WRONG_CUSTOMER', httpStatus, attempts },
    message: `The API answered the add with ${code === undefined ? 'no code' : `customer ${String(code)}, who is somebody else`}. Whether it added the row's customer shows in the list.`,
  };
}

/** The API says so when the customer is no longer as it was read; then it is read and merged once more. */
const changedMeanwhile: ReadonlySet<number | undefined> = new Set([409, 412]);
const maxTries = 2;
/**
 * The API has no conditional update, so an edit by somebody else between our GET and our PUT is overwritten. A customer
 * that was read this long before its PUT could leave (a pause that the API asked for, a low rate limit) is read again.
 */
const freshMs = 3000;

class ReadTooLongAgo extends Error {}

/** What a plan says of a row: the customer must still be as it was then. */
interface PlanTerms {
  readonly plan: string;
  /** Absent for a row that was to stay as it is. */
  readonly write: PlannedWrite | undefined;
}

/** Changes one customer: reads it, puts in the row's fields, and writes it back only when something differs. */
async function updateRow(
  row: OpenRow,
  customerCode: string,
  ports: SendPorts,
  options: SendOptions,
  terms: PlanTerms | undefined,
): Promise<SendResult> {
  for (let tries = 1; ; tries += 1) {
    const readAt = ports.now();
    const found = await ports.api.get(customerCode);
    if (found.kind === 'absent') return { outcome: describeUnknownCustomer(customerCode, ports.mapper, row.key) };
    if (found.kind === 'unanswered') {
      const { kind: _, ...refusal } = found;
      return { outcome: { ...refusal, status: 'failed', customerCode } };
    }
    const current = found.customer;
    const contradicted = await endContradicted(row, customerCode, current, ports, options);
    if (contradicted !== undefined) return contradicted;
    const resolved = resolveWrite(row, current, ports);
    if (isUnsettled(resolved)) return endAsUnsettled(row, current, resolved, ports.mapper);
    const identity = readIdentity(current, customerCode);
    const changes = findChanges(current, resolved.draft);
    const hash = resolved.kept.length === 0 ? row.contentHash : hashUnderPolicies(row, ports.mapper);
    if (changes.length === 0)
      return {
        outcome: {
          ...{ status: 'unchanged', attempts: 0, ...identity },
          ...withNotes(describeKept(resolved, ports.mapper)),
        },
        writtenHash: contentHash(editableContent(current)),
        written: describeWritten(current, 'whole', hash),
        ...describeSent(resolved.sentValues),
      };
    const ended = endIfChangedSince(row, customerCode, current, changes, ports);
    if (ended !== undefined) return ended;
    if (terms !== undefined && !customerMatchesPlan(current, changes, terms.write))
      return { outcome: changedSincePlan(terms.plan, customerCode) };
    const assertFresh = () => {
      if (tries < maxTries && ports.now() - readAt > freshMs) throw new ReadTooLongAgo();
    };
    const result = await putMerged(row, resolved, hash, current, identity, ports, options, assertFresh);
    if (result === undefined) continue;
    const { outcome } = result;
    if (outcome.status !== 'rejected' || !changedMeanwhile.has(outcome.httpStatus)) return result;
    if (tries === maxTries) return { outcome: { ...outcome, status: 'failed' } };
  }
}

/** What becomes of a row instead of its update when its customer seems to be somebody else. */
async function endContradicted(
  row: OpenRow,
  customerCode: string,
  current: Customer,
  ports: SendPorts,
  options: SendOptions,
): Promise<SendResult | undefined> {
  const { ledger, mapper } = ports;
  const { country, keyColumns = [] } = mapper;
  const columns = row.isNamed ? mapper.findColumns('customerCode') : keyColumns;
  const contradicted = checkContradiction(row, customerCode, current, { ledger, country, columns });
  switch (contradicted.kind) {
    case 'none':
      return undefined;
    case 'wrong': {
      const { code: errorCode, message } = contradicted.issue;
      return { outcome: { status: 'failed', errorCode, message, attempts: 0, customerCode } };
    }
    case 'new':
      if (options.mode === 'update') return { outcome: endAsUnknown(row.withoutCustomer(), columns).outcome };
      return addRow(row.withoutCustomer(), ports, options);
    case 'skip':
      return { outcome: endAsSkipped(row, contradicted.reason, row).outcome };
    case 'waits': {
      const { outcome, waiting } = endAsWaiting(row, contradicted.issue, contradicted.candidates, () => current);
      return { outcome, ...(waiting === undefined ? {} : { waiting }) };
    }
  }
}

/** @returns `undefined` when nothing was sent because the customer was read too long ago */
async function putMerged(
  row: OpenRow,
  resolved: ResolvedWrite,
  hash: string,
  current: Customer,
  identity: CustomerIdentity,
  { api, ledger, mapper, proof }: SendPorts,
  { verify }: SendOptions,
  assertFresh: () => void,
): Promise<SendResult | undefined> {
  const { customerCode } = identity;
  const { draft, sentValues } = resolved;
  const merged = { ...mergeDraft(current, draft), ...identity };
  const intent = { ...buildIntent(row, JSON.stringify(draft), sentValues), customerCode, preImage: current };
  const put = (hooks: WriteHooks) => api.update(customerCode, merged, hooks);
  const answer = await withIntent(ledger, intent, put, assertFresh).catch((error: unknown) => {
    if (error instanceof ReadTooLongAgo) return undefined;
    throw error;
  });
  if (answer === undefined) return undefined;
  if (answer.kind !== 'applied') return { outcome: { ...describeNotApplied(answer, mapper), ...identity } };
  const { httpStatus, attempts, shown } = answer;
  const isRead = verify || proof.needsReading(answer);
  const read = isRead ? await readBack(api, customerCode, merged, draft, mapper.country) : undefined;
  const comparison = read?.comparison ?? compareWritten(merged, draft, shown ?? {}, mapper.country);
  if (read?.customer !== undefined && comparison.ofRow.length === 0) proof.noteProved(answer);
  const written = read?.customer ?? answer.customer;
  const notes = [
    ...describeKept(resolved, mapper),
    ...(read === undefined ? describeDifferences(comparison, mapper) : describeReadBack(read, mapper)),
  ];
  return {
    outcome: { status: 'updated', httpStatus, attempts, ...identity, ...withNotes(notes) },
    isCompared: read === undefined ? shown !== undefined : read.customer !== undefined,
    writtenHash: contentHash(editableContent(written)),
    // An answer without a new edit date keeps the old one, so that the next refresh reads the customer again.
    written: describeWritten(written, 'whole', hash),
    ...describeSent(addDifferences(confirmSentValues(sentValues, draft, written), comparison)),
  };
}

/** Deletes one customer, or finds that the API could only make it inactive. */
export async function deleteCustomer(
  row: Row,
  customerCode: string,
  { api, ledger, proof }: Pick<SendPorts, 'api' | 'ledger' | 'proof'>,
): Promise<RowOutcome> {
  const { index, number } = row;
  const intent = { index, number, payload: '{}', payloadHash: `delete ${customerCode}`, customerCode };
  const answer = await withIntent(ledger, intent, (hooks) => api.delete(customerCode, hooks));
  if (answer.kind === 'deleted')
    return describeDeleted(answer, customerCode, await proof.findDeleted(answer, customerCode, api));
  if (answer.kind === 'deactivated') {
    const { kind: status, httpStatus, attempts } = answer;
    return { status, customerCode, httpStatus, attempts };
  }
  if (answer.kind === 'refused' && answer.httpStatus === 409 && (await isInactive(customerCode, api)))
    return { status: 'deactivated', customerCode, httpStatus: 409, attempts: answer.attempts };
  return { ...describeNotApplied(answer, { findColumns: () => ['customerCode'] }), customerCode };
}

/** The documented answer is believed where the customer cannot be read; any other one is not. */
function describeDeleted(
  { httpStatus, attempts, says = '' }: Extract<DeleteAnswer, { kind: 'deleted' }>,
  customerCode: string,
  found: Awaited<ReturnType<AnswerProof['findDeleted']>>,
): RowOutcome {
  const ended = { customerCode, httpStatus, attempts };
  if (found === 'inactive') return { status: 'deactivated', ...ended };
  const isAsDocumented = says === '' && (httpStatus === 204 || httpStatus === 404);
  if (found === 'gone' || (found === 'unknown' && isAsDocumented)) return { status: 'deleted', ...ended };
  const fact = found === 'there' ? 'is still there' : 'cannot be read now';
  return {
    ...{ status: 'in_doubt', errorCode: 'STILL_THERE', ...ended },
    message: `The API answered the delete with HTTP ${httpStatus}, but the customer ${customerCode} ${fact}.`,
    ...(says === '' ? {} : { response: says }),
  };
}

/** A 409 may say that the customer was made inactive [seed]; where it does not, the customer itself does. */
async function isInactive(customerCode: string, api: CustomersApi): Promise<boolean> {
  const answer = await api.get(customerCode).catch(() => ({ kind: 'unanswered' }) as const);
  return answer.kind === 'found' && readField(answer.customer, 'active') === false;
}

/** What the ledger keeps of a row whose request is about to leave. */
function buildIntent(row: OpenRow, payload: string, sentValues: SentValues | undefined): Intent {
  const { key, contentHash: payloadHash } = row;
  const { index, number } = row.row;
  const base = { index, number, payload, payloadHash, ...describeSent(sentValues) };
  return key === undefined ? base : { ...base, key };
}

/** The API did not know who asks, which says nothing of the row: it can be sent again. */
const unknownSender = 401;

function chooseStatus({ kind, httpStatus }: Exclude<WriteAnswer, { kind: 'applied' }>) {
  if (kind === 'in_doubt') return kind;
  return httpStatus === unknownSender ? 'failed' : 'rejected';
}

/** The outcome of a write that the API did not confirm. */
export function describeNotApplied(
  answer: Exclude<WriteAnswer, { kind: 'applied' }>,
  mapper: ColumnLookup,
): Extract<RowOutcome, { status: 'rejected' | 'failed' | 'in_doubt' }> {
  const { kind: _, ...refusal } = answer;
  const columns = (refusal.fields ?? []).flatMap((field) => mapper.findColumns(field));
  return { ...refusal, status: chooseStatus(answer), ...(columns.length === 0 ? {} : { columns }) };
}

export function withNotes(notes: readonly Issue[]): { readonly notes?: readonly Issue[] } {
  return notes.length === 0 ? {} : { notes };
}

function describeSent(sentValues: SentValues | undefined): { readonly sentValues?: SentValues } {
  return sentValues === undefined ? {} : { sentValues };
}

/**
 * What the mirror is told of a customer that now says what the row says.
 *
 * @param sentHash - of the row; where some fields kept their value, of the row under these policies only
 */
function describeWritten(customer: Customer, extent: Extent, sentHash: string): WrittenCustomer {
  const edited = readField(customer, 'lastEditDateUTC');
  return { customer, extent, sentHash, ...(typeof edited === 'string' ? { edited } : {}) };
}

/** Both must be in the body of a PUT and right [seed], whatever the row says. */
export function readIdentity(current: Customer, customerCode: string): CustomerIdentity {
  const customerId = readField(current, 'customerId');
  return { customerCode, ...(typeof customerId === 'string' ? { customerId } : {}) };
}

import { contentHash, editableContent, findChanges, readField } from '#pipelines/compare-customers.js';
import { forEachConcurrently } from '#pipelines/concurrency.js';
import type { Issue } from '#pipelines/issue.js';
import { isSameId } from '#pipelines/listing/customer-identity.js';
import type { Customer, Draft, Row } from '#pipelines/model.js';
import type { CustomersApi, LedgerRow, RowSource, RunLedger, SentValues } from '#pipelines/ports.js';
import type { RunControl } from '#pipelines/run-control.js';
import { AnswerProof } from './answer-proof.js';
import { compareWritten, describeDifferences, describeReadBack, readBack } from './compare-written.js';
import { RepeatRegister } from './dedupe.js';
import { skipSettled } from './resume.js';
import { deleteCustomer, describeNotApplied, type SendResult, settleRow, withNotes } from './send.js';
import { withIntent } from './with-intent.js';

export interface UndoPorts {
  /** One row per customer, at the position of the first row that wrote to it. */
  readonly source: RowSource;
  readonly writes: ReadonlyMap<number, CustomerWrite>;
  readonly api: CustomersApi;
  /** The ledger of the run that undoes. */
  readonly ledger: RunLedger;
  readonly control: RunControl;
}

type UndoingPorts = UndoPorts & { readonly proof: AnswerProof };

export interface UndoOptions {
  /** Name of the run to undo, for messages. */
  readonly undoes: string;
  readonly concurrency: number;
  /** Also undo customers that somebody has changed since. */
  readonly evenChanged: boolean;
}

/** All that a run did to one customer, be it in one row or in several. */
export interface CustomerWrite {
  readonly index: number;
  readonly number: number;
  readonly customerCode: string;
  /** Where the API has named it. */
  readonly customerId?: string;
  readonly key?: string;
  /** What the first row did; `deleted` cannot be put back. */
  readonly action: 'created' | 'updated' | 'deleted';
  /** As it was before the first update. */
  readonly preImage?: Customer;
  /** Fingerprint of the whole customer after the last update. */
  readonly writtenHash?: string;
  /** What had been kept as sent before the first update, if that has changed it. */
  readonly sentBefore?: SentValues;
}

/** What an undo would do to one customer. */
export type UndoStep =
  | { readonly kind: 'delete' | 'restore' | 'changed' | 'as_before'; readonly current: Customer }
  | { readonly kind: 'gone' | 'lost' }
  | { readonly kind: 'unanswered'; readonly message: string; readonly errorCode: string };

const rowsAheadPerRequest = 50;

/** What was done to the customer of a row. One that was made inactive by an update has a pre-image like others. */
const actionByState: Partial<Record<LedgerRow['state'], CustomerWrite['action']>> = {
  created: 'created',
  updated: 'updated',
  deactivated: 'updated',
  deleted: 'deleted',
};

/** Gathers what a run did by customer, in the order of their first rows. */
export function collectWrites(rows: readonly LedgerRow[]): readonly CustomerWrite[] {
  const byCode = new Map<string, CustomerWrite>();
  for (const row of rows) {
    const { customerCode, state, writtenHash, index, number, key, preImage, sentBefore, outcome } = row;
    const customerId = outcome !== undefined && 'customerId' in outcome ? outcome.customerId : undefined;
    const action = actionByState[state];
    if (customerCode === undefined || action === undefined) continue;
    // An add is recognised by the server's dates as long as nothing else was written.
    const after = action === 'updated' && writtenHash !== undefined ? { writtenHash } : {};
    const before = byCode.get(customerCode);
    byCode.set(customerCode, {
      ...(before ?? {
        ...{ index, number, customerCode, action },
        ...(customerId === undefined ? {} : { customerId }),
        ...(key === undefined ? {} : { key }),
        ...(preImage === undefined ? {} : { preImage }),
        ...(sentBefore === undefined ? {} : { sentBefore }),
      }),
      ...after,
    });
  }
  return [...byCode.values()];
}

/** Deletes what a run created and restores what it updated, after a GET of each customer as it is now. */
export async function undoRows(ports: UndoPorts, options: UndoOptions): Promise<void> {
  const { source, writes, ledger, control } = ports;
  const rows = skipSettled(source.batches(), ledger, control, new RepeatRegister());
  const { concurrency } = options;
  const bounds = { concurrency, maxAhead: concurrency * rowsAheadPerRequest, stopping: control.stopping };
  const undoing = { ...ports, proof: new AnswerProof() };
  await forEachConcurrently(rows, bounds, async (row) => {
    control.noteSeen(1);
    const write = writes.get(row.index);
    if (write === undefined) return;
    const { outcome, writtenHash } = await undoRow(row, write, undoing, options);
    const { index, number } = row;
    const { key, sentBefore } = write;
    const identity = key === undefined ? {} : { key };
    const isBack = outcome.status === 'updated' || outcome.status === 'unchanged';
    // Otherwise the value that was undone would count as sent, and the next one as a conflict.
    const sentReset = isBack && sentBefore !== undefined ? { sentReset: sentBefore } : {};
    await settleRow({ index, number, outcome, ...identity, ...sentReset, ...(writtenHash && { writtenHash }) }, ports);
  });
}

/** What an undo would do to a customer as it is now. */
export async function chooseUndoStep(write: CustomerWrite, api: CustomersApi): Promise<UndoStep> {
  if (write.action === 'deleted' || isErased(write)) return { kind: 'lost' };
  const answer = await api.get(write.customerCode);
  if (answer.kind === 'absent') return { kind: 'gone' };
  if (answer.kind === 'unanswered') return { kind: 'unanswered', message: answer.message, errorCode: answer.errorCode };
  const { customer: current } = answer;
  // Codes may be given again, ids are not: it is somebody else.
  if (isAnother(write, current)) return { kind: 'gone' };
  if (write.action === 'updated' && findChangesBack(write, current).length === 0) return { kind: 'as_before', current };
  if (hasChanged(write, current)) return { kind: 'changed', current };
  return { kind: write.action === 'created' ? 'delete' : 'restore', current };
}

function isAnother({ customerId }: CustomerWrite, current: Customer): boolean {
  const { customerId: id = null } = current;
  return customerId !== undefined && id !== null && !isSameId(id, customerId);
}

async function undoRow(row: Row, write: CustomerWrite, ports: UndoingPorts, options: UndoOptions): Promise<SendResult> {
  const { customerCode } = write;
  const step = await chooseUndoStep(write, ports.api);
  switch (step.kind) {
    case 'gone':
    case 'lost': {
      const reason = skipReasons[isErased(write) ? 'erased' : step.kind];
      return { outcome: { status: 'skipped', attempts: 0, customerCode, reason } };
    }
    case 'unanswered': {
      const { errorCode, message } = step;
      return { outcome: { status: 'failed', attempts: 0, customerCode, errorCode, message } };
    }
    case 'as_before':
      return { outcome: { status: 'unchanged', attempts: 0, ...readIdentity(write, step.current) } };
    case 'changed':
      if (options.evenChanged) break;
      return {
        outcome: { status: 'failed', attempts: 0, customerCode, ...describeChangedSince(customerCode, options.undoes) },
      };
  }
  if (write.action === 'created') return { outcome: await deleteCustomer(row, customerCode, ports) };
  return restore(row, write, step.current, ports);
}

async function restore(row: Row, write: CustomerWrite, current: Customer, ports: UndoingPorts): Promise<SendResult> {
  const identity = readIdentity(write, current);
  const { customerCode } = identity;
  const payload: Draft = Object.fromEntries(findChangesBack(write, current).map(({ field, to }) => [field, to]));
  const restored = { ...current, ...payload, ...identity };
  const place = { index: row.index, number: row.number };
  const what = { payload: JSON.stringify(payload), payloadHash: contentHash(payload) };
  const intent = { ...place, ...what, customerCode, preImage: current };
  const answer = await withIntent(ports.ledger, intent, (hooks) => ports.api.update(customerCode, restored, hooks));
  if (answer.kind !== 'applied') return { outcome: { ...describeNotApplied(answer, noColumns), ...identity } };
  const { httpStatus, attempts, shown } = answer;
  const { api, proof } = ports;
  // As after an update: an answer that says nothing is believed once a customer was found to be as it was sent.
  const read = proof.needsReading(answer) ? await readBack(api, customerCode, restored, payload, undefined) : undefined;
  const comparison = read?.comparison ?? compareWritten(restored, payload, shown ?? {}, undefined);
  if (read?.customer !== undefined && comparison.ofRow.length === 0) proof.noteProved(answer);
  const notes = read === undefined ? describeDifferences(comparison, noColumns) : describeReadBack(read, noColumns);
  return {
    outcome: { status: 'updated', httpStatus, attempts, ...identity, ...withNotes(notes) },
    isCompared: read === undefined ? shown !== undefined : read.customer !== undefined,
    writtenHash: contentHash(editableContent(read?.customer ?? answer.customer)),
  };
}

/** Without its pre-image, an update could only be undone by emptying the customer. */
function isErased({ action, preImage }: CustomerWrite): boolean {
  return action === 'updated' && preImage === undefined;
}

/** What differs from before the run, including fields that were blank before. */
function findChangesBack({ preImage = {} }: CustomerWrite, current: Customer) {
  const blanks = Object.fromEntries(Object.keys(editableContent(current)).map((field) => [field, null]));
  return findChanges(current, { ...blanks, ...editableContent(preImage) });
}

function readIdentity({ customerCode }: CustomerWrite, current: Customer) {
  const customerId = readField(current, 'customerId');
  return { customerCode, ...(typeof customerId === 'string' ? { customerId } : {}) };
}

const noColumns = { findColumns: () => [] };

/**
 * Whether somebody has edited the customer since the run wrote it: after an update by its content, after an add alone
 * by the server's own dates, which are equal as long as nobody has. Without dates it is not known, so it counts as edited.
 */
function hasChanged(write: CustomerWrite, current: Customer): boolean {
  if (write.writtenHash !== undefined) return write.writtenHash !== contentHash(editableContent(current));
  const created = readField(current, 'creationDateUTC') ?? '';
  return write.action === 'updated' || created === '' || created !== readField(current, 'lastEditDateUTC');
}

const skipReasons = {
  gone: {
    severity: 'info',
    code: 'ALREADY_GONE',
    message: 'The customer no longer exists: there is nothing to undo.',
  },
  erased: {
    severity: 'info',
    code: 'PERSON_ERASED',
    message: 'What the customer was like before the run has been erased, so it is left as it is.',
  },
  lost: {
    severity: 'info',
    code: 'CANNOT_BRING_BACK',
    message: 'The customer was deleted, and the API cannot restore it. Import it again to create it under a new code.',
  },
} as const satisfies Readonly<Record<string, Issue>>;

function describeChangedSince(customerCode: string, undoes: string) {
  return {
    errorCode: 'CHANGED_SINCE',
    message: `Somebody has changed the customer ${customerCode} since the run, so it was left unchanged. To undo it anyway: mypos-customers undo ${undoes} --even-changed`,
  };
}

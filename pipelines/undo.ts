import { changesOf, editableContent, fieldOf } from './compare-customers.js';
import { contentHash } from './content-hash.js';
import type { Customer, JsonValue } from './customer.js';
import type { CustomersApi, LedgerRow, RowSource, RunLedger } from './ports.js';
import type { Row } from './row.js';
import type { RunControl } from './run-control.js';
import { deleteCustomer } from './stages/delete-customer.js';
import { forEachConcurrently } from './stages/map-concurrently.js';
import { RepeatRegister } from './stages/refuse-repeats.js';
import { skipSettled } from './stages/skip-settled.js';
import { notApplied, type WriteEnd, withIntent } from './stages/write-customer.js';

export interface UndoPorts {
  /** The rows of the run to undo, with the indexes that they have there. */
  readonly source: RowSource;
  readonly undone: RunLedger;
  readonly api: CustomersApi;
  /** Of the run that undoes. */
  readonly ledger: RunLedger;
  readonly control: RunControl;
}

export interface UndoOptions {
  readonly concurrency: number;
  /** Also undo customers that somebody has changed since. */
  readonly evenChanged: boolean;
}

/** What an undo would do to one customer. */
export type UndoStep =
  | { readonly kind: 'delete' | 'restore'; readonly current: Customer }
  | { readonly kind: 'gone' }
  | { readonly kind: 'changed'; readonly current: Customer }
  | { readonly kind: 'unanswered'; readonly message: string; readonly errorCode: string };

const rowsAheadPerRequest = 50;

/** Deletes what a run created and puts back what it updated, each customer after a look at how it is now. */
export async function undoRows(ports: UndoPorts, options: UndoOptions): Promise<void> {
  const { source, undone, ledger, control } = ports;
  const rows = skipSettled(source.batches(), ledger, control, new RepeatRegister());
  const { concurrency } = options;
  const bounds = { concurrency, itemsAhead: concurrency * rowsAheadPerRequest, stopping: control.stopping };
  await forEachConcurrently(rows, bounds, async (row) => {
    control.noteSeen(1);
    const original = undone.rowsBetween(row.index, row.index).get(row.index);
    if (original?.customerCode === undefined) return;
    const end = await undoRow(row, { ...original, customerCode: original.customerCode }, ports, options);
    const { writtenHash } = end;
    await ledger.settle([
      {
        index: row.index,
        number: row.number,
        outcome: end.outcome,
        ...(original.key === undefined ? {} : { key: original.key }),
        ...(writtenHash === undefined ? {} : { writtenHash }),
      },
    ]);
    control.count(end.outcome.status);
  });
}

type Original = LedgerRow & { readonly customerCode: string };

/** Looks at the customer of a row and says what an undo would do to it. */
export async function undoStep(original: Original, api: CustomersApi): Promise<UndoStep> {
  const answer = await api.get(original.customerCode);
  if (answer.kind === 'absent') return { kind: 'gone' };
  if (answer.kind === 'unanswered') return { kind: 'unanswered', message: answer.message, errorCode: answer.errorCode };
  const { customer: current } = answer;
  if (hasChanged(original, current)) return { kind: 'changed', current };
  return { kind: original.state === 'created' ? 'delete' : 'restore', current };
}

async function undoRow(row: Row, original: Original, ports: UndoPorts, options: UndoOptions): Promise<WriteEnd> {
  const { customerCode } = original;
  const step = await undoStep(original, ports.api);
  switch (step.kind) {
    case 'gone':
      return { outcome: { status: 'skipped', attempts: 0, customerCode, reason: alreadyGone } };
    case 'unanswered':
      return {
        outcome: { status: 'failed', attempts: 0, customerCode, errorCode: step.errorCode, message: step.message },
      };
    case 'changed':
      if (!options.evenChanged)
        return { outcome: { status: 'failed', attempts: 0, customerCode, ...changedSince(customerCode) } };
  }
  if (original.state === 'created') return { outcome: await deleteCustomer(row, customerCode, ports) };
  return restore(row, original, step.current, ports);
}

async function restore(row: Row, original: Original, current: Customer, ports: UndoPorts): Promise<WriteEnd> {
  const { customerCode, preImage = {} } = original;
  const before = editableContent(preImage);
  // Fields that were blank before and are not now are part of what was changed.
  const blanks = Object.fromEntries(Object.keys(editableContent(current)).map((field) => [field, null]));
  const changes = changesOf(current, { ...blanks, ...before });
  const customerId = fieldOf(current, 'customerId');
  const identity = { customerCode, ...(typeof customerId === 'string' ? { customerId } : {}) };
  if (changes.length === 0) return { outcome: { status: 'unchanged', attempts: 0, ...identity } };
  const payload: Record<string, JsonValue> = Object.fromEntries(changes.map(({ field, to }) => [field, to]));
  const restored = { ...current, ...payload, ...identity };
  const base = { index: row.index, number: row.number, payload, payloadHash: contentHash(payload) };
  const intent = { ...base, customerCode, preImage: current };
  const answer = await withIntent(ports.ledger, intent, (hooks) => ports.api.update(customerCode, restored, hooks));
  if (answer.kind !== 'applied') return { outcome: { ...notApplied(answer, noColumns), ...identity } };
  const { httpStatus, attempts } = answer;
  return {
    outcome: { status: 'updated', httpStatus, attempts, ...identity },
    writtenHash: contentHash(editableContent(restored)),
  };
}

const noColumns = { columnsOf: () => [] };

/**
 * Whether somebody has edited the customer since the run wrote it: for an update by its content, for an add by the
 * server's own dates, which are equal as long as nobody has.
 */
function hasChanged(original: Original, current: Customer): boolean {
  if (original.state !== 'created') return original.writtenHash !== contentHash(editableContent(current));
  const [created, edited] = [fieldOf(current, 'creationDateUTC'), fieldOf(current, 'lastEditDateUTC')];
  return created !== edited;
}

const alreadyGone = {
  code: 'ALREADY_GONE',
  message: 'The customer does not exist any more: there is nothing to undo.',
};

function changedSince(customerCode: string) {
  return {
    errorCode: 'CHANGED_SINCE',
    message: `Somebody has changed the customer ${customerCode} since, so it was left alone. To undo it all the same, use --even-changed.`,
  };
}

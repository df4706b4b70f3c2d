import { contentHash, editableContent, readDisplayName, readField } from '#pipelines/compare-customers.js';
import { forEachConcurrently } from '#pipelines/concurrency.js';
import { FingerprintIndex } from '#pipelines/fingerprints.js';
import { type CustomerMirror, knowsField } from '#pipelines/listing/mirror.js';
import type { Customer, RowOutcome } from '#pipelines/model.js';
import type { CustomersApi, Intent, LinkedCustomer, RunLedger } from '#pipelines/ports.js';
import type { RunControl } from '#pipelines/run-control.js';
import { describeNotApplied, readIdentity, type SendResult, settleRow } from './send.js';
import { withIntent } from './with-intent.js';

/** Who is in a file, by keys and codes, whatever became of the rows. */
export class FilePresence {
  readonly #keys = new FingerprintIndex();
  readonly #codes = new FingerprintIndex();
  #rowsWithoutKey = 0;

  /** Rows of which it is not known whose they are: any customer may be in one of them. */
  get rowsWithoutKey(): number {
    return this.#rowsWithoutKey;
  }

  addRow(key: string | undefined, customerCodes: readonly string[]): void {
    if (key === undefined) this.#rowsWithoutKey += 1;
    else this.#keys.add(key);
    for (const code of customerCodes) this.#codes.add(code);
  }

  has({ key, customerCode }: LinkedCustomer): boolean {
    return this.#keys.has(key) || this.#codes.has(customerCode);
  }
}

/** A customer that is in no row of the file. */
export interface Leaver extends LinkedCustomer {
  readonly name: string;
}

export interface Leavers {
  /** Customers that keys of this source stand for. */
  readonly known: number;
  /** Those that are in no row, and not inactive already. */
  readonly leavers: readonly Leaver[];
}

/**
 * Finds the customers that keys stand for and that are in no row of the file. No calls.
 *
 * @param isSettled - whether an absent customer was made inactive before: one that is active all the same was made so by the
 *   shop, which stays until the file has it again
 * @param done - codes of leavers that this run has made inactive
 */
export function findLeavers(
  linked: Iterable<LinkedCustomer>,
  presence: FilePresence,
  mirror: CustomerMirror | undefined,
  isSettled: (customer: LinkedCustomer) => boolean,
  done: ReadonlySet<string> = new Set(),
): Leavers {
  let known = 0;
  const absent: LinkedCustomer[] = [];
  for (const customer of linked) {
    known += 1;
    if (!presence.has(customer)) absent.push(customer);
  }
  const leavers = absent.flatMap((customer): Leaver[] => {
    const mirrored = mirror?.find(customer.customerCode);
    const isInactive =
      mirrored !== undefined && knowsField(mirrored, 'active') && readField(mirrored.customer, 'active') === false;
    if (!done.has(customer.customerCode) && (isInactive || isSettled(customer))) return [];
    return [{ ...customer, name: readDisplayName(mirrored?.customer ?? {}) }];
  });
  return { known, leavers };
}

/** Who is in the rows of a run, as the ledger has them. */
export function readPresence(ledger: RunLedger, rows: number): FilePresence {
  const presence = new FilePresence();
  for (const { key, customerCodes } of ledger.rowIdentities(rows)) presence.addRow(key, customerCodes);
  return presence;
}

export interface LeaverPorts {
  readonly api: CustomersApi;
  readonly ledger: RunLedger;
  readonly control: RunControl;
}

export interface LeaverOptions {
  readonly concurrency: number;
  /** Rows of the file: the entries of leavers come behind them in the ledger. */
  readonly rows: number;
}

const rowsAheadPerRequest = 10;

/** Marks the ledger's entry of a leaver, which is no row of the file. */
const leaverPrefix = 'absent ';

/** Whether an entry of the ledger is about a leaver. */
export function isLeaverEntry(payloadHash: string | undefined): boolean {
  return payloadHash?.startsWith(leaverPrefix) === true;
}

/**
 * Makes leavers inactive, by a PUT of the customer as it is now with `active: false`. The first goes alone and is read
 * again: where it shows that the API ignores `active`, nobody else is sent.
 */
export async function deactivateLeavers(
  leavers: readonly Leaver[],
  ports: LeaverPorts,
  { concurrency, rows }: LeaverOptions,
): Promise<void> {
  const { ledger, control } = ports;
  const entries = new Map([...ledger.leaverEntries(rows)].map((entry) => [entry.customerCode, entry]));
  let next = Math.max(rows - 1, ...[...entries.values()].map(({ index }) => index)) + 1;
  const open = leavers.flatMap((leaver) => {
    const entry = entries.get(leaver.customerCode);
    if (entry === undefined) return [{ leaver, index: next++ }];
    return entry.state === 'failed' ? [{ leaver, index: entry.index }] : [];
  });
  let isIgnored = [...entries.values()].some(({ errorCode }) => errorCode === 'ACTIVE_IGNORED');
  const send = async ({ leaver, index }: { readonly leaver: Leaver; readonly index: number }, readBack = false) => {
    const { key, customerCode } = leaver;
    const result = isIgnored
      ? { outcome: skipIgnored(customerCode) }
      : await deactivate(leaver, index, ports, readBack);
    if ('errorCode' in result.outcome && result.outcome.errorCode === 'ACTIVE_IGNORED') isIgnored = true;
    await settleRow({ index, number: 0, key, payloadHash: `${leaverPrefix}${customerCode}`, ...result }, ports);
  };
  const [first, ...others] = open;
  if (first === undefined || control.stopping.aborted) return;
  await send(first, true);
  const bounds = { concurrency, maxAhead: concurrency * rowsAheadPerRequest, stopping: control.stopping };
  await forEachConcurrently([others], bounds, (entry) => send(entry));
}

async function deactivate(
  { key, customerCode }: Leaver,
  index: number,
  { api, ledger }: LeaverPorts,
  readBack: boolean,
): Promise<SendResult> {
  const found = await api.get(customerCode);
  if (found.kind === 'absent') return { outcome: skipGone(customerCode) };
  if (found.kind === 'unanswered') {
    const { kind: _, ...refusal } = found;
    return { outcome: { ...refusal, status: 'failed', customerCode } };
  }
  const current = found.customer;
  const identity = readIdentity(current, customerCode);
  if (readField(current, 'active') === false) return { outcome: { status: 'unchanged', attempts: 0, ...identity } };
  const payload = { active: false };
  const intent: Intent = {
    ...{ index, number: 0, key, customerCode, preImage: current },
    ...{ payload: JSON.stringify(payload), payloadHash: `${leaverPrefix}${customerCode}` },
    // To be in no row counts as a value of the file: the shop's edit of it lasts, and a return is noticed.
    sentValues: { active: [false, false] },
  };
  const answer = await withIntent(ledger, intent, (hooks) =>
    api.update(customerCode, { ...current, ...payload, ...identity }, hooks),
  );
  if (answer.kind !== 'applied')
    return { outcome: { ...describeNotApplied(answer, { findColumns: () => [] }), ...identity } };
  const { httpStatus, attempts } = answer;
  const written = readBack ? await readWritten(customerCode, answer.customer, api) : answer.customer;
  if (readField(written, 'active') !== false)
    return { outcome: { status: 'rejected', httpStatus, attempts, ...identity, ...activeIgnored } };
  const edited = readField(written, 'lastEditDateUTC');
  return {
    outcome: { status: 'deactivated', httpStatus, attempts, ...identity },
    writtenHash: contentHash(editableContent(written)),
    sentValues: { active: [false, false] },
    written: {
      ...{ customer: written, extent: 'whole', sentHash: intent.payloadHash },
      ...(typeof edited === 'string' ? { edited } : {}),
    },
  };
}

/** The customer as it is read again: an answer that shows less than the customer would be taken for what was sent. */
async function readWritten(customerCode: string, answer: Customer, api: CustomersApi): Promise<Customer> {
  if (readField(answer, 'active') !== false) return answer;
  const again = await api.get(customerCode);
  return again.kind === 'found' ? again.customer : answer;
}

const activeIgnored = {
  errorCode: 'ACTIVE_IGNORED',
  message:
    'The API accepted the update and left the customer active, so it ignores "active". No other customer was sent. Set "absent": "report" in the mapping.',
} as const;

function skipIgnored(customerCode: string): RowOutcome {
  const reason = {
    severity: 'info',
    code: 'ACTIVE_IGNORED',
    message: 'Not sent: the API ignores "active".',
  } as const;
  return { status: 'skipped', attempts: 0, customerCode, reason };
}

function skipGone(customerCode: string): RowOutcome {
  const reason = {
    severity: 'info',
    code: 'ALREADY_GONE',
    message: 'The customer no longer exists.',
  } as const;
  return { status: 'skipped', attempts: 0, customerCode, reason };
}

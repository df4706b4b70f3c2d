import type { Guards } from '#pipelines/guards.js';
import { wasMadeInactive } from '#pipelines/import/field-policy.js';
import { displayKey, joinKey } from '#pipelines/import/keys.js';
import {
  deactivateLeavers,
  FilePresence,
  findLeavers,
  type Leaver,
  type LeaverPorts,
  type Leavers,
  readPresence,
} from '#pipelines/import/leavers.js';
import type { PlannedRow } from '#pipelines/import/plan.js';
import type { CustomerMirror } from '#pipelines/listing/mirror.js';
import type { CompiledMapping } from '#pipelines/mapping/compile.js';
import type { Mapping } from '#pipelines/mapping/mapping.js';
import type { LinkedCustomer, RowSource, RunLedger } from '#pipelines/ports.js';
import type { Connection } from '#src/app/connect.js';
import type { AbsentSummary, RunObserver } from '#src/app/run-summary.js';
import { GuardError } from '#src/errors.js';

/** Named one by one; a file that lacks more of them than this does not pass the guard of any sensible mapping. */
const maxNamed = 1000;

/** In percent: a file that lacks more of the known customers is hardly whole. */
const defaultAbsentPercent = 1;

/**
 * What the mapping says of customers that are in no row of this file; `undefined` where the file is not the whole truth:
 * a pilot, a file of rows of an earlier run, an import that only adds.
 */
export function chooseAbsentPolicy(
  { absent }: Mapping,
  {
    mode,
    first,
    isPartial,
  }: { readonly mode: string; readonly first?: number | undefined; readonly isPartial: boolean },
): Mapping['absent'] {
  return first !== undefined || isPartial || mode === 'add' ? undefined : absent;
}

/** What finding the customers that are in no row needs of a prepared import. */
export interface AbsentContext {
  readonly source: Pick<RowSource, 'batches'>;
  readonly rows: number;
  readonly mapper: CompiledMapping;
  /** Given where the file is the whole truth. */
  readonly absent?: NonNullable<Mapping['absent']> | undefined;
  mirror(connection: Connection): Promise<CustomerMirror | undefined>;
}

/**
 * Refuses a file that lacks too many of the known customers, before anything is sent. Reads the input once.
 *
 * @throws GuardError
 */
export async function checkAbsentGuard(guards: Guards, connection: Connection, prepared: AbsentContext): Promise<void> {
  const { absent: policy, mapper, source } = prepared;
  if (policy === undefined || chooseAbsentLimit(policy, guards) === undefined) return;
  const presence = new FilePresence();
  for await (const rows of source.batches())
    for (const { key, customerCode, skip } of await mapper.mapAll(rows)) {
      if (skip !== undefined) continue;
      const stored = key === undefined ? undefined : joinKey(mapper.keySource, key);
      presence.addRow(stored, customerCode === undefined ? [] : [customerCode]);
    }
  const refusal = findAbsentRefusal(policy, guards, await findAbsent(connection, prepared, presence));
  if (refusal !== undefined) throw new GuardError(refusal.message, refusal);
}

function chooseAbsentLimit(policy: 'report' | 'deactivate', { absentPercent }: Guards): number | undefined {
  return absentPercent ?? (policy === 'deactivate' ? defaultAbsentPercent : undefined);
}

/** Why an import would refuse a file that lacks these customers; `undefined` when it would not. */
export function findAbsentRefusal(policy: 'report' | 'deactivate', guards: Guards, { known, leavers }: Leavers) {
  const limit = chooseAbsentLimit(policy, guards);
  const percent = (100 * leavers.length) / Math.max(1, known);
  if (limit === undefined || percent <= limit) return undefined;
  return {
    code: 'GUARD_ABSENT',
    message: `${leavers.length} of ${known} known customers (${percent.toFixed(1)} %) are in no row of the file, more than the ${limit} % allowed. Nothing was sent.`,
    nextStep:
      'Check that the file is whole, and who is missing: mypos-customers plan <file>. If it is right, add --override-guards.',
  } as const;
}

function isSettledIn(ledger: RunLedger) {
  return ({ customerCode, key }: LinkedCustomer) => wasMadeInactive(ledger.findSentValues(customerCode, key)?.active);
}

async function findAbsent(
  connection: Connection,
  { mapper, mirror }: AbsentContext,
  presence: FilePresence,
): Promise<Leavers> {
  const ledger = connection.ledger.openRows(0);
  const linked = ledger.linkedCustomers(mapper.keySource);
  return findLeavers(linked, presence, await mirror(connection), isSettledIn(ledger));
}

/** What a plan says of customers that are in no row. */
export interface PlannedAbsent {
  readonly summary: AbsentSummary;
  /** Codes of those that the import would make inactive. */
  readonly toDeactivate: readonly string[];
  readonly refusal: ReturnType<typeof findAbsentRefusal>;
}

/** Gathers who is in the rows of a plan, and then finds who is not. */
export function createAbsentFinder(
  connection: Connection,
  context: AbsentContext,
  policy: NonNullable<AbsentContext['absent']>,
) {
  const presence = new FilePresence();
  return {
    add({ storedKey: key, customerCode, candidates = [], reasons }: PlannedRow): void {
      if (reasons[0]?.code === 'NOT_A_CUSTOMER') return;
      const codes = candidates.map((candidate) => candidate.customerCode);
      presence.addRow(key, customerCode === undefined ? codes : [customerCode, ...codes]);
    },
    async find(guards: Guards): Promise<PlannedAbsent> {
      const found = await findAbsent(connection, context, presence);
      const isSure = policy === 'deactivate' && presence.rowsWithoutKey === 0;
      return {
        summary: describeAbsent(policy, found.known, found.leavers, 0),
        toDeactivate: isSure ? found.leavers.map(({ customerCode }) => customerCode) : [],
        refusal: findAbsentRefusal(policy, guards, found),
      };
    },
  };
}

export interface SettleAbsentOptions {
  readonly concurrency: number;
  /** Where a plan was agreed to: whether it says so of this customer. */
  readonly isPlanned?: ((customerCode: string) => boolean) | undefined;
}

/** Finds the customers that no row of a finished run is about, and makes them inactive where the mapping says so. */
export async function settleAbsent(
  connection: Connection,
  ports: LeaverPorts,
  prepared: AbsentContext,
  { concurrency, isPlanned }: SettleAbsentOptions,
  observer: RunObserver,
): Promise<AbsentSummary | undefined> {
  const { rows, mapper, absent: policy } = prepared;
  if (policy === undefined) return undefined;
  const presence = readPresence(ports.ledger, rows);
  const linked = ports.ledger.linkedCustomers(mapper.keySource);
  // A customer that this run has just made inactive is one of them, too.
  const done = new Set([...ports.ledger.leaverEntries(rows)].map(({ customerCode }) => customerCode));
  const mirror = await prepared.mirror(connection);
  const { known, leavers } = findLeavers(linked, presence, mirror, isSettledIn(ports.ledger), done);
  const planned = isPlanned === undefined ? leavers : leavers.filter(({ customerCode }) => isPlanned(customerCode));
  if (policy === 'deactivate' && presence.rowsWithoutKey > 0 && planned.length > 0)
    observer.notice?.(describeUnsure(presence.rowsWithoutKey, planned.length));
  else if (policy === 'deactivate') await deactivateLeavers(planned, ports, { concurrency, rows });
  const states = [...ports.ledger.leaverEntries(rows)].map(({ state }) => state);
  return describeAbsent(policy, known, planned, states.filter((state) => state === 'deactivated').length);
}

function describeUnsure(rowsWithoutKey: number, leavers: number) {
  return {
    severity: 'warning',
    code: 'ABSENT_UNSURE',
    message: `${rowsWithoutKey === 1 ? '1 row has' : `${rowsWithoutKey} rows have`} no usable key, so it is not known who is missing: ${leavers === 1 ? '1 customer' : `${leavers} customers`} in no row stayed active.`,
  } as const;
}

function describeAbsent(
  policy: 'report' | 'deactivate',
  known: number,
  leavers: readonly Leaver[],
  deactivated: number,
): AbsentSummary {
  const customers = leavers
    .slice(0, maxNamed)
    .map(({ key, customerCode, name }) => ({ key: displayKey(key), customerCode, name }));
  return { policy, known, count: leavers.length, deactivated, customers };
}

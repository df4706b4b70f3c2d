import { fieldOf } from '#pipelines/compare-customers.js';
import { knowsField } from '#pipelines/mirror.js';
import { forEachConcurrently } from '#pipelines/stages/map-concurrently.js';
import type { Settings } from '#src/config/settings.js';
import { UsageError } from '#src/errors.js';
import type { CrosswalkEntry, CrosswalkLinked } from '#src/ledger/crosswalk-table.js';
import type { Connection } from './connect.js';
import { noKey } from './crosswalk.js';
import { readMappingFile } from './mapping-file.js';
import { freshMirror } from './mirror.js';
import { controlFor, runOnTenant } from './run-on-tenant.js';
import { type ApiSummary, apiSummary } from './run-summary.js';

export interface RebuildOptions {
  /** Believe the API where it contradicts what is known. */
  readonly replace: boolean;
  readonly signal?: AbortSignal;
  /** Asked before so many customers are read one by one; `false` leaves everything as it is. */
  readonly confirm: (details: number) => Promise<boolean>;
}

export type Rebuilt = CrosswalkLinked & {
  /** Keys that several customers carry: for a person to mend. */
  readonly ambiguous: readonly { readonly key: string; readonly customerCodes: readonly string[] }[];
  readonly api: ApiSummary;
};

/**
 * Takes who is who from the field that carries the key at the API.
 *
 * @returns `undefined` when it was not confirmed
 * @throws UsageError, LoginError, RunStoppedError, BusyError
 */
export function rebuildFromStamp(settings: Settings, options: RebuildOptions): Promise<Rebuilt | undefined> {
  const { mapping, path } = readMappingFile(settings.mapping.value);
  if (mapping.key === undefined) throw noKey(path);
  const { stamp } = mapping.key;
  if (stamp === undefined)
    throw new UsageError(`The key in ${path} has no "stamp", so no customer carries it.`, {
      code: 'STAMP_MISSING',
      nextStep: 'Name result files instead: mypos-customers crosswalk rebuild customers.results.csv',
    });
  const control = controlFor(undefined, options.signal);
  return runOnTenant(settings, control, 'crosswalk rebuild', async (connection) => {
    await freshMirror(connection);
    const unknown = unknownStamps(connection, stamp);
    if (unknown.length > 0 && !(await options.confirm(unknown.length))) return undefined;
    await readDetails(connection, unknown, settings.concurrency.value, control.stopping);
    control.stopping.throwIfAborted();
    const { entries, ambiguous } = gather(connection, stamp);
    const linked = connection.ledger.crosswalk.link(entries, options.replace);
    return { ...linked, ambiguous, api: apiSummary(connection.client) };
  });
}

function unknownStamps({ ledger }: Connection, stamp: string): readonly string[] {
  const codes: string[] = [];
  for (const mirrored of ledger.mirror.all())
    if (!knowsField(mirrored, stamp)) codes.push(String(mirrored.customer.customerCode));
  return codes;
}

/** What was read stays in the mirror, so that a second attempt goes on where this one ends. */
async function readDetails(
  { client, ledger }: Connection,
  codes: readonly string[],
  concurrency: number,
  stopping: AbortSignal,
): Promise<void> {
  await forEachConcurrently(inBatches(codes), { concurrency, itemsAhead: concurrency, stopping }, async (code) => {
    const answer = await client.get(code);
    if (answer.kind === 'found') ledger.mirror.noteDetail(answer.customer);
    if (answer.kind === 'absent') ledger.mirror.forget(code);
  });
}

async function* inBatches(codes: readonly string[]): AsyncIterable<readonly string[]> {
  yield codes;
}

function gather({ ledger }: Connection, stamp: string) {
  const codesByKey = new Map<string, CrosswalkEntry[]>();
  for (const { customer } of ledger.mirror.all()) {
    const key = fieldOf(customer, stamp);
    if (typeof key !== 'string' || key.trim() === '') continue;
    const { customerCode, customerId } = customer;
    const id = typeof customerId === 'string' ? { customerId } : {};
    const entry = { key: key.trim().normalize('NFC'), customerCode: String(customerCode), ...id };
    codesByKey.set(entry.key, [...(codesByKey.get(entry.key) ?? []), entry]);
  }
  const groups = [...codesByKey];
  return {
    entries: groups.flatMap(([, same]) => (same.length === 1 ? same : [])),
    ambiguous: groups
      .filter(([, same]) => same.length > 1)
      .map(([key, same]) => ({ key, customerCodes: same.map(({ customerCode }) => customerCode) })),
  };
}

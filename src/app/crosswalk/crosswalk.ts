import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { readField } from '#pipelines/compare-customers.js';
import { unescapeFormula } from '#pipelines/formula-text.js';
import { decisionSubject } from '#pipelines/import/decisions.js';
import { displayKey, joinKey, readStamp, splitKey, storeKey } from '#pipelines/import/keys.js';
import { knowsField } from '#pipelines/listing/mirror.js';
import { readDetails } from '#pipelines/listing/read-details.js';
import type { CompiledMapping } from '#pipelines/mapping/compile.js';
import type { KeyColumnReading } from '#pipelines/mapping/key.js';
import { type Cell, cellToText } from '#pipelines/model.js';
import type { KeptDecision } from '#pipelines/ports.js';
import { readKeysAsWritten, startKeyScan } from '#pipelines/quality/key-scan.js';
import { type Connection, openTenantLedger } from '#src/app/connect.js';
import { compileFor, inspectMappingFile, readMappingFile } from '#src/app/mapping-file.js';
import { bringMirrorUpToDate } from '#src/app/refresh-mirror.js';
import { createRunControl, runOnTenant } from '#src/app/run-on-tenant.js';
import { type ApiSummary, summariseApi } from '#src/app/run-summary.js';
import type { Settings } from '#src/config/settings.js';
import { UsageError } from '#src/errors.js';
import { assertWritable } from '#src/files/atomic-file.js';
import { beginTable } from '#src/files/begin-table.js';
import { deriveRights } from '#src/files/file-rights.js';
import type { InputSource } from '#src/files/input-source.js';
import { openRowSource } from '#src/files/open-row-source.js';
import type { CrosswalkEntry, CrosswalkLinkResult } from '#src/ledger/crosswalk.js';
import type { Ledger } from '#src/ledger/open-ledger.js';
import { decisionColumns, readDecision, writeDecision } from './carried-decisions.js';
import { buildEntry, EntryList } from './entry-list.js';

const columns = ['key', 'customerCode', 'customerId', 'source', ...decisionColumns] as const;
const entriesPerWrite = 500;

/**
 * Writes the crosswalk to a CSV file or a workbook, with the keys that were learnt from stamps and that no row has asked
 * for yet; below them, what people have decided in review files.
 *
 * @returns the number of keys
 * @throws UsageError
 */
export async function exportCrosswalk(settings: Settings, file: string): Promise<number> {
  const path = resolve(file);
  await assertWritable(path);
  const ledger = openTenantLedger(settings);
  const table = await beginTable(
    path,
    columns.map((name) => ({ name })),
    {
      csv: { formulas: 'escape' },
      sheet: { name: 'Crosswalk', fitsPage: true },
      rights: deriveRights(settings.fileMode.value, undefined),
    },
  );
  try {
    let count = 0;
    let batch: { cells: string[] }[] = [];
    for (const { key: stored, customerCode, customerId = '' } of listKnownKeys(settings, ledger)) {
      const { source = '', key } = splitKey(stored);
      batch.push({ cells: [key, customerCode, customerId, source, ...decisionColumns.map(() => '')] });
      count += 1;
      if (batch.length < entriesPerWrite) continue;
      await table.write(batch);
      batch = [];
    }
    await table.write(batch);
    for (const kept of ledger.decisions.all()) {
      const line = writeDecision(kept);
      await table.write([{ cells: columns.map((name) => line[name] ?? '') }]);
    }
    await (await table.end()).publish();
    return count;
  } catch (error) {
    await table.discard();
    throw error;
  } finally {
    ledger.close();
  }
}

/** The entries of the crosswalk, and those that the mapping's stamps add to them. */
function* listKnownKeys(settings: Settings, ledger: Ledger): Iterable<CrosswalkEntry> {
  const entries = [...ledger.crosswalk.all()];
  yield* entries;
  const path = settings.mapping.value;
  const key = existsSync(path) ? inspectMappingFile(path).mapping?.key : undefined;
  if (key?.stamp === undefined) return;
  for (const entry of collectEntries({ ledger }, key.stamp, key.source).entries) {
    const isLinked = ledger.crosswalk.findCode(entry.key) !== undefined;
    if (!isLinked && ledger.findKey(entry.customerCode, key.source) === undefined) yield entry;
  }
}

export interface CrosswalkImportOptions {
  /** The source of keys of which the file names none. */
  readonly source?: string;
}

/**
 * Adds the entries of a file with the columns `key`, `customerCode` and optionally `customerId` and `source`, and the
 * decisions of one that {@link exportCrosswalk} wrote: all of them or none.
 *
 * @param replace - replace entries that the file contradicts
 * @throws UsageError, InputError, BusyError
 */
export async function importCrosswalk(
  settings: Settings,
  file: string,
  replace: boolean,
  { source: defaultSource }: CrosswalkImportOptions = {},
): Promise<CrosswalkLinkResult> {
  const source = await openRowSource(resolve(file), { displayName: file });
  const places = columns.map((name) =>
    source.columns.findIndex((column) => column.trim().toLowerCase() === name.toLowerCase()),
  );
  const [keyPlace = -1, codePlace = -1] = places;
  if (keyPlace < 0 || codePlace < 0)
    throw new UsageError(`${file} needs the columns "key" and "customerCode"; it has: ${source.columns.join(', ')}.`, {
      code: 'CROSSWALK_COLUMNS',
      nextStep: 'Rename the columns; `crosswalk export` writes an example. For result files, use `crosswalk rebuild`.',
    });
  const readText = (cell: Cell | undefined) => {
    const text = cellToText(cell);
    return (source.format === 'csv' ? unescapeFormula(text) : text).trim();
  };
  const entries = new EntryList(file);
  const decisions: KeptDecision[] = [];
  for await (const batch of source.batches())
    for (const row of batch) {
      const line = Object.fromEntries(columns.map((name, at) => [name, readText(row.cells[places[at] ?? -1])]));
      const decision = readDecision(line, defaultSource, `${file}, row ${row.number}`);
      if (decision !== undefined) {
        decisions.push(decision);
        continue;
      }
      const { key = '', customerCode = '', customerId = '', source: named = '' } = line;
      entries.add(row, storeKey(named === '' ? defaultSource : named, key), customerCode, customerId);
    }
  return linkEntries(settings, entries.all(), replace, decisions);
}

/**
 * Adds the entries of result files, in order: a later file takes precedence over an earlier one.
 *
 * @throws UsageError, InputError, BusyError
 */
export async function rebuildFromResults(
  settings: Settings,
  files: readonly string[],
  replace: boolean,
): Promise<CrosswalkLinkResult> {
  const mappingFile = readMappingFile(settings.mapping.value);
  if (mappingFile.mapping.key === undefined) throw createNoKeyError(mappingFile.path);
  const entries = new Map<string, CrosswalkEntry>();
  /** The last key of each customer, since a customer has one key of a source. */
  const keys = new Map<string, string>();
  for (const file of files) {
    const source = await openRowSource(resolve(file), { displayName: file, resultColumns: true });
    const codePlace = source.columns.indexOf('_customerCode');
    const [statusPlace, idPlace] = [source.columns.indexOf('_status'), source.columns.indexOf('_customerId')];
    if (codePlace < 0 || statusPlace < 0) throw createNotResultFileError(file);
    // Also rows that were imported although they do not look like customers.
    const reading = { ...mappingFile.mapping.source, keepAllRows: true };
    const mapping = { ...mappingFile.mapping, source: reading, unmapped: 'ignore' } as const;
    const compiled = compileFor({ ...mappingFile, mapping }, source);
    const mapper = compiled.withKeyReadings(await scanKeys(compiled, source));
    for await (const batch of source.batches()) {
      const mapped = await mapper.mapAll(batch);
      for (const [position, row] of batch.entries()) {
        const text = mapped[position]?.key;
        const key = text === undefined ? undefined : joinKey(mapper.keySource, text);
        const [status, code] = [cellToText(row.cells[statusPlace]), cellToText(row.cells[codePlace])];
        if (key === undefined || code === '') continue;
        entries.delete(keys.get(code) ?? key);
        if (status === 'deleted') entries.delete(key);
        else {
          keys.set(code, key);
          entries.set(key, buildEntry(key, code, idPlace < 0 ? '' : cellToText(row.cells[idPlace])));
        }
      }
    }
  }
  return linkEntries(settings, [...entries.values()], replace);
}

/** How the keys of a result file were read when it was imported. */
async function scanKeys(mapper: CompiledMapping, source: InputSource): Promise<readonly KeyColumnReading[]> {
  const scan = startKeyScan(mapper, source.columns);
  for await (const batch of source.batches()) for (const row of batch) scan?.add(row);
  return readKeysAsWritten(scan?.report().readings ?? []);
}

/** Holds the tenant's lock, so that no run sees half of the entries. */
function linkEntries(
  settings: Settings,
  entries: readonly CrosswalkEntry[],
  replace: boolean,
  decisions: readonly KeptDecision[] = [],
): CrosswalkLinkResult {
  const ledger = openTenantLedger(settings);
  try {
    const lock = ledger.lock('crosswalk');
    try {
      const linked = nameKeys(ledger.crosswalk.link(entries, replace));
      if (linked.conflicts.length + linked.taken.length > 0) return linked;
      ledger.decisions.save(decisions);
      const { added, replaced } = linked;
      ledger.audit.add({
        ...{ command: 'crosswalk', what: 'linked' },
        counts: { added, replaced, decisions: decisions.length },
      });
      return linked;
    } finally {
      lock.release();
    }
  } finally {
    ledger.close();
  }
}

/** The result with its keys as people name them. */
function nameKeys(linked: CrosswalkLinkResult): CrosswalkLinkResult {
  return {
    ...linked,
    conflicts: linked.conflicts.map((entry) => ({ ...entry, key: displayKey(entry.key) })),
    taken: linked.taken.map((entry) => ({
      ...entry,
      key: displayKey(entry.key),
      otherKey: displayKey(entry.otherKey),
    })),
  };
}

function createNoKeyError(mapping: string): UsageError {
  return new UsageError(`The mapping ${mapping} has no "key", so no crosswalk can be built.`, {
    code: 'KEY_MISSING',
    nextStep: 'Use --mapping to specify the mapping that the import used.',
  });
}

function createNotResultFileError(file: string): UsageError {
  return new UsageError(`${file} is not a result file: it has no columns _status and _customerCode.`, {
    code: 'NOT_A_RESULT_FILE',
    nextStep: 'For a file with the columns key and customerCode: mypos-customers crosswalk import <file>',
  });
}

export interface RebuildOptions {
  /** Replace entries that the API contradicts. */
  readonly replace: boolean;
  readonly signal?: AbortSignal;
  /** Called before this many customers are read one by one; `false` cancels the rebuild. */
  readonly confirm: (details: number) => Promise<boolean>;
}

/** The result of rebuilding the crosswalk from the API. */
export type Rebuilt = CrosswalkLinkResult & {
  /** Keys that several customers have; a person must correct them. */
  readonly ambiguous: readonly { readonly key: string; readonly customerCodes: readonly string[] }[];
  /** Texts that are no keys of this system by all appearances, such as "VIP" among numbers: nothing was linked. */
  readonly notKeys: readonly { readonly key: string; readonly customerCode: string }[];
  readonly api: ApiSummary;
};

/**
 * Rebuilds the crosswalk from the customer field that holds the key.
 *
 * @returns `undefined` when `confirm` cancelled it
 * @throws UsageError, LoginError, RunStoppedError, BusyError
 */
export function rebuildFromStamp(settings: Settings, options: RebuildOptions): Promise<Rebuilt | undefined> {
  const { mapping, path } = readMappingFile(settings.mapping.value);
  if (mapping.key === undefined) throw createNoKeyError(path);
  const { stamp, source } = mapping.key;
  if (stamp === undefined)
    throw new UsageError(`The key in ${path} has no "stamp", so it is not stored in the customers.`, {
      code: 'STAMP_MISSING',
      nextStep: 'Rebuild it from result files instead: mypos-customers crosswalk rebuild customers.results.csv',
    });
  const control = createRunControl(undefined, options.signal);
  return runOnTenant(settings, control, 'crosswalk rebuild', {}, async (connection) => {
    await bringMirrorUpToDate(connection);
    const unknown = findCodesWithoutStamp(connection, stamp);
    if (unknown.length > 0 && !(await options.confirm(unknown.length))) return undefined;
    await readDetails(unknown, {
      api: connection.client,
      mirror: connection.ledger.mirror,
      concurrency: settings.concurrency.value,
      stopping: control.stopping,
    });
    control.stopping.throwIfAborted();
    const { entries, ambiguous, notKeys } = collectEntries(connection, stamp, source);
    const linked = nameKeys(connection.ledger.crosswalk.link(entries, options.replace));
    return { ...linked, ambiguous, notKeys, api: summariseApi(connection.client) };
  });
}

function findCodesWithoutStamp({ ledger }: Connection, stamp: string): readonly string[] {
  const codes: string[] = [];
  for (const mirrored of ledger.mirror.all())
    if (!knowsField(mirrored, stamp)) codes.push(String(mirrored.customer.customerCode));
  return codes;
}

function collectEntries({ ledger }: Pick<Connection, 'ledger'>, stamp: string, source: string | undefined) {
  const entriesByKey = new Map<string, CrosswalkEntry[]>();
  for (const { customer } of ledger.mirror.all()) {
    const key = readStamp(readField(customer, stamp), source);
    if (key === undefined) continue;
    const { customerCode, customerId } = customer;
    const id = typeof customerId === 'string' ? { customerId } : {};
    const entry = { key, customerCode: String(customerCode), ...id };
    entriesByKey.set(entry.key, [...(entriesByKey.get(entry.key) ?? []), entry]);
  }
  const groups = [...entriesByKey];
  const single = groups.flatMap(([, same]) => (same.length === 1 ? same : []));
  const isKey = source === undefined ? recogniseKeys(groups.map(([key]) => key)) : () => true;
  const isNone = ({ key, customerCode }: CrosswalkEntry) =>
    !isKey(key) && ledger.crosswalk.findCode(key) !== customerCode;
  return {
    entries: single.filter((entry) => !isNone(entry)),
    notKeys: single.filter(isNone).map(({ key, customerCode }) => ({ key: displayKey(key), customerCode })),
    ambiguous: groups
      .filter(([, same]) => same.length > 1)
      .map(([key, same]) => ({ key: displayKey(key), customerCodes: same.map(({ customerCode }) => customerCode) })),
  };
}

/**
 * A stamp without a source is any text that the shop keeps in that field. Where most of them have digits, as the numbers of
 * an old system do, the others are words: taken for a key, such a word would make a stranger known, and the customer's own row
 * a new customer.
 */
function recogniseKeys(stamps: readonly string[]): (stamp: string) => boolean {
  const hasDigit = (text: string) => /\p{Nd}/u.test(text);
  const areNumbers = stamps.filter(hasDigit).length * 2 > stamps.length;
  return (stamp) => !areNumbers || hasDigit(stamp);
}

/** Why a key was not forgotten. */
export type KeptKeyReason = 'still there' | 'no answer' | 'unknown key';

/** The result of forgetting keys. */
export interface KeysForgotten {
  readonly forgotten: readonly { readonly key: string; readonly customerCode: string }[];
  readonly kept: readonly {
    readonly key: string;
    readonly customerCode: string | null;
    readonly why: KeptKeyReason;
  }[];
  readonly api: ApiSummary;
}

/**
 * Forgets the keys of customers that have been deleted from the account, so that an import can add them again. The key of
 * a customer that still exists is kept, because forgetting it would lead to a duplicate.
 *
 * @throws UsageError, LoginError, RunStoppedError, BusyError
 */
export function forgetKeys(
  settings: Settings,
  keys: readonly string[],
  options: { readonly signal?: AbortSignal; readonly source?: string } = {},
): Promise<KeysForgotten> {
  const control = createRunControl(undefined, options.signal);
  return runOnTenant(settings, control, 'crosswalk forget', {}, async (connection) => {
    const forgotten: KeysForgotten['forgotten'][number][] = [];
    const kept: KeysForgotten['kept'][number][] = [];
    for (const stored of new Set(keys.map((key) => storeKey(options.source, key)))) {
      const customerCode = connection.ledger.crosswalk.findCode(stored);
      const key = displayKey(stored);
      if (customerCode === undefined) {
        kept.push({ key, customerCode: null, why: 'unknown key' });
        continue;
      }
      const why = await findKeepReason(connection, customerCode);
      if (why !== undefined) {
        kept.push({ key, customerCode, why });
        continue;
      }
      connection.ledger.crosswalk.forget(stored);
      connection.ledger.decisions.forget(decisionSubject({ key: stored, draft: {} }));
      connection.ledger.mirror.forget(customerCode);
      forgotten.push({ key, customerCode });
    }
    if (forgotten.length > 0)
      connection.ledger.audit.add({
        ...{ command: 'crosswalk', what: 'forgotten' },
        counts: { keys: forgotten.length },
      });
    return { forgotten, kept, api: summariseApi(connection.client) };
  });
}

async function findKeepReason({ client }: Connection, customerCode: string): Promise<KeptKeyReason | undefined> {
  const { kind } = await client.get(customerCode);
  if (kind === 'absent') return undefined;
  return kind === 'found' ? 'still there' : 'no answer';
}

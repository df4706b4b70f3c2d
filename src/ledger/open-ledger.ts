import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { splitKey } from '#pipelines/import/keys.js';
import type { CustomerMirror } from '#pipelines/listing/mirror.js';
import type { KnownCustomers, RunLedger } from '#pipelines/ports.js';
import type { TokenStore } from '#src/api/token-store.js';
import { type GuardError, UsageError } from '#src/errors.js';
import { type Database, openDatabase } from '#src/sqlite/open-database.js';
import { type Audit, openAudit } from './audit.js';
import { type ConformanceStore, openConformance } from './conformance.js';
import { type Crosswalk, openCrosswalk } from './crosswalk.js';
import { createDamagedLedgerError, isDamagedLedgerError, isJsonObject, isText } from './damaged-ledger.js';
import { type Decisions, openDecisions } from './decisions.js';
import { type DetailCache, type ExportCursors, openDetailCache, openExportCursors } from './exports.js';
import { openKnownCustomers } from './known-customers.js';
import { type LedgerAge, openLedgerAge } from './ledger-age.js';
import { copyLedger } from './ledger-copies.js';
import { openMirror } from './mirror.js';
import { openPersonData, type PersonData } from './person-data.js';
import { openPlans, type Plans } from './plans.js';
import { openRetention, type Retention } from './retention.js';
import { openReturnedRows, type ReturnedRowsStore } from './returned-rows.js';
import { openRowBlocks, type RowBlocks } from './row-blocks.js';
import { openRows, type ReadClockDifference } from './rows.js';
import { type InputScans, openInputScans, openRunSamples, openRuns, type RunSamples, type Runs } from './runs.js';
import { migrate, readSchemaVersion, schemaVersion } from './schema.js';
import { lockTenant, seemsLocked, type TenantLock } from './tenant-lock.js';
import { openTokenStore } from './tokens.js';
import { countUnfinishedRuns, createSupersededCheck } from './unfinished-runs.js';
import { openWrittenFiles, type WrittenFiles } from './written-files.js';

/** Whose customers: every address and login has a ledger of its own. */
export interface Tenant {
  readonly baseUrl: string;
  /** The login's name, or a fixed word when a ready access token is used. */
  readonly login: string;
}

/** Everything that this machine knows of one tenant. */
export interface Ledger {
  /** Holds the ledger and the copies of inputs that came from standard input. */
  readonly folder: string;
  readonly runs: Runs;
  readonly samples: RunSamples;
  readonly inputScans: InputScans;
  readonly tokens: TokenStore;
  /** A local copy of the customers; only the holder of the lock may change it. */
  readonly mirror: CustomerMirror;
  readonly known: KnownCustomers;
  readonly plans: Plans;
  readonly crosswalk: Crosswalk;
  readonly decisions: Decisions;
  readonly returnedRows: ReturnedRowsStore;
  readonly writtenFiles: WrittenFiles;
  readonly audit: Audit;
  readonly retention: Retention;
  readonly conformance: ConformanceStore;
  readonly people: PersonData;
  /** Whether it is the newest ledger of the account. */
  readonly age: Pick<LedgerAge, 'gap' | 'closeGap'>;
  /** @param clockDifferenceMs - saved with each intent: when our clock is corrected later, the times can still be compared */
  openRows(run: number, clockDifferenceMs?: ReadClockDifference): RunLedger;
  readonly exportCursors: ExportCursors;
  /** The key of the legacy system that stands for a customer, without its source. */
  findKey(customerCode: string, source?: string): string | undefined;
  /** @throws BusyError */
  openDetailCache(): DetailCache;
  /** Writes a whole copy of the ledger, also while others write to it. */
  copyTo(path: string): void;
  /** Another tenant of the same state folder that has a run of this name. */
  findTenantWithRun(name: string): Tenant | undefined;
  /** Whether a later import of the same file was completed, so that nothing is left to continue of a run. */
  isSuperseded(run: number): boolean;
  /** Other tenants of the same state folder with unfinished runs, and how many they have. */
  countUnfinishedElsewhere(): readonly { readonly tenant: Tenant; readonly runs: number }[];
  /** @throws BusyError */
  lock(purpose: string): TenantLock;
  /** Whether a process seems to hold the lock. */
  seemsLocked(): boolean;
  close(): void;
}

/** The check reads the whole file. In a larger one it would delay every command; SQLite notices a cut page by itself. */
const maxQuickCheckBytes = 32 * 1024 * 1024;

/**
 * Opens the tenant's ledger, and creates it if necessary.
 *
 * @throws GuardError when the ledger is damaged, UsageError when the state folder cannot be written, or a newer version
 *   of this program wrote the ledger
 */
export function openLedger(stateFolder: string, tenant: Tenant, now: () => number = Date.now): Ledger {
  const folder = findTenantFolder(stateFolder, tenant);
  const { database, found } = openOrExplain(stateFolder, folder, tenant);
  if (found > schemaVersion) {
    database.close();
    throw new UsageError(`The ledger in ${folder} was written by a newer version of this program.`, {
      code: 'LEDGER_TOO_NEW',
      nextStep: 'Update mypos-customers, or choose another --state-dir.',
    });
  }
  const mirror = openMirror(database, now);
  const decisions = openDecisions(database);
  const blocks = openRowBlocks(database);
  const people = openPersonData(database, blocks);
  const age = openLedgerAge(folder, database, now);
  return {
    folder,
    age,
    mirror,
    known: openKnownCustomers(database, mirror),
    plans: openPlans(database, now),
    crosswalk: openCrosswalk(database),
    decisions,
    returnedRows: openReturnedRows(database, blocks),
    writtenFiles: openWrittenFiles(database, now, () =>
      listOtherTenants(stateFolder, folder).map((other) => join(other.folder, ledgerFile)),
    ),
    audit: openAudit(database, tenant, now),
    people,
    retention: openRetention(database, blocks, now),
    conformance: openConformance(folder),
    runs: openRuns(database, blocks, now),
    samples: openRunSamples(database),
    inputScans: openInputScans(database),
    tokens: openTokenStore(database),
    openRows: (run, clockDifferenceMs = () => undefined) =>
      openRows(recordCommits(database, age), { mirror, decisions, blocks, people }, run, { now, clockDifferenceMs }),
    exportCursors: openExportCursors(database, now),
    findKey: createKeyFinder(database),
    openDetailCache: () => openDetailCache(folder),
    copyTo: (path) => copyLedger(database, path, tenant, now()),
    findTenantWithRun: (name) =>
      listOtherTenants(stateFolder, folder).find((other) => hasRun(other.folder, name))?.tenant,
    isSuperseded: createSupersededCheck(database),
    countUnfinishedElsewhere: () =>
      listOtherTenants(stateFolder, folder)
        .map((other) => ({ tenant: other.tenant, runs: countUnfinishedRuns(join(other.folder, ledgerFile)) }))
        .filter(({ runs }) => runs > 0),
    lock(purpose) {
      const lock = lockTenant(folder, purpose);
      age.keepGap();
      return lock;
    },
    seemsLocked: () => seemsLocked(folder),
    close() {
      tryFlush(blocks);
      age.close();
      database.close();
    },
  };
}

/** The count beside the ledger is never behind a request that has left. */
function recordCommits(database: Database, age: LedgerAge): Database {
  return {
    ...database,
    transaction(work) {
      const done = database.transaction(work);
      age.record();
      return done;
    },
  };
}

/** What cannot be written when the ledger is closed was reported before, or is found again by the next run. */
function tryFlush(blocks: RowBlocks): void {
  try {
    blocks.flush();
  } catch {
    // The disk is full.
  }
}

/** Whether this state folder has a ledger of the account. */
export function hasLedger(stateFolder: string, tenant: Tenant): boolean {
  return existsSync(join(findTenantFolder(stateFolder, tenant), ledgerFile));
}

/** Where the ledger of an account is, whether there is one or not. */
export function findTenantFolder(stateFolder: string, tenant: Tenant): string {
  return join(stateFolder, 'tenants', tenantFolderName(tenant));
}

function createKeyFinder(database: Database): Ledger['findKey'] {
  // A customer may have several keys, if rarely: always the same one is named.
  const select = database.prepare('SELECT key FROM crosswalk WHERE customer_code = ? ORDER BY key');
  return (customerCode, source) =>
    select
      .all(customerCode)
      .map(({ key }) => splitKey(String(key)))
      .find((known) => known.source === source)?.key;
}

/** @returns the open database and the version of its schema that was found */
function openOrExplain(stateFolder: string, folder: string, tenant: Tenant): { database: Database; found: number } {
  let database: Database | undefined;
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    database = openDatabase(join(folder, ledgerFile));
    quickCheck(database, join(folder, ledgerFile));
    writeFileSync(join(folder, tenantFile), JSON.stringify(tenant), { mode: 0o600 });
    keepCopyBeforeMigration(database, folder);
    return { database, found: migrate(database) };
  } catch (error) {
    database?.close();
    throw explain(error, stateFolder, folder);
  }
}

/** A ledger of an earlier version is kept as it was, so that the program of that version can go on with it. */
function keepCopyBeforeMigration(database: Database, folder: string): void {
  const found = readSchemaVersion(database);
  if (found === 0 || found >= schemaVersion) return;
  const copy = join(folder, `ledger-of-version-${found}.db`);
  const unfinished = `${copy}.${process.pid}.tmp`;
  rmSync(unfinished, { force: true });
  database.prepare('VACUUM INTO ?').run(unfinished);
  chmodSync(unfinished, 0o600);
  // Another process may have converted the ledger meanwhile, and has kept its copy before.
  if (readVersionOf(unfinished) === found) renameSync(unfinished, copy);
  else rmSync(unfinished, { force: true });
}

function readVersionOf(file: string): number {
  const database = openDatabase(file);
  try {
    return readSchemaVersion(database);
  } finally {
    database.close();
  }
}

function quickCheck(database: Database, file: string): void {
  if (statSync(file).size > maxQuickCheckBytes) return;
  const check = database.prepare('PRAGMA quick_check(1)').get()?.quick_check;
  if (check !== 'ok') throw new Error(`database disk image is malformed: ${String(check)}`);
}

function explain(error: unknown, stateFolder: string, folder: string): GuardError | UsageError {
  if (error instanceof Error && isDamagedLedgerError(error))
    return createDamagedLedgerError(join(folder, ledgerFile), error);
  const text = error instanceof Error ? error.message : String(error);
  return new UsageError(`The state folder ${stateFolder} cannot be written (${text}).`, {
    code: 'STATE_FOLDER_UNUSABLE',
    nextStep: 'Nothing was sent. Give this user write access to it, or choose another folder with --state-dir.',
    cause: error,
  });
}

const ledgerFile = 'ledger.db';
const tenantFile = 'tenant.json';

/** The folders of all tenants but one. */
function listOtherTenants(stateFolder: string, except: string) {
  return listTenants(stateFolder).filter(({ folder }) => folder !== except);
}

/** All tenants of a state folder, and where their ledgers are. */
export function listTenants(stateFolder: string): readonly { readonly folder: string; readonly tenant: Tenant }[] {
  const all = join(stateFolder, 'tenants');
  if (!existsSync(all)) return [];
  return readdirSync(all).flatMap((name) => {
    const folder = join(all, name);
    try {
      const tenant: unknown = JSON.parse(readFileSync(join(folder, tenantFile), 'utf8'));
      return isTenant(tenant) ? [{ folder, tenant }] : [];
    } catch {
      // The folder is incomplete, or not one of ours.
      return [];
    }
  });
}

function isTenant(value: unknown): value is Tenant {
  return isJsonObject(value) && isText(value.baseUrl) && isText(value.login);
}

function hasRun(folder: string, name: string): boolean {
  const database = openDatabase(join(folder, ledgerFile));
  try {
    return database.prepare('SELECT 1 AS found FROM runs WHERE name = ?').get(name) !== undefined;
  } catch {
    return false;
  } finally {
    database.close();
  }
}

/** Readable for people, and unique. */
function tenantFolderName(tenant: Tenant): string {
  const identity = `${tenant.baseUrl}\n${tenant.login}`;
  const hash = createHash('sha256').update(identity).digest('hex').slice(0, 12);
  const host = new URL(tenant.baseUrl).hostname.replaceAll(/[^a-z0-9.-]/gi, '_');
  return `${host}-${hash}`;
}

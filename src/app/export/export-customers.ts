import { type CustomerSource, type ExportResult, exportCustomers as runExport } from '#pipelines/export/export.js';
import { type ListingQuery, listCustomers } from '#pipelines/listing/list-customers.js';
import { listFromMirror } from '#pipelines/listing/list-from-mirror.js';
import { listOnlyFields } from '#pipelines/mapping/fields.js';
import type { Customer } from '#pipelines/model.js';
import type { ListQuery, Notice } from '#pipelines/ports.js';
import { type Connection, connect } from '#src/app/connect.js';
import { detailReader, readDetail } from '#src/app/read-customers.js';
import { bringMirrorUpToDate } from '#src/app/refresh-mirror.js';
import { createRunControl } from '#src/app/run-on-tenant.js';
import { noCounts, type RunObserver } from '#src/app/run-summary.js';
import type { Settings } from '#src/config/settings.js';
import { BusyError, CustomersError } from '#src/errors.js';
import { beginExportTable, type TableFormat } from '#src/files/begin-table.js';
import type { ExportTable } from '#src/files/table.js';
import type { DetailCache } from '#src/ledger/exports.js';
import { type ColumnSelection, createLayout, selectColumns } from './columns.js';
import {
  buildAboutLines,
  buildManifest,
  createNotProvedError,
  type ExportFilters,
  type ExportOutput,
  type ExportSummary,
  type StartedExport,
  summarise,
} from './summary.js';
import { type ExportTarget, openTarget } from './target.js';
import { type ChangedSince, createExportWindow, type ExportWindow } from './window.js';

export type { TableFormat } from '#src/files/begin-table.js';
export type { ExportFilters, ExportOutput, ExportSummary } from './summary.js';
export type { ChangedSince } from './window.js';

export interface ExportCustomersOptions {
  /** Ends in `.csv`, `.xlsx` or `.ndjson` unless `format` is given; `-` is standard output. */
  readonly file: string;
  /** @default by the file's name */
  readonly format?: TableFormat;
  /** Fields, each a column under its own name; `['all']` for all. @default the mapping's columns, else all fields */
  readonly fields?: readonly string[];
  /** Ask for each customer's details, for custom fields. @default false */
  readonly full?: boolean;
  /** Only customers edited at or after a moment, or since the last export of a series. */
  readonly changedSince?: ChangedSince;
  readonly changedUntil?: Date;
  /** @default false */
  readonly activeOnly?: boolean;
  /** @default customerCode, ascending */
  readonly sort?: NonNullable<ListQuery['sort']>;
  /** Customers on a page of the API's list. @default 1000 */
  readonly pageSize?: number;
  /** Read from the local copy of the customers, if there is one, made fresh first. @default true */
  readonly mirror?: boolean;
  /** What happens to texts that look like formulas, in CSV. @default 'escape' */
  readonly formulas?: 'escape' | 'raw';
  /** Begin a CSV file with a byte order mark. @default false */
  readonly bom?: boolean;
  /** Replace a file that is there. @default false */
  readonly force?: boolean;
  readonly signal?: AbortSignal;
  /** Where `-` goes. @default the process's standard output */
  readonly standardOutput?: NodeJS.WritableStream;
}

const defaultPageSize = 1000;

/** Everything that one export works with. */
interface ExportContext {
  readonly settings: Settings;
  readonly options: ExportCustomersOptions;
  readonly observer: RunObserver;
  readonly columns: ColumnSelection;
  readonly window: ExportWindow;
  readonly target: ExportTarget;
  readonly begun: StartedExport;
}

/**
 * Writes all customers that are wanted into one file, which appears under its name only when it is proved whole; beside
 * it a manifest says what it is.
 *
 * @throws UsageError, LoginError, BusyError; then there is no file. What ends it later is told by the summary.
 */
export async function exportCustomers(
  settings: Settings,
  options: ExportCustomersOptions,
  observer: RunObserver = {},
): Promise<ExportSummary> {
  const startedAt = new Date();
  const columns = selectColumns(settings, options.fields);
  const control = createRunControl(undefined, options.signal);
  const connection = await connect(settings, control.stopping);
  try {
    const { ledger, client } = connection;
    const target = await openTarget(options, ledger.folder);
    const window = createExportWindow(options.changedSince, options.changedUntil, ledger.exportCursors);
    const begun = { startedAt, connection, control, filters: buildFilters(options, columns, window) };
    return await summarise(begun, options.file, async () => {
      await client.login();
      return writeExport({ settings, options, observer, columns, window, target, begun });
    });
  } finally {
    observer.ended?.();
    await connection.close();
  }
}

/** Details that were read stay until the file is in its place, so that a broken export need not ask for them again. */
async function writeExport(job: ExportContext): Promise<ExportOutput> {
  if (job.options.full !== true) return writeWithDetails(job);
  const details = job.begun.connection.ledger.openDetailCache();
  let isDelivered = false;
  try {
    const output = await writeWithDetails(job, details);
    isDelivered = true;
    return output;
  } finally {
    if (isDelivered) details.clear();
    else details.close();
  }
}

async function writeWithDetails(job: ExportContext, details?: DetailCache): Promise<ExportOutput> {
  const { settings, options, observer, columns, target, begun } = job;
  const { client, ledger } = begun.connection;
  const { notice = () => {} } = observer;
  const concurrency = settings.concurrency.value;
  const { pageSize = defaultPageSize, sort = stableOrder, changedUntil, mirror = true } = options;
  const wanted = { sort, pageSize, full: details !== undefined, mirror, concurrency };
  const source = await openSource(
    begun.connection,
    changedUntil === undefined ? wanted : { ...wanted, changedUntil },
    job.window,
  );
  const exported = await runExport(
    {
      source,
      layout: createLayout(columns, ledger, {
        full: details !== undefined,
        typedDates: target.format === 'xlsx',
        notice,
      }),
      filter: { ...job.window.filter, activeOnly: options.activeOnly === true },
      ...(details === undefined ? {} : { readDetail: detailReader(client, details) }),
      beginFile: (all) => beginExportTable(target.format, target.path, all, chooseStyle(options, columns)),
      progress: createProgressReporter(observer, begun.connection),
    },
    { concurrency },
  );
  if (exported.file === undefined) throw createNotProvedError(exported.proof.reason, exported.passes);
  return deliver(job, exported, source.kind, notice);
}

/** Closes the proved file, puts it in its place with its manifest, and only then moves the watermark. */
async function deliver(
  { begun, target, window }: ExportContext,
  { file, rows, proof, passes }: ExportResult<ExportTable>,
  source: ExportOutput['source'],
  notice: (notice: Notice) => void,
): Promise<ExportOutput> {
  const facts = { rows, apiTotal: proof.total, pages: proof.pages, passes, source, complete: true } as const;
  try {
    const finished = await file.finish(buildAboutLines(begun, facts));
    // A Ctrl-C that came while the file was closed still means that there is none.
    begun.control.stopping.throwIfAborted();
    const { sha256, sizeBytes } = finished;
    const { file: name, format, manifest = null } = target;
    const output = { file: name, format, sha256, sizeBytes, ...facts, manifest, watermark: null };
    await target.deliver(finished, buildManifest(begun, output));
    for (const remark of file.remarks()) notice(remark);
    if (rows === 0) notice(noCustomersNotice);
    return { ...output, watermark: window.advance()?.toISOString() ?? null };
  } finally {
    await file.discard();
  }
}

const noCustomersNotice: Notice = {
  code: 'NO_CUSTOMERS',
  message:
    'There is no customer in it. If you expect some, this user may lack the right to read them, or the filters fit none.',
};

/** In the manner that the mapping expects when it reads the file again. */
function chooseStyle({ formulas = 'escape', bom = false }: ExportCustomersOptions, columns: ColumnSelection) {
  const { delimiter = ',', sheet } = columns.kind === 'mapping' ? columns.mappingFile.mapping.source : {};
  const isName = sheet !== undefined && !/^\d+$/.test(sheet);
  return { delimiter, bom, formulas, sheetName: isName ? sheet : 'Customers' };
}

function buildFilters(
  { sort = stableOrder, changedUntil, activeOnly = false, full = false }: ExportCustomersOptions,
  columns: ColumnSelection,
  { changedSince }: ExportWindow,
): ExportFilters {
  return {
    changedSince: changedSince?.toISOString() ?? null,
    changedUntil: changedUntil?.toISOString() ?? null,
    activeOnly,
    sort: `${sort.field}${sort.descending ? ':desc' : ''}`,
    columns: describeColumns(columns),
    full,
  };
}

function describeColumns(columns: ColumnSelection): string {
  switch (columns.kind) {
    case 'all':
      return 'all fields';
    case 'fields':
      return columns.fields.join(',');
    case 'mapping':
      return `mapping ${columns.mappingFile.path}`;
  }
}

/** Begins to show progress once it is known how many there are. */
function createProgressReporter(observer: RunObserver, { client }: Connection) {
  const now = { done: 0, total: 0 };
  let isShown = false;
  return (rows: number, expected: number): void => {
    now.done = rows;
    now.total = Math.max(rows, expected);
    if (isShown) return;
    isShown = true;
    observer.started?.('', () => ({
      ...now,
      counts: noCounts,
      requests: client.traffic.requests,
      ratePerSecond: client.rateLimiter.ratePerSecond,
      pausedUntilMs: client.rateLimiter.pausedUntil(),
    }));
  };
}

interface SourceOptions {
  readonly sort: NonNullable<ListQuery['sort']>;
  readonly pageSize: number;
  readonly changedUntil?: Date;
  readonly full: boolean;
  /** Whether the local copy may be used. */
  readonly mirror: boolean;
  readonly concurrency: number;
}

/** The order in which customers stand still, whoever edits them. */
const stableOrder = { field: 'customerCode', descending: false } as const;
/** Customers that may be read before they are written: enough to keep the wire busy, little enough to hold. */
const maxCustomersAhead = 8000;

/** Where an export's customers come from: the API's pages, or a local copy that a few calls make fresh. */
async function openSource(
  connection: Connection,
  options: SourceOptions,
  window: ExportWindow,
): Promise<CustomerSource & { readonly kind: 'pages' | 'mirror' }> {
  const listed = canUseMirror(connection, options, window) ? await readFreshMirrorFields(connection) : undefined;
  const { ledger, client } = connection;
  return {
    kind: listed === undefined ? 'pages' : 'mirror',
    begin(narrow) {
      const query = buildQuery(connection, options, window, narrow);
      const pass =
        listed === undefined
          ? listCustomers(client, query)
          : listFromMirror(
              { api: client, mirror: ledger.mirror, detailOf: (code) => readDetail(client, code), listed },
              query,
            );
      window.begin(pass.startedAtMs);
      return pass;
    },
  };
}

function buildQuery(
  { client }: Connection,
  { sort, pageSize, concurrency, changedUntil }: SourceOptions,
  { changedSince }: ExportWindow,
  narrow: NonNullable<ListingQuery['narrow']>,
): ListingQuery {
  return {
    sort,
    pageSize,
    pagesAhead: Math.max(1, Math.min(concurrency, Math.floor(maxCustomersAhead / pageSize))),
    narrow,
    clock: { now: Date.now, serverTime: (ourMs) => ourMs + (client.traffic.clockDifferenceMs ?? 0) },
    ...(changedSince === undefined ? {} : { changedSince }),
    ...(changedUntil === undefined ? {} : { changedUntil }),
  };
}

/** A copy that was never made is not made for this: the pages that it takes are the export. */
function canUseMirror({ ledger }: Connection, options: SourceOptions, { changedSince }: ExportWindow): boolean {
  const { mirror, full, sort, changedUntil } = options;
  const isWhole = changedSince === undefined && changedUntil === undefined;
  const isStable = sort.field.toLowerCase() === stableOrder.field.toLowerCase() && !sort.descending;
  return mirror && !full && isWhole && isStable && ledger.mirror.freshUntilMs !== undefined;
}

/** Makes the copy fresh. @returns the fields that the list has; nothing when the copy cannot be used now */
async function readFreshMirrorFields(connection: Connection): Promise<readonly string[] | undefined> {
  try {
    const lock = connection.ledger.lock('export');
    try {
      await bringMirrorUpToDate(connection, { needsFlat: true });
    } finally {
      lock.release();
    }
  } catch (error) {
    if (error instanceof BusyError || (error instanceof CustomersError && staleMirrorCodes.has(error.code)))
      return undefined;
    throw error;
  }
  const [first] = (await connection.client.list({ page: 1, pageSize: 1, sort: stableOrder })).customers;
  return first === undefined ? undefined : listFieldNames(first);
}

const staleMirrorCodes: ReadonlySet<string> = new Set(['LIST_EMPTY', 'LIST_MOVES']);

function listFieldNames(customer: Customer): readonly string[] {
  return Object.keys(customer).filter((name) => !listOnlyFields.has(name));
}

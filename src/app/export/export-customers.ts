import { type CustomerSource, type ExportResult, exportToFile } from '#pipelines/export/export.js';
import type { Issue } from '#pipelines/issue.js';
import { type ListingQuery, listCustomers, stableOrder } from '#pipelines/listing/list-customers.js';
import { listFromMirror } from '#pipelines/listing/list-from-mirror.js';
import { listOnlyFields } from '#pipelines/mapping/fields.js';
import type { ListQuery } from '#pipelines/ports.js';
import { type Connection, connect } from '#src/app/connect.js';
import { createDetailReader, readDetail } from '#src/app/read-customers.js';
import { bringMirrorUpToDate, isUnusableList } from '#src/app/refresh-mirror.js';
import { createRunControl } from '#src/app/run-on-tenant.js';
import { noCounts, type RunObserver } from '#src/app/run-summary.js';
import type { Settings } from '#src/config/settings.js';
import { BusyError } from '#src/errors.js';
import { beginTable, type TableFormat, type TableOptions, tableFormats } from '#src/files/begin-table.js';
import type { TableSink } from '#src/files/table.js';
import type { DetailCache } from '#src/ledger/exports.js';
import { type ColumnSelection, createLayout, selectColumns } from './columns.js';
import {
  buildAboutLines,
  buildManifest,
  createListNotWhole,
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
  /** Its ending chooses the format unless `format` is given; `-` is standard output. */
  readonly file: string;
  /** @default chosen by the file's name */
  readonly format?: TableFormat;
  /** Fields, each a column under its own name; `['all']` for all. @default the mapping's columns, else all fields */
  readonly fields?: readonly string[];
  /** Read each customer's details, which have the custom fields. @default false */
  readonly full?: boolean;
  /** Only customers edited at or after a time, or since the last export of a series. */
  readonly changedSince?: ChangedSince;
  readonly changedUntil?: Date;
  /** More filters of the API, by their names without `filt_`. */
  readonly filters?: NonNullable<ListQuery['filters']>;
  /** @default false */
  readonly activeOnly?: boolean;
  /** @default customerCode, ascending */
  readonly sort?: NonNullable<ListQuery['sort']>;
  /** Customers on a page of the API's list. @default 1000 */
  readonly pageSize?: number;
  /** Read from the local copy of the customers, if there is one, after bringing it up to date. @default true */
  readonly mirror?: boolean;
  /** In CSV, what happens to text that a spreadsheet would run as a formula. @default 'escape' */
  readonly formulas?: 'escape' | 'raw';
  /** Start a CSV file with a byte order mark. @default false */
  readonly bom?: boolean;
  /** Replace an existing file. @default false */
  readonly force?: boolean;
  readonly signal?: AbortSignal;
  /** Where the file `-` is written. @default the process's standard output */
  readonly standardOutput?: NodeJS.WritableStream;
}

const defaultPageSize = 1000;
/** Customers that may be read before they are written: enough to keep the connection busy without filling memory. */
const maxCustomersAhead = 8000;

/** Everything that one export works with. */
interface ExportContext extends StartedExport {
  readonly settings: Settings;
  readonly options: ExportCustomersOptions;
  readonly observer: RunObserver;
  readonly columns: ColumnSelection;
  readonly window: ExportWindow;
  readonly target: ExportTarget;
}

/**
 * Writes the selected customers to a file. It appears under its name only when it is proved complete, with a manifest
 * beside it.
 *
 * @throws UsageError, LoginError, BusyError before anything is read. What stops the export later is in the summary.
 */
export async function exportCustomers(
  settings: Settings,
  options: ExportCustomersOptions,
  observer: RunObserver = {},
): Promise<ExportSummary> {
  const startedAt = new Date();
  const columns = selectColumns(settings, options.fields);
  const control = createRunControl(undefined, options.signal);
  const connection = await connect(settings, control.stopping, observer);
  try {
    const { ledger, client } = connection;
    const target = await openTarget(options, ledger.folder, settings.fileMode.value);
    const window = createExportWindow(options.changedSince, options.changedUntil, ledger.exportCursors);
    const filters = describeFilters(options, columns, window);
    const context = { settings, options, observer, columns, window, target, startedAt, connection, control, filters };
    return await summarise(context, options.file, async () => {
      await client.login();
      return options.full === true ? writeWithDetails(context) : writeFile(context);
    });
  } finally {
    observer.ended?.();
    await connection.close();
  }
}

/** Details are cached until the file is delivered, so that an export that is interrupted need not read them again. */
async function writeWithDetails(context: ExportContext): Promise<ExportOutput> {
  const details = context.connection.ledger.openDetailCache();
  let isDelivered = false;
  try {
    const output = await writeFile(context, details);
    isDelivered = true;
    return output;
  } finally {
    if (isDelivered) details.clear();
    else details.close();
  }
}

async function writeFile(context: ExportContext, details?: DetailCache): Promise<ExportOutput> {
  const { settings, options, observer, columns, window, target, connection } = context;
  const { notice = () => {} } = observer;
  const full = details !== undefined;
  const source = await openSource(context);
  const exported = await exportToFile(
    {
      source,
      layout: createLayout(columns, connection.ledger, {
        full,
        typedDates: tableFormats[target.format].isWorkbook,
        notice,
      }),
      filter: { ...window.filter, activeOnly: options.activeOnly === true },
      ...(full ? { readDetail: createDetailReader(connection.client, details) } : {}),
      beginFile: (all) =>
        beginTable(target.path, all, {
          format: target.format,
          rights: target.rights,
          ...chooseStyle(options, columns),
        }),
      progress: createProgressReporter(observer, connection),
    },
    { concurrency: settings.concurrency.value },
  );
  if (exported.file === undefined) throw createNotProvedError(exported.proof, exported.passes);
  if (exported.proof.seen === 0 && isWholeAccount(context) && connection.ledger.known.countKnown() > 0) {
    await exported.file.discard();
    throw createListNotWhole(
      'It shows nobody, although there were customers before. Usually this user has lost permission to read customers.',
    );
  }
  return deliver(context, exported, source.kind);
}

/** The API's pages; or the local mirror, when there is one that a few calls can bring up to date. */
async function openSource(context: ExportContext): Promise<CustomerSource & { readonly kind: 'pages' | 'mirror' }> {
  const { window, connection } = context;
  const { ledger, client } = connection;
  const listed = canUseMirror(context) ? await readFreshMirrorFields(connection) : undefined;
  return {
    kind: listed === undefined ? 'pages' : 'mirror',
    begin(narrow) {
      const query = buildQuery(context, narrow);
      const listing =
        listed === undefined
          ? listCustomers(client, query)
          : listFromMirror(
              { api: client, mirror: ledger.mirror, detailOf: (code) => readDetail(client, code), listed },
              query,
            );
      window.begin(listing.startedAtMs);
      return listing;
    },
  };
}

function buildQuery(
  { settings, options, window, connection: { client } }: ExportContext,
  narrow: NonNullable<ListingQuery['narrow']>,
): ListingQuery {
  const { sort = stableOrder, pageSize = defaultPageSize, changedUntil, filters } = options;
  const { changedSince } = window;
  return {
    sort,
    pageSize,
    pagesAhead: Math.max(1, Math.min(settings.concurrency.value, Math.floor(maxCustomersAhead / pageSize))),
    narrow,
    clock: { now: Date.now, serverTime: (ourMs) => ourMs + (client.traffic.clockDifferenceMs ?? 0) },
    ...(changedSince === undefined ? {} : { changedSince }),
    ...(changedUntil === undefined ? {} : { changedUntil }),
    ...(filters === undefined ? {} : { filters }),
  };
}

/** Whether all customers are asked for, whenever they were edited. */
function isWholeAccount({ options, window }: Pick<ExportContext, 'options' | 'window'>): boolean {
  return window.changedSince === undefined && options.changedUntil === undefined && options.filters === undefined;
}

/** A mirror that does not exist is not created here: reading all pages for it would be the export itself. */
function canUseMirror({ options, window, connection }: ExportContext): boolean {
  const { mirror = true, full = false, sort = stableOrder } = options;
  const isWhole = isWholeAccount({ options, window });
  const isStable = sort.field.toLowerCase() === stableOrder.field.toLowerCase() && !sort.descending;
  return mirror && !full && isWhole && isStable && connection.ledger.mirror.freshUntilMs !== undefined;
}

/** Brings the mirror up to date. @returns the fields of the list, or `undefined` when the mirror cannot be used now */
async function readFreshMirrorFields(connection: Connection): Promise<readonly string[] | undefined> {
  try {
    const lock = connection.ledger.lock('export');
    try {
      await bringMirrorUpToDate(connection, { needsFlat: true });
    } finally {
      lock.release();
    }
  } catch (error) {
    if (error instanceof BusyError || isUnusableList(error)) return undefined;
    throw error;
  }
  const [first] = (await connection.client.list({ page: 1, pageSize: 1, sort: stableOrder })).customers;
  return first === undefined ? undefined : Object.keys(first).filter((name) => !listOnlyFields.has(name));
}

/** Closes the file, publishes it with its manifest, and only then advances the watermark. */
async function deliver(
  context: ExportContext,
  { file, rows, proof, passes }: ExportResult<TableSink>,
  source: ExportOutput['source'],
): Promise<ExportOutput> {
  const { control, target, window, observer } = context;
  const facts = { rows, apiTotal: proof.total, pages: proof.pages, passes, source, complete: true } as const;
  try {
    const finished = await file.end(buildAboutLines(context, facts));
    // A Ctrl-C while the file was being closed still means that there is no file.
    control.stopping.throwIfAborted();
    const { sha256, sizeBytes } = await finished.fingerprint();
    const { file: name, format, manifest = null } = target;
    const output = { file: name, format, sha256, sizeBytes, ...facts, manifest, watermark: null };
    await target.deliver(finished, buildManifest(context, output));
    // So that it is known where customers were written to.
    if (manifest !== null) context.connection.ledger.writtenFiles.record(target.path, { sha256, sizeBytes });
    context.connection.ledger.audit.add({ command: 'export', what: 'exported', counts: { customers: rows } });
    for (const loss of file.notices()) observer.notice?.(loss);
    if (rows === 0) observer.notice?.(noCustomersNotice);
    return { ...output, watermark: window.advance()?.toISOString() ?? null };
  } finally {
    await file.discard();
  }
}

const noCustomersNotice: Issue = {
  severity: 'warning',
  code: 'NO_CUSTOMERS',
  message:
    'The export has no customers. If you expected some, this user may lack permission to read them, or no customer matches the filters.',
};

/** The style that the mapping expects when the file is imported again. */
function chooseStyle(
  { formulas = 'escape', bom = false }: ExportCustomersOptions,
  columns: ColumnSelection,
): TableOptions {
  const { delimiter = ',', sheet } = columns.kind === 'mapping' ? columns.mappingFile.mapping.source : {};
  const isSheetName = sheet !== undefined && !/^\d+$/.test(sheet);
  return { csv: { delimiter, bom, formulas }, sheet: { name: isSheetName ? sheet : 'Customers' } };
}

function describeFilters(
  { sort = stableOrder, changedUntil, filters, activeOnly = false, full = false }: ExportCustomersOptions,
  columns: ColumnSelection,
  { changedSince }: ExportWindow,
): ExportFilters {
  return {
    changedSince: changedSince?.toISOString() ?? null,
    changedUntil: changedUntil?.toISOString() ?? null,
    ...(filters === undefined ? {} : { filters }),
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

/** Shows progress from the start on; how many customers there are is known with the first page. */
function createProgressReporter(observer: RunObserver, { client }: Connection) {
  const current = { done: 0, total: 0 };
  observer.started?.('', () => ({
    ...current,
    counts: noCounts,
    requests: client.traffic.requests,
    ratePerSecond: client.rateLimiter.ratePerSecond,
    pausedUntilMs: client.rateLimiter.pausedUntil(),
  }));
  return (rows: number, expected: number): void => {
    current.done = rows;
    current.total = Math.max(rows, expected);
  };
}

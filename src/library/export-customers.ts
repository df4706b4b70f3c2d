import type { Exported } from '#pipelines/export.js';
import { exportCustomers as runExport } from '#pipelines/export.js';
import type { ListQuery, Notice } from '#pipelines/ports.js';
import type { Settings } from '#src/config/settings.js';
import { beginExport, type ExportFormat } from '#src/files/export/begin-export.js';
import type { ExportTable } from '#src/files/export/export-table.js';
import type { KeptDetails } from '#src/ledger/kept-details.js';
import { type Connection, connect } from './connect.js';
import { type ColumnsChoice, chooseColumns, layoutFor } from './export-columns.js';
import { openSource, stableOrder } from './export-source.js';
import {
  aboutLines,
  type Begun,
  type ExportFilters,
  type ExportOutput,
  type ExportSummary,
  manifestOf,
  notProved,
  summarise,
} from './export-summary.js';
import { type ExportTarget, openTarget } from './export-target.js';
import { type ChangedSince, type ExportWindow, exportWindow } from './export-window.js';
import type { RunObserver } from './observer.js';
import { detailReader } from './read-details.js';
import { controlFor } from './run-on-tenant.js';
import { noCounts } from './run-summary.js';

export type { ExportFormat } from '#src/files/export/begin-export.js';
export type { ExportFilters, ExportOutput, ExportSummary } from './export-summary.js';
export type { ChangedSince } from './export-window.js';

export interface ExportCustomersOptions {
  /** Ends in `.csv`, `.xlsx` or `.ndjson` unless `format` is given; `-` is standard output. */
  readonly file: string;
  /** @default by the file's name */
  readonly format?: ExportFormat;
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

const usualPageSize = 1000;

/** Everything that one export works with. */
interface Job {
  readonly settings: Settings;
  readonly options: ExportCustomersOptions;
  readonly observer: RunObserver;
  readonly columns: ColumnsChoice;
  readonly window: ExportWindow;
  readonly target: ExportTarget;
  readonly begun: Begun;
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
  const columns = chooseColumns(settings, options.fields);
  const control = controlFor(undefined, options.signal);
  const connection = await connect(settings, control.stopping);
  try {
    const { ledger, client } = connection;
    const target = await openTarget(options, ledger.folder);
    const window = exportWindow(options.changedSince, options.changedUntil, ledger.exportCursors);
    const begun = { startedAt, connection, control, filters: filtersOf(options, columns, window) };
    return await summarise(begun, options.file, async () => {
      await client.login();
      return write({ settings, options, observer, columns, window, target, begun });
    });
  } finally {
    observer.ended?.();
    await connection.close();
  }
}

/** Details that were read stay until the file is in its place, so that a broken export need not ask for them again. */
async function write(job: Job): Promise<ExportOutput> {
  if (job.options.full !== true) return writeWith(job);
  const details = job.begun.connection.ledger.openDetails();
  let isDelivered = false;
  try {
    const output = await writeWith(job, details);
    isDelivered = true;
    return output;
  } finally {
    if (isDelivered) details.clear();
    else details.close();
  }
}

async function writeWith(job: Job, details?: KeptDetails): Promise<ExportOutput> {
  const { settings, options, observer, columns, target, begun } = job;
  const { client, ledger } = begun.connection;
  const { notice = () => {} } = observer;
  const concurrency = settings.concurrency.value;
  const { pageSize = usualPageSize, sort = stableOrder, changedUntil, mirror = true } = options;
  const wanted = { sort, pageSize, full: details !== undefined, mirror, concurrency };
  const source = await openSource(
    begun.connection,
    changedUntil === undefined ? wanted : { ...wanted, changedUntil },
    job.window,
  );
  const exported = await runExport(
    {
      source,
      layout: layoutFor(columns, ledger, { full: details !== undefined, typedDates: target.format === 'xlsx', notice }),
      choice: { ...job.window.choice, activeOnly: options.activeOnly === true },
      ...(details === undefined ? {} : { detailOf: detailReader(client, details) }),
      beginFile: (all) => beginExport(target.format, target.path, all, styleOf(options, columns)),
      progress: progressTeller(observer, begun.connection),
    },
    { concurrency },
  );
  if (exported.file === undefined) throw notProved(exported.proof.doubt, exported.passes);
  return deliver(job, exported, source.kind, notice);
}

/** Closes the proved file, puts it in its place with its manifest, and only then moves the watermark. */
async function deliver(
  { begun, target, window }: Job,
  { file, rows, proof, passes }: Exported<ExportTable>,
  source: ExportOutput['source'],
  notice: (notice: Notice) => void,
): Promise<ExportOutput> {
  const facts = { rows, apiTotal: proof.total, pages: proof.pages, passes, source, complete: true } as const;
  try {
    const finished = await file.finish(aboutLines(begun, facts));
    // A Ctrl-C that came while the file was closed still means that there is none.
    begun.control.stopping.throwIfAborted();
    const { sha256, sizeBytes } = finished;
    const { file: name, format, manifest = null } = target;
    const output = { file: name, format, sha256, sizeBytes, ...facts, manifest, watermark: null };
    await target.deliver(finished, manifestOf(begun, output));
    for (const remark of file.remarks()) notice(remark);
    if (rows === 0) notice(nobody);
    return { ...output, watermark: window.move()?.toISOString() ?? null };
  } finally {
    await file.discard();
  }
}

const nobody: Notice = {
  code: 'NO_CUSTOMERS',
  message:
    'There is no customer in it. If you expect some, this user may lack the right to read them, or the filters fit none.',
};

/** In the manner that the mapping expects when it reads the file again. */
function styleOf({ formulas = 'escape', bom = false }: ExportCustomersOptions, columns: ColumnsChoice) {
  const { delimiter = ',', sheet } = columns.kind === 'mapping' ? columns.mappingFile.mapping.source : {};
  const isName = sheet !== undefined && !/^\d+$/.test(sheet);
  return { delimiter, bom, formulas, sheetName: isName ? sheet : 'Customers' };
}

function filtersOf(
  { sort = stableOrder, changedUntil, activeOnly = false, full = false }: ExportCustomersOptions,
  columns: ColumnsChoice,
  { changedSince }: ExportWindow,
): ExportFilters {
  return {
    changedSince: changedSince?.toISOString() ?? null,
    changedUntil: changedUntil?.toISOString() ?? null,
    activeOnly,
    sort: `${sort.field}${sort.descending ? ':desc' : ''}`,
    columns: nameOfColumns(columns),
    full,
  };
}

function nameOfColumns(columns: ColumnsChoice): string {
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
function progressTeller(observer: RunObserver, { client }: Connection) {
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
      ratePerSecond: client.pace.ratePerSecond,
      pausedUntilMs: client.pace.closedUntil(),
    }));
  };
}

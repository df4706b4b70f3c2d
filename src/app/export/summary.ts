import { basename } from 'node:path';
import type { RunControl } from '#pipelines/run-control.js';
import type { Connection } from '#src/app/connect.js';
import { explainFailure } from '#src/app/explain-failure.js';
import { chooseExitCode, noCounts, type RunSummary, summariseApi } from '#src/app/run-summary.js';
import { RunStoppedError } from '#src/errors.js';
import type { TableFormat } from '#src/files/begin-table.js';
import type { AboutLine } from '#src/files/table.js';
import { standardOutputName } from './target.js';

/** What an export was asked for, as manifest, *About* sheet and `--json` tell it. */
export interface ExportFilters {
  /** ISO times, UTC. */
  readonly changedSince: string | null;
  readonly changedUntil: string | null;
  readonly activeOnly: boolean;
  /** As `--sort` takes it. */
  readonly sort: string;
  /** `all`, the fields, or the mapping's path. */
  readonly columns: string;
  readonly full: boolean;
}

/** The exported file and the proof that it is whole. */
export interface ExportOutput {
  readonly file: string;
  readonly format: TableFormat;
  readonly sha256: string;
  readonly sizeBytes: number;
  /** Customers in the file. */
  readonly rows: number;
  /** Customers that the API counted for what it was asked (`liTotalCount`); more than `rows` where we choose on. */
  readonly apiTotal: number;
  readonly pages: number;
  /** Times that everything was read, because it moved while it was read. */
  readonly passes: number;
  /** Where the customers came from: all from the API's pages, or most from the local copy that was made fresh. */
  readonly source: 'pages' | 'mirror';
  readonly complete: true;
  readonly manifest: string | null;
  /** Since when the next export of this series will ask; `null` for an export that belongs to none. */
  readonly watermark: string | null;
}

/** What an export has done; the `--json` document. */
export interface ExportSummary extends RunSummary {
  readonly command: 'export';
  /** `null` when there is no file. */
  readonly output: ExportOutput | null;
  readonly filters: ExportFilters;
}

/** What is known of an export before it begins. */
export interface StartedExport {
  readonly startedAt: Date;
  readonly connection: Connection;
  readonly control: RunControl;
  readonly filters: ExportFilters;
}

/**
 * Does the work and sums it up, also when a signal, the network or the disk ends it early.
 *
 * @throws everything else: wrong usage, a login that failed, bugs
 */
export async function summarise(
  begun: StartedExport,
  file: string,
  work: () => Promise<ExportOutput>,
): Promise<ExportSummary> {
  try {
    return buildSummary(begun, await work(), null);
  } catch (error) {
    return buildSummary(begun, null, explainStop(error, begun.control, file));
  }
}

function explainStop(error: unknown, control: RunControl, file: string): NonNullable<RunSummary['stopped']> {
  const { reason } = control;
  if (reason?.kind === 'signal')
    return { code: reason.signal, message: `Stopped by ${reason.signal}; no file was written.`, nextStep: retryAdvice };
  const what = file === standardOutputName ? 'Standard output' : file;
  const explained = explainFailure(error, `${what} cannot be written`, 'Make room, or choose another place.');
  if (!(explained instanceof RunStoppedError)) throw explained;
  control.stop({ kind: 'error', error: explained });
  const { code, message, nextStep } = explained;
  return {
    code,
    message: `${message} No file was written.`,
    nextStep: `${nextStep === undefined ? '' : `${nextStep} `}${retryAdvice}`,
  };
}

const retryAdvice = 'Then run the same command again: details that were read with --full are not asked for twice.';

function buildSummary(
  begun: StartedExport,
  output: ExportOutput | null,
  stopped: RunSummary['stopped'],
): ExportSummary {
  return {
    run: null,
    command: 'export',
    mode: null,
    status: stopped === null ? 'completed' : 'stopped',
    exitCode: chooseExitCode(begun.control.reason, noCounts),
    startedAt: begun.startedAt.toISOString(),
    endedAt: new Date().toISOString(),
    input: null,
    output,
    filters: begun.filters,
    findings: [],
    counts: noCounts,
    problems: [],
    api: summariseApi(begun.connection.client),
    files: { results: null, rejects: null, report: null },
    stopped,
  };
}

/** What the manifest says of a file. */
export function buildManifest({ startedAt, connection, filters }: StartedExport, output: ExportOutput) {
  const { file, manifest: _, watermark: __, ...facts } = output;
  return {
    $comment: 'Written by mypos-customers; the sha256 is that of the file beside it as it was exported.',
    file: basename(file),
    ...facts,
    tenant: connection.tenant,
    filters,
    startedAt: startedAt.toISOString(),
    endedAt: new Date().toISOString(),
  };
}

/** What a workbook says of itself. */
export function buildAboutLines(
  { startedAt, connection, filters }: StartedExport,
  { rows, apiTotal, pages, source }: Pick<ExportOutput, 'rows' | 'apiTotal' | 'pages' | 'source'>,
): readonly AboutLine[] {
  const { tenant } = connection;
  return [
    ['Customers in this file', rows],
    ['Customers by the API', apiTotal],
    ['Complete', 'yes: every customer that the API counts was read'],
    ['Pages read', pages],
    ['Read from', source === 'pages' ? 'the pages of the API' : 'the local copy, made fresh from the API'],
    ['Begun', startedAt.toISOString()],
    ['Ended', new Date().toISOString()],
    ['API', tenant.baseUrl],
    ['Login', tenant.login],
    ['Changed since', filters.changedSince ?? 'any time'],
    ['Changed until', filters.changedUntil ?? 'any time'],
    ['Active customers only', filters.activeOnly ? 'yes' : 'no'],
    ['Sorted by', filters.sort],
    ['Columns', filters.columns],
    ['With details', filters.full ? 'yes' : 'no'],
    ['Times', 'as the API gives them; names that end in UTC are in UTC'],
  ];
}

/** The list moved during every pass. */
export function createNotProvedError(doubt: string | undefined, passes: number): RunStoppedError {
  return new RunStoppedError(
    `It could not be proved that every customer was read, in ${passes} tries. ${doubt ?? 'New fields came up every time.'}`,
    { code: 'NOT_PROVED', nextStep: 'Try again when fewer people work on the customers.' },
  );
}

import { basename } from 'node:path';
import type { ListingProof } from '#pipelines/listing/list-customers.js';
import type { RunControl } from '#pipelines/run-control.js';
import type { Connection } from '#src/app/connect.js';
import { explainFailure } from '#src/app/explain-failure.js';
import { chooseExitCode, noCounts, noneVerified, type RunSummary, summariseApi } from '#src/app/run-summary.js';
import { RunStoppedError } from '#src/errors.js';
import type { TableFormat } from '#src/files/begin-table.js';
import type { AboutLine } from '#src/files/table.js';
import { standardOutputName } from './target.js';

/** What an export was asked for, as shown in the manifest, the *About* sheet and the `--json` document. */
export interface ExportFilters {
  /** ISO times, UTC. */
  readonly changedSince: string | null;
  readonly changedUntil: string | null;
  /** More filters of the API, by their names without `filt_`; absent without any. */
  readonly filters?: Readonly<Record<string, string>>;
  readonly activeOnly: boolean;
  /** As `--sort` takes it. */
  readonly sort: string;
  /** `all`, the fields, or the mapping's path. */
  readonly columns: string;
  readonly full: boolean;
}

/** The exported file and the proof that it is complete. */
export interface ExportOutput {
  readonly file: string;
  readonly format: TableFormat;
  readonly sha256: string;
  readonly sizeBytes: number;
  /** Customers in the file. */
  readonly rows: number;
  /** Customers that the API counted (`liTotalCount`); more than `rows` when some filters are applied on this side. */
  readonly apiTotal: number;
  readonly pages: number;
  /** How often all customers were read, because the list changed meanwhile. */
  readonly passes: number;
  /** Where the customers came from: the API's pages, or the local copy, brought up to date. */
  readonly source: 'pages' | 'mirror';
  readonly complete: true;
  readonly manifest: string | null;
  /** Where the next export of this series starts; `null` without a series. */
  readonly watermark: string | null;
}

/** The result of an export; the `--json` document. */
export interface ExportSummary extends RunSummary {
  readonly command: 'export';
  /** `null` when there is no file. */
  readonly output: ExportOutput | null;
  readonly filters: ExportFilters;
}

/** What is known before an export starts. */
export interface StartedExport {
  readonly startedAt: Date;
  readonly connection: Connection;
  readonly control: RunControl;
  readonly filters: ExportFilters;
}

/**
 * Runs an export and summarises it, also when a signal, the network or the disk stopped it.
 *
 * @throws all other errors: wrong usage, a failed login, bugs
 */
export async function summarise(
  started: StartedExport,
  file: string,
  work: () => Promise<ExportOutput>,
): Promise<ExportSummary> {
  try {
    return buildSummary(started, await work(), null);
  } catch (error) {
    return buildSummary(started, null, explainStop(error, started.control, file));
  }
}

function explainStop(error: unknown, control: RunControl, file: string): NonNullable<RunSummary['stopped']> {
  const { reason } = control;
  if (reason?.kind === 'signal')
    return { code: reason.signal, message: `Stopped by ${reason.signal}. No file was written.`, nextStep: retryAdvice };
  const what = file === standardOutputName ? 'Standard output' : file;
  const explained = explainFailure(error, `${what} cannot be written`);
  if (!(explained instanceof RunStoppedError)) throw explained;
  control.stop({ kind: 'error', error: explained });
  const { code, message, nextStep } = explained;
  return {
    code,
    message: `${message} No file was written.`,
    nextStep: `${nextStep === undefined ? '' : `${nextStep} `}${retryAdvice}`,
  };
}

const retryAdvice = 'Then run the same command again: details already read with --full are not read twice.';

function buildSummary(
  { startedAt, connection, control, filters }: StartedExport,
  output: ExportOutput | null,
  stopped: RunSummary['stopped'],
): ExportSummary {
  return {
    run: null,
    command: 'export',
    mode: null,
    target: connection.target,
    status: stopped === null ? 'completed' : 'stopped',
    exitCode: chooseExitCode(control.reason, noCounts),
    startedAt: startedAt.toISOString(),
    endedAt: new Date().toISOString(),
    input: null,
    output,
    filters,
    findings: [],
    counts: noCounts,
    problems: [],
    api: summariseApi(connection.client),
    verified: noneVerified,
    waiting: 0,
    files: { results: null, rejects: null, review: null, report: null },
    stopped,
  };
}

/** The manifest that is written beside the file. */
export function buildManifest({ startedAt, connection, filters }: StartedExport, output: ExportOutput) {
  const { file, manifest: _, watermark: __, ...facts } = output;
  return {
    $comment: 'Written by mypos-customers; sha256 is the hash of the exported file beside this one.',
    file: basename(file),
    ...facts,
    tenant: connection.tenant,
    filters,
    startedAt: startedAt.toISOString(),
    endedAt: new Date().toISOString(),
  };
}

/** The lines of a workbook's *About* sheet. */
export function buildAboutLines(
  { startedAt, connection, filters }: StartedExport,
  { rows, apiTotal, pages, source }: Pick<ExportOutput, 'rows' | 'apiTotal' | 'pages' | 'source'>,
): readonly AboutLine[] {
  const { tenant } = connection;
  return [
    ['Customers in this file', rows],
    ['Customers according to the API', apiTotal],
    ['Complete', 'yes: every customer that the API counted was read'],
    ['Pages read', pages],
    ['Read from', source === 'pages' ? 'the pages of the API' : 'the local copy, brought up to date from the API'],
    ['Started', startedAt.toISOString()],
    ['Ended', new Date().toISOString()],
    ['API', tenant.baseUrl],
    ['Login', tenant.login],
    ['Changed since', filters.changedSince ?? 'any time'],
    ['Changed until', filters.changedUntil ?? 'any time'],
    ['Active customers only', filters.activeOnly ? 'yes' : 'no'],
    ['Sorted by', filters.sort],
    ['Columns', filters.columns],
    ['With details', filters.full ? 'yes' : 'no'],
    ['Times', 'as the API gives them; columns whose names end in UTC are in UTC'],
  ];
}

/** The error of an export whose list changed during every pass, or is not whole. */
export function createNotProvedError(proof: ListingProof, passes: number): RunStoppedError {
  if (proof.contradicts === true) return createListNotWhole(`${proof.reason} Read ${passes} times.`);
  return new RunStoppedError(
    `It could not be proved in ${passes} attempts that every customer was read. ${proof.reason ?? 'New fields appeared every time.'}`,
    { code: 'NOT_PROVED', nextStep: 'Try again when fewer people are editing customers.' },
  );
}

/** The error of an export from a list that does not show all customers. */
export function createListNotWhole(fact: string): RunStoppedError {
  return new RunStoppedError(`The list of customers is not whole. ${fact}`, {
    code: 'LIST_NOT_WHOLE',
    nextStep: 'Try again later. If it stays so, ask MYPOS Connect why its list leaves customers out.',
  });
}

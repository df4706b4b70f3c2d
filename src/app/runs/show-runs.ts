import { resolve } from 'node:path';
import type { RowCounts } from '#pipelines/model.js';
import { openTenantLedger } from '#src/app/connect.js';
import { readReportContent } from '#src/app/import/import-job.js';
import type { ResolvedReadOptions } from '#src/app/input.js';
import { countOutcomes, explainNotReached } from '#src/app/not-reached.js';
import { findRun } from '#src/app/run-on-tenant.js';
import type { Settings } from '#src/config/settings.js';
import { UsageError } from '#src/errors.js';
import { deriveRights, type FileRights } from '#src/files/file-rights.js';
import { openRowSource } from '#src/files/open-row-source.js';
import type { Ledger } from '#src/ledger/open-ledger.js';
import type { RunRecord } from '#src/ledger/runs.js';
import { writeResults } from '#src/results/write-results.js';
import { writeRunReport } from './write-run-report.js';

/** A run and the number of its rows in each status. */
export interface RunReport extends Omit<RunRecord, 'state'> {
  /** `interrupted`: its process was killed or the machine went down; `resume` continues it. */
  readonly state: RunRecord['state'] | 'interrupted';
  readonly counts: RowCounts;
}

function buildRunReport(ledger: Ledger, run: RunRecord): RunReport {
  const isInterrupted = run.state === 'running' && !ledger.seemsLocked();
  return { ...run, state: isInterrupted ? 'interrupted' : run.state, counts: countOutcomes(ledger, run) };
}

/** The runs of the tenant in the settings, newest first. */
export function listRuns(settings: Settings, limit: number): readonly RunReport[] {
  const ledger = openTenantLedger(settings);
  try {
    return ledger.runs.list(limit).map((run) => buildRunReport(ledger, run));
  } finally {
    ledger.close();
  }
}

/** Files of a run to write again from the ledger and the input. */
export interface ShowRunFiles {
  readonly results?: string;
  /** Path of an HTML report of the run. */
  readonly report?: string;
}

/** Shows one run, and writes the requested files. @throws UsageError */
export async function showRun(settings: Settings, name: string, files: ShowRunFiles = {}): Promise<RunReport> {
  const ledger = openTenantLedger(settings);
  try {
    const run = findRun(ledger, name);
    const rights = deriveRights(settings.fileMode.value, run.input?.path);
    if (files.results !== undefined) await rewriteResults(ledger, run, resolve(files.results), rights);
    if (files.report !== undefined)
      await writeRunReport(ledger, run, resolve(files.report), rights, await readReportContent(run));
    return buildRunReport(ledger, run);
  } finally {
    ledger.close();
  }
}

async function rewriteResults(ledger: Ledger, run: RunRecord, path: string, rights: FileRights): Promise<void> {
  if (run.input === undefined || run.input.path === '')
    throw new UsageError(`Run ${run.name} had no input file, so there is no result file to write.`, {
      code: 'NO_INPUT_FILE',
    });
  const source = await openRowSource(run.input.path, {
    ...(run.options.read as ResolvedReadOptions | undefined),
    displayName: run.input.file,
  });
  if (source.fingerprint.sha256 !== run.input.sha256)
    throw new UsageError(`${run.input.path} has changed since run ${run.name} read it.`, {
      code: 'INPUT_CHANGED',
      nextStep: 'Restore the original file; the result file is written from its rows.',
    });
  await writeResults(
    source,
    ledger.openRows(run.number),
    run.name,
    { paths: { results: path }, written: ledger.writtenFiles, rights },
    explainNotReached(run),
  );
}

import { resolve } from 'node:path';
import type { RowCounts } from '#pipelines/outcome.js';
import type { Settings } from '#src/config/settings.js';
import { UsageError } from '#src/errors.js';
import { openRowSource } from '#src/files/open-row-source.js';
import { type Ledger, openLedger } from '#src/ledger/open-ledger.js';
import type { RunRecord } from '#src/ledger/runs.js';
import { writeResults } from '#src/results/write-results.js';
import { tenantOf } from './connect.js';
import { notReached } from './end-run.js';
import { findRun } from './find-run.js';
import type { Reading } from './input.js';
import { makeReport } from './make-report.js';

/** A run with what became of its rows. */
export interface RunReport extends Omit<RunRecord, 'state'> {
  /** `interrupted`: its process was killed, or the machine went down; a `resume` goes on with it. */
  readonly state: RunRecord['state'] | 'interrupted';
  readonly counts: RowCounts;
}

function reportOf(ledger: Ledger, run: RunRecord): RunReport {
  const isInterrupted = run.state === 'running' && !ledger.seemsLocked();
  return { ...run, state: isInterrupted ? 'interrupted' : run.state, counts: ledger.runs.counts(run.number) };
}

function withLedger<T>(settings: Settings, work: (ledger: Ledger) => T): T {
  const ledger = openLedger(settings.stateDir.value, tenantOf(settings));
  let pending = false;
  try {
    const result = work(ledger);
    if (result instanceof Promise) {
      pending = true;
      void result.finally(() => ledger.close()).catch(() => undefined);
    }
    return result;
  } finally {
    if (!pending) ledger.close();
  }
}

/** The runs of the tenant that the settings name, newest first. */
export function listRuns(settings: Settings, limit: number): readonly RunReport[] {
  return withLedger(settings, (ledger) => ledger.runs.list(limit).map((run) => reportOf(ledger, run)));
}

/** Files of a run to write again, from the ledger and the input. */
export interface ShowRunFiles {
  readonly results?: string;
  /** One HTML file that tells of the run. */
  readonly report?: string;
}

/** One run, and such of its files as are asked for. @throws UsageError */
export function showRun(settings: Settings, name: string, files: ShowRunFiles = {}): Promise<RunReport> {
  return withLedger(settings, async (ledger) => {
    const run = findRun(ledger, name);
    if (files.results !== undefined) await writeAgain(ledger, run, resolve(files.results));
    if (files.report !== undefined) await makeReport(ledger, run, resolve(files.report));
    return reportOf(ledger, run);
  });
}

async function writeAgain(ledger: Ledger, run: RunRecord, path: string): Promise<void> {
  if (run.input === undefined || run.input.path === '')
    throw new UsageError(`Run ${run.name} had no input file, so there is no result file to write.`, {
      code: 'NO_INPUT_FILE',
    });
  const source = await openRowSource(run.input.path, {
    ...(run.options.read as Reading | undefined),
    displayName: run.input.file,
  });
  if (source.fingerprint.sha256 !== run.input.sha256)
    throw new UsageError(`${run.input.path} has changed since run ${run.name} read it.`, {
      code: 'INPUT_CHANGED',
      nextStep: 'Put the file back as it was; the result file shows its rows.',
    });
  await writeResults(source, ledger.rowsOf(run.number), run.name, { results: path }, notReached(run.name, run.state));
}

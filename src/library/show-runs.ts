import { resolve } from 'node:path';
import type { Mapping } from '../../pipelines/mapping/mapping.js';
import type { RowCounts } from '../../pipelines/outcome.js';
import type { Settings } from '../config/settings.js';
import { UsageError } from '../errors.js';
import { type Ledger, openLedger } from '../ledger/open-ledger.js';
import type { RunRecord } from '../ledger/runs.js';
import { writeResults } from '../results/write-results.js';
import { tenantOf } from './connect.js';
import { notReached } from './end-run.js';
import { findRun } from './find-run.js';
import { openInputAt, type ReadOptions } from './input.js';
import { readMappingFile } from './mapping-file.js';

/** A run with what became of its rows. */
export type RunReport = RunRecord & { readonly counts: RowCounts };

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
  return withLedger(settings, (ledger) =>
    ledger.runs.list(limit).map((run) => ({ ...run, counts: ledger.runs.counts(run.number) })),
  );
}

/** One run; with `results`, its result file is written again from the ledger and the input. @throws UsageError */
export function showRun(settings: Settings, name: string, results?: string): Promise<RunReport> {
  return withLedger(settings, async (ledger) => {
    const run = findRun(ledger, name);
    if (results !== undefined) await writeAgain(ledger, run, resolve(results));
    return { ...run, counts: ledger.runs.counts(run.number) };
  });
}

/** The mapping says how to read the file, as long as it is the one that the run had. */
function mappingOf(run: RunRecord): Mapping | undefined {
  const { mapping: path } = run.options;
  if (typeof path !== 'string') return undefined;
  try {
    const { mapping, sha256 } = readMappingFile(path);
    return sha256 === run.mappingSha256 ? mapping : undefined;
  } catch {
    return undefined;
  }
}

async function writeAgain(ledger: Ledger, run: RunRecord, path: string): Promise<void> {
  if (run.input === undefined || run.input.path === '')
    throw new UsageError(`Run ${run.name} had no input file, so there is no result file to write.`, {
      code: 'NO_INPUT_FILE',
    });
  const { path: inputPath, file } = run.input;
  const { source } = await openInputAt(inputPath, file, (run.options.read ?? {}) as ReadOptions, mappingOf(run));
  if (source.fingerprint.sha256 !== run.input.sha256)
    throw new UsageError(`${run.input.path} has changed since run ${run.name} read it.`, {
      code: 'INPUT_CHANGED',
      nextStep: 'Put the file back as it was; the result file shows its rows.',
    });
  await writeResults(source, ledger.rowsOf(run.number), run.name, { results: path }, notReached(run.name, run.state));
}

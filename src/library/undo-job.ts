import { createHash } from 'node:crypto';
import type { FailureLimit } from '#pipelines/run-control.js';
import { undoRows, type Writing, writingsOf } from '#pipelines/undo.js';
import type { Settings } from '#src/config/settings.js';
import type { InputSource } from '#src/files/input-source.js';
import type { Ledger } from '#src/ledger/open-ledger.js';
import type { ResultPaths } from '#src/results/write-results.js';
import { findRun } from './find-run.js';
import type { RunJob } from './run-job.js';

/** What a resumed undo must know again. */
export interface KeptUndoOptions {
  /** Name of the run to undo. */
  readonly undoes: string;
  readonly evenChanged: boolean;
  readonly paths: Partial<ResultPaths>;
  readonly failureLimit: FailureLimit;
}

const rowsPerBatch = 500;

/** Makes the job that undoes a run. @throws UsageError when there is no such run */
export function undoJob(settings: Settings, ledger: Ledger, kept: KeptUndoOptions): RunJob {
  const run = findRun(ledger, kept.undoes);
  const writings = writingsOf(ledger.rowsOf(run.number).written());
  const source = sourceOf(run.name, writings);
  const byIndex = new Map(writings.map((writing) => [writing.index, writing]));
  const options = { concurrency: settings.concurrency.value, evenChanged: kept.evenChanged };
  return {
    source,
    rows: writings.length,
    paths: kept.paths,
    work: (ports) => undoRows({ source, writings: byIndex, ...ports }, options),
  };
}

/** The customers that a run wrote to, as rows with the places that they had in its file. */
function sourceOf(run: string, writings: readonly Writing[]): InputSource {
  const text = writings.map(({ index, did, customerCode }) => `${index} ${did} ${customerCode}`).join('\n');
  return {
    file: `run ${run}`,
    format: 'csv',
    columns: ['customerCode', 'undoes'],
    duplicateColumns: [],
    detected: { format: 'csv' },
    notices: [],
    fingerprint: { sha256: createHash('sha256').update(text).digest('hex'), sizeBytes: Buffer.byteLength(text) },
    async *batches() {
      for (let from = 0; from < writings.length; from += rowsPerBatch)
        yield writings
          .slice(from, from + rowsPerBatch)
          .map(({ index, number, customerCode, did }) => ({ index, number, cells: [customerCode, did] }));
    },
  };
}

import { createHash } from 'node:crypto';
import type { LedgerRow } from '../../pipelines/ports.js';
import { undoRows } from '../../pipelines/undo.js';
import type { Settings } from '../config/settings.js';
import type { InputSource } from '../files/input-source.js';
import type { Ledger } from '../ledger/open-ledger.js';
import type { ResultPaths } from '../results/write-results.js';
import { findRun } from './find-run.js';
import type { RunJob } from './run-job.js';

/** What a resumed undo must know again. */
export interface KeptUndoOptions {
  /** Name of the run to undo. */
  readonly undoes: string;
  readonly evenChanged: boolean;
  readonly paths: Partial<ResultPaths>;
}

const rowsPerBatch = 500;

/** Makes the job that undoes a run. @throws UsageError when there is no such run */
export function undoJob(settings: Settings, ledger: Ledger, kept: KeptUndoOptions): RunJob {
  const run = findRun(ledger, kept.undoes);
  const undone = ledger.rowsOf(run.number);
  const rows = undone.written();
  const source = sourceOfRows(run.name, rows);
  const { evenChanged } = kept;
  return {
    source,
    rows: rows.length,
    paths: kept.paths,
    work: (ports) => undoRows({ source, undone, ...ports }, { concurrency: settings.concurrency.value, evenChanged }),
  };
}

/** The customers that a run wrote, as rows with the places that they had in its file. */
function sourceOfRows(run: string, rows: readonly LedgerRow[]): InputSource {
  const text = rows.map((row) => `${row.index} ${row.state} ${row.customerCode}`).join('\n');
  return {
    file: `run ${run}`,
    format: 'csv',
    columns: ['customerCode', 'undoes'],
    duplicateColumns: [],
    detected: { format: 'csv' },
    notices: [],
    fingerprint: { sha256: createHash('sha256').update(text).digest('hex'), sizeBytes: Buffer.byteLength(text) },
    async *batches() {
      for (let from = 0; from < rows.length; from += rowsPerBatch)
        yield rows
          .slice(from, from + rowsPerBatch)
          .map((row) => ({ index: row.index, number: row.number, cells: [row.customerCode ?? '', row.state] }));
    },
  };
}

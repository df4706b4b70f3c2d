import type { CustomersApi, RowSource, RunLedger, ValidateDraft } from './ports.js';
import type { RunControl } from './run-control.js';
import { addRow } from './stages/add-row.js';
import { firstRows } from './stages/first-rows.js';
import { forEachConcurrently } from './stages/map-concurrently.js';
import { mapRows, type RowMapper } from './stages/map-rows.js';
import { KeyRegister, refuseRepeats } from './stages/refuse-repeats.js';
import { skipKnown } from './stages/skip-known.js';
import { skipSettled } from './stages/skip-settled.js';
import type { EndedWork, Work } from './work.js';

export interface ImportPorts {
  readonly source: RowSource;
  readonly mapper: RowMapper;
  readonly validate: ValidateDraft;
  readonly api: CustomersApi;
  readonly ledger: RunLedger;
  readonly control: RunControl;
}

export interface ImportOptions {
  readonly concurrency: number;
  /** Only so many rows from the top: a pilot. */
  readonly first?: number;
  /** Add customers although this tool has created the same before. */
  readonly force: boolean;
  /** Source columns of the key, for messages. */
  readonly keyColumns: readonly string[];
}

/** Rows read ahead of the wire for each request in flight: enough to never wait for the disk. */
const rowsAheadPerRequest = 50;

/** Runs every row of the source to its end in the ledger; stops early when the control says so. */
export async function importCustomers(ports: ImportPorts, options: ImportOptions): Promise<void> {
  const { source, mapper, validate, api, ledger, control } = ports;
  const keys = new KeyRegister();
  const rows = skipSettled(firstRows(source.batches(), options.first), ledger, control, keys);
  const mapped = refuseRepeats(mapRows(rows, mapper, validate), keys, options.keyColumns);
  const works = settleEnded(options.force ? mapped : skipKnown(mapped, ledger), ledger, control);
  const bounds = {
    concurrency: options.concurrency,
    itemsAhead: options.concurrency * rowsAheadPerRequest,
    stopping: control.stopping,
  };
  await forEachConcurrently(works, bounds, async (work) => {
    const outcome = await addRow(work, api, ledger, mapper);
    await ledger.settle([settlement(work, outcome)]);
    control.count(outcome.status);
  });
}

/** Rows that ended before the wire go to the ledger, a batch at a time; the open ones go on. */
async function* settleEnded(batches: AsyncIterable<readonly Work[]>, ledger: RunLedger, control: RunControl) {
  for await (const batch of batches) {
    control.noteSeen(batch.length);
    const ended = batch.filter((work): work is EndedWork => work.outcome !== undefined);
    if (ended.length > 0) {
      await ledger.settle(ended.map((work) => settlement(work, work.outcome)));
      for (const work of ended) control.count(work.outcome.status);
    }
    yield batch.filter((work) => work.outcome === undefined);
  }
}

function settlement(work: Work, outcome: EndedWork['outcome']) {
  const { row, key } = work;
  return {
    index: row.index,
    number: row.number,
    outcome,
    ...(key === undefined ? {} : { key }),
    ...('contentHash' in work ? { payloadHash: work.contentHash } : {}),
  };
}

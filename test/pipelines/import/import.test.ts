import { describe, expect, it, vi } from 'vitest';
import { type ImportPorts, importRows } from '#pipelines/import/import.js';
import type { Row } from '#pipelines/model.js';
import { RunControl } from '#pipelines/run-control.js';
import { useClients } from '#test/api/open-clients.js';
import { useScriptedServers } from '#test/api/scripted-server.js';

const { newLedger, newClient } = useClients();
const openServer = useScriptedServers();

const concurrency = 3;
const rowCount = 5000;
const rowsPerBatch = 10;

/** An import of many rows, of which each is a customer by its cell. */
async function startImport(baseUrl: string) {
  const ledger = newLedger();
  const { number: run } = ledger.runs.start({ command: 'import', options: {} });
  const rows = ledger.openRows(run);
  const control = new RunControl();
  let pulled = 0;
  async function* batches() {
    for (let first = 0; first < rowCount; first += rowsPerBatch) {
      pulled += rowsPerBatch;
      yield Array.from({ length: rowsPerBatch }, (_, at): Row => {
        const index = first + at;
        return { index, number: index + 2, cells: [`Customer ${index}`] };
      });
    }
  }
  const ports: ImportPorts = {
    source: {
      file: 'customers.csv',
      format: 'csv',
      columns: ['Name'],
      detected: { format: 'csv' },
      notices: [],
      batches,
    },
    mapper: {
      mapAll: async (mapped) => mapped.map(({ cells }) => ({ draft: { customerName: String(cells[0]) }, reasons: [] })),
      findColumns: () => ['Name'],
    },
    validate: () => [],
    api: newClient(baseUrl, { concurrency: 100 }),
    ledger: rows,
    control,
    run: '20261124-031522-7f3a',
    now: Date.now,
  };
  const done = importRows(ports, {
    ...{ mode: 'add', concurrency, force: false, verify: false, repeats: 'error' },
    match: [],
    matchAdds: [],
    identityColumns: ['Name'],
  });
  return { done, control, rows, pulled: () => pulled };
}

describe('an import', () => {
  it('has as many requests in flight, and as many intents on disk, as its concurrency, and pulls few rows ahead', async () => {
    const server = await openServer();
    server.answer({ do: 'hang' });
    const { done, control, rows, pulled } = await startImport(server.baseUrl);
    await vi.waitFor(() => expect(server.calls).toHaveLength(concurrency));
    // All that could start without an answer has started by now.
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(server.calls).toHaveLength(concurrency);
    expect(rows.rowsInDoubt()).toHaveLength(concurrency);
    expect(pulled()).toBeLessThanOrEqual(concurrency * 50 + rowsPerBatch);
    control.stop({ kind: 'signal', signal: 'SIGINT' });
    await server.close();
    await done;
    expect(server.calls).toHaveLength(concurrency);
  });
});

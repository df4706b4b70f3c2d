import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { defineSurvey } from '#bench/harness/benchmark.js';
import { customerMapping, writeCustomersCsv } from '#bench/harness/customers-csv.js';
import { runCommandLine, unlimitedOptions } from '#bench/harness/run-command-line.js';
import { sandboxLogin, serveSandbox, takeRequests } from '#bench/harness/sandbox.js';
import { chooseResultPaths } from '#src/app/import/import-job.js';
import { readMappingFile } from '#src/app/mapping-file.js';
import { scanInputAt } from '#src/app/scan-input.js';
import { openLedger } from '#src/ledger/open-ledger.js';

const left = 10;
const rowsPerSettlement = 5000;

/**
 * Writes the ledger of an import that was stopped with ten rows left, by the ledger's own means: to import a million
 * rows would take minutes and end in the same.
 */
async function stopShortOfTheEnd(folder: string, baseUrl: string, rows: number): Promise<void> {
  const path = join(folder, 'customers.csv');
  const mappingFile = readMappingFile(join(folder, 'mappings.json'));
  const input = await scanInputAt(path, 'customers.csv', {}, mappingFile);
  const { source, readOptions: reading, cache } = input;
  if (cache === undefined) throw new Error('The file was not scanned.');
  const ledger = openLedger(join(folder, 'state'), { baseUrl, login: sandboxLogin.username });
  const run = ledger.runs.start({
    command: 'import',
    mode: 'add',
    input: { file: 'customers.csv', path, ...source.fingerprint },
    mappingSha256: mappingFile.sha256,
    options: {
      ...{ mode: 'add', mapping: resolve(folder, 'mappings.json'), read: reading, force: false, verify: false },
      ...{ repeats: 'error', strict: false, columns: source.columns, stamp: 'cC_001' },
      paths: chooseResultPaths({ file: 'customers.csv', path }, {}),
    },
  });
  ledger.inputScans.save(run.number, cache);
  ledger.runs.saveInputRows(run.number, rows);
  const written = ledger.openRows(run.number);
  for (let from = 0; from < rows - left; from += rowsPerSettlement) {
    const length = Math.min(rowsPerSettlement, rows - left - from);
    await written.settle(Array.from({ length }, (_, at) => settled(from + at)));
  }
  ledger.runs.end(run.number, { state: 'stopped', exitCode: 130, stopReason: 'Stopped by SIGINT.', files: {} });
  ledger.close();
}

function settled(index: number) {
  const outcome = { status: 'created', customerCode: String(index + 1), httpStatus: 202, attempts: 1 } as const;
  return {
    ...{ index, number: index + 2, outcome },
    key: `A-${String(index + 1).padStart(7, '0')}`,
    payloadHash: Buffer.from(String(index).padStart(16)).toString('base64url'),
  };
}

export const benchmark = defineSurvey<number>({
  about: `A run of which ${left} rows are left, resumed. Aim: the first request within 3 seconds at a million rows.`,
  sizes: { full: 1_000_000, smoke: 2_000 },
  heads: ['rows', 'sent', 'first request after', 'whole command', 'peak', ''],
  async survey(rows, folder) {
    await writeCustomersCsv(join(folder, 'customers.csv'), rows);
    writeFileSync(join(folder, 'mappings.json'), JSON.stringify(customerMapping));
    const server = await serveSandbox(':memory:');
    try {
      await stopShortOfTheEnd(folder, server.baseUrl, rows);
      const args = ['resume', '--state-dir', join(folder, 'state')];
      const { startedAt, seconds, peakMiB, stdout } = await runCommandLine(folder, [
        ...args,
        ...unlimitedOptions(server.baseUrl),
      ]);
      const posts = (await takeRequests(server.baseUrl)).filter(({ path }) => path.endsWith('/customers'));
      if (posts.length !== left) throw new Error(`${posts.length} rows were sent: ${stdout}`);
      const after = ((posts[0]?.at ?? 0) - startedAt) / 1000;
      return [
        [
          rows.toLocaleString('en'),
          String(left),
          `${after.toFixed(2)} s`,
          `${seconds.toFixed(2)} s`,
          `${peakMiB.toFixed(0)} MiB`,
          '',
        ],
      ];
    } finally {
      server.stop();
    }
  },
});

import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { defineBenchmark } from '#bench/harness/benchmark.js';
import { loginEnvironment, measureAgainstSandbox, openBareClient } from '#bench/harness/sandbox.js';
import { exportCustomers } from '#src/app/export/export-customers.js';
import { resolveSettings } from '#src/config/resolve-settings.js';
import { startSandbox } from '#src/sandbox/start-sandbox.js';

interface Input {
  readonly dataFile: string;
  readonly folder: string;
}

const pageSize = 1000;

/** Page after page, parsed and counted: the least that anybody can do. */
async function readPages(baseUrl: string): Promise<number> {
  const { pool, customers: list, authorization } = await openBareClient(baseUrl, 1);
  let count = 0;
  for (let page = 1; ; page += 1) {
    const path = `${list}?liPage=${page}&liPageSize=${pageSize}&sSortKey=customerCodeASC`;
    const { body } = await pool.request({ method: 'GET', path, headers: { authorization } });
    const customers = (await body.json()) as readonly unknown[];
    count += customers.length;
    if (customers.length < pageSize) break;
  }
  await pool.destroy();
  return count;
}

async function exportTo(name: string, { folder }: Input, baseUrl: string): Promise<number> {
  const runFolder = mkdtempSync(join(folder, 'export-'));
  const settings = resolveSettings(
    { baseUrl, stateDir: join(runFolder, 'state'), rate: 'unlimited' },
    loginEnvironment,
  );
  const { output, stopped } = await exportCustomers(settings, { file: join(runFolder, name), fields: ['all'] });
  if (output === null) throw new Error(stopped?.message);
  return output.rows;
}

export const benchmark = defineBenchmark<number, Input>({
  about: '100,000 customers exported to CSV, beside a bare undici loop over the pages. Aim: at least 0.9 of it.',
  unit: 'customers',
  reference: 'undici',
  sizes: { full: 100_000, smoke: 2_000 },
  async prepare(customers, folder) {
    const dataFile = join(folder, 'customers.db');
    const sandbox = await startSandbox({ dataFile });
    await sandbox.seed(customers);
    await sandbox.close();
    return { dataFile, folder };
  },
  contenders: {
    undici: { run: (input) => measureAgainstSandbox(input.dataFile, readPages) },
    'export to CSV': {
      run: (input) => measureAgainstSandbox(input.dataFile, (baseUrl) => exportTo('all.csv', input, baseUrl)),
    },
    'export to XLSX': {
      run: (input) => measureAgainstSandbox(input.dataFile, (baseUrl) => exportTo('all.xlsx', input, baseUrl)),
    },
    'export to NDJSON': {
      run: (input) => measureAgainstSandbox(input.dataFile, (baseUrl) => exportTo('all.ndjson', input, baseUrl)),
    },
  },
});

import { copyFileSync, mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Benchmark, defineBenchmark } from '#bench/harness/benchmark.js';
import { customerMapping, writeCustomersCsv } from '#bench/harness/customers-csv.js';
import { loginEnvironment, measureAgainstSandbox, openBareClient } from '#bench/harness/sandbox.js';
import { importFile } from '#src/app/import/import-file.js';
import { compileFor, readMappingFile } from '#src/app/mapping-file.js';
import { resolveSettings } from '#src/config/resolve-settings.js';
import { openRowSource } from '#src/files/open-row-source.js';

interface Input {
  readonly folder: string;
  readonly file: string;
  readonly mapping: string;
}

/**
 * A whole import beside a bare undici loop that posts the same bodies, both to a sandbox in another process.
 *
 * @param latencyMs - added to the time that the sandbox takes to add a customer
 */
export function defineImportBenchmark(concurrency: number, latencyMs = 0): Benchmark {
  const server = latencyMs === 0 ? 'a sandbox that answers at once' : `a sandbox that takes ${latencyMs} ms to answer`;
  return defineBenchmark<number, Input>({
    about: `20 columns of CSV imported into ${server}, ${concurrency} requests at once, no rate limit, every intent on disk before its request; beside a bare undici loop that posts the same bodies. Aim: at least 0.7 of it.`,
    unit: 'rows',
    reference: 'undici',
    sizes: { full: chooseRows(latencyMs), smoke: latencyMs > 10 ? 200 : 1_000 },
    async prepare(rows, folder) {
      const input = { folder, file: join(folder, 'customers.csv'), mapping: join(folder, 'mappings.json') };
      await writeCustomersCsv(input.file, rows);
      writeFileSync(input.mapping, JSON.stringify(customerMapping));
      return input;
    },
    contenders: {
      undici: {
        async run(input) {
          const bodies = await mapToBodies(input);
          return measureAgainstSandbox(':memory:', (baseUrl) => postAll(baseUrl, bodies, concurrency), latencyMs);
        },
      },
      import: {
        run: (input) =>
          measureAgainstSandbox(':memory:', (baseUrl) => importAll(baseUrl, input, concurrency), latencyMs),
      },
    },
  });
}

/** Enough for ten seconds or more. */
function chooseRows(latencyMs: number): number {
  if (latencyMs === 0) return 60_000;
  return latencyMs > 10 ? 5_000 : 20_000;
}

async function mapToBodies({ file, mapping }: Input): Promise<readonly string[]> {
  const source = await openRowSource(file);
  const mapper = compileFor(readMappingFile(mapping), source);
  const bodies: string[] = [];
  for await (const rows of source.batches()) for (const row of rows) bodies.push(JSON.stringify(mapper.map(row).draft));
  return bodies;
}

async function postAll(baseUrl: string, bodies: readonly string[], concurrency: number): Promise<number> {
  const { pool, customers, authorization } = await openBareClient(baseUrl, concurrency);
  const headers = { authorization, 'content-type': 'application/json' };
  let next = 0;
  let created = 0;
  const post = async () => {
    for (let body = bodies[next++]; body !== undefined; body = bodies[next++]) {
      const answer = await pool.request({ method: 'POST', path: customers, headers, body });
      await answer.body.json();
      if (answer.statusCode === 202) created += 1;
    }
  };
  await Promise.all(Array.from({ length: concurrency }, post));
  await pool.destroy();
  return created;
}

async function importAll(baseUrl: string, { folder, file, mapping }: Input, concurrency: number): Promise<number> {
  const workFolder = mkdtempSync(join(folder, 'import-'));
  const input = join(workFolder, 'customers.csv');
  copyFileSync(file, input);
  const options = {
    baseUrl,
    mapping,
    stateDir: join(workFolder, 'state'),
    rate: 'unlimited',
    concurrency: String(concurrency),
  };
  const { counts, stopped } = await importFile(resolveSettings(options, loginEnvironment), { file: input });
  if (stopped !== null) throw new Error(`The import stopped: ${JSON.stringify(stopped)}`);
  return counts.created;
}

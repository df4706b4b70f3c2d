import { spawnSync } from 'node:child_process';
import { createReadStream, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { parse } from 'csv-parse';
import { type Contender, defineBenchmark, type Work } from '#bench/harness/benchmark.js';
import { customerMapping, writeCustomersCsv } from '#bench/harness/customers-csv.js';
import { mapBatches } from '#pipelines/batches.js';
import { mapRows } from '#pipelines/import/map.js';
import { checkFile } from '#src/app/check/check-file.js';
import { compileFor, readMappingFile } from '#src/app/mapping-file.js';
import { resolveSettings } from '#src/config/resolve-settings.js';
import { openRowSource } from '#src/files/open-row-source.js';
import { createDraftValidator } from '#src/validation/create-draft-validator.js';

/** What it reads is of interest, not what it prints: runs a program and measures it, which Node cannot for its children. */
const measure = `
import json, resource, subprocess, sys, time
start = time.time()
subprocess.run(sys.argv[2:], check=True, stdout=subprocess.DEVNULL)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps({"count": int(sys.argv[1]), "seconds": time.time() - start,
  "cpuSeconds": used.ru_utime + used.ru_stime, "peakMiB": used.ru_maxrss / 1024}))
`;

const python = '/usr/bin/python3';

/** A program of somebody else's that does such work, where it is installed. */
function externalProgram<Input extends { readonly rows: number }>(
  program: string,
  argumentsFor: (input: Input) => readonly string[],
): Contender<Input> {
  return {
    isInstalled: () =>
      [python, program].every((name) => spawnSync(name, ['--version'], { stdio: 'ignore' }).status === 0),
    command: (input) => [python, '-c', measure, String(input.rows), program, ...argumentsFor(input)],
  };
}

interface Input {
  readonly rows: number;
  readonly file: string;
  readonly mapping: string;
}

async function count(batches: AsyncIterable<readonly unknown[]>): Promise<Work> {
  let rows = 0;
  for await (const batch of batches) rows += batch.length;
  return { count: rows };
}

export const benchmark = defineBenchmark<number, Input>({
  about:
    '1,000,000 × 20 of CSV, read and checked, beside bare csv-parse in array mode, Miller and csvkit. Aim: at least 0.9 of it, below 200 MB.',
  unit: 'rows',
  reference: 'csv-parse',
  sizes: { full: 1_000_000, smoke: 5_000 },
  async prepare(rows, folder) {
    const input = { rows, file: join(folder, 'customers.csv'), mapping: join(folder, 'mappings.json') };
    await writeCustomersCsv(input.file, rows);
    writeFileSync(input.mapping, JSON.stringify(customerMapping));
    return input;
  },
  contenders: {
    'csv-parse': {
      async run({ file }) {
        let rows = -1;
        await pipeline(createReadStream(file), parse(), async (records) => {
          for await (const _ of records) rows += 1;
        });
        return { count: rows };
      },
    },
    read: {
      run: async ({ file }) => count((await openRowSource(file)).batches()),
    },
    'read + map + validate': {
      async run({ file, mapping }) {
        const mappingFile = readMappingFile(mapping);
        const source = await openRowSource(file);
        const mapper = compileFor(mappingFile, source);
        const validate = createDraftValidator(mappingFile.mapping.customFields, mapper.fields);
        return count(mapBatches(source.batches(), (batch) => mapRows(batch, { mapper, validate })));
      },
    },
    check: {
      async run({ file, mapping }) {
        const { counts, input } = await checkFile(resolveSettings({ mapping }), { file });
        if (counts.invalid > 0) throw new Error(`${counts.invalid} rows of the benchmark are invalid.`);
        return { count: input?.rows ?? 0 };
      },
    },
    // They read and count, or look for ragged rows: less than a check does.
    'Miller: count': externalProgram('mlr', ({ file }) => ['--icsv', '--ojson', 'count', file]),
    'csvkit: csvclean': externalProgram('csvclean', ({ file }) => ['-n', file]),
  },
});

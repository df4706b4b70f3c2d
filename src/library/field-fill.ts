import { CustomersError } from '../errors.js';
import type { RunRecord } from '../ledger/runs.js';
import type { FieldFill } from '../results/report/report-data.js';
import type { KeptImportOptions } from './import-job.js';
import { openInputAt } from './input.js';
import { compileFor, readMappingFile } from './mapping-file.js';

/** How full the fields of a run's customers are, from its input and mapping as long as they are what they were. */
export async function fillOf(run: RunRecord): Promise<FieldFill> {
  if (run.command !== 'import' || run.input === undefined)
    return { kind: 'unknown', why: 'Only an import has fields of its own.' };
  try {
    return await count(run, run.input, run.options as unknown as KeptImportOptions);
  } catch (error) {
    if (error instanceof CustomersError) return gone;
    throw error;
  }
}

const gone: FieldFill = { kind: 'unknown', why: 'The input or the mapping has changed or gone since the run.' };

async function count(
  run: RunRecord,
  { path, file, sha256 }: NonNullable<RunRecord['input']>,
  kept: KeptImportOptions,
): Promise<FieldFill> {
  const mappingFile = readMappingFile(kept.mapping);
  const { source } = await openInputAt(path, file, kept.read, mappingFile.mapping);
  if (source.fingerprint.sha256 !== sha256 || mappingFile.sha256 !== run.mappingSha256) return gone;
  const mapper = compileFor(mappingFile, source);
  const filled = new Map<string, number>(mappingFile.mapping.fields.map(({ field }) => [field, 0]));
  let rows = 0;
  for await (const batch of source.batches())
    for (const row of batch) {
      if (kept.first !== undefined && row.index >= kept.first) continue;
      rows += 1;
      for (const [field, value] of Object.entries(mapper.map(row).draft))
        if (value !== null && value !== '') filled.set(field, (filled.get(field) ?? 0) + 1);
    }
  return { kind: 'known', rows, fields: [...filled].map(([field, count]) => ({ field, filled: count })) };
}

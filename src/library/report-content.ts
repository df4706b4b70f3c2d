import type { ColumnProfile } from '#pipelines/profile/column-profile.js';
import { profileRows } from '#pipelines/profile/profile-rows.js';
import { firstRows } from '#pipelines/stages/first-rows.js';
import { CustomersError } from '#src/errors.js';
import type { RunRecord } from '#src/ledger/runs.js';
import type { ReportContent } from '#src/results/report/report-data.js';
import type { KeptImportOptions } from './import-job.js';
import { openInputAt } from './input.js';
import { compileFor, readMappingFile, secretColumns } from './mapping-file.js';

/** What the columns and fields of a run's rows hold, from its input and mapping as long as they are what they were. */
export async function contentOf(run: RunRecord): Promise<ReportContent> {
  if (run.command !== 'import' || run.input === undefined)
    return { kind: 'unknown', why: 'Only an import has fields of its own.' };
  try {
    return await count(run, run.input, run.options as unknown as KeptImportOptions);
  } catch (error) {
    if (error instanceof CustomersError) return gone;
    throw error;
  }
}

const leastShared = 5;

const gone: ReportContent = { kind: 'unknown', why: 'The input or the mapping has changed or gone since the run.' };

async function count(
  run: RunRecord,
  { path, file, sha256 }: NonNullable<RunRecord['input']>,
  kept: KeptImportOptions,
): Promise<ReportContent> {
  const mappingFile = readMappingFile(kept.mapping);
  const { source } = await openInputAt(path, file, kept.read, mappingFile.mapping);
  if (source.fingerprint.sha256 !== sha256 || mappingFile.sha256 !== run.mappingSha256) return gone;
  const mapper = compileFor(mappingFile, source);
  const filled = new Map<string, number>(mappingFile.mapping.fields.map(({ field }) => [field, 0]));
  let rows = 0;
  const profile = profileRows(firstRows(source.batches(), kept.first), source.columns, secretColumns(mapper));
  for await (const batch of profile.batches)
    for (const row of batch) {
      rows += 1;
      for (const [field, value] of Object.entries(mapper.map(row).draft))
        if (value !== null && value !== '') filled.set(field, (filled.get(field) ?? 0) + 1);
    }
  const fields = [...filled].map(([field, count]) => ({ field, filled: count }));
  return { kind: 'known', rows, fields, columns: profile.result().map(withoutPersons) };
}

/** A report goes to more people than the file: a value that few rows share may tell who somebody is. */
function withoutPersons(profile: ColumnProfile): ColumnProfile {
  return { ...profile, top: profile.top.filter(({ count }) => count >= leastShared) };
}

import { formatCount } from '#pipelines/format-count.js';
import { rowStatuses } from '#pipelines/model.js';
import { showLine } from '#pipelines/visible-text.js';
import type { ExportSummary } from '#src/app/export/export-customers.js';
import type { ExportJobSummary } from '#src/app/export/export-job.js';
import { type FileOutcome, fileOutcomes, type SweepSummary } from '#src/app/sweep/summary.js';
import { exitCodes } from '#src/errors.js';
import { renderTraffic } from './summary.js';

/** What an export has done, for people. */
export function renderExport({ output, api, stopped }: ExportSummary): string {
  const traffic = renderTraffic(api);
  if (output === null)
    return [
      'export: stopped',
      traffic,
      stopped?.message ?? '',
      ...(stopped?.nextStep == null ? [] : [`  ${stopped.nextStep}`]),
    ].join('\n');
  const { rows, apiTotal, pages, passes, watermark } = output;
  const chosen = rows === apiTotal ? '' : ` of ${apiTotal} that the API listed`;
  const read = `${formatCount(pages, 'page')}${passes === 1 ? '' : `, on the ${ordinals[passes] ?? passes} attempt`}`;
  return [
    `export: ${formatCount(rows, 'customer')}${chosen}, complete (${read})`,
    traffic,
    ...(output.file === '-' ? [] : [`File: ${output.file}`, `Manifest: ${output.manifest ?? ''}`]),
    ...(watermark === null ? [] : [`The next export of changes starts at ${watermark}`]),
  ].join('\n');
}

const ordinals: Readonly<Record<number, string>> = { 2: 'second', 3: 'third' };

/** What an export job has done, for people; nothing when its log has it already, or with `isQuiet`. */
export function renderExportJob({ job, output, api }: ExportJobSummary, isQuiet: boolean): string {
  if (output === null || isQuiet) return '';
  const { rows, file, manifest, watermark } = output;
  return [
    `${job}: ${formatCount(rows, 'customer')}, complete, with ${formatCount(api.requests, 'request')}`,
    `File: ${file}`,
    `Manifest: ${manifest ?? ''}`,
    ...(watermark === null ? [] : [`The next export of changes starts at ${watermark}`]),
  ].join('\n');
}

const outcomeLabels: Readonly<Record<FileOutcome, string>> = {
  done: 'done',
  failed: 'failed: see the .error.txt next to the file',
  duplicate: 'imported before: moved to duplicate/',
  kept: 'in processing: the next sweep continues',
  returned: 'put back: not complete yet',
  waits: 'waiting',
  ready: 'would be imported',
};

/** What a sweep has done, for people; nothing with `isQuiet` when all is well, so that cron sends no mail. */
export function renderSweep(summary: SweepSummary, isQuiet: boolean): string {
  if (isQuiet && summary.exitCode === exitCodes.done && !summary.dryRun) return '';
  const { folder, outcomes, counts, pruned, dryRun, files } = summary;
  const found = fileOutcomes.filter((outcome) => outcomes[outcome] > 0);
  const rows = rowStatuses.filter((status) => counts[status] > 0).map((status) => `${counts[status]} ${status}`);
  const deleted = dryRun ? 'would be deleted from the archive' : 'deleted from the archive';
  return [
    `${folder}: ${found.length === 0 ? 'no files' : formatCount(files.length, 'file')}`,
    ...found.map((outcome) => `  ${String(outcomes[outcome]).padStart(5)} ${outcomeLabels[outcome]}`),
    ...(dryRun
      ? files.map(
          ({ file, outcome, reason }) => `  ${showLine(`${file}: ${reason?.message ?? outcomeLabels[outcome]}`)}`,
        )
      : []),
    ...(rows.length === 0 ? [] : [`Rows: ${rows.join(', ')}`]),
    ...(pruned.length === 0 ? [] : [`${formatCount(pruned.length, 'old file')} ${deleted}`]),
    ...(dryRun ? pruned.map((path) => `  ${path}`) : []),
  ].join('\n');
}

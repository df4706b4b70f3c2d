import type { ExportSummary } from '#src/library/export-customers.js';
import type { ExportJobSummary } from '#src/library/export-job/export-job-summary.js';

/** What an export has done, for people. */
export function renderExport({ output, api, stopped }: ExportSummary): string {
  const traffic = `API: ${api.requests} requests, ${api.retries} retries, ${api.rateLimited} times asked to wait`;
  if (output === null)
    return [
      'export: stopped',
      traffic,
      stopped?.message ?? '',
      ...(stopped?.nextStep == null ? [] : [`  ${stopped.nextStep}`]),
    ].join('\n');
  const { rows, apiTotal, pages, passes, watermark } = output;
  const chosen = rows === apiTotal ? '' : ` of ${apiTotal} that the API listed`;
  const read = `${pages} ${pages === 1 ? 'page' : 'pages'}${passes === 1 ? '' : `, in the ${ordinals[passes] ?? passes} try`}`;
  return [
    `export: ${rows} customers${chosen}, complete (${read})`,
    traffic,
    ...(output.file === '-' ? [] : [`File: ${output.file}`, `Manifest: ${output.manifest ?? ''}`]),
    ...(watermark === null ? [] : [`The next export of changes begins at ${watermark}`]),
  ].join('\n');
}

const ordinals: Readonly<Record<number, string>> = { 2: 'second', 3: 'third' };

/** What an export job has done, for people; nothing when its log has told of it already, or with `isQuiet`. */
export function renderExportJob({ job, output, api }: ExportJobSummary, isQuiet: boolean): string {
  if (output === null || isQuiet) return '';
  const { rows, file, manifest, watermark } = output;
  return [
    `${job}: ${rows} customers, complete, with ${api.requests} requests`,
    `File: ${file}`,
    `Manifest: ${manifest ?? ''}`,
    ...(watermark === null ? [] : [`The next export of changes begins at ${watermark}`]),
  ].join('\n');
}

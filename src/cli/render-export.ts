import type { ExportSummary } from '../library/export-customers.js';

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

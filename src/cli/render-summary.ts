import { rowStatuses } from '../../pipelines/outcome.js';
import type { SourceDetection } from '../../pipelines/ports.js';
import { exitCodes } from '../errors.js';
import type { RunSummary } from '../library/run-summary.js';

/** What a run has done, for people. `details` come below the counts. */
export function renderSummary(summary: RunSummary, details: readonly string[] = []): string {
  const { counts, files, api, input, stopped, differing } = summary;
  const title = `${summary.command}${summary.run === null ? '' : ` ${summary.run}`}`;
  const told = rowStatuses
    .filter((status) => counts[status] > 0)
    .map((status) => `  ${pad(counts[status])} ${words[status]}`);
  return [
    `${title}: ${summary.status}${input === null ? '' : `, ${input.rows} rows`}`,
    ...(told.length === 0 ? ['  nothing to do'] : told),
    ...(differing === undefined
      ? []
      : [`  ${pad(differing)} of them: the API holds something else than was sent, see _error`]),
    ...details,
    ...(api.requests > 0
      ? [`API: ${api.requests} requests, ${api.retries} retries, ${api.rateLimited} times asked to wait`]
      : []),
    ...(files.results === null ? [] : [`Results: ${files.results}`]),
    ...(files.rejects === null ? [] : [`Rejects: ${files.rejects}`]),
    ...(stopped === null ? [] : [`${stopped.message}${stopped.nextStep === null ? '' : `\n  ${stopped.nextStep}`}`]),
    ...(details.length === 0 ? nextStep(summary) : lookFirst(summary)),
  ].join('\n');
}

/** What a check found, for people. */
export function renderCheck(summary: RunSummary, problems: readonly string[]): string {
  const { counts, files } = summary;
  return [
    `check: ${counts.skipped} valid, ${counts.invalid} invalid`,
    ...problems,
    ...(files.results === null ? [] : [`Results: ${files.results}`]),
    ...(files.rejects === null ? [] : [`Rejects: ${files.rejects}`]),
    ...(counts.invalid > 0 && files.rejects === null
      ? ['Next: mend these rows, or get them as a file with --rejects <file>.']
      : []),
  ].join('\n');
}

const words = {
  created: 'created',
  updated: 'updated',
  unchanged: 'unchanged',
  deleted: 'deleted',
  deactivated: 'made inactive (they have transactions)',
  invalid: 'invalid: never sent',
  rejected: 'rejected by the API',
  failed: 'failed: not applied, may be sent again',
  in_doubt: 'in doubt: sent, and no answer seen',
  skipped: 'skipped',
} as const;

/** After a reconcile: what it could not settle, another one will not settle either. */
function lookFirst({ run }: RunSummary): string[] {
  return [
    `Next: look at these customers. If a row is none of them: mypos-customers reconcile ${run ?? ''} --assume-absent --yes, then resume.`,
  ];
}

function nextStep(summary: RunSummary): string[] {
  if (summary.exitCode === exitCodes.inDoubt)
    return [
      `Next: mypos-customers reconcile ${summary.run ?? ''} (finds out which of the doubtful rows exist; never add them by hand before)`,
    ];
  if (summary.exitCode !== exitCodes.someRowsFailed) return [];
  const { counts, files, command } = summary;
  const again = counts.failed > 0 && command !== 'undo';
  return [
    ...(again ? [`Next: mypos-customers resume ${summary.run ?? ''} (sends the failed rows again)`] : []),
    ...(counts.invalid + counts.rejected > 0 && files.rejects !== null
      ? [`Next: mend ${files.rejects} and import that file.`]
      : []),
  ];
}

function pad(count: number): string {
  return String(count).padStart(7);
}

/** What a file turned out to be, in one line. */
export function renderDetection(file: string, detected: SourceDetection, rows: number): string {
  const { format, encoding, bom, delimiter, lineEnd, compression, sheet, headerRow } = detected;
  const facts = [
    format.toUpperCase() + (compression === undefined ? '' : ` (${compression})`),
    sheet === undefined ? undefined : `sheet "${sheet}"`,
    encoding === undefined ? undefined : `${encoding}${bom === true ? ' with BOM' : ''}`,
    delimiter === undefined ? undefined : `delimiter ${delimiter === '\t' ? 'tab' : `"${delimiter}"`}`,
    lineEnd === undefined ? undefined : `line ends ${lineEnd}`,
    headerRow === undefined ? undefined : `header in row ${headerRow}`,
  ];
  return `${file === '-' ? 'standard input' : file}: ${facts.filter((fact) => fact !== undefined).join(', ')}; ${rows} rows`;
}

import { rowStatuses } from '#pipelines/outcome.js';
import { exitCodes } from '#src/errors.js';
import { type FileOutcome, fileOutcomes, type SweepSummary } from '#src/library/sweep/sweep-summary.js';

const words: Readonly<Record<FileOutcome, string>> = {
  done: 'done',
  failed: 'failed: see the .error.txt beside it',
  duplicate: 'of content that was imported before: put aside',
  kept: 'in processing: the next sweep goes on',
  returned: 'put back: not whole yet',
  waits: 'waiting',
  ready: 'would be imported',
};

/** What a sweep has done, for people; nothing with `isQuiet` when all is well, so that cron sends no mail. */
export function renderSweep(summary: SweepSummary, isQuiet: boolean): string {
  if (isQuiet && summary.exitCode === exitCodes.done && !summary.dryRun) return '';
  const { folder, outcomes, counts, pruned, dryRun, files } = summary;
  const told = fileOutcomes.filter((outcome) => outcomes[outcome] > 0);
  const rows = rowStatuses.filter((status) => counts[status] > 0).map((status) => `${counts[status]} ${status}`);
  const deleted = dryRun ? 'would be deleted from the archive' : 'deleted from the archive';
  return [
    `${folder}: ${told.length === 0 ? 'no files' : `${files.length} files`}`,
    ...told.map((outcome) => `  ${String(outcomes[outcome]).padStart(5)} ${words[outcome]}`),
    ...(dryRun ? files.map(({ file, outcome, reason }) => `  ${file}: ${reason?.message ?? words[outcome]}`) : []),
    ...(rows.length === 0 ? [] : [`Rows: ${rows.join(', ')}`]),
    ...(pruned.length === 0 ? [] : [`${pruned.length} old files ${deleted}`]),
    ...(dryRun ? pruned.map((path) => `  ${path}`) : []),
  ].join('\n');
}

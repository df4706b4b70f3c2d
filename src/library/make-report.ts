import { dirname, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { beginAtomicFile } from '#src/files/atomic-file.js';
import type { Ledger } from '#src/ledger/open-ledger.js';
import type { RunRecord } from '#src/ledger/runs.js';
import { renderReport } from '#src/results/report/render-report.js';
import type { ReportContent, ReportData, ReportFile, ReportSetting } from '#src/results/report/report-data.js';
import { version } from '#src/version.js';
import { problemsOf } from './problems-of.js';
import { contentOf } from './report-content.js';
import { toldOptions } from './told-options.js';

/** Writes the report of a run, from the ledger and its input as it is now. @throws UsageError when it cannot be written */
export async function makeReport(ledger: Ledger, run: RunRecord, path: string): Promise<void> {
  const page = renderReport(reportData(ledger, run, path, await contentOf(run)));
  const file = await beginAtomicFile(path);
  try {
    await file.handle.writeFile(page);
    await file.commit();
  } finally {
    await file.discard();
  }
}

function reportData(ledger: Ledger, run: RunRecord, path: string, content: ReportContent): ReportData {
  const { input } = run;
  const counts = { ...ledger.runs.counts(run.number) };
  // Rows without an end in the ledger were left out on purpose, or not come to.
  counts.skipped += Math.max(0, (input?.rows ?? 0) - Object.values(counts).reduce((sum, count) => sum + count, 0));
  return {
    run: run.name,
    command: run.command,
    mode: run.mode ?? null,
    status: run.state,
    stopReason: run.stopReason ?? null,
    startedAt: new Date(run.startedAtMs),
    endedAt: run.endedAtMs === undefined ? null : new Date(run.endedAtMs),
    input: input === undefined ? null : { file: input.file, sha256: input.sha256, rows: input.rows ?? null },
    counts,
    problems: problemsOf(ledger, run.number),
    stretches: ledger.samples.of(run.number),
    content,
    settings: [
      ...toldOptions(run.options),
      ...ledger.runs
        .settings(run.number)
        .filter(({ name }) => name !== 'mapping')
        .map(shown),
    ],
    files: filesOf(run, path),
    version: version(),
  };
}

function shown({ name, value, origin }: ReturnType<Ledger['runs']['settings']>[number]): ReportSetting {
  return { name, value: value === null ? '–' : String(value), origin };
}

function filesOf({ files }: RunRecord, reportPath: string): readonly ReportFile[] {
  const named = Object.entries({ Results: files.results, Rejects: files.rejects });
  return named.flatMap(([name, path]) =>
    path === undefined ? [] : [{ name, path, link: linkTo(path, dirname(reportPath)) }],
  );
}

function linkTo(path: string, folder: string): string {
  const way = relative(folder, path);
  // On another drive there is no way from here to there.
  if (/^[a-z]:/i.test(way)) return pathToFileURL(path).href;
  return way.split(/[\\/]/).map(encodeURIComponent).join('/');
}

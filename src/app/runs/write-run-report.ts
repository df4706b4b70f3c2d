import { dirname } from 'node:path';
import type { FailureLimit } from '#pipelines/run-control.js';
import type { ResolvedReadOptions } from '#src/app/input.js';
import { countOutcomes } from '#src/app/not-reached.js';
import { beginAtomicFile } from '#src/files/atomic-file.js';
import type { FileRights } from '#src/files/file-rights.js';
import type { Ledger } from '#src/ledger/open-ledger.js';
import type { RunRecord } from '#src/ledger/runs.js';
import { linkFrom } from '#src/platform.js';
import { type IssueGroup, IssueGroups } from '#src/results/issue-groups.js';
import { renderReport } from '#src/results/report/render-report.js';
import type { ReportContent, ReportData, ReportFile, ReportSetting } from '#src/results/report/report-data.js';
import { interrupted } from '#src/results/write-results.js';
import { version } from '#src/version.js';
import { collectSummary } from './report-summary.js';

/** From the ledger, so that a resumed run reports all of its rows. */
export function collectProblems(ledger: Ledger, run: number): readonly IssueGroup[] {
  const groups = new IssueGroups();
  for (const { number, outcome } of ledger.runs.rowsNotDone(run)) groups.add(number, outcome ?? interrupted);
  return groups.list();
}

/** Lists of codes and paths of files stand elsewhere in a report. */
const shownElsewhere: ReadonlySet<string> = new Set(['codes', 'paths', 'mode']);

/** The options of a run for people; what was not chosen is left out. */
function describeOptions(options: Readonly<Record<string, unknown>>): readonly ReportSetting[] {
  return Object.entries(options).flatMap(([name, value]) => {
    if (shownElsewhere.has(name) || value === false) return [];
    const text = Object.hasOwn(describers, name)
      ? describers[name as keyof typeof describers](value as never)
      : describeValue(value);
    return text === '' ? [] : [{ name, value: text, origin: 'the run' }];
  });
}

const describers = {
  read: describeReading,
  columns: (columns: readonly string[]) => String(columns.length),
  failureLimit: (limit: FailureLimit) =>
    limit.kind === 'count' ? `${limit.most} rows` : `${limit.most * 100}% of the rows, counted from row ${limit.from}`,
} as const;

/** The columns by which the header was found are left out: they are those of the mapping. */
function describeReading({
  sheet,
  headerRow,
  noHeader,
  encoding,
  delimiter,
  lenientQuotes,
  escape: escapes,
  skipInitialSpace,
  skipHidden,
}: ResolvedReadOptions): string {
  const facts = [
    sheet === undefined ? '' : `sheet "${sheet}"`,
    headerRow === undefined ? '' : `header in row ${headerRow}`,
    noHeader === true ? 'no header' : '',
    encoding === undefined ? '' : `encoding ${encoding}`,
    delimiter === undefined ? '' : `delimiter ${delimiter === '\t' ? 'tab' : `"${delimiter}"`}`,
    lenientQuotes === true ? 'lenient quotes' : '',
    escapes === 'backslash' ? 'backslash escapes' : '',
    skipInitialSpace === true ? 'spaces after delimiters skipped' : '',
    skipHidden === true ? 'without hidden rows and columns' : '',
  ];
  return facts.filter((fact) => fact !== '').join(', ');
}

function describeValue(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (value === true) return 'yes';
  if (typeof value !== 'object') return String(value);
  return Object.keys(value).length === 0 ? '' : JSON.stringify(value);
}

/** Writes the report of a run from the ledger. @throws UsageError when it cannot be written */
export async function writeRunReport(
  ledger: Ledger,
  run: RunRecord,
  path: string,
  rights: FileRights,
  content: ReportContent = noContent,
): Promise<void> {
  const page = renderReport(collectReportData(ledger, run, path, content));
  const file = await beginAtomicFile(path, rights);
  try {
    await file.handle.writeFile(page);
    await file.commit();
  } finally {
    await file.discard();
  }
}

const noContent: ReportContent = { kind: 'unknown', why: 'Only imports have this table.' };

function collectReportData(ledger: Ledger, run: RunRecord, path: string, content: ReportContent): ReportData {
  const { input } = run;
  return {
    run: run.name,
    command: run.command,
    mode: run.mode ?? null,
    status: run.state,
    ...collectSummary(ledger, run, content),
    stopReason: run.stopReason ?? null,
    startedAt: new Date(run.startedAtMs),
    endedAt: run.endedAtMs === undefined ? null : new Date(run.endedAtMs),
    input: input === undefined ? null : { file: input.file, sha256: input.sha256, rows: input.rows ?? null },
    counts: countOutcomes(ledger, run),
    issues: collectProblems(ledger, run.number),
    intervals: ledger.samples.list(run.number),
    content,
    settings: [
      ...describeOptions(run.options),
      ...ledger.runs
        .loadSettings(run.number)
        .filter(({ name }) => name !== 'mapping')
        .map(displaySetting),
    ],
    files: listFiles(run, path),
    version: version(),
  };
}

function displaySetting({ name, value, origin }: ReturnType<Ledger['runs']['loadSettings']>[number]): ReportSetting {
  return { name, value: value === null ? '–' : String(value), origin };
}

function listFiles({ files }: RunRecord, reportPath: string): readonly ReportFile[] {
  const named = Object.entries({ Results: files.results, Rejects: files.rejects, Review: files.review });
  return named.flatMap(([name, path]) =>
    path === undefined ? [] : [{ name, path, link: linkFrom(dirname(reportPath), path) }],
  );
}

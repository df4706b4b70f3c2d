import { dirname, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { takeRows } from '#pipelines/batches.js';
import { type ColumnProfile, profileRows } from '#pipelines/quality/profile.js';
import type { FailureLimit } from '#pipelines/run-control.js';
import type { SavedImportOptions } from '#src/app/import/import-job.js';
import { openInputAt, type ResolvedReadOptions } from '#src/app/input.js';
import { compileFor, readMappingFile, secretColumns } from '#src/app/mapping-file.js';
import { CustomersError } from '#src/errors.js';
import { beginAtomicFile } from '#src/files/atomic-file.js';
import type { Ledger } from '#src/ledger/open-ledger.js';
import type { RunRecord } from '#src/ledger/runs.js';
import { type IssueGroup, IssueGroups } from '#src/results/issue-groups.js';
import { renderReport } from '#src/results/report/render-report.js';
import type { ReportContent, ReportData, ReportFile, ReportSetting } from '#src/results/report/report-data.js';
import { interrupted } from '#src/results/write-results.js';
import { version } from '#src/version.js';

/** By the ledger, so that a resumed run tells of all its rows. */
export function collectProblems(ledger: Ledger, run: number): readonly IssueGroup[] {
  const groups = new IssueGroups();
  for (const { number, outcome } of ledger.runs.rowsNotDone(run)) groups.add(number, outcome ?? interrupted);
  return groups.list();
}

/** Lists of codes and paths of files stand elsewhere in a report. */
const shownElsewhere: ReadonlySet<string> = new Set(['codes', 'paths', 'mode']);

/** The options of a run as people read them; what was not chosen is left out. */
function describeOptions(options: Readonly<Record<string, unknown>>): readonly ReportSetting[] {
  return Object.entries(options).flatMap(([name, value]) => {
    if (shownElsewhere.has(name) || value === false) return [];
    const told = Object.hasOwn(describers, name)
      ? describers[name as keyof typeof describers](value as never)
      : describeValue(value);
    return told === '' ? [] : [{ name, value: told, origin: 'the run' }];
  });
}

const describers = {
  read: describeReading,
  columns: (columns: readonly string[]) => String(columns.length),
  failureLimit: (limit: FailureLimit) =>
    limit.kind === 'count'
      ? `${limit.most} rows`
      : `${limit.most * 100}% of the rows, looked at from row ${limit.from} on`,
} as const;

/** The columns that helped to find the header are those of the mapping: nothing to tell. */
function describeReading({
  sheet,
  headerRow,
  encoding,
  delimiter,
  lenientQuotes,
  skipHidden,
}: ResolvedReadOptions): string {
  const facts = [
    sheet === undefined ? '' : `sheet "${sheet}"`,
    headerRow === undefined ? '' : `header in row ${headerRow}`,
    encoding === undefined ? '' : `encoding ${encoding}`,
    delimiter === undefined ? '' : `delimiter ${delimiter === '\t' ? 'tab' : `"${delimiter}"`}`,
    lenientQuotes === true ? 'lenient quotes' : '',
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

/** What the columns and fields of a run's rows hold, from its input and mapping as long as they are what they were. */
async function readReportContent(run: RunRecord): Promise<ReportContent> {
  if (run.command !== 'import' || run.input === undefined)
    return { kind: 'unknown', why: 'Only an import has fields of its own.' };
  try {
    return await countContent(run, run.input, run.options as unknown as SavedImportOptions);
  } catch (error) {
    if (error instanceof CustomersError) return contentUnavailable;
    throw error;
  }
}

const minShared = 5;

const contentUnavailable: ReportContent = {
  kind: 'unknown',
  why: 'The input or the mapping has changed or gone since the run.',
};

async function countContent(
  run: RunRecord,
  { path, file, sha256 }: NonNullable<RunRecord['input']>,
  kept: SavedImportOptions,
): Promise<ReportContent> {
  const mappingFile = readMappingFile(kept.mapping);
  const { source } = await openInputAt(path, file, kept.read, mappingFile.mapping);
  if (source.fingerprint.sha256 !== sha256 || mappingFile.sha256 !== run.mappingSha256) return contentUnavailable;
  const mapper = compileFor(mappingFile, source);
  const filled = new Map<string, number>(mappingFile.mapping.fields.map(({ field }) => [field, 0]));
  let rows = 0;
  const profile = profileRows(takeRows(source.batches(), kept.first), source.columns, secretColumns(mapper));
  for await (const batch of profile.batches)
    for (const row of batch) {
      rows += 1;
      for (const [field, value] of Object.entries(mapper.map(row).draft))
        if (value !== null && value !== '') filled.set(field, (filled.get(field) ?? 0) + 1);
    }
  const fields = [...filled].map(([field, count]) => ({ field, filled: count }));
  return { kind: 'known', rows, fields, columns: profile.result().map(hideRareValues) };
}

/** A report goes to more people than the file: a value that few rows share may tell who somebody is. */
function hideRareValues(profile: ColumnProfile): ColumnProfile {
  return { ...profile, top: profile.top.filter(({ count }) => count >= minShared) };
}

/** Writes the report of a run, from the ledger and its input as it is now. @throws UsageError when it cannot be written */
export async function writeRunReport(ledger: Ledger, run: RunRecord, path: string): Promise<void> {
  const page = renderReport(collectReportData(ledger, run, path, await readReportContent(run)));
  const file = await beginAtomicFile(path);
  try {
    await file.handle.writeFile(page);
    await file.commit();
  } finally {
    await file.discard();
  }
}

function collectReportData(ledger: Ledger, run: RunRecord, path: string, content: ReportContent): ReportData {
  const { input } = run;
  const counts = { ...ledger.runs.countRows(run.number) };
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
  const named = Object.entries({ Results: files.results, Rejects: files.rejects });
  return named.flatMap(([name, path]) =>
    path === undefined ? [] : [{ name, path, link: buildLink(path, dirname(reportPath)) }],
  );
}

function buildLink(path: string, folder: string): string {
  const way = relative(folder, path);
  // On another drive there is no way from here to there.
  if (/^[a-z]:/i.test(way)) return pathToFileURL(path).href;
  return way.split(/[\\/]/).map(encodeURIComponent).join('/');
}

import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { mapBatches, takeRows } from '#pipelines/batches.js';
import { dedupeRareRepeats } from '#pipelines/import/dedupe.js';
import { splitKey } from '#pipelines/import/keys.js';
import { type ImportRow, mapRows } from '#pipelines/import/map.js';
import type { Issue } from '#pipelines/issue.js';
import type { CompiledMapping } from '#pipelines/mapping/compile.js';
import { findAllowedTexts } from '#pipelines/mapping/template.js';
import { type Row, type RowOutcome, type RowStatus, rowStatuses } from '#pipelines/model.js';
import { readKeysAsWritten, refusesKeys } from '#pipelines/quality/key-scan.js';
import { type ColumnProfile, profileRows } from '#pipelines/quality/profile.js';
import type { ReadOptions } from '#pipelines/reading-options.js';
import { DuplicateFinder, type DuplicatesResult } from '#src/app/duplicates/duplicate-finder.js';
import { asTheyAre, isReviewFile, type ReturnedFiles, refuseReview } from '#src/app/import/recognise-returned.js';
import { findInputRefusal, takesKeysAsWritten } from '#src/app/import/refuse-input.js';
import { openInput } from '#src/app/input.js';
import { compileFor, identityColumns, type MappingFile, readMappingFor, secretColumns } from '#src/app/mapping-file.js';
import { chooseExitCode, noneVerified, noTraffic, type RunObserver, type RunSummary } from '#src/app/run-summary.js';
import { openScannedInput, reportScan, type ScannedInput, scanInputAt, scanWhileReading } from '#src/app/scan-input.js';
import type { Settings } from '#src/config/settings.js';
import { exitCodes } from '#src/errors.js';
import { assertWritable } from '#src/files/atomic-file.js';
import { deriveRights } from '#src/files/file-rights.js';
import { addSheetRows } from '#src/files/table/sheet-rows.js';
import { IssueGroups } from '#src/results/issue-groups.js';
import type { WrittenFiles } from '#src/results/keep-edited.js';
import { type ChoicesByColumn, type ResultLine, writeResultLines } from '#src/results/write-results.js';
import { createDraftValidator } from '#src/validation/create-draft-validator.js';

export interface CheckOptions extends ReadOptions {
  readonly file: string;
  /** Where to write the results; nowhere when absent. */
  readonly results?: string;
  readonly rejects?: string;
  readonly first?: number;
  /** Cells that cannot be right make their row `invalid`, instead of a warning. @default false */
  readonly strict?: boolean;
  /** Take keys as they are written, even if they look damaged. @default false */
  readonly overrideGuards?: boolean;
  /** Also report what each column holds. @default false */
  readonly columns?: boolean;
  /** Also find rows that may be one customer. @default false */
  readonly duplicates?: boolean;
}

/** The result of a check; with columns and duplicates when they were requested. */
export interface CheckSummary extends RunSummary {
  readonly columns?: readonly ColumnProfile[];
  /** Valid rows that may be one customer, when they were asked for. */
  readonly duplicates?: Pick<DuplicatesResult, 'groups' | 'reviews'>;
}

/** Called for each row that is not valid, in file order. */
export type OnInvalid = (row: number, reasons: readonly Issue[]) => void;

type CheckObserver = RunObserver & { readonly invalid?: OnInvalid };

const wouldBeSent: Extract<RowOutcome, { status: 'skipped' | 'pending' }> = {
  status: 'skipped',
  attempts: 0,
  reason: { severity: 'info', code: 'CHECK_ONLY', message: 'Valid; not sent, because this was a check.' },
};

function describeSendable(notes: readonly Issue[]): RowOutcome {
  if (notes.length === 0) return wouldBeSent;
  const message = [wouldBeSent.reason.message, ...notes.map((note) => note.message)].join(' ');
  return {
    ...wouldBeSent,
    reason: { ...wouldBeSent.reason, message, columns: notes.flatMap(({ columns = [] }) => columns) },
  };
}

/**
 * Reads, maps and validates a file without the network and without leaving a trace but the files asked for, of which the
 * state folder keeps how they were written. Valid rows count as `skipped`.
 *
 * @throws UsageError, InputError
 */
export async function checkFile(
  settings: Settings,
  options: CheckOptions,
  observer: CheckObserver = {},
): Promise<CheckSummary> {
  const mappingFile = readMappingFor(options.file, settings, options);
  // Only standard input is kept there, and a check leaves no copy of anybody's customers behind.
  const spoolFolder = await mkdtemp(join(tmpdir(), 'mypos-customers-'));
  const returned = await openReturned(settings, mappingFile);
  try {
    return await checkInput(options, observer, { settings, spoolFolder, mappingFile, returned });
  } finally {
    returned.close();
    await rm(spoolFolder, { recursive: true, force: true });
  }
}

/** The database is loaded only where there may be a ledger that knows of rows that come back. */
async function openReturned(settings: Settings, mappingFile: MappingFile): Promise<ReturnedFiles> {
  if (!existsSync(join(settings.stateDir.value, 'tenants')))
    return { ledger: refuseReview, adoptRows: () => asTheyAre, close: () => undefined };
  const { openReturnedFiles } = await import('#src/app/import/returned-file.js');
  return openReturnedFiles(settings, mappingFile, { isCheck: true });
}

interface CheckTools {
  readonly settings: Settings;
  readonly spoolFolder: string;
  readonly mappingFile: MappingFile;
  readonly returned: ReturnedFiles;
}

/** @param scanFirst - whether all keys must be known before the first row can be judged */
async function checkInput(
  options: CheckOptions,
  observer: CheckObserver,
  tools: CheckTools,
  scanFirst?: { readonly path: string },
): Promise<CheckSummary> {
  const { settings, spoolFolder, mappingFile, returned } = tools;
  const startedAt = new Date().toISOString();
  const { mapping } = mappingFile;
  // A strict check decides about single rows by what only the whole file tells, and a pilot reports on all rows.
  const scanned =
    scanFirst !== undefined
      ? await scanInputAt(scanFirst.path, options.file, options, mappingFile, { returned })
      : options.strict === true || options.first !== undefined
        ? await openScannedInput(options.file, options, spoolFolder, mappingFile, returned)
        : undefined;
  const guards = { ...settings.guards.value, ...mapping.guards };
  const keysAsWritten = takesKeysAsWritten(guards, options.overrideGuards);
  if (scanned !== undefined) reportScan(scanned, observer);
  const { adoptRows } = returned;
  const input = scanned ?? (await openInput(options.file, options, spoolFolder, mapping, { adoptRows }));
  const { source } = input;
  if (isReviewFile(source)) returned.ledger();
  const mapper = chooseMapper(scanned, keysAsWritten) ?? compileFor(mappingFile, source);
  const passing = scanWhileReading(input, mapping, mapper, observer);
  const read = () => (scanned === undefined ? passing.batches() : takeRows(source.batches(), options.first));
  const counts = Object.fromEntries(rowStatuses.map((status) => [status, 0])) as Record<RowStatus, number>;
  const profile = options.columns === true ? profileRows(read(), source.columns, secretColumns(mapper)) : undefined;
  const validate = createDraftValidator(mapping.customFields, mapper.fields);
  const checkCells = options.strict === true ? scanned?.scan.checkCells : undefined;
  const map = (rows: AsyncIterable<readonly Row[]>) =>
    mapBatches(rows, (batch) => mapRows(batch, { mapper, validate, checkCells }));
  const readAgain = () => map(source.batches());
  const checked = dedupeRareRepeats(map(profile?.batches ?? read()), readAgain, identityColumns(mapper));
  const problems = new IssueGroups();
  const reported = new Set<number>();
  const onInvalid: OnInvalid = (row, reasons) => {
    reported.add(row);
    observer.invalid?.(row, reasons);
  };
  const finder = options.duplicates === true ? new DuplicateFinder(input, mapper, undefined) : undefined;
  const lines = reportRows(checked, counts, problems, onInvalid, finder);
  const files = await writeFiles(lines, options, source, findAllowedTexts(mapping), settings, observer);
  const scan = scanned?.scan ?? passing.finish();
  const isReadOtherwise = (!keysAsWritten && refusesKeys(scan.keys)) || (scan.wholeNumbers ?? []).length > 0;
  if (scanned === undefined && isReadOtherwise) {
    // Rare: only now is it known that some keys of the file are damaged, or what all numbers of a column are. What was reported already is not reported again.
    const invalid: OnInvalid = (row, reasons) => reported.has(row) || observer.invalid?.(row, reasons);
    return await checkInput(options, { invalid }, tools, { path: input.path });
  }
  const { rows, findings } = scan;
  const refusal = findInputRefusal(scan, { keysAsWritten, overrideGuards: options.overrideGuards });
  const duplicates = finder && (await finder.describe(await finder.find(undefined)));
  return {
    run: null,
    command: 'check',
    mode: null,
    target: null,
    status: 'completed',
    exitCode: refusal === undefined ? chooseExitCode(undefined, counts) : exitCodes.guard,
    startedAt,
    endedAt: new Date().toISOString(),
    input: {
      file: input.file,
      sha256: source.fingerprint.sha256,
      rows,
      detected: source.detected,
      notices: source.notices,
    },
    findings: addSheetRows(findings, source),
    counts,
    problems: addSheetRows(problems.list(), source),
    api: noTraffic,
    verified: noneVerified,
    waiting: 0,
    files: { ...files, review: null, report: null },
    stopped: refusal ?? null,
    ...(profile !== undefined && { columns: profile.result() }),
    ...(duplicates !== undefined && { duplicates: { groups: duplicates.groups, reviews: duplicates.reviews } }),
  };
}

function chooseMapper(scanned: ScannedInput | undefined, keysAsWritten: boolean): CompiledMapping | undefined {
  const { keys } = scanned?.scan ?? {};
  if (scanned === undefined || keys === undefined || !keysAsWritten) return scanned?.mapper;
  return scanned.mapper.withKeyReadings(readKeysAsWritten(keys.readings));
}

async function* reportRows(
  batches: AsyncIterable<readonly ImportRow[]>,
  counts: Record<RowStatus, number>,
  problems: IssueGroups,
  onInvalid: OnInvalid | undefined,
  finder: DuplicateFinder | undefined,
): AsyncIterable<readonly ResultLine[]> {
  for await (const batch of batches)
    yield batch.map((work) => {
      const outcome = work.outcome ?? describeSendable(work.notes);
      counts[outcome.status] += 1;
      if (work.outcome !== undefined) problems.add(work.row.number, outcome);
      else problems.addIssues(work.row.number, 'skipped', work.notes);
      if (work.outcome === undefined)
        finder?.addRow(work.row, { draft: work.draft, ...(work.key === undefined ? {} : splitKey(work.key)) });
      if (outcome.status === 'invalid') onInvalid?.(work.row.number, outcome.reasons);
      return { row: work.row, outcome };
    });
}

async function writeFiles(
  lines: AsyncIterable<readonly ResultLine[]>,
  options: CheckOptions,
  source: Parameters<typeof writeResultLines>[1],
  choices: ChoicesByColumn,
  settings: Settings,
  observer: CheckObserver,
) {
  const paths = {
    ...(options.results === undefined ? {} : { results: resolve(options.results) }),
    ...(options.rejects === undefined ? {} : { rejects: resolve(options.rejects) }),
  };
  for (const path of Object.values(paths)) await assertWritable(path);
  const memory = Object.keys(paths).length === 0 ? undefined : await openWrittenFiles(settings);
  try {
    const written = await writeResultLines(lines, source, '', {
      ...{ paths, choices, rights: deriveRights(settings.fileMode.value, resolve(options.file)) },
      ...(memory === undefined ? {} : { written: memory.written }),
    });
    for (const notice of written.notices) observer.notice?.(notice);
    return { results: written.results ?? null, rejects: written.rejects ?? null };
  } finally {
    memory?.close();
  }
}

/** How files were when they were written: one that somebody has edited since is not replaced. */
async function openWrittenFiles(settings: Settings): Promise<{ readonly written: WrittenFiles; close(): void }> {
  const { openTenantLedger } = await import('#src/app/connect.js');
  try {
    const { writtenFiles, close } = openTenantLedger(settings);
    return { written: writtenFiles, close };
  } catch {
    // A check needs no state folder. Without one, a file that is there already stays.
    return { written: { find: () => undefined, record: () => undefined }, close: () => undefined };
  }
}

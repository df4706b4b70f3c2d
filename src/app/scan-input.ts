import { isDeepStrictEqual } from 'node:util';
import type { CheckCells } from '#pipelines/import/map.js';
import type { Issue } from '#pipelines/issue.js';
import { type CompiledMapping, describeUnmappedColumns } from '#pipelines/mapping/compile.js';
import type { Mapping } from '#pipelines/mapping/mapping.js';
import type { Row } from '#pipelines/model.js';
import { type CellReport, describeNonCustomers, startCellScan } from '#pipelines/quality/cell-scan.js';
import type { ColumnIssue } from '#pipelines/quality/column-rules.js';
import {
  chooseColumnChecks,
  createCellCheck,
  type DamageDetectorOptions,
  type DamageReport,
  startDamageScan,
} from '#pipelines/quality/damage-detector.js';
import type { DamageGroup } from '#pipelines/quality/damage-issue.js';
import { describeKeyReadings, type KeyReport, startKeyScan } from '#pipelines/quality/key-scan.js';
import type { ReadOptions } from '#pipelines/reading-options.js';
import { UsageError } from '#src/errors.js';
import { hashFile } from '#src/files/input-file.js';
import type { FileScan } from '#src/files/input-source.js';
import { addSheetRows } from '#src/files/table/sheet-rows.js';
import { version } from '#src/version.js';
import { isReviewFile, type ReturnedFiles } from './import/recognise-returned.js';
import { type Review, readReview } from './import/review-file.js';
import {
  createNoRowsError,
  findInputPath,
  type Input,
  openInputAt,
  type ResolvedReadOptions,
  readAllRows,
} from './input.js';
import { compileFor, type MappingFile } from './mapping-file.js';
import type { RunObserver } from './run-summary.js';

/** What a reading of all rows of an input found. */
export interface InputScan {
  /** Data rows. */
  readonly rows: number;
  readonly findings: readonly DamageGroup[];
  /** What all keys show together; absent where the mapping has no key. */
  readonly keys?: KeyReport;
  /** Rows that are no customers; they are skipped. */
  readonly nonCustomers?: CellReport['nonCustomers'];
  /** Columns in which every number has `.0` behind it. */
  readonly wholeNumbers?: readonly string[];
  /** What is wrong with the cells of a row, for imports that do not send such rows. */
  readonly checkCells: CheckCells;
}

/** An input of which every row was seen, and the mapping for its columns. */
export interface ScannedInput extends Input {
  /** Reads keys as all keys of the file demand. */
  readonly mapper: CompiledMapping;
  readonly scan: InputScan;
  /** Given when the input is a review file. */
  readonly review?: Review;
  /** What a later process needs so that it does not have to scan the input again; absent when it came from there. */
  readonly cache?: ScanCache;
}

/** Raise it whenever the shape of {@link ScanCache} changes, or of what it holds. */
const cacheFormat = 5;

/** A scan as the ledger keeps it with a run, as JSON. It holds for the mapping of that run. */
export interface ScanCache {
  readonly format: number;
  /** Version of the program, since another one may find something else. */
  readonly version: string;
  /** How the file was read. */
  readonly reading: ResolvedReadOptions;
  readonly file: FileScan;
  readonly findings: readonly DamageGroup[];
  readonly columnIssues: readonly ColumnIssue[];
  readonly keys?: KeyReport;
  readonly nonCustomers?: CellReport['nonCustomers'];
  readonly wholeNumbers?: readonly string[];
}

/** What is known about an input that was scanned before. */
export interface EarlierScan {
  /** What the ledger kept; ignored where it does not fit. */
  readonly cache?: unknown;
  /** The hash that the file had. */
  readonly sha256: string;
  /** The error for a file with another one. */
  readonly createChangedError: () => Error;
}

/**
 * Opens an input and looks at all of its rows in the same reading: how many there are, and what is wrong with the cells
 * that the mapping uses.
 *
 * @throws InputError, UsageError when the mapping does not fit the columns
 */
export async function openScannedInput(
  file: string,
  options: ReadOptions,
  spoolFolder: string,
  mappingFile: MappingFile,
  returned?: ReturnedFiles,
): Promise<ScannedInput> {
  return scanInputAt(await findInputPath(file, spoolFolder), file, options, mappingFile, { returned });
}

/** As {@link openScannedInput}, for a file that the user may know by another name. */
export async function scanInputAt(
  path: string,
  file: string,
  options: ReadOptions,
  mappingFile: MappingFile,
  { earlier, returned }: { readonly earlier?: EarlierScan; readonly returned?: ReturnedFiles | undefined } = {},
): Promise<ScannedInput> {
  try {
    const cache = readScanCache(earlier?.cache, options);
    const scanned = await scanFile(path, file, options, mappingFile, { cache, returned });
    if (earlier !== undefined && scanned.source.fingerprint.sha256 !== earlier.sha256)
      throw earlier.createChangedError();
    return scanned;
  } catch (error) {
    // That the mapping does not fit is no wonder where the file is another one.
    if (error instanceof UsageError && earlier !== undefined && (await hashFile(path)) !== earlier.sha256)
      throw earlier.createChangedError();
    throw error;
  }
}

async function scanFile(
  path: string,
  file: string,
  options: ReadOptions,
  mappingFile: MappingFile,
  { cache, returned }: { readonly cache: ScanCache | undefined; readonly returned: ReturnedFiles | undefined },
): Promise<ScannedInput> {
  const { mapping } = mappingFile;
  // In an object, since the compiler believes that a variable which only a callback sets stays as it is.
  const first: { started?: StartedScan } = {};
  const input = await openInputAt(path, file, options, mapping, {
    scan: cache?.file,
    adoptRows: returned?.adoptRows,
    visitRows(columns) {
      // Its lines are no customers: what they decide is read once the file is known to be whole.
      if (returned !== undefined && isReviewFile(columns)) return () => undefined;
      const mapper = compileFor(mappingFile, columns);
      const started = startScan(columns, mapping, mapper);
      first.started = started;
      return (rows) => {
        for (const row of rows) started.add(row);
      };
    },
  });
  const { started } = first;
  const { source, readOptions } = input;
  const rows = source.scan?.rows ?? 0;
  if (rows === 0) throw createNoRowsError(file);
  if (returned !== undefined && isReviewFile(source)) {
    const review = await readReviewFile(input, mappingFile, returned);
    const scan = { rows, findings: [], checkCells: () => [] };
    return { ...input, ...{ mapper: review.mapper, review, scan } };
  }
  if (started === undefined) {
    const { findings = [], columnIssues = [], keys, nonCustomers, wholeNumbers = [] } = cache ?? {};
    const compiled = compileFor(mappingFile, source).withWholeNumbers(wholeNumbers);
    const check = createCellCheck(createDamageOptions(source, mapping, compiled), columnIssues);
    const scan = {
      ...{ rows, findings, wholeNumbers, checkCells: addRowNotices(input, readThenCheck(compiled, check)) },
      ...(keys === undefined ? {} : { keys }),
      ...(nonCustomers === undefined ? {} : { nonCustomers }),
    };
    return { ...input, mapper: compiled.withKeyReadings(keys?.readings ?? []), scan };
  }
  const { findings: found, columnIssues, checkRow, mapper, ...known } = started.report();
  // A resumed run does not read the lines anew, and names the rows as before.
  const findings = addSheetRows(found, source);
  const scan = { rows, findings, checkCells: addRowNotices(input, checkRow), ...known };
  const fresh = source.scan && {
    format: cacheFormat,
    version: version(),
    reading: readOptions,
    file: source.scan,
    findings,
    columnIssues,
    ...known,
  };
  return {
    ...input,
    mapper,
    scan,
    ...(fresh === undefined ? {} : { cache: fresh }),
  };
}

async function readReviewFile(
  { file, source }: Input,
  mappingFile: MappingFile,
  returned: ReturnedFiles,
): Promise<Review> {
  const rows: Row[] = [];
  for await (const batch of source.batches()) rows.push(...batch);
  return readReview(rows, { file, columns: source.columns }, returned.ledger(), mappingFile);
}

/** What the ledger kept, if this version of the program found it, reading the file in the same way. */
function readScanCache(kept: unknown, options: ReadOptions): ScanCache | undefined {
  if (typeof kept !== 'object' || kept === null || !('version' in kept) || kept.version !== version()) return undefined;
  if (!('format' in kept) || kept.format !== cacheFormat) return undefined;
  if (!('reading' in kept) || !isDeepStrictEqual(kept.reading, toJson(options))) return undefined;
  return 'file' in kept && 'findings' in kept && 'columnIssues' in kept ? (kept as ScanCache) : undefined;
}

/** Cells that cannot be right, as a scan that the ledger kept has found them; none when another version of the program made it. */
export function readSavedFindings(kept: unknown): readonly DamageGroup[] {
  if (typeof kept !== 'object' || kept === null || !('version' in kept) || kept.version !== version()) return [];
  if (!('format' in kept) || kept.format !== cacheFormat || !('findings' in kept)) return [];
  // This version of the program has written it, in this format.
  return kept.findings as readonly DamageGroup[];
}

function toJson(value: object): unknown {
  return JSON.parse(JSON.stringify(value));
}

/** A scan that looks at the cells and at the keys of all rows. */
interface StartedScan {
  add(row: Row): void;
  report(): DamageReport &
    Pick<CellReport, 'nonCustomers' | 'wholeNumbers'> & {
      readonly keys?: KeyReport;
      /** Reads cells and keys as all rows of the file demand. */
      readonly mapper: CompiledMapping;
    };
}

function startScan(
  source: { readonly columns: readonly string[] },
  mapping: Mapping,
  mapper: CompiledMapping,
): StartedScan {
  const damage = startDamageScan(createDamageOptions(source, mapping, mapper));
  const keyScan = startKeyScan(mapper, source.columns);
  const cellScan = startCellScan(mapper, source.columns, mapping.cellTexts === 'clean');
  let rows = 0;
  return {
    add(row) {
      rows += 1;
      const read = cellScan.add(row);
      damage.add(read ?? row, read !== undefined);
      if (read !== undefined) keyScan?.add(row);
    },
    report() {
      const { findings, checkRow, columnIssues } = damage.report();
      const { findings: repairs, nonCustomers, wholeNumbers } = cellScan.report();
      const keys = keyScan?.report();
      const reading = mapper.withWholeNumbers(wholeNumbers).withKeyReadings(keys?.readings ?? []);
      return {
        columnIssues,
        checkRow: readThenCheck(reading, checkRow),
        findings: [
          ...findings,
          ...(keys === undefined ? [] : describeKeyReadings(keys)),
          ...repairs,
          ...describeNonCustomers(nonCustomers, rows),
        ],
        ...{ nonCustomers, wholeNumbers, mapper: reading },
        ...(keys === undefined ? {} : { keys }),
      };
    },
  };
}

/** What is wrong with cells is judged by what they are read as. */
function readThenCheck(mapper: CompiledMapping, check: CheckCells): CheckCells {
  return (row) => check(mapper.readCells(row));
}

/** A scan of an input in the same pass that reads its rows for another purpose. */
export interface PassingScan {
  /** All rows of the input; each is scanned as it passes. */
  batches(): AsyncIterable<readonly Row[]>;
  /** After the last row: reports the input and its issues to the observer. */
  finish(): InputScan;
}

export function scanWhileReading(
  input: Input,
  mapping: Mapping,
  mapper: CompiledMapping,
  observer: RunObserver,
): PassingScan {
  const started = startScan(input.source, mapping, mapper);
  let rows = 0;
  return {
    async *batches() {
      for await (const batch of readAllRows(input)) {
        rows += batch.length;
        for (const row of batch) started.add(row);
        yield batch;
      }
    },
    finish() {
      const { findings, checkRow, columnIssues: _, mapper: reading, ...known } = started.report();
      const scan = { rows, findings, checkCells: addRowNotices(input, checkRow), ...known };
      reportScan({ ...input, mapper: reading, scan }, observer);
      return scan;
    },
  };
}

function createDamageOptions(
  { columns }: { readonly columns: readonly string[] },
  mapping: Mapping,
  mapper: CompiledMapping,
): DamageDetectorOptions {
  return {
    columns,
    checks: chooseColumnChecks(mapping, mapper, columns),
    nullToken: mapping.nullToken,
    country: mapper.country,
  };
}

/** Tells the observer what the input is and what the user should know about it. */
export function reportScan({ file, source, mapper, scan }: ScannedInput, observer: RunObserver): void {
  observer.opened?.({ file, detected: source.detected, rows: scan.rows });
  const { rows = [], last = 0 } = scan.nonCustomers ?? {};
  const skipped = new Set([...rows, last]);
  // That a row is a total or a note is said where it is skipped.
  const notices = source.notices.filter(({ code, row }) => !(belowNoticeCodes.has(code) && skipped.has(row ?? 0)));
  for (const notice of [...notices, ...createUnmappedNotices(mapper)]) observer.notice?.(notice);
  for (const finding of addSheetRows(scan.findings, source)) observer.finding?.(finding);
}

/** Notices about rows below the customers. */
const belowNoticeCodes: ReadonlySet<string> = new Set(['TOTALS_ROW', 'ROWS_AFTER_EMPTY_ROW']);

/** Notices about the input that are about one row: it is no customer. */
const rowNoticeCodes: ReadonlySet<string> = new Set(['TOTALS_ROW']);

function addRowNotices({ source }: Input, check: CheckCells): CheckCells {
  const notices = source.notices.filter(({ code }) => rowNoticeCodes.has(code));
  return (row) => [...notices.filter((notice) => notice.row === row.number), ...check(row)];
}

function createUnmappedNotices({ unmappedColumns }: CompiledMapping): readonly Issue[] {
  if (unmappedColumns.length === 0) return [];
  const message = `${describeUnmappedColumns(unmappedColumns)}.`;
  return [{ severity: 'warning', code: 'COLUMN_UNMAPPED', message, columns: unmappedColumns }];
}

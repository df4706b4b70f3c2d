import type { CheckCells } from '#pipelines/import/map.js';
import type { CompiledMapping } from '#pipelines/mapping/compile.js';
import type { Mapping } from '#pipelines/mapping/mapping.js';
import type { Row } from '#pipelines/model.js';
import type { Notice } from '#pipelines/ports.js';
import {
  chooseColumnChecks,
  createCellCheck,
  type DamageDetectorOptions,
  startDamageScan,
} from '#pipelines/quality/damage-detector.js';
import type { FindingGroup } from '#pipelines/quality/damage-issue.js';
import { type Input, readAllRows, type SavedScan } from './input.js';
import type { RunObserver } from './run-summary.js';

/** What reading an input to its end told. */
export interface InputScan {
  /** Data rows. */
  readonly rows: number;
  readonly findings: readonly FindingGroup[];
  /** What is wrong with a row's cells, for those who will not send it then. */
  readonly judge: CheckCells;
  /** For a later process; absent where the input is no file. */
  readonly saved?: SavedScan;
}

/** Remarks on the input that are about one row: it is no customer. */
const rowNoticeCodes: ReadonlySet<string> = new Set(['TOTALS_ROW']);

/** A look at an input while somebody reads it. */
export interface PassingScan {
  /** All rows of the input; each is looked at as it passes. */
  batches(): AsyncIterable<readonly Row[]>;
  /** After the last row: tells the observer what the input is and what is remarkable about it. */
  finish(): InputScan;
}

/**
 * Reads the input to its end and looks at every cell that the mapping uses, and tells the observer what it is and what
 * is remarkable about it. Where an earlier process has done so, it is believed.
 *
 * @throws InputError
 */
export async function scanInput(
  input: Input,
  mapping: Mapping,
  mapper: CompiledMapping,
  observer: RunObserver,
): Promise<InputScan> {
  if (input.savedScan !== undefined) {
    const { findings, verdicts, file } = input.savedScan;
    const judge = createCellCheck(createDamageQuestion(input, mapping, mapper), verdicts);
    reportScan(input, file.rows, findings, mapper, observer);
    return { rows: file.rows, findings, judge: addRowNotices(input, judge), saved: input.savedScan };
  }
  const watch = scanWhileReading(input, mapping, mapper, observer);
  for await (const _ of watch.batches());
  return watch.finish();
}

/** As {@link scanInput}, for who reads all rows anyway. */
export function scanWhileReading(
  input: Input,
  mapping: Mapping,
  mapper: CompiledMapping,
  observer: RunObserver,
): PassingScan {
  const watch = startDamageScan(createDamageQuestion(input, mapping, mapper));
  let rows = 0;
  return {
    async *batches() {
      for await (const batch of readAllRows(input)) {
        rows += batch.length;
        for (const row of batch) watch.add(row);
        yield batch;
      }
    },
    finish() {
      const { findings, columnIssues: verdicts, checkRow: judge } = watch.report();
      reportScan(input, rows, findings, mapper, observer);
      const file = input.source.lastScan?.();
      const known = file === undefined ? {} : { saved: { file, findings, verdicts } };
      return { rows, findings, judge: addRowNotices(input, judge), ...known };
    },
  };
}

function createDamageQuestion(
  { source: { columns } }: Input,
  mapping: Mapping,
  mapper: CompiledMapping,
): DamageDetectorOptions {
  return { columns, checks: chooseColumnChecks(mapping, mapper, columns), nullToken: mapping.nullToken };
}

function reportScan(
  { file, source }: Input,
  rows: number,
  findings: readonly FindingGroup[],
  mapper: CompiledMapping,
  observer: RunObserver,
): void {
  observer.opened?.({ file, detected: source.detected, rows });
  for (const notice of [...source.notices, ...createUnmappedNotices(mapper)]) observer.notice?.(notice);
  for (const finding of findings) observer.finding?.(finding);
}

function addRowNotices({ source }: Input, judge: CheckCells): CheckCells {
  const remarks = source.notices.filter(({ code }) => rowNoticeCodes.has(code));
  return (row) => [...remarks.filter((remark) => remark.row === row.number), ...judge(row)];
}

function createUnmappedNotices({ unmappedColumns }: CompiledMapping): readonly Notice[] {
  return unmappedColumns.map((column) => ({
    code: 'COLUMN_UNMAPPED',
    message: `The mapping does not mention the column "${column}".`,
    columns: [column],
  }));
}

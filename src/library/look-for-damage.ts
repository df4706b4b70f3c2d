import { columnLookouts } from '../../pipelines/damage/column-lookouts.js';
import type { FindingGroup } from '../../pipelines/damage/finding.js';
import { watchDamage } from '../../pipelines/damage/watch-damage.js';
import type { CompiledMapping } from '../../pipelines/mapping/compile-mapping.js';
import type { Mapping } from '../../pipelines/mapping/mapping.js';
import type { Notice } from '../../pipelines/ports.js';
import type { Row } from '../../pipelines/row.js';
import type { JudgeRow } from '../../pipelines/stages/refuse-damage.js';
import { allRows, type Input } from './input.js';
import type { RunObserver } from './observer.js';

/** What reading an input to its end told. */
export interface InputLook {
  /** Data rows. */
  readonly rows: number;
  readonly findings: readonly FindingGroup[];
  /** What is wrong with a row's cells, for those who will not send it then. */
  readonly judge: JudgeRow;
}

/** Remarks on the input that are about one row: it is no customer. */
const aboutOneRow: ReadonlySet<string> = new Set(['TOTALS_ROW']);

/** A look at an input while somebody reads it. */
export interface InputWatch {
  /** All rows of the input; each is looked at as it passes. */
  batches(): AsyncIterable<readonly Row[]>;
  /** After the last row: tells the observer what the input is and what is remarkable about it. */
  tell(): InputLook;
}

/**
 * Reads the input to its end and looks at every cell that the mapping uses, and tells the observer what it is and what
 * is remarkable about it.
 *
 * @throws InputError
 */
export async function lookForDamage(
  input: Input,
  mapping: Mapping,
  mapper: CompiledMapping,
  observer: RunObserver,
): Promise<InputLook> {
  const watch = watchInput(input, mapping, mapper, observer);
  for await (const _ of watch.batches());
  return watch.tell();
}

/** As {@link lookForDamage}, for who reads all rows anyway. */
export function watchInput(input: Input, mapping: Mapping, mapper: CompiledMapping, observer: RunObserver): InputWatch {
  const { source } = input;
  const watch = watchDamage({
    columns: source.columns,
    lookouts: columnLookouts(mapping, mapper, source.columns),
    nullToken: mapping.nullToken,
  });
  let rows = 0;
  return {
    async *batches() {
      for await (const batch of allRows(input)) {
        rows += batch.length;
        for (const row of batch) watch.see(row);
        yield batch;
      }
    },
    tell() {
      const report = watch.report();
      observer.opened?.({ file: input.file, detected: source.detected, rows });
      for (const notice of [...source.notices, ...unmappedNotices(mapper)]) observer.notice?.(notice);
      for (const finding of report.findings) observer.finding?.(finding);
      const remarks = source.notices.filter(({ code }) => aboutOneRow.has(code));
      return {
        rows,
        findings: report.findings,
        judge: (row) => [...remarks.filter((remark) => remark.row === row.number), ...report.judge(row)],
      };
    },
  };
}

function unmappedNotices({ unmappedColumns }: CompiledMapping): readonly Notice[] {
  return unmappedColumns.map((column) => ({
    code: 'COLUMN_UNMAPPED',
    message: `The mapping does not mention the column "${column}".`,
    columns: [column],
  }));
}

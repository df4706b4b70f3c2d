import { columnLookouts } from '#pipelines/damage/column-lookouts.js';
import type { DamageQuestion } from '#pipelines/damage/create-damage-detector.js';
import type { FindingGroup } from '#pipelines/damage/finding.js';
import { damageJudge, watchDamage } from '#pipelines/damage/watch-damage.js';
import type { CompiledMapping } from '#pipelines/mapping/compile-mapping.js';
import type { Mapping } from '#pipelines/mapping/mapping.js';
import type { Notice } from '#pipelines/ports.js';
import type { Row } from '#pipelines/row.js';
import type { JudgeRow } from '#pipelines/stages/refuse-damage.js';
import { allRows, type Input } from './input.js';
import type { KnownLook } from './kept-look.js';
import type { RunObserver } from './observer.js';

/** What reading an input to its end told. */
export interface InputLook {
  /** Data rows. */
  readonly rows: number;
  readonly findings: readonly FindingGroup[];
  /** What is wrong with a row's cells, for those who will not send it then. */
  readonly judge: JudgeRow;
  /** For a later process; absent where the input is no file. */
  readonly known?: KnownLook;
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
 * is remarkable about it. Where an earlier process has done so, it is believed.
 *
 * @throws InputError
 */
export async function lookForDamage(
  input: Input,
  mapping: Mapping,
  mapper: CompiledMapping,
  observer: RunObserver,
): Promise<InputLook> {
  if (input.look !== undefined) {
    const { findings, verdicts, file } = input.look;
    const judge = damageJudge(questionOf(input, mapping, mapper), verdicts);
    tell(input, file.rows, findings, mapper, observer);
    return { rows: file.rows, findings, judge: withRemarks(input, judge), known: input.look };
  }
  const watch = watchInput(input, mapping, mapper, observer);
  for await (const _ of watch.batches());
  return watch.tell();
}

/** As {@link lookForDamage}, for who reads all rows anyway. */
export function watchInput(input: Input, mapping: Mapping, mapper: CompiledMapping, observer: RunObserver): InputWatch {
  const watch = watchDamage(questionOf(input, mapping, mapper));
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
      const { findings, verdicts, judge } = watch.report();
      tell(input, rows, findings, mapper, observer);
      const file = input.source.known?.();
      const known = file === undefined ? {} : { known: { file, findings, verdicts } };
      return { rows, findings, judge: withRemarks(input, judge), ...known };
    },
  };
}

function questionOf({ source: { columns } }: Input, mapping: Mapping, mapper: CompiledMapping): DamageQuestion {
  return { columns, lookouts: columnLookouts(mapping, mapper, columns), nullToken: mapping.nullToken };
}

function tell(
  { file, source }: Input,
  rows: number,
  findings: readonly FindingGroup[],
  mapper: CompiledMapping,
  observer: RunObserver,
): void {
  observer.opened?.({ file, detected: source.detected, rows });
  for (const notice of [...source.notices, ...unmappedNotices(mapper)]) observer.notice?.(notice);
  for (const finding of findings) observer.finding?.(finding);
}

function withRemarks({ source }: Input, judge: JudgeRow): JudgeRow {
  const remarks = source.notices.filter(({ code }) => aboutOneRow.has(code));
  return (row) => [...remarks.filter((remark) => remark.row === row.number), ...judge(row)];
}

function unmappedNotices({ unmappedColumns }: CompiledMapping): readonly Notice[] {
  return unmappedColumns.map((column) => ({
    code: 'COLUMN_UNMAPPED',
    message: `The mapping does not mention the column "${column}".`,
    columns: [column],
  }));
}

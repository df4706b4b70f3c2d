import type { Reason, Row } from '#pipelines/row.js';
import { invalid, type Work } from '#pipelines/work.js';

/** What is wrong with cells of a row that could be mapped all the same. */
export type JudgeRow = (row: Row) => readonly Reason[];

/** Ends rows with damaged cells as `invalid`. What the row is blamed for already is not said twice. */
export async function* refuseDamage(
  batches: AsyncIterable<readonly Work[]>,
  judge: JudgeRow,
): AsyncIterable<readonly Work[]> {
  for await (const batch of batches) yield batch.map((work) => judged(work, judge));
}

function judged(work: Work, judge: JudgeRow): Work {
  const known = work.outcome?.status === 'invalid' ? work.outcome.reasons : [];
  if (work.outcome !== undefined && known.length === 0) return work;
  const blamed = new Set(known.flatMap(({ columns = [] }) => columns));
  const found = judge(work.row).filter(({ columns = [] }) => !columns.some((column) => blamed.has(column)));
  return found.length === 0 ? work : invalid(work.row, [...known, ...found], work.key);
}

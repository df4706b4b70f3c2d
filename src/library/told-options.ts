import type { FailureLimit } from '#pipelines/run-control.js';
import type { ReportSetting } from '#src/results/report/report-data.js';
import type { Reading } from './input.js';

/** Lists of codes and paths of files stand elsewhere in a report. */
const namedElsewhere: ReadonlySet<string> = new Set(['codes', 'paths', 'mode']);

/** The options of a run as people read them; what was not chosen is left out. */
export function toldOptions(options: Readonly<Record<string, unknown>>): readonly ReportSetting[] {
  return Object.entries(options).flatMap(([name, value]) => {
    if (namedElsewhere.has(name) || value === false) return [];
    const told = Object.hasOwn(tellers, name) ? tellers[name as keyof typeof tellers](value as never) : plain(value);
    return told === '' ? [] : [{ name, value: told, origin: 'the run' }];
  });
}

const tellers = {
  read: tellReading,
  columns: (columns: readonly string[]) => String(columns.length),
  failureLimit: (limit: FailureLimit) =>
    limit.kind === 'count'
      ? `${limit.most} rows`
      : `${limit.most * 100}% of the rows, looked at from row ${limit.from} on`,
} as const;

/** The columns that helped to find the header are those of the mapping: nothing to tell. */
function tellReading({ sheet, headerRow, encoding, delimiter, lenientQuotes, skipHidden }: Reading): string {
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

function plain(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (value === true) return 'yes';
  if (typeof value !== 'object') return String(value);
  return Object.keys(value).length === 0 ? '' : JSON.stringify(value);
}

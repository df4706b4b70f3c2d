import type { Benchmark, Measurement } from './benchmark.js';
import type { Results } from './run-benchmark.js';

const heads = ['', 'rate', 'ratio', 'ratio by CPU', 'peak', 'rounds'] as const;

/**
 * The results as a table. Rates are medians, memory is the highest peak. The first ratio is of elapsed time, the second of
 * processor time, which says more on a machine that is busy with other work.
 */
export function report({ reference, unit }: Benchmark, results: Results): string {
  const peer = results.get(reference) ?? [];
  const rows = [...results].map(([name, measured]) => [
    name,
    `${Math.round(takeMedian(measured, rate)).toLocaleString('en')} ${unit}/s`,
    (takeMedian(measured, rate) / takeMedian(peer, rate)).toFixed(2),
    (takeMedian(measured, cpuRate) / takeMedian(peer, cpuRate)).toFixed(2),
    `${Math.max(...measured.map(({ peakMiB }) => peakMiB)).toFixed(0)} MiB`,
    `${measured.map(({ seconds }) => seconds.toFixed(2)).join(', ')} s`,
  ]);
  return `${formatTable(heads, rows)}\n(${unit}: ${peer[0]?.count.toLocaleString('en')}; ratios are of ${reference})`;
}

/** Cells in columns: the first and the last from the left, the others from the right. */
export function formatTable(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const table = [heads, ...rows];
  const widths = heads.map((_, at) => Math.max(...table.map((cells) => cells[at]?.length ?? 0)));
  const padded = (cell: string, at: number) =>
    at === 0 || at === heads.length - 1 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0);
  return table.map((cells) => cells.map(padded).join('  ').trimEnd()).join('\n');
}

const rate = ({ count, seconds }: Measurement) => count / seconds;
const cpuRate = ({ count, cpuSeconds }: Measurement) => count / cpuSeconds;

function takeMedian(measured: readonly Measurement[], read: (measurement: Measurement) => number): number {
  return median(measured.map(read));
}

/** The middle one, or the mean of the two in the middle. */
export function median(unsorted: readonly number[]): number {
  const values = [...unsorted].sort((a, b) => a - b);
  const upper = values[Math.floor(values.length / 2)] ?? Number.NaN;
  return values.length % 2 === 1 ? upper : ((values[values.length / 2 - 1] ?? Number.NaN) + upper) / 2;
}

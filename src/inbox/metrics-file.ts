import { chmod } from 'node:fs/promises';
import { beginAtomicFile } from '#src/files/atomic-file.js';

/** A metric with its series. */
export interface Metric {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge';
  readonly values: readonly { readonly labels?: Readonly<Record<string, string>>; readonly value: number }[];
}

/** The collector runs as a different user. */
const readableByAll = 0o644;

/** Writes metrics in the text format of Prometheus. The collector never sees a half-written file. */
export async function writeMetrics(path: string, metrics: readonly Metric[]): Promise<void> {
  const file = await beginAtomicFile(path);
  try {
    await file.handle.writeFile(renderMetrics(metrics));
    await chmod(file.partPath, readableByAll);
    await file.commit();
  } finally {
    await file.discard();
  }
}

/** Metrics in the text format of https://prometheus.io/docs/instrumenting/exposition_formats/ */
export function renderMetrics(metrics: readonly Metric[]): string {
  return metrics
    .filter(({ values }) => values.length > 0)
    .map(({ name, help, type, values }) => {
      const lines = values.map(({ labels = {}, value }) => `${name}${renderLabels(labels)} ${value}\n`);
      return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join('')}`;
    })
    .join('');
}

function renderLabels(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escapeLabel(value)}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

function escapeLabel(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

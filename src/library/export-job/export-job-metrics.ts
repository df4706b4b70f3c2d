import { tokensPerDay } from '#src/api/token-store.js';
import type { Settings } from '#src/config/settings.js';
import type { Memory } from '#src/inbox/memory.js';
import { type Metric, writeMetrics } from '#src/inbox/metrics-file.js';
import { openLedger } from '#src/ledger/open-ledger.js';
import { tenantOf } from '#src/library/connect.js';
import { type ExportJobSummary, exportOutcomes } from './export-job-summary.js';

/** Adds an export to what is counted since the beginning: a counter must never go back, although each is a process. */
export function addExport(memory: Memory, { outcome, endedAt, api }: ExportJobSummary): void {
  const add = (name: string, amount: number) => {
    memory.totals[name] = (memory.totals[name] ?? 0) + amount;
  };
  for (const one of exportOutcomes) add(`exports ${one}`, one === outcome ? 1 : 0);
  for (const [name, amount] of Object.entries(api)) add(`api ${name}`, amount);
  if (outcome === 'done') memory.lastSuccessMs = Date.parse(endedAt);
}

/**
 * Writes the metrics of an export job. Their names differ from those of a drop folder: the collector reads the files
 * of all jobs together, and refuses a metric that comes twice.
 *
 * @param settings - absent when they could not be used
 */
export async function writeExportMetrics(
  path: string,
  memory: Memory,
  summary: ExportJobSummary,
  settings: Settings | undefined,
): Promise<void> {
  const { job, exitCode, endedAt, output } = summary;
  const one = (name: string, help: string, value: number | undefined, type: Metric['type'] = 'gauge'): Metric => ({
    name: `mypos_customers_export_${name}`,
    help,
    type,
    values: value === undefined ? [] : [{ labels: { job }, value }],
  });
  const total = (key: string) => memory.totals[key] ?? 0;
  await writeMetrics(path, [
    one('last_run_timestamp_seconds', 'End of the last export of the job.', Date.parse(endedAt) / 1000),
    one('last_success_timestamp_seconds', 'End of the last export that has a file.', inSeconds(memory.lastSuccessMs)),
    one('last_exit_code', 'Exit code of the last export; 0 is well.', exitCode),
    one('last_rows', 'Customers in the file of this export.', output?.rows),
    one('last_size_bytes', 'Size of the file of this export.', output?.sizeBytes),
    {
      ...one('runs_total', 'Exports, by what became of them.', undefined, 'counter'),
      values: exportOutcomes.map((outcome) => ({ labels: { job, outcome }, value: total(`exports ${outcome}`) })),
    },
    one('api_requests_total', 'Requests sent to the API.', total('api requests'), 'counter'),
    one('api_retries_total', 'Requests that were sent again.', total('api retries'), 'counter'),
    one('api_rate_limited_total', 'Answers that asked to wait.', total('api rateLimited'), 'counter'),
    one('tokens_left', 'Access tokens that may still be asked for in this UTC day.', tokensLeft(settings)),
  ]);
}

function inSeconds(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : ms / 1000;
}

function tokensLeft(settings: Settings | undefined): number | undefined {
  if (settings === undefined) return undefined;
  const ledger = openLedger(settings.stateDir.value, tenantOf(settings));
  try {
    return Math.max(0, tokensPerDay.hard - ledger.tokens.usedToday(Date.now()));
  } finally {
    ledger.close();
  }
}

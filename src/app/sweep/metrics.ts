import { tokensPerDay } from '#src/api/token-store.js';
import { resolveTenant } from '#src/app/connect.js';
import { CustomersError } from '#src/errors.js';
import type { Tally } from '#src/inbox/memory.js';
import { type Metric, writeMetrics } from '#src/inbox/metrics-file.js';
import { openLedger } from '#src/ledger/open-ledger.js';
import { type FileReport, fileOutcomes, sumCounts, sumTraffic } from './summary.js';
import type { SweepJob } from './sweep-jobs.js';

/** Adds a pass to what is counted since the beginning: a counter must never go back, although each sweep is a process. */
export function addToTotals({ totals }: Tally, reports: readonly FileReport[]): void {
  const add = (name: string, amount: number) => {
    totals[name] = (totals[name] ?? 0) + amount;
  };
  for (const outcome of countedOutcomes)
    add(`files ${outcome}`, reports.filter((report) => report.outcome === outcome).length);
  for (const [status, count] of Object.entries(sumCounts(reports))) add(`rows ${status}`, count);
  for (const [name, count] of Object.entries(sumTraffic(reports))) add(`api ${name}`, count);
}

const countedOutcomes = fileOutcomes.filter((outcome) => !['waits', 'ready', 'kept'].includes(outcome));

export interface PassFacts {
  readonly folder: string;
  /** When only its files were worked on. */
  readonly job: string | undefined;
  readonly reports: readonly FileReport[];
  readonly exitCode: number;
  readonly endedAtMs: number;
}

/**
 * Writes the metrics of a folder after a pass. The collector reads the files of all sweeps together, so each series says
 * which of them it is from.
 */
export async function writePassMetrics(
  path: string,
  tally: Tally,
  jobs: readonly SweepJob[],
  facts: PassFacts,
): Promise<void> {
  const { folder, job, reports, exitCode, endedAtMs } = facts;
  const whose = { folder, ...(job === undefined ? {} : { job }) };
  const one = (name: string, help: string, value: number, type: Metric['type'] = 'gauge'): Metric => ({
    name: `mypos_customers_${name}`,
    help,
    type,
    values: [{ labels: whose, value }],
  });
  const split = (name: string, help: string, prefix: string, label: string): Metric => ({
    name: `mypos_customers_${name}`,
    help,
    type: 'counter',
    values: Object.entries(tally.totals)
      .filter(([key]) => key.startsWith(`${prefix} `))
      .map(([key, value]) => ({ labels: { ...whose, [label]: key.slice(prefix.length + 1) }, value })),
  });
  const total = (key: string) => tally.totals[key] ?? 0;
  const waiting = reports.filter(({ outcome }) => outcome === 'waits');
  const lastSuccess = tally.lastSuccessMs;
  await writeMetrics(path, [
    one('last_sweep_timestamp_seconds', 'End of the last pass over the folder.', endedAtMs / 1000),
    ...(lastSuccess === undefined
      ? []
      : [
          one('last_success_timestamp_seconds', 'End of the last pass in which nothing was wrong.', lastSuccess / 1000),
        ]),
    one('last_exit_code', 'Exit code of the last pass; 0 is well.', exitCode),
    one('files_waiting', 'Files that are not ready.', waiting.length),
    one('files_overdue', 'Files that have waited too long.', waiting.filter((file) => file.exitCode !== 0).length),
    one('files_in_processing', 'Files that the next sweep goes on with.', countKept(reports)),
    split('files_total', 'Dropped files, by what became of them.', 'files', 'outcome'),
    split('rows_total', 'Rows of dropped files, by status.', 'rows', 'status'),
    one('api_requests_total', 'Requests sent to the API.', total('api requests'), 'counter'),
    one('api_retries_total', 'Requests that were sent again.', total('api retries'), 'counter'),
    one('api_rate_limited_total', 'Answers that asked to wait.', total('api rateLimited'), 'counter'),
    buildTokensLeft(jobs, whose, endedAtMs),
  ]);
}

function countKept(reports: readonly FileReport[]): number {
  return reports.filter(({ outcome }) => outcome === 'kept').length;
}

/** Of each login that the jobs use; named by profile, since a login is somebody's address. */
function buildTokensLeft(jobs: readonly SweepJob[], whose: Readonly<Record<string, string>>, nowMs: number): Metric {
  const byProfile = new Map<string, number>();
  for (const { job, setup: setUp } of jobs) {
    const profile = job.profile ?? 'default';
    if (setUp instanceof CustomersError || byProfile.has(profile)) continue;
    const ledger = openLedger(setUp.settings.stateDir.value, resolveTenant(setUp.settings));
    byProfile.set(profile, Math.max(0, tokensPerDay.hard - ledger.tokens.usedToday(nowMs)));
    ledger.close();
  }
  return {
    name: 'mypos_customers_tokens_left',
    help: 'Access tokens that may still be asked for in this UTC day.',
    type: 'gauge',
    values: [...byProfile].map(([profile, value]) => ({ labels: { ...whose, profile }, value })),
  };
}

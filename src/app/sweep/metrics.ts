import { tokensPerDay } from '#src/api/token-store.js';
import { openTenantLedger } from '#src/app/connect.js';
import type { Settings } from '#src/config/settings.js';
import { CustomersError } from '#src/errors.js';
import type { Tally } from '#src/inbox/memory.js';
import { type Metric, writeMetrics } from '#src/inbox/metrics-file.js';
import { type FileReport, fileOutcomes, sumCounts, sumTraffic } from './summary.js';
import type { SweepJob } from './sweep-jobs.js';

/** Adds a pass to the totals, which outlive the process: a Prometheus counter must never decrease. */
export function addToTotals({ totals }: Tally, reports: readonly FileReport[]): void {
  const add = (name: string, amount: number) => {
    totals[name] = (totals[name] ?? 0) + amount;
  };
  for (const outcome of finalOutcomes)
    add(`files ${outcome}`, reports.filter((report) => report.outcome === outcome).length);
  for (const [status, count] of Object.entries(sumCounts(reports))) add(`rows ${status}`, count);
  for (const [name, count] of Object.entries(sumTraffic(reports))) add(`api ${name}`, count);
}

const finalOutcomes = fileOutcomes.filter((outcome) => !['waits', 'ready', 'kept'].includes(outcome));

export interface PassFacts {
  readonly folder: string;
  /** Set when only the files of one job were processed. */
  readonly job: string | undefined;
  readonly reports: readonly FileReport[];
  readonly exitCode: number;
  readonly endedAtMs: number;
}

/**
 * Writes the metrics of a folder after a pass. The collector reads the files of all sweeps together, so every series is
 * labelled with its folder, and with its job if there is one.
 */
export async function writePassMetrics(
  path: string,
  tally: Tally,
  jobs: readonly SweepJob[],
  facts: PassFacts,
): Promise<void> {
  const { folder, job, reports, exitCode, endedAtMs } = facts;
  const labels = { folder, ...(job === undefined ? {} : { job }) };
  const metric = (name: string, help: string, value: number | undefined, type: Metric['type'] = 'gauge'): Metric => ({
    name: `mypos_customers_${name}`,
    help,
    type,
    values: value === undefined ? [] : [{ labels, value }],
  });
  const split = (name: string, help: string, prefix: string, label: string): Metric => ({
    name: `mypos_customers_${name}`,
    help,
    type: 'counter',
    values: Object.entries(tally.totals)
      .filter(([key]) => key.startsWith(`${prefix} `))
      .map(([key, value]) => ({ labels: { ...labels, [label]: key.slice(prefix.length + 1) }, value })),
  });
  const total = (key: string) => tally.totals[key] ?? 0;
  const waiting = reports.filter(({ outcome }) => outcome === 'waits');
  const kept = reports.filter(({ outcome }) => outcome === 'kept');
  const lastSuccess = tally.lastSuccessMs === undefined ? undefined : tally.lastSuccessMs / 1000;
  await writeMetrics(path, [
    metric('last_sweep_timestamp_seconds', 'End of the last pass over the folder.', endedAtMs / 1000),
    metric('last_success_timestamp_seconds', 'End of the last pass without any error.', lastSuccess),
    metric('last_exit_code', 'Exit code of the last pass; 0 means success.', exitCode),
    metric('files_waiting', 'Files that are not ready.', waiting.length),
    metric('files_overdue', 'Files that have waited too long.', waiting.filter((file) => file.exitCode !== 0).length),
    metric('files_in_processing', 'Files that the next sweep will continue with.', kept.length),
    split('files_total', 'Dropped files, by outcome.', 'files', 'outcome'),
    split('rows_total', 'Rows of dropped files, by status.', 'rows', 'status'),
    metric('api_requests_total', 'Requests sent to the API.', total('api requests'), 'counter'),
    metric('api_retries_total', 'Requests that were repeated.', total('api retries'), 'counter'),
    metric('api_rate_limited_total', 'Answers that asked for a pause.', total('api rateLimited'), 'counter'),
    {
      name: 'mypos_customers_tokens_left',
      help: 'Access tokens left in this UTC day.',
      type: 'gauge',
      values: [...countTokensByProfile(jobs, endedAtMs)].map(([profile, value]) => ({
        labels: { ...labels, profile },
        value,
      })),
    },
  ]);
}

/** Tokens left for each login, named by profile because a login is an e-mail address. */
function countTokensByProfile(jobs: readonly SweepJob[], nowMs: number): ReadonlyMap<string, number> {
  const left = new Map<string, number>();
  for (const { job, setup } of jobs) {
    const profile = job.profile ?? 'default';
    if (setup instanceof CustomersError || left.has(profile)) continue;
    left.set(profile, countTokensLeft(setup.settings, nowMs));
  }
  return left;
}

/** Access tokens that the login of the settings may still request in this UTC day. */
export function countTokensLeft(settings: Settings, nowMs: number): number {
  const ledger = openTenantLedger(settings);
  try {
    return Math.max(0, tokensPerDay.hard - ledger.tokens.usedToday(nowMs));
  } finally {
    ledger.close();
  }
}

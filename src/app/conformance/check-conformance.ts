import { randomUUID } from 'node:crypto';
import {
  type Assumption,
  assumptions,
  type Conformity,
  checkByReading,
  checkByWriting,
} from '#pipelines/listing/conformance.js';
import { sleep } from '#src/api/sleep.js';
import { createRunControl, runOnTenant } from '#src/app/run-on-tenant.js';
import { type ApiSummary, type RunObserver, summariseApi } from '#src/app/run-summary.js';
import type { Settings } from '#src/config/settings.js';
import { type ExitCode, exitCodes } from '#src/errors.js';

export interface ConformanceOptions {
  /** Also add, change and delete one test customer. @default false */
  readonly withWrites?: boolean;
  /** Ends it early; its reason is `SIGINT` or `SIGTERM`. */
  readonly signal?: AbortSignal;
}

/** What was found of one assumption, with the assumption and what follows from it. */
export interface ConformanceCheck extends Conformity {
  readonly assumes: string;
  /** What this program does where it is not so; `null` where it is. */
  readonly effect: string | null;
}

/** The `--json` document of `conformance`. */
export interface ConformanceReport {
  readonly target: { readonly baseUrl: string; readonly login: string };
  /** ISO time, UTC. */
  readonly checkedAt: string;
  readonly withWrites: boolean;
  readonly exitCode: ExitCode;
  readonly checks: readonly ConformanceCheck[];
  readonly api: ApiSummary;
}

/**
 * Tries whether an account behaves as this program assumes, and keeps the result: what is not so is not relied on.
 *
 * @throws UsageError, LoginError, RunStoppedError, BusyError
 */
export function checkConformance(
  settings: Settings,
  options: ConformanceOptions = {},
  observer: RunObserver = {},
): Promise<ConformanceReport> {
  const control = createRunControl(undefined, options.signal);
  const waiting = { notice: observer.notice, triesFilter: true };
  return runOnTenant(settings, control, 'conformance', waiting, async (connection) => {
    const { client, ledger, tenant } = connection;
    await client.login();
    const ports = {
      api: client,
      now: Date.now,
      clockDifferenceMs: () => client.traffic.clockDifferenceMs,
      sleep: (delayMs: number) => sleep(delayMs, control.stopping),
      unknownCode: `no-customer-${randomUUID()}`,
      fieldSeen: (field: string, isShown: boolean) => ledger.known.saveListShows(field, isShown),
    };
    const byReading = await checkByReading(ports);
    const byWriting = options.withWrites === true ? await checkByWriting(ports) : [];
    const checkedAt = new Date().toISOString();
    // What a read-only check cannot try stays as it was found before.
    const before = ledger.conformance.find()?.results ?? [];
    const found = new Map<Assumption, Conformity>(
      [...byReading, ...byWriting].map((result) => [result.assumption, result]),
    );
    // A fault that reading has shown is not undone by the one customer that was written.
    for (const result of byReading) if (result.status === 'otherwise') found.set(result.assumption, result);
    const kept = [...before.filter(({ assumption }) => !found.has(assumption)), ...found.values()];
    ledger.conformance.save({ checkedAt, results: kept });
    const checks = [...found.values()].map(describeCheck);
    return {
      target: tenant,
      checkedAt,
      withWrites: options.withWrites === true,
      exitCode: checks.some(({ status }) => status === 'otherwise') ? exitCodes.someRowsFailed : exitCodes.done,
      checks,
      api: summariseApi(client),
    };
  });
}

function describeCheck(result: Conformity): ConformanceCheck {
  const { assumes, otherwise } = assumptions[result.assumption];
  return { ...result, assumes, effect: result.status === 'otherwise' ? otherwise : null };
}

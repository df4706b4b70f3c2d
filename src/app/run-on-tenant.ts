import { type FailureLimit, RunControl } from '#pipelines/run-control.js';
import type { Settings } from '#src/config/settings.js';
import { InterruptedError, UsageError } from '#src/errors.js';
import type { Ledger } from '#src/ledger/open-ledger.js';
import type { RunRecord } from '#src/ledger/runs.js';
import { type Connection, connect } from './connect.js';
import { explainFailure } from './explain-failure.js';
import { keepRetention } from './runs/prune-runs.js';

/** Finds a run by its name. @throws UsageError when this tenant has none of this name; it says which tenant has */
export function findRun(ledger: Ledger, name: string): RunRecord {
  const run = ledger.runs.find(name);
  if (run !== undefined) return run;
  const owner = ledger.findTenantWithRun(name);
  if (owner !== undefined)
    throw new UsageError(
      `Run ${name} belongs to ${owner.login} at ${owner.baseUrl}, not to the login that is set now.`,
      {
        code: 'RUN_OF_OTHER_TENANT',
        nextStep: 'Set the address and login that it ran with, e.g. with --profile; for the sandbox, --sandbox.',
      },
    );
  throw new UsageError(`There is no run "${name}".`, {
    code: 'RUN_UNKNOWN',
    nextStep: '`mypos-customers runs` lists those of this login.',
  });
}

/** How many rows may fail unless an option says otherwise. */
const defaultFailureLimit: FailureLimit = { kind: 'share', most: 0.1, from: 300 };

/** A control that stops when the caller's signal fires. */
export function createRunControl(limit: FailureLimit | undefined, signal: AbortSignal | undefined): RunControl {
  const control = new RunControl(limit ?? defaultFailureLimit);
  const stop = () => control.stop({ kind: 'signal', signal: signal?.reason === 'SIGTERM' ? 'SIGTERM' : 'SIGINT' });
  if (signal?.aborted === true) stop();
  else signal?.addEventListener('abort', stop, { once: true });
  return control;
}

/** Opens the tenant, holds its lock during `work`, and closes it in any case. */
export async function runOnTenant<T>(
  settings: Settings,
  control: RunControl,
  purpose: string,
  work: (connection: Connection) => Promise<T>,
): Promise<T> {
  const connection = await connect(settings, control.stopping);
  try {
    const lock = connection.ledger.lock(purpose);
    try {
      const done = await work(connection);
      keepRetention(connection.ledger, settings, Date.now());
      return done;
    } finally {
      lock.release();
    }
  } catch (error) {
    if (control.reason?.kind === 'signal' && error === control.stopping.reason)
      throw new InterruptedError(control.reason.signal);
    throw explainFailure(error, 'The state folder cannot be written', resumeAdvice);
  } finally {
    await connection.close();
  }
}

const resumeAdvice = 'If a run had started, its settled rows are safe. To continue it: mypos-customers resume';

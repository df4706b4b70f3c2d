import { type FailureLimit, RunControl } from '#pipelines/run-control.js';
import type { Settings } from '#src/config/settings.js';
import { InterruptedError } from '#src/errors.js';
import { type Connection, connect } from './connect.js';
import { explainFailure } from './explain-failure.js';

/** How many rows may fail when nobody says. */
const defaultFailureLimit: FailureLimit = { kind: 'share', most: 0.1, from: 300 };

/** A control that stops when the caller's signal fires. */
export function controlFor(limit: FailureLimit | undefined, signal: AbortSignal | undefined): RunControl {
  const control = new RunControl(limit ?? defaultFailureLimit);
  const stop = () => control.stop({ kind: 'signal', signal: signal?.reason === 'SIGTERM' ? 'SIGTERM' : 'SIGINT' });
  if (signal?.aborted === true) stop();
  else signal?.addEventListener('abort', stop, { once: true });
  return control;
}

/** Opens the tenant, holds its lock while `work` changes customers, and closes it whatever happens. */
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
      return await work(connection);
    } finally {
      lock.release();
    }
  } catch (error) {
    if (control.reason?.kind === 'signal' && error === control.stopping.reason)
      throw new InterruptedError(control.reason.signal);
    throw explainFailure(error, 'The state folder cannot be written', roomForTheState);
  } finally {
    await connection.close();
  }
}

const roomForTheState =
  'Make room for the state folder. If a run had begun, what is settled is safe: mypos-customers resume';

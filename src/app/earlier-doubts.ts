import { reconcile } from '#pipelines/import/reconcile.js';
import { RunControl } from '#pipelines/run-control.js';
import { CustomersError } from '#src/errors.js';
import type { Connection } from './connect.js';
import { createReconcilePorts } from './perform-run.js';
import { defaultSettle } from './run.js';
import type { RunObserver } from './run-summary.js';

/**
 * Settles what earlier runs left in doubt, as far as that is possible without waiting: the rows of a new file may be about
 * the same customers. What cannot be settled stays as it is.
 */
export async function settleEarlierDoubts(connection: Connection, observer: RunObserver): Promise<void> {
  for (const run of connection.ledger.runs.withDoubts()) {
    const { stamp } = run.options as { readonly stamp?: string };
    const ports = createReconcilePorts(connection, connection.openRows(run.number), new RunControl());
    try {
      const settleMs = connection.ledger.conformance.lagMs;
      const options = {
        ...defaultSettle,
        settleMs,
        patienceMs: 0,
        run: run.name,
        ...(stamp === undefined ? {} : { stamp }),
      };
      const { adopted, absent } = await reconcile(ports, options);
      if (adopted + absent === 0) continue;
      observer.notice?.({
        severity: 'info',
        code: 'RECONCILING',
        message: `Run ${run.name}: of its rows in doubt, ${adopted} arrived and ${absent} did not. \`mypos-customers resume ${run.name}\` sends those again and writes its result file anew.`,
      });
    } catch (error) {
      // The import meets the same, or does not need what failed here.
      if (!(error instanceof CustomersError)) throw error;
      return;
    }
  }
}

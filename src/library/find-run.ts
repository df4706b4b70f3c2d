import { UsageError } from '#src/errors.js';
import type { Ledger } from '#src/ledger/open-ledger.js';
import type { RunRecord } from '#src/ledger/runs.js';

/** A run by its name. @throws UsageError when the tenant has none of this name, saying whose it is if anybody's */
export function findRun(ledger: Ledger, name: string): RunRecord {
  const run = ledger.runs.find(name);
  if (run !== undefined) return run;
  const owner = ledger.tenantOfRun(name);
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

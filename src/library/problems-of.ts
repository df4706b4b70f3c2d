import type { Ledger } from '#src/ledger/open-ledger.js';
import { type ProblemGroup, ProblemGroups } from '#src/results/problem-groups.js';
import { interrupted } from '#src/results/write-results.js';

/** By the ledger, so that a resumed run tells of all its rows. */
export function problemsOf(ledger: Ledger, run: number): readonly ProblemGroup[] {
  const groups = new ProblemGroups();
  for (const { number, outcome } of ledger.runs.notDone(run)) groups.add(number, outcome ?? interrupted);
  return groups.list();
}

import { resolve } from 'node:path';
import { decisionBasis, decisionSubject, rowCandidate } from '#pipelines/import/decisions.js';
import type { Issue } from '#pipelines/issue.js';
import type { Settlement, WaitingCandidate } from '#pipelines/ports.js';
import type { MappingFile } from '#src/app/mapping-file.js';
import { exitCodes } from '#src/errors.js';
import type { Ledger } from '#src/ledger/open-ledger.js';
import type { RunRecord } from '#src/ledger/runs.js';
import { type DuplicateFinder, readSubjectOf, type ShownRecord } from './duplicate-finder.js';
import { nameCandidate, type ReviewPair } from './write-duplicate-review.js';

/**
 * Keeps the rows of a review file as a run whose rows wait: an import of the file finds them again by `_run` and `_row`, and
 * does as decided. Pairs of customers need no row: their codes say who they are.
 */
export async function recordReview(
  ledger: Ledger,
  finder: DuplicateFinder,
  pairs: readonly ReviewPair[],
  { path, sha256 }: MappingFile,
): Promise<RunRecord> {
  const { file, path: inputPath, source, readOptions } = finder.input;
  const { sha256: inputSha256, sizeBytes } = source.fingerprint;
  const run = ledger.runs.start({
    command: 'duplicates',
    input: { file, path: inputPath, sha256: inputSha256, sizeBytes },
    mappingSha256: sha256,
    options: { mapping: resolve(path), read: readOptions, columns: source.columns },
  });
  const rows = new Map<number, Settlement>();
  for await (const part of finder.readPairs(pairs))
    for (const { pair, a, b } of part) {
      const waiting = addCandidate(a, readCandidate(b, finder.explain(pair)), rows.get(pair.a));
      if (waiting !== undefined) rows.set(pair.a, waiting);
    }
  await ledger.openRows(run.number).settle([...rows.values()]);
  ledger.runs.saveInputRows(run.number, finder.rows);
  return run;
}

/** Completes the run of a review file that was written. */
export function endReview({ runs }: Ledger, run: RunRecord, review: string): void {
  runs.end(run.number, { state: 'completed', exitCode: exitCodes.done, files: { review } });
}

/** @returns the row with one more candidate; `undefined` for a customer of the account */
function addCandidate(
  { row, customer: draft, source }: ShownRecord,
  candidate: WaitingCandidate,
  before: Settlement | undefined,
): Settlement | undefined {
  if (row === null || source === undefined) return undefined;
  const { key, index, mapped } = source;
  const candidates = [...(before?.waiting?.candidates ?? []), candidate];
  const subject = { key, draft };
  return {
    ...{ index, number: row },
    ...(key === undefined ? {} : { key }),
    outcome: { status: 'invalid', reasons: [asked], attempts: 0, candidates },
    waiting: {
      ...{ subject: decisionSubject(subject), rowBasis: decisionBasis(draft), draft, candidates },
      ...(mapped.command === undefined ? {} : { command: mapped.command }),
      ...(mapped.defaulted === undefined ? {} : { defaulted: mapped.defaulted }),
    },
  };
}

const asked: Issue = {
  severity: 'error',
  code: 'POSSIBLE_DUPLICATE',
  message: 'The row may be a customer twice. Decide in the review file, and import it.',
};

/** A customer by its code; another row by its number, and by what decisions know it by. */
function readCandidate(record: ShownRecord, evidence: readonly string[]): WaitingCandidate {
  const { row, customer } = record;
  return {
    ...{ customerCode: nameCandidate(record), evidence, basis: decisionBasis(customer) },
    ...(row === null ? {} : { subject: rowCandidate(decisionSubject(readSubjectOf(record))) }),
  };
}

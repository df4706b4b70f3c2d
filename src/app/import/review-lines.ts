import { decisionBasis, pairOfCustomers } from '#pipelines/import/decisions.js';
import { displayKey } from '#pipelines/import/keys.js';
import { cellToText, type Row } from '#pipelines/model.js';
import { type DecisionWord, decisionWords } from '#pipelines/ports.js';
import { findSpreadsheetForm } from '#pipelines/quality/spreadsheet-forms.js';
import { InputError } from '#src/errors.js';
import type { StoredWaitingRow } from '#src/ledger/decisions.js';
import type { Ledger } from '#src/ledger/open-ledger.js';

/** A line with its decision. */
export interface ReviewLine {
  /** Line or row number in the review file. */
  readonly number: number;
  readonly decision: DecisionWord | undefined;
  readonly candidate: string;
}

/** A row that waits, with its lines in the file. */
export interface ReviewedRow {
  readonly waiting: StoredWaitingRow;
  readonly lines: readonly ReviewLine[];
  readonly decision: DecisionWord | undefined;
  /** The line that decides, else the first one. */
  readonly line: ReviewLine;
  /** Whether the same was decided before. */
  readonly isKept: boolean;
  /** Whether it was done, so that nothing else can be decided any more; a row that was left out can. */
  readonly isFinal: boolean;
  /** What is asked: who the row is, or whether two rows, or two customers of the account, are the same. */
  readonly question: 'identity' | 'rows' | 'customers';
}

/**
 * Finds out which row each line of a review file is about, and what was decided about it.
 *
 * @throws InputError `REVIEW_ROW_UNKNOWN`, `REVIEW_DECISION_UNKNOWN`, `REVIEW_CANDIDATE_UNKNOWN`, `REVIEW_CONTRADICTORY`
 */
export function groupLines(
  rows: readonly Row[],
  { file, columns }: { readonly file: string; readonly columns: readonly string[] },
  ledger: Ledger,
): readonly ReviewedRow[] {
  const [decisionPlace, candidatePlace] = [columns.indexOf('decision'), columns.indexOf('candidate')];
  const runs = new Map<string, ReadonlyMap<number, StoredWaitingRow>>();
  const findWaiting = ({ run, row }: NonNullable<Row['origin']>) => {
    if (!runs.has(run)) runs.set(run, new Map(ledger.decisions.waitingRows(run).map((waits) => [waits.row, waits])));
    return runs.get(run)?.get(row);
  };
  const customers = new Map<string, StoredWaitingRow>();
  const groups = new Map<StoredWaitingRow, ReviewLine[]>();
  for (const row of rows) {
    const asked = cellToText(row.cells[candidatePlace]).trim().replace(/^'/, '');
    const waiting =
      row.originCustomer === undefined
        ? row.origin && findWaiting(row.origin)
        : findCustomers(row.originCustomer, asked, ledger, customers);
    if (waiting === undefined) throw createUnknownRowError(file, row);
    const decision = readDecision(cellToText(row.cells[decisionPlace]), file, row);
    const candidate = findCandidate(asked, waiting);
    if (candidate === undefined && decision === 'same') throw createUnknownCandidateError(file, row, asked, waiting);
    const line = { number: row.number, decision, candidate: candidate ?? asked };
    groups.set(waiting, [...(groups.get(waiting) ?? []), line]);
  }
  return [...groups].map(([waiting, lines]) => decideRow(waiting, lines, file, ledger));
}

/** Two customers of the account, as a row whose only candidate is the second; `undefined` unless both are there. */
function findCustomers(
  first: string,
  second: string,
  { mirror }: Ledger,
  found: Map<string, StoredWaitingRow>,
): StoredWaitingRow | undefined {
  const { subject, customerCode } = pairOfCustomers(first, second);
  const a = mirror.find(subject.slice(customerSubject.length))?.customer;
  const b = mirror.find(customerCode)?.customer;
  if (a === undefined || b === undefined) return undefined;
  const name = `${subject} ${customerCode}`;
  const waiting = found.get(name) ?? {
    ...{ run: '', row: 0, reason: '', isDone: false, subject, draft: {}, rowBasis: decisionBasis(a) },
    candidates: [{ customerCode, evidence: [], basis: decisionBasis(b) }],
  };
  found.set(name, waiting);
  return waiting;
}

const customerSubject = 'customer ';

/** What is asked about a row, by its candidates. */
function findQuestion({ subject, candidates }: StoredWaitingRow): ReviewedRow['question'] {
  if (subject.startsWith(customerSubject)) return 'customers';
  return candidates.every((candidate) => candidate.subject !== undefined) ? 'rows' : 'identity';
}

function readDecision(text: string, file: string, row: Row): DecisionWord | undefined {
  const word = text.trim().toLowerCase();
  if (word === '') return undefined;
  const found = decisionWords.find((known) => known === word);
  if (found !== undefined) return found;
  throw new InputError(`${file}, row ${row.number}: "${text}" is no decision; expected same, new or skip.`, {
    code: 'REVIEW_DECISION_UNKNOWN',
    nextStep: 'Nothing was decided. Correct the cell, or empty it, and import the file again.',
  });
}

/** A spreadsheet program may have taken zeros off a code. */
function findCandidate(named: string, { candidates }: StoredWaitingRow): string | undefined {
  const codes = candidates.map(({ customerCode }) => customerCode);
  if (codes.includes(named)) return named;
  const similar = codes.filter((code) => findSpreadsheetForm(code, named) !== undefined);
  return similar.length === 1 ? similar[0] : undefined;
}

function decideRow(waiting: StoredWaitingRow, lines: readonly ReviewLine[], file: string, ledger: Ledger): ReviewedRow {
  const decided = lines.filter(({ decision }) => decision !== undefined);
  const [line] = decided;
  const isOne = decided.every(
    ({ decision, candidate }) => decision === line?.decision && (decision !== 'same' || candidate === line?.candidate),
  );
  if (!isOne)
    throw createContradiction(
      file,
      `${describeRow(waiting)} has several decisions, in rows ${decided.map(({ number }) => number).join(', ')}: ${decided.map(({ decision, candidate }) => (decision === 'same' ? `same (${candidate})` : decision)).join(', ')}.`,
    );
  if (waiting.reason === fieldConflict && line?.decision === 'new')
    throw createContradiction(
      file,
      `${describeRow(waiting)} is known to be customer ${line.candidate}; only its values differ, so it cannot be new. Write same for the value of the file, or skip for that of the account.`,
    );
  const decision = line?.decision;
  return {
    ...{ waiting, lines, decision },
    line: line ?? (lines[0] as ReviewLine),
    isKept: decision !== undefined && isKeptAlready(waiting, decision, line?.candidate, ledger),
    question: findQuestion(waiting),
    isFinal: waiting.isDone && ledger.decisions.find(waiting.subject).some((kept) => kept.decision !== 'skip'),
  };
}

/** Its decision is about a field, not about who the row is. */
export const fieldConflict = 'FIELD_CONFLICT';

function isKeptAlready(
  waiting: StoredWaitingRow,
  decision: DecisionWord,
  candidate: string | undefined,
  ledger: Ledger,
): boolean {
  const { subject, rowBasis } = waiting;
  return ledger.decisions
    .find(subject)
    .some(
      (kept) =>
        kept.decision === decision &&
        kept.rowBasis === rowBasis &&
        (decision !== 'same' || kept.customerCode === nameInDecisions(waiting, candidate)),
    );
}

/** What decisions call a candidate of a row. */
function nameInDecisions({ candidates }: StoredWaitingRow, named: string | undefined): string | undefined {
  return candidates.find(({ customerCode }) => customerCode === named)?.subject ?? named;
}

export function describeRow({ key, row, run }: StoredWaitingRow): string {
  return key === undefined ? `row ${row} of run ${run}` : `the row with the key "${displayKey(key)}"`;
}

function describeNowhere(customer: string | undefined): string {
  if (customer !== undefined) return `customer ${customer} or its candidate is not in the local copy of the account`;
  return 'the cells _row and _run do not say which row it is about; a review file of `duplicates` without --account, and without an earlier import into this account, is for reading only';
}

function createUnknownRowError(file: string, { number, origin, originCustomer }: Row): InputError {
  const what =
    origin === undefined
      ? describeNowhere(originCustomer)
      : `row ${origin.row} of run ${origin.run} does not wait for a decision in this state folder`;
  return new InputError(`${file}, row ${number}: ${what}. Nothing was decided.`, { code: 'REVIEW_ROW_UNKNOWN' });
}

function createUnknownCandidateError(
  file: string,
  { number }: Row,
  named: string,
  waiting: StoredWaitingRow,
): InputError {
  const codes = waiting.candidates.map(({ customerCode }) => customerCode).join(', ');
  return new InputError(
    `${file}, row ${number}: "${named}" is no candidate of ${describeRow(waiting)}; these are: ${codes}. Nothing was decided.`,
    { code: 'REVIEW_CANDIDATE_UNKNOWN' },
  );
}

export function createContradiction(file: string, fact: string): InputError {
  return new InputError(`${file}: ${fact} Nothing was decided.`, { code: 'REVIEW_CONTRADICTORY' });
}

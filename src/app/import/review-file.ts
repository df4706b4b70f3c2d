import { decisionBasis, describeSkip, isSameBasis } from '#pipelines/import/decisions.js';
import { displayKey, isSameSource, splitKey } from '#pipelines/import/keys.js';
import type { Issue } from '#pipelines/issue.js';
import type { CustomerMirror } from '#pipelines/listing/mirror.js';
import type { CompiledMapping } from '#pipelines/mapping/compile.js';
import type { MappedRow } from '#pipelines/mapping/map-row.js';
import { cellToText, type Row } from '#pipelines/model.js';
import { type DecisionWord, decisionWords, type KeptDecision } from '#pipelines/ports.js';
import { findSpreadsheetForm } from '#pipelines/quality/spreadsheet-forms.js';
import { compileFor, type MappingFile } from '#src/app/mapping-file.js';
import { GuardError, InputError } from '#src/errors.js';
import type { StoredWaitingRow } from '#src/ledger/decisions.js';
import type { Ledger } from '#src/ledger/open-ledger.js';

/** A review file with decisions, checked against the ledger as a whole. */
export interface Review {
  /** Maps its lines to what their rows said when they began to wait. */
  readonly mapper: CompiledMapping;
  /** Rows about which it decides nothing. */
  readonly undecided: number;
  /**
   * Checks that neither rows nor customers have changed since the file was written.
   *
   * @throws GuardError `REVIEW_OUTDATED`
   */
  assertCurrent(mirror: CustomerMirror | undefined): void;
  /** What is to be kept of it. */
  listDecisions(mirror: CustomerMirror | undefined, nowMs: number): readonly KeptDecision[];
}

/** A line with its decision. */
interface ReviewLine {
  /** Line or row number in the review file. */
  readonly number: number;
  readonly decision: DecisionWord | undefined;
  readonly candidate: string;
}

/** A row that waits, with its lines in the file. */
interface ReviewedRow {
  readonly waiting: StoredWaitingRow;
  readonly lines: readonly ReviewLine[];
  readonly decision: DecisionWord | undefined;
  /** The line that decides, else the first one. */
  readonly line: ReviewLine;
  /** Whether the same was decided before. */
  readonly isKept: boolean;
  /** Whether it was done, so that nothing else can be decided any more; a row that was left out can. */
  readonly isFinal: boolean;
}

/**
 * Reads the decisions of a review file. Nothing is decided unless all of its lines make sense.
 *
 * @throws InputError `REVIEW_ROW_UNKNOWN`, `REVIEW_DECISION_UNKNOWN`, `REVIEW_CANDIDATE_UNKNOWN`, `REVIEW_CONTRADICTORY`
 */
export function readReview(
  rows: readonly Row[],
  { file, columns }: { readonly file: string; readonly columns: readonly string[] },
  ledger: Ledger,
  mappingFile: MappingFile,
): Review {
  const reviewed = groupLines(rows, { file, columns }, ledger);
  refuseContradictions(reviewed, file);
  const byLine = new Map(reviewed.flatMap((row) => row.lines.map(({ number }) => [number, row] as const)));
  const mapAll = (wanted: readonly Row[]) => wanted.map((row) => mapLine(row, byLine.get(row.number)));
  // Its keys come from the ledger, with their source.
  const { keySource: _, ...compiled } = compileFor(mappingFile, {
    ...{ file, format: 'csv' },
    columns: findColumns(reviewed, ledger),
  });
  return {
    mapper: {
      ...compiled,
      unmappedColumns: [],
      mapAll: (wanted) => Promise.resolve(mapAll(wanted)),
      map: (row) => mapLine(row, byLine.get(row.number)),
    },
    undecided: reviewed.filter(({ decision, waiting }) => decision === undefined && !waiting.isDone).length,
    assertCurrent: (mirror) => assertCurrent(reviewed, file, ledger, mirror),
    listDecisions: (mirror, nowMs) => reviewed.flatMap((row) => toKeptDecisions(row, mirror, nowMs)),
  };
}

function groupLines(
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
  const groups = new Map<StoredWaitingRow, ReviewLine[]>();
  for (const row of rows) {
    const waiting = row.origin && findWaiting(row.origin);
    if (waiting === undefined) throw createUnknownRowError(file, row);
    const decision = readDecision(cellToText(row.cells[decisionPlace]), file, row);
    const named = cellToText(row.cells[candidatePlace]).trim().replace(/^'/, '');
    const candidate = findCandidate(named, waiting);
    if (candidate === undefined && decision === 'same') throw createUnknownCandidateError(file, row, named, waiting);
    const line = { number: row.number, decision, candidate: candidate ?? named };
    groups.set(waiting, [...(groups.get(waiting) ?? []), line]);
  }
  return [...groups].map(([waiting, lines]) => decideRow(waiting, lines, file, ledger));
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
    isFinal: waiting.isDone && ledger.decisions.find(waiting.subject).some((kept) => kept.decision !== 'skip'),
  };
}

/** Its decision is about a field, not about who the row is. */
const fieldConflict = 'FIELD_CONFLICT';

function isKeptAlready(
  { subject, rowBasis }: StoredWaitingRow,
  decision: DecisionWord,
  candidate: string | undefined,
  ledger: Ledger,
): boolean {
  return ledger.decisions
    .find(subject)
    .some(
      (kept) =>
        kept.decision === decision &&
        kept.rowBasis === rowBasis &&
        (decision !== 'same' || kept.customerCode === candidate),
    );
}

/** One customer is one row, and what was done cannot be decided otherwise. */
function refuseContradictions(reviewed: readonly ReviewedRow[], file: string): void {
  const rowsBySubject = new Map<string, ReviewedRow>();
  const rowsByCustomer = new Map<string, ReviewedRow>();
  for (const row of reviewed) {
    const { waiting, decision, line, isKept, isFinal } = row;
    if (decision === undefined || waiting.reason === fieldConflict) continue;
    if (isFinal && !isKept)
      throw createContradiction(
        file,
        `${describeRow(waiting)} was done as decided before, and row ${line.number} now says ${decision}. To correct that, undo the run that did it: mypos-customers runs.`,
      );
    const twin = rowsBySubject.get(waiting.subject);
    if (
      twin !== undefined &&
      (twin.decision !== decision || (decision === 'same' && twin.line.candidate !== line.candidate))
    )
      throw createContradiction(
        file,
        `${describeRow(waiting)} is decided in row ${twin.line.number} and otherwise in row ${line.number}.`,
      );
    rowsBySubject.set(waiting.subject, row);
    if (decision !== 'same') continue;
    const other = rowsByCustomer.get(line.candidate);
    if (other !== undefined && areRivals(other.waiting, waiting))
      throw createContradiction(
        file,
        `Rows ${other.line.number} and ${line.number} both say that theirs is customer ${line.candidate}: ${describeRow(other.waiting)} and ${describeRow(waiting)}.`,
      );
    rowsByCustomer.set(line.candidate, row);
  }
}

/** Whether two rows cannot both be one customer, which has a key of each source at most. */
function areRivals(a: StoredWaitingRow, b: StoredWaitingRow): boolean {
  if (a.subject === b.subject) return false;
  return a.key === undefined || b.key === undefined || isSameSource(a.key, b.key);
}

function assertCurrent(
  reviewed: readonly ReviewedRow[],
  file: string,
  ledger: Ledger,
  mirror: CustomerMirror | undefined,
): void {
  for (const { waiting, decision, line, isKept, isFinal } of reviewed) {
    if (decision === undefined || isKept || isFinal) continue;
    const fact = findChange(waiting, decision, line, ledger, mirror);
    if (fact !== undefined)
      throw new GuardError(`${file}, row ${line.number}: ${fact} Nothing was decided or sent.`, {
        code: 'REVIEW_OUTDATED',
      });
  }
}

function findChange(
  waiting: StoredWaitingRow,
  decision: DecisionWord,
  { candidate }: ReviewLine,
  ledger: Ledger,
  mirror: CustomerMirror | undefined,
): string | undefined {
  const { key, subject, rowBasis } = waiting;
  const latest = ledger.decisions.findLatestWaiting(subject);
  if (latest !== undefined && latest.rowBasis !== rowBasis)
    return `name, e-mail address or phone of ${describeRow(waiting)} have changed since: run ${latest.run} asks about it again.`;
  const linked = key === undefined ? undefined : ledger.crosswalk.findCode(key);
  const isOneOfThem = waiting.candidates.some(({ customerCode }) => customerCode === linked);
  if (linked !== undefined && !isOneOfThem) return `${describeRow(waiting)} stands for customer ${linked} by now.`;
  const taken = decision === 'same' && key !== undefined ? findOtherKey(key, candidate, ledger) : undefined;
  if (taken !== undefined) return `customer ${candidate} stands for the key "${taken}" by now.`;
  const concerned = waiting.candidates.filter(({ customerCode }) => decision !== 'same' || customerCode === candidate);
  for (const { customerCode, basis } of mirror === undefined ? [] : concerned) {
    const customer = mirror?.find(customerCode)?.customer;
    if (customer === undefined) return `customer ${customerCode} is no longer in the account.`;
    if (!isSameBasis(basis, decisionBasis(customer)))
      return `name, e-mail address or phone of customer ${customerCode} have changed since the file was written.`;
  }
  return undefined;
}

/** Another key of the same source that a customer stands for. */
function findOtherKey(stored: string, customerCode: string, ledger: Ledger): string | undefined {
  const { source, key } = splitKey(stored);
  const known = ledger.findKey(customerCode, source);
  return known === key ? undefined : known;
}

function toKeptDecisions(
  { waiting, decision, line, isFinal }: ReviewedRow,
  mirror: CustomerMirror | undefined,
  decidedAtMs: number,
): readonly KeptDecision[] {
  if (decision === undefined || isFinal || waiting.reason === fieldConflict) return [];
  const { subject, rowBasis, run, candidates } = waiting;
  return candidates
    .filter(({ customerCode }) => decision !== 'same' || customerCode === line.candidate)
    .map(({ customerCode, basis }) => {
      const customer = mirror?.find(customerCode)?.customer;
      const customerBasis = customer === undefined ? basis : decisionBasis(customer);
      return {
        ...{ subject, customerCode, decision, rowBasis, decidedAtMs, run },
        ...(customerBasis === undefined ? {} : { customerBasis }),
      };
    });
}

function mapLine(row: Row, reviewed: ReviewedRow | undefined): MappedRow {
  const base = { reasons: [], notes: [] };
  if (reviewed === undefined) return { ...base, draft: {} };
  const { waiting, decision, line, isKept } = reviewed;
  if (decision === undefined) return { ...base, draft: {}, skip: waiting.isDone ? alreadyDecided : undecided };
  if (row.number !== line.number) return { ...base, draft: {}, skip: describeOtherLine(line.number) };
  if (waiting.isDone && isKept) return { ...base, draft: {}, skip: alreadyDecided };
  const { draft, key, command, defaulted, run } = waiting;
  const isConflict = waiting.reason === fieldConflict;
  if (decision === 'skip' && !isConflict)
    return { ...base, draft: {}, skip: describeSkip({ decidedAtMs: Date.now(), run }) };
  const isNamed = decision === 'same' || isConflict;
  // The decision is to update the customer, even where the import adds the others.
  const wanted = isNamed && (command === undefined || command === 'NEW') ? 'MERGE' : command;
  return {
    ...{ ...base, draft },
    ...(key === undefined ? {} : { key }),
    ...(isNamed ? { customerCode: line.candidate } : {}),
    ...(isConflict ? { decision } : {}),
    ...(defaulted === undefined ? {} : { defaulted }),
    ...(wanted === undefined ? {} : { command: wanted }),
  };
}

const undecided: Issue = {
  severity: 'info',
  code: 'UNDECIDED',
  message: 'Nothing is decided about this row yet. Write same, new or skip into the column "decision".',
};

const alreadyDecided: Issue = {
  severity: 'info',
  code: 'ALREADY_DECIDED',
  message: 'An earlier import of this review file has done what was decided.',
};

function describeOtherLine(number: number): Issue {
  return { severity: 'info', code: 'DECIDED_IN_ROW', message: `The decision about this row is in row ${number}.` };
}

/** The columns of the file that the rows came from, which the mapping is about. */
function findColumns(reviewed: readonly ReviewedRow[], ledger: Ledger): readonly string[] {
  const run = ledger.runs.find(reviewed[0]?.waiting.run ?? '');
  const { columns } = (run?.options ?? {}) as { readonly columns?: readonly string[] };
  return columns ?? [];
}

function describeRow({ key, row, run }: StoredWaitingRow): string {
  return key === undefined ? `row ${row} of run ${run}` : `the row with the key "${displayKey(key)}"`;
}

function createUnknownRowError(file: string, { number, origin }: Row): InputError {
  const what =
    origin === undefined
      ? 'the cells _row and _run do not say which row it is about'
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

function createContradiction(file: string, fact: string): InputError {
  return new InputError(`${file}: ${fact} Nothing was decided.`, { code: 'REVIEW_CONTRADICTORY' });
}

import { decisionBasis, describeSkip, isSameBasis, rowCandidate } from '#pipelines/import/decisions.js';
import { isSameSource, splitKey } from '#pipelines/import/keys.js';
import type { Issue } from '#pipelines/issue.js';
import type { CustomerMirror } from '#pipelines/listing/mirror.js';
import type { CompiledMapping } from '#pipelines/mapping/compile.js';
import type { MappedRow } from '#pipelines/mapping/map-row.js';
import type { Row } from '#pipelines/model.js';
import type { DecisionWord, KeptDecision } from '#pipelines/ports.js';
import { listMappedColumns } from '#src/app/input.js';
import { compileFor, type MappingFile } from '#src/app/mapping-file.js';
import { GuardError } from '#src/errors.js';
import type { StoredWaitingRow } from '#src/ledger/decisions.js';
import type { Ledger } from '#src/ledger/open-ledger.js';
import {
  createContradiction,
  describeRow,
  fieldConflict,
  groupLines,
  type ReviewedRow,
  type ReviewLine,
} from './review-lines.js';

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
    columns: findColumns(reviewed, ledger) ?? listMappedColumns(mappingFile.mapping),
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

/** One customer is one row, and what was done cannot be decided otherwise. */
function refuseContradictions(reviewed: readonly ReviewedRow[], file: string): void {
  const rowsBySubject = new Map<string, ReviewedRow>();
  const rowsByCustomer = new Map<string, ReviewedRow>();
  for (const row of reviewed) {
    const { waiting, decision, line, isKept, isFinal } = row;
    if (decision === undefined || waiting.reason === fieldConflict || row.question === 'customers') continue;
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
    if (decision !== 'same' || row.question === 'rows') continue;
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
  for (const { waiting, decision, line, isKept, isFinal, question } of reviewed) {
    // The two customers were read a moment ago.
    if (decision === undefined || isKept || isFinal || question === 'customers') continue;
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
  const asked = waiting.candidates.find(({ customerCode }) => customerCode === candidate)?.otherKey;
  const isAsked = asked !== undefined && splitKey(asked).key === taken;
  if (!isAsked && taken !== undefined) return `customer ${candidate} stands for the key "${taken}" by now.`;
  const concerned = waiting.candidates.filter(
    ({ customerCode, subject }) => subject === undefined && (decision !== 'same' || customerCode === candidate),
  );
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
  { waiting, decision, line, isFinal, question }: ReviewedRow,
  mirror: CustomerMirror | undefined,
  decidedAtMs: number,
): readonly KeptDecision[] {
  if (decision === undefined || isFinal || waiting.reason === fieldConflict) return [];
  if (question === 'customers' && decision === 'same') return [];
  const { subject, rowBasis, run, candidates } = waiting;
  return candidates
    .filter(({ customerCode }) => decision !== 'same' || customerCode === line.candidate)
    .filter((candidate) => candidate.subject !== rowCandidate(subject))
    .map(({ customerCode, basis, subject: row }) => {
      const customer = row === undefined ? mirror?.find(customerCode)?.customer : undefined;
      const customerBasis = customer === undefined ? basis : decisionBasis(customer);
      return {
        ...{ subject, customerCode: row ?? customerCode, decision, rowBasis, decidedAtMs },
        ...(run === '' ? {} : { run }),
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
  const kept = describeKept(reviewed, decision);
  if (kept !== undefined) return { ...base, draft: {}, skip: kept };
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

/** With what is decided about two rows, or two customers, nothing is sent: it is kept for `duplicates` and for imports. */
function describeKept({ waiting, line, question }: ReviewedRow, decision: DecisionWord): Issue | undefined {
  const candidate = waiting.candidates.find(({ customerCode }) => customerCode === line.candidate);
  const isSameRow = decision === 'same' && candidate?.subject !== undefined;
  if (question === 'identity' && !isSameRow) return undefined;
  if (question === 'customers' && decision === 'same') return mergeByHand;
  if (candidate?.subject === rowCandidate(waiting.subject)) return equalRows;
  if (isSameRow)
    return {
      severity: 'info',
      code: 'DECIDED_SKIP',
      message: `Left out from now on: it is the same customer as ${line.candidate}, which stays. It is asked about again once its name, e-mail address or phone changes.`,
    };
  return decision === 'skip' && question === 'rows' ? undefined : decidedApart;
}

const decidedApart: Issue = {
  severity: 'info',
  code: 'DECIDED_APART',
  message: 'Kept: they are not the same. `duplicates --account` does not ask about them again.',
};

const mergeByHand: Issue = {
  severity: 'warning',
  code: 'REVIEW_ONLY_SHOWN',
  message:
    'Nothing was done: the API cannot merge two customers. Make the one that is too many inactive: mypos-customers delete <code>',
};

const equalRows: Issue = {
  severity: 'info',
  code: 'REVIEW_ONLY_SHOWN',
  message: 'Nothing to keep: the two rows say the same and have no key, so an import adds one customer.',
};

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

/** The columns of the file that the rows came from, which the mapping is about; unknown where it asks about customers only. */
function findColumns(reviewed: readonly ReviewedRow[], ledger: Ledger): readonly string[] | undefined {
  const run = ledger.runs.find(reviewed.find(({ waiting }) => waiting.run !== '')?.waiting.run ?? '');
  const { columns } = (run?.options ?? {}) as { readonly columns?: readonly string[] };
  return columns;
}

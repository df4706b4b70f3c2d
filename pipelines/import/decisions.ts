import { contentHash, readField } from '#pipelines/compare-customers.js';
import type { Issue } from '#pipelines/issue.js';
import type { Customer, Draft, JsonValue, ReviewCandidate, Row, RowOutcome, RowStatus } from '#pipelines/model.js';
import type { DecisionStore, DoneDecision, KeptDecision } from '#pipelines/ports.js';
import { normaliseValue } from '#pipelines/quality/normalise.js';
import type { EndedRow, OpenRow } from './map.js';

/** Reads a customer from the local copy. */
export type ReadCustomer = (customerCode: string) => Customer | undefined;

/** What was decided about a row before, as far as it still holds. */
export type AppliedDecision =
  | { readonly kind: 'same'; readonly customerCode: string }
  /** The row is none of the candidates. */
  | { readonly kind: 'new' }
  | { readonly kind: 'skip'; readonly reason: Issue }
  /** Somebody has to decide about these. */
  | { readonly kind: 'undecided'; readonly candidates: readonly ReviewCandidate[] };

/**
 * Looks whether a row that would wait has been decided already. A decision about a customer holds until the name, e-mail
 * address or phone of either side changes.
 */
export function applyDecision(
  row: Pick<OpenRow, 'key' | 'draft'>,
  candidates: readonly ReviewCandidate[],
  store: DecisionStore,
  readCustomer: ReadCustomer,
): AppliedDecision {
  const rowBasis = decisionBasis(row.draft);
  const kept = store.find(decisionSubject(row)).filter((decision) => decision.rowBasis === rowBasis);
  const holding = new Map<string, KeptDecision>();
  for (const { customerCode } of kept.length === 0 ? [] : candidates) {
    const decision =
      kept.find((earlier) => earlier.customerCode === customerCode) ??
      kept.find((earlier) => earlier.customerCode === undefined);
    const customer = decision === undefined ? undefined : readCustomer(customerCode);
    if (decision === undefined || customer === undefined) continue;
    if (isSameBasis(decision.customerBasis, decisionBasis(customer))) holding.set(customerCode, decision);
  }
  const same = [...holding].find(([, { decision }]) => decision === 'same');
  if (same !== undefined) return { kind: 'same', customerCode: same[0] };
  const open = candidates.filter(({ customerCode }) => !holding.has(customerCode));
  if (open.length > 0) return { kind: 'undecided', candidates: open };
  const skip = [...holding.values()].find(({ decision }) => decision === 'skip');
  return skip === undefined ? { kind: 'new' } : { kind: 'skip', reason: describeSkip(skip) };
}

/**
 * What was decided about a row whatever it resembles now: that it is a certain customer, that it is left out, or that it is
 * the same as another row, which stands for both. `undefined` when nothing was, or when it holds no more.
 */
export function findOwnDecision(
  row: Pick<OpenRow, 'key' | 'draft'>,
  store: DecisionStore,
  readCustomer: ReadCustomer,
): Extract<AppliedDecision, { kind: 'same' | 'skip' }> | undefined {
  if (store.isEmpty()) return undefined;
  const kept = store.find(decisionSubject(row));
  if (kept.length === 0) return undefined;
  const rowBasis = decisionBasis(row.draft);
  const aboutRows = kept.find(
    (decision) => isAboutRow(decision) && decision.decision !== 'new' && decision.rowBasis === rowBasis,
  );
  if (aboutRows !== undefined) return { kind: 'skip', reason: describeSkip(aboutRows) };
  const candidates = kept.flatMap(({ decision, customerCode }) =>
    customerCode === undefined || decision === 'new' ? [] : [{ customerCode, evidence: [] }],
  );
  const decided = applyDecision(row, candidates, store, readCustomer);
  return decided.kind === 'same' || decided.kind === 'skip' ? decided : undefined;
}

const rowPrefix = 'row ';

/** How a decision about two rows names the other one; nothing of what the row says is in it. */
export function rowCandidate(subject: string): string {
  return `${rowPrefix}${contentHash({ subject })}`;
}

/** Whether a decision is about another row, and not about a customer. */
function isAboutRow({ customerCode }: KeptDecision): boolean {
  return customerCode?.startsWith(rowPrefix) === true;
}

/** Stands before the code where a decision is about two customers of the account. */
const customerPrefix = 'customer ';

/** What a decision about two customers is about: both codes, in an order that is always the same. */
export function pairOfCustomers(a: string, b: string): { readonly subject: string; readonly customerCode: string } {
  const [first = a, second = b] = [a, b].toSorted();
  return { subject: `${customerPrefix}${first}`, customerCode: second };
}

/** Ends a row until somebody has decided which customer it means. */
export function endAsWaiting(
  row: OpenRow,
  issue: Issue,
  candidates: readonly ReviewCandidate[],
  readCustomer: ReadCustomer,
): EndedRow {
  const { draft, key, command, defaulted, contentHash } = row;
  return {
    ...{ row: row.row, key, contentHash },
    outcome: { status: 'invalid', reasons: [issue], attempts: 0, candidates },
    waiting: {
      subject: decisionSubject(row),
      draft,
      rowBasis: decisionBasis(draft),
      candidates: candidates.map((candidate) => {
        const customer = readCustomer(candidate.customerCode);
        return { ...candidate, ...(customer === undefined ? {} : { basis: decisionBasis(customer) }) };
      }),
      ...(command === undefined ? {} : { command }),
      ...(defaulted === undefined ? {} : { defaulted }),
    },
  };
}

/** One text for the row that a decision is about, in whatever file it comes: its key, else its content. */
export function decisionSubject({ key, draft }: Pick<OpenRow, 'key' | 'draft'>): string {
  return key === undefined ? `content ${contentHash(normaliseDraft(draft))}` : `key ${key}`;
}

/** The parts of a basis: how each is read from a customer or draft. */
const basisParts = [
  ['name', ['customerName', 'firstName', 'lastName'], normaliseName],
  ['email', ['emailAddress'], normaliseEmail],
  ['phone', ['phoneNumber'], normalisePhone],
] as const;

/** Stands for what is not known: the list does not show every field, and this program may know only what it sent. */
const unknownPart = '?';

/** A fingerprint of name, e-mail address and phone, however they are written. */
export function decisionBasis(customerOrDraft: Customer | Draft): string {
  return basisParts
    .map(([part, fields, normalise]) => {
      const values = fields.map((field) => readField(customerOrDraft, field));
      if (values.every((value) => value === undefined)) return unknownPart;
      const text = values
        .map((value) => (value == null ? '' : normalise(String(value))))
        .filter((value) => value !== '')
        .join(' ');
      return text === '' ? '' : contentHash({ [part]: text }).slice(0, hashCharacters);
    })
    .join(':');
}

/** Six bits each: nobody can choose these values so that they collide to any use. */
const hashCharacters = 12;

/** Whether a text can be a basis. */
export function isDecisionBasis(text: string): boolean {
  const parts = text.split(':');
  return parts.length === basisParts.length && parts.every((part) => part === '' || /^[\w-]{12}$|^\?$/.test(part));
}

/** Whether two bases of a customer show the same values, as far as both know them. */
export function isSameBasis(a: string | undefined, b: string | undefined): boolean {
  if (a === undefined || b === undefined) return true;
  const others = b.split(':');
  return a.split(':').every((part, place) => {
    const other = others[place];
    return part === other || part === unknownPart || other === unknownPart;
  });
}

/** What a draft says, however it is written; what it leaves blank does not count. */
function normaliseDraft(draft: Draft): Draft {
  const entries = Object.entries(draft).flatMap(([field, value]): [string, JsonValue][] => {
    if (value === null || value === '') return [];
    const name = field.toLowerCase();
    if (typeof value !== 'string') return [[name, value]];
    return [[name, (normalisers[name] ?? normaliseName)(value)]];
  });
  return Object.fromEntries(entries);
}

const normalisers: Readonly<Record<string, (text: string) => string>> = {
  emailaddress: normaliseEmail,
  phonenumber: normalisePhone,
  faxnumber: normalisePhone,
};

function normaliseName(text: string): string {
  return normaliseValue('customerName', text) ?? '';
}

function normaliseEmail(text: string): string {
  return normaliseValue('emailAddress', text) ?? '';
}

/** Whether the number is written with a country code or with a zero, its last nine digits are the same. */
function normalisePhone(text: string): string {
  return text.replaceAll(/\D/g, '').slice(-9);
}

/** Statuses after which a row that was decided need not be looked at again. */
const doneStatuses: ReadonlySet<RowStatus> = new Set([
  'created',
  'updated',
  'unchanged',
  'deleted',
  'deactivated',
] as const);

/** Of rows of a review file with which nothing is sent, because what was decided is only to be kept. */
const keptCodes: ReadonlySet<string> = new Set(['DECIDED_SKIP', 'DECIDED_APART']);

/** What a row of a review file has done about the row that it stands for; nothing while something is left to do. */
export function findDoneDecision(
  origin: NonNullable<Row['origin']>,
  outcome: RowOutcome,
  written: Customer | undefined,
): { readonly decided?: DoneDecision } {
  const isLeftOut = outcome.status === 'skipped' && keptCodes.has(outcome.reason.code);
  if (!doneStatuses.has(outcome.status) && !isLeftOut) return {};
  return { decided: { ...origin, ...(written === undefined ? {} : { customerBasis: decisionBasis(written) }) } };
}

/** Why a row is left out that somebody has decided to leave out. */
export function describeSkip({ decidedAtMs, run }: Pick<KeptDecision, 'decidedAtMs' | 'run'>): Issue {
  const when = new Date(decidedAtMs).toISOString().slice(0, 10);
  const where = run === undefined ? '' : ` in the review of run ${run}`;
  return {
    severity: 'info',
    code: 'DECIDED_SKIP',
    message: `Left out: decided on ${when}${where}. It is asked about again once its name, e-mail address or phone changes.`,
  };
}

import type { Issue } from '#pipelines/issue.js';
import type { CustomerMirror } from '#pipelines/listing/mirror.js';
import type { ReviewCandidate } from '#pipelines/model.js';
import type { KnownCustomer, RunLedger } from '#pipelines/ports.js';
import { applyDecision, findOwnDecision } from './decisions.js';
import { displayKey, splitKey } from './keys.js';
import type { EndedRow, ImportRow, OpenRow } from './map.js';
import { describeOtherName, type FieldMatcher, matchByFields } from './match.js';

/** What an import does with a row's customer. */
export type ImportMode = 'add' | 'update' | 'upsert';

/** Who a row is about, as far as the row, the ledger and the mirror can tell without a call. */
export type ResolvedIdentity =
  /** The row names its customer by code. */
  | { readonly kind: 'named' }
  /** Exactly one customer has the same values in the fields to match by, bears the row's key, or was said to be it. */
  | { readonly kind: 'matched'; readonly customerCode: string; readonly by?: 'stamp' }
  /** An earlier row with the same key, or without a key the same content, stands for this customer. */
  | { readonly kind: 'known'; readonly customer: KnownCustomer }
  | { readonly kind: 'nobody' }
  /** The row does not say clearly enough whom it is about; with candidates, a person may decide. */
  | { readonly kind: 'unclear'; readonly issue: Issue; readonly candidates?: readonly ReviewCandidate[] }
  /** A person has decided to leave the row out. */
  | { readonly kind: 'left_out'; readonly reason: Issue };

export interface IdentifiedRow {
  readonly outcome: undefined;
  readonly row: OpenRow;
  readonly identity: ResolvedIdentity;
  /** The import's mode, or what the row's own command says. */
  readonly mode: ImportMode;
}

export interface IdentifyOptions {
  readonly mode: ImportMode;
  readonly ledger: RunLedger;
  /** Add a customer although one of exactly this content was created before. A key is believed in any case. */
  readonly force: boolean;
  /** Source columns of key and code, for messages. */
  readonly identityColumns: readonly string[];
  /** Up to date; without one, customers that are known by key or code only. */
  readonly mirror?: CustomerMirror | undefined;
  /** Finds customers of rows with neither a code nor a known key. */
  readonly matcher?: FieldMatcher | undefined;
}

/** Finds out who each row is about. No calls: a customer that this tool has created, or may have, is in the ledger. */
export function identifyRows(
  rows: readonly ImportRow[],
  options: IdentifyOptions,
): readonly (EndedRow | IdentifiedRow)[] {
  const keys = rows.flatMap(({ outcome, key }) => (outcome === undefined ? (key ?? []) : []));
  const customersByKey = options.ledger.findCustomersByKeys(keys);
  return rows.map((row) => {
    if (row.outcome !== undefined) return row;
    const mode = chooseMode(row, options.mode);
    const byKey = row.key === undefined ? undefined : customersByKey.get(row.key);
    return { outcome: undefined, row, mode, identity: identify(row, byKey, mode, options) };
  });
}

const modeOfCommand = { NEW: 'add', MERGE: 'upsert', UPDATE: 'update', REPLACE: 'upsert', DELETE: 'update' } as const;

function chooseMode({ command }: OpenRow, mode: ImportMode): ImportMode {
  return command === undefined || command === 'IGNORE' ? mode : modeOfCommand[command];
}

function identify(
  row: OpenRow,
  byKey: KnownCustomer | undefined,
  mode: ImportMode,
  options: IdentifyOptions,
): ResolvedIdentity {
  if (row.customerCode !== undefined) {
    const other = byKey?.customerCode;
    if (other === undefined || other === row.customerCode) return { kind: 'named' };
    return { kind: 'unclear', issue: describeOtherCode(row, other, options.identityColumns) };
  }
  const decided = findOwnDecision(row, options.ledger.decisions, (code) => options.mirror?.find(code)?.customer);
  if (decided?.kind === 'skip') return { kind: 'left_out', reason: decided.reason };
  if (byKey !== undefined) return { kind: 'known', customer: byKey };
  if (decided !== undefined) return { kind: 'matched', customerCode: decided.customerCode };
  const matched = mode === 'add' ? undefined : matchByFields(row, options);
  if (matched?.kind === 'unclear' && matched.candidates !== undefined)
    return waitOrApply(row, mode, matched.issue, matched.candidates, options);
  if (matched?.kind === 'matched') {
    const other = options.matcher?.findOtherName(row.draft, matched.customerCode);
    if (other !== undefined)
      return waitOrApply(row, mode, describeOtherName(other, options.identityColumns), [other], options);
  }
  if (matched !== undefined) return matched;
  const customer = findSameContent(row, mode, options);
  return customer === undefined ? { kind: 'nobody' } : { kind: 'known', customer };
}

/** Key and code of a row are two customers': to follow either could make the other one into somebody else. */
function describeOtherCode({ key = '', customerCode }: OpenRow, other: string, columns: readonly string[]): Issue {
  return {
    severity: 'error',
    code: 'KEY_CONTRADICTED',
    message: `The key "${displayKey(key)}" stands for customer ${other}, but the row names ${customerCode}: nothing was changed. Correct the one that is wrong. To give the key to ${customerCode}: mypos-customers crosswalk import, with --replace`,
    columns,
    value: splitKey(key).key,
  };
}

/** Finds a customer that was created with the same content: without a key, nothing else shows that an add would be a duplicate. */
function findSameContent(
  row: OpenRow,
  mode: ImportMode,
  { force, ledger, matcher, mirror }: Pick<IdentifyOptions, 'ledger' | 'mirror' | 'matcher' | 'force'>,
): KnownCustomer | undefined {
  if (row.key !== undefined || mode === 'update' || force) return undefined;
  const known = ledger.findCustomerByContent(row.contentHash);
  if (known?.customerCode === undefined || matcher === undefined) return known;
  // Where customers are found by their fields, one that is gone from the API may be added again.
  return mirror?.find(known.customerCode) === undefined ? undefined : known;
}

/** A row that would wait for a decision is what was decided about it before, if that still holds. */
export function waitOrApply(
  row: OpenRow,
  mode: ImportMode,
  issue: Issue,
  candidates: readonly ReviewCandidate[],
  options: Pick<IdentifyOptions, 'ledger' | 'mirror' | 'matcher' | 'force'>,
): ResolvedIdentity {
  const decided = applyDecision(
    row,
    candidates,
    options.ledger.decisions,
    (code) => options.mirror?.find(code)?.customer,
  );
  switch (decided.kind) {
    case 'same':
      return { kind: 'matched', customerCode: decided.customerCode };
    case 'skip':
      return { kind: 'left_out', reason: decided.reason };
  }
  // Decided to be new and added, the row itself is among its candidates.
  const customer = findSameContent(row, mode, options);
  if (customer !== undefined) return { kind: 'known', customer };
  return decided.kind === 'new' ? { kind: 'nobody' } : { kind: 'unclear', issue, candidates: decided.candidates };
}

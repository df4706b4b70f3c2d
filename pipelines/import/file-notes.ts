import { FingerprintIndex } from '#pipelines/fingerprints.js';
import type { CustomerMirror } from '#pipelines/listing/mirror.js';
import type { ReviewCandidate } from '#pipelines/model.js';
import type { LedgerRow, RunLedger } from '#pipelines/ports.js';
import type { CandidateIndex } from '#pipelines/quality/duplicates/candidate-index.js';
import type { SuspectRow } from './account-unknown.js';
import { applyDecision } from './decisions.js';
import type { IdentifiedRow } from './identify.js';
import type { FoundAdds, LostAdds } from './lost-adds.js';
import { identityKey, type OpenRow } from './map.js';
import type { Stamps } from './stamps.js';

/** Enough for a person to decide by. */
const maxCandidates = 5;
/** Of more rows, what they say is not looked at again when all were counted: so many are a reason to stop in any case. */
const maxRechecked = 20_000;

/** Said of a stranger whose fields several rows have. */
export const sharedEvidence = 'same values as in other rows of the file';

/** The account as it is before the first add. */
export interface Account {
  readonly mirror: CustomerMirror;
  readonly index: CandidateIndex;
  readonly stamps?: Stamps;
  /** Codes of the strangers. */
  readonly strangers: ReadonlySet<string>;
  /** Given where the ledger may not know of all that the run has added. */
  readonly lostAdds?: LostAdds;
}

/** What was noted of the rows of a file, to conclude from once all were read. */
export class FileNotes {
  readonly #account: Account;
  readonly #keys = new FingerprintIndex();
  readonly #noted: NotedRow[] = [];
  /** The rows that were found to be a stranger by their fields; most files have one for each. */
  readonly #matched = new Map<string, MatchedStranger>();
  #rows = 0;
  /** Rows about which nothing is said. */
  silentRows = 0;

  constructor(account: Account) {
    this.#account = account;
  }

  /** @param state - of the row in this run's ledger, where an earlier process has settled it */
  note({ row, identity }: IdentifiedRow, state: LedgerRow['state'] = 'failed'): void {
    const isSettled = state !== 'failed';
    const { index, stamps } = this.#account;
    index.countRow(row.draft);
    if (row.key !== undefined && stamps !== undefined) this.#keys.add(row.key);
    this.#rows += isSettled ? 0 : 1;
    const stamped = row.key === undefined ? [] : (stamps?.findCodes(row.key) ?? []);
    for (const code of stamped) this.#noteStamped(row, code);
    if (stamped.length > 0) return;
    switch (identity.kind) {
      case 'matched':
        this.#noteMatch(row, identity.customerCode, state);
        return;
      case 'unclear': {
        const { candidates = [] } = identity;
        const [only] = candidates;
        // Another row was found to be it before.
        if (only !== undefined && candidates.length === 1) this.#noteMatch(row, only.customerCode, state);
        else this.#noted.push({ row, isSettled, certain: candidates });
        return;
      }
      default: {
        const found = findEvidence(index, row);
        if (found.length > 0) this.#noted.push({ row, isSettled, found });
        else this.silentRows += isSettled ? 0 : 1;
      }
    }
  }

  /** A customer that bears the row's key is no other row's. */
  #noteStamped(row: OpenRow, customerCode: string): void {
    const identity = identityKey(row) ?? `row ${row.row.index}`;
    const before = this.#matched.get(customerCode);
    const first = before ?? { identity, row: row.row.number, key: row.key, isVetoed: false };
    this.#matched.set(customerCode, { ...first, isShared: before !== undefined && before.identity !== identity });
  }

  #noteMatch(row: OpenRow, customerCode: string, state: LedgerRow['state']): void {
    const identity = identityKey(row) ?? `row ${row.row.index}`;
    const before = this.#matched.get(customerCode);
    // Rows that are sent one after the other, because they say that they are the same customer, share nobody.
    if (before !== undefined) {
      if (before.identity !== identity) this.#matched.set(customerCode, { ...before, isShared: true });
      return;
    }
    const veto = this.#account.strangers.has(customerCode) ? findVeto(row, customerCode, this.#account) : undefined;
    const first = { identity, row: row.row.number, key: row.key };
    const isCreatedHere = state === 'created';
    this.#matched.set(customerCode, { ...first, isShared: false, isVetoed: veto !== undefined, isCreatedHere });
    if (veto !== undefined) this.#noted.push({ row, isSettled: state !== 'failed', certain: [veto] });
  }

  /**
   * @param isContradicted - whether rows that say to be the same customer say different things
   * @param lost - customers that rows of this run have created already
   */
  conclude(
    ledger: RunLedger,
    isContradicted: (identity: string) => boolean,
    lost: FoundAdds['created'] = new Map(),
  ): Conclusion {
    const { mirror, strangers } = this.#account;
    const contradicted = [...this.#matched].filter(
      ([, { identity, isCreatedHere }]) => isCreatedHere !== true && isContradicted(identity),
    );
    for (const [code, matched] of contradicted) this.#matched.set(code, { ...matched, isShared: true });
    const taken = new Set([...this.#findTaken(), ...lost.values()]);
    const evidence = new Map<number, readonly ReviewCandidate[]>();
    const shared = new Set([...this.#matched].flatMap(([code, { isShared }]) => (isShared ? [code] : [])));
    const sharedIdentities = new Set(contradicted.map(([, { identity }]) => identity));
    const suspects: SuspectRow[] = [];
    for (const [at, noted] of this.#noted.entries()) {
      const { row, isSettled, certain } = noted;
      if (lost.has(row.row.index)) continue;
      const candidates = certain ?? this.#lookAgain(noted, at, taken);
      if (candidates.length === 0) continue;
      if (certain === undefined) evidence.set(row.row.index, candidates);
      const decided = applyDecision(row, candidates, ledger.decisions, (code) => mirror.find(code)?.customer);
      if (!isSettled && decided.kind === 'undecided')
        suspects.push({ row: row.row.number, key: row.key, draft: row.draft, candidates });
    }
    for (const customerCode of shared)
      if (strangers.has(customerCode)) suspects.push(describeShared(customerCode, this.#matched.get(customerCode)));
    const linked = [...this.#matched.values()].filter(isLinked).length;
    return {
      evidence,
      shared,
      sharedIdentities,
      suspects: onePerStranger(suspects),
      rowsToAdd: this.#rows - linked - lost.size,
    };
  }

  /** Now that it is known how many rows share a value, and which strangers are other rows. */
  #lookAgain({ row, found = [] }: NotedRow, at: number, taken: ReadonlySet<string>): readonly ReviewCandidate[] {
    const candidates = at < maxRechecked ? findEvidence(this.#account.index, row) : found;
    return candidates.filter(({ customerCode }) => !taken.has(customerCode));
  }

  /** Strangers that a row of the file is linked to: by then they are known, and no longer strangers to the other rows. */
  #findTaken(): ReadonlySet<string> {
    const { stamps } = this.#account;
    const taken = new Set([...this.#matched].flatMap(([code, matched]) => (isLinked(matched) ? [code] : [])));
    for (const key of stamps?.keys() ?? [])
      if (this.#keys.has(key)) for (const code of stamps?.findCodes(key) ?? []) taken.add(code);
    return taken;
  }
}

interface MatchedStranger {
  /** Who the first of the rows says that it is. */
  readonly identity: string;
  /** Line or row number of the first. */
  readonly row: number;
  readonly key: string | undefined;
  /** Several rows, each somebody else, were found to be it. */
  readonly isShared: boolean;
  /** Something speaks against the first of the rows being it. */
  readonly isVetoed: boolean;
  /** The first of the rows has created it in this run: the others only repeat that one. */
  readonly isCreatedHere?: boolean;
}

function isLinked({ isShared, isVetoed }: MatchedStranger): boolean {
  return !isShared && !isVetoed;
}

/** Of the rows that seem to be the same stranger, one at most is there already: a family, or a chain and its branches. */
function onePerStranger(suspects: readonly SuspectRow[]): readonly SuspectRow[] {
  const byStranger = new Map<string, SuspectRow>();
  for (const suspect of suspects) {
    const code = suspect.candidates[0]?.customerCode ?? '';
    if (!byStranger.has(code)) byStranger.set(code, suspect);
  }
  return [...byStranger.values()];
}

function describeShared(customerCode: string, matched: MatchedStranger | undefined): SuspectRow {
  const { row = 0, key } = matched ?? {};
  return { row, key, draft: {}, candidates: [{ customerCode, evidence: [sharedEvidence] }] };
}

interface NotedRow {
  readonly row: OpenRow;
  /** By an earlier process of the run. */
  readonly isSettled: boolean;
  /** Strangers that it may be, whatever the other rows say. */
  readonly certain?: readonly ReviewCandidate[];
  /** Strangers that resemble it, as long as not too many rows do. */
  readonly found?: readonly ReviewCandidate[];
}

export interface Conclusion {
  readonly evidence: ReadonlyMap<number, readonly ReviewCandidate[]>;
  readonly shared: ReadonlySet<string>;
  /** What rows say that all mean such a customer and contradict each other. */
  readonly sharedIdentities: ReadonlySet<string>;
  /** Rows that seem to be there already, and of which nobody has decided whether they are. */
  readonly suspects: readonly SuspectRow[];
  readonly rowsToAdd: number;
}

function findEvidence(index: CandidateIndex, { draft }: OpenRow): readonly ReviewCandidate[] {
  return index
    .find(draft)
    .filter(({ isStrong }) => isStrong)
    .slice(0, maxCandidates)
    .map(({ customerCode, reasons }) => ({ customerCode, evidence: reasons }));
}

/** Why a stranger with the same fields is somebody else all the same: another first name, another place, Jr and Sr. */
export function findVeto(
  { draft }: OpenRow,
  customerCode: string,
  { index, mirror }: Pick<Account, 'index' | 'mirror'>,
): ReviewCandidate | undefined {
  const customer = mirror.find(customerCode)?.customer;
  if (customer === undefined) return undefined;
  const { isContradicted, reasons } = index.compare(draft, customer);
  return isContradicted ? { customerCode, evidence: reasons } : undefined;
}

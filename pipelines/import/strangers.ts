import type { Issue } from '#pipelines/issue.js';
import { type CustomerMirror, knowsField } from '#pipelines/listing/mirror.js';
import type { ReviewCandidate, Row } from '#pipelines/model.js';
import type { RunLedger, Strangers } from '#pipelines/ports.js';
import { createCandidateIndex } from '#pipelines/quality/duplicates/candidate-index.js';
import { type AccountFacts, AccountUnknown, proposeMatch } from './account-unknown.js';
import { findOwnDecision } from './decisions.js';
import { type Account, type Conclusion, FileNotes, findVeto, sharedEvidence } from './file-notes.js';
import { FirstAdd } from './first-add.js';
import { type IdentifiedRow, type ResolvedIdentity, waitOrApply } from './identify.js';
import { describeAmbiguousKey, isSameSource } from './keys.js';
import { type FoundAdds, LostAdds, readCreation } from './lost-adds.js';
import type { EndedRow, OpenRow } from './map.js';
import { type ReadKeys, RenumberedCustomers } from './renumbered.js';
import { type StampOptions, type StampPorts, Stamps } from './stamps.js';

export interface StrangerPorts extends Omit<StampPorts, 'mirror'> {
  /** Whom rows are compared with: those whom this ledger does not know or, to rows with a key, does not know by one of its source. */
  readonly compared: Strangers;
  readonly sleep: (delayMs: number) => Promise<void>;
  /** Brings the local copy of the customers up to date, and proves that it is whole. */
  readonly openMirror: () => Promise<CustomerMirror>;
}

export interface StrangerOptions {
  readonly stamp?: StampOptions;
  /** Of telephone numbers that do not say theirs. */
  readonly country?: string;
  /** The fields that the mapping sets, for the fields to match by that are proposed. */
  readonly fields: readonly string[];
  /** Strangers that a person has looked at: none of the rows is one of them. */
  readonly dismissed: ReadonlySet<string>;
  /** Given when a person has said this of all strangers that there were at this moment (epoch milliseconds, the API's clock). */
  readonly dismissedBeforeMs?: number;
  /** When the run was begun (epoch milliseconds, the API's clock); given when it may have added customers since that its ledger does not know. */
  readonly lostSinceMs?: number;
  /** The account is known to be empty when it looks so. */
  readonly isKnownEmpty: boolean;
  /** Whether rows that seem to be there already are a reason to stop, and not only to wait one by one. */
  readonly isUnknownAccount: (strangers: number, known: number) => boolean;
  /** Rows have no key, so that known customers, too, are found by the fields to match by: several rows may mean one of them. */
  readonly findsKnownByFields: boolean;
  /** Goes on where an import would stop, to show why. */
  readonly onlyPlans: boolean;
}

/** How a reading of the whole file sees its rows before anything is sent. */
export interface FilePass {
  /** The rows of the file once more, from the first. */
  readonly read: () => AsyncIterable<readonly Row[]>;
  /** The keys of the file once more. */
  readonly readKeys: ReadKeys;
  /** Who rows are about, as far as ledger and matching fields tell. */
  readonly identify: (rows: readonly Row[]) => Promise<readonly (EndedRow | IdentifiedRow)[]>;
  /** Who a row that is only to be added is by its fields. */
  readonly match: (row: OpenRow, mirror: CustomerMirror) => ResolvedIdentity | undefined;
  /** Whether rows of the file that say to be this customer by their fields say different things. */
  readonly isContradicted: (identity: string) => boolean;
  readonly ledger: RunLedger;
  readonly identityColumns: readonly string[];
}

/** More than 5 % of the rows to add, and more than 3, are no coincidence. */
const maxSuspects = { rows: 3, share: 0.05 } as const;
/** What the strangers say about the rows of a file; a row that is not in it resembles none. */
interface Survey {
  readonly evidence: ReadonlyMap<number, readonly ReviewCandidate[]>;
  /** Customers whose fields several rows of the file have. */
  readonly shared: ReadonlySet<string>;
  readonly sharedIdentities: ReadonlySet<string>;
  /** Absent where there is nobody to compare with. */
  readonly account?: Account;
  /** What the run has added without its ledger knowing of it. */
  readonly lost?: FoundAdds;
}

const nobodyStrange: Survey = { evidence: new Map(), shared: new Set(), sharedIdentities: new Set() };

/**
 * Compares rows that this ledger does not know with the strangers: customers of the account that it neither made, nor
 * matched, nor was told of; for rows with a key, also those that no key of its source stands for. No add leaves while the account may already hold its customer. The account is looked at before
 * the first add of a run, so a run that adds nobody costs no call.
 */
export class StrangerCheck {
  readonly #ports: StrangerPorts;
  readonly #options: StrangerOptions;
  #survey: Promise<Survey> | undefined;
  /** The local copy, once the account was looked at. */
  mirror: CustomerMirror | undefined;
  #firstAdd: FirstAdd | undefined;
  #saveDismissed: ((customerCodes: readonly string[]) => void) | undefined;
  #dismissedNow: readonly string[] | undefined;
  /** How many customers the ledger does not know at all; known once the account was looked at. */
  strangers: number | undefined;
  #sharedIdentities: ReadonlySet<string> = new Set();
  #renumbered: RenumberedCustomers | undefined;
  #hasCustomers: boolean | undefined;
  /** Why an import would stop, where it is only planned. */
  refusal: AccountUnknown | undefined;

  constructor(ports: StrangerPorts, options: StrangerOptions) {
    this.#ports = ports;
    this.#options = options;
  }

  /** Whether all rows that say to be this customer wait, because they contradict each other; known once the file was read. */
  isShared(identity: string): boolean {
    return this.#sharedIdentities.has(identity);
  }

  /** Lets adds pass: only the first one, while it is not proved that the list shows customers. */
  get firstAdd(): FirstAdd | undefined {
    return this.#firstAdd;
  }

  /** Tells, once that is known, which strangers a person has said to be none of the rows. */
  whenDismissed(save: (customerCodes: readonly string[]) => void): void {
    this.#saveDismissed = save;
    if (this.#dismissedNow !== undefined) save(this.#dismissedNow);
  }

  /**
   * Reads the file before anything is sent. Where the local copy is up to date and holds no strangers, that is not needed.
   *
   * @throws AccountUnknown, TooManyDetails
   */
  async prepare(pass: FilePass, mirror: CustomerMirror | undefined): Promise<void> {
    const mayHaveStrangers = mirror === undefined || this.#survey !== undefined || this.#lookAt(mirror) > 0;
    if (!mayHaveStrangers && !this.#options.findsKnownByFields) this.#survey = Promise.resolve(nobodyStrange);
    this.#survey ??= this.#read(pass);
    this.#sharedIdentities = (await this.#survey).sharedIdentities;
  }

  /** Says of rows that would be added, or were found by their fields, whether they are strangers. @throws as {@link prepare} */
  async resolve(
    rows: readonly (EndedRow | IdentifiedRow)[],
    pass: FilePass,
  ): Promise<readonly (EndedRow | IdentifiedRow)[]> {
    if (!rows.some(isQuestion)) return rows;
    // Somebody is to be added, so the account is looked at first: without strangers the file is not read for them.
    this.#survey ??= this.#open().then((account) =>
      account === undefined ? nobodyStrange : this.#read(pass, account),
    );
    const survey = await this.#survey;
    const identified = rows.map((row) =>
      isQuestion(row) ? { ...row, identity: this.#identify(row, survey, pass) } : row,
    );
    return Promise.all(identified.map((row) => this.#findRenumbered(row, pass)));
  }

  /** @returns how many strangers matter */
  #lookAt(mirror: CustomerMirror): number {
    const { api, known, compared, sleep } = this.#ports;
    const { isKnownEmpty, dismissedBeforeMs } = this.#options;
    this.mirror = mirror;
    this.strangers ??= known.countStrangers();
    if (mirror.count() === 0 && !isKnownEmpty) this.#firstAdd ??= new FirstAdd({ api, sleep });
    if (dismissedBeforeMs === undefined) return compared.countStrangers();
    this.#dismissedNow ??= [...compared.strangers()]
      .filter(({ customer }) => readCreation(customer) < dismissedBeforeMs)
      .map(({ customer }) => String(customer.customerCode));
    this.#saveDismissed?.(this.#dismissedNow);
    return compared.countStrangers() - this.#dismissedNow.length;
  }

  async #open(): Promise<Account | undefined> {
    const { country, stamp, findsKnownByFields, lostSinceMs } = this.#options;
    const mirror = await this.#ports.openMirror();
    if (this.#lookAt(mirror) === 0 && !findsKnownByFields) return undefined;
    const dismissed = new Set([...this.#options.dismissed, ...(this.#dismissedNow ?? [])]);
    const compared = [...this.#ports.compared.strangers()].filter(
      ({ customer }) => !dismissed.has(String(customer.customerCode)),
    );
    if (compared.length === 0 && !findsKnownByFields) return undefined;
    const [first] = compared;
    if (first !== undefined && !contactFields.some((field) => knowsField(first, field)))
      this.#ports.notice(evidenceLimited);
    const customers = compared.map(({ customer }) => customer);
    const account = {
      mirror,
      index: createCandidateIndex(customers, country === undefined ? {} : { country }),
      strangers: new Set(customers.map(({ customerCode }) => String(customerCode))),
      ...(lostSinceMs === undefined ? {} : { lostAdds: new LostAdds(customers, lostSinceMs) }),
    };
    if (stamp === undefined) return account;
    const stamps = new Stamps({ ...this.#ports, mirror }, stamp);
    await stamps.learnFromList();
    return { ...account, stamps };
  }

  /** @param known - the account, where it was looked at before; else it is with the first row that would be added */
  async #read(pass: FilePass, known?: Account): Promise<Survey> {
    let opened = known && { account: known, notes: new FileNotes(known) };
    for await (const rows of pass.read()) {
      const [first, last] = [rows[0], rows.at(-1)];
      if (first === undefined || last === undefined) continue;
      const states = pass.ledger.rowStatesBetween(first.index, last.index);
      for (const row of await pass.identify(rows)) {
        if (!isQuestion(row) || !this.#isNoted(row)) continue;
        if (opened === undefined) {
          const account = await this.#open();
          if (account === undefined) return nobodyStrange;
          opened = { account, notes: new FileNotes(account) };
        }
        const state = states.get(row.row.row.index)?.state;
        const matched = matchAdd(row, opened.account, pass);
        opened.notes.note(matched, state);
        if (matched.identity.kind === 'nobody' && (state === undefined || state === 'failed'))
          opened.account.lostAdds?.note(row.row);
      }
    }
    return opened === undefined ? nobodyStrange : this.#conclude(opened.account, opened.notes, pass);
  }

  #isNoted(row: IdentifiedRow): boolean {
    if (mayBeStranger(row, this.#ports.compared)) return true;
    return this.#options.findsKnownByFields && listCodes(row.identity).length === 1;
  }

  async #conclude(account: Account, notes: FileNotes, pass: FilePass): Promise<Survey> {
    const { stamps } = account;
    const lost = await account.lostAdds?.find(this.#ports.api, this.#options.stamp?.field);
    const found = { account, ...(lost === undefined ? {} : { lost }) };
    const conclude = () => notes.conclude(pass.ledger, pass.isContradicted, lost?.created);
    const concluded = conclude();
    this.#refuseUnknown(account, concluded);
    if (stamps === undefined || notes.silentRows === 0 || this.refusal !== undefined) return { ...concluded, ...found };
    await stamps.learnFromDetails();
    return { ...conclude(), ...found };
  }

  #refuseUnknown({ mirror, strangers }: Account, { suspects, rowsToAdd }: Conclusion): void {
    const { isUnknownAccount, fields, stamp, country, onlyPlans } = this.#options;
    if (suspects.length <= Math.max(maxSuspects.rows, maxSuspects.share * rowsToAdd)) return;
    const unknown = [...strangers].filter((code) => this.#ports.known.isStranger(code)).length;
    if (!isUnknownAccount(unknown, mirror.count() - unknown)) return;
    const facts: AccountFacts = {
      ...{
        strangers: strangers.size,
        knownOtherwise: strangers.size - unknown,
        known: mirror.count() - strangers.size,
      },
      ...{ rowsToAdd, suspects: suspects.length, examples: suspects.slice(0, 3) },
      match: proposeMatch(suspects, mirror, fields, country),
      ...(stamp === undefined ? {} : { stamp: stamp.field }),
    };
    this.refusal = new AccountUnknown(facts);
    if (!onlyPlans) throw this.refusal;
  }

  /** A row that would be added, and says all that is known of a customer whose key is in no row any more. */
  async #findRenumbered(asked: EndedRow | IdentifiedRow, pass: FilePass): Promise<EndedRow | IdentifiedRow> {
    const { dismissedBeforeMs, country } = this.#options;
    const { mirror } = this;
    if (asked.outcome !== undefined || asked.identity.kind !== 'nobody' || asked.mode === 'update') return asked;
    if (dismissedBeforeMs !== undefined || mirror === undefined) return asked;
    // Whoever came with this run came with a key of its own.
    this.#hasCustomers ??= mirror.count() > 0;
    if (!this.#hasCustomers) return asked;
    const { ledger, identityColumns: columns } = pass;
    this.#renumbered ??= new RenumberedCustomers(mirror, ledger, pass.readKeys, { country });
    const found = await this.#renumbered.find(asked.row);
    if (found === undefined) return asked;
    const issue = describePossibleDuplicate([found], columns);
    const identity = waitOrApply(asked.row, asked.mode, issue, [found], { ledger, mirror, force: false });
    return { ...asked, identity };
  }

  /** Gives back what a reading of the file has taken up; the next one takes it up again. */
  close(): void {
    this.#renumbered?.close();
    this.#renumbered = undefined;
  }

  #identify(asked: IdentifiedRow, survey: Survey, pass: FilePass): ResolvedIdentity {
    const { account } = survey;
    if (account === undefined) return asked.identity;
    const { mirror, stamps, strangers } = account;
    const { row, identity, mode } = matchAdd(asked, account, pass);
    const { ledger, identityColumns: columns } = pass;
    const stamped = row.key === undefined ? [] : (stamps?.findCodes(row.key) ?? []);
    if (row.key !== undefined && stamped.length > 1)
      return { kind: 'unclear', issue: describeAmbiguousKey(row.key, stamped, columns) };
    const [code] = stamped;
    if (code !== undefined && (strangers.has(code) || !isTaken(code, row, ledger)))
      return { kind: 'matched', customerCode: code, by: 'stamp' };
    const wait = (issue: Issue, candidates: readonly ReviewCandidate[]) =>
      waitOrApply(row, mode, issue, candidates, { ledger, mirror, force: false });
    if (identity.kind === 'matched') {
      const { customerCode } = identity;
      if (survey.shared.has(customerCode)) return waitAsShared(customerCode, wait, columns);
      const veto = strangers.has(customerCode) ? findVeto(row, customerCode, account) : undefined;
      return veto === undefined ? identity : wait(describePossibleDuplicate([veto], columns), [veto]);
    }
    if (identity.kind !== 'nobody') return identity;
    // An import that only adds has no local copy before the account is looked at.
    const decided = findOwnDecision(row, ledger.decisions, (code) => mirror.find(code)?.customer);
    if (decided?.kind === 'same') return { kind: 'matched', customerCode: decided.customerCode };
    if (decided?.kind === 'skip') return { kind: 'left_out', reason: decided.reason };
    const created = survey.lost?.created.get(row.row.index);
    if (created !== undefined) {
      const own = [{ customerCode: created, evidence: [ownAdd] }];
      const answered = wait(describePossibleDuplicate(own, columns), own);
      return answered.kind === 'unclear' ? { kind: 'matched', customerCode: created } : answered;
    }
    const candidates = survey.evidence.get(row.row.index) ?? survey.lost?.unclear.get(row.row.index);
    return candidates === undefined ? identity : wait(describePossibleDuplicate(candidates, columns), candidates);
  }
}

const ownAdd = 'created since the run was begun, with the same values';

type Wait = (issue: Issue, candidates: readonly ReviewCandidate[]) => ResolvedIdentity;

/** Rows of one file that match the same customer: each of them, or none, may be it. */
function waitAsShared(customerCode: string, wait: Wait, columns: readonly string[]): ResolvedIdentity {
  const issue: Issue = {
    severity: 'error',
    code: 'MATCH_AMBIGUOUS',
    message: `Several rows of the file match customer ${customerCode}, which can be only one of them. Decide in the review file which one it is.`,
    columns,
  };
  return wait(issue, [{ customerCode, evidence: [sharedEvidence] }]);
}

/** A row that is only to be added may be a stranger by its fields; a customer that the ledger knows is none of its business. */
function matchAdd(asked: IdentifiedRow, { mirror, strangers }: Account, pass: FilePass): IdentifiedRow {
  if (asked.mode !== 'add' || asked.identity.kind !== 'nobody') return asked;
  const identity = pass.match(asked.row, mirror);
  if (identity === undefined) return asked;
  return listCodes(identity).some((code) => strangers.has(code)) ? { ...asked, identity } : asked;
}

/** Whether a row would be added, or was found to be somebody whom the ledger does not know. */
function mayBeStranger({ identity }: IdentifiedRow, compared: Strangers): boolean {
  return identity.kind === 'nobody' || listCodes(identity).some((code) => compared.isStranger(code));
}

function listCodes(identity: ResolvedIdentity): readonly string[] {
  if (identity.kind === 'matched') return [identity.customerCode];
  return identity.kind === 'unclear' ? (identity.candidates ?? []).map(({ customerCode }) => customerCode) : [];
}

/** Rows that would be added, and those that were found by what their fields say. */
function isQuestion(row: EndedRow | IdentifiedRow): row is IdentifiedRow {
  if (row.outcome !== undefined) return false;
  const { identity, mode } = row;
  if (identity.kind === 'nobody') return mode !== 'update';
  return identity.kind === 'matched' || (identity.kind === 'unclear' && identity.candidates !== undefined);
}

/** Whether another key stands for the customer already. */
function isTaken(customerCode: string, { key }: OpenRow, ledger: RunLedger): boolean {
  return key !== undefined && ledger.findKeys(customerCode).some((other) => other !== key && isSameSource(other, key));
}

const contactFields = ['emailAddress', 'phoneNumber'] as const;

const evidenceLimited: Issue = {
  severity: 'warning',
  code: 'EVIDENCE_LIMITED',
  message:
    'The list of customers shows neither e-mail addresses nor phone numbers, so a row can be recognised as a customer that is there already only by its name and address.',
};

function describePossibleDuplicate(candidates: readonly ReviewCandidate[], columns: readonly string[]): Issue {
  const described = candidates.map(({ customerCode, evidence }) => `${customerCode} (${evidence.join(', ')})`);
  return {
    severity: 'error',
    code: 'POSSIBLE_DUPLICATE',
    message: `Not added: the account may have this customer already, as ${described.join(' or ')}. Decide in the review file whether it is the same.`,
    columns,
  };
}

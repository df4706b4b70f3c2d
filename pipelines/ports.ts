import type { Issue } from './issue.js';
import type { FormerCustomers } from './listing/former-customers.js';
import type { MirroredCustomer, WrittenCustomer } from './listing/mirror.js';
import type { WholeReading, Witness } from './listing/whole-reading.js';
import type {
  Cell,
  Command,
  Customer,
  CustomerIdentity,
  Draft,
  JsonValue,
  Refusal,
  ReviewCandidate,
  Row,
  RowOutcome,
  RowStatus,
} from './model.js';

/** An input file that can be read from its start as often as needed. */
export interface RowSource {
  /** The file as the user named it. */
  readonly file: string;
  readonly format: 'csv' | 'xlsx' | 'ndjson';
  /** Columns in file order; those that this program adds to its result files are left out already. */
  readonly columns: readonly string[];
  /** What was detected (encoding, delimiter, header row, sheet …), for people and for `--json`. */
  readonly detected: SourceDetection;
  /** What the user should know about the file as a whole. Complete only after `batches()` has ended. */
  readonly notices: readonly Issue[];
  /** Data rows in file order, a batch per step. Every call reads the file anew, with the same `index` per row. */
  batches(): AsyncIterable<readonly Row[]>;
  /** Given when the file has been read whole before: its rows, so that some can be read without the others. */
  readonly rowRanges?: RowRanges;
}

/** Rows that lie together in a file. */
export interface RowRange {
  /** Index of its first row. */
  readonly first: number;
  /** Index of its last row. */
  readonly last: number;
}

export interface RowRanges {
  /** In file order and without a gap. */
  readonly all: readonly RowRange[];
  /** The rows of some of them, given in file order; a batch holds rows of one. */
  readRanges(wanted: readonly RowRange[]): AsyncIterable<readonly Row[]>;
}

export interface SourceDetection {
  readonly format: 'csv' | 'xlsx' | 'ndjson';
  readonly encoding?: string;
  readonly bom?: boolean;
  readonly delimiter?: string;
  readonly lineEnd?: 'LF' | 'CRLF' | 'CR' | 'mixed';
  readonly compression?: 'gzip' | 'zip';
  readonly sheet?: string;
  /** 1-based line or row number of the header; absent for NDJSON. */
  readonly headerRow?: number;
}

/**
 * The Customers API. What a single row can answer for comes back as data; what ends the run (login, a missing right,
 * a dead network, the day's tokens) is thrown, and then the request was certainly not applied.
 */
export interface CustomersApi {
  list(query: ListQuery): Promise<CustomerPage>;
  get(idOrCode: string): Promise<DetailAnswer>;
  /** @param text - the draft as JSON, where that is at hand */
  add(draft: Draft, hooks?: WriteHooks, text?: string): Promise<WriteAnswer>;
  /** Replaces the whole customer: `customer` must be what `get` gave, with changes. */
  update(customerCode: string, customer: Customer, hooks?: WriteHooks): Promise<WriteAnswer>;
  delete(customerCode: string, hooks?: WriteHooks): Promise<DeleteAnswer>;
}

export interface WriteHooks {
  /**
   * Awaited once, before the request waits for the rate limit: the place to put the intent on disk. After its turn the
   * disk would delay the request, and what leaves would no longer be spaced as the limit wants it.
   */
  readonly beforeSend: () => Promise<void>;
  /** Called when an attempt (from 1) is about to leave; what it throws keeps it from leaving. */
  readonly atTurn?: (attempt: number) => void;
  /**
   * Asked when an add was refused with 401, 403 or 429, before it is sent again or counts as not sent: a server may refuse
   * and add all the same.
   *
   * @returns whether it certainly had no effect; if not, it is in doubt
   */
  readonly hadNoEffect?: (httpStatus: number) => Promise<boolean>;
}

export type DetailAnswer =
  | { readonly kind: 'found'; readonly customer: Customer }
  | { readonly kind: 'absent' }
  /** No understandable answer, as often as the policy allows, or one that is about another customer. */
  | ({ readonly kind: 'unanswered'; readonly attempts: number } & Refusal);

export interface ListQuery {
  /** From 1. */
  readonly page: number;
  readonly pageSize: number;
  readonly sort?: { readonly field: string; readonly descending: boolean };
  readonly fields?: readonly string[];
  /** Inclusive bounds on the last edit; the API knows minutes only, so the client widens to whole minutes. */
  readonly changedSince?: Date;
  readonly changedUntil?: Date;
  /** More filters of the API, by their names without `filt_`, e.g. `Name_min`. */
  readonly filters?: Readonly<Record<string, string>>;
}

export interface CustomerPage {
  readonly customers: readonly Customer[];
  /** `liTotalCount`; 0 when it is unknown: the page is empty, since the count only rides on rows, or has none that can be one. */
  readonly total: number;
}

/** The API says that a write was done. */
export interface AppliedAnswer {
  readonly kind: 'applied';
  /** As it is now, as far as the answer shows it; the rest as it was sent. */
  readonly customer: Customer;
  /** The customer in the answer. Its code may be missing, or a number. */
  readonly shown?: Customer;
  /** What the answer said instead of showing the customer; blank when it said nothing. */
  readonly says?: string;
  readonly httpStatus: number;
  readonly attempts: number;
}

/** What is known after an add or an update. */
export type WriteAnswer =
  | AppliedAnswer
  /** The API said no: it will say no again. */
  | ({ readonly kind: 'refused'; readonly attempts: number } & Refusal)
  /** Sent, and the outcome is not known. */
  | ({ readonly kind: 'in_doubt'; readonly attempts: number } & Refusal);

export type DeleteAnswer =
  /** `says`: what the answer said; blank when it said nothing, as documented. */
  | { readonly kind: 'deleted'; readonly httpStatus: number; readonly attempts: number; readonly says?: string }
  | { readonly kind: 'deactivated'; readonly httpStatus: number; readonly attempts: number }
  | Exclude<WriteAnswer, { kind: 'applied' }>;

/** Checks a draft; an empty list means that it may be sent. */
export type ValidateDraft = (draft: Draft) => readonly Issue[];

/** The ledger as one run's rows see it. Writes are durable on disk when their promise resolves. */
export interface RunLedger {
  /** The outcomes of the rows with an index from `first` to `last`, by index; `intent` when a request may have left and no outcome is known. */
  outcomesBetween(first: number, last: number): ReadonlyMap<number, RowOutcome | 'intent'>;
  /** Who the rows with an index from `first` to `last` are about, and how they stand: a resumed run asks for millions. */
  rowStatesBetween(first: number, last: number): ReadonlyMap<number, LedgerRowState>;
  /** How many rows with an index from `first` to `last` are in each state. */
  countStatesBetween(first: number, last: number): ReadonlyMap<LedgerRow['state'], number>;
  /** Rows about one of these keys, and rows without a key about one of these customers, in file order. */
  findRowStates(keys: readonly string[], customerCodes: readonly string[]): readonly LedgerRowState[];
  /** Says that a request is about to leave for this row; before this resolves, none may. */
  recordIntent(intent: Intent): Promise<void>;
  /** Takes an intent back: its request certainly never counted, so the row is again as it was before. */
  withdrawIntent(index: number): Promise<void>;
  settle(rows: readonly Settlement[]): Promise<void>;
  /** Rows of this run without a known outcome, in file order. */
  rowsInDoubt(): readonly LedgerRow[];
  /** Rows whose customer this run created, updated or deleted, in file order. */
  writtenRows(): readonly LedgerRow[];
  /** Some customers that this run or a later one created with an intent after this moment (epoch milliseconds, our clock). */
  witnessesSince(ms: number): readonly Witness[];
  /** The last reading of the whole list that was kept to be compared with a later one. */
  wholeReading(): WholeReading | undefined;
  saveWholeReading(reading: WholeReading): void;
  /** Whether some row of this tenant is known to stand for this customer. */
  isKnownCode(customerCode: string): boolean;
  /** The customers that these keys of the legacy system stand for, in any run of this tenant, by key. */
  findCustomersByKeys(keys: readonly string[]): ReadonlyMap<string, KnownCustomer>;
  /** What was last sent to the customer by rows of the same source as this key, or by rows without one. */
  findSentValues(customerCode: string, key: string | undefined): SentValues | undefined;
  /** The keys that this customer stands for, at most one of each source but for what people linked otherwise. */
  findKeys(customerCode: string): readonly string[];
  /** Whether some row with this key was about this customer, in any run. */
  hasHadKey(customerCode: string, key: string): boolean;
  /** The customers that keys of a source stand for; without a source, keys that have none. */
  linkedCustomers(source: string | undefined): Iterable<LinkedCustomer>;
  /** Who the first so many rows of this run are about: keys, customers, and customers that they may be about. */
  rowIdentities(
    rows: number,
  ): Iterable<{ readonly key: string | undefined; readonly customerCodes: readonly string[] }>;
  /** Entries of this run behind its rows. */
  leaverEntries(rows: number): Iterable<LeaverEntry>;
  /** A customer with exactly this content that another run of this tenant has created, or may have. */
  findCustomerByContent(payloadHash: string): KnownCustomer | undefined;
  /** Whether somebody with one of these keys, codes or e-mail addresses is to be left out; absent while nobody is. */
  readonly isBarred?: (marks: readonly string[]) => boolean;
  /** What people have decided about rows of any run of this tenant. */
  readonly decisions: DecisionStore;
  /** How customers were when this run was begun, where others have changed them since. */
  readonly former: FormerCustomers;
}

/** What people have decided about rows that waited. */
export interface DecisionStore {
  /** @param subject - as `decisionSubject` makes it */
  find(subject: string): readonly KeptDecision[];
  /** Whether nothing was ever decided, so that there is nothing to look for. */
  isEmpty(): boolean;
  /** Replaces what was decided about the same row and customer; a row that is one customer is no other. */
  save(decisions: readonly KeptDecision[]): void;
}

/** `same`: the row is that customer; `new`: it is not; `skip`: the row is left out. */
export const decisionWords = ['same', 'new', 'skip'] as const;

export type DecisionWord = (typeof decisionWords)[number];

/** What a person has decided about a row and one customer. */
export interface KeptDecision {
  /** The row, whichever file it comes in: by its key, else by its content. */
  readonly subject: string;
  /** A customer, or another row as {@link WaitingCandidate.subject} names it. Absent when it is about whichever customers the row may mean. */
  readonly customerCode?: string;
  readonly decision: DecisionWord;
  /** Fingerprint of the row's name, e-mail address and phone when it was decided. */
  readonly rowBasis: string;
  /** The customer's. */
  readonly customerBasis?: string;
  readonly decidedAtMs: number;
  /** The run that asked. */
  readonly run?: string;
}

/** What the ledger keeps of a row that waits for a decision, so that it can be done as decided without its file. */
export interface WaitingRow {
  readonly subject: string;
  readonly draft: Draft;
  readonly command?: Command;
  /** Fields of the draft whose value is the mapping's `default`. */
  readonly defaulted?: readonly string[];
  readonly rowBasis: string;
  readonly candidates: readonly WaitingCandidate[];
}

/** A row of an earlier run that waited, and was done as decided. */
export interface DoneDecision {
  readonly run: string;
  /** Line or row number in that run's file. */
  readonly row: number;
  /** The customer's basis after it was written: what this program changes itself must not undo the decision. */
  readonly customerBasis?: string;
}

export interface WaitingCandidate extends ReviewCandidate {
  /** The customer's basis when the row began to wait; a decision holds only while it is the same. */
  readonly basis?: string;
  /** Given where it is another row of the file: how decisions name that row. */
  readonly subject?: string;
}

/** Customers of the local copy that rows are compared with before they are added. */
export interface Strangers {
  countStrangers(): number;
  /** In the order of their codes. */
  strangers(): Iterable<MirroredCustomer>;
  isStranger(customerCode: string): boolean;
}

/**
 * Whom of the account the ledger knows: customers that a run has created, matched or read, that a key stands for, or of
 * which a person has told. All others are strangers.
 */
export interface KnownCustomers extends Strangers {
  /** Customers that are known, whether the account still has them or not. */
  countKnown(): number;
  /**
   * Strangers to rows with a key of this source: also those that the ledger knows without a key of it, from rows without
   * keys, by their code, or by the key of another source.
   */
  withoutKeyOf(source: string | undefined): Strangers;
  /** A customer that some run created and none has deleted. */
  findCreated(): string | undefined;
  /** A person has told of these. */
  add(customers: readonly CustomerIdentity[]): void;
  /** Whether the list shows a field when it is asked for it; `undefined` when it never was. */
  listShows(field: string): boolean | undefined;
  saveListShows(field: string, shown: boolean): void;
  /** Strangers of which a person has said that they are none of the run's rows; `undefined` where nobody has said so yet. */
  dismissed(run: number): ReadonlySet<string> | undefined;
  dismiss(run: number, customerCodes: readonly string[]): void;
}

export type LedgerRowState = Pick<LedgerRow, 'number' | 'state' | 'key' | 'customerCode' | 'payloadHash'> & {
  /** Given when the row waits for a person to decide. */
  readonly isWaiting?: true;
};

/** What was last sent for a field, and what the account held afterwards. */
export type SentValue = readonly [file: JsonValue, account: JsonValue];

/** For fields that are written only when the file's own value has changed. */
export type SentValues = { readonly [field: string]: SentValue };

/** A customer that a key of the legacy system stands for. */
export interface LinkedCustomer {
  readonly key: string;
  readonly customerCode: string;
}

/** The ledger's entry of a customer that is in no row of the file. */
export interface LeaverEntry {
  readonly index: number;
  readonly state: LedgerRow['state'];
  readonly key: string;
  readonly customerCode: string;
  readonly errorCode?: string;
}

export interface LedgerRow {
  readonly index: number;
  /** Line or row number in the file. */
  readonly number: number;
  /** `intent`: a request may have left and no outcome is known. */
  readonly state: 'intent' | RowStatus;
  readonly outcome?: RowOutcome;
  readonly key?: string;
  /** What was sent, kept while the row is in doubt. */
  readonly payload?: Draft;
  readonly payloadHash?: string;
  /** The customer that an update or a delete is about. */
  readonly customerCode?: string;
  /** Epoch milliseconds, our clock. */
  readonly intentAtMs?: number;
  /** The server's clock minus ours at the intent, where it was known. Milliseconds. */
  readonly clockDifferenceMs?: number;
  /** When the answer was given up: epoch milliseconds, our clock. */
  readonly doubtAtMs?: number;
  /** The customer as it was before this run changed it. */
  readonly preImage?: Customer;
  /** Fingerprint of the whole customer as this run wrote it. */
  readonly writtenHash?: string;
  /** What is to be kept as sent, while the row is in doubt. */
  readonly sentValues?: SentValues;
  /** What had been kept as sent before this run changed it, for an undo. */
  readonly sentBefore?: SentValues;
}

export interface Intent {
  readonly index: number;
  readonly number: number;
  readonly key?: string;
  /** What will be sent, as JSON. */
  readonly payload: string;
  readonly payloadHash: string;
  readonly customerCode?: string;
  readonly preImage?: Customer;
  /** What is to be kept as sent once it is known that the request arrived. */
  readonly sentValues?: SentValues;
}

export interface Settlement {
  readonly index: number;
  readonly number: number;
  readonly key?: string;
  readonly payloadHash?: string;
  /** Fingerprint of the whole customer as it was written, for an undo to see whether it has changed since. */
  readonly writtenHash?: string;
  /** The customer as it is now, for the mirror. A customer of which that is not known any more is forgotten there. */
  readonly written?: WrittenCustomer;
  /** Given when the row waits for a decision. */
  readonly waiting?: WaitingRow;
  /** Values to keep as sent, beside those of other fields; counts only with an outcome that links row and customer. */
  readonly sentValues?: SentValues;
  /** All that is to be kept as sent, in place of what is kept: an undo. */
  readonly sentReset?: SentValues;
  /** The row's key stands for the customer of the outcome, whatever its status. */
  readonly linksKey?: true;
  /** The row of an earlier run that waited for a decision, now that this one has done as decided. */
  readonly decided?: DoneDecision;
  /** As they were read; given when somebody has to fix the row. */
  readonly cells?: readonly Cell[];
  readonly outcome: RowOutcome;
}

/** A customer that an earlier row stands for. */
export interface KnownCustomer {
  /** `in_doubt`: sent by that row, and it is not known yet whether it was created. */
  readonly state: 'known' | 'in_doubt';
  /** Absent when that run is not on record. */
  readonly run?: string;
  /** Line or row number in that run's file. */
  readonly row?: number;
  readonly customerCode?: string;
  readonly customerId?: string;
  /** Hash of the content that was last written to it by this tool. */
  readonly writtenHash?: string;
}

import { contentHash } from '#pipelines/compare-customers.js';
import type { Issue } from '#pipelines/issue.js';
import { describeLeftOut } from '#pipelines/mapping/map-row.js';
import type { MatchRule } from '#pipelines/mapping/mapping.js';
import type { WritePolicies } from '#pipelines/mapping/write-policies.js';
import type { Command, Draft, JsonValue, Row, RowOutcome } from '#pipelines/model.js';
import type { DecisionWord, RunLedger, SentValues, ValidateDraft, WaitingRow } from '#pipelines/ports.js';
import { displayKey, joinKey, quoteKey } from './keys.js';
import { readMatchValue } from './match-value.js';

/** A row on its way through the import: open, or ended with its outcome. */
export type ImportRow = OpenRow | EndedRow;

/** Who a row is about, as far as the file alone can tell. */
export interface RowIdentity {
  /** The legacy system's identifier, as the ledger stores it: with its source, if the mapping names one. */
  readonly key?: string | undefined;
  /** The customer: named by the row itself, or found for it. */
  readonly customerCode?: string | undefined;
  /** What the row says in the fields by which its customer is found when it has neither code nor known key. */
  readonly matchValue?: string | undefined;
}

/** What a row says. */
export interface RowContent extends Required<RowIdentity> {
  readonly draft: Draft;
  /** What the row itself asks for; without one, the import's mode decides. */
  readonly command: Command | undefined;
  /** Fields of the draft whose value is the mapping's `default`. */
  readonly defaulted?: readonly string[] | undefined;
  /** What the user should know of its values. */
  readonly notes?: readonly Issue[] | undefined;
  /** What a person has decided about the row and its customer, where that is no question of identity. */
  readonly decision?: DecisionWord | undefined;
  /** Whether its customer was found by its key, and not named by the row itself. */
  readonly isFoundByKey?: boolean;
  /** Whether the row itself names its customer. */
  readonly isNamed?: boolean;
  /** The id that the customer of its key had when the two were linked. */
  readonly linkedId?: string | undefined;
}

/** Nearly every row has none. */
const noNotes: readonly Issue[] = [];

/** A mapped row that may be sent. Once it is decided, one without a `customerCode` is an add. */
export class OpenRow implements RowContent {
  declare readonly outcome: undefined;
  readonly draft: Draft;
  readonly key: string | undefined;
  readonly customerCode: string | undefined;
  readonly matchValue: string | undefined;
  readonly command: Command | undefined;
  readonly defaulted: readonly string[] | undefined;
  readonly notes: readonly Issue[];
  readonly decision: DecisionWord | undefined;
  readonly isFoundByKey: boolean;
  readonly isNamed: boolean;
  readonly linkedId: string | undefined;
  #contentHash: string | undefined;

  constructor(
    readonly row: Row,
    {
      draft,
      key,
      customerCode,
      matchValue,
      command,
      defaulted,
      notes = noNotes,
      decision,
      isFoundByKey = false,
      isNamed = false,
      linkedId,
    }: RowContent,
    hash?: string,
  ) {
    this.draft = draft;
    this.key = key;
    this.customerCode = customerCode;
    this.matchValue = matchValue;
    this.command = command;
    this.defaulted = defaulted;
    this.notes = notes;
    this.decision = decision;
    this.isFoundByKey = isFoundByKey;
    this.isNamed = isNamed;
    this.linkedId = linkedId;
    this.#contentHash = hash;
  }

  /** The fingerprint of what would be written; computed when it is asked for, because it costs more than to read the row. */
  get contentHash(): string {
    const needsCommand = this.command === 'REPLACE' || this.command === 'DELETE';
    this.#contentHash ??= contentHash(needsCommand ? { ...this.draft, 'row command': this.command } : this.draft);
    return this.#contentHash;
  }

  /** The same row, now that its customer is known. */
  withCustomer(customerCode: string, isFoundByKey = false, linkedId?: string): OpenRow {
    return new OpenRow(this.row, { ...this, customerCode, isFoundByKey, isNamed: false, linkedId }, this.#contentHash);
  }

  /** The same row, for a customer of its own. */
  withoutCustomer(): OpenRow {
    return new OpenRow(
      this.row,
      { ...this, customerCode: undefined, isFoundByKey: false, isNamed: false, linkedId: undefined },
      this.#contentHash,
    );
  }
}

/** A field that differs from the row and keeps its value, and why. */
export interface KeptField {
  readonly field: string;
  /** What the customer keeps. */
  readonly account: JsonValue | undefined;
  /** What the row says. */
  readonly file: JsonValue;
  readonly why: KeptReason;
}

export type KeptReason =
  /** The account stored this value when the row's was sent before. */
  | 'server_changes'
  /** `create`: only new customers get the value. */
  | 'exists'
  /** `whenEmpty`: the customer has a value. */
  | 'has_value'
  /** `whenChanged`: the file says what it said when the value was last sent. */
  | 'file_unchanged'
  /** `whenChanged`: it is not known what was sent before, so nothing is overwritten. */
  | 'first_seen'
  /** `whenChanged`: file and account have both changed it, and the account's value counts. */
  | 'conflict'
  /** The stamp: the field holds something else than a key of the row's source. */
  | 'not_our_key';

/** A row that will not be sent, or no more. */
export interface EndedRow {
  readonly row: Row;
  readonly key: string | undefined;
  readonly outcome: RowOutcome;
  readonly contentHash?: string;
  /** Given when the row waits for a decision. */
  readonly waiting?: WaitingRow;
  /** What the ledger is to keep of the values that file and account have now. */
  readonly sentValues?: SentValues;
  /** Fields that the row would change if their policy allowed it; only where they were asked for. */
  readonly kept?: readonly KeptField[];
  /** From now on the row's key stands for its customer, although nothing was sent. */
  readonly linksKey?: true;
}

/** One text for who a row is about; `undefined` when the row does not say. */
export function identityKey({ key, customerCode, matchValue }: RowIdentity): string | undefined {
  if (key !== undefined) return `key ${key}`;
  if (customerCode !== undefined) return `code ${customerCode}`;
  return matchValue === undefined ? undefined : `match ${matchValue}`;
}

/** The outcome of a row, with what the user should know of its values first. */
export function withRowNotes(outcome: RowOutcome, notes: readonly Issue[]): RowOutcome {
  if (notes.length === 0) return outcome;
  switch (outcome.status) {
    case 'created':
    case 'updated':
    case 'unchanged':
      return { ...outcome, notes: [...notes, ...(outcome.notes ?? [])] };
    default:
      return outcome;
  }
}

/** Ends a row that its owner has to fix. */
export function endAsInvalid(row: Row, reasons: readonly Issue[], key?: string): EndedRow {
  return { row, key, outcome: { status: 'invalid', reasons, attempts: 0 } };
}

/** Ends a row that is left out on purpose. */
export function endAsSkipped(
  { row, key }: Pick<EndedRow, 'row' | 'key'>,
  reason: Issue,
  customer: { readonly customerCode?: string | undefined; readonly customerId?: string | undefined } = {},
): EndedRow {
  const { customerCode, customerId } = customer;
  const identity = {
    ...(customerCode === undefined ? {} : { customerCode }),
    ...(customerId === undefined ? {} : { customerId }),
  };
  return { row, key, outcome: { status: 'skipped', attempts: 0, reason, ...identity } };
}

/** The outcome of a row that names a customer whom the API does not know. */
export function describeUnknownCustomer(
  customerCode: string,
  mapper: { findColumns(field: string): readonly string[] },
  key: string | undefined,
) {
  const columns = mapper.findColumns('customerCode');
  const advice =
    key === undefined || columns.length > 0
      ? 'Correct the code, or add the customer with --mode add.'
      : `It had the key "${displayKey(key)}", so it was deleted there. To add it again: mypos-customers crosswalk forget ${quoteKey(key)}, then import again.`;
  return {
    status: 'rejected',
    httpStatus: 404,
    errorCode: 'NOT_FOUND',
    message: `The API has no customer ${customerCode}. ${advice}`,
    columns,
    attempts: 0,
    customerCode,
  } as const;
}

/** What a mapping makes of a row. */
interface RowMapping {
  readonly draft: Draft;
  readonly key?: string;
  /** The key without the number format of its cell, and the draft with it. */
  readonly unformatted?: { readonly key: string; readonly draft: Draft };
  readonly customerCode?: string;
  readonly command?: Command;
  readonly defaulted?: readonly string[] | undefined;
  readonly decision?: DecisionWord;
  /** Why the row is left out on purpose. */
  readonly skip?: Issue;
  readonly reasons: readonly Issue[];
  /** What the user should know of values that are used, or left out. */
  readonly notes?: readonly Issue[] | undefined;
}

/** A mapping compiled against the header of one file. */
export interface RowMapper {
  mapAll(rows: readonly Row[]): Promise<readonly RowMapping[]>;
  findColumns(field: string): readonly string[];
  /** When values are written to customers that exist. @default always */
  readonly policies?: WritePolicies;
  /** The system that the keys are of. */
  readonly keySource?: string;
  /** Of telephone numbers that do not say theirs. */
  readonly country?: string;
  readonly keyColumns?: readonly string[];
  /** Fields of columns in which every number has `.0` behind it, so that leading zeros are lost. */
  readonly wholeNumberFields?: ReadonlySet<string>;
  /** Fields of which a value that does not fit is left out, with what takes its place, if anything. */
  readonly unfitDefaults?: ReadonlyMap<string, JsonValue | undefined>;
  /** Whether a row without any name, key, e-mail address and telephone number is a customer. @default true */
  readonly allowsNameless?: boolean;
}

/** What is wrong with cells of a row that could be mapped all the same. */
export type CheckCells = (row: Row) => readonly Issue[];

export interface MapOptions {
  readonly mapper: RowMapper;
  readonly validate: ValidateDraft;
  /** Given when rows with damaged cells are not to be sent. */
  readonly checkCells?: CheckCells | undefined;
  /** Fields by which a row without key and code finds its customer. */
  readonly match?: MatchRule;
  /** Where it is known which keys stand for customers. */
  readonly ledger?: Pick<RunLedger, 'findCustomersByKeys'>;
}

/** Maps and validates rows; one that cannot be mapped or is not valid ends as `invalid`, with all its reasons. */
export async function mapRows(rows: readonly Row[], options: MapOptions): Promise<readonly ImportRow[]> {
  const mapped = await options.mapper.mapAll(rows);
  return rows.map((row, position) => {
    const result = toImportRow(row, takeKnownKey(mapped[position] ?? nothingMapped, options), options);
    return options.checkCells === undefined ? result : addDamage(result, options.checkCells);
  });
}

/**
 * Keys of workbooks used to be read without their number format, 42 for `C-0042`. A customer that is known by such a key
 * keeps it: under the other one, she would be nobody, and added a second time.
 */
function takeKnownKey(mapped: RowMapping, { mapper, ledger }: MapOptions): RowMapping {
  const { key, unformatted } = mapped;
  if (ledger === undefined || key === undefined || unformatted === undefined) return mapped;
  const [shown, bare] = [joinKey(mapper.keySource, key), joinKey(mapper.keySource, unformatted.key)] as const;
  const known = ledger.findCustomersByKeys([shown, bare]);
  return known.has(bare) && !known.has(shown) ? { ...mapped, ...unformatted } : mapped;
}

const nothingMapped: RowMapping = { draft: {}, reasons: [] };

function toImportRow(row: Row, mapped: RowMapping, options: MapOptions): ImportRow {
  const { customerCode, command, decision, skip } = mapped;
  if (skip?.code !== 'NOT_A_CUSTOMER' && row.issues !== undefined && row.issues.length > 0)
    return endAsInvalid(row, row.issues);
  if (skip !== undefined) return endAsSkipped({ row, key: undefined }, skip);
  const key = mapped.key === undefined ? undefined : joinKey(options.mapper.keySource, mapped.key);
  if (command === 'IGNORE') return endAsSkipped({ row, key }, ignored);
  const { reasons, draft, defaulted, notes } = leaveOutUnfit(mapped, collectReasons(mapped, options), options.mapper);
  if (reasons.length > 0) return endAsInvalid(row, reasons, key);
  const isMatched = key === undefined && customerCode === undefined;
  const matchValue = isMatched ? readMatchValue(draft, options.match ?? [], options.mapper.country) : undefined;
  if (isMatched && matchValue === undefined && options.mapper.allowsNameless === false && isNameless(draft))
    return endAsInvalid(row, [nameless]);
  const isNamed = customerCode !== undefined;
  return new OpenRow(row, { draft, key, customerCode, isNamed, matchValue, command, defaulted, decision, notes });
}

/** Takes values out of a row that do not fit their fields, where the mapping wants the row all the same. */
function leaveOutUnfit(
  mapped: RowMapping,
  found: readonly Issue[],
  { unfitDefaults }: RowMapper,
): Pick<RowMapping, 'draft' | 'defaulted' | 'reasons' | 'notes'> {
  const { draft, defaulted, notes } = mapped;
  const unfit = found.filter(({ field }) => field !== undefined && unfitDefaults?.has(field) === true);
  if (unfit.length === 0) return { draft, defaulted, notes, reasons: found };
  const fields = new Set(unfit.map(({ field }) => field ?? ''));
  const rest = Object.fromEntries(Object.entries(draft).filter(([field]) => !fields.has(field)));
  const defaults = [...fields].flatMap((field) => {
    const value = unfitDefaults?.get(field);
    return value === undefined ? [] : [[field, value] as const];
  });
  return {
    draft: { ...rest, ...Object.fromEntries(defaults) },
    defaulted: [...(defaulted ?? []), ...defaults.map(([field]) => field)],
    notes: [...(notes ?? []), ...unfit.map(describeLeftOut)],
    reasons: found.filter((reason) => !unfit.includes(reason)),
  };
}

/** Fields of which a customer has at least one. */
const tellingFields = ['customerName', 'firstName', 'lastName', 'emailAddress', 'phoneNumber'];

function isNameless(draft: Draft): boolean {
  return tellingFields.every((field) => (draft[field] ?? null) === null);
}

const nameless: Issue = {
  severity: 'error',
  code: 'NAMELESS',
  message:
    'The row has no name, no key, no e-mail address and no telephone number; fill one of them in, or set "nameless": "allow" in the mapping',
};

const ignored: Issue = { severity: 'info', code: 'IGNORED', message: 'Left out: its command is IGNORE.' };

const identityFields: ReadonlySet<string | undefined> = new Set(['customerCode', 'customerId', undefined]);

const keyCodes: ReadonlySet<string> = new Set(['KEY_MISSING', 'KEY_PLACEHOLDER']);

function collectReasons(mapped: RowMapping, { mapper, validate, match = [] }: MapOptions): readonly Issue[] {
  // A customer that is to be deleted must be named; what else the row says does not matter.
  if (mapped.command === 'DELETE')
    return mapped.reasons.filter(
      ({ field, code }) =>
        identityFields.has(field) || keyCodes.has(code) || match.some((fields) => fields.includes(field ?? '')),
    );
  const found = validate(mapped.draft);
  // Nearly every row is right.
  return found.length === 0 ? mapped.reasons : mergeReasons(mapped.reasons, found, mapper);
}

/** A field that could not be mapped is missing from the draft: its reason is known already. */
function mergeReasons(unmapped: readonly Issue[], found: readonly Issue[], mapper: RowMapper): readonly Issue[] {
  const reported = new Set(unmapped.map(({ field }) => field));
  const others = found.filter(({ field }) => field === undefined || !reported.has(field));
  return [...unmapped, ...others.map((reason) => withColumns(reason, mapper))];
}

function withColumns(reason: Issue, mapper: RowMapper): Issue {
  if (reason.field === undefined || reason.columns !== undefined) return reason;
  const columns = mapper.findColumns(reason.field);
  const column = columns.join(' + ');
  // People know their own column, and the mapping knows the field.
  const isNamed = column === '' || column === reason.field || !reason.message.startsWith(`${reason.field} `);
  return {
    ...reason,
    columns,
    message: isNamed ? reason.message : reason.message.replace(reason.field, () => `${column} (${reason.field})`),
  };
}

/** Ends a row with damaged cells as `invalid`. Columns that it is invalid for already are not reported twice. */
function addDamage(row: ImportRow, checkCells: CheckCells): ImportRow {
  const known = row.outcome?.status === 'invalid' ? row.outcome.reasons : [];
  if (row.outcome !== undefined && known.length === 0) return row;
  const reported = new Set(known.flatMap(({ columns = [] }) => columns));
  const found = checkCells(row.row).filter(({ columns = [] }) => !columns.some((column) => reported.has(column)));
  return found.length === 0 ? row : endAsInvalid(row.row, [...known, ...found], row.key);
}

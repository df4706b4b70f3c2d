import { isBlank, readField } from '#pipelines/compare-customers.js';
import { FingerprintIndex } from '#pipelines/fingerprints.js';
import { isSameId } from '#pipelines/listing/customer-identity.js';
import type { CustomerMirror } from '#pipelines/listing/mirror.js';
import type { Customer, Draft, JsonValue } from '#pipelines/model.js';
import type { AppliedAnswer, CustomersApi, DeleteAnswer, LedgerRow, RunLedger } from '#pipelines/ports.js';
import { normaliseValue } from '#pipelines/quality/normalise.js';
import { findCreated } from './find-created.js';

export interface ProofPorts {
  readonly api: Pick<CustomersApi, 'get'>;
  readonly ledger: Pick<RunLedger, 'isKnownCode'>;
  /** Who is in the account; without it, only customers that this ledger knows. */
  readonly mirror?: CustomerMirror | undefined;
}

/** An add that was refused. */
export type RefusedAdd = Pick<LedgerRow, 'index' | 'number'> & { readonly payload: Draft };

interface RefusalPorts {
  readonly api: CustomersApi;
  readonly ledger: Pick<RunLedger, 'isKnownCode'>;
}

/** Who was added a moment ago is among so many that were edited last. */
const recentCustomers = 100;
const latestFirst = { field: 'lastEditDateUTC', descending: true } as const;

/** By these people recognise a customer. */
const identifyingFields = ['customerName', 'firstName', 'lastName', 'emailAddress', 'phoneNumber'] as const;

/** Longer texts say too much to be what an API answers with each time. */
const maxWordsLength = 200;

/**
 * Judges during a run whether the API's answers to writes can be believed. An answer that says nothing, or something that
 * cannot be, costs a read of the customer; a good one costs nothing.
 */
export class AnswerProof {
  /** Ids, or codes where there are none, that adds of this run were answered with. */
  readonly #given = new FingerprintIndex();
  /** What updates were answered with in the place of the customer, and that were found to be done. */
  readonly #proved = new Set<string>();
  /** Statuses with which adds were refused, and that were found to have had no effect. */
  readonly #honestRefusals = new Set<number>();
  /** The code of the customer that was added last. */
  #lastAdded: string | undefined;
  /** An add was answered with somebody else: from then on, each one is read. */
  #isDistrusted = false;

  /**
   * The customer that an add has made. Where the answer is another's, or names a customer who was there before, or has no
   * code, the customer that it names is read once.
   *
   * @returns `undefined` when it is not known whether the add made anybody
   */
  async findAdded(
    answer: AppliedAnswer,
    payload: Draft,
    ports: ProofPorts,
    country: string | undefined,
  ): Promise<Customer | undefined> {
    const added = await this.#findAdded(answer, payload, ports, country);
    if (added !== undefined) this.#lastAdded = String(added.customerCode);
    return added;
  }

  async #findAdded(
    { shown = {} }: AppliedAnswer,
    payload: Draft,
    ports: ProofPorts,
    country: string | undefined,
  ): Promise<Customer | undefined> {
    const code = readField(shown, 'customerCode');
    const id = readField(shown, 'customerId');
    const isNew = this.#given.add(String(isText(id) ? id.toLowerCase() : code));
    const known = isText(code) ? findKnown(code, id, ports) : undefined;
    const isWrong = !isNew || known !== undefined || isAnothers(payload, shown, country);
    if (!isWrong && isText(code) && !this.#isDistrusted) return shown;
    if (isWrong) this.#isDistrusted = true;
    // Ids are given once, so whoever had it before is not the one that was added.
    if (!isNew || (known !== undefined && isText(id))) return undefined;
    const read = await ports.api.get(String(isText(id) ? id : code)).catch(() => undefined);
    if (read?.kind !== 'found' || isAnothers(payload, read.customer, country)) return undefined;
    const readCode = readField(read.customer, 'customerCode');
    if (!isText(readCode)) return undefined;
    const before = known ?? findKnown(readCode, readField(read.customer, 'customerId'), ports);
    // A code that was given again shows the new customer and not the one that is known.
    if (before !== undefined && !isAnothers(payload, before, country)) return undefined;
    return before === undefined || known !== undefined ? read.customer : undefined;
  }

  /**
   * Whether an add that was refused with this status had no effect. The customers that were edited last are read: whom this
   * run added last must be among them, so that the list is no old one, and nobody may be like the row. A status that was
   * found to be honest is believed for the rest of the run.
   */
  async hadNoEffect(httpStatus: number, row: RefusedAdd, { api, ledger }: RefusalPorts): Promise<boolean> {
    if (this.#honestRefusals.has(httpStatus)) return true;
    const lastAdded = this.#lastAdded;
    const { customers } = await api.list({ page: 1, pageSize: recentCustomers, sort: latestFirst });
    const edits = customers.map((customer) => String(readField(customer, latestFirst.field) ?? ''));
    const isSorted = edits.every((edit, at) => at === 0 || edit <= String(edits[at - 1]));
    const isCurrent = lastAdded === undefined || customers.some(({ customerCode }) => customerCode === lastAdded);
    if (!isSorted || !isCurrent) return false;
    const unknown = customers.filter(({ customerCode }) => !ledger.isKnownCode(String(customerCode)));
    const found = await findCreated([{ ...row, state: 'intent' }], unknown, api, undefined);
    if (found.get(row.index)?.kind !== 'absent') return false;
    this.#honestRefusals.add(httpStatus);
    return true;
  }

  /** Whether an update must be read back: its answer shows no customer, and says nothing that has been found true yet. */
  needsReading({ shown, says = '', httpStatus }: AppliedAnswer): boolean {
    return shown === undefined && !this.#proved.has(describeWords(says, httpStatus));
  }

  /** An update with this answer was found to be done. */
  noteProved({ says = '', httpStatus }: AppliedAnswer): void {
    if (says.length <= maxWordsLength) this.#proved.add(describeWords(says, httpStatus));
  }

  /**
   * What became of a customer whose delete was answered with a success: the customer is read, unless one with the same
   * answer was found to be gone before.
   *
   * @returns `unknown` when it could not be read
   */
  async findDeleted(
    { says = '', httpStatus }: Extract<DeleteAnswer, { kind: 'deleted' }>,
    customerCode: string,
    api: Pick<CustomersApi, 'get'>,
  ): Promise<'gone' | 'inactive' | 'there' | 'unknown'> {
    const words = `delete ${describeWords(says, httpStatus)}`;
    if (this.#proved.has(words)) return 'gone';
    const read = await api.get(customerCode).catch(() => undefined);
    if (read?.kind === 'found') return readField(read.customer, 'active') === false ? 'inactive' : 'there';
    if (read?.kind !== 'absent') return 'unknown';
    if (says.length <= maxWordsLength) this.#proved.add(words);
    return 'gone';
  }
}

/** Numbers may be codes and times, which are others in each answer. */
function describeWords(says: string, httpStatus: number): string {
  return `${httpStatus} ${says.replace(/\d+/g, '0')}`;
}

function isText(value: JsonValue | undefined): value is string {
  return typeof value === 'string' && value !== '';
}

/** Who is believed to have this code, unless that one has another id: codes may be given again, ids are not. */
function findKnown(code: string, id: JsonValue | undefined, { ledger, mirror }: ProofPorts): Customer | undefined {
  if (mirror === undefined) return ledger.isKnownCode(code) ? {} : undefined;
  const known = mirror.find(code)?.customer;
  const knownId = known === undefined ? undefined : readField(known, 'customerId');
  return isText(knownId) && isText(id) && !isSameId(id, knownId) ? undefined : known;
}

/**
 * Whether a customer is certainly not what was sent: of the fields by which people recognise somebody, some are known on
 * both sides, and all are others. A server may cut what it was sent.
 */
function isAnothers(sent: Draft, customer: Customer, country: string | undefined): boolean {
  const isEqual = (field: string) => {
    const value = readField(sent, field);
    return !isBlank(value) && value === readField(customer, field);
  };
  // As nearly all answers are.
  if (identifyingFields.some(isEqual)) return false;
  const alike = identifyingFields.flatMap((field) => {
    const a = normaliseValue(field, readField(sent, field), country);
    const b = normaliseValue(field, readField(customer, field), country);
    return a === undefined || b === undefined ? [] : [a.startsWith(b) || b.startsWith(a)];
  });
  return alike.length > 0 && !alike.includes(true);
}

import { takeRows } from '#pipelines/batches.js';
import { forEachConcurrently, KeyedQueue, TaskGroup } from '#pipelines/concurrency.js';
import type { CustomerMirror } from '#pipelines/listing/mirror.js';
import type { MatchRule } from '#pipelines/mapping/mapping.js';
import { isReject, isWaiting, type Row, type RowOutcome } from '#pipelines/model.js';
import type { CustomersApi, RowSource, RunLedger, Settlement, ValidateDraft } from '#pipelines/ports.js';
import type { RunControl } from '#pipelines/run-control.js';
import { AnswerProof } from './answer-proof.js';
import { leaveOutBarred } from './barred.js';
import { type AgreedPlan, chooseAction, decideRow } from './decide.js';
import { findDoneDecision } from './decisions.js';
import { dedupeRows, type RepeatPolicy, RepeatRegister } from './dedupe.js';
import { type ImportMode, identifyRows } from './identify.js';
import {
  type CheckCells,
  type EndedRow,
  type ImportRow,
  identityKey,
  mapRows,
  type OpenRow,
  type RowMapper,
  withRowNotes,
} from './map.js';
import { createFieldMatcher, type FieldMatcher, matchByFields } from './match.js';
import { readOpenRanges, skipSettled } from './resume.js';
import { type SendResult, sendRow, settleRow } from './send.js';
import type { FilePass, StrangerCheck } from './strangers.js';

/** What deciding about rows needs of the outside; sending them is not part of it. */
export interface DecisionPorts {
  readonly mapper: RowMapper;
  readonly validate: ValidateDraft;
  /** Given when rows with damaged cells are not to be sent. */
  readonly checkCells?: CheckCells;
  readonly ledger: RunLedger;
  /** Up to date; saves the calls for rows that would change nothing. */
  readonly mirror?: CustomerMirror;
  /** Compares rows that would be added with the customers of the account that the ledger does not know. */
  readonly strangers?: StrangerCheck | undefined;
  /** All rows of the input once more, for nothing else. @default the source's own */
  readonly readAll?: () => AsyncIterable<readonly Row[]>;
}

export interface ImportPorts extends DecisionPorts {
  readonly source: RowSource;
  readonly api: CustomersApi;
  readonly control: RunControl;
  /** Name of the run, for messages. */
  readonly run: string;
  /** Only what it says is sent. */
  readonly plan?: AgreedPlan;
  /** An earlier process has begun the run. */
  readonly isResumed?: boolean;
  readonly now: () => number;
}

export interface ImportOptions {
  readonly mode: ImportMode;
  readonly concurrency: number;
  /** Only so many rows from the top: a pilot. */
  readonly first?: number | undefined;
  /** Add customers although this tool has created the same before. */
  readonly force: boolean;
  /** Read every written customer back and compare. */
  readonly verify: boolean;
  readonly repeats: RepeatPolicy;
  /** Lists of fields by which a row with neither a code nor a known key finds its customer. Needs a mirror. */
  readonly match: MatchRule;
  /** The same for rows that are only added: they find customers that the ledger does not know. */
  readonly matchAdds: MatchRule;
  /** Source columns of key and code, for messages. */
  readonly identityColumns: readonly string[];
}

/** Rows pulled ahead of the wire for each request in flight: enough to never wait for the disk. */
const rowsAheadPerRequest = 50;

/**
 * Brings every row of the source to its end in the ledger; stops early when the control says so.
 *
 * @throws MatchFieldNotListed, before anything is sent
 */
export async function importRows(ports: ImportPorts, options: ImportOptions): Promise<void> {
  const { ledger, control, strangers } = ports;
  const { concurrency } = options;
  const isInOrder = options.repeats === 'in-order';
  const decider = createDecider(ports, options, { skipUnchanged: !isInOrder });
  // The next request need not wait until the outcome of the last is on disk: a crash leaves that row in doubt, which
  // reconciliation settles.
  const settling = new TaskGroup();
  const sending = { ...ports, proof: new AnswerProof() };

  async function* decidedRows() {
    for await (const rows of unsettledRows(ports, options, decider)) {
      const decided = await decider.decide(rows);
      const ended = decided.filter((row) => row.outcome !== undefined);
      control.noteSeen(rows.length);
      if (ended.length > 0) settling.add(ledger.settle(ended.map((row) => buildSettlement(row, row))));
      for (const { outcome } of ended) control.count(outcome.status, isWaiting(outcome));
      yield decided.filter((row) => row.outcome === undefined);
    }
  }

  const send = async (row: OpenRow) => {
    const result = await sendInTurn(row, sending, options);
    if (result.isCompared === true) control.noteCompared();
    settling.add(settleRow(buildSettlement(row, result), ports));
  };
  const bounds = { concurrency, maxAhead: concurrency * rowsAheadPerRequest, stopping: control.stopping };
  try {
    // Where only adds are sent, the first of them is early enough.
    if (options.mode !== 'add') await strangers?.prepare(decider.pass, ports.mirror);
    await forEachConcurrently(decidedRows(), bounds, isInOrder ? sendInOrder(sending, options, decider) : send);
  } finally {
    await settling.join();
    decider.close();
  }
}

type SendingPorts = ImportPorts & { readonly proof: AnswerProof };

/** Sends a row; into an account that looks empty, the first add goes alone. */
function sendInTurn(row: OpenRow, ports: SendingPorts, options: ImportOptions): Promise<SendResult> {
  const first = chooseAction(row) === 'add' ? ports.strangers?.firstAdd : undefined;
  const send = () => sendRow(row, { ...ports, whoIsThere: ports.mirror ?? ports.strangers?.mirror }, options);
  return first === undefined ? send() : first.pass(send);
}

/** The way of rows from the file up to the decision what is done with each; an import and a plan share it. */
export interface Decider {
  readonly repeats: RepeatRegister;
  /** Maps rows, finds repeats and customers, and decides: each comes out open, to be sent, or ended. */
  decide(rows: readonly Row[]): Promise<readonly ImportRow[]>;
  /** Decides once more, after an earlier row for the same customer was sent. */
  decideAgain(row: OpenRow): Promise<ImportRow>;
  /** Maps rows without deciding, to know who they are about. */
  map(rows: readonly Row[]): Promise<readonly ImportRow[]>;
  /** How the whole file is seen before anything is sent. */
  readonly pass: FilePass;
  close(): void;
}

/** @throws MatchFieldNotListed */
export function createDecider(
  ports: DecisionPorts & Pick<ImportPorts, 'source'>,
  options: ImportOptions,
  { skipUnchanged, explainKept = false }: { readonly skipUnchanged: boolean; readonly explainKept?: boolean },
): Decider {
  const { mirror, strangers, ledger } = ports;
  const readAll = ports.readAll ?? (() => ports.source.batches());
  const { match, matchAdds, identityColumns } = options;
  const repeats = new RepeatRegister();
  const matcher =
    mirror === undefined || match.length === 0 ? undefined : createFieldMatcher(mirror, match, ports.mapper.country);
  const stages = { ...ports, ...options, matcher };
  let addMatcher: FieldMatcher | undefined;

  const mapAll = async (rows: readonly Row[]) => {
    const mapped = await mapRows(rows, stages);
    return ledger.isBarred === undefined ? mapped : leaveOutBarred(mapped, ledger.isBarred);
  };
  const dedupe = (rows: readonly ImportRow[], register: RepeatRegister) =>
    dedupeRows(rows, register, options.repeats, identityColumns, (identity) => strangers?.isShared(identity) === true);
  const repeatsOfPass = new RepeatRegister();
  const pass: FilePass = {
    read: () => takeRows(readAll(), options.first),
    async *readKeys() {
      for await (const rows of readAll()) yield await mapRows(rows, stages);
    },
    identify: async (rows) => identifyRows(dedupe(await mapAll(rows), repeatsOfPass), stages),
    match(row, copy) {
      const open = () => createFieldMatcher(copy, matchAdds, ports.mapper.country);
      addMatcher ??= matcher ?? (matchAdds.length === 0 ? undefined : open());
      return matchByFields(row, { ...stages, matcher: addMatcher });
    },
    isContradicted: (identity) => repeatsOfPass.isContradicted(identity),
    ledger,
    identityColumns,
  };

  async function decideKnown(rows: readonly ImportRow[], isRepeat: boolean): Promise<readonly ImportRow[]> {
    const identified = identifyRows(rows, stages);
    const resolved = strangers === undefined ? identified : await strangers.resolve(identified, pass);
    const readCustomer = (code: string) => (mirror ?? strangers?.mirror)?.find(code)?.customer;
    const decideOptions = {
      ...{ ...ports, identityColumns, readCustomer, country: ports.mapper.country, explainKept },
      skipUnchanged: skipUnchanged || isRepeat,
    };
    return resolved.map((row) => {
      if (row.outcome !== undefined) return row;
      const decided = decideRow(row, decideOptions);
      return decided.outcome === undefined
        ? decided
        : { ...decided, outcome: withRowNotes(decided.outcome, row.row.notes) };
    });
  }
  return {
    repeats,
    decide: async (rows) => decideKnown(dedupe(await mapAll(rows), repeats), false),
    decideAgain: async (row) => (await decideKnown([row], true))[0] ?? row,
    map: mapAll,
    pass,
    close() {
      matcher?.close();
      if (addMatcher !== matcher) addMatcher?.close();
      strangers?.close();
    },
  };
}

/** Rows of a resumed run that are still open; what is settled is counted and known to the decider. */
function unsettledRows(
  { source, ledger, control }: ImportPorts,
  { first, match }: ImportOptions,
  { repeats: register, map }: Decider,
): AsyncIterable<readonly Row[]> {
  if (match.length > 0) {
    // A settled row whose customer was found by its fields must be known by them again, or its repeat would pass for the first.
    const readIdentities = async (rows: readonly Row[]) => (await map(rows)).map(identityKey);
    return skipSettled(takeRows(source.batches(), first), ledger, control, register, readIdentities);
  }
  const open =
    source.rowRanges === undefined || first !== undefined
      ? undefined
      : readOpenRanges(source.rowRanges, { ledger, control, register, map });
  return open ?? skipSettled(takeRows(source.batches(), first), ledger, control, register);
}

/** Sends rows for the same customer one after the other; a row waits for a `resume` when one before it was not applied. */
function sendInOrder(ports: SendingPorts, options: ImportOptions, { repeats, decideAgain }: Decider) {
  const queue = new KeyedQueue();
  return (row: OpenRow) => {
    const identity = identityKey(row);
    return queue.add(identity, async () => {
      const earlier = identity === undefined ? undefined : repeats.findOpenBefore(identity, row.row.number);
      // A row for the same customer may have been sent meanwhile, and may have been the one to create it.
      const decided = earlier === undefined ? await decideAgain(row) : { outcome: waitForRow(earlier, ports.run) };
      const result = decided.outcome === undefined ? await sendInTurn(decided, ports, options) : decided;
      if ('isCompared' in result && result.isCompared === true) ports.control.noteCompared();
      const { status } = result.outcome;
      if (identity !== undefined && (status === 'failed' || status === 'in_doubt'))
        repeats.markOpen(identity, row.row.number);
      await settleRow(buildSettlement(row, result), ports);
    });
  };
}

/** Sent now, it would be overwritten later by the row that should have been sent before it. */
function waitForRow(row: number, run: string): RowOutcome {
  return {
    status: 'failed',
    errorCode: 'WAITS_FOR_ROW',
    message: `Not sent: row ${row} for the same customer must be applied first, and has not been. To continue: mypos-customers resume ${run}`,
    attempts: 0,
  };
}

function buildSettlement(
  ended: OpenRow | EndedRow,
  { outcome, writtenHash, written, waiting, sentValues }: SendResult,
): Settlement {
  const { row, key, contentHash } = ended;
  const isLinked = ended.outcome !== undefined && ended.linksKey === true;
  return {
    index: row.index,
    number: row.number,
    outcome: ended.outcome === undefined ? withRowNotes(outcome, ended.notes) : outcome,
    ...(waiting === undefined ? {} : { waiting }),
    ...(isLinked ? { linksKey: true } : {}),
    ...(isReject(outcome) ? { cells: row.cells } : {}),
    ...(row.origin === undefined ? {} : findDoneDecision(row.origin, outcome, written?.customer)),
    ...(key === undefined ? {} : { key }),
    ...(contentHash === undefined ? {} : { payloadHash: contentHash }),
    ...(writtenHash === undefined ? {} : { writtenHash }),
    ...(written === undefined ? {} : { written }),
    ...(sentValues === undefined ? {} : { sentValues }),
  };
}

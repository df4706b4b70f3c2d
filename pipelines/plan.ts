import { changesOf, type FieldChange, fieldOf } from './compare-customers.js';
import type { ImportOptions, ImportPorts } from './import.js';
import { changesHash } from './planned.js';
import type { DetailAnswer } from './ports.js';
import type { Reason, Row } from './row.js';
import { draftFor } from './stages/draft-for.js';
import { firstRows } from './stages/first-rows.js';
import { mapRows } from './stages/map-rows.js';
import { fieldMatcher } from './stages/match-by-fields.js';
import { type MatchOptions, matchRows } from './stages/match-rows.js';
import { refuseDamage } from './stages/refuse-damage.js';
import { RepeatRegister, refuseRepeats } from './stages/refuse-repeats.js';
import { standingOf } from './stages/spare-unchanged.js';
import { type EndedWork, type OpenWork, unknownCustomer, type Work } from './work.js';

/** What an import would do with a row. */
export const planActions = [
  'add',
  'update',
  'delete',
  'unchanged',
  /** Says what another row says, or a customer that was created before. */
  'duplicate',
  'skip',
  'invalid',
  /** The API would refuse it. */
  'rejected',
] as const;

export type PlanAction = (typeof planActions)[number];

export interface PlannedRow {
  readonly row: Row;
  readonly action: PlanAction;
  readonly key?: string;
  readonly customerCode?: string;
  /** Old and new value of each field that an update would change. */
  readonly changes: readonly FieldChange[];
  readonly reasons: readonly Reason[];
  /** Tell an import of this plan whether row and customer are still as they were. */
  readonly contentHash?: string;
  readonly edited?: string;
  readonly changesHash?: string;
}

export type PlanPorts = Omit<ImportPorts, 'control' | 'plan' | 'now'>;

/**
 * Goes through the rows as an import would, without writing: reads only the customers that the mirror does not know
 * well enough.
 *
 * @throws MatchFieldNotListed
 */
export async function* planRows(ports: PlanPorts, options: ImportOptions): AsyncIterable<readonly PlannedRow[]> {
  const { mirror, ledger, source } = ports;
  const { matchFields, mode, force, identityColumns: columns } = options;
  const matcher = mirror === undefined || matchFields.length === 0 ? undefined : fieldMatcher(mirror, matchFields);
  const matching: MatchOptions = {
    ...{ mode, force, columns, spareUnchanged: true },
    ...(mirror === undefined ? {} : { mirror }),
    ...(matcher === undefined ? {} : { matcher }),
  };
  try {
    const mapped = mapRows(firstRows(source.batches(), options.first), { ...ports, matchFields });
    const sound = ports.judge === undefined ? mapped : refuseDamage(mapped, ports.judge);
    const single = refuseRepeats(sound, new RepeatRegister(), options.repeats, columns);
    for await (const batch of matchRows(single, ledger, matching)) yield await planBatch(batch, ports, options);
  } finally {
    matcher?.close();
  }
}

async function planBatch(batch: readonly Work[], ports: PlanPorts, options: ImportOptions): Promise<PlannedRow[]> {
  const planned: PlannedRow[] = [];
  for (let from = 0; from < batch.length; from += options.concurrency)
    planned.push(
      ...(await Promise.all(batch.slice(from, from + options.concurrency).map((work) => planRow(work, ports)))),
    );
  return planned;
}

async function planRow(work: Work, ports: PlanPorts): Promise<PlannedRow> {
  if (work.outcome !== undefined) return planOfEnded(work);
  const { customerCode } = work;
  if (customerCode === undefined) return planOf(work, 'add', []);
  const { mirror, api } = ports;
  const standing = mirror === undefined ? undefined : standingOf(work, customerCode, mirror);
  if (work.command === 'DELETE') return planOf(work, 'delete', [], mirror?.find(customerCode)?.edited);
  if (standing?.kind === 'changed' && standing.isComplete)
    return planOf(work, 'update', standing.changes, standing.edited);
  return planByDetail(work, await api.get(customerCode), ports);
}

function planByDetail(work: OpenWork, answer: DetailAnswer, { mirror, mapper }: PlanPorts): PlannedRow {
  switch (answer.kind) {
    case 'absent': {
      const { errorCode: code, message, columns } = unknownCustomer(work.customerCode ?? '', mapper, work.key);
      return { ...planOf(work, 'rejected', []), reasons: [{ code, message, columns }] };
    }
    case 'unanswered':
      return { ...planOf(work, 'update', []), reasons: [{ code: answer.errorCode, message: answer.message }] };
    case 'found': {
      const { customer } = answer;
      mirror?.noteDetail(customer);
      const changes = changesOf(customer, draftFor(work, customer));
      const edited = fieldOf(customer, 'lastEditDateUTC');
      const action = changes.length === 0 ? 'unchanged' : 'update';
      return planOf(work, action, changes, typeof edited === 'string' ? edited : undefined);
    }
  }
}

function planOf(work: OpenWork, action: PlanAction, changes: readonly FieldChange[], edited?: string): PlannedRow {
  const { row, key, customerCode, contentHash } = work;
  return {
    ...{ row, action, changes, reasons: [], contentHash, changesHash: changesHash(changes) },
    ...(key === undefined ? {} : { key }),
    ...(customerCode === undefined ? {} : { customerCode }),
    ...(edited === undefined ? {} : { edited }),
  };
}

const duplicates: ReadonlySet<string> = new Set(['SAME_AS_ROW', 'ALREADY_CREATED']);

function planOfEnded({ row, key, outcome }: EndedWork): PlannedRow {
  const code = 'customerCode' in outcome ? outcome.customerCode : undefined;
  const base = {
    ...{ row, changes: [] },
    ...(key === undefined ? {} : { key }),
    ...(code === undefined ? {} : { customerCode: code }),
  };
  switch (outcome.status) {
    case 'invalid':
      return { ...base, action: 'invalid', reasons: outcome.reasons };
    case 'skipped': {
      const { reason } = outcome;
      return { ...base, action: duplicates.has(reason.code) ? 'duplicate' : 'skip', reasons: [reason] };
    }
    default:
      return { ...base, action: 'unchanged', reasons: [] };
  }
}

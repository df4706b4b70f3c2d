import { takeRows } from '#pipelines/batches.js';
import { type FieldChange, findChanges, readField } from '#pipelines/compare-customers.js';
import type { Issue, Row } from '#pipelines/model.js';
import type { DetailAnswer } from '#pipelines/ports.js';
import { compareWithMirror, hashChanges, resolveDraft } from './decide.js';
import { dedupeRows, RepeatRegister } from './dedupe.js';
import { type IdentifyOptions, identifyRows } from './identify.js';
import type { ImportOptions, ImportPorts } from './import.js';
import { describeUnknownCustomer, type EndedRow, type ImportRow, type OpenRow } from './import-row.js';
import { endDamagedRows, mapRows } from './map.js';
import { createFieldMatcher } from './match.js';

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
  readonly reasons: readonly Issue[];
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
  const matcher =
    mirror === undefined || matchFields.length === 0 ? undefined : createFieldMatcher(mirror, matchFields);
  const matching: IdentifyOptions = {
    ...{ mode, force, columns, skipUnchanged: true },
    ...(mirror === undefined ? {} : { mirror }),
    ...(matcher === undefined ? {} : { matcher }),
  };
  try {
    const mapped = mapRows(takeRows(source.batches(), options.first), { ...ports, matchFields });
    const sound = ports.checkCells === undefined ? mapped : endDamagedRows(mapped, ports.checkCells);
    const single = dedupeRows(sound, new RepeatRegister(), options.repeats, columns);
    for await (const batch of identifyRows(single, ledger, matching)) yield await planBatch(batch, ports, options);
  } finally {
    matcher?.close();
  }
}

async function planBatch(batch: readonly ImportRow[], ports: PlanPorts, options: ImportOptions): Promise<PlannedRow[]> {
  const planned: PlannedRow[] = [];
  for (let from = 0; from < batch.length; from += options.concurrency)
    planned.push(
      ...(await Promise.all(batch.slice(from, from + options.concurrency).map((work) => planRow(work, ports)))),
    );
  return planned;
}

async function planRow(work: ImportRow, ports: PlanPorts): Promise<PlannedRow> {
  if (work.outcome !== undefined) return planEndedRow(work);
  const { customerCode } = work;
  if (customerCode === undefined) return buildPlannedRow(work, 'add', []);
  const { mirror, api } = ports;
  const standing = mirror === undefined ? undefined : compareWithMirror(work, customerCode, mirror);
  if (work.command === 'DELETE') return buildPlannedRow(work, 'delete', [], mirror?.find(customerCode)?.edited);
  if (standing?.kind === 'changed' && standing.isComplete)
    return buildPlannedRow(work, 'update', standing.changes, standing.edited);
  return planFromDetail(work, await api.get(customerCode), ports);
}

function planFromDetail(work: OpenRow, answer: DetailAnswer, { mirror, mapper }: PlanPorts): PlannedRow {
  switch (answer.kind) {
    case 'absent': {
      const { errorCode: code, message, columns } = describeUnknownCustomer(work.customerCode ?? '', mapper, work.key);
      return { ...buildPlannedRow(work, 'rejected', []), reasons: [{ code, message, columns }] };
    }
    case 'unanswered':
      return { ...buildPlannedRow(work, 'update', []), reasons: [{ code: answer.errorCode, message: answer.message }] };
    case 'found': {
      const { customer } = answer;
      mirror?.saveDetail(customer);
      const changes = findChanges(customer, resolveDraft(work, customer));
      const edited = readField(customer, 'lastEditDateUTC');
      const action = changes.length === 0 ? 'unchanged' : 'update';
      return buildPlannedRow(work, action, changes, typeof edited === 'string' ? edited : undefined);
    }
  }
}

function buildPlannedRow(
  work: OpenRow,
  action: PlanAction,
  changes: readonly FieldChange[],
  edited?: string,
): PlannedRow {
  const { row, key, customerCode, contentHash } = work;
  return {
    ...{ row, action, changes, reasons: [], contentHash, changesHash: hashChanges(changes) },
    ...(key === undefined ? {} : { key }),
    ...(customerCode === undefined ? {} : { customerCode }),
    ...(edited === undefined ? {} : { edited }),
  };
}

const duplicateCodes: ReadonlySet<string> = new Set(['SAME_AS_ROW', 'ALREADY_CREATED']);

function planEndedRow({ row, key, outcome }: EndedRow): PlannedRow {
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
      return { ...base, action: duplicateCodes.has(reason.code) ? 'duplicate' : 'skip', reasons: [reason] };
    }
    default:
      return { ...base, action: 'unchanged', reasons: [] };
  }
}

import { takeRows } from '#pipelines/batches.js';
import { type FieldChange, findChanges, readField } from '#pipelines/compare-customers.js';
import { mapConcurrently } from '#pipelines/concurrency.js';
import type { Issue } from '#pipelines/issue.js';
import type { ReviewCandidate, Row } from '#pipelines/model.js';
import type { DetailAnswer } from '#pipelines/ports.js';
import { checkContradiction } from './contradiction.js';
import { compareWithMirror, hashChanges } from './decide.js';
import { describeKept, endAsUnsettled, isUnsettled, type ResolvedWrite, resolveWrite } from './field-policy.js';
import { createDecider, type DecisionPorts, type ImportOptions, type ImportPorts } from './import.js';
import { displayKey } from './keys.js';
import { describeUnknownCustomer, type EndedRow, type ImportRow, type KeptField, type OpenRow } from './map.js';

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
  /** As people name it. */
  readonly key?: string;
  /** As the ledger has it. */
  readonly storedKey?: string;
  readonly customerCode?: string;
  /** Customers that a row which waits for a decision may be about. */
  readonly candidates?: readonly ReviewCandidate[];
  /** Old and new value of each field that an update would change. */
  readonly changes: readonly FieldChange[];
  /** Fields that differ and would stay as they are. */
  readonly kept: readonly KeptField[];
  /** With codes of ours, or of the API. */
  readonly reasons: readonly Issue<string>[];
  /** Tell an import of this plan whether row and customer are still as they were. */
  readonly contentHash?: string;
  readonly edited?: string;
  readonly changesHash?: string;
}

export type PlanPorts = DecisionPorts & Pick<ImportPorts, 'source' | 'api'>;

/**
 * Says for each row what an import would do, without writing: reads only the customers that the mirror does not know
 * well enough.
 *
 * @throws MatchFieldNotListed
 */
export async function* planRows(ports: PlanPorts, options: ImportOptions): AsyncIterable<readonly PlannedRow[]> {
  const decider = createDecider(ports, options, { skipUnchanged: true, explainKept: true });
  try {
    if (options.mode !== 'add') await ports.strangers?.prepare(decider.pass, ports.mirror);
    for await (const rows of takeRows(ports.source.batches(), options.first))
      yield await mapConcurrently(await decider.decide(rows), options.concurrency, (row) => planRow(row, ports));
  } finally {
    decider.close();
  }
}

async function planRow(row: ImportRow, ports: PlanPorts): Promise<PlannedRow> {
  if (row.outcome !== undefined) return planEndedRow(row);
  const { customerCode } = row;
  if (customerCode === undefined) return buildPlannedRow(row, 'add', []);
  const { mirror, api } = ports;
  const comparison = mirror === undefined ? undefined : compareWithMirror(row, customerCode, { ...ports, mirror });
  if (row.command === 'DELETE') return buildPlannedRow(row, 'delete', [], mirror?.find(customerCode)?.edited);
  if (comparison?.kind === 'changed' && comparison.isComplete)
    return explainKept(buildPlannedRow(row, 'update', comparison.changes, comparison.edited), comparison, ports);
  return planFromDetail(row, await api.get(customerCode), ports);
}

function planFromDetail(row: OpenRow, answer: DetailAnswer, ports: PlanPorts): PlannedRow {
  const { mirror, mapper, ledger } = ports;
  const { keyColumns: columns = [] } = mapper;
  switch (answer.kind) {
    case 'absent': {
      const { errorCode: code, message, columns } = describeUnknownCustomer(row.customerCode ?? '', mapper, row.key);
      return { ...buildPlannedRow(row, 'rejected', []), reasons: [{ severity: 'error', code, message, columns }] };
    }
    case 'unanswered':
      return {
        ...buildPlannedRow(row, 'update', []),
        reasons: [{ severity: 'error', code: answer.errorCode, message: answer.message }],
      };
    case 'found': {
      const { customer } = answer;
      mirror?.saveDetail(customer);
      const { country } = mapper;
      const contradicted = checkContradiction(row, row.customerCode ?? '', customer, { ledger, country, columns });
      if (contradicted.kind === 'waits' || contradicted.kind === 'wrong')
        return { ...buildPlannedRow(row, 'invalid', []), reasons: [contradicted.issue] };
      if (contradicted.kind === 'skip') return { ...buildPlannedRow(row, 'skip', []), reasons: [contradicted.reason] };
      if (contradicted.kind === 'new') return buildPlannedRow(row.withoutCustomer(), 'add', []);
      const resolved = resolveWrite(row, customer, ports);
      if (isUnsettled(resolved)) return planEndedRow(endAsUnsettled(row, customer, resolved, mapper));
      const changes = findChanges(customer, resolved.draft);
      const edited = readField(customer, 'lastEditDateUTC');
      const action = changes.length === 0 ? 'unchanged' : 'update';
      const planned = buildPlannedRow(row, action, changes, typeof edited === 'string' ? edited : undefined);
      return explainKept(planned, resolved, ports);
    }
  }
}

function explainKept(
  planned: PlannedRow,
  resolved: Pick<ResolvedWrite, 'kept' | 'conflicts'>,
  { mapper }: PlanPorts,
): PlannedRow {
  return { ...planned, kept: resolved.kept, reasons: [...planned.reasons, ...describeKept(resolved, mapper)] };
}

function buildPlannedRow(
  row: OpenRow,
  action: PlanAction,
  changes: readonly FieldChange[],
  edited?: string,
): PlannedRow {
  const { key, customerCode, contentHash } = row;
  return {
    ...{ row: row.row, action, changes, kept: [], reasons: row.notes, contentHash, changesHash: hashChanges(changes) },
    ...(key === undefined ? {} : { key: displayKey(key), storedKey: key }),
    ...(customerCode === undefined ? {} : { customerCode }),
    ...(edited === undefined ? {} : { edited }),
  };
}

const duplicateCodes: ReadonlySet<string> = new Set(['SAME_AS_ROW', 'ALREADY_CREATED', 'ALREADY_THERE']);

function planEndedRow({ row, key, outcome, kept = [] }: EndedRow): PlannedRow {
  const code = 'customerCode' in outcome ? outcome.customerCode : undefined;
  const base = {
    ...{ row, changes: [], kept },
    ...(key === undefined ? {} : { key: displayKey(key), storedKey: key }),
    ...(code === undefined ? {} : { customerCode: code }),
  };
  switch (outcome.status) {
    case 'invalid': {
      const { reasons, candidates } = outcome;
      return { ...base, action: 'invalid', reasons, ...(candidates === undefined ? {} : { candidates }) };
    }
    case 'skipped': {
      const { reason } = outcome;
      return { ...base, action: duplicateCodes.has(reason.code) ? 'duplicate' : 'skip', reasons: [reason] };
    }
    default: {
      const reasons = outcome.status === 'unchanged' ? (outcome.notes ?? []) : [];
      return { ...base, action: 'unchanged', reasons };
    }
  }
}

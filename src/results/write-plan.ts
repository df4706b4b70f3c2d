import type { FieldChange } from '#pipelines/compare-customers.js';
import { keptBecause } from '#pipelines/import/field-policy.js';
import type { KeptField } from '#pipelines/import/map.js';
import type { PlannedRow } from '#pipelines/import/plan.js';
import { planColumns } from '#pipelines/own-columns.js';
import type { RowSource } from '#pipelines/ports.js';
import { beginTable } from '#src/files/begin-table.js';
import type { FileRights } from '#src/files/file-rights.js';
import type { TableRow } from '#src/files/table.js';
import { matchInputStyle } from './write-results.js';

/** The file of a plan while it is written. */
export interface PlanWriter {
  write(rows: readonly PlannedRow[]): Promise<void>;
  /** Adds customers that are in no row, behind the rows. */
  writeAbsent(absent: PlannedAbsence): Promise<void>;
  /** Completes the file and puts it under its name. */
  commit(): Promise<void>;
  /** Removes what was written. Does nothing after a commit. */
  discard(): Promise<void>;
}

/**
 * Begins the file of a plan: a line per input row; a workbook marks the cells that change something.
 *
 * @throws UsageError `CANNOT_WRITE`
 */
export async function writePlan(
  path: string,
  source: RowSource,
  mapper: { findColumns(field: string): readonly string[] },
  rights: FileRights,
): Promise<PlanWriter> {
  const columns = [...planColumns, ...source.columns].map((name) => ({ name }));
  const table = await beginTable(path, columns, {
    csv: matchInputStyle(source),
    sheet: { name: 'Plan', fitsPage: true },
    rights,
  });
  return {
    write: (rows) => table.write(rows.map((planned) => toPlanRow(planned, source.columns, mapper))),
    writeAbsent: ({ policy, customers }) =>
      table.write(customers.map((customer) => toAbsentRow(customer, policy, source.columns.length))),
    commit: async () => (await table.end()).publish(),
    discard: () => table.discard(),
  };
}

/** Customers that are in no row, and what would be done with them. */
interface PlannedAbsence {
  readonly policy: 'report' | 'deactivate';
  readonly customers: readonly { readonly key: string; readonly customerCode: string; readonly name: string }[];
}

function toAbsentRow(
  { key, customerCode, name }: PlannedAbsence['customers'][number],
  policy: PlannedAbsence['policy'],
  columnCount: number,
): TableRow {
  const [action, change] = policy === 'deactivate' ? ['deactivate', 'active: true → false'] : ['absent', ''];
  const what = `${name === '' ? 'The customer' : name} is in no row of the file.`;
  return {
    cells: ['', action, customerCode, key, change, '', what, ...Array.from({ length: columnCount }, () => '')],
  };
}

function toPlanRow(
  planned: PlannedRow,
  columns: readonly string[],
  mapper: { findColumns(field: string): readonly string[] },
): TableRow {
  const { row, action, customerCode = '', key = '', changes, kept, reasons } = planned;
  const explanations = [
    changes.map(formatChange).join('; '),
    kept.map(formatKept).join('; '),
    reasons.map(({ message }) => message).join(' '),
  ];
  const missing = Math.max(0, columns.length - row.cells.length);
  const marks = changes.flatMap((change) =>
    mapper.findColumns(change.field).flatMap((name) => {
      const column = columns.indexOf(name);
      return column < 0 ? [] : [{ column: planColumns.length + column, note: `Now: ${formatValue(change.from)}` }];
    }),
  );
  return {
    cells: [
      ...[String(row.number), action, customerCode, key, ...explanations],
      ...row.cells,
      ...Array.from({ length: missing }, () => ''),
    ],
    marks: marks.filter(({ column }, index) => marks.findIndex((other) => other.column === column) === index),
  };
}

/** A change as people read it. */
function formatChange({ field, from, to }: FieldChange): string {
  return `${field}: ${formatValue(from)} → ${formatValue(to)}`;
}

function formatKept({ field, account, file, why }: KeptField): string {
  return `${field}: ${formatValue(account)} stays, not ${formatValue(file)}: ${keptBecause[why]}`;
}

function formatValue(value: FieldChange['from']): string {
  return value === undefined || value === null || value === '' ? 'blank' : JSON.stringify(value);
}

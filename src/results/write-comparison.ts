import type { Difference, FieldDifference } from '#pipelines/compare/compare.js';
import { isBlank } from '#pipelines/compare-customers.js';
import type { Cell } from '#pipelines/model.js';
import { beginTable } from '#src/files/begin-table.js';
import type { FileRights } from '#src/files/file-rights.js';
import type { RowTone, TableRow } from '#src/files/table.js';

const columns = ['difference', 'row', 'customerCode', 'key', 'name', 'field', 'file', 'account'] as const;

/** What kinds of difference are called in files and tables. */
const differenceNames = {
  only_in_file: 'only in file',
  only_in_account: 'only in account',
  differs: 'differs',
  unreadable: 'unreadable',
} as const satisfies Record<Difference['kind'], string>;

const tones = {
  only_in_file: 'good',
  only_in_account: 'wait',
  differs: 'fix',
  unreadable: 'fix',
} as const satisfies Record<Difference['kind'], RowTone>;

/** The file of a comparison while it is written. */
export interface ComparisonWriter {
  write(differences: readonly Difference[]): Promise<void>;
  /** Completes the file and puts it under its name. */
  commit(): Promise<void>;
  /** Removes what was written. Does nothing after a commit. */
  discard(): Promise<void>;
}

/**
 * Begins the file of a comparison: a line for each field that differs, and one for each customer that is on one side only.
 *
 * @throws UsageError `CANNOT_WRITE`
 */
export async function writeComparison(path: string, rights: FileRights): Promise<ComparisonWriter> {
  const table = await beginTable(
    path,
    columns.map((name) => ({ name })),
    { rights, csv: { bom: true, formulas: 'escape' }, sheet: { name: 'Differences', toneColumn: 0, fitsPage: true } },
  );
  return {
    write: (differences) => table.write(differences.flatMap(toTableRows)),
    commit: async () => (await table.end()).publish(),
    discard: () => table.discard(),
  };
}

function toTableRows(difference: Difference): readonly TableRow[] {
  const { kind } = difference;
  const who = [
    differenceNames[kind],
    'row' in difference ? String(difference.row) : '',
    'customerCode' in difference ? difference.customerCode : '',
    ('key' in difference ? difference.key : undefined) ?? '',
    difference.name,
  ];
  const tone = tones[kind];
  if (kind === 'differs')
    return difference.fields.map(({ field, file, account }) => ({
      cells: [...who, field, toCell(file), toCell(account)],
      tone,
    }));
  const file = kind === 'unreadable' ? difference.reasons.map(({ message }) => message).join(' ') : '';
  return [{ cells: [...who, '', file, ''], tone }];
}

function toCell(value: FieldDifference['file']): Cell {
  if (isBlank(value)) return '';
  if (typeof value === 'number') return { kind: 'number', text: String(value), value };
  if (typeof value === 'boolean') return { kind: 'boolean', text: String(value), value };
  return typeof value === 'string' ? value : JSON.stringify(value);
}

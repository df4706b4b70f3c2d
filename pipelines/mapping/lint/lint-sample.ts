import type { CompiledMapping } from '#pipelines/mapping/compile-mapping.js';
import { propertyPath } from '#pipelines/mapping/json-path.js';
import type { ValidateDraft } from '#pipelines/ports.js';
import type { Reason, Row } from '#pipelines/row.js';
import type { MappingRemark } from './mapping-remark.js';

/** What a sample of a file says about a mapping. */
export interface SampleFindings {
  readonly rows: number;
  readonly invalidRows: number;
  readonly remarks: readonly MappingRemark[];
}

/**
 * Tries a mapping on rows of a file.
 *
 * @param validate - what is wrong with a draft that could be mapped
 */
export async function lintSample(
  mapper: CompiledMapping,
  rows: readonly Row[],
  validate: ValidateDraft,
): Promise<SampleFindings> {
  const groups = new Map<string, { readonly first: Reason; readonly row: number; count: number }>();
  let invalidRows = 0;
  const mapped = await mapper.mapAll(rows);
  mapped.forEach(({ draft, reasons }, position) => {
    const failed = new Set(reasons.map(({ field }) => field));
    const found = [...reasons, ...validate(draft).filter(({ field }) => !failed.has(field))];
    if (found.length > 0) invalidRows += 1;
    for (const reason of found) {
      const name = `${reason.code} ${reason.field ?? reason.columns?.join()}`;
      const group = groups.get(name) ?? { first: reason, row: rows[position]?.number ?? 0, count: 0 };
      group.count += 1;
      groups.set(name, group);
    }
  });
  return {
    rows: rows.length,
    invalidRows,
    remarks: [...unusedColumns(mapper), ...misfits(groups, rows.length, mapper)],
  };
}

function misfits(
  groups: ReadonlyMap<string, { readonly first: Reason; readonly row: number; readonly count: number }>,
  rows: number,
  { stamp }: CompiledMapping,
): readonly MappingRemark[] {
  return [...groups.values()]
    .sort((one, other) => other.count - one.count)
    .map(({ first, row, count }) => ({
      code: 'VALUES_MISFIT',
      severity: 'warning',
      path: first.field === undefined || first.field === stamp ? 'key' : propertyPath('fields', first.field),
      message: `${count} of ${rows} rows, first row ${row}: ${first.message} [${first.code}]`,
    }));
}

function unusedColumns({ unmappedColumns }: CompiledMapping): readonly MappingRemark[] {
  return unmappedColumns.map((column) => ({
    code: 'COLUMN_UNUSED',
    severity: 'warning',
    path: '',
    message: `The mapping does not mention the column "${column}"; map it, or add it to "ignore"`,
  }));
}

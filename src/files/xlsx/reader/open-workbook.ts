import type { RowSource } from '../../../../pipelines/ports.js';
import type { OpenOptions } from '../../input-source.js';

/** Placeholder until the workbook reader is merged. */
export async function openWorkbook(_file: string, _options: OpenOptions): Promise<RowSource> {
  throw new Error('The workbook reader is not part of this branch.');
}

import { UsageError } from '#src/errors.js';
import { normalisedName } from './find-header.js';
import type { WorksheetEntry } from './workbook-part.js';

const namesShown = 20;

/**
 * The sheet that was asked for, by name or by number from 1; without a wish, the first visible one.
 *
 * @throws UsageError `UNKNOWN_SHEET`, naming the sheets that there are
 */
export function chooseSheet(
  worksheets: readonly [WorksheetEntry, ...WorksheetEntry[]],
  wish: string | undefined,
  file: string,
): WorksheetEntry {
  if (wish === undefined) return worksheets.find(({ isHidden }) => !isHidden) ?? worksheets[0];
  const found =
    worksheets.find(({ name }) => name === wish) ??
    worksheets.find(({ name }) => normalisedName(name) === normalisedName(wish)) ??
    (/^\d+$/.test(wish) ? worksheets[Number(wish) - 1] : undefined);
  if (found !== undefined) return found;
  const names = worksheets.slice(0, namesShown).map(({ name }) => `“${name}”`);
  const more = worksheets.length > namesShown ? ` and ${worksheets.length - namesShown} more` : '';
  throw new UsageError(`${file}: there is no sheet “${wish}”. The workbook has ${names.join(', ')}${more}.`, {
    code: 'UNKNOWN_SHEET',
    nextStep: `Give one of these names, or a number from 1 to ${worksheets.length}, with --sheet.`,
  });
}

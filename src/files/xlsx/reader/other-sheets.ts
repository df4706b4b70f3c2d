import { InputError } from '#src/errors.js';
import type { Archive } from './archive.js';
import { hasContent, type WorkbookParts } from './sample-sheet.js';
import type { WorksheetEntry } from './workbook-part.js';

/** A workbook of more sheets than this is a report, and a list of them helps nobody. */
const sheetsLookedAt = 50;

/** The names of the sheets, besides the one that is read, that have content. */
export async function sheetsWithContent(
  archive: Archive,
  parts: WorkbookParts,
  chosen: WorksheetEntry,
): Promise<readonly string[]> {
  const names: string[] = [];
  for (const sheet of parts.index.worksheets.slice(0, sheetsLookedAt))
    if (sheet !== chosen && (await hasContentOrFault(archive, sheet, parts))) names.push(sheet.name);
  return names;
}

/** A fault in a sheet that nobody asked for must not stop the import of another. */
async function hasContentOrFault(archive: Archive, sheet: WorksheetEntry, parts: WorkbookParts): Promise<boolean> {
  try {
    return await hasContent(archive, sheet, parts);
  } catch (error) {
    if (error instanceof InputError) return true;
    throw error;
  }
}

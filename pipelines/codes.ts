import { apiCodes } from './codes/api.js';
import type { CodeEntry } from './codes/code-table.js';
import { commandCodes } from './codes/commands.js';
import { contentCodes } from './codes/content.js';
import { dropFolderCodes } from './codes/drop-folder.js';
import { fileCodes } from './codes/files.js';
import { guardCodes } from './codes/guards.js';
import { mappingCodes } from './codes/mapping.js';
import { returnedCodes } from './codes/returned.js';
import { rowCodes } from './codes/rows.js';

/** The chapters of the table of codes, in the order of the manual. */
export const codeChapters = {
  commands: commandCodes,
  dropFolder: dropFolderCodes,
  guards: guardCodes,
  api: apiCodes,
  files: fileCodes,
  content: contentCodes,
  mapping: mappingCodes,
  rows: rowCodes,
  returned: returnedCodes,
} as const;

/**
 * Every code that this program can give, with its meaning, what to do about it, and the exit code where it ends a
 * command. A code that is not listed here does not compile. `docs/error-codes.md` is made from it.
 */
export const codes = {
  ...commandCodes,
  ...dropFolderCodes,
  ...guardCodes,
  ...apiCodes,
  ...fileCodes,
  ...contentCodes,
  ...mappingCodes,
  ...rowCodes,
  ...returnedCodes,
} as const;

export type Code = keyof typeof codes;

/** The entry of a code. */
export function describeCode(code: Code): CodeEntry {
  return codes[code];
}

import type { Worksheet } from 'exceljs';
import { type Cell, cellToText } from '#pipelines/model.js';
import { beginAtomicFile } from '#src/files/atomic-file.js';
import { addValidation, CellLists } from './cell-lists.js';
import { encodeCellText } from './cell-values.js';

/** An empty sheet that helps people to fill it. */
export interface TemplateSheet {
  readonly name: string;
  /** 1-based. */
  readonly headerRow: number;
  readonly columns: readonly TemplateSheetColumn[];
}

export interface TemplateSheetColumn {
  readonly name: string;
  /** As Excel writes formats; `@` is text. */
  readonly format: string;
  readonly isRequired: boolean;
  readonly check?: CellCheck;
  /** Shown when a cell of the column is selected. */
  readonly hint: string;
}

/** What a cell may contain. */
export type CellCheck =
  | { readonly kind: 'list'; readonly texts: readonly string[]; readonly isStrict: boolean }
  | { readonly kind: 'number'; readonly isWhole: boolean }
  | { readonly kind: 'date' };

export interface InstructionSheet {
  readonly name: string;
  readonly header: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
}

/** Rows below the header that are validated. */
const validatedRows = 5000;

/** Excel shows no more of a hint, in characters. */
const maxHintLength = 250;
const firstDay = new Date(Date.UTC(1900, 0, 1));

/**
 * Writes a workbook for people to fill: drop-downs, formats, and a sheet with instructions.
 *
 * @throws UsageError `CANNOT_WRITE`
 */
export async function writeTemplate(path: string, sheet: TemplateSheet, instructions: InstructionSheet): Promise<void> {
  const { default: excel } = await import('exceljs');
  const workbook = new excel.Workbook();
  const lists = new CellLists();
  fillSheet(workbook.addWorksheet(sheet.name, { views: [{ state: 'frozen', ySplit: sheet.headerRow }] }), sheet, lists);
  fillInstructions(workbook.addWorksheet(instructions.name, { views: [{ state: 'frozen', ySplit: 1 }] }), instructions);
  lists.addSheet(workbook);
  const file = await beginAtomicFile(path);
  try {
    await file.handle.writeFile(new Uint8Array(await workbook.xlsx.writeBuffer()));
    await file.commit();
  } finally {
    await file.discard();
  }
}

function fillSheet(target: Worksheet, { headerRow, columns }: TemplateSheet, lists: CellLists): void {
  columns.forEach(({ name, format, isRequired, check, hint }, index) => {
    const column = target.getColumn(index + 1);
    column.width = Math.max(12, Math.min(40, name.length + 4));
    column.numFmt = format;
    const heading = target.getCell(headerRow, index + 1);
    heading.value = encodeCellText(name);
    heading.numFmt = '@';
    heading.font = { bold: true };
    if (isRequired) heading.fill = { type: 'pattern', pattern: 'solid', fgColor: { argb: 'FFFFF2CC' } };
    const range = `${column.letter}${headerRow + 1}:${column.letter}${headerRow + validatedRows}`;
    addValidation(target, range, { ...createValidation(check, lists), ...createPrompt(name, hint) });
  });
}

function createValidation(check: CellCheck | undefined, lists: CellLists): object {
  const strict = { allowBlank: true, showErrorMessage: true, errorStyle: 'stop' };
  switch (check?.kind) {
    case 'list':
      return {
        ...strict,
        type: 'list',
        formulae: [lists.formulaFor(check.texts)],
        errorStyle: check.isStrict ? 'stop' : 'warning',
        errorTitle: 'Not in the list',
        error: check.isStrict ? 'Choose a value from the list.' : 'This is not in the list. Keep it?',
      };
    case 'number':
      return {
        ...strict,
        type: check.isWhole ? 'whole' : 'decimal',
        operator: 'between',
        formulae: [-999_999_999_999, 999_999_999_999],
        errorTitle: 'Not a number',
        error: check.isWhole ? 'Enter a whole number.' : 'Enter a number.',
      };
    case 'date':
      return {
        ...strict,
        type: 'date',
        operator: 'greaterThan',
        formulae: [firstDay],
        errorTitle: 'Not a date',
        error: 'Enter a date.',
      };
    case undefined:
      return { type: 'any', allowBlank: true };
  }
}

function createPrompt(name: string, hint: string): object {
  return { showInputMessage: true, promptTitle: name.slice(0, 32), prompt: hint.slice(0, maxHintLength) };
}

function fillInstructions(target: Worksheet, { header, rows }: InstructionSheet): void {
  const heading = target.addRow(header.map((text) => encodeCellText(text)));
  heading.font = { bold: true };
  for (const cells of rows)
    target.addRow(
      cells.map((cell) =>
        typeof cell === 'object' && cell.kind === 'number' ? cell.value : encodeCellText(cellToText(cell)),
      ),
    );
  header.forEach((_, index) => {
    const column = target.getColumn(index + 1);
    const texts = rows.map((cells) => cellToText(cells[index]).length);
    column.width = Math.max(12, Math.min(80, ...[Math.max(...texts, header[index]?.length ?? 0) + 2]));
    column.alignment = { wrapText: true, vertical: 'top' };
  });
}

import type { Cell, TypedCell } from '#pipelines/row.js';
import { excelDay } from '#src/files/xlsx/excel-values.js';
import { cellText, type TextDamage } from './cell-text.js';

/** Numbers of cell styles, by what a cell holds. */
export interface SheetStyles {
  /** For texts: what looks like a number stays the text that it is, also when somebody edits it. */
  readonly text: number;
  /** The style of a typed cell in this column (from 0); `format` is the cell's own wish. */
  ofCell(column: number, kind: 'number' | 'boolean' | 'date', format: string | undefined): number;
}

export type OnDamage = (column: number, row: number, damage: TextDamage) => void;

const msPerDay = 86_400_000;
/** Day 0 of a workbook, counted from 1970. */
const daysTo1970 = 25_569;

/**
 * Writes rows as the XML of a sheet, several times as fast as exceljs, which makes an object of every cell. Texts go
 * inline: a table of shared ones would have to stay in memory to the end.
 *
 * @param columns - letters of the columns
 */
export function rowWriter(columns: readonly string[], styles: SheetStyles, damaged: OnDamage) {
  return (number: number, cells: readonly Cell[]): string => {
    let xml = `<row r="${number}">`;
    for (let column = 0; column < cells.length; column += 1) {
      const cell = cells[column];
      if (cell === undefined || cell === '') continue;
      const place = `<c r="${columns[column]}${number}"`;
      const note = (damage: TextDamage) => damaged(column, number, damage);
      xml +=
        place + (typeof cell === 'string' ? textXml(cell, styles.text, note) : typedXml(column, cell, styles, note));
    }
    return `${xml}</row>`;
  };
}

function textXml(text: string, style: number, note: (damage: TextDamage) => void): string {
  return ` s="${style}" t="inlineStr"><is><t${needsSpace(text) ? ' xml:space="preserve"' : ''}>${cellText(text, note)}</t></is></c>`;
}

/** Without it, programs may take the spaces around a text off. */
function needsSpace(text: string): boolean {
  return text.charCodeAt(0) <= 0x20 || text.charCodeAt(text.length - 1) <= 0x20;
}

function typedXml(column: number, cell: TypedCell, styles: SheetStyles, note: (damage: TextDamage) => void): string {
  const format = 'format' in cell ? cell.format : undefined;
  switch (cell.kind) {
    case 'number':
      // A number that is none would make the whole workbook unreadable.
      if (!Number.isFinite(cell.value)) return textXml(cell.text, styles.text, note);
      return ` s="${styles.ofCell(column, 'number', format)}"><v>${cell.value}</v></c>`;
    case 'boolean':
      return ` s="${styles.ofCell(column, 'boolean', format)}" t="b"><v>${cell.value ? 1 : 0}</v></c>`;
    case 'date': {
      const day = excelDay(cell.text);
      if (day === undefined) return textXml(cell.text, styles.text, note);
      return ` s="${styles.ofCell(column, 'date', format)}"><v>${day.getTime() / msPerDay + daysTo1970}</v></c>`;
    }
    case 'error':
      return textXml(cell.text, styles.text, note);
  }
}

/** `A` … `Z`, `AA` … for columns counted from 0. */
export function columnLetters(column: number): string {
  const last = String.fromCharCode(65 + (column % 26));
  return column < 26 ? last : columnLetters(Math.floor(column / 26) - 1) + last;
}

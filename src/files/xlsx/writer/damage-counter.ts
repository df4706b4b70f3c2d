import type { Notice } from '#pipelines/ports.js';
import type { TextDamage } from './cell-text.js';
import { longestCell } from './cell-text.js';

const facts: Readonly<Record<TextDamage, { readonly code: string; readonly what: string; readonly advice: string }>> = {
  cut: {
    code: 'CELLS_CUT',
    what: `are longer than the ${longestCell.toLocaleString('en')} characters of a cell and were cut, with … at their end`,
    advice: 'They are whole in a CSV export; an import refuses the cut ones, so that nothing is lost.',
  },
  characters_lost: {
    code: 'CHARACTERS_LOST',
    what: 'hold characters that no workbook can hold, and are without them',
    advice: 'They are whole in a CSV export.',
  },
};

/** Counts the texts that a workbook could not take as they were, and remembers where the first of each kind stands. */
export function damageCounter(columns: readonly string[]) {
  const found = new Map<TextDamage, { count: number; readonly column: string; readonly row: number }>();
  const remarks = (): readonly Notice[] =>
    [...found].map(([damage, { count, column, row }]) => {
      const { code, what, advice } = facts[damage];
      const cells = count === 1 ? '1 text' : `${count} texts`;
      return { code, message: `${cells} ${what} (first: row ${row}, ${column}). ${advice}`, row, columns: [column] };
    });
  return {
    note(column: number, row: number, damage: TextDamage): void {
      const known = found.get(damage);
      if (known === undefined) found.set(damage, { count: 1, column: columns[column] ?? '', row });
      else known.count += 1;
    },
    remarks,
    lines: () => remarks().map(({ message }) => ['Remark', message] as const),
  };
}

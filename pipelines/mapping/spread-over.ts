import type { ColumnSource } from './mapping.js';
import { trimText } from './trim-text.js';

/**
 * Spreads a joined text over its columns again: all in the first one when cutting it would not give the same text
 * when joined. What stands beyond the last cut stays together, since a part may hold the joining text itself.
 */
export function spreadOver(text: string, { columns, join }: ColumnSource): readonly string[] {
  const parts = cut(text, columns.length, join);
  const rejoined = parts.map(trimText).filter((part) => part !== '');
  const kept = rejoined.join(join) === text ? parts : [text];
  return columns.map((_, position) => kept[position] ?? '');
}

function cut(text: string, most: number, join: string): readonly string[] {
  if (join === '' || most === 1) return [text];
  const pieces = text.split(join);
  if (pieces.length <= most) return pieces;
  return [...pieces.slice(0, most - 1), pieces.slice(most - 1).join(join)];
}

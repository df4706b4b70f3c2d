import type { Cell } from '#pipelines/row.js';

/** What a cell looks like, as its owner would say. */
export type ValueKind = 'text' | 'digits' | 'number' | 'date' | 'yes/no' | 'e-mail' | 'web address' | 'error';

/** In the order in which they are tried. */
const shapes: readonly (readonly [ValueKind, RegExp])[] = [
  ['digits', /^\d+$/],
  ['number', /^[-+]?(?:\d+|\d{1,3}(?:[.,' \u00A0]\d{3})+)?(?:[.,]\d+)?$/],
  ['date', /^(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4})(?:[ T]\d{1,2}:\d\d.*)?$/],
  ['yes/no', /^(?:yes|no|y|n|true|false|ja|nein|oui|non|s[ií])$/i],
  ['e-mail', /^\S+@\S+\.\S+$/],
  ['web address', /^(?:https?:\/\/|www\.)\S+$/i],
];

const kindsOfCells = { number: 'number', boolean: 'yes/no', date: 'date', error: 'error' } as const;

/** @param text - the cell's text, trimmed and not blank */
export function valueKind(cell: Cell, text: string): ValueKind {
  if (typeof cell !== 'string') return kindsOfCells[cell.kind];
  return shapes.find(([, shape]) => shape.test(text))?.[0] ?? 'text';
}

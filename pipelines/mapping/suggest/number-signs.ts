import { numberShape } from '#pipelines/mapping/cell-types/number-type.js';
import type { NumberSigns } from '#pipelines/mapping/mapping.js';

/** In the order in which they are tried: fewest signs first, then as most of the world writes. */
const candidates: readonly NumberSigns[] = [
  { decimal: '.' },
  { decimal: ',' },
  { decimal: '.', group: ',' },
  { decimal: ',', group: '.' },
  { decimal: '.', group: ' ' },
  { decimal: ',', group: ' ' },
  { decimal: '.', group: "'" },
  { decimal: '.', group: '’' },
];

/** Signs of money and percent around a number, e.g. "$ 1,200.00" or "5 %". */
const around = /^(?:([A-Z]{3}|\p{Sc}|A\$|%)\s*)?(.*?)(?:\s*([A-Z]{3}|\p{Sc}|%))?$/u;

/** What stands around numbers is taken off by "replace"; more than these are no numbers but texts. */
const mostAffixes = 2;

export interface NumberForm {
  readonly signs: NumberSigns;
  /** What stands around the numbers and has to be removed. */
  readonly affixes: readonly string[];
  /** Another reading fits as well and gives other numbers: "1.250" may be 1250 or 1.25. */
  readonly alternative?: NumberSigns;
  readonly isWhole: boolean;
}

/** The signs with which all numbers of a column can be read; `undefined` when they are no numbers. */
export function numberFormOf(texts: readonly string[]): NumberForm | undefined {
  if (texts.length === 0) return undefined;
  const parts = texts.map((text) => around.exec(text));
  const affixes = [...new Set(parts.flatMap((part) => [part?.[1], part?.[3]]).filter((sign) => sign !== undefined))];
  if (affixes.length > mostAffixes) return undefined;
  const bare = parts.map((part) => part?.[2]?.trim() ?? '');
  const fitting = candidates.filter((signs) => bare.every((text) => numberShape(signs).test(text)));
  const [signs] = fitting;
  if (signs === undefined) return undefined;
  const alternative = fitting.find((other) => bare.some((text) => valueBy(text, other) !== valueBy(text, signs)));
  return {
    signs,
    affixes,
    ...(alternative !== undefined && { alternative }),
    isWhole: bare.every((text) => Number.isInteger(valueBy(text, signs))),
  };
}

function valueBy(text: string, signs: NumberSigns): number {
  const [, minus = '', whole = '', fraction = ''] = numberShape(signs).exec(text) ?? [];
  return Number(`${minus}${whole.replaceAll(/\D/g, '')}.${fraction}0`);
}

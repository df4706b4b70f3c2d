import type { CellFailure } from '#pipelines/mapping/cells.js';
import type { FieldType } from '#pipelines/mapping/fields.js';
import { choice, optional } from '#pipelines/shape.js';
import { type CellType, defineCellType } from './cell-type.js';

export const decimalSigns = ['.', ','] as const;

/** A declared space also matches no-break spaces: spreadsheets group with them, and people cannot see them. */
export const groupSigns = [',', '.', ' ', "'", '’'] as const;

export interface NumberSigns {
  readonly decimal: (typeof decimalSigns)[number];
  readonly group?: (typeof groupSigns)[number];
}

/** A double keeps any 15 decimal digits; spreadsheets keep no more either. */
const maxSignificantDigits = 15;

export interface NumberRule extends NumberSigns {
  readonly name: 'number' | 'integer';
}

const options = {
  decimal: optional(choice(decimalSigns), 'The decimal sign of numbers. Default: a point.'),
  group: optional(choice(groupSigns), 'The sign between groups of three digits. Default: none.'),
};

/** Numbers with the declared signs and nothing else: no currency, no percent sign, no parentheses. */
export const numberType = defineNumberType('number', ['number']);

/** The same without decimals. */
export const integerType = defineNumberType('integer', ['integer', 'number']);

function defineNumberType<Name extends NumberRule['name']>(
  name: Name,
  fieldTypes: readonly [FieldType, ...FieldType[]],
) {
  return defineCellType({
    fieldTypes,
    options,
    readRule({ decimal = '.', group }, node) {
      if (group === decimal)
        node.at('group').report('SIGN_INVALID', `"${decimal}" is already the decimal sign; declare "decimal" as well`);
      return { name, decimal, ...(group !== undefined && { group }) };
    },
    create: createNumberCells,
  });
}

function createNumberCells(rule: NumberRule): CellType {
  const shape = buildNumberPattern(rule);
  const notANumber: CellFailure = {
    code: 'NOT_A_NUMBER',
    says: `is not a number; expected ${describeNumberFormat(rule)}`,
  };
  const checked = rule.name === 'integer' ? requireInteger : (value: number) => value;
  return {
    fromText(text) {
      const plain = rule.decimal === '.' ? parsePlainNumber(text) : undefined;
      if (plain !== undefined) return checked(plain);
      const match = shape.exec(text);
      if (match === null) return notANumber;
      const [, minus = '', grouped = '', fraction = ''] = match;
      const whole = grouped.replaceAll(/\D/g, '');
      if (countSignificantDigits(whole, fraction) > maxSignificantDigits) return tooLong;
      // Adding zero turns -0 into 0.
      return checked(Number(`${minus}${whole}.${fraction}0`) + 0);
    },
    fromTyped(cell) {
      if (cell.kind !== 'number') return undefined;
      return Number.isInteger(cell.value) && !Number.isSafeInteger(cell.value) ? tooLong : checked(cell.value);
    },
    toCell: (value) => ({ kind: 'number', text: formatNumber(Number(value), rule), value: Number(value) }),
  };
}

/**
 * The value of a text of few digits with at most one point between them, in a third of the time that `Number` takes. Both
 * the digits and the power of ten are exact in a double, so their quotient is the double nearest to the number.
 */
function parsePlainNumber(text: string): number | undefined {
  const { length } = text;
  if (length === 0 || length > maxSignificantDigits) return undefined;
  let digits = 0;
  let pointAt = -1;
  for (let at = 0; at < length; at += 1) {
    const code = text.charCodeAt(at);
    if (code >= zero && code <= nine) digits = digits * 10 + code - zero;
    else if (code === point && pointAt === -1) pointAt = at;
    else return undefined;
  }
  if (pointAt === -1) return digits;
  return pointAt === 0 || pointAt === length - 1 ? undefined : digits / (powersOfTen[length - 1 - pointAt] ?? 1);
}

const powersOfTen = Array.from({ length: maxSignificantDigits }, (_, power) => 10 ** power);

const [point, zero, nine] = [0x2e, 0x30, 0x39] as const;

/** Whether there is an ASCII digit at a position. Testing a character takes a tenth of the time of a pattern. */
export function isDigitAt(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code >= zero && code <= nine;
}

/** The number of digits at the start of a text, up to `max`. */
export function countLeadingDigits(text: string, max: number): number {
  let digits = 0;
  while (digits < max && isDigitAt(text, digits)) digits += 1;
  return digits;
}

const tooLong: CellFailure = {
  code: 'NUMBER_TOO_LONG',
  says: `has more than ${maxSignificantDigits} digits and would be rounded; shorten it, or map the column to a text field`,
};

function requireInteger(value: number): number | CellFailure {
  if (Number.isInteger(value)) return value;
  return { code: 'NOT_AN_INTEGER', says: 'has decimals; enter a whole number' };
}

/**
 * The pattern of a number with these signs; its groups are the minus, the whole part and the fraction. Either all digits
 * are grouped by three or none, so that a group sign in the wrong place is not overlooked.
 */
export function buildNumberPattern({ decimal, group }: NumberSigns): RegExp {
  const grouped = group === undefined ? '' : String.raw`\d{1,3}(?:[${expandGroupSign(group)}]\d{3})+|`;
  return new RegExp(String.raw`^(?=.*\d)(-?)(${grouped}\d*)(?:[${decimal}](\d+))?$`);
}

function expandGroupSign(group: NonNullable<NumberSigns['group']>): string {
  return group === ' ' ? ' \u00A0\u202F\u2009' : group;
}

function describeNumberFormat({ name, decimal, group }: NumberRule): string {
  const grouping =
    group === undefined ? '' : ` and ${group === ' ' ? 'a space' : `"${group}"`} between groups of three`;
  return name === 'integer' && group === undefined
    ? 'digits only'
    : `digits with "${decimal}" as decimal sign${grouping}`;
}

function countSignificantDigits(whole: string, fraction: string): number {
  return `${whole}${fraction.replace(/0+$/, '')}`.replace(/^0+/, '').length;
}

/** JavaScript writes very large and very small numbers with an exponent, which no column of amounts has. */
function formatNumber(value: number, { decimal }: NumberSigns): string {
  const text = String(value);
  const plain = text.includes('e')
    ? value.toLocaleString('en-US', { useGrouping: false, maximumFractionDigits: 20 })
    : text;
  return plain.replace('.', decimal);
}

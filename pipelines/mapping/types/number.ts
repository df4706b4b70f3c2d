import type { CellFailure } from '#pipelines/mapping/cells.js';
import type { FieldType } from '#pipelines/mapping/fields.js';
import type { TypedCell } from '#pipelines/model.js';
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

/** What a percentage becomes: of 15 %, `shown` is 15 and `fraction` 0.15. */
const percentReadings = ['shown', 'fraction'] as const;

type PercentReading = (typeof percentReadings)[number];

export interface NumberRule extends NumberSigns {
  readonly name: 'number' | 'integer';
  /** Without it, a text with a percent sign is no number, and a workbook's 15 % is 0.15. */
  readonly percent?: PercentReading;
}

const options = {
  decimal: optional(choice(decimalSigns), 'The decimal sign of numbers. Default: a point.'),
  group: optional(choice(groupSigns), 'The sign between groups of three digits. Default: none.'),
  percent: optional(
    choice(percentReadings),
    'What a percentage becomes: of 15 %, shown is 15 and fraction 0.15. Default: shown for discountPercent, none for other fields.',
  ),
};

/** Numbers with the declared signs, also with the sign of a currency, or a percent sign where percentages are read. */
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
    readRule({ decimal = '.', group, percent }, node) {
      if (group === decimal)
        node.at('group').report('SIGN_INVALID', `"${decimal}" is already the decimal sign; declare "decimal" as well`);
      return { name, decimal, ...(group !== undefined && { group }), ...(percent !== undefined && { percent }) };
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
      const unit = shape.test(text) ? undefined : findUnit(text);
      if (unit !== undefined && !isReadBy(rule, unit)) return notANumber;
      const match = shape.exec(unit?.number ?? text);
      if (match === null) return notANumber;
      const [, minus = '', grouped = '', fraction = ''] = match;
      const whole = grouped.replaceAll(/\D/g, '');
      if (countSignificantDigits(whole, fraction) > maxSignificantDigits) return tooLong;
      // Adding zero turns -0 into 0.
      const value = Number(`${minus}${whole}.${fraction}0`) + 0;
      return checked(unit?.kind === 'percent' && rule.percent === 'fraction' ? roundToShown(value / 100) : value);
    },
    fromTyped(cell) {
      if (cell.kind !== 'number') return undefined;
      const { value } = cell;
      if (Number.isInteger(value) && !Number.isSafeInteger(value)) return tooLong;
      if (rule.percent === 'shown' && isPercentage(cell)) return checked(roundToShown(value * 100));
      return checked(roundToShown(value));
    },
    toCell: (value) => ({ kind: 'number', text: formatNumber(Number(value), rule), value: Number(value) }),
  };
}

/** A number and what it is a number of. */
interface NumberWithUnit {
  readonly kind: 'currency' | 'percent';
  /** Its sign and its digits. */
  readonly number: string;
}

/** A whole number is a count or a level, and no amount. */
function isReadBy({ name, percent }: NumberRule, { kind }: NumberWithUnit): boolean {
  return kind === 'currency' ? name === 'number' : percent !== undefined;
}

/** Codes of three letters; what is no code of a currency may be a unit, as in `5 PCS`. */
const currencyCodes: ReadonlySet<string> = new Set(Intl.supportedValuesOf('currency'));
/** `$`, `A$`, `NZ$`, `R$`: dollars and reals by their country. */
const currencySign = /^(?:[A-Z]{0,3}\$|\p{Sc})$/u;

/** Whether a text is how an amount names its currency. */
export function isCurrency(text: string): boolean {
  return currencySign.test(text) || currencyCodes.has(text);
}

const beforeNumber = /^(-?)([A-Z]{0,3}\p{Sc}|[A-Z]{3}|%)\s*(-?)(?=[\d.,])/u;
const behindNumber = /\s*(\p{Sc}|[A-Z]{3}|%)$/u;

/** Takes a currency or a percent sign off a number; there is one of them at most. */
function findUnit(text: string): NumberWithUnit | undefined {
  const before = beforeNumber.exec(text);
  if (before !== null) {
    const [all, minus = '', unit = '', innerMinus = ''] = before;
    const kind = findUnitKind(unit);
    if (kind === undefined || (minus !== '' && innerMinus !== '')) return undefined;
    return { kind, number: minus + innerMinus + text.slice(all.length) };
  }
  const behind = behindNumber.exec(text);
  if (behind === null) return undefined;
  const [all, unit = ''] = behind;
  const kind = findUnitKind(unit);
  return kind === undefined ? undefined : { kind, number: text.slice(0, -all.length) };
}

/** The sign or the code with which an amount names its currency. */
export function findCurrency(text: string): string | undefined {
  const unit = beforeNumber.exec(text)?.[2] ?? behindNumber.exec(text)?.[1] ?? '';
  return isCurrency(unit) ? unit : undefined;
}

function findUnitKind(unit: string): NumberWithUnit['kind'] | undefined {
  if (unit === '%') return 'percent';
  return isCurrency(unit) ? 'currency' : undefined;
}

/** Percent formats are few and cells many. */
const percentFormats = new Map<string, boolean>();
const maxFormatsKept = 1000;

/** Whether a workbook shows the number as a percentage: then it stores a hundredth of what it shows. */
function isPercentage({ format }: Extract<TypedCell, { kind: 'number' }>): boolean {
  if (format === undefined) return false;
  let isPercent = percentFormats.get(format);
  if (isPercent === undefined) {
    // Texts in quotation marks and single characters that stand for themselves are no signs.
    isPercent = format.replaceAll(/"[^"]*"|[\\_*][\s\S]/g, '').includes('%');
    if (percentFormats.size < maxFormatsKept) percentFormats.set(format, isPercent);
  }
  return isPercent;
}

/** The number that people see: 0.1 and 0.2 are 0.30000000000000004 in binary, and 0.07 times 100 is 7.000000000000001. */
function roundToShown(value: number): number {
  if (Number.isInteger(value)) return value;
  // Most amounts have two decimals: for them, a division takes a tenth of the time.
  const hundredths = value * 100;
  if (Number.isSafeInteger(hundredths)) return hundredths / 100;
  return Number(value.toPrecision(maxSignificantDigits));
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
